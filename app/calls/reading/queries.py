"""Reads the call rows; always one account's, in SQL itself.

What comes back is the call model, decoded from the row's snapshot; the other columns only serve the filters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.leg import Leg
from app.cdrs.filters import CallFilter, Listed, sql_conditions
from app.db.engine import Database
from app.db.keyset import DEFAULT_COUNT_LIMIT, Key, Listing, RowCount, count_listed, keyset_rows
from app.facts.vocabulary import CallKind, CallState, Direction
from app.ids import LegId
from app.paging import Page, PageRequest

_NAMES: Final = ("snapshot", "created_at", "id")
_EXPRESSIONS: Final = "snapshot::text AS snapshot, created_at, id"
_KEYS: Final = (Key("created_at", datetime), Key("id", str))

_GET: Final = "SELECT snapshot::text FROM call WHERE account_id = $1 AND id = $2"
_GET_MANY: Final = "SELECT snapshot::text FROM call WHERE account_id = $1 AND id = ANY($2::text[])"
# By the partial index over calls that are not settled: what is over does not make it slower.
_LIVE: Final = """
SELECT snapshot::text FROM call
WHERE account_id = $1 AND NOT is_settled AND state <> 'ENDED'
  AND ($2::timestamptz IS NULL OR (created_at, id) > ($2, $3))
ORDER BY created_at, id LIMIT $4
"""
_COUNT_LIVE: Final = """
SELECT kind, direction, state, count(*) AS calls FROM call
WHERE account_id = $1 AND NOT is_settled AND state <> 'ENDED'
GROUP BY kind, direction, state ORDER BY kind, direction, state
"""
_CALL_OF_RECORDING: Final = "SELECT call_id FROM recording WHERE account_id = $1 AND id = $2"
_CALL_OF_SUPERVISION: Final = """
SELECT id FROM call
WHERE account_id = $1 AND ended_at IS NULL
  AND snapshot::jsonb -> 'supervisions' @> jsonb_build_array(jsonb_build_object('id', $2::text))
"""
_CALL_OF_MEDIA_STREAM: Final = """
SELECT id FROM call
WHERE account_id = $1 AND ended_at IS NULL
  AND snapshot::jsonb -> 'mediaStreams' @> jsonb_build_array(jsonb_build_object('id', $2::text))
"""
_FIND_LEG: Final = """
SELECT call.snapshot::text
FROM leg JOIN call ON call.id = leg.call_id
WHERE leg.id = $2 AND leg.account_id = $1 AND call.account_id = $1
"""
# Among the calls that are alive, which are few, and their legs: no index over channels' names is needed.
_FIND_CHANNEL: Final = """
SELECT call.snapshot::text
FROM call JOIN leg ON leg.call_id = call.id
WHERE call.account_id = $1 AND NOT call.is_settled AND call.state <> 'ENDED'
  AND leg.channel_name = $2 AND leg.ended_at IS NULL
ORDER BY call.created_at DESC, call.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class LiveCount:
    """How many calls of a kind are in a state right now."""

    kind: CallKind
    direction: Direction
    state: CallState
    calls: int


class CallOrder(StrEnum):
    """The orders a list of calls can have."""

    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"


