"""Who lives on a node: room for newcomers, always for those under way; one that crashes goes alone."""

import asyncio
from datetime import timedelta

import pytest

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason
from app.calls.keeping.store import FencedError
from app.calls.living.actor import MAILBOX_SIZE, CallActor
from app.calls.living.registry import CallRegistry
from app.errors import OverloadedError
from app.facts.event import SYSTEM
from app.facts.vocabulary import CallState, RecordingMode
from tests.calls.making import make_call, run_steps
from tests.calls.standing_in import (
    HandClock,
    JournalExecutor,
    JournalStore,
    claim_for,
    connected_call,
    obey,
    running,
    until,
)

_HANG_UP = inputs.HangupRequested(actor=SYSTEM)


class World:
    """A registry between stand-ins."""

    def __init__(self, *, capacity: int = 10) -> None:
        self.store, self.executor = JournalStore(), JournalExecutor()
        self.executor.answer = obey
        self.registry = CallRegistry(
            self.store,  # type: ignore[arg-type]  # stands in for the store
            self.executor,  # type: ignore[arg-type]  # stands in for the executor
            HandClock(make_call().created_at + timedelta(seconds=6)),
            capacity=capacity,
        )

    def adopt(self, call: Call) -> CallActor:
        """A call that lives here already."""
        actor = self.registry.adopt(call)
        self.registry.release()
        return actor

    def hung_up(self, call: Call) -> list[str]:
        """The legs of a call that were asked to be hung up."""
        legs = {leg.id for leg in call.legs}
        return [
            command.leg_id
            for command in self.executor.commands
            if isinstance(command, commands.HangupChannel) and command.leg_id in legs
        ]


async def test_given_a_full_node_when_a_new_call_comes_then_it_is_refused_but_one_under_way_is_adopted() -> None:
    world = World(capacity=2)
    for _ in range(2):
        world.registry.start(make_call(), claim=None)
    newcomer, under_way = make_call(), connected_call(RecordingMode.BOTH)
    with pytest.raises(OverloadedError, match="2 live calls"):
        world.registry.start(newcomer)
    assert world.registry.find(newcomer.id) is None
    world.adopt(under_way)
    assert len(world.registry) == 3
    assert world.registry.find(under_way.id) is not None


async def test_given_a_call_has_ended_when_a_new_one_comes_to_a_full_node_then_there_is_room() -> None:
    world = World(capacity=1)
    actor = world.adopt(connected_call(RecordingMode.BOTH))
    async with running(world.registry.run()):
        actor.post(_HANG_UP)
        for recording in actor.call.recordings:
            actor.post(inputs.RecordingLost(recording_id=recording.id, reason="gone"))
        await until(lambda: len(world.registry) == 0)
        world.registry.start(make_call())


async def test_given_a_live_call_when_things_are_addressed_to_it_then_its_legs_and_recordings_lead_there() -> None:
    world = World()
    call = connected_call(RecordingMode.BOTH)
    actor = world.adopt(call)
    subjects = [*(leg.id for leg in call.legs), call.recordings[0].id]
    assert [world.registry.owner_of(subject) for subject in subjects] == [actor] * 3
    assert world.registry.owner_of(make_call().legs[0].id) is None
    assert world.registry.post(subjects[0], inputs.LegRinging(leg_id=call.legs[0].id)) is True
    assert world.registry.post("leg_nobodys", _HANG_UP) is False
    assert list(world.registry) == [actor]


async def test_given_a_full_mailbox_when_an_event_comes_then_the_call_owns_it_still_and_nobody_is_hurt() -> None:
    world = World()
    call = connected_call(RecordingMode.BOTH)
    world.adopt(call)
    leg_id = call.legs[0].id
    taken = [world.registry.post(leg_id, inputs.LegRinging(leg_id=leg_id)) for _ in range(MAILBOX_SIZE + 5)]
    assert all(taken)  # not "nobody's": such a channel would be hung up


async def test_given_one_of_two_calls_crashes_when_it_does_then_its_legs_are_hung_up_and_the_other_goes_on() -> None:
    world = World()
    doomed, fine = connected_call(RecordingMode.BOTH), connected_call(RecordingMode.BOTH)
    actors = {call.id: world.adopt(call) for call in (doomed, fine)}
    async with running(world.registry.run()):
        world.store.fates = [ValueError("a mistake of ours")]
        actors[doomed.id].post(_HANG_UP)
        await until(lambda: len(world.registry) == 1)
        assert sorted(world.hung_up(doomed)) == sorted(leg.id for leg in doomed.legs)
        assert world.registry.owner_of(doomed.legs[0].id) is None
        assert world.hung_up(fine) == []
        actors[fine.id].post(_HANG_UP)
        await until(lambda: actors[fine.id].call.is_ended)


