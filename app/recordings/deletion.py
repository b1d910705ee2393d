"""Deleting recordings: at somebody's word, or because their time is over.

The row is marked and the fact stated first, in one transaction: from then on nobody is given the file. Then the file
goes, and then the row lets go of its key. Whoever dies in between leaves a row that the next sweep finishes.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg
import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.events.log import EventLog, LogTransaction
from app.facts.event import SYSTEM, Actor, Draft
from app.facts.recordings import DeletionReason, RecordingDeleted
from app.facts.vocabulary import RecordingMode, RecordingState
from app.files.store import FileStore, StoreUnavailableError
from app.ids import Kind, new_id

_log = structlog.get_logger(__name__)

_BATCH: Final = 100
_COLUMNS: Final = (
    "recording.id, recording.account_id, recording.call_id, recording.mode, recording.state, recording.object_key, "
    "coalesce((SELECT call.is_sandbox FROM call WHERE call.id = recording.call_id), false) AS is_sandbox"
)
_LOCK: Final = f"SELECT {_COLUMNS} FROM recording WHERE account_id = $1 AND id = $2 FOR UPDATE"  # noqa: S608  # our own names
_LOCK_EXPIRED: Final = f"""
SELECT {_COLUMNS} FROM recording WHERE state = 'SAVED' AND saved_at < $1
    AND NOT EXISTS (SELECT FROM account WHERE account.id = recording.account_id AND CASE recording.kind
        WHEN 'VOICEMAIL' THEN account.voicemail_retention_days ELSE account.recording_retention_days END IS NOT NULL)
ORDER BY saved_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # our own names
_OWN_TERMS: Final = """
SELECT id, '{CALL,MESSAGE}'::text[] AS kinds, recording_retention_days AS days
FROM account WHERE recording_retention_days > 0
UNION ALL
SELECT id, '{VOICEMAIL}'::text[], voicemail_retention_days FROM account WHERE voicemail_retention_days > 0
ORDER BY id, kinds
"""
_LOCK_EXPIRED_OF: Final = f"""
SELECT {_COLUMNS} FROM recording WHERE state = 'SAVED' AND saved_at < $1 AND account_id = $2 AND kind = ANY ($3::text[])
ORDER BY saved_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # our own names
_LOCK_OF_CALLS: Final = f"""
SELECT {_COLUMNS} FROM recording
WHERE account_id = $1 AND call_id = ANY ($2::text[]) AND state IN ('SAVED', 'FAILED') FOR UPDATE
"""  # noqa: S608  # our own names
_MARK: Final = """
UPDATE recording
SET state = 'DELETED', deleted_at = $2, size_bytes = NULL, duration_seconds = NULL, channels = NULL, sample_rate = NULL,
    sha256 = NULL, segments = NULL, lost_seconds = NULL
