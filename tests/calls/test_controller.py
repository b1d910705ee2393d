"""The one reader of events: ready only when connected and reconciled; failures are retried; taken over, it ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
import structlog

from app.ari.event_socket import DisconnectReason
from app.calls.core.model.call import Call
from app.calls.doing.executor import Executor
from app.calls.hearing import controller as controller_module
from app.calls.hearing.controller import Controller
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.calls.mending.reconcile import Reconciler
from app.calls.names import channel_of
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError
from app.facts.calls import CallRecovered
from app.facts.vocabulary import CallState, CdrSource, EndCode
from tests.calls.making import make_call
from tests.calls.standing_in import HandClock, JournalStore, connected_call, running, until
from tests.calls.standing_in_asterisk import ScriptedAsterisk, ScriptedStream, channel_json


class OpenCalls(JournalStore):
    """A store that knows which calls are open; the next reads may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[Call] = []
        self.failures: list[Exception] = []
        self.reads = 0

    async def load_open(self, _node: str) -> list[Call]:
        self.reads += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.open

    async def load_many(self, call_ids: Sequence[str]) -> list[Call]:
        return [call for call in self.open if call.id in call_ids]


class World:
    """A controller on a stream that the test writes to."""

    def __init__(self, asterisk: ScriptedAsterisk, ari: Any) -> None:
        self.asterisk = asterisk
        self.stream = ScriptedStream()
        self.store = OpenCalls()
        self.clock = HandClock(make_call().created_at + timedelta(seconds=10))
        executor = Executor(ari, node="n1", collect=lambda _: None)
        store: Any = self.store
        stream: Any = self.stream
        self.registry = CallRegistry(store, executor, self.clock, capacity=10)
        reconciler = Reconciler(ari, store, self.registry, executor, self.clock, node="n1")
        self.controller = Controller(stream, self.registry, reconciler, self.clock, node="n1")

    @asynccontextmanager
    async def living(self) -> AsyncIterator["asyncio.Task[None]"]:
        async with running(self.controller.run(), self.registry.run()) as (task, _):
            yield task

    def adopt(self, call: Call) -> CallActor:
        """A call that lives here already."""
        actor = self.registry.adopt(call)
        self.registry.release()
        return actor

    async def until_ready(self) -> None:
        await until(lambda: self.controller.is_ready)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(controller_module, "_FIRST_RETRY_SECONDS", 0.001)
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        yield World(asterisk, ari)


def _have_legs(world: World, call: Call) -> None:
    world.asterisk.channels |= {channel_of("n1", leg.id): "Up" for leg in call.legs}


def _say(world: World, kind: str, channel_id: str, at: datetime | None = None, **fields: Any) -> None:
    when = (at or datetime.now(UTC)).isoformat()
    body = {"type": kind, "application": "offhook", "timestamp": when, "channel": channel_json(channel_id, "Up")}
    world.stream.say(orjson.dumps(body | fields))


async def test_given_a_new_process_when_it_connects_then_it_is_ready_once_reconciled_and_says_why_not_before(
    world: World,
) -> None:
    assert world.controller.why_not_ready == "No connection to Asterisk: not connected yet"
    world.stream.last_failure = "ConnectionRefusedError"
    assert world.controller.why_not_ready == "No connection to Asterisk: ConnectionRefusedError"
    world.stream.connect()
    assert world.controller.why_not_ready == "Reconciling with Asterisk after a connect."
    async with world.living():
        await world.until_ready()
    assert world.controller.why_not_ready is None


@pytest.mark.parametrize("reason", [DisconnectReason.OVERFLOW, DisconnectReason.RESET, DisconnectReason.CLOSED])
async def test_given_the_stream_breaks_off_when_it_has_then_nothing_may_be_dialled_until_the_next_reconcile(
    world: World, reason: DisconnectReason
) -> None:
    async with world.living():
        world.stream.connect()
        await world.until_ready()
        world.stream.disconnect(reason)
        assert not world.controller.is_ready
        assert world.controller.why_not_ready == f"No connection to Asterisk: {reason}"
        await until(lambda: not world.controller._is_reconciled)
        world.stream.connect()
        assert not world.controller.is_ready  # connected, and not reconciled yet
        await world.until_ready()
    assert world.store.reads == 2