async def test_given_the_executor_itself_fails_when_a_call_crashes_then_both_legs_are_tried_and_the_others_live() -> (
    None
):
    world = World()
    doomed, fine = connected_call(RecordingMode.BOTH), connected_call(RecordingMode.BOTH)
    actors = {call.id: world.adopt(call) for call in (doomed, fine)}
    doomed_legs = {leg.id for leg in doomed.legs}

    def fail(command: Command) -> tuple[Input, ...]:
        if isinstance(command, commands.HangupChannel) and command.leg_id in doomed_legs:
            raise KeyError("a mistake of ours")
        return obey(command)

    world.executor.answer = fail
    async with running(world.registry.run()):
        actors[doomed.id].post(_HANG_UP)
        await until(lambda: len(world.registry) == 1)
        assert set(world.hung_up(doomed)) == doomed_legs
        actors[fine.id].post(_HANG_UP)
        await until(lambda: actors[fine.id].call.is_ended)


async def test_given_a_call_crashes_before_it_is_accepted_when_somebody_waits_then_they_hear_it() -> None:
    world = World()
    call = make_call()
    actor = world.registry.start(call, claim=claim_for(call))

    # A mistake of ours: an instant that is none.
    actor._time = type("BrokenTime", (), {"of": lambda *_: None})()
    async with running(world.registry.run()):
        actor.post(inputs.Start())
        with pytest.raises(OverloadedError, match="could not be started"):
            await actor.accepted
        await until(lambda: len(world.registry) == 0)
    assert world.executor.commands == []


async def test_given_a_fenced_call_when_its_actor_ends_then_not_a_word_goes_to_asterisk() -> None:
    world = World()
    call = connected_call(RecordingMode.BOTH)
    actor = world.adopt(call)
    async with running(world.registry.run()):
        world.store.fates = [FencedError(call.id)]
        actor.post(_HANG_UP)
        await until(lambda: len(world.registry) == 0)
    assert world.executor.commands == []


async def test_given_live_calls_when_waited_for_then_it_returns_once_the_last_is_gone() -> None:
    world = World()
    async with asyncio.timeout(1):
        await world.registry.wait_until_empty()  # nobody has come yet
    actors = [world.registry.start(make_call()) for _ in range(2)]
    async with running(world.registry.run()):
        waiting = asyncio.create_task(world.registry.wait_until_empty())
        for number, actor in enumerate(actors, start=1):
            assert not waiting.done()
            actor.post(inputs.Start())
            actor.post(_HANG_UP)
            await until(lambda number=number: len(world.registry) == len(actors) - number)  # type: ignore[misc]
        async with asyncio.timeout(1):
            await waiting


async def test_given_the_node_stops_when_calls_are_live_then_nothing_is_asked_of_asterisk_on_their_behalf() -> None:
    world = World()
    actor = world.adopt(connected_call(RecordingMode.BOTH))
    async with running(world.registry.run()):
        actor.post(inputs.DtmfReceived(leg_id=actor.call.legs[0].id, digit="1", duration_milliseconds=80))
        await until(lambda: actor.call.dtmf == "1")
    assert world.executor.commands == []
    assert actor.call.state is CallState.CONNECTED
    assert all(leg.hangup_reason is not HangupReason.CALL_OVER for leg in actor.call.legs)


async def test_given_an_adopted_call_when_it_is_not_released_then_its_inputs_wait_and_then_go_before_its_timers() -> (
    None
):
    world = World()
    call = run_steps(make_call(agent_ring_seconds=1.0), [inputs.Start()])[-1].call
    first = call.legs[0].id
    call = run_steps(call, [inputs.LegCreated(leg_id=first, channel_name="PJSIP/a")])[-1].call
    actor = world.registry.adopt(call)  # whose ringing should have ended by now
    other = world.registry.start(make_call())
    assert world.registry.held == (actor,)
    async with running(world.registry.run()):
        other.post(inputs.Start())
        await until(lambda: other.call.state is CallState.DIALING)
        assert actor.call is call
        actor.post(inputs.LegAnswered(leg_id=first))
        world.registry.release()
        await until(lambda: actor.call.state is CallState.ANSWERED)
    assert len(world.registry.held) == 0
