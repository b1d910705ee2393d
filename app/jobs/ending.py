"""How a job ends: its report is put together and stored, then one transaction says what came of it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import asyncpg
import msgspec
import orjson
import structlog

from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import UnavailableError
from app.events.log import EventLog
from app.facts.event import SYSTEM, Draft
from app.facts.jobs import Counts, JobKind, JobState
from app.jobs.model import Done, Job, JobFailedError, JobLostError, JobReport, ReportName
from app.jobs.rows import COLUMNS, draft_of, fact_of, read_job
from app.jobs.runner import Runner

_log = structlog.get_logger(__name__)

#: How many parts of a report are read at once.
_PARTS_AT_ONCE: Final = 100

_LOCK: Final = f"""
SELECT {COLUMNS}, report_parts FROM job WHERE id = $1 AND lease = $2 AND state = $3 FOR UPDATE
"""  # noqa: S608  # our own names
_COUNT_PARTS: Final = "SELECT report_parts FROM job WHERE id = $1 AND lease = $2 AND state = $3"
_READ_PARTS: Final = """
SELECT number, data FROM job_report_part WHERE job_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""
_DROP_PARTS: Final = "DELETE FROM job_report_part WHERE job_id = $1"
_END: Final = f"""
UPDATE job
SET state = $2, error = $3, counts = $4::json, fraction = $5, finished_at = coalesce(finished_at, $6), updated_at = $6,
    leased_until = NULL, checkpoint = NULL,
    report_name = $7, report_type = $8, report_bytes = $9, report_key = $10, is_settled = $11
WHERE id = $1
RETURNING {COLUMNS}
"""  # noqa: S608  # our own names
_TAKE_UNSETTLED: Final = f"""
UPDATE job SET lease = lease + 1, leased_until = $2
WHERE id IN (
    SELECT id FROM job
    WHERE finished_at IS NOT NULL AND NOT is_settled AND kind = ANY ($3::text[])
      AND (leased_until IS NULL OR leased_until <= $1)
    ORDER BY finished_at LIMIT $4
    FOR UPDATE SKIP LOCKED)
RETURNING lease, {COLUMNS}
"""  # noqa: S608  # our own names


_Before = Callable[[PooledConnection, Job], Awaitable[list[Draft]]]


class ReportStore(Protocol):
    """Where reports are kept; FileStore has it."""

    async def put_file(self, key: str, path: Path, size_bytes: int) -> None: ...
    async def size(self, key: str) -> int: ...
    def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]: ...
    async def delete(self, key: str) -> None: ...


def report_key(account_id: str, job_id: str, lease: int) -> str:
    """Where the report lies that was stored under a claim: no two workers ever write one object."""
    return f"{account_id}/jobs/{job_id}-{lease}"


@dataclass(frozen=True, slots=True)
class Held:
    """A job under a lease: by whoever runs it, or settles what follows on its end."""

    job: Job
    lease: int


