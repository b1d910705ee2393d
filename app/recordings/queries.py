"""Reads the recording rows; always one account's, in SQL itself."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.facts.stretches import Segment
from app.facts.vocabulary import RecordingKind, RecordingMode, RecordingState
from app.paging import Page, PageRequest
from app.recordings.model import Recording, RecordingFilter

_NAMES: Final = tuple(field.name for field in fields(Recording))
_COLUMNS: Final = ", ".join("segments::text AS segments" if name == "segments" else name for name in _NAMES)
_SEGMENTS: Final = msgspec.json.Decoder(tuple[Segment, ...])
_KEYS: Final = (Key("created_at", datetime), Key("id", str))

_GET_MANY: Final = f"SELECT {_COLUMNS} FROM recording WHERE account_id = $1 AND id = ANY($2::text[])"  # noqa: S608  # our own names
_OF_CALLS: Final = f"""
SELECT {_COLUMNS} FROM recording WHERE account_id = $1 AND call_id = ANY($2::text[]) ORDER BY created_at, id
"""  # noqa: S608  # our own names
_GET_SIGNED: Final = f"SELECT {_COLUMNS} FROM recording WHERE id = $1"  # noqa: S608  # our own names


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
        return await self._fetch(_GET_MANY, account_id, list(recording_ids))

    async def of_calls(self, account_id: str, call_ids: Sequence[str]) -> list[Recording]:
        """The recordings of some calls, oldest first; one query for a whole page of calls."""
        return await self._fetch(_OF_CALLS, account_id, list(call_ids))

    async def page(
        self, account_id: str, condition: RecordingFilter, page: PageRequest, *, descending: bool = True
    ) -> Page[Recording]:
        """The recordings that meet a condition, newest first (or oldest, not ``descending``).

        Raises:
            RefusedError: INVALID_CURSOR, the page's position does not fit this list.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                _list(account_id, condition),
                keys=_KEYS,
                descending=descending,
                page=page,
                item=_read_row,
            )

    async def count(self, account_id: str, condition: RecordingFilter) -> RowCount:
        """How many recordings meet a condition, exactly up to a limit."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, condition))

    async def get_signed(self, recording_id: str) -> Recording | None:
        """One recording of whatever account, for the bearer of its signed address alone.

        The signature was checked, and was made for somebody who owned the recording.
        """
        found = await self._fetch(_GET_SIGNED, recording_id)
        return found[0] if found else None

    async def _fetch(self, statement: str, *values: object) -> list[Recording]:
        async with self._database.acquire() as connection:
            return [_read_row(row) for row in await connection.fetch(statement, *values)]


def _list(account_id: str, condition: RecordingFilter) -> Listing:
    where = Conditions()
    where.add("account_id = {}", account_id)
    where.add_given("customer_number = {}", condition.number)
    where.add_given("call_id = {}", condition.call_id)
    where.add_given("kind = {}", condition.kind)
    where.add_given("created_at >= {}", condition.created_from)
    where.add_given("created_at < {}", condition.created_to)
    return Listing("recording", _NAMES, _COLUMNS, where)


def _read_row(row: asyncpg.Record) -> Recording:
    values = dict(row)
    segments = values["segments"]
    return Recording(
        **{
            **values,
            "mode": RecordingMode(values["mode"]),
            "state": RecordingState(values["state"]),
            "kind": RecordingKind(values["kind"]),
            "leg_ids": tuple(values["leg_ids"]),
            "segments": None if segments is None else _SEGMENTS.decode(segments),
        }
    )