class CallQueries:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: str, call_id: str) -> Call | None:
        """One call; None when there is none, or it is another account's."""
        async with self._database.acquire() as connection:
            snapshot = await connection.fetchval(_GET, account_id, call_id)
        return None if snapshot is None else decode_call(snapshot)

    async def get_many(self, account_id: str, call_ids: Sequence[str]) -> dict[str, Call]:
        """Those of the given calls that the account has, by id."""
        if not call_ids:
            return {}
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_GET_MANY, account_id, list(call_ids))
        calls = (decode_call(row["snapshot"]) for row in rows)
        return {call.id: call for call in calls}

    async def live(self, account_id: str, *, after: Call | None = None, limit: int) -> list[Call]:
        """The account's calls that have not ended, oldest first; those that come after one of them."""
        created_at, call_id = (None, None) if after is None else (after.created_at, after.id)
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_LIVE, account_id, created_at, call_id, limit)
        return [decode_call(row["snapshot"]) for row in rows]

    async def find_live(
        self, account_id: str, where: CallFilter, *, limit: int, is_sandbox_only: bool = False
    ) -> list[str]:
        """The ids of the account's calls that have not ended and that a filter admits, oldest first."""
        conditions = sql_conditions(account_id, where, of=Listed.CALL)
        if is_sandbox_only:
            conditions.add("is_sandbox")
        conditions.add_any_of("state", where.states)
        query = (
            f"SELECT id FROM call WHERE {conditions} AND NOT is_settled AND state <> 'ENDED' "  # noqa: S608 -- our own texts
            f"ORDER BY created_at, id LIMIT {limit:d}"
        )
        async with self._database.acquire() as connection:
            return [row["id"] for row in await connection.fetch(query, *conditions.values)]

    async def count_live(self, account_id: str) -> list[LiveCount]:
        """The account's calls that have not ended, counted; groups without calls are left out."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_COUNT_LIVE, account_id)
        return [
            LiveCount(CallKind(row["kind"]), Direction(row["direction"]), CallState(row["state"]), row["calls"])
            for row in rows
        ]

    async def call_of_recording(self, account_id: str, recording_id: str) -> str | None:
        """The id of the call that a recording is of; None when there is none, or it is another account's."""
        async with self._database.acquire() as connection:
            found: str | None = await connection.fetchval(_CALL_OF_RECORDING, account_id, recording_id)
        return found

    async def call_of_supervision(self, account_id: str, supervision_id: str) -> str | None:
        """The live call of the account that this supervision is under way in, if any."""
        async with self._database.acquire() as connection:
            found: str | None = await connection.fetchval(_CALL_OF_SUPERVISION, account_id, supervision_id)
        return found

    async def call_of_media_stream(self, account_id: str, stream_id: str) -> str | None:
        """The live call of the account that this media stream is under way in, if any."""
        async with self._database.acquire() as connection:
            found: str | None = await connection.fetchval(_CALL_OF_MEDIA_STREAM, account_id, stream_id)
        return found

    async def find_leg(self, account_id: str, leg_id: str) -> tuple[Call, Leg] | None:
        """A leg and the call it belongs to; None when there is none, or it is another account's."""
        async with self._database.acquire() as connection:
            snapshot = await connection.fetchval(_FIND_LEG, account_id, leg_id)
        if snapshot is None:
            return None
        call = decode_call(snapshot)
        return call, call.leg(LegId(leg_id))

    async def find_channel(self, account_id: str, channel_name: str) -> Call | None:
        """The live call of which this channel in Asterisk is a leg (of several Asterisks', the newest), if any."""
        async with self._database.acquire() as connection:
            snapshot = await connection.fetchval(_FIND_CHANNEL, account_id, channel_name)
        return None if snapshot is None else decode_call(snapshot)

    async def page(
        self,
        account_id: str,
        where: CallFilter,
        page: PageRequest,
        *,
        order: CallOrder = CallOrder.CREATED_AT_DESC,
    ) -> Page[Call]:
        """The account's calls that a filter admits.

        Raises:
            RefusedError: INVALID_CURSOR, the page's position does not fit this list.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                _list(account_id, where),
                keys=_KEYS,
                descending=order is CallOrder.CREATED_AT_DESC,
                page=page,
                item=lambda row: decode_call(row["snapshot"]),
            )

    async def count(self, account_id: str, where: CallFilter, at_most: int = DEFAULT_COUNT_LIMIT) -> RowCount:
        """How many calls a filter admits, counted no further than ``at_most``."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, where), at_most=at_most)


def _list(account_id: str, where: CallFilter) -> Listing:
    conditions = sql_conditions(account_id, where, of=Listed.CALL)
    conditions.add_any_of("state", where.states)
    return Listing("call", _NAMES, _EXPRESSIONS, conditions)
