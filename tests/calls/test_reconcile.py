"""After a gap: Asterisk and the database agree again, and nobody else's channel is touched."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from app.ari.errors import AriUnavailable
from app.calls.core.model.call import Call
from app.calls.mending.reconcile import CONCURRENT_LOOKUPS
from app.calls.names import bridge_of, channel_of, snoop_of
from app.db.engine import Database
from app.facts.vocabulary import (
    CallState,
    CdrSource,
    Disposition,
    EndCode,
    LegRole,
    LegState,
    RecordingMode,
)
from tests.calls.making import make_call
from tests.calls.reconcile_world import World, has_words, have_legs, ringing_call, running_world
from tests.calls.standing_in import answered_call, connected_call, until
from tests.rig.hangup_memory import hangup_memory_of

pytestmark = pytest.mark.postgres


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running_world(database) as made:
        yield made


async def test_given_open_calls_of_an_earlier_process_when_reconciled_then_the_living_go_on_and_the_gone_are_closed(
    world: World,
) -> None:
    living, gone = connected_call(), connected_call()
    await world.have_open(living, gone)  # beyond this node's capacity: those under way have their place
    have_legs(world, living)
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
    call = ringing_call()
    await world.have_open(call)
    world.asterisk.channels[channel_of("n1", call.legs[0].id)] = "Up"
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    second = channel_of("n1", call.legs[1].id)
    await until(lambda: second in world.asterisk.channels)
    assert (await world.stored(call)).state is CallState.ANSWERED


async def test_given_a_leg_found_up_when_reconciled_then_it_is_told_since_when_by_asterisks_own_record(
    world: World,
) -> None:
    call = ringing_call()
    await world.have_open(call)
    channel = channel_of("n1", call.legs[0].id)
    answered_at = world.clock.now() - timedelta(seconds=7)
    world.asterisk.channels[channel] = "Up"
    world.asterisk.variables[f"{channel} CDR(answer,u)"] = f"{answered_at.timestamp():.6f}"
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: _has_state(world, call, CallState.ANSWERED))
    assert (await world.stored(call)).legs[0].answered_at == answered_at


async def test_given_a_leg_that_answered_and_left_unheard_when_reconciled_then_both_are_told_and_nobody_is_rung_for_it(
    world: World,
) -> None:
    call = ringing_call()
    await world.have_open(call)
    leg = call.legs[0]
    answered_at, ended_at = (world.clock.now() - timedelta(seconds=seconds) for seconds in (7, 4))
    memory = f"{ended_at.timestamp():.3f}|16|SIP 200 OK|{answered_at.timestamp():.6f}|"
    world.asterisk.variables[hangup_memory_of("n1", leg.id)] = memory
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: world.is_ended(call))
    closed = await world.stored(call)
    assert (closed.legs[0].answered_at, closed.legs[0].ended_at) == (answered_at, ended_at)
    assert (closed.outcome, closed.source) == (Disposition.CANCELLED, CdrSource.RECOVERED)
    assert closed.end_reason is not None
    assert closed.end_reason.code is EndCode.HANGUP
    assert await world.words(call) == ["call.recovered", "leg.answered", "leg.ended", "call.ended"]
    assert not [line for line in world.asterisk.lines if line.startswith("POST /channels/create")]


async def _has_state(world: World, call: Call, state: CallState) -> bool:
    return (await world.stored(call)).state is state


async def test_given_a_blind_spell_when_reconciled_then_the_fact_says_from_when_to_when(world: World) -> None:
    call = connected_call()
    actor = world.adopt(call)
    await world.have_open(call)
    have_legs(world, call)
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
    assert call.connected_at is not None
    world.clock.present = call.connected_at + timedelta(hours=1)
    last_known = call.connected_at + timedelta(seconds=90)
    await world.reconciler.run(blind_from=last_known, is_node_lost=True)
    await until(lambda: world.is_ended(call))
    closed = await world.stored(call)
    assert closed.end_reason is not None
    assert closed.end_reason.code is EndCode.NODE_LOST
    assert closed.ended_at == last_known
    assert not any(line.startswith("GET /channels/") for line in world.asterisk.lines)


async def test_given_strays_of_ours_and_channels_of_others_when_reconciled_then_only_ours_are_ended(
    world: World,
) -> None:
    owned, stray = connected_call(RecordingMode.AGENT), make_call(recording_mode=RecordingMode.AGENT)
    world.clock.present = owned.created_at + timedelta(seconds=6)  # its recording is about to begin
    world.adopt(owned)
    await world.have_open(owned)
    have_legs(world, owned)
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


async def test_given_one_look_up_times_out_when_reconciled_then_all_others_are_made_and_the_error_is_told_as_itself(
    world: World,
) -> None:
    calls = [connected_call() for _ in range(CONCURRENT_LOOKUPS + 4)]  # more than are looked up at once
    await world.have_open(*calls)
    world.asterisk.fates = [("GET /asterisk/variable", httpx.ReadTimeout)]
    with pytest.raises(AriUnavailable):
        await world.reconciler.run(blind_from=None, is_node_lost=False)
    asked = [line for line in world.asterisk.lines if line.startswith("GET /asterisk/variable")]
    # The second leg of the call whose first could not be looked up is asked for when all of it is asked for again.
    assert len(asked) == 2 * len(calls) - 1
    assert [await world.words(call) for call in calls] == [[]] * len(calls)  # nothing is told by halves
    for call in calls:
        have_legs(world, call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    for call in calls:
        await until(lambda call=call: has_words(world, call, ["call.recovered"]))  # type: ignore[misc]
    assert len(world.registry) == len(calls)


async def test_given_an_overdue_timer_when_the_leg_has_ended_otherwise_while_nobody_looked_then_that_decides(
    world: World,
) -> None:
    call = ringing_call()
    await world.have_open(call)
    world.clock.advance(3600)
    busy_at = call.created_at + timedelta(seconds=5)
    world.asterisk.variables[hangup_memory_of("n1", call.legs[0].id)] = f"{busy_at.timestamp():.3f}|17|SIP 486 Busy"
    world.asterisk.fates = [(r"GET /asterisk/variable", httpx.ReadTimeout)]
    with pytest.raises(AriUnavailable):
        await world.reconciler.run(blind_from=None, is_node_lost=False)
    await world.reconciler.audit()
    await until(lambda: world.is_ended(call))
    closed = await world.stored(call)
    assert (closed.outcome, closed.ended_at) == (Disposition.BUSY, busy_at)


async def test_given_many_live_calls_when_reconciled_then_one_list_of_channels_and_one_of_bridges_tell_of_all(
    world: World,
) -> None:
    calls = [connected_call() for _ in range(60)]
    await world.have_open(*calls)
    for call in calls:
        have_legs(world, call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert world.asterisk.lines == ["GET /channels", "GET /bridges"]
    for call in calls:
        await until(lambda call=call: has_words(world, call, ["call.recovered"]))  # type: ignore[misc]


async def test_given_a_look_without_a_gap_when_nothing_was_missed_then_no_call_is_told_and_else_only_the_one(
    world: World,
) -> None:
    well, gone = connected_call(), connected_call()
    for call in (well, gone):
        world.adopt(call)
    await world.have_open(well, gone)
    have_legs(world, well)
    ended_at = world.clock.now() - timedelta(seconds=5)
    memory = f"{ended_at.timestamp():.3f}|16|SIP 200 OK"
    world.asterisk.variables |= {hangup_memory_of("n1", leg.id): memory for leg in gone.legs}
    await world.reconciler.run(blind_from=world.clock.now(), is_node_lost=False)
    await until(lambda: world.is_ended(gone))
    assert (await world.words(gone))[0] == "call.recovered"
    assert await world.words(well) == []


async def test_given_calls_older_than_their_asterisk_when_a_new_process_reconciles_then_they_are_node_lost_at_once(
    world: World,
) -> None:
    old, young = connected_call(), connected_call()
    await world.have_open(old, young)
    have_legs(world, young)
    assert old.connected_at is not None
    started_at = old.connected_at + timedelta(seconds=10)
    world.clock.present = old.connected_at + timedelta(hours=1)
    await world.reconciler.run(blind_from=None, is_node_lost=False, asterisk_started_at=started_at)
    await until(lambda: world.is_ended(old))
    closed = await world.stored(old)
    assert closed.end_reason is not None
    assert (closed.end_reason.code, closed.source) == (EndCode.NODE_LOST, CdrSource.RECOVERED)
    assert closed.ended_at == started_at
    assert not any(line.startswith("GET /asterisk/variable") for line in world.asterisk.lines)
    # A call that Asterisk has is not older than it, whatever the clocks say.
    assert (await world.stored(young)).state is CallState.CONNECTED


async def test_given_asterisk_went_while_a_second_leg_was_made_when_a_new_process_reconciles_then_it_is_node_lost(
    world: World,
) -> None:
    call = answered_call(make_call())
    assert [leg.state for leg in call.legs] == [LegState.UP, LegState.CREATING]
    await world.have_open(call)
    await world.reconciler.run(blind_from=None, is_node_lost=False, asterisk_started_at=world.clock.now())
    await until(lambda: world.is_ended(call))
    closed = await world.stored(call)
    assert closed.end_reason is not None
    assert closed.end_reason.code is EndCode.NODE_LOST


async def test_given_a_link_between_calls_that_nobody_took_when_looked_at_twice_then_it_goes_and_others_stay(
    world: World,
) -> None:
    """A phone has put two calls together while the service was away."""
    mine, taken, foreign = (f"asterisk-1.{number}" for number in range(3))
    world.asterisk.channels |= dict.fromkeys((mine, taken, foreign), "Up")
    world.asterisk.names = dict.fromkeys((mine, taken, foreign), "Local/_attended@transfer-00000001;1")
    call = connected_call()
    legs = tuple(
        msgspec.structs.replace(leg, channel_id=taken) if leg.role is LegRole.AGENT else leg for leg in call.legs
    )
    call = msgspec.structs.replace(call, legs=legs)
    await world.have_open(call)
    have_legs(world, call)
    ours = bridge_of("n1", call.id)
    world.asterisk.bridges[ours] = (*world.asterisk.bridges[ours], taken, mine)
    world.asterisk.bridges["ofk.n2.call_x"] = (foreign,)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert {mine, taken, foreign} <= world.asterisk.channels.keys()
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert {taken, foreign} <= world.asterisk.channels.keys()
    assert mine not in world.asterisk.channels
