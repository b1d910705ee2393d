"""Channels that came to us by themselves: told by their own ids, wherever a leg's channel is meant."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import msgspec
import orjson
import pytest

from app.ari.signals import decode_signal
from app.calls.arrival import Arrival
from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg
from app.calls.doing.executor import Executor
from app.calls.hearing.translate import Addressed, translate
from app.calls.keeping.store import CallStore
from app.calls.living.registry import CallRegistry
from app.calls.mending.tidy import Tidier
from app.calls.names import channel_of, hangup_memory
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.vocabulary import CallState, Disposition, LegRole
from app.ids import LegId
from tests.calls.driving import Driver
from tests.calls.making import make_inbound_call
from tests.calls.reconcile_world import World, running_world
from tests.calls.standing_in import HandClock, running, until
from tests.calls.standing_in_asterisk import ScriptedAsterisk, channel_json

_WHEN = "2026-03-02T12:00:01.500+0000"
_OTHERS = "offhook-1772452800.17"


def waiting_call() -> Call:
    """A call that came in, whose phone rings."""
    driver = Driver(make_inbound_call(agent_ring_seconds=600.0))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.RINGING)
    return driver.call


def caller_of(call: Call) -> tuple[Leg, str]:
    leg = call.leg_of(LegRole.CUSTOMER)
    assert leg.channel_id is not None
    return leg, leg.channel_id


def event(kind: str, channel_id: str, **fields: object) -> bytes:
    body = {"type": kind, "application": "offhook", "timestamp": _WHEN, "channel": channel_json(channel_id, "Up")}
    return orjson.dumps(body | fields)


@pytest.mark.parametrize(
    ("kind", "fields", "meaning"),
    [
        ("ChannelStateChange", {}, inputs.LegAnswered),
        ("ChannelDestroyed", {"cause": 16, "cause_txt": "Normal"}, inputs.LegDestroyed),
        ("ChannelDtmfReceived", {"digit": "5", "duration_ms": 90}, inputs.DtmfReceived),
    ],
)
def test_given_a_channel_of_asterisks_own_when_something_is_said_of_it_then_it_means_something_of_a_callers_leg_only(
    kind: str, fields: dict[str, object], meaning: type
) -> None:
    leg_id = LegId("leg_01k3v7q2h4n8r6t0w5y9abcdef")
    signal = decode_signal(event(kind, _OTHERS, **fields))
    assert translate("n1", signal) is None
    told = translate("n1", signal, {_OTHERS: leg_id})
    assert isinstance(told, Addressed)
    assert told.subject_id == leg_id
    assert isinstance(told.input, meaning)


def test_given_a_channel_that_enters_when_it_brings_the_dialplans_arguments_then_it_is_an_arrival() -> None:
    arguments = ["inbound", "trunk", "acme-trunk-main", "+12125550123"]
    channel = channel_json(_OTHERS, "Ring") | {"caller": {"name": "Erika", "number": "+4930123456"}}
    signal = decode_signal(event("StasisStart", _OTHERS, args=arguments, channel=channel))
    assert translate("n1", signal) == Arrival(
        channel_id=_OTHERS,
        channel_name=str(channel["name"]),
        kind="trunk",
        endpoint="acme-trunk-main",
        dialled="+12125550123",
        caller_number="+4930123456",
        caller_name="Erika",
    )
    assert translate("n1", decode_signal(event("StasisStart", _OTHERS, args=["amd", "HUMAN", "x"]))) is None


@pytest.fixture
async def asterisk() -> ScriptedAsterisk:
    return ScriptedAsterisk()


async def test_given_a_caller_when_commands_are_carried_out_then_they_are_for_its_own_channel(
    asterisk: ScriptedAsterisk,
) -> None:
    call = waiting_call()
    caller, channel = caller_of(call)
    asterisk.channels[channel] = "Ring"
    async with asterisk.client() as ari:
        executor = Executor(ari, node="n1", collect=lambda _: None)
        assert await executor.carry_out(call, commands.ReceiveChannel(leg_id=caller.id, lifetime_seconds=60.5)) == ()
        assert await executor.carry_out(call, commands.AnswerChannel(leg_id=caller.id)) == ()
        assert await executor.carry_out(call, commands.VerifyLeg(leg_id=caller.id)) == ()  # it waits
        busy = msgspec.structs.replace(call, outcome=Disposition.BUSY)
        hang_up = commands.HangupChannel(leg_id=caller.id, reason=HangupReason.CALL_OVER)
        assert await executor.carry_out(busy, hang_up) == ()
        assert await executor.carry_out(call, commands.ForgetHangups(leg_ids=(caller.id,))) == ()
    assert [line.partition("?")[0] for line in asterisk.writes] == [
        "POST /applications/offhook/subscription",
        f"POST /channels/{channel}/variable",
        f"POST /channels/{channel}/ring",
        f"POST /channels/{channel}/answer",
        f"DELETE /channels/{channel}",
        "POST /asterisk/variable",
    ]
    assert asterisk.body(1) == {"variable": "TIMEOUT(absolute)", "value": "61"}
    assert "reason_code=17" in asterisk.writes[4]
    assert asterisk.body(-1) == {"variable": hangup_memory(channel)}


async def test_given_a_caller_who_is_gone_when_it_is_received_then_that_is_told_and_its_end_is_remembered(
    asterisk: ScriptedAsterisk,
) -> None:
    call = waiting_call()
    caller, channel = caller_of(call)
    asterisk.variables[hangup_memory(channel)] = "1795221571.395|127|"
    async with asterisk.client() as ari:
        executor = Executor(ari, node="n1", collect=lambda _: None)
        command = commands.ReceiveChannel(leg_id=caller.id, lifetime_seconds=60.0)
        (failed,) = await executor.carry_out(call, command)
        assert isinstance(failed, inputs.CommandFailed)
        assert failed.kind is FailureKind.GONE
        (end,) = await executor.carry_out(call, commands.VerifyLeg(leg_id=caller.id))
    assert isinstance(end, inputs.LegDestroyed)
    assert (end.leg_id, end.cause) == (caller.id, 127)
    assert end.at is not None


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running_world(database) as made:
        yield made


@pytest.mark.postgres
async def test_given_a_caller_who_waits_when_the_next_process_looks_then_the_call_is_adopted_and_asked_for_again(
    world: World,
) -> None:
    call = waiting_call()
    caller, channel = caller_of(call)
    await world.have_open(call)
    world.asterisk.channels |= {channel: "Ring", channel_of("n1", call.leg_of(LegRole.AGENT).id): "Ringing"}
    world.asterisk.app_data[channel] = "offhook,inbound,trunk,acme-trunk-main,+12125550123"
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: f"POST /channels/{channel}/ring" in world.asterisk.lines)
    assert world.registry.callers == {channel: caller.id}
    assert world.reconciler.take_arrivals() == ()
    assert not any(line.startswith("DELETE /channels") for line in world.asterisk.lines)
    await world.reconciler.audit()
    assert not any(line.startswith("DELETE /channels") for line in world.asterisk.lines)


@pytest.mark.postgres
async def test_given_a_caller_who_left_while_nobody_watched_when_the_next_process_looks_then_the_call_is_cancelled(
    world: World,
) -> None:
    call = waiting_call()
    _, channel = caller_of(call)
    await world.have_open(call)
    left_at = call.created_at + timedelta(seconds=30)
    phone = channel_of("n1", call.leg_of(LegRole.AGENT).id)
    world.asterisk.variables = {
        hangup_memory(channel): f"{left_at.timestamp():.3f}|127|",
        hangup_memory(phone): f"{left_at.timestamp():.3f}|16|SIP 487 Request Terminated",
    }
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: world.is_ended(call))
    stored = await world.stored(call)
    assert (stored.outcome, stored.ended_at) == (Disposition.CANCELLED, left_at)


@pytest.mark.postgres
async def test_given_an_ended_call_that_came_in_when_tidied_then_asterisks_memory_of_its_channel_goes(
    database: Database, asterisk: ScriptedAsterisk
) -> None:
    store = CallStore(database, EventLog(database))
    async with asterisk.client() as ari:
        executor = Executor(ari, node="n1", collect=lambda _: None, may_forget=lambda: False)
        call = make_inbound_call(agent_waves=())
        _, channel = caller_of(call)
        asterisk.variables[hangup_memory(channel)] = "1795221571.395|16|"
        registry = CallRegistry(store, executor, HandClock(call.created_at + timedelta(hours=1)), capacity=1)
        async with running(store.run(), registry.run()):
            actor = registry.start(call)
            actor.post(inputs.MissedWhileAway(ended_at=call.created_at, was_answered=True))
            await until(lambda: registry.find(call.id) is None)
            assert asterisk.variables
            await Tidier(ari, database, registry, node="n1").run()
    assert not asterisk.variables


async def test_given_an_asterisk_that_does_not_answer_when_a_caller_is_to_be_answered_then_that_is_unclear(
    asterisk: ScriptedAsterisk,
) -> None:
    call = waiting_call()
    caller, channel = caller_of(call)
    asterisk.channels[channel] = "Ring"
    asterisk.fates = [(f"POST /channels/{channel}/answer", httpx.ReadTimeout)]
    async with asterisk.client() as ari:
        executor = Executor(ari, node="n1", collect=lambda _: None)
        (failed,) = await executor.carry_out(call, commands.AnswerChannel(leg_id=caller.id))
    assert isinstance(failed, inputs.CommandFailed)
    assert failed.kind is FailureKind.UNCLEAR
