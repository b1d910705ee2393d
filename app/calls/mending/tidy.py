"""What a call that is over may have left in Asterisk, when Offhook died or Asterisk did not answer in that moment.

Nobody waits for this: it runs after a reconcile and now and then, at its leisure. Only what the database knows as done
with is deleted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

import structlog

from app.ari.client import AriClient
from app.ari.errors import AriNotFound
from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.recording import PartState
from app.calls.living.registry import CallRegistry
from app.calls.names import RecordedPart, channel_of, hangup_memory, recorded_part
from app.db.engine import Database
from app.facts.vocabulary import RecordingState
from app.ids import LegId

_log = structlog.get_logger(__name__)

#: So many ended calls are looked back at: more are hardly between their record and their tidying at once.
ENDED_CALLS: Final = 256
_AT_ONCE: Final = 4

_LAST_ENDED_LEGS: Final = """
SELECT leg ->> 'id' AS id, leg ->> 'channelId' AS channel_id
FROM (SELECT subject_id FROM event WHERE type = 'call.ended' ORDER BY sequence DESC LIMIT $2) ended
JOIN call ON call.id = ended.subject_id AND call.node = $1
CROSS JOIN json_array_elements(call.snapshot -> 'legs') AS leg
"""
_CALLS_OF_RECORDINGS: Final = """
SELECT DISTINCT ON (call.id) call.snapshot::text
FROM recording JOIN call ON call.id = recording.call_id
WHERE recording.id = ANY ($1::text[])
"""


class Tidier:
    """Deletes what nobody needs any more."""

    def __init__(self, ari: AriClient, database: Database, registry: CallRegistry, *, node: str) -> None:
        self._ari = ari
        self._database = database
        self._registry = registry
        self._node = node
        self._unknown: set[str] = set()

    async def run(self) -> None:
        """Tidy once.

        Raises:
            AriError, DatabaseUnavailableError: one of the two is away; the rest is for the next time.
        """
        await self.forget_hangups()
        await self.delete_recordings()

    async def forget_hangups(self) -> None:
        """Delete Asterisk's memory of how the latest calls ended; their records have it."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_LAST_ENDED_LEGS, self._node, ENDED_CALLS)
        memories = [hangup_memory(row["channel_id"] or channel_of(self._node, LegId(row["id"]))) for row in rows]
        await _all_of(self._ari.delete_global_variable, memories)

    async def delete_recordings(self) -> None:
        """Delete Asterisk's copies of recordings that are in our store, and of those that were given up.

        What is left of a recording that could not be put together stays, unless it was paused: it is all there is.
        """
        parts = {
            stored.name: part
            for stored in await self._ari.list_stored()
            if (part := recorded_part(self._node, stored.name)) and self._registry.owner_of(part.recording_id) is None
        }
        if not parts:
            return
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_CALLS_OF_RECORDINGS, [part.recording_id for part in parts.values()])
        calls = [decode_call(row["snapshot"]) for row in rows]
        done = [name for name, part in parts.items() if _is_done_with(calls, part)]
        await _all_of(self._delete, done)
        known = {one.id for call in calls for one in call.recordings}
        unknown = {name for name, part in parts.items() if part.recording_id not in known}
        for name in sorted(unknown - self._unknown):
            _log.warning("stored_recording_unknown", stored_name=name, advice="no call has it; it is left alone")
        self._unknown = unknown
        if done:
            _log.info("recordings_tidied", count=len(done))

    async def _delete(self, name: str) -> None:
        with suppress(AriNotFound):  # it is what was wanted
            await self._ari.delete_stored(name)


def _is_done_with(calls: Iterable[Call], which: RecordedPart) -> bool:
    for call in calls:
        recording = call.recording(which.recording_id)
        if recording is None:
            continue
        part = recording.part(which.role, which.number)
        # Of one that was paused no raw sound is kept: Asterisk may not have heard of the pause.
        was_paused = any(gap.pause is not None for gap in recording.gaps)
        is_of_no_use = was_paused or part is None or part.state is not PartState.STOPPED
        is_given_up = recording.state is RecordingState.FAILED and is_of_no_use
        return recording.state is RecordingState.SAVED or is_given_up
    return False


async def _all_of(act: Callable[[str], Awaitable[None]], names: Iterable[str]) -> None:
    """A few at a time, and the first error once all are through."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def carry_out(name: str) -> None:
        async with slots:
            await act(name)  # made no sooner: what is cancelled while it waits leaves nothing unawaited

    for result in await asyncio.gather(*(carry_out(name) for name in names), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
