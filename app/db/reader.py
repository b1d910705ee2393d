"""Reading a kind of thing that accounts have: by id, by page, counted. Always one account's, in SQL itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg

from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import DEFAULT_COUNT_LIMIT, Key, Listing, RowCount, count_listed, keyset_rows
from app.paging import Page, PageRequest

Item = TypeVar("Item")
Where = TypeVar("Where")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Generic[Item, Where]):
    """How things of a kind lie in their table: with an ``id`` and an ``account_id``.

    ``expressions`` are what is selected of it, ``names`` what that is called; ``admit`` adds to the conditions what a
    filter asks for; ``keys`` order the list, ``descending`` or not; ``read`` makes a thing of a row.
    """

    table: str
    names: Sequence[str]
    expressions: str
    admit: Callable[[Conditions, Where], None]
    keys: Sequence[Key]
    descending: bool
    read: Callable[[asyncpg.Record], Item]

    def listing(self, account_id: str, where: Where) -> Listing:
        """The account's things that a filter admits."""
        conditions = Conditions()
        conditions.add("account_id = {}", account_id)
        self.admit(conditions, where)
        return Listing(self.table, self.names, self.expressions, conditions)


class AccountReader(Generic[Item, Where]):
    """Reads them. Every method raises DatabaseUnavailableError."""

    def __init__(self, database: Database, shape: Shape[Item, Where]) -> None:
        self._database = database
        self._shape = shape

    async def get(self, account_id: str, item_id: str) -> Item | None:
        """One; None when there is none, or it is another account's."""
        found = await self.get_many(account_id, (item_id,))
        return found[0] if found else None

    async def get_many(self, account_id: str, ids: Sequence[str]) -> list[Item]:
        """Those of them that the account has, in no particular order."""
        shape = self._shape
        query = (
            f"SELECT {shape.expressions} FROM {shape.table} "  # noqa: S608  # our own names
            "WHERE account_id = $1 AND id = ANY($2::text[])"
        )
        return await self._fetch(query, account_id, list(ids))

    async def page(
        self, account_id: str, where: Where, page: PageRequest, *, descending: bool | None = None
    ) -> Page[Item]:
        """Those that a filter admits, in the order that this list has (or the one that is asked for).

        Raises:
            RefusedError: INVALID_CURSOR, the page's position does not fit this list.
        """
        shape = self._shape
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                shape.listing(account_id, where),
                keys=shape.keys,
                descending=shape.descending if descending is None else descending,
                page=page,
                item=shape.read,
            )

    async def count(self, account_id: str, where: Where, *, at_most: int = DEFAULT_COUNT_LIMIT) -> RowCount:
        """How many a filter admits, counting no further than ``at_most``."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, self._shape.listing(account_id, where), at_most=at_most)

    async def _fetch(self, query: str, *values: Any) -> list[Item]:
        async with self._database.acquire() as connection:
            return [self._shape.read(row) for row in await connection.fetch(query, *values)]
