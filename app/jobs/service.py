"""Jobs as their owners use them: enqueue, look, follow, cancel."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import asyncpg
import msgspec
import orjson

from app.accounts.scopes import Scope
from app.clock import Clock
from app.db.conditions import Conditions
from app.db.engine import Database, PooledConnection
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.events.log import EventLog
from app.facts.event import Actor
from app.facts.jobs import JobState
from app.ids import Kind, kind_of, new_id
from app.jobs.backlog import JobBacklog, read_backlog
from app.jobs.model import MOST_OPEN_JOBS, SCOPE_OF, Job, JobFilter, NewJob
from app.jobs.rows import COLUMNS, NAMES, draft_of, fact_of, read_job, read_jobs
from app.paging import Page, PageRequest

#: A job has come further, or to its end; the payload is its id.
JOBS_CHANGED: Final = "offhook_jobs"

_KEYS: Final = (Key("created_at", datetime), Key("id", str))
#: News of a job may be lost: whoever follows it looks anyhow after so long.
_LOOK_SECONDS: Final = 2.0
_ENQUEUE_TRIES: Final = 3

_INSERT: Final = f"""
INSERT INTO job (id, account_id, kind, state, subject_id, key, scope, payload, actor_kind, actor_id, request_id,
                 is_sandbox, due_at, created_at, updated_at)
