"""Reads the recording rows; always one account's, in SQL itself."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from app.db.engine import Database
from app.db.keyset import RowCount, count_rows, keyset_page
from app.db.tables import RecordingRow
from app.facts.vocabulary import RecordingMode, RecordingState
from app.paging import Page, PageRequest
from app.recordings.model import Recording, RecordingFilter

_ROWS: Final = sa.inspect(RecordingRow).local_table
_COLUMNS: Final = tuple(_ROWS.c)
_KEYS: Final = (_ROWS.c.created_at, _ROWS.c.id)


class RecordingQueries:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: str, recording_id: str) -> Recording | None:
        """One recording; None when there is none, or it is another account's."""
        found = await self.get_many(account_id, (recording_id,))
        return found[0] if found else None

    async def get_many(self, account_id: str, recording_ids: Sequence[str]) -> list[Recording]:
        """Those of the given recordings that the account has, in no particular order."""
        return await self._fetch(self._of_account(account_id).where(_ROWS.c.id == sa.any_(_texts(recording_ids))))

    async def of_calls(self, account_id: str, call_ids: Sequence[str]) -> list[Recording]:
        """The recordings of some calls, oldest first; one query for a whole page of calls."""
        statement = self._of_account(account_id).where(_ROWS.c.call_id == sa.any_(_texts(call_ids)))
        return await self._fetch(statement.order_by(*_KEYS))

    async def page(
        self, account_id: str, condition: RecordingFilter, page: PageRequest, *, descending: bool = True
    ) -> Page[Recording]:
        """The recordings that meet a condition, newest first (or oldest, not ``descending``).

        Raises:
            RefusedError: INVALID_CURSOR, the page's position does not fit this list.
        """
        async with self._database.begin() as connection:
            return await keyset_page(
                connection,
                self._filtered(account_id, condition),
                keys=_KEYS,
                descending=descending,
                page=page,
                item=_read_row,
            )

    async def count(self, account_id: str, condition: RecordingFilter) -> RowCount:
        """How many recordings meet a condition, exactly up to a limit."""
        async with self._database.begin() as connection:
            return await count_rows(connection, self._filtered(account_id, condition))

    async def get_signed(self, recording_id: str) -> Recording | None:
        """One recording of whatever account, for the bearer of its signed address alone.

        The signature was checked, and was made for somebody who owned the recording.
        """
        found = await self._fetch(sa.select(*_COLUMNS).where(_ROWS.c.id == recording_id))
        return found[0] if found else None

    @staticmethod
    def _of_account(account_id: str) -> sa.Select[Any]:
        return sa.select(*_COLUMNS).where(_ROWS.c.account_id == account_id)

    def _filtered(self, account_id: str, condition: RecordingFilter) -> sa.Select[Any]:
        statement = self._of_account(account_id)
        if condition.number is not None:
            statement = statement.where(_ROWS.c.customer_number == condition.number)
        if condition.call_id is not None:
            statement = statement.where(_ROWS.c.call_id == condition.call_id)
        if condition.created_from is not None:
            statement = statement.where(_ROWS.c.created_at >= condition.created_from)
        if condition.created_to is not None:
            statement = statement.where(_ROWS.c.created_at < condition.created_to)
        return statement

    async def _fetch(self, statement: sa.Select[Any]) -> list[Recording]:
        async with self._database.begin() as connection:
            return [_read_row(row) for row in (await connection.execute(statement)).all()]


def _texts(values: Sequence[str]) -> sa.ColumnElement[Any]:
    # One array, not IN (…): the statement's text, and so its plan, is the same for every number of ids.
    return sa.cast(sa.literal(list(values), sa.ARRAY(sa.Text)), sa.ARRAY(sa.Text))


def _read_row(row: sa.Row[Any]) -> Recording:
    return Recording(
        id=row.id,
        account_id=row.account_id,
        call_id=row.call_id,
        mode=RecordingMode(row.mode),
        state=RecordingState(row.state),
        created_at=row.created_at,
        started_at=row.started_at,
        saved_at=row.saved_at,
        customer_number=row.customer_number,
        extension=row.extension,
        object_key=row.object_key,
        duration_seconds=row.duration_seconds,
        size_bytes=row.size_bytes,
        channels=row.channels,
        sample_rate=row.sample_rate,
        sha256=row.sha256,
        failure=row.failure,
    )
