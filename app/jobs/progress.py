"""What a runner says of its job while it does it, each time only if the job is still its own."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.facts.jobs import Counts
from app.jobs.model import JobLostError

_SAVE: Final = """
UPDATE job
SET checkpoint = coalesce($3::json, checkpoint), counts = coalesce($4::json, counts),
    fraction = coalesce($5, fraction), report_parts = report_parts + $6, updated_at = $7,
    attempts = CASE WHEN $3::json IS NULL THEN attempts ELSE 1 END,
    error = CASE WHEN $3::json IS NULL THEN error END
WHERE id = $1 AND lease = $2 AND state = 'RUNNING'
RETURNING report_parts
"""
_BEAT: Final = """
UPDATE job
SET leased_until = $3, counts = coalesce($4::json, counts), fraction = coalesce($5, fraction),
    updated_at = CASE WHEN $4::json IS NULL AND $5::double precision IS NULL THEN updated_at ELSE $6 END
WHERE id = $1 AND lease = $2 AND state = 'RUNNING'
RETURNING id
"""
_ADD_PART: Final = "INSERT INTO job_report_part (job_id, number, data) VALUES ($1, $2, $3)"


class Progress:
    """One attempt's hold on its job.

    ``checkpoint`` is the JSON of the last that was saved, None at the very beginning; ``folder`` is empty, this
    attempt's own, and gone after it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        job_id: str,
        lease: int,
        folder: Path,
        checkpoint: bytes | None,
        counts: Counts,
    ) -> None:
        self.job_id = job_id
        self.folder = folder
        self.checkpoint = checkpoint
        self.counts = counts
        self._database = database
        self._clock = clock
        self._lease = lease
        self._noted_counts: Counts | None = None
        self._noted_fraction: float | None = None
        #: Grows with whatever there is to tell to those who follow the job.
        self.version = 0
        #: Whether this attempt has got further than the one before.
        self.has_checkpointed = False

    async def save_in(
        self,
        connection: PooledConnection,
        *,
        checkpoint: Any = None,
        counts: Counts | None = None,
        fraction: float | None = None,
        report: bytes = b"",
    ) -> None:
        """Save how far it is, in the caller's transaction; best as its first statement, for it locks the job.

        ``checkpoint`` is anything that msgspec writes as JSON; the attempt that goes on from it is the first of its
        place. What is None stays as it was. ``report`` is put behind what the report has.

        Raises:
            JobLostError: the job was cancelled, or is another worker's by now. Let it pass: the transaction rolls back.
        """
        encoded = None if checkpoint is None else msgspec.json.encode(checkpoint)
        parts = await connection.fetchval(
            _SAVE,
            self.job_id,
            self._lease,
            None if encoded is None else orjson.Fragment(encoded),
            _as_json(counts),
            fraction,
            1 if report else 0,
            self._clock.now(),
        )
        if parts is None:
            raise JobLostError(self.job_id)
        if report:
            await connection.execute(_ADD_PART, self.job_id, parts, report)
        self.checkpoint = encoded or self.checkpoint
        self.has_checkpointed |= encoded is not None
        self.counts = counts or self.counts
        self._noted_counts, self._noted_fraction = None, None
        self.version += 1

    async def save(
        self,
        *,
        checkpoint: Any = None,
        counts: Counts | None = None,
        fraction: float | None = None,
        report: bytes = b"",
    ) -> None:
        """:meth:`save_in` a transaction of its own."""
        async with self._database.acquire() as connection, connection.transaction():
            await self.save_in(connection, checkpoint=checkpoint, counts=counts, fraction=fraction, report=report)

    def note(self, *, counts: Counts | None = None, fraction: float | None = None) -> None:
        """Say how far it is, to be shown soon; no transaction, and no promise."""
        self._noted_counts = counts or self._noted_counts
        self._noted_fraction = self._noted_fraction if fraction is None else fraction
        self.counts = counts or self.counts
        self.version += 1

    async def beat(self, lease_until: datetime) -> None:
        """Renew the lease until an instant, and write what was noted. For the worker.

        Raises:
            JobLostError: as :meth:`save_in`.
        """
        counts, fraction = self._noted_counts, self._noted_fraction
        async with self._database.acquire() as connection:
            held = await connection.fetchval(
                _BEAT, self.job_id, self._lease, lease_until, _as_json(counts), fraction, self._clock.now()
            )
        if held is None:
            raise JobLostError(self.job_id)
        if self._noted_counts is counts:
            self._noted_counts = None
        if self._noted_fraction == fraction:
            self._noted_fraction = None


def _as_json(counts: Counts | None) -> orjson.Fragment | None:
    return None if counts is None else orjson.Fragment(msgspec.json.encode(counts))