class Endings:
    """Ends jobs, for their worker. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(
        self, database: Database, log: EventLog, store: ReportStore, clock: Clock, runners: Mapping[JobKind, Runner]
    ) -> None:
        self._database = database
        self._event_log = log
        self._store = store
        self._clock = clock
        self._runners = runners

    async def finish(self, held: Held, done: Done, folder: Path) -> None:
        """All is done.

        Raises:
            JobLostError: it is no longer ours.
            JobFailedError: the runner's own part of the end says so.
            UnavailableError: the report cannot be stored now.
        """
        runner = self._runners[held.job.kind]
        report = await self._store_report(held, done.report or runner.report, done.file, folder)
        counts = done.counts

        async def before(connection: PooledConnection, _: Job) -> list[Draft]:
            return [] if done.in_transaction is None else list(await done.in_transaction(connection) or ())

        await self._end(held, JobState.FINISHED, None, counts, report, before, is_settled=True)

    async def fail(self, held: Held, reason: str, folder: Path) -> None:
        """Nothing comes of it.

        Raises:
            JobLostError: it is no longer ours.
        """
        runner = self._runners[held.job.kind]
        report, is_settled = None, True
        try:
            report = await self._store_report(held, runner.report, None, folder)
        except UnavailableError as error:
            _log.warning("job_report_postponed", job_id=held.job.id, reason=error.message)
            is_settled = False

        async def before(connection: PooledConnection, job: Job) -> list[Draft]:
            return list(await runner.ended(connection, job))

        await self._end(held, JobState.FAILED, reason, None, report, before, is_settled=is_settled)

    async def take_unsettled(self, lease: timedelta, *, most: int) -> list[Held]:
        """Some jobs that ended without a worker, or whose report could not be stored."""
        now = self._clock.now()
        kinds = [kind.value for kind in self._runners]
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_TAKE_UNSETTLED, now, now + lease, kinds, most)
        return [Held(read_job(row), row["lease"]) for row in rows]

    async def settle(self, held: Held, folder: Path) -> None:
        """Do what follows on the end of a job.

        Raises:
            JobLostError: somebody else does.
            UnavailableError: the report cannot be stored now.
        """
        job, runner = held.job, self._runners[held.job.kind]
        report = await self._store_report(held, runner.report, None, folder)

        async def before(connection: PooledConnection, job: Job) -> list[Draft]:
            return list(await runner.ended(connection, job)) if job.state is JobState.CANCELLED else []

        await self._end(held, job.state, job.error, None, report, before, is_settled=True)

    async def _end(
        self,
        held: Held,
        state: JobState,
        error: str | None,
        counts: Counts | None,
        report: JobReport | None,
        before: _Before,
        *,
        is_settled: bool,
    ) -> None:
        try:
            async with self._event_log.transaction() as transaction:
                connection = transaction.connection
                row = await connection.fetchrow(_LOCK, held.job.id, held.lease, held.job.state.value)
                if row is None:
                    raise JobLostError(held.job.id)  # noqa: TRY301  # it rolls back, and its report goes
                job = read_job(row)
                ended = replace(job, state=state, error=error, counts=counts or job.counts)
                drafts = await before(connection, ended)
                ended = await self._write(connection, ended, report, is_settled=is_settled)
                if not job.is_over:
                    has_report = report is not None or (not is_settled and row["report_parts"] > 0)
                    fact = fact_of(ended, has_report=has_report)
                    drafts.append(draft_of(ended, fact, self._clock.now(), actor=SYSTEM))
                await transaction.append(drafts)
        except (JobLostError, JobFailedError):
            await self._drop_report(held, report)
            raise

    async def _drop_report(self, held: Held, report: JobReport | None) -> None:
        """Delete what was stored for nothing; it may have been for something, if an earlier commit went unheard."""
        if report is None:
            return
        async with self._database.acquire() as connection:
            kept = await connection.fetchval("SELECT report_key FROM job WHERE id = $1", held.job.id)
        if kept != report.object_key:
            await self._store.delete(report.object_key)

    async def _write(
        self, connection: PooledConnection, job: Job, report: JobReport | None, *, is_settled: bool
    ) -> Job:
        row: asyncpg.Record | None = await connection.fetchrow(
            _END,
            job.id,
            job.state.value,
            job.error,
            orjson.Fragment(msgspec.json.encode(job.counts)),
            1.0 if job.state is JobState.FINISHED else job.fraction,
            self._clock.now(),
            None if report is None else report.file_name,
            None if report is None else report.content_type,
            None if report is None else report.size_bytes,
            None if report is None else report.object_key,
            is_settled,
        )
        if row is None:
            raise JobLostError(job.id)
        if is_settled:
            await connection.execute(_DROP_PARTS, job.id)
        return read_job(row)

    async def _store_report(
        self, held: Held, name: ReportName | None, file: Path | None, folder: Path
    ) -> JobReport | None:
        if name is None:
            return None
        path = file
        if path is None:
            path = folder / "report"
            if not await self._assemble(held, path):
                return None
        size = (await asyncio.to_thread(path.stat)).st_size
        key = report_key(held.job.account_id, held.job.id, held.lease)
        await self._store.put_file(key, path, size)
        return JobReport(file_name=name.file_name, content_type=name.content_type, size_bytes=size, object_key=key)

    async def _assemble(self, held: Held, path: Path) -> bool:
        """Write the parts into one file. Whether there are any."""
        async with self._database.acquire() as connection:
            parts = await connection.fetchval(_COUNT_PARTS, held.job.id, held.lease, held.job.state.value)
        if parts is None:
            raise JobLostError(held.job.id)
        if parts == 0:
            return False
        with await asyncio.to_thread(path.open, "wb") as file:
            last = 0
            while last < parts:
                async with self._database.acquire() as connection:
                    rows = await connection.fetch(_READ_PARTS, held.job.id, last, _PARTS_AT_ONCE)
                if not rows:
                    break
                last = rows[-1]["number"]
                await asyncio.to_thread(file.write, b"".join(row["data"] for row in rows))
        return True


_OVER: Final = """
SELECT id, account_id, lease FROM job
WHERE finished_at < $1 AND is_settled ORDER BY finished_at LIMIT $2
"""


async def remove_old_jobs(database: Database, store: ReportStore, *, ended_before: datetime, most: int) -> bool:
    """Delete some jobs that ended before an instant, and their reports. Gives whether there may be more.

    Raises:
        UnavailableError: the store or the database is away; the rest is for the next time.
    """
    async with database.acquire() as connection:
        rows = await connection.fetch(_OVER, ended_before, most)
    for row in rows:
        for lease in range(1, row["lease"] + 1):
            await store.delete(report_key(row["account_id"], row["id"], lease))
    async with database.acquire() as connection:
        await connection.execute("DELETE FROM job WHERE id = ANY ($1::text[])", [row["id"] for row in rows])
    return len(rows) == most