VALUES ($1, $2, $3, 'QUEUED', $4, $5, $6, $7::json, $8, $9, $10, $11, $12, $12, $12)
ON CONFLICT (account_id, kind, key) WHERE state IN ('QUEUED', 'RUNNING') AND key IS NOT NULL DO NOTHING
RETURNING {COLUMNS}
"""  # noqa: S608  # our own names
_OPEN: Final = f"""
SELECT {COLUMNS} FROM job
WHERE account_id = $1 AND kind = $2 AND key = $3 AND state IN ('QUEUED', 'RUNNING')
"""  # noqa: S608  # our own names
_COUNT_OPEN: Final = """
SELECT count(*) FROM (
    SELECT FROM job WHERE account_id = $1 AND kind = $2 AND state IN ('QUEUED', 'RUNNING') LIMIT $3
) AS open
"""
#: Which accounts have no room for one more job of a kind: the kind, and MOST_OPEN_JOBS. To be part of other queries.
FULL_ACCOUNTS: Final = """
SELECT account_id FROM job WHERE kind = $1 AND state IN ('QUEUED', 'RUNNING') GROUP BY account_id HAVING count(*) >= $2
"""
_GET_MANY: Final = f"SELECT {COLUMNS} FROM job WHERE account_id = $1 AND id = ANY ($2::text[])"  # noqa: S608  # our own names
_GET_SIGNED: Final = f"SELECT {COLUMNS} FROM job WHERE id = $1"  # noqa: S608  # our own names
_LOCK: Final = f"SELECT {COLUMNS}, report_parts FROM job WHERE account_id = $1 AND id = $2 FOR UPDATE"  # noqa: S608  # our own names
_CANCEL: Final = f"""
UPDATE job SET state = 'CANCELLED', leased_until = NULL, finished_at = $2, updated_at = $2 WHERE id = $1
RETURNING {COLUMNS}
"""  # noqa: S608  # our own names


class Notices(Protocol):
    """What carries news between processes; the bus has it."""

    def on(self, channel: str, handler: Callable[[str], None]) -> None: ...
    async def publish(self, channel: str, payload: str) -> None: ...


class Jobs:
    """The use cases. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, log: EventLog, bus: Notices, clock: Clock) -> None:
        self._database = database
        self._event_log = log
        self._bus = bus
        self._clock = clock
        self._on_enqueued: list[Callable[[], None]] = []
        self._followers: dict[str, set[asyncio.Event]] = {}
        bus.on(JOBS_CHANGED, self._hear)

    def on_enqueued(self, listener: Callable[[], None]) -> None:
        """Call this when this process has enqueued something. It must not block."""
        self._on_enqueued.append(listener)

    def announce(self) -> None:
        """Wake this process's worker, after the commit of an :meth:`enqueue_in`. Others find the job by themselves."""
        for listener in self._on_enqueued:
            listener()

    async def enqueue(self, new: NewJob) -> Job:
        """Have a job done, in a transaction of its own.

        Raises:
            RefusedError: see :meth:`enqueue_in`.
        """
        async with self._database.acquire() as connection, connection.transaction():
            job = await self.enqueue_in(connection, new)
        self.announce()
        return job

    async def enqueue_in(self, connection: PooledConnection, new: NewJob) -> Job:
        """Have a job done once the caller's transaction is committed; call :meth:`announce` then.

        Raises:
            RefusedError: INVALID_STATE, about MOST_OPEN_JOBS of the kind are unfinished.
        """
        count = await connection.fetchval(_COUNT_OPEN, new.account_id, new.kind.value, MOST_OPEN_JOBS)
        now = self._clock.now()
        scope = new.scope or SCOPE_OF[new.kind]
        for _ in range(_ENQUEUE_TRIES):
            # A job of the same key may end between the two statements.
            if new.key is not None:
                row = await connection.fetchrow(_OPEN, new.account_id, new.kind.value, new.key)
                if row is not None:
                    return read_job(row)
            if count >= MOST_OPEN_JOBS:
                message = f"{MOST_OPEN_JOBS} jobs of this kind are unfinished, which is the most. Wait, or cancel some."
                raise RefusedError(Problem("INVALID_STATE", message, (), current_state="FULL"))
            row = await connection.fetchrow(
                _INSERT,
                new_id(Kind.JOB),
                new.account_id,
                new.kind.value,
                new.subject_id,
                new.key,
                scope.value,
                orjson.Fragment(msgspec.json.encode(new.payload)),
                new.actor.kind.value,
                new.actor.id,
                new.request_id,
                new.is_sandbox,
                now,
            )
            if row is not None:
                return read_job(row)
        raise RefusedError(Problem("INVALID_STATE", "The same is being asked for at this moment; ask again.", ()))

    async def get(self, account_id: str, job_id: str, scopes: Collection[Scope]) -> Job | None:
        """One job; None when there is none, it is another account's, or the key lacks its scope."""
        found = await self.get_many(account_id, (job_id,), scopes)
        return found[0] if found else None

    async def get_many(self, account_id: str, job_ids: Sequence[str], scopes: Collection[Scope]) -> list[Job]:
        """Those of the given jobs that the account has and the key may see, in no particular order."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_GET_MANY, account_id, list(job_ids))
        return [job for job in read_jobs(rows) if job.scope in scopes]

    async def get_signed(self, job_id: str) -> Job | None:
        """One job of whatever account, for the bearer of its report's signed address alone."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_GET_SIGNED, job_id)
        return None if row is None else read_job(row)

    async def page(self, account_id: str, where: JobFilter, page: PageRequest) -> Page[Job]:
        """The jobs that meet a condition, newest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, _list(account_id, where), keys=_KEYS, descending=True, page=page, item=read_job
            )

    async def count(self, account_id: str, where: JobFilter) -> RowCount:
        """How many jobs meet a condition, exactly up to a limit."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, where))

    async def backlog(self) -> JobBacklog:
        """How the jobs of all accounts stand, for ``/metrics``."""
        return await read_backlog(self._database, self._clock.now())

    async def cancel(
        self, account_id: str, job_id: str, scopes: Collection[Scope], *, actor: Actor, request_id: str | None = None
    ) -> Job:
        """Cancel a job; one that is cancelled already stays so. After this the job writes nothing more.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, it is FINISHED or FAILED.
        """
        async with self._event_log.transaction() as transaction:
            connection = transaction.connection
            row = await connection.fetchrow(_LOCK, account_id, job_id)
            job = None if row is None else read_job(row)
            if row is None or job is None or job.scope not in scopes:
                raise RefusedError(Problem("NOT_FOUND", "There is no such job.", ("id",)))
            if job.state is JobState.CANCELLED:
                return job
            if job.is_over:
                message = "The job is over: there is nothing left to cancel."
                raise RefusedError(Problem("INVALID_STATE", message, ("id",), current_state=job.state.value))
            now = self._clock.now()
            cancelled = read_job(await _only(connection, _CANCEL, job_id, now))
            fact = fact_of(cancelled, has_report=row["report_parts"] > 0)
            draft = draft_of(cancelled, fact, now, actor=actor)
            await transaction.append([msgspec.structs.replace(draft, request_id=request_id)])
        self.announce()  # what follows on it is for a worker
        await self._bus.publish(JOBS_CHANGED, job_id)
        return cancelled

    async def follow(self, account_id: str, job_id: str, scopes: Collection[Scope]) -> AsyncGenerator[Job, None]:
        """A job as it is, then as it has changed, until it is over. What lies between two looks is left out.

        Raises:
            RefusedError: NOT_FOUND, also when it is deleted meanwhile.
        """
        news = asyncio.Event()
        followers = self._followers.setdefault(job_id, set())
        followers.add(news)
        try:
            told: Job | None = None
            while told is None or not told.is_over:
                news.clear()
                job = await self.get(account_id, job_id, scopes) if kind_of(job_id) is Kind.JOB else None
                if job is None:
                    raise RefusedError(Problem("NOT_FOUND", "There is no such job.", ("id",)))
                if job != told:
                    told = job
                    yield job
                else:
                    await _wait_at_most(news, _LOOK_SECONDS)
        finally:
            followers.discard(news)
            if not followers:
                self._followers.pop(job_id, None)

    def _hear(self, job_id: str) -> None:
        if job_id:
            waiting: Collection[asyncio.Event] = self._followers.get(job_id, ())
        else:  # something may have been missed
            waiting = [news for followers in self._followers.values() for news in followers]
        for news in waiting:
            news.set()


async def _only(connection: PooledConnection, statement: str, *values: object) -> "asyncpg.Record":
    row = await connection.fetchrow(statement, *values)
    if row is None:
        raise LookupError("a row that is locked is gone")
    return row


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass  # the other way that this wait ends


def _list(account_id: str, where: JobFilter) -> Listing:
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    conditions.add("scope = ANY ({}::text[])", [scope.value for scope in where.scopes])
    conditions.add_any_of("kind", where.kinds)
    conditions.add_any_of("state", where.states)
    conditions.add_given("subject_id = {}", where.subject_id)
    return Listing("job", NAMES, COLUMNS, conditions)
