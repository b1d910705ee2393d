"""After a gap: recordings end, go on or begin, as Asterisk has them."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.recording import PartState, RecordingPart
from app.calls.names import snoop_of
from app.db.engine import Database
from app.facts.event import SYSTEM
from app.facts.vocabulary import (
    CdrSource,
    LegRole,
    RecordingMode,
    RecordingState,
)
from tests.calls.making import run_steps
from tests.calls.reconcile_world import World, has_words, have_legs, running_world
from tests.calls.standing_in import connected_call, until

pytestmark = pytest.mark.postgres


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running_world(database) as made:
        yield made


async def test_given_a_recording_that_stopped_unseen_when_reconciled_then_it_is_collected(world: World) -> None:
    call = connected_call(RecordingMode.AGENT)
    part = RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING, started_at=call.connected_at)
    recording = msgspec.structs.replace(
        call.recordings[0], state=RecordingState.RECORDING, parts=(part,), ends_at=call.connected_at
    )
    call = msgspec.structs.replace(call, recordings=(recording,))
    await world.have_open(call)
    have_legs(world, call)
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


def _with_parts(call: Call, *parts: RecordingPart, state: RecordingState = RecordingState.PENDING) -> Call:
    recording = msgspec.structs.replace(call.recordings[0], state=state, parts=parts)
    return msgspec.structs.replace(call, recordings=(recording,))


async def test_given_a_recording_about_to_begin_when_nobody_heard_of_its_snoops_then_it_is_begun(world: World) -> None:
    roles = (LegRole.AGENT, LegRole.CUSTOMER)
    call = _with_parts(connected_call(RecordingMode.BOTH), *(RecordingPart(role=role) for role in roles))
    await world.have_open(call)
    have_legs(world, call)
    names = [snoop_of("n1", call.recordings[0].id, role) for role in roles]
    world.asterisk.channels |= dict.fromkeys(names, "Up")
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: world.asterisk.live_recordings == set(names))
    assert set(names) <= set(world.asterisk.channels)


async def test_given_a_recording_that_began_unseen_when_reconciled_then_it_is_told_since_about_when(
    world: World,
) -> None:
    roles = (LegRole.AGENT, LegRole.CUSTOMER)
    parts = [RecordingPart(role=role, state=PartState.READY) for role in roles]
    call = _with_parts(connected_call(RecordingMode.BOTH), *parts)
    await world.have_open(call)
    have_legs(world, call)
    names = [snoop_of("n1", call.recordings[0].id, role) for role in roles]
    world.asterisk.channels |= dict.fromkeys(names, "Up")
    world.asterisk.live_recordings |= set(names)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: has_words(world, call, ["call.recovered", "recording.started"]))
    assert not any("/record" in line for line in world.asterisk.writes)
    recording = (await world.stored(call)).recordings[0]
    assert {part.started_at for part in recording.parts} == {world.clock.now()}  # both sides from one instant
    assert all(part.is_start_guessed for part in recording.parts)


async def test_given_a_recording_whose_snoops_were_never_asked_for_when_adopted_then_they_are(world: World) -> None:
    roles = (LegRole.AGENT, LegRole.CUSTOMER)
    call = _with_parts(connected_call(RecordingMode.BOTH), *(RecordingPart(role=role) for role in roles))
    await world.have_open(call)
    have_legs(world, call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    names = {snoop_of("n1", call.recordings[0].id, role) for role in roles}
    await until(lambda: names <= set(world.asterisk.channels))


async def test_given_a_recording_whose_snoops_are_being_asked_for_when_reconciled_then_nobody_asks_twice(
    world: World,
) -> None:
    call = _with_parts(connected_call(RecordingMode.AGENT), RecordingPart(role=LegRole.AGENT))
    actor = world.adopt(call)
    await world.have_open(call)
    have_legs(world, call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    await until(lambda: actor.call.source is CdrSource.RECOVERED)
    assert not any("/snoop/" in line for line in world.asterisk.writes)