async def test_given_one_look_up_times_out_when_reconciling_then_it_is_done_again_and_the_controller_lives(
    world: World,
) -> None:
    call = connected_call()
    world.store.open = [call]
    _have_legs(world, call)
    world.asterisk.fates = [
        (r"GET /channels", httpx.ReadTimeout),
        (r"GET /bridges", 500),
        (r"GET /channels", httpx.ConnectError),
    ]
    async with world.living() as task:
        world.stream.connect()
        await world.until_ready()
        assert not task.done()
        assert world.asterisk.fates == []
        actor = world.registry.find(call.id)
        assert actor is not None
        assert actor.call.state is CallState.CONNECTED


async def test_given_the_database_is_away_when_reconciling_then_it_is_done_again_until_it_is_back(
    world: World,
) -> None:
    world.store.failures = [DatabaseUnavailableError("away")] * 3
    async with world.living():
        world.stream.connect()
        await world.until_ready()
    assert world.store.reads == 4


async def test_given_the_connection_goes_while_reconciling_when_it_fails_then_it_waits_for_the_next_connect(
    world: World,
) -> None:
    world.store.failures = [DatabaseUnavailableError("away")] * 1000
    async with world.living():
        world.stream.connect()
        await until(lambda: world.store.reads > 1)
        world.stream.disconnect()
        await until(lambda: world.controller._blind_from is not None)
        reads = world.store.reads
        world.store.failures.clear()
        assert not world.controller.is_ready
        world.stream.connect()
        await world.until_ready()
        assert world.store.reads == reads + 1


async def test_given_a_line_that_broke_a_while_ago_when_it_is_back_then_the_blind_time_counts_from_what_was_heard_last(
    world: World,
) -> None:
    call = connected_call()
    _have_legs(world, call)
    async with world.living():
        world.stream.connect()
        await world.until_ready()
        actor = world.adopt(call)
        broke_at = world.clock.now() - timedelta(seconds=3)
        world.stream.disconnect(silent_seconds=3.0)
        world.stream.connect()
        await until(lambda: actor.call.source is CdrSource.RECOVERED)
        (told,) = [
            one.fact for change in world.store.changes for one in change.drafts if isinstance(one.fact, CallRecovered)
        ]
        # However late somebody comes to hear of the break.
        assert timedelta() <= broke_at - told.blind_from < timedelta(seconds=60)


async def test_given_asterisk_was_restarted_when_the_first_reconcile_fails_then_it_is_remembered_until_one_succeeds(
    world: World,
) -> None:
    call = connected_call()
    async with world.living():
        world.stream.connect()
        await world.until_ready()
        actor = world.adopt(call)
        world.stream.disconnect()
        world.store.failures = [DatabaseUnavailableError("away")] * 1000
        world.stream.connect(is_restart=True)
        await until(lambda: world.store.reads > 2)
        world.stream.disconnect()
        await until(lambda: world.stream.backlog == 0)
        world.store.failures.clear()
        world.stream.connect(is_restart=False)  # no other start than at the connect before
        await world.until_ready()
        await until(lambda: actor.call.is_ended)
        assert actor.call.end_reason is not None
        assert actor.call.end_reason.code is EndCode.NODE_LOST

        # And forgotten after it: the next gap is but a gap.
        later = connected_call()
        _have_legs(world, later)
        follower = world.adopt(later)
        looks = world.asterisk.lines.count("GET /channels")
        world.stream.disconnect()
        world.stream.connect()
        await until(lambda: world.asterisk.lines.count("GET /channels") > looks)
        await world.until_ready()
        assert not follower.call.is_ending


async def test_given_another_process_takes_the_application_over_when_told_then_the_controller_ends_without_a_touch(
    world: World,
) -> None:
    call = connected_call()
    world.stream.connect()
    async with running(world.registry.run()):
        task = asyncio.create_task(world.controller.run())
        await world.until_ready()
        _have_legs(world, call)
        world.adopt(call)
        world.stream.replace()
        with pytest.raises(AsteriskUnavailableError, match="Another process has taken over"):
            await task
    assert not world.controller.is_ready
    assert world.controller.why_not_ready == "Another process has taken over this Asterisk application."
    assert world.asterisk.writes == []


