"""What the tests of jobs stand in: a real database, a worker with runners that do as they are told, a clock to move."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.accounts.scopes import Scope
from app.db.engine import Database, PooledConnection
from app.events.log import EventLog
from app.facts.event import Actor, ActorKind, Draft, Event
from app.facts.jobs import JobKind, JobState
from app.files.store import FileStore, ObjectMissingError, StoreUnavailableError
from app.ids import Kind, new_id
from app.jobs.model import Done, Job, NewJob, ReportName
from app.jobs.progress import Progress
from app.jobs.runner import Runner
from app.jobs.service import Jobs
from app.jobs.worker import JobWorker

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SOMEBODY = Actor(kind=ActorKind.API_KEY, id="key_1")
ALL_SCOPES = tuple(Scope)
DEADLINE_SECONDS = 60.0


@dataclass
class MovableClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class NearBus:
    """Carries news within the process, at once."""

    def __init__(self) -> None:
        self.handlers: dict[str, list[Callable[[str], None]]] = {}

    def on(self, channel: str, handler: Callable[[str], None]) -> None:
        self.handlers.setdefault(channel, []).append(handler)

    async def publish(self, channel: str, payload: str) -> None:
        for handler in self.handlers.get(channel, ()):
            handler(payload)


class MoodyStore(FileStore):
    """A true store that can be away."""

    is_away = False

    async def put_file(self, key: str, path: Path, size_bytes: int) -> None:
        if self.is_away:
            raise StoreUnavailableError("The store is away.")
        await super().put_file(key, path, size_bytes)


Work = Callable[[Job, Progress], Awaitable[Done]]


class ToldRunner(Runner):
    """Does what a test tells it."""

    kind = JobKind.EXPORT
    report = ReportName("left.csv", "text/csv; charset=utf-8")

    def __init__(self, work: Work | None = None) -> None:
        self.work = work or do_nothing
        self.runs: list[str] = []
        self.running: set[str] = set()
        self.most_running = 0
        self.over: list[tuple[str, JobState]] = []

    async def run(self, job: Job, progress: Progress) -> Done:
        self.runs.append(job.id)
        self.running.add(job.id)
        self.most_running = max(self.most_running, len(self.running))
        try:
            return await self.work(job, progress)
        finally:
            self.running.discard(job.id)

    async def ended(self, connection: PooledConnection, job: Job) -> Sequence[Draft]:
        assert await connection.fetchval("SELECT 1") == 1
        self.over.append((job.id, job.state))
        return ()


async def do_nothing(_job: Job, _progress: Progress) -> Done:
    return Done()


@dataclass
class World:
    database: Database
    folder: Path
    store: MoodyStore
    log: EventLog
    clock: MovableClock = field(default_factory=MovableClock)
    bus: NearBus = field(default_factory=NearBus)
    runner: ToldRunner = field(default_factory=ToldRunner)
    account: str = field(default_factory=lambda: new_id(Kind.ACCOUNT))
    schedule: tuple[float, ...] = (1.0, 5.0)
    lease_seconds: float = 30.0
    retention: timedelta | None = None

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.database, self.log, self.bus, self.clock)

    def make_worker(self, *runners: Runner) -> JobWorker:
        worker = JobWorker(
            self.database,
            self.log,
            self.store,
            self.bus,
            self.clock,
            runners or (self.runner,),
            folder=self.folder / "jobs",
            lease_seconds=self.lease_seconds,
            retry_schedule=self.schedule,
            retention=self.retention,
        )
        worker.poll_seconds = 0.05  # the clock moves by hand, and nobody tells the worker
        self.jobs.on_enqueued(worker.wake)
        return worker

    @asynccontextmanager
    async def working(self, *runners: Runner) -> AsyncIterator[JobWorker]:
        worker = self.make_worker(*runners)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(worker.run())
            try:
                yield worker
            finally:
                task.cancel()

    async def enqueue(self, **given: object) -> Job:
        return await self.jobs.enqueue(self.new(**given))

    def new(self, **given: object) -> NewJob:
        values: dict[str, object] = {
            "account_id": self.account,
            "kind": JobKind.EXPORT,
            "subject_id": "list_1",
            "payload": {"a": 1},
            "actor": SOMEBODY,
            "request_id": "req_1",
        }
        return NewJob(**{**values, **given})  # type: ignore[arg-type]  # by name

    async def get(self, job_id: str) -> Job:
        job = await self.jobs.get(self.account, job_id, ALL_SCOPES)
        assert job is not None
        return job

    async def wait_for(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await is_so():
                await asyncio.sleep(0.01)

    async def wait_for_state(self, job_id: str, *states: JobState) -> Job:
        await self.wait_for(lambda: self.is_in(job_id, states))
        return await self.get(job_id)

    async def is_in(self, job_id: str, states: Sequence[JobState]) -> bool:
        return (await self.get(job_id)).state in states

    async def facts(self) -> list[Event]:
        return list(await self.log.read_after(0, limit=1000, account_id=self.account))

    async def read(self, key: str) -> bytes:
        return b"".join([block async for block in self.store.read(key, 0, await self.store.size(key))])

    async def has_object(self, key: str) -> bool:
        try:
            await self.store.size(key)
        except ObjectMissingError:
            return False
        return True

    async def value(self, statement: str, *values: object) -> object:
        async with self.database.acquire() as connection:
            return await connection.fetchval(statement, *values)
