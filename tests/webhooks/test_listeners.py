"""Knowing that nobody listens: free, and never wrong once an endpoint's maker was answered."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app.db.engine import Database
from app.db.locks import EVENT_LOG, WEBHOOK_LISTENERS
from app.events.log import EventLog
from app.facts.event import Draft, Event
from app.ids import Kind, new_id
from app.webhooks import listeners as module
from app.webhooks.enqueue import Enqueuer
from app.webhooks.listeners import Listeners
from tests.webhooks.rig import Rig, eventually

pytestmark = pytest.mark.postgres
URL = "http://127.0.0.1:9999/"


@asynccontextmanager
async def following(database: Database) -> AsyncIterator[Listeners]:
    """An appending process's knowledge of who listens, once it has looked."""
    listeners = Listeners(database)
    async with asyncio.TaskGroup() as group:
        group.create_task(listeners.run())
        try:
            await eventually(lambda: _knows(listeners))
            yield listeners
        finally:
            listeners.stop()


async def _knows(listeners: Listeners) -> bool:
    return listeners._known is not None


async def _has_forgotten(listeners: Listeners) -> bool:
    return listeners._known is None


async def wait_for_nobody(listeners: Listeners, account_id: str) -> None:
    async def is_nobody() -> bool:
        return listeners.is_nobody([account_id])

    await eventually(is_nobody)


async def test_given_no_endpoint_when_asked_then_nobody_listens_and_an_append_asks_the_database_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with following(rig.database) as listeners:
        assert listeners.is_nobody([rig.account_id])
        enqueuer = Enqueuer(rig.clock, rig.schedule, listeners)
        assert enqueuer.nobody_listens([rig.account_id])
        assert enqueuer.inline.is_idle([rig.account_id])
        asked: list[tuple[object, ...]] = []

        async def fetchval(_: object, *arguments: object) -> None:
            asked.append(arguments)

        monkeypatch.setattr(asyncpg.pool.PoolConnectionProxy, "fetchval", fetchval)
        log = EventLog(rig.database, hooks=[enqueuer.enqueue], inline=enqueuer.inline)
        await log.append([rig.draft(new_id(Kind.CALL))])
        async with rig.database.acquire() as connection:
            await log.write(connection, (), [rig.draft(new_id(Kind.CALL))])
        assert asked == []
    assert not listeners.is_nobody([rig.account_id])  # whoever no longer follows knows nothing


async def test_given_an_endpoint_made_in_another_process_when_its_maker_is_answered_then_no_process_misses_an_event(
    rig: Rig, database_dsn: str
) -> None:
    others = [await Database.connect(database_dsn, pool_size=2) for _ in range(3)]
    try:
        async with following(others[0]) as one, following(others[1]) as two, following(others[2]) as three:
            for number in range(10):
                account_id = await rig.add_account(f"account{number}")
                for listeners in (one, two, three):
                    await wait_for_nobody(listeners, account_id)
                await rig.add_endpoint(URL, account_id=account_id)
                # No await in between: this is what each of them knew when the maker was answered.
                assert not [each for each in (one, two, three) if each.is_nobody([account_id])]
                log = EventLog(others[0], hooks=[Enqueuer(rig.clock, rig.schedule, one).enqueue])
                await log.append([rig.draft(new_id(Kind.CALL), account_id=account_id)])
            assert await rig.states() == {"PENDING": 10}
    finally:
        for other in others:
            await other.aclose()


async def test_given_an_endpoint_of_one_account_when_another_is_asked_for_then_nobody_listens_there(rig: Rig) -> None:
    other = await rig.add_account("other")
    endpoint_id, _ = await rig.add_endpoint(URL)
    async with following(rig.database) as listeners:
        assert not listeners.is_nobody([rig.account_id])
        assert not listeners.is_nobody([other, rig.account_id])
        assert listeners.is_nobody([other])
        # One that is disabled still has its events kept.
        await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=False)
        listeners._forget()
        await eventually(lambda: _knows(listeners))
        assert not listeners.is_nobody([rig.account_id])
        await rig.endpoints.delete(rig.account_id, endpoint_id)
        listeners._forget()
        await wait_for_nobody(listeners, rig.account_id)