async def test_given_the_stream_is_left_when_the_iteration_ends_then_the_controller_ends_in_order(
    world: World,
) -> None:
    world.stream.connect()
    world.stream.end()
    async with asyncio.timeout(5):
        await world.controller.run()


async def test_given_an_event_of_a_live_call_when_read_then_its_actor_gets_it_at_asterisks_instant(
    world: World,
) -> None:
    call = connected_call()
    async with world.living():
        actor = world.adopt(call)
        at = world.clock.now() - timedelta(seconds=1)
        leg = call.legs[1]
        _say(world, "ChannelDestroyed", channel_of("n1", leg.id), at, cause=16, cause_txt="Normal Clearing")
        await until(lambda: actor.call.is_ending)
    assert actor.call.leg(leg.id).ended_at == at


async def test_given_a_channel_of_ours_that_no_call_owns_when_it_comes_to_us_then_it_is_hung_up(world: World) -> None:
    late = channel_of("n1", make_call().legs[0].id)
    world.asterisk.channels = {late: "Down", "1700000000.1": "Up"}
    async with world.living():
        _say(world, "StasisStart", "1700000000.1", args=[])
        _say(world, "StasisStart", late, args=["leg"])
        await until(lambda: late not in world.asterisk.channels)
    assert world.asterisk.writes == [f"DELETE /channels/{late}?reason_code=16"]


async def test_given_other_news_of_a_channel_that_no_call_owns_when_read_then_nothing_is_done(world: World) -> None:
    gone = channel_of("n1", make_call().legs[0].id)
    async with world.living():
        _say(world, "ChannelStateChange", gone)
        _say(world, "ChannelDestroyed", gone, cause=16, cause_txt="")
        world.stream.say(b"garbage")
        world.stream.say(b'{"type": "Invented"}')
        world.stream.connect()
        await world.until_ready()
    assert world.asterisk.writes == []


async def test_given_events_that_cannot_be_read_when_they_come_then_asterisk_is_looked_at_and_it_is_said_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller_module, "DOUBT_SECONDS", 0.05)
    async with world.living():
        world.stream.connect()
        await world.until_ready()
        looks = world.store.reads
        with structlog.testing.capture_logs() as logs:
            for number in range(50):
                world.stream.say(b'{"type": "ChannelDestroyed", "cause": "4111%d"}' % number)
                world.stream.say(b'{"type": "Invented", "digits": "4111"}')
            await until(lambda: world.store.reads > looks)
    complaints = [(entry["event"], entry["event_type"]) for entry in logs if "event_type" in entry]
    assert complaints == [("asterisk_event_malformed", "ChannelDestroyed"), ("asterisk_event_unknown", "Invented")]
    assert "4111" not in str(logs)
    assert world.store.reads <= looks + 2, "fifty doubts are one look, and one more for those that came during it"


async def test_given_an_audit_fails_when_the_next_is_due_then_it_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller_module, "AUDIT_SECONDS", 0.001)
    stray = channel_of("n1", make_call().legs[0].id)
    async with world.living() as task:
        world.stream.connect()
        await world.until_ready()
        world.asterisk.fates = [(r"GET /channels", httpx.ReadTimeout), (r"GET /channels", 500)]
        world.store.failures = [DatabaseUnavailableError("away")]
        world.asterisk.channels[stray] = "Up"
        await until(lambda: stray not in world.asterisk.channels)
        assert not task.done()
    assert world.asterisk.fates == []


async def test_given_no_connection_when_an_audit_is_due_then_it_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller_module, "AUDIT_SECONDS", 0.001)
    async with world.living():
        world.stream.connect()
        await until(lambda: world.store.reads > 3)
        world.stream.disconnect()
        await until(lambda: not world.controller._is_reconciled)
        looks = world.stream.looks
        await until(lambda: world.stream.looks > looks + 2)  # one that had begun has come to its end
        requests, looks = len(world.asterisk.requests), world.stream.looks
        await until(lambda: world.stream.looks > looks + 5)
        assert len(world.asterisk.requests) == requests
