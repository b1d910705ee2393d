"""The living rows of one table: read, listed, written and marked as deleted, always one account's.

Whatever is in a statement's text is a constant of the file that makes the shelf; values are parameters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import asyncpg

from app.db.conditions import Conditions
from app.db.engine import PooledConnection
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.paging import Page, PageRequest

T = TypeVar("T")

_BY_ID: Final = (Key("id", str),)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """``columns`` are what is selected, by the names in the row; an expression is ``"(…) AS name"``."""

    table: str
    noun: str
    columns: tuple[str, ...]
    read: Callable[[asyncpg.Record], T]

    async def get(self, connection: PooledConnection, account_id: str, row_id: str) -> T | None:
        """One row, None when the account has no such."""
        found = await self.get_many(connection, account_id, (row_id,))
        return found[0] if found else None

    async def get_many(self, connection: PooledConnection, account_id: str, ids: Sequence[str]) -> list[T]:
        """Those of the rows that the account has, in no particular order."""
        return await self.find(connection, account_id, "id = ANY($2::text[])", list(ids))

    async def find(self, connection: PooledConnection, account_id: str, condition: str, *values: object) -> list[T]:
        """The rows that meet a condition of our own (its values from ``$2`` on), oldest first."""
        rows = await connection.fetch(
            f"SELECT {', '.join(self.columns)} FROM {self.table} "  # noqa: S608  # see the module
            f"WHERE account_id = $1 AND deleted_at IS NULL AND {condition} ORDER BY id",
            account_id,
            *values,
        )
        return [self.read(row) for row in rows]

    async def page(self, connection: PooledConnection, account_id: str, request: PageRequest) -> Page[T]:
        """The rows, oldest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        return await keyset_rows(
            connection, self._listing(account_id), keys=_BY_ID, descending=False, page=request, item=self.read
        )

    async def count(self, connection: PooledConnection, account_id: str) -> RowCount:
        return await count_listed(connection, self._listing(account_id))

    async def insert(self, connection: PooledConnection, values: Mapping[str, object]) -> T:
        """Raises asyncpg.UniqueViolationError."""
        marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        row = await connection.fetchrow(
            f"INSERT INTO {self.table} ({', '.join(values)}) VALUES ({marks}) "  # noqa: S608  # see the module
            f"RETURNING {', '.join(self.columns)}",
            *values.values(),
        )
        assert row is not None  # INSERT … VALUES … RETURNING gives its row
        return self.read(row)

    async def change(
        self, connection: PooledConnection, account_id: str, row_id: str, changes: Mapping[str, object]
    ) -> T:
        """Set these columns; with none, the row as it is.

        Raises:
            RefusedError: NOT_FOUND.
            asyncpg.UniqueViolationError: something with this name is there already.
        """
        if not changes:
            found = await self.get(connection, account_id, row_id)
            if found is None:
                raise self.missing()
            return found
        settings = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, start=3))
        row = await connection.fetchrow(
            f"UPDATE {self.table} SET {settings} "  # noqa: S608  # see the module
            f"WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL RETURNING {', '.join(self.columns)}",
            row_id,
            account_id,
            *changes.values(),
        )
        if row is None:
            raise self.missing()
        return self.read(row)

    async def lock(self, connection: PooledConnection, account_id: str, row_id: str, field: str = "id") -> None:
        """Keep the row from being deleted until the transaction ends. Raises RefusedError: NOT_FOUND."""
        found = await connection.fetchval(
            f"SELECT true FROM {self.table} "  # noqa: S608  # see the module
            "WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL FOR SHARE",
            row_id,
            account_id,
        )
        if found is None:
            raise self.missing(field)

    async def lock_all(
        self, connection: PooledConnection, account_id: str, ids: Sequence[str], field: str, *, under: str | None = None
    ) -> None:
        """As :meth:`lock`, for several, with a problem for each that is not there."""
        rows = await connection.fetch(
            f"SELECT id FROM {self.table} "  # noqa: S608  # see the module
            "WHERE id = ANY($1::text[]) AND account_id = $2 AND deleted_at IS NULL ORDER BY id FOR SHARE",
            list(ids),
            account_id,
        )
        known = {row["id"] for row in rows}
        tail = () if under is None else (under,)
        problems = [
            Problem("NOT_FOUND", f"There is no such {self.noun}.", (field, str(place), *tail))
            for place, one in enumerate(ids)
            if one not in known
        ]
        if problems:
            raise RefusedError(problems)

    async def delete(self, connection: PooledConnection, account_id: str, row_id: str) -> None:
        """Mark it as deleted. Raises RefusedError: NOT_FOUND."""
        done = await connection.execute(
            f"UPDATE {self.table} SET deleted_at = now() "  # noqa: S608  # see the module
            "WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL",
            row_id,
            account_id,
        )
        if done != "UPDATE 1":
            raise self.missing()

    def missing(self, field: str = "id") -> RefusedError:
        """There is no such thing, or it is another account's."""
        return RefusedError(Problem("NOT_FOUND", f"There is no such {self.noun}.", (field,)))

    @contextmanager
    def unique(self, field: str, message: str) -> Iterator[None]:
        """What is taken already is the caller's to mend: ALREADY_EXISTS."""
        try:
            yield
        except asyncpg.UniqueViolationError as error:
            raise RefusedError(Problem("ALREADY_EXISTS", message, (field,))) from error

    def _listing(self, account_id: str) -> Listing:
        where = Conditions()
        where.add("account_id = {}", account_id)
        where.add("deleted_at IS NULL")
        return Listing(
            table=self.table,
            names=tuple(column.rpartition(" ")[2] for column in self.columns),
            expressions=", ".join(self.columns),
            where=where,
        )


def raise_all(problems: Sequence[Problem]) -> None:
    """Raises RefusedError when there are any."""
    if problems:
        raise RefusedError(problems)
