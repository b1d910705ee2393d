"""A server in trouble: it refuses for reasons of its own, or stops answering. No acknowledged fact goes."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from app.calls.keeping.spool import Spool
from app.calls.keeping.store import CallStore
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError
from app.events.log import EventLog
from app.facts.event import Event
from tests.calls.standing_in import running, until
from tests.calls.storing import facts_of, files_in, logged_facts, store_with, told_life
from tests.rig.own_postgres import own_postgres

pytestmark = pytest.mark.postgres


class Trouble:
    """A hook in the writer's transactions: raises what it is told to, or waits."""

    def __init__(self) -> None:
        self.error: type[asyncpg.PostgresError] | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.runs = 0

    async def __call__(self, _connection: PooledConnection, _events: Sequence[Event]) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error("in trouble")
        await self.gate.wait()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("app.calls.keeping.postponed._SLOWEST_WAIT_SECONDS", 0.1)
    return tmp_path / "spool"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.PostgresIOError,
        asyncpg.InternalServerError,
        asyncpg.IndexCorruptedError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.UndefinedTableError,
        asyncpg.LockNotAvailableError,
    ],
)
async def test_given_the_server_refuses_for_reasons_of_its_own_when_calls_go_on_then_it_is_an_outage_and_all_is_written(
    database: Database, folder: Path, error: type[asyncpg.PostgresError]
) -> None:
    trouble = Trouble()
    store, life = store_with(database, folder, trouble), told_life()
    async with running(store.run()):
        assert await store.commit(life[0]) is None
        trouble.error, trouble.runs = error, 0
        assert await store.commit(life[1]) is None
        with pytest.raises(DatabaseUnavailableError):
            await store.commit(told_life(5)[0])
        for change in life[2:-1]:
            assert await store.commit(change) is None
        tries = trouble.runs
        await until(lambda: trouble.runs > tries + 1)  # replays, too
        assert files_in(folder) == [".spool"]
        trouble.error = None
        assert await store.commit(life[-1]) is None
        await until(lambda: not files_in(folder))
        assert await store.load(life[0].call.id) == life[-1].call
    assert await logged_facts(database, life) == facts_of(life)


async def test_given_no_spool_when_the_server_refuses_for_reasons_of_its_own_then_whoever_commits_may_try_again(
    database: Database,
) -> None:
    trouble = Trouble()
    store, life = CallStore(database, EventLog(database, hooks=[trouble])), told_life()
    async with running(store.run()):
        trouble.error = asyncpg.PostgresIOError
        with pytest.raises(DatabaseUnavailableError):
            await store.commit(life[0])
        trouble.error = None
        assert await store.commit(life[0]) is None


@pytest.mark.parametrize("error", [asyncpg.DataError, asyncpg.NotNullViolationError])
async def test_given_values_that_the_server_can_never_take_when_applied_then_they_are_set_aside(
    database: Database, folder: Path, error: type[asyncpg.PostgresError]
) -> None:
    trouble = Trouble()
    store, life = store_with(database, folder, trouble), told_life()
    async with running(store.run()):
        assert await store.commit(life[0]) is None
        trouble.error = asyncpg.PostgresIOError
        assert await store.commit(life[1]) is None
        trouble.error = error
        await until(lambda: files_in(folder) == [".aside"])
    assert await logged_facts(database, life) == facts_of(life[:1])


async def test_given_a_group_is_being_written_when_asked_what_is_not_durable_yet_then_it_counts(
    database: Database, folder: Path
) -> None:
    trouble = Trouble()
    store, life = store_with(database, folder, trouble), told_life()
    async with running(store.run()):
        trouble.gate.clear()
        committing = asyncio.create_task(store.commit(life[0]))
        await until(lambda: trouble.runs == 1)
        assert store.backlog == 1
        trouble.gate.set()
        await committing
        await until(lambda: store.backlog == 0)


async def test_given_the_server_stops_answering_inside_a_transaction_when_patience_ends_then_the_call_goes_on_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with own_postgres() as server:
        database = await Database.connect(server.dsn, pool_size=2, command_timeout=8.0)

        async def freeze(connection: PooledConnection, events: Sequence[Event]) -> None:
            if events[0].id == life[1].drafts[0].id and not frozen:
                frozen.append(events[0].id)
                server.freeze()
                await connection.execute("SELECT 1")

        frozen: list[str] = []
        life = told_life()
        log = EventLog(database, hooks=[freeze])
        store = CallStore(database, log, spool=Spool(folder, "n1", limit_bytes=10_000_000))
        try:
            async with running(store.run()):
                await store.commit(life[0])
                monkeypatch.setattr("app.calls.keeping.store._PATIENCE_SECONDS", 0.5)
                began = time.monotonic()
                assert await store.commit(life[1]) is None
                assert time.monotonic() - began < 5
                assert files_in(folder) == [".spool"]
                server.thaw()
                await until(lambda: not files_in(folder))
            assert await logged_facts(database, life) == facts_of(life[:2])
        finally:
            server.thaw()
            await database.aclose()
