"""Reads the recording rows; always one account's, in SQL itself."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key
from app.db.reader import AccountReader, Shape
from app.facts.stretches import Segment
from app.facts.vocabulary import RecordingKind, RecordingMode, RecordingState
from app.recordings.model import Recording, RecordingFilter

_NAMES: Final = tuple(field.name for field in fields(Recording))
_COLUMNS: Final = ", ".join("segments::text AS segments" if name == "segments" else name for name in _NAMES)
_SEGMENTS: Final = msgspec.json.Decoder(tuple[Segment, ...])

_OF_CALLS: Final = f"""
SELECT {_COLUMNS} FROM recording WHERE account_id = $1 AND call_id = ANY($2::text[]) ORDER BY created_at, id
"""  # noqa: S608  # our own names
_GET_SIGNED: Final = f"SELECT {_COLUMNS} FROM recording WHERE id = $1"  # noqa: S608  # our own names


def _admit(where: Conditions, condition: RecordingFilter) -> None:
    where.add_given("customer_number = {}", condition.number)
    where.add_given("call_id = {}", condition.call_id)
    where.add_any_of("kind", condition.kinds)
    where.add_any_of("state", condition.states)
    where.add_any_of("extension", condition.extensions)
    where.add_given("created_at >= {}", condition.created_from)
    where.add_given("created_at < {}", condition.created_to)


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


#: As an account reads them: newest first.
_SHAPE: Final[Shape[Recording, RecordingFilter]] = Shape(
    table="recording",
    names=_NAMES,
    expressions=_COLUMNS,
    admit=_admit,
    keys=(Key("created_at", datetime), Key("id", str)),
    descending=True,
    read=_read_row,
)


class RecordingQueries(AccountReader[Recording, RecordingFilter]):
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, _SHAPE)

    async def of_calls(self, account_id: str, call_ids: Sequence[str]) -> list[Recording]:
        """The recordings of some calls, oldest first; one query for a whole page of calls."""
        return await self._fetch(_OF_CALLS, account_id, list(call_ids))

    async def get_signed(self, recording_id: str) -> Recording | None:
        """One recording of whatever account, for the bearer of its signed address alone.

        The signature was checked, and was made for somebody who owned the recording.
        """
        found = await self._fetch(_GET_SIGNED, recording_id)
        return found[0] if found else None
