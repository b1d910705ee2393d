"""The worker: claims jobs that are due, has their runners do them, and says what came of it.

::

    QUEUED ──claim──> RUNNING ──> FINISHED
       ▲                 │ ├────> FAILED      nothing can come of it, or tried often enough
       └── back-off <────┘ └────> CANCELLED   by its owner, from QUEUED as well

A claim is a lease with a number. Every write of a runner's progress names the number, so a worker that lost its lease
(it was frozen, or cut off) writes nothing more. When a worker dies, its leases run out and another goes on from each
job's last checkpoint. Attempts that got no further than the one before are counted in the row, so that a job which
kills its worker does not do so for ever.
"""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database, heed_cancellation
from app.db.locks import JOB_CLAIM
from app.errors import DatabaseUnavailableError, RefusedError, UnavailableError
from app.events.log import EventLog
from app.jobs.ending import Endings, Held, ReportStore, remove_old_jobs
from app.jobs.model import Done, Job, JobFailedError, JobLostError, JobRetryError
from app.jobs.progress import Progress
from app.jobs.rows import OF_JOB, read_job
from app.jobs.runner import Runner
from app.jobs.service import JOBS_CHANGED, Notices

_log = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 30.0
#: Waits before the second, third … attempt at one place, in seconds.
RETRY_SCHEDULE: Final = (1.0, 5.0, 30.0, 120.0, 600.0)
_BEAT_SECONDS: Final = 1.0
_SETTLE_AT_ONCE: Final = 5
_GIVE_BACK_SECONDS: Final = 0.4
_SWEEP_SECONDS: Final = 300.0
_SWEEP_BATCH: Final = 100
_PREFIX: Final = "job-"
_LEFT_SECONDS: Final = 86_400.0

# A few jobs of each kind and account, counted with those that run: by place among the account's first, so that ten
# thousand jobs of one account do not stand before the single one of another.
_CLAIM: Final = f"""
WITH room AS (
    SELECT * FROM unnest($2::text[], $3::int[], $4::int[]) AS kind (kind, free, per_account)
), running AS (
    SELECT account_id, kind, count(*) AS number
    FROM job WHERE state = 'RUNNING' AND leased_until > $1
    GROUP BY account_id, kind
), placed AS (
    SELECT job.id, job.kind, job.due_at, room.free, room.per_account,
           coalesce(running.number, 0)
               + row_number() OVER (PARTITION BY job.account_id, job.kind ORDER BY job.due_at, job.id) AS place
    FROM job
    JOIN room ON room.kind = job.kind
    LEFT JOIN running ON running.account_id = job.account_id AND running.kind = job.kind
    WHERE job.state IN ('QUEUED', 'RUNNING') AND job.due_at <= $1
      AND (job.leased_until IS NULL OR job.leased_until <= $1)
), chosen AS (
    SELECT id, free, row_number() OVER (PARTITION BY kind ORDER BY place, due_at, id) AS turn
    FROM placed WHERE place <= per_account
), locked AS MATERIALIZED (
    SELECT job.id FROM job
    WHERE job.id IN (SELECT id FROM chosen WHERE turn <= free)
      AND job.state IN ('QUEUED', 'RUNNING') AND (job.leased_until IS NULL OR job.leased_until <= $1)
    FOR UPDATE SKIP LOCKED
)
UPDATE job
SET state = 'RUNNING', lease = job.lease + 1, leased_until = $5, attempts = job.attempts + 1, updated_at = $1,
    started_at = coalesce(job.started_at, $1)
FROM locked
WHERE job.id = locked.id
RETURNING job.lease, job.checkpoint::text AS checkpoint, {OF_JOB}
"""  # noqa: S608  # our own names
_RETRY: Final = """
UPDATE job SET state = 'QUEUED', leased_until = NULL, due_at = $3, error = $4, updated_at = $5
WHERE id = $1 AND lease = $2 AND state = 'RUNNING'
"""
_GIVE_BACK: Final = """
UPDATE job SET state = 'QUEUED', leased_until = NULL, due_at = $3, attempts = greatest(0, attempts - 1)
WHERE id = $1 AND lease = $2 AND state = 'RUNNING'
"""


def _prepare_folder(folder: Path) -> None:
    """Make it, without what processes that were killed left in it long ago; another's work may be there too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob(f"{_PREFIX}*"):
        if left.stat().st_mtime < time.time() - _LEFT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt that did not work."""

    reason: str
    is_final: bool
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Claimed:
    held: Held
    checkpoint: bytes | None


