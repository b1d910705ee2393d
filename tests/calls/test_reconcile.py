"""After a gap: Asterisk and the database agree again, and nobody else's channel is touched."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from app.ari.client import AriClient
from app.ari.errors import AriUnavailable
from app.calls import inputs
from app.calls.actor import CallActor
from app.calls.executor import Executor
from app.calls.inputs import Input
from app.calls.model import Call, PartState, RecordingPart
from app.calls.names import bridge_of, channel_of, hangup_memory_of, snoop_of
from app.calls.reconcile import CONCURRENT_LOOKUPS, Reconciler
from app.calls.registry import CallRegistry
from app.calls.store import CallStore
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.event import SYSTEM
from app.facts.vocabulary import CallState, CdrSource, Disposition, EndCode, LegRole, RecordingMode, RecordingState
from app.recordings.jobs import CollectJob
from tests.calls.making import make_call, run_steps
from tests.calls.rows import insert_calls
from tests.calls.standing_in import HandClock, connected_call, running, until
from tests.calls.standing_in_asterisk import ScriptedAsterisk

pytestmark = pytest.mark.postgres


class World:
    """One node over a real database, with a scripted Asterisk."""

    def __init__(self, ari: AriClient, asterisk: ScriptedAsterisk, database: Database) -> None:
        self.asterisk = asterisk
        self.database = database
        self.jobs: list[CollectJob] = []
        self.log = EventLog(database)
        self.store = CallStore(database, self.log)
        self.clock = HandClock(make_call().created_at + timedelta(seconds=60))
        executor = Executor(ari, node="n1", collect=self.jobs.append)
        self.registry = CallRegistry(self.store, executor, self.clock, capacity=1)
        self.reconciler = Reconciler(ari, self.store, self.registry, executor, self.clock, node="n1")

    def adopt(self, call: Call) -> CallActor:
        """A call that lives here already."""
        actor = self.registry.adopt(call)
        self.registry.release()
        return actor

    async def have_open(self, *calls: Call) -> None:
        """Calls that an earlier process has written."""
        await insert_calls(self.database, calls)

    async def words(self, call: Call) -> list[str]:
        return [event.type for event in await self.log.read_after(0, limit=1000) if event.subject_id == call.id]

    async def stored(self, call: Call) -> Call:
        stored = await self.store.load(call.id)
        assert stored is not None
        return stored

    async def is_ended(self, call: Call) -> bool:
        return (await self.stored(call)).is_ended


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        made = World(ari, asterisk, database)
        async with running(made.store.run(), made.registry.run()):
            yield made


def _ringing(call: Call | None = None) -> Call:
    call = call or make_call()
    first = call.legs[0].id
    events: list[Input] = [
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegRinging(leg_id=first),
    ]
    return run_steps(call, events)[-1].call


def _have_legs(world: World, call: Call, state: str = "Up") -> None:
    world.asterisk.channels |= {channel_of("n1", leg.id): state for leg in call.legs if leg.is_alive}
    world.asterisk.bridges[bridge_of("n1", call.id)] = ()


async def test_given_open_calls_of_an_earlier_process_when_reconciled_then_the_living_go_on_and_the_gone_are_closed(
    world: World,
) -> None:
    living, gone = connected_call(), connected_call()
    await world.have_open(living, gone)  # beyond this node's capacity: those under way have their place
    _have_legs(world, living)
    world.asterisk.bridges[bridge_of("n1", gone.id)] = ()
    ended_at = gone.legs[0].answered_at
    assert ended_at is not None
    memory = f"{(ended_at + timedelta(seconds=20)).timestamp():.3f}|16|SIP 200 OK"
    world.asterisk.variables |= {hangup_memory_of("n1", leg.id): memory for leg in gone.legs}

    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: world.is_ended(gone))
    closed = await world.stored(gone)
    assert closed.ended_at == ended_at + timedelta(seconds=20)
    assert closed.source is CdrSource.RECOVERED
    assert await world.words(gone) == ["call.recovered", "leg.ended", "leg.ended", "call.ended"]

    actor = world.registry.find(living.id)
    assert actor is not None
    await until(lambda: actor.call.source is CdrSource.RECOVERED)
    assert actor.call.state is CallState.CONNECTED
    assert await world.words(living) == ["call.recovered"]
    assert set(world.asterisk.channels) == {channel_of("n1", leg.id) for leg in living.legs}


async def test_given_a_leg_answered_while_nobody_looked_when_reconciled_then_the_call_goes_on_from_there(
    world: World,
) -> None:
    call = _ringing()
    await world.have_open(call)
    world.asterisk.channels[channel_of("n1", call.legs[0].id)] = "Up"
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    second = channel_of("n1", call.legs[1].id)
    await until(lambda: second in world.asterisk.channels)
    assert (await world.stored(call)).state is CallState.ANSWERED


async def test_given_a_blind_spell_when_reconciled_then_the_fact_says_from_when_to_when(world: World) -> None:
    call = connected_call()
    actor = world.adopt(call)
    await world.have_open(call)
    _have_legs(world, call)
    blind_from = world.clock.now() - timedelta(seconds=5)
    await world.reconciler.run(blind_from=blind_from, is_node_lost=False)
    await until(lambda: actor.call.source is CdrSource.RECOVERED)
    (event,) = await world.log.read_after(0, limit=10)
    assert msgspec.to_builtins(event.fact)["blindFrom"] == msgspec.to_builtins(blind_from)
    assert msgspec.to_builtins(event.fact)["blindUntil"] == msgspec.to_builtins(world.clock.now())


async def test_given_asterisk_itself_was_restarted_when_reconciled_then_its_calls_are_closed_as_node_lost(
    world: World,
) -> None:
    call = connected_call()
    await world.have_open(call)
    await world.reconciler.run(blind_from=None, is_node_lost=True)
    await until(lambda: world.is_ended(call))
    closed = await world.stored(call)
    assert closed.end_reason is not None
    assert closed.end_reason.code is EndCode.NODE_LOST
    assert not any(line.startswith("GET /channels/") for line in world.asterisk.lines)


async def test_given_strays_of_ours_and_channels_of_others_when_reconciled_then_only_ours_are_ended(
    world: World,
) -> None:
    owned, stray = connected_call(RecordingMode.AGENT), make_call(recording_mode=RecordingMode.AGENT)
    world.clock.present = owned.created_at + timedelta(seconds=6)  # its recording is about to begin
    world.adopt(owned)
    await world.have_open(owned)
    _have_legs(world, owned)
    own_snoop = snoop_of("n1", owned.recordings[0].id, LegRole.AGENT)
    foreign = {"1700000000.17": "Up", channel_of("n2", stray.legs[0].id): "Up", "ofk.n11.x": "Up"}
    ours = {
        channel_of("n1", stray.legs[0].id): "Ringing",
        snoop_of("n1", stray.recordings[0].id, LegRole.AGENT): "Up",
        "ofk.n1.whatever": "Up",
    }
    kept = {channel_of("n1", leg.id) for leg in owned.legs} | {own_snoop} | set(foreign)
    world.asterisk.channels |= {own_snoop: "Up"} | foreign | ours
    foreign_bridges = {"conference-7", bridge_of("n2", stray.id)}
    world.asterisk.bridges |= dict.fromkeys({bridge_of("n1", stray.id), *foreign_bridges}, ())

    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert set(world.asterisk.channels) == kept
    assert set(world.asterisk.bridges) == {bridge_of("n1", owned.id), *foreign_bridges}
    touched = " ".join(world.asterisk.writes)
    assert not any(name in touched for name in foreign)


async def test_given_a_stray_that_cannot_be_ended_now_when_reconciled_then_the_others_are_and_it_is_left_for_later(
    world: World,
) -> None:
    names = [channel_of("n1", make_call().legs[0].id) for _ in range(3)]
    world.asterisk.channels |= dict.fromkeys(names, "Up")
    world.asterisk.fates = [(rf"DELETE /channels/{names[1]}", 500)]
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert list(world.asterisk.channels) == [names[1]]
    await world.reconciler.audit()
    assert world.asterisk.channels == {}


async def test_given_one_look_up_times_out_when_reconciled_then_all_others_are_made_and_the_error_is_told_as_itself(
    world: World,
) -> None:
    calls = [connected_call() for _ in range(CONCURRENT_LOOKUPS + 4)]  # more than are looked up at once
    await world.have_open(*calls)
    for call in calls:
        _have_legs(world, call)
    world.asterisk.fates = [(rf"GET /channels/{channel_of('n1', calls[1].legs[0].id)}", httpx.ReadTimeout)]
    with pytest.raises(AriUnavailable):
        await world.reconciler.run(blind_from=None, is_node_lost=False)
    looked_up = {line for line in world.asterisk.lines if line.startswith("GET /channels/")}
    assert {
        f"GET /channels/{channel_of('n1', leg.id)}" for call in (calls[0], *calls[2:]) for leg in call.legs
    } <= looked_up
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert len(world.registry) == len(calls)


async def test_given_a_recording_that_stopped_unseen_when_reconciled_then_it_is_collected(world: World) -> None:
    call = connected_call(RecordingMode.AGENT)
    part = RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING, started_at=call.connected_at)
    recording = msgspec.structs.replace(call.recordings[0], state=RecordingState.RECORDING, parts=(part,))
    call = msgspec.structs.replace(call, recordings=(recording,))
    await world.have_open(call)
    _have_legs(world, call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: [job.recording_id for job in world.jobs] == [recording.id])


async def test_given_an_ended_call_whose_recording_waits_when_reconciled_then_it_is_offered_again_and_not_looked_up(
    world: World,
) -> None:
    call = connected_call(RecordingMode.AGENT)
    part = RecordingPart(role=LegRole.AGENT, state=PartState.STOPPED, started_at=call.connected_at)
    recording = msgspec.structs.replace(call.recordings[0], state=RecordingState.COLLECTING, parts=(part,))
    ended: list[Input] = [
        inputs.HangupRequested(actor=SYSTEM),
        *(inputs.LegDestroyed(leg_id=leg.id) for leg in call.legs),
    ]
    call = run_steps(msgspec.structs.replace(call, recordings=(recording,)), ended)[-1].call
    assert call.is_ended
    assert not call.is_settled
    await world.have_open(call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert [job.recording_id for job in world.jobs] == [recording.id]
    assert await world.words(call) == []


async def test_given_an_overdue_timer_when_the_leg_has_ended_otherwise_while_nobody_looked_then_that_decides(
    world: World,
) -> None:
    call = _ringing()
    await world.have_open(call)
    world.clock.advance(3600)
    busy_at = call.created_at + timedelta(seconds=5)
    world.asterisk.variables[hangup_memory_of("n1", call.legs[0].id)] = f"{busy_at.timestamp():.3f}|17|SIP 486 Busy"
    world.asterisk.fates = [(r"GET /channels/.*", httpx.ReadTimeout)]
    with pytest.raises(AriUnavailable):
        await world.reconciler.run(blind_from=None, is_node_lost=False)
    await world.reconciler.audit()
    await until(lambda: world.is_ended(call))
    closed = await world.stored(call)
    assert (closed.outcome, closed.ended_at) == (Disposition.BUSY, busy_at)


async def test_given_an_open_row_without_an_actor_when_audited_then_it_is_adopted_and_looked_up(world: World) -> None:
    lost, live = connected_call(), connected_call()
    world.adopt(live)
    await world.have_open(lost, live)
    _have_legs(world, live)
    await world.reconciler.audit()
    await until(lambda: world.is_ended(lost))
    assert await world.words(live) == []
    looked_up = {line for line in world.asterisk.lines if line.startswith("GET /channels/")}
    assert looked_up == {f"GET /channels/{channel_of('n1', leg.id)}" for leg in lost.legs}


async def test_given_a_call_is_settled_while_the_list_is_read_when_audited_then_it_is_not_adopted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = connected_call()
    settled = msgspec.structs.replace(call, state=CallState.ENDED)
    await world.have_open(settled)

    async def list_as_it_was(_node: str) -> list[Call]:
        return [call]

    monkeypatch.setattr(world.store, "load_open", list_as_it_was)
    await world.reconciler.audit()
    assert len(world.registry) == 0
    assert world.asterisk.lines == ["GET /channels", "GET /bridges"]
