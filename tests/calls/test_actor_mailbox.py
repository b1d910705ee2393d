"""What comes to an actor, in which order and at which instant: mail, timers, what was missed, and a new start."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.model.call import Call, decode_call
from app.calls.living.actor import KEPT_FREE, MAILBOX_SIZE, CallActor
from app.calls.living.call_time import LARGEST_SKEW_SECONDS
from app.errors import OverloadedError
from app.facts.event import SYSTEM
from app.facts.vocabulary import CallState, Disposition, EndCode, LegRole, LegState
from tests.calls.making import make_call, run_steps
from tests.calls.standing_in import (
    ActorWorld,
    Journal,
    JournalExecutor,
    JournalStore,
    RunningClock,
    answered_call,
    connected_call,
    make_actor,
    obey,
    running,
    until,
)

_HANG_UP = inputs.HangupRequested(actor=SYSTEM)


def _key(call: Call) -> inputs.DtmfReceived:
    return inputs.DtmfReceived(leg_id=call.legs[0].id, digit="1", duration_milliseconds=80)


def _fill(actor: CallActor, event: Input) -> int:
    taken = 0
    while True:
        try:
            actor.post(event)
        except OverloadedError:
            return taken
        taken += 1


async def test_given_a_nearly_full_mailbox_when_more_comes_then_pressed_keys_are_shed_before_anything_else() -> None:
    world = ActorWorld(connected_call())
    assert _fill(world.actor, _key(world.call)) == MAILBOX_SIZE - KEPT_FREE
    assert _fill(world.actor, _HANG_UP) == KEPT_FREE >= 100
    with pytest.raises(OverloadedError, match=world.call.id):
        world.actor.post(_HANG_UP)


async def test_given_a_mailbox_was_full_when_there_is_room_again_then_the_call_looks_for_what_it_missed() -> None:
    world = ActorWorld(connected_call())

    def find_gone(command: Command) -> tuple[Input, ...]:
        if isinstance(command, commands.VerifyLeg):
            return (inputs.LegDestroyed(leg_id=command.leg_id, cause=16),)
        return obey(command)

    world.executor.answer = find_gone
    assert _fill(world.actor, inputs.LegRinging(leg_id=world.call.legs[0].id)) == MAILBOX_SIZE
    await world.actor.run()  # nobody says that the legs have gone: it finds out, or this never ends
    assert world.executor.asked(commands.VerifyLeg) == ["VerifyLeg", "VerifyLeg"]
    assert world.call.is_ended


async def test_given_nobody_answers_when_the_injected_clock_passes_the_limit_then_the_timer_fires() -> None:
    call = make_call(agent_ring_seconds=600.0)
    world = ActorWorld(call)
    world.executor.answer = obey
    async with running(world.actor.run()) as (task,):
        world.actor.post(inputs.Start())
        await until(lambda: world.call.legs[0].state is LegState.DIALING)
        world.clock.advance(599)
        world.actor.post(inputs.LegRinging(leg_id=call.legs[0].id))
        await until(lambda: world.call.legs[0].state is LegState.RINGING)
        assert not world.call.is_ending
        world.clock.advance(2)
        world.actor.post(inputs.LegRinging(leg_id=call.legs[0].id))  # says nothing new; it looks at the clock again
        await until(task.done)
    assert world.call.outcome is Disposition.NO_ANSWER
    assert world.call.ended_at == call.created_at + timedelta(seconds=601)


async def test_given_nothing_comes_when_a_timer_is_due_then_the_actor_wakes_by_itself() -> None:
    call = make_call(agent_ring_seconds=0.02)
    journal = Journal()
    executor = JournalExecutor(journal)
    executor.answer = obey

    actor = make_actor(call, JournalStore(journal), executor, RunningClock(call.created_at))
    actor.post(inputs.Start())
    async with asyncio.timeout(5):
        await actor.run()
    assert actor.call.outcome is Disposition.NO_ANSWER


async def test_given_an_actor_ends_midway_when_another_starts_from_its_snapshot_then_it_goes_on() -> None:
    world = ActorWorld(make_call())
    world.executor.answer = obey
    async with running(world.actor.run()):
        world.actor.post(inputs.Start())
        await until(lambda: world.call.legs[0].state is LegState.DIALING)
    snapshot = msgspec.json.encode(world.store.changes[-1].call)

    restarted = ActorWorld(decode_call(snapshot))
    restarted.executor.answer = obey
    restarted.clock.present = world.call.created_at + timedelta(seconds=10)
    async with running(restarted.actor.run()) as (task,):
        restarted.actor.post(inputs.LegAnswered(leg_id=restarted.call.legs[0].id))
        await until(lambda: restarted.call.legs[1].state is LegState.DIALING)
        restarted.actor.post(_HANG_UP)
        await until(task.done)
    assert restarted.facts == ["leg.answered", "leg.dialing", "leg.ended", "leg.ended", "call.ended"]
    assert [draft.call_sequence for change in restarted.store.changes for draft in change.drafts] == [3, 4, 5, 6, 7]
    assert all(change.claim is None for change in restarted.store.changes)


async def test_given_an_overdue_timer_in_a_snapshot_when_an_actor_starts_from_it_then_it_fires_at_once() -> None:
    world = ActorWorld(run_steps(make_call(), [inputs.Start()])[-1].call)
    world.clock.advance(3600)
    world.executor.answer = obey
    await world.actor.run()
    assert world.call.end_reason is not None
    assert world.call.end_reason.code is EndCode.DIAL_FAILED


@pytest.mark.parametrize(
    ("skew_seconds", "told"),
    [
        (-5.0, -5.0),  # it happened a moment ago, by Asterisk's clock
        (5.0, 0.0),  # never later than now
        (LARGEST_SKEW_SECONDS + 1, 0.0),  # a clock that is wrong is not asked
        (-LARGEST_SKEW_SECONDS - 1, 0.0),
    ],
)
async def test_given_asterisks_instant_when_an_input_is_stamped_then_a_skewed_clock_is_ignored(
    skew_seconds: float, told: float
) -> None:
    world = ActorWorld(connected_call())
    world.clock.advance(1000)
    async with running(world.actor.run()):
        world.actor.post(_key(world.call), at=world.clock.now() + timedelta(seconds=skew_seconds))
        await until(lambda: world.facts == ["dtmf.received"])
    assert world.store.changes[0].drafts[0].occurred_at == world.clock.now() + timedelta(seconds=told)


async def test_given_inputs_whose_instants_go_backwards_when_stamped_then_time_stands_still_instead() -> None:
    world = ActorWorld(connected_call())
    world.clock.advance(1000)
    async with running(world.actor.run()):
        for seconds in (10.0, 30.0, 5.0):
            world.actor.post(_key(world.call), at=world.clock.now() - timedelta(seconds=seconds))
        await until(lambda: len(world.facts) == 3)
    ages = [world.clock.now() - change.drafts[0].occurred_at for change in world.store.changes]
    assert [age.total_seconds() for age in ages] == [10.0, 10.0, 5.0]


async def test_given_a_timer_fired_when_an_older_answer_arrives_then_it_is_told_in_turn_with_its_own_instant() -> None:
    call = make_call(agent_ring_seconds=20.0)
    world = ActorWorld(call)
    first = call.legs[0].id
    async with running(world.actor.run()) as (task,):
        world.actor.post(inputs.Start())
        world.actor.post(inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"))
        await until(lambda: world.call.legs[0].state is LegState.DIALING)
        world.clock.advance(20.0)
        world.actor.post(inputs.UpdateRequested(actor=SYSTEM, tags=("x",)))  # after it, the actor looks at the clock
        await until(lambda: world.call.is_ending)
        world.actor.post(inputs.LegAnswered(leg_id=first), at=world.clock.now() - timedelta(seconds=2.8))
        await until(lambda: world.facts[-1] == "leg.answered")
        world.clock.advance(0.2)
        world.actor.post(inputs.LegDestroyed(leg_id=first, cause=16), at=world.clock.now())
        await until(task.done)
    leg = world.call.legs[0]
    assert leg.answered_at == call.created_at + timedelta(seconds=17.2)
    assert leg.ended_at == call.created_at + timedelta(seconds=20.2)
    dated = [draft.occurred_at for change in world.store.changes for draft in change.drafts]
    assert dated == sorted(dated)


async def test_given_a_leg_that_answered_and_ended_in_a_gap_when_its_end_is_looked_up_then_its_answer_counts() -> None:
    call = make_call()
    world = ActorWorld(call)
    first = call.legs[0].id
    ended_at = call.created_at + timedelta(seconds=3)

    def find_gone(command: Command) -> tuple[Input, ...]:
        match command:
            case commands.HangupChannel():
                kind = FailureKind.GONE
                return (inputs.CommandFailed(command=command, kind=kind, detail="404"),)
            case commands.VerifyLeg():
                return (inputs.LegDestroyed(leg_id=first, cause=16, at=ended_at),)
            case _:
                return ()

    world.executor.answer = find_gone
    async with running(world.actor.run()) as (task,):
        world.actor.post(inputs.Start())
        world.actor.post(inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"))
        await until(lambda: world.call.legs[0].state is LegState.DIALING)
        world.clock.advance(4.0)
        world.actor.post(_HANG_UP)
        world.actor.post(inputs.LegAnswered(leg_id=first), at=ended_at - timedelta(seconds=2))
        world.actor.post(inputs.LegDestroyed(leg_id=first, cause=16), at=ended_at)
        await until(task.done)
    leg = world.call.legs[0]
    assert (leg.answered_at, leg.ended_at) == (ended_at - timedelta(seconds=2), ended_at)
    assert world.facts[-3:] == ["leg.answered", "leg.ended", "call.ended"]


async def test_given_an_input_that_means_nothing_when_it_is_taken_then_nothing_is_written() -> None:
    world = ActorWorld(connected_call())
    async with running(world.actor.run()):
        world.actor.post(inputs.LegRinging(leg_id=world.call.legs[0].id))
        world.actor.post(_key(world.call))
        await until(lambda: world.facts == ["dtmf.received"])
    assert len(world.store.changes) == 1
    assert world.store.changes[0].legs == ()


async def test_given_a_settled_call_when_its_mailbox_is_empty_then_the_actor_is_done() -> None:
    settled = msgspec.structs.replace(make_call(), state=CallState.ENDED)
    async with asyncio.timeout(1):
        await ActorWorld(settled).actor.run()


async def test_given_only_changed_legs_when_committed_then_only_those_are_written() -> None:
    world = ActorWorld(answered_call(make_call()))
    role = world.call.legs[1].role
    async with running(world.actor.run()):
        world.actor.post(inputs.LegCreated(leg_id=world.call.legs[1].id, channel_name="PJSIP/b"))
        await until(lambda: world.call.legs[1].state is LegState.DIALING)
    assert [leg.role for leg in world.store.changes[0].legs] == [role] == [LegRole.CUSTOMER]


async def test_given_a_call_taken_over_when_a_hang_up_waits_already_then_what_has_happened_is_told_first() -> None:
    call = answered_call(make_call())
    second = call.legs[1].id
    call = run_steps(call, [inputs.LegCreated(leg_id=second, channel_name="PJSIP/b")])[-1].call
    world = ActorWorld(call)
    world.executor.answer = obey
    world.actor.post(_HANG_UP)
    world.actor.post_first([inputs.LegAnswered(leg_id=second)], at=world.clock.now())
    await world.actor.run()
    assert world.call.outcome is Disposition.ANSWERED
    assert world.facts[:2] == ["leg.answered", "call.connected"]


async def test_given_a_commit_that_takes_long_when_mail_waits_behind_it_then_it_keeps_the_instant_of_its_coming() -> (
    None
):
    world = ActorWorld(connected_call())
    came_at = world.clock.now()
    world.actor.post(_key(world.call))
    world.clock.advance(5.0)  # what is before it in the mailbox waits for a database that does not answer
    async with running(world.actor.run()):
        await until(lambda: world.facts == ["dtmf.received"])
    assert world.store.changes[0].drafts[0].occurred_at == came_at
