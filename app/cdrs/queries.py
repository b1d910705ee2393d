"""Reads the call detail records; always one account's, in SQL itself."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.cdrs.filters import CallFilter, Listed, sql_conditions
from app.cdrs.reading import RECORD_EXPRESSIONS, RECORD_NAMES, read_record
from app.db.engine import Database
from app.db.keyset import DEFAULT_COUNT_LIMIT, Key, Listing, RowCount, count_listed, keyset_rows
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallState
from app.paging import Page, PageRequest


class CdrOrder(StrEnum):
    """The orders a list of records can have; each has an index of its own."""

    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    DURATION_DESC = "DURATION_DESC"
    DURATION_ASC = "DURATION_ASC"
    TALK_DESC = "TALK_DESC"
    TALK_ASC = "TALK_ASC"


_CREATED_AT: Final = Key("created_at", datetime)
_DURATION: Final = Key("duration_seconds", float)
_TALK: Final = Key("talk_seconds", float)
_ID: Final = Key("id", str)

#: The column that leads, and whether the largest comes first.
_ORDERS: Final = MappingProxyType(
    {
        CdrOrder.CREATED_AT_DESC: (_CREATED_AT, True),
        CdrOrder.CREATED_AT_ASC: (_CREATED_AT, False),
        CdrOrder.DURATION_DESC: (_DURATION, True),
        CdrOrder.DURATION_ASC: (_DURATION, False),
        CdrOrder.TALK_DESC: (_TALK, True),
        CdrOrder.TALK_ASC: (_TALK, False),
    }
)


class CdrQueries:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: str, cdr_id: str) -> CdrRecord | None:
        """One record; None when there is none, or it is another account's."""
        return (await self.get_many(account_id, (cdr_id,))).get(cdr_id)

    async def get_many(self, account_id: str, cdr_ids: Sequence[str]) -> dict[str, CdrRecord]:
        """Those of the given records that the account has, by id."""
        return {record.id: record for record in await self._fetch(account_id, "id", cdr_ids)}

    async def get_by_call(self, account_id: str, call_ids: Sequence[str]) -> dict[str, CdrRecord]:
        """The records of some calls, by the call's id; a call that goes on has none yet."""
        records = await self._fetch(account_id, "call_id", call_ids)
        return {record.call_id: record for record in records if record.call_id is not None}

    async def page(
        self,
        account_id: str,
        where: CallFilter,
        page: PageRequest,
        *,
        order: CdrOrder = CdrOrder.CREATED_AT_DESC,
    ) -> Page[CdrRecord]:
        """The account's records that a filter admits; each is made of its row when somebody looks at it.

        Raises:
            RefusedError: INVALID_CURSOR, the page's position does not fit this list and order.
        """
        leading, is_descending = _ORDERS[order]
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                _list(account_id, where),
                keys=(leading, _ID),
                descending=is_descending,
                page=page,
                item=read_record,
            )

    async def count(self, account_id: str, where: CallFilter, at_most: int = DEFAULT_COUNT_LIMIT) -> RowCount:
        """How many records a filter admits, counted no further than ``at_most``."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, where), at_most=at_most)

    async def _fetch(self, account_id: str, column: str, ids: Sequence[str]) -> list[CdrRecord]:
        if not ids:
            return []
        statement = f"SELECT {RECORD_EXPRESSIONS} FROM cdr WHERE account_id = $1 AND {column} = ANY($2::text[])"  # noqa: S608  # our own names
        async with self._database.acquire() as connection:
            return [read_record(row) for row in await connection.fetch(statement, account_id, list(ids))]


def _list(account_id: str, where: CallFilter) -> Listing:
    conditions = sql_conditions(account_id, where, of=Listed.CDR)
    if where.states and CallState.ENDED not in where.states:
        conditions.add("false")  # only ended calls have a record
    return Listing("cdr", RECORD_NAMES, RECORD_EXPRESSIONS, conditions)