class JobWorker(Daemon):
    """Does jobs of the kinds it has runners for. Several may run, in one process or in many.

    ``folder`` takes what runners write on the way: as much as the largest report or export, for each job at once.
    """

    name = "job-worker"

    def __init__(
        self,
        database: Database,
        log: EventLog,
        store: ReportStore,
        bus: Notices,
        clock: Clock,
        runners: Sequence[Runner],
        *,
        folder: Path,
        lease_seconds: float = LEASE_SECONDS,
        retry_schedule: tuple[float, ...] = RETRY_SCHEDULE,
        retention: timedelta | None = None,
    ) -> None:
        """``retention``: jobs are deleted so long after they ended, with their reports; None keeps them."""
        super().__init__(clock)
        self._database = database
        self._store = store
        self._bus = bus
        self._clock = clock
        self._runners = {runner.kind: runner for runner in runners}
        self._folder = folder
        self._lease = timedelta(seconds=lease_seconds)
        self._schedule = retry_schedule
        self._retention = retention
        self._endings = Endings(database, log, store, clock, self._runners)
        self._busy: Counter[str] = Counter()
        self._kicks: dict[str, asyncio.Event] = {}
        self._swept_at = 0.0
        bus.on(JOBS_CHANGED, self._hear)

    def add(self, *runners: Runner) -> None:
        """Do these kinds as well. Before ``run``."""
        self._runners.update({runner.kind: runner for runner in runners})

    async def run(self) -> None:
        """Work until stopped (jobs on their way are finished) or cancelled (they are given back)."""
        await asyncio.to_thread(_prepare_folder, self._folder)
        async with asyncio.TaskGroup() as self._tasks:
            await super().run()

    async def run_round(self) -> bool:
        claimed = await self._claim()
        for one in claimed:
            self._busy[one.held.job.kind] += 1
            self._tasks.create_task(self._do(one), name=f"job {one.held.job.id}")
        unsettled = await self._settle()
        await self._sweep()
        return bool(claimed) or unsettled

    async def _claim(self) -> list[_Claimed]:
        rooms = [(runner, runner.at_once - self._busy[kind]) for kind, runner in self._runners.items()]
        rooms = [(runner, free) for runner, free in rooms if free > 0]
        if not rooms:
            return []
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", JOB_CLAIM)
            rows = await connection.fetch(
                _CLAIM,
                now,
                [runner.kind.value for runner, _ in rooms],
                [free for _, free in rooms],
                [runner.per_account for runner, _ in rooms],
                now + self._lease,
            )
        return [
            _Claimed(
                Held(read_job(row), row["lease"]), None if row["checkpoint"] is None else row["checkpoint"].encode()
            )
            for row in rows
        ]

    async def _do(self, claimed: _Claimed) -> None:
        job = claimed.held.job
        log = _log.bind(job_id=job.id, kind=job.kind.value)
        try:
            with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=self._folder) as folder:
                await self._do_in(claimed, Path(folder))
        except* JobLostError:
            log.info("job_lost")  # cancelled, or another worker's
        except* DatabaseUnavailableError as errors:
            # What came of it could not be written: its lease runs out, and it is done again from its checkpoint.
            log.warning("job_given_up", error=type(errors.exceptions[0]).__name__)
        except* Exception:  # whatever it is concerns this job, and the others go on
            log.exception("job_broke")
        finally:
            self._busy[job.kind] -= 1
            self.wake()

    async def _do_in(self, claimed: _Claimed, folder: Path) -> None:
        held = claimed.held
        job = held.job
        progress = Progress(
            self._database,
            self._clock,
            job_id=job.id,
            lease=held.lease,
            folder=folder / "work",
            checkpoint=claimed.checkpoint,
            counts=job.counts,
        )
        await asyncio.to_thread(progress.folder.mkdir)
        self._kicks[job.id] = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                beating = group.create_task(self._beat(progress, self._kicks[job.id]))
                await self._attempt_and_end(held, progress, folder)
                beating.cancel()
        except asyncio.CancelledError:
            await self._give_back(held)
            raise
        finally:
            del self._kicks[job.id]
        await self._bus.publish(JOBS_CHANGED, job.id)

    async def _attempt_and_end(self, held: Held, progress: Progress, folder: Path) -> None:
        job = held.job
        await self._bus.publish(JOBS_CHANGED, job.id)
        most = len(self._schedule) + 1
        if job.attempts > most:
            # The worker died of each of them, else the last would have said so.
            reason = job.error or "The process that did it ended abruptly each time, at the same place."
            await self._endings.fail(held, f"Given up after {most} attempts. {reason}", folder)
            return
        done = await self._attempt(job, progress)
        outcome = done if isinstance(done, _Failure) else await self._finish(held, done, folder)
        if outcome is None:
            _log.info("job_finished", job_id=job.id, kind=job.kind.value)
            return
        # The attempts as they are counted now: a checkpoint that was saved has begun the count anew.
        attempts = 1 if progress.has_checkpointed else job.attempts
        if outcome.is_final or attempts >= most:
            reason = outcome.reason if outcome.is_final else f"Given up after {most} attempts. {outcome.reason}"
            _log.warning("job_failed", job_id=job.id, kind=job.kind.value, reason=reason)
            await self._endings.fail(held, reason, folder)
            return
        wait = self._schedule[attempts - 1] if outcome.after_seconds is None else outcome.after_seconds
        _log.warning("job_retry", job_id=job.id, kind=job.kind.value, reason=outcome.reason, in_seconds=wait)
        now = self._clock.now()
        async with self._database.acquire() as connection:
            await connection.execute(_RETRY, job.id, held.lease, now + timedelta(seconds=wait), outcome.reason, now)

    async def _attempt(self, job: Job, progress: Progress) -> Done | _Failure:
        """Have the runner do it. Whatever it raises says how it went; JobLostError and cancellation alone pass."""
        try:
            return await self._runners[job.kind].run(job, progress)
        except JobLostError:
            raise
        except JobFailedError as error:
            return _Failure(str(error), is_final=True)
        except RefusedError as error:
            return _Failure(error.message, is_final=True)
        except JobRetryError as error:
            return _Failure(str(error), is_final=False, after_seconds=error.after_seconds)
        except UnavailableError as error:
            return _Failure(error.message, is_final=False, after_seconds=None)
        except TimeoutError:
            return _Failure("Something that it needs did not answer in time.", is_final=False)
        except OSError as error:
            return _Failure(f"Offhook's machine refused it ({error.strerror or type(error).__name__}).", is_final=False)
        except Exception as error:  # noqa: BLE001  # whatever it is concerns this job
            heed_cancellation(error)
            _log.exception("job_attempt_crashed", job_id=job.id, kind=job.kind.value)
            return _Failure("Internal error; Offhook's log says more under this job's id.", is_final=False)

    async def _finish(self, held: Held, done: Done, folder: Path) -> _Failure | None:
        """Say that it is done; while report or database cannot be written, try again beside the beat."""
        for wait in (*self._schedule, None):
            try:
                await self._endings.finish(held, done, folder)
            except JobFailedError as error:
                return _Failure(str(error), is_final=True)
            except UnavailableError as error:
                if wait is None:
                    return _Failure(f"What came of it could not be stored. {error.message}", is_final=False)
                _log.warning("job_end_postponed", job_id=held.job.id, reason=error.message, in_seconds=wait)
                await asyncio.sleep(wait)
            else:
                return None
        raise AssertionError("the last wait is None")

    async def _beat(self, progress: Progress, kick: asyncio.Event) -> None:
        """Keep the lease, and tell followers what is new, until cancelled.

        Raises:
            JobLostError: the lease is lost, which ends the attempt beside it.
        """
        loop = asyncio.get_running_loop()
        held_until = loop.time() + self._lease.total_seconds()
        told = progress.version
        while True:
            kick.clear()
            try:
                async with asyncio.timeout(min(_BEAT_SECONDS, self._lease.total_seconds() / 3)):
                    await kick.wait()
            except TimeoutError:
                pass  # the beat
            version, began = progress.version, loop.time()
            try:
                await progress.beat(self._clock.now() + self._lease)
            except DatabaseUnavailableError as error:
                if loop.time() >= held_until:
                    raise JobLostError(progress.job_id) from error
                continue
            held_until = began + self._lease.total_seconds()
            if version != told:
                told = version
                await self._bus.publish(JOBS_CHANGED, progress.job_id)

    async def _give_back(self, held: Held) -> None:
        """This process ends: another may go on at once. No more than a courtesy, since the lease runs out anyway."""
        try:
            async with asyncio.timeout(_GIVE_BACK_SECONDS), self._database.acquire() as connection:
                await connection.execute(_GIVE_BACK, held.job.id, held.lease, self._clock.now())
        except (DatabaseUnavailableError, TimeoutError):
            _log.info("job_not_given_back", job_id=held.job.id)

    async def _settle(self) -> bool:
        taken = await self._endings.take_unsettled(self._lease, most=_SETTLE_AT_ONCE)
        for held in taken:
            try:
                with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=self._folder) as folder:
                    await self._endings.settle(held, Path(folder))
            except JobLostError:
                continue  # somebody else does
            except DatabaseUnavailableError:
                raise
            except UnavailableError as error:
                _log.warning("job_unsettled", job_id=held.job.id, reason=error.message)
                continue
            except Exception as error:  # noqa: BLE001  # it concerns this job, whose turn comes again after its lease
                heed_cancellation(error)
                _log.exception("job_settling_crashed", job_id=held.job.id, kind=held.job.kind.value)
                continue
            await self._bus.publish(JOBS_CHANGED, held.job.id)
        return len(taken) == _SETTLE_AT_ONCE

    async def _sweep(self) -> None:
        now = self._clock.monotonic()
        if self._retention is None or now < self._swept_at + _SWEEP_SECONDS:
            return
        before = self._clock.now() - self._retention
        try:
            has_more = await remove_old_jobs(self._database, self._store, ended_before=before, most=_SWEEP_BATCH)
        except DatabaseUnavailableError:
            raise
        except UnavailableError as error:
            _log.warning("old_jobs_not_removed", reason=error.message)
            has_more = False
        if not has_more:
            self._swept_at = now

    def _hear(self, job_id: str) -> None:
        kicks: Sequence[asyncio.Event] = list(self._kicks.values())
        if job_id:
            kick = self._kicks.get(job_id)
            kicks = () if kick is None else (kick,)
        for kick in kicks:
            kick.set()
