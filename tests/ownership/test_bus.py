"""News between processes: heard, never needed, and not sent to nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import pytest
import structlog

from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.events import bus as bus_module
from app.events.bus import Bus
from app.events.feed import CaughtUp, Feed
from app.events.log import Appended, EventLog
from app.facts.event import Event
from tests.calls.standing_in import running, until
from tests.calls.standing_in_process import Process, make_principal

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def listening(dsn: str, *buses: Bus) -> AsyncIterator[None]:
    async with running(*(bus.run() for bus in buses)):
        await until(lambda: all(bus._ear.is_open for bus in buses))
        yield


@pytest.fixture
async def second_database(database_dsn: str) -> AsyncIterator[Database]:
    connected = await Database.connect(database_dsn, pool_size=3)
    yield connected
    await connected.aclose()


async def test_given_two_processes_when_one_says_something_then_both_hear_it(
    database: Database, second_database: Database, database_dsn: str
) -> None:
    one, other = Bus(database), Bus(second_database)
    heard: list[tuple[str, str]] = []
    one.on("news", lambda payload: heard.append(("one", payload)))
    other.on("news", lambda payload: heard.append(("other", payload)))
    async with listening(database_dsn, one, other):
        assert sorted(heard) == [("one", ""), ("other", "")]  # as they begin: something may have been missed
        await one.publish("news", "hello")
        await until(lambda: heard.count(("one", "hello")) == heard.count(("other", "hello")) == 1)


async def test_given_one_process_alone_when_it_appends_then_nothing_is_sent(
    database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus(database)
    sent: list[Any] = []

    async def publish(*said: str) -> None:
        sent.append(said)

    monkeypatch.setattr(bus, "publish", publish)
    async with listening(database_dsn, bus):
        bus.announce(appended(7), has_deliveries=True)
        await asyncio.sleep(0.1)
        assert not bus.has_others
        assert sent == []


async def test_given_another_process_when_events_are_appended_then_it_alone_is_told_and_of_deliveries_too(
    database: Database, second_database: Database, database_dsn: str
) -> None:
    writer, reader = Bus(database), Bus(second_database)
    told: list[tuple[str, bool]] = []
    writer.on_events(lambda has_deliveries: told.append(("writer", has_deliveries)))
    reader.on_events(lambda has_deliveries: told.append(("reader", has_deliveries)))
    async with listening(database_dsn, writer, reader):
        await until(lambda: writer.has_others)
        told.clear()
        writer.announce(appended(7), has_deliveries=False)
        await until(lambda: told == [("reader", False)])
        writer.announce(appended(8), has_deliveries=True)
        writer.announce(appended(9), has_deliveries=False)
        await until(lambda: told == [("reader", False), ("reader", True)])
        writer.announce_deliveries()
        await until(lambda: told == [("reader", False), ("reader", True), ("reader", True)])


async def test_given_a_process_that_went_away_when_some_time_has_passed_then_nothing_is_sent_any_more(
    database: Database, second_database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "_ABSENT_SECONDS", 0.3)
    monkeypatch.setattr(bus_module, "_BEAT_SECONDS", 0.1)
    stays, goes = Bus(database), Bus(second_database)
    async with listening(database_dsn, stays):
        async with listening(database_dsn, goes):
            await until(lambda: stays.has_others and goes.has_others)
        await until(lambda: not stays.has_others)


async def test_given_the_connection_breaks_when_it_is_there_again_then_everybody_is_told_to_look(
    database: Database, database_dsn: str
) -> None:
    bus = Bus(database)
    heard: list[str] = []
    bus.on("news", heard.append)
    async with listening(database_dsn, bus):
        heard.clear()
        async with database.acquire() as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'offhook bus' AND datname = current_database()"
            )
        await until(lambda: heard == [""])
        await bus.publish("news", "again")
        await until(lambda: heard == ["", "again"])


async def test_given_the_database_is_away_when_it_is_back_then_the_log_says_each_once_however_often_it_was_tried(
    database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus(database)
    tries: list[object] = []

    async def refuse(*asked: object, **_: object) -> NoReturn:
        tries.append(asked)
        raise DatabaseUnavailableError("away")

    with structlog.testing.capture_logs() as logs:
        async with listening(database_dsn, bus):
            with monkeypatch.context() as away:
                away.setattr(database, "open_connection", refuse)
                async with database.acquire() as connection:
                    await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'offhook bus' AND datname = current_database()"
                    )
                await until(lambda: len(tries) > 1)
            await until(lambda: bus._ear.is_open)
            await until(lambda: any(entry["event"] == "bus_back" for entry in logs))
    told = [(entry["event"], entry["log_level"]) for entry in logs if entry["log_level"] != "debug"]
    assert told == [("bus_lost", "warning"), ("bus_back", "info")]


async def test_given_a_handler_that_fails_when_something_is_said_then_the_others_hear_it(
    database: Database, database_dsn: str
) -> None:
    bus = Bus(database)
    heard: list[str] = []

    def fail(_: str) -> None:
        raise ZeroDivisionError

    bus.on("news", fail)
    bus.on("news", heard.append)
    async with listening(database_dsn, bus):
        await bus.publish("news", "hello")
        await until(lambda: heard == ["", "hello"])


async def test_given_a_writer_in_another_process_when_it_appends_then_a_subscriber_here_sees_it_soon(
    database: Database, second_database: Database, database_dsn: str
) -> None:
    writer, reader = Bus(database), Bus(second_database)
    process = Process(database, await make_principal(database))
    process.log.on_appended(lambda appended: writer.announce(appended, has_deliveries=False))
    feed = Feed(EventLog(second_database))
    feed.poll_seconds = 60.0  # it must not find out by looking
    reader.on_events(lambda _: feed.wake())
    await feed.begin()
    async with listening(database_dsn, writer, reader), running(feed.run()), process.living():
        await until(lambda: writer.has_others)
        types: list[str] = []

        async def follow() -> None:
            async for item in feed.follow(process.principal.account_id):
                if isinstance(item, Event):
                    types.append(item.type)
                elif isinstance(item, CaughtUp):
                    types.append("caught up")

        async with running(follow()):
            await until(lambda: types == ["caught up"])
            actor_before = len(types)
            await process.place()
            await process.end(await process.only_actor())
            await until(lambda: types[-1] == "call.ended")
            assert types[actor_before] == "call.created"


def appended(sequence: int) -> Appended:
    event: Any = type("Told", (), {"sequence": sequence})()
    return Appended(sequence - 1, (event,))
