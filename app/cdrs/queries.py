"""Reads the call detail records; always one account's, in SQL itself."""

from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from app.cdrs.filters import CallFilter, any_of, conditions
from app.cdrs.rows import CDR_TABLE, read_record
from app.db.engine import Database
from app.db.keyset import DEFAULT_COUNT_LIMIT, RowCount, count_rows, keyset_page
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallState
from app.paging import Page, PageRequest

_COLUMNS: Final = tuple(CDR_TABLE.c)


class CdrOrder(StrEnum):
    """The orders a list of records can have; each has an index of its own."""

    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    DURATION_DESC = "DURATION_DESC"
    DURATION_ASC = "DURATION_ASC"
    TALK_DESC = "TALK_DESC"
    TALK_ASC = "TALK_ASC"


#: The column that leads, and whether the largest comes first.
_ORDERS: Final = MappingProxyType(
    {
        CdrOrder.CREATED_AT_DESC: (CDR_TABLE.c.created_at, True),
        CdrOrder.CREATED_AT_ASC: (CDR_TABLE.c.created_at, False),
        CdrOrder.DURATION_DESC: (CDR_TABLE.c.duration_seconds, True),
        CdrOrder.DURATION_ASC: (CDR_TABLE.c.duration_seconds, False),
        CdrOrder.TALK_DESC: (CDR_TABLE.c.talk_seconds, True),
        CdrOrder.TALK_ASC: (CDR_TABLE.c.talk_seconds, False),
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
        return {record.id: record for record in await self._fetch(account_id, CDR_TABLE.c.id, cdr_ids)}

    async def get_by_call(self, account_id: str, call_ids: Sequence[str]) -> dict[str, CdrRecord]:
        """The records of some calls, by the call's id; a call that goes on has none yet."""
        return {record.call_id: record for record in await self._fetch(account_id, CDR_TABLE.c.call_id, call_ids)}

    async def page(
        self,
        account_id: str,
        where: CallFilter,
        page: PageRequest,
        *,
        order: CdrOrder = CdrOrder.CREATED_AT_DESC,
    ) -> Page[CdrRecord]:
        """The account's records that a filter admits.

        Raises:
            RefusedError: INVALID_CURSOR, the page's position does not fit this list and order.
        """
        leading, is_descending = _ORDERS[order]
        async with self._database.begin() as connection:
            return await keyset_page(
                connection,
                _filtered(account_id, where),
                keys=(leading, CDR_TABLE.c.id),
                descending=is_descending,
                page=page,
                item=read_record,
            )

    async def count(self, account_id: str, where: CallFilter, at_most: int = DEFAULT_COUNT_LIMIT) -> RowCount:
        """How many records a filter admits, counted no further than ``at_most``."""
        async with self._database.begin() as connection:
            return await count_rows(connection, _filtered(account_id, where), at_most=at_most)

    async def _fetch(self, account_id: str, column: sa.ColumnElement[Any], ids: Sequence[str]) -> list[CdrRecord]:
        if not ids:
            return []
        statement = sa.select(*_COLUMNS).where(CDR_TABLE.c.account_id == account_id, column == any_of(ids))
        async with self._database.begin() as connection:
            return [read_record(row) for row in (await connection.execute(statement)).all()]


def _filtered(account_id: str, where: CallFilter) -> sa.Select[Any]:
    statement = sa.select(*_COLUMNS).where(*conditions(CDR_TABLE, account_id, where))
    if where.states and CallState.ENDED not in where.states:
        return statement.where(sa.false())  # only ended calls have a record
    return statement