WHERE id = ANY ($1::text[])
"""
# What was said goes with the sound of it. A job that is about it finds nothing to write to, and ends.
_DROP_TRANSCRIPTS: Final = "DELETE FROM transcript WHERE recording_id = ANY ($1::text[])"
_WITH_FILE: Final = f"""
SELECT id, object_key FROM recording WHERE deleted_at IS NOT NULL AND object_key IS NOT NULL ORDER BY id LIMIT {_BATCH}
"""  # noqa: S608  # our own number
_FORGET_FILE: Final = "UPDATE recording SET object_key = NULL WHERE id = ANY ($1::text[]) AND deleted_at IS NOT NULL"
_FINAL: Final = frozenset({RecordingState.SAVED, RecordingState.FAILED})


class RecordingDeletion:
    """Deletes recordings and their files. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, log: EventLog, store: FileStore, clock: Clock) -> None:
        self._database = database
        self._event_log = log
        self._store = store
        self._clock = clock

    async def delete(self, account_id: str, recording_id: str, *, actor: Actor, request_id: str | None = None) -> None:
        """Delete one recording; one that is deleted already stays so.

        On return nobody is given the file. Should the store be away, the file itself goes with a later sweep.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE while it is being made.
        """
        async with self._event_log.transaction() as transaction:
            row = await transaction.connection.fetchrow(_LOCK, account_id, recording_id)
            if row is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such recording.", ("recordingId",)))
            state = RecordingState(row["state"])
            if state is RecordingState.DELETED:
                return
            if state not in _FINAL:
                message = "The recording is still being made: stop it, and wait until it is SAVED."
                raise RefusedError(Problem("INVALID_STATE", message, ("recordingId",), current_state=state.value))
            await self._mark(transaction, [row], actor, request_id, DeletionReason.REQUESTED)
        try:
            await self._remove([row])
        except StoreUnavailableError as error:
            _log.warning("recording_file_not_deleted", recording_id=recording_id, reason=error.message)

    async def expire(self, age: timedelta | None) -> bool:
        """Delete some of the recordings whose time is over. Gives whether there may be more.

        That is so long after they were saved as their account says for calls and for voicemails, or else ``age``
        (None: they are kept); 0 days of an account keep them.
        """
        now, found = self._clock.now(), False
        async with self._database.acquire() as connection:
            terms = await connection.fetch(_OWN_TERMS)
        statements: list[tuple[str, tuple[object, ...]]] = [
            (_LOCK_EXPIRED_OF, (now - timedelta(days=one["days"]), one["id"], one["kinds"])) for one in terms
        ]
        if age is not None:
            statements.append((_LOCK_EXPIRED, (now - age,)))
        for statement, values in statements:
            async with self._event_log.transaction() as transaction:
                rows = await transaction.connection.fetch(statement, *values)
                if rows:
                    await self._mark(transaction, rows, SYSTEM, None, DeletionReason.RETENTION)
            if rows:
                _log.info("recordings_expired", count=len(rows))
            found |= len(rows) == _BATCH
        return found

    async def erase(
        self,
        transaction: LogTransaction,
        account_id: str,
        call_ids: Sequence[str],
        *,
        actor: Actor,
        request_id: str | None,
    ) -> int:
        """Delete the recordings of calls that are over, in the caller's transaction; how many. Files go afterwards."""
        rows = await transaction.connection.fetch(_LOCK_OF_CALLS, account_id, list(call_ids))
        if rows:
            await self._mark(transaction, rows, actor, request_id, DeletionReason.ERASURE)
        return len(rows)

    async def remove_files(self) -> bool:
        """Delete some of the files of deleted recordings that are there still. Gives whether there may be more.

        Raises:
            StoreUnavailableError: the store is away; the rest is for the next time.
        """
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_WITH_FILE)
        await self._remove(rows)
        return len(rows) == _BATCH

    async def _mark(
        self,
        transaction: LogTransaction,
        rows: Sequence["asyncpg.Record"],
        actor: Actor,
        request_id: str | None,
        reason: DeletionReason,
    ) -> None:
        now, connection = self._clock.now(), transaction.connection
        await connection.execute(_MARK, [row["id"] for row in rows], now)
        await connection.execute(_DROP_TRANSCRIPTS, [row["id"] for row in rows])
        drafts = [
            Draft(
                id=new_id(Kind.EVENT),
                account_id=row["account_id"],
                subject_id=row["id"],
                occurred_at=now,
                fact=RecordingDeleted(
                    recording_id=row["id"],
                    call_id=row["call_id"],
                    mode=RecordingMode(row["mode"]),
                    is_expired=reason is DeletionReason.RETENTION,
                    reason=reason,
                ),
                actor=actor,
                request_id=request_id,
                is_sandbox=row["is_sandbox"],
            )
            for row in rows
        ]
        await transaction.append(drafts)

    async def _remove(self, rows: Sequence["asyncpg.Record"]) -> None:
        removed = []
        try:
            for row in rows:
                if row["object_key"] is not None:
                    await self._store.delete(row["object_key"])
                    removed.append(row["id"])
        finally:
            if removed:
                async with self._database.acquire() as connection:
                    await connection.execute(_FORGET_FILE, removed)


class RecordingSweeper(Daemon):
    """Deletes recordings whose time is over, and files that a deletion left.

    ``retention`` counts for accounts that have no term of their own; None: those keep them.
    """

    name = "recording-sweeper"
    poll_seconds = 60.0

    def __init__(self, deletion: RecordingDeletion, clock: Clock, *, retention: timedelta | None) -> None:
        super().__init__(clock)
        self._deletion = deletion
        self._retention = retention

    async def run_round(self) -> bool:
        has_more = await self._deletion.expire(self._retention)
        return await self._deletion.remove_files() or has_more
