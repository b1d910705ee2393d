"""The inbox: each command is taken once, by the holder of the lease, in time or never."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from app.calls.core import commands
from app.db.engine import Database
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError, OverloadedError
from app.events.bus import Bus
from app.ids import Kind, new_id
from app.ownership.inbox import Inbox
from app.ownership.wire import HangUp, Originate, decode_reply, encode, kind_of_command
from app.reaching import remote as remote_module
from app.reaching.remote import RemoteCalls
from tests.calls.standing_in import running, until
from tests.calls.standing_in_process import Process, make_principal, make_request
from tests.ownership.processes import NODE, asking, count_commands, owning, take_lease

pytestmark = pytest.mark.postgres


@pytest.fixture
async def process(database: Database) -> AsyncIterator[Process]:
    made = Process(database, await make_principal(database))
    async with made.living():
        yield made


async def put(process: Process, *, seconds: float = 60.0, command: Any = None) -> str:
    """A command as another process writes it."""
    command = command or Originate(principal=process.principal, request=make_request())
    command_id = new_id(Kind.COMMAND)
    async with process.database.acquire() as connection:
        await connection.execute(
            remote_module._PUT,
            command_id,
            NODE,
            kind_of_command(command),
            orjson.Fragment(encode(command)),
            seconds,
        )
    return command_id


async def reply_of(database: Database, command_id: str) -> Any:
    """The reply, waited for."""
    text: str | None = None

    async def is_there() -> bool:
        nonlocal text
        async with database.acquire() as connection:
            text = await connection.fetchval("SELECT reply::text FROM call_command WHERE id = $1", command_id)
        return text is not None

    async with asyncio.timeout(60):
        while not await is_there():
            await asyncio.sleep(0.01)
    assert text is not None
    return decode_reply(text)


async def test_given_nobody_takes_a_command_when_its_time_is_up_then_it_is_said_and_it_is_never_carried_out(
    process: Process, database_dsn: str
) -> None:
    lease = await take_lease(process.database)
    async with asking(database_dsn, take_seconds=0.3) as calls:
        with pytest.raises(AsteriskUnavailableError, match="Nothing was done"):
            await calls.originate(process.principal, make_request())
    assert await count_commands(process.database, "claimed_token IS NULL AND reply IS NOT NULL") == 1
    async with owning(process, lease) as inbox:
        assert not await inbox.run_round()
        await reply_of(process.database, await put(process, command=hang_up(process)))  # it has looked, and more
    assert await process.count_rows() == (0, 0)
    assert process.executor.commands == []


async def test_given_a_command_past_its_deadline_when_the_owner_comes_then_it_is_left_alone(process: Process) -> None:
    late = await put(process, seconds=0.0)
    timely = await put(process, command=hang_up(process))
    async with owning(process, await take_lease(process.database)):
        await reply_of(process.database, timely)
    assert await count_commands(process.database, f"id = '{late}' AND reply IS NULL AND claimed_at IS NULL") == 1
    assert await process.count_rows() == (0, 0)


async def test_given_an_owner_that_died_after_taking_a_command_when_its_successor_comes_then_it_is_done_once(
    process: Process,
) -> None:
    first = await take_lease(process.database)
    deaf = Inbox(process.database, process.calls, first)
    deaf._group = Dropping()  # type: ignore[assignment]  # it takes commands and dies before carrying them out
    command_id = await put(process)
    await deaf.run_round()
    assert await count_commands(process.database, f"claimed_token = {first.token}") == 1
    async with owning(process, await take_lease(process.database)):
        reply = await reply_of(process.database, command_id)
    assert reply.call.id == (await process.only_actor()).call.id
    assert await process.count_rows() == (1, 1)


async def test_given_an_owner_that_died_before_its_reply_when_its_successor_comes_then_the_key_tells(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_id = await put(process)

    async def die(*_: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Inbox, "_answer", die)
        async with owning(process, await take_lease(process.database)):
            await process.only_actor()
    async with owning(process, await take_lease(process.database)):
        reply = await reply_of(process.database, command_id)
    assert reply.is_replayed
    assert reply.call.id == (await process.only_actor()).call.id
    assert process.executor.asked(commands.CreateChannel) == ["CreateChannel"]
    assert await process.count_rows() == (1, 1)


class Dropping:
    """A task group that never gets to its tasks."""

    def create_task(self, coroutine: Any, **_: object) -> None:
        coroutine.close()


async def test_given_a_former_owner_when_it_looks_into_the_inbox_then_it_gets_nothing(process: Process) -> None:
    former = await take_lease(process.database)
    await take_lease(process.database)
    await put(process)
    async with running(Inbox(process.database, process.calls, former).run()):
        await asyncio.sleep(0.2)
    assert await count_commands(process.database, "claimed_at IS NULL") == 1


async def test_given_a_former_owner_that_was_slow_when_it_replies_then_its_reply_is_not_taken(
    process: Process,
) -> None:
    former = await take_lease(process.database)
    inbox = Inbox(process.database, process.calls, former)
    inbox._group = Dropping()  # type: ignore[assignment]
    command_id = await put(process, command=hang_up(process))
    await inbox.run_round()
    async with owning(process, await take_lease(process.database)):
        reply = await reply_of(process.database, command_id)
    await inbox._answer(command_id, decode_reply('{"type":"withdrawn"}'))
    assert await reply_of(process.database, command_id) == reply


def hang_up(process: Process) -> HangUp:
    return HangUp(principal=process.principal, call_id=new_id(Kind.CALL))


async def test_given_notifications_are_lost_when_asked_then_both_sides_find_out_by_looking(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_module, "_POLL_SECONDS", 0.05)
    lease = await take_lease(process.database)
    inbox = Inbox(process.database, process.calls, lease)
    inbox.poll_seconds = 0.05
    remote = RemoteCalls(process.database, Bus(process.database))  # nobody listens on it
    async with running(inbox.run()):
        placed = await asyncio.wait_for(remote.originate(NODE, process.principal, make_request()), 60)
    assert placed.call.id == (await process.only_actor()).call.id


async def test_given_an_owner_that_never_answers_when_asked_then_nobody_pretends_to_know(
    process: Process, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stall(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(process.calls, "hang_up", stall)
    monkeypatch.setattr(process.calls, "originate", stall)
    async with (
        owning(process, await take_lease(process.database)),
        asking(database_dsn, take_seconds=3.0, answer_seconds=0.2) as calls,
    ):
        with pytest.raises(AsteriskUnavailableError, match="same idempotency key"):
            await calls.originate(process.principal, make_request())


async def test_given_a_command_of_a_newer_version_when_taken_then_it_is_answered_as_unknown(process: Process) -> None:
    async with owning(process, await take_lease(process.database)):
        command_id = new_id(Kind.COMMAND)
        async with process.database.acquire() as connection:
            await connection.execute(
                remote_module._PUT, command_id, NODE, "teleport", orjson.Fragment(b'{"type":"teleport"}'), 60.0
            )
        reply = await reply_of(process.database, command_id)
    assert (reply.code, reply.as_error().retryable) == ("UNAVAILABLE", True)


async def test_given_more_commands_wait_than_may_when_asked_then_it_says_so(
    process: Process, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_module, "CAPACITY", 1)
    async with asking(database_dsn, take_seconds=60.0) as calls:
        waiting = asyncio.create_task(calls.originate(process.principal, make_request()))
        await until(lambda: len(calls._remote._waiting) == 1)
        with pytest.raises(OverloadedError):
            await calls.originate(process.principal, make_request(idempotency_key="2"))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert calls._remote._waiting == {}


async def test_given_old_commands_when_the_owner_comes_then_their_numbers_are_gone(process: Process) -> None:
    await put(process)
    async with process.database.acquire() as connection:
        await connection.execute("UPDATE call_command SET created_at = created_at - interval '11 minutes'")
    async with owning(process, await take_lease(process.database)):
        async with asyncio.timeout(60):
            while await count_commands(process.database):
                await asyncio.sleep(0.02)
    assert await process.count_rows() == (0, 0)


async def test_given_the_database_goes_away_when_asked_then_it_is_an_outage(
    process: Process, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asking(database_dsn) as calls:
        remote = calls._remote

        def away() -> Any:
            raise DatabaseUnavailableError("The database is not available.")

        monkeypatch.setattr(remote._database, "acquire", away)
        with pytest.raises(DatabaseUnavailableError):
            await remote.originate(NODE, process.principal, make_request())
    assert remote._waiting == {}