async def test_given_its_connection_is_cut_when_asked_then_it_knows_nothing_until_it_has_looked_anew(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.daemon.FIRST_BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(Listeners, "poll_seconds", 0.05)
    async with following(rig.database) as listeners:
        connection = listeners._ear._connection
        assert connection is not None
        connection.terminate()
        assert not listeners.is_nobody([rig.account_id])
        await rig.add_endpoint(URL)
        await eventually(lambda: _knows(listeners))
        assert listeners._ear._connection is not connection
        assert not listeners.is_nobody([rig.account_id])


async def test_given_no_word_from_the_database_for_long_when_asked_then_it_knows_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with following(rig.database) as listeners:
        assert listeners.is_nobody([rig.account_id])
        monkeypatch.setattr(module, "_TRUST_SECONDS", -1.0)
        assert not listeners.is_nobody([rig.account_id])


async def test_given_a_process_that_hangs_when_an_endpoint_is_made_then_its_maker_is_answered_after_a_while(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HEARING_SECONDS", 0.1)
    monkeypatch.setattr(module, "_TRUST_SECONDS", 0.3)
    monkeypatch.setattr(rig.database, "_acquire_seconds", 1.0)
    hanging = await rig.database.open_connection()
    try:
        await hanging.execute(f"SELECT pg_advisory_lock_shared({WEBHOOK_LISTENERS})")
        began = time.monotonic()
        _, secret = await rig.add_endpoint(URL)
        assert secret.startswith("whsec_")
        # Until then it may rely on what it knew, and after that an append of its may be under way.
        assert time.monotonic() - began >= 1.3
    finally:
        hanging.terminate()


def test_given_the_poll_when_compared_with_the_trust_then_a_process_that_is_well_never_loses_it() -> None:
    assert Listeners.poll_seconds * 2 < module._TRUST_SECONDS


async def write(log: EventLog, draft: Draft) -> None:
    async with log._database.acquire() as connection:
        await log.write(connection, (), [draft])


async def write_in_a_transaction(log: EventLog, draft: Draft) -> None:
    async with log._database.acquire() as connection:
        with log.in_flight():
            async with connection.transaction():
                await log.write(connection, (), [draft])


@pytest.mark.parametrize("way", [write, write_in_a_transaction])
async def test_given_an_append_on_its_way_that_left_the_hook_out_when_an_endpoint_is_made_then_its_end_is_waited_for(
    rig: Rig, way: Callable[[EventLog, Draft], Coroutine[Any, Any, None]]
) -> None:
    async with following(rig.database) as listeners, rig.database.acquire() as holding:
        enqueuer = Enqueuer(rig.clock, rig.schedule, listeners)
        log = EventLog(rig.database, hooks=[enqueuer.enqueue], inline=enqueuer.inline, in_flight=listeners.appending)
        transaction = holding.transaction()
        await transaction.start()
        await holding.execute(f"SELECT pg_advisory_xact_lock({EVENT_LOG})")  # the log's own: appends wait for it
        assert enqueuer.nobody_listens([rig.account_id])
        appending = asyncio.create_task(way(log, rig.draft(new_id(Kind.CALL))))
        await eventually(lambda: waits_for(rig, EVENT_LOG))
        making = asyncio.create_task(rig.add_endpoint(URL))
        await eventually(lambda: waits_for(rig, WEBHOOK_LISTENERS))
        await eventually(lambda: _has_forgotten(listeners))
        await asyncio.wait({making}, timeout=0.3)
        assert not making.done()
        # Meanwhile nobody relies on anything old.
        assert not enqueuer.nobody_listens([rig.account_id])
        await transaction.rollback()
        await appending
        await making
        assert await rig.states() == {}
        await log.append([rig.draft(new_id(Kind.CALL))])
        assert await rig.states() == {"PENDING": 1}


async def test_given_a_transaction_that_left_the_hook_out_when_an_endpoint_is_made_then_its_commit_is_waited_for(
    rig: Rig,
) -> None:
    is_left_out, may_commit = asyncio.Event(), asyncio.Event()

    async def hold(*_: object) -> None:
        is_left_out.set()
        await may_commit.wait()

    async with following(rig.database) as listeners:
        enqueuer = Enqueuer(rig.clock, rig.schedule, listeners)
        log = EventLog(rig.database, hooks=[enqueuer.enqueue, hold], in_flight=listeners.appending)
        appending = asyncio.create_task(log.append([rig.draft(new_id(Kind.CALL))]))
        await is_left_out.wait()
        making = asyncio.create_task(rig.add_endpoint(URL))
        await eventually(lambda: waits_for(rig, WEBHOOK_LISTENERS))
        await asyncio.wait({making}, timeout=0.3)
        assert not making.done()
        may_commit.set()
        await appending
        await making
        assert await rig.states() == {}


async def test_given_an_append_that_hangs_when_an_endpoint_is_made_then_the_others_know_again_after_a_while(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.database, "_acquire_seconds", 1.0)
    other = await rig.add_account("other")
    async with following(rig.database) as listeners:
        with listeners.appending():
            await rig.add_endpoint(URL)
            await wait_for_nobody(listeners, other)


async def waits_for(rig: Rig, lock: int) -> bool:
    return await rig.fetch(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        lock,
    ) == [(1,)]


async def test_given_events_of_many_accounts_when_one_listens_then_all_are_offered_and_its_own_enqueued(
    rig: Rig,
) -> None:
    other = await rig.add_account("other")
    await rig.add_endpoint(URL, account_id=other)
    async with following(rig.database) as listeners:
        enqueuer = Enqueuer(rig.clock, rig.schedule, listeners)
        log = EventLog(rig.database, hooks=[enqueuer.enqueue])
        events: tuple[Event, ...] = await log.append(
            [rig.draft(new_id(Kind.CALL)), rig.draft(new_id(Kind.CALL), account_id=other)]
        )
        assert enqueuer.take_news()
    assert await rig.fetch("SELECT event_sequence FROM webhook_delivery") == [(events[1].sequence,)]
