"""The actor's promises: store, then act; one writer; nothing lost, nothing done twice."""

import asyncio

import pytest

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.model.leg import HangupReason
from app.calls.keeping.keys import KeyHolder
from app.calls.keeping.store import FencedError, KeyTaken
from app.calls.living import actor as actor_module
from app.calls.living.actor import is_pointless
from app.errors import DatabaseUnavailableError, OverloadedError
from app.facts.event import SYSTEM
from app.facts.vocabulary import CallState, Disposition, EndCode, LegState
from tests.calls.making import make_call, run_steps
from tests.calls.standing_in import (
    ActorWorld,
    claim_for,
    connected_call,
    obey,
    running,
    until,
)

_HANG_UP = inputs.HangupRequested(actor=SYSTEM)


async def test_given_a_new_call_when_it_starts_then_its_commit_comes_before_its_first_command() -> None:
    world = ActorWorld(make_call(), is_new=True)
    async with running(world.actor.run()):
        world.actor.post(inputs.Start())
        assert await world.actor.accepted is None
        await until(lambda: world.journal.count("CreateChannel") == 1)
    assert world.journal.lines == ["commit call.created", "CreateChannel"]
    (change,) = world.store.changes
    assert change.claim == claim_for(world.call)
    assert change.legs == world.call.legs


async def test_given_a_whole_call_when_it_runs_then_no_command_precedes_the_commit_that_asks_for_it() -> None:
    call = make_call()
    first, second = (leg.id for leg in call.legs)
    world = ActorWorld(call, is_new=True)
    world.executor.answer = obey
    async with running(world.actor.run()) as (task,):
        world.actor.post(inputs.Start())
        await until(lambda: world.journal.count("DialChannel") == 1)
        world.actor.post(inputs.LegAnswered(leg_id=first))
        await until(lambda: world.journal.count("DialChannel") == 2)
        world.actor.post(inputs.LegAnswered(leg_id=second))
        world.actor.post(_HANG_UP)
        await until(task.done)
    assert world.journal.lines == [
        "commit call.created",
        "CreateChannel",
        "commit leg.dialing",
        "DialChannel",
        "commit leg.answered",
        "CreateBridge",
        "JoinBridge",
        "CreateChannel",
        "commit leg.dialing",
        "JoinBridge",
        "DialChannel",
        "commit leg.answered call.connected",
        "commit",
        "HangupChannel",
        "HangupChannel",
        "commit leg.ended",
        "commit leg.ended call.ended",
        "DestroyBridge",
        "ForgetHangups",
    ]
    assert [draft.call_sequence for change in world.store.changes for draft in change.drafts] == list(range(1, 10))
    assert world.call.is_settled


async def test_given_the_first_commit_fails_when_a_call_is_asked_for_then_the_caller_hears_it_and_nothing_is_done() -> (
    None
):
    world = ActorWorld(make_call(), is_new=True)
    world.store.fates = [DatabaseUnavailableError("away")]
    world.actor.post(inputs.Start())
    world.actor.post(_HANG_UP)
    await world.actor.run()
    with pytest.raises(DatabaseUnavailableError, match="away"):
        await world.actor.accepted
    assert world.journal.lines == ["failed"]


async def test_given_the_key_belongs_to_another_when_a_call_starts_then_the_holder_is_told_and_nothing_is_done() -> (
    None
):
    world = ActorWorld(make_call(), is_new=True)
    taken = KeyTaken(KeyHolder(b"h", "call_other"))
    world.store.fates = [taken]
    world.actor.post(inputs.Start())
    await world.actor.run()
    assert await world.actor.accepted is taken
    assert world.executor.commands == []
    assert world.call.state is CallState.PENDING


async def test_given_the_database_is_away_when_a_live_call_goes_on_then_facts_are_written_in_order_and_commands_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(actor_module, "_FIRST_RETRY_SECONDS", 0.001)
    call = run_steps(make_call(), [inputs.Start()])[-1].call
    world = ActorWorld(call)
    away = DatabaseUnavailableError("away")
    world.store.fates = [away, away, OverloadedError("full"), away]
    first = call.legs[0].id
    for event in (
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegRinging(leg_id=first),
        inputs.LegAnswered(leg_id=first),
    ):
        world.actor.post(event)
    async with running(world.actor.run()):
        await until(lambda: len(world.store.changes) == 3)
    assert world.journal.lines[:6] == ["failed"] * 4 + ["commit leg.dialing", "DialChannel"]
    assert world.facts == ["leg.dialing", "leg.ringing", "leg.answered"]
    # The very same drafts each time: their ids tell the store what an earlier try has written after all.
    assert [change.is_retry for change in world.store.tried[:5]] == [False, True, True, True, True]
    assert len({change.drafts for change in world.store.tried[:5]}) == 1


async def test_given_a_new_call_without_a_key_when_it_starts_then_it_is_accepted_only_once_it_is_written() -> None:
    world = ActorWorld(make_call())
    world.store.fates = [DatabaseUnavailableError("away")]
    async with running(world.actor.run()):
        assert not world.actor.accepted.done()
        world.actor.post(inputs.Start())
        with pytest.raises(DatabaseUnavailableError):
            await world.actor.accepted
    assert world.executor.commands == []


async def test_given_a_live_call_is_fenced_when_it_commits_then_it_ends_here_and_asks_nothing_of_asterisk() -> None:
    world = ActorWorld(make_call())
    world.store.fates = [FencedError("call")]
    waiting = asyncio.create_task(world.actor.wait_until(lambda call: call.is_ended))
    await asyncio.sleep(0)
    world.actor.post(inputs.Start())
    await world.actor.run()
    assert world.executor.commands == []
    assert (await waiting).state is CallState.PENDING


async def test_given_an_actor_crashes_when_somebody_waits_then_the_waiters_get_the_call_as_it_stands() -> None:
    world = ActorWorld(connected_call())
    world.store.fates = [ValueError("a mistake of ours")]
    waiting = asyncio.create_task(world.actor.wait_until(lambda call: call.is_ended))
    await asyncio.sleep(0)
    world.actor.post(inputs.HangupRequested(actor=SYSTEM))
    with pytest.raises(ValueError, match="a mistake"):
        await world.actor.run()
    assert (await waiting) is world.call
    # Whoever comes later does not wait for what will never be.
    async with asyncio.timeout(1):
        assert await world.actor.wait_until(lambda call: call.is_ended) is world.call


async def test_given_a_waiter_gives_up_when_the_call_goes_on_then_the_others_are_told_all_the_same() -> None:
    world = ActorWorld(make_call())
    impatient = asyncio.create_task(world.actor.wait_until(lambda call: call.state is CallState.DIALING))
    patient = asyncio.create_task(world.actor.wait_until(lambda call: call.state is CallState.DIALING))
    await asyncio.sleep(0)
    impatient.cancel()
    async with running(world.actor.run()):
        world.actor.post(inputs.Start())
        assert (await patient).state is CallState.DIALING
    assert impatient.cancelled()


async def test_given_the_end_is_decided_when_commands_are_left_then_nothing_new_is_begun() -> None:
    connected = connected_call()
    leg_id = connected.legs[0].id
    ending = run_steps(connected, [_HANG_UP])[-1].call
    begun: list[Command] = [
        commands.CreateChannel(
            leg_id=leg_id, endpoint="PJSIP/x", shown_number=None, shown_name=None, lifetime_seconds=1
        ),
        commands.DialChannel(leg_id=leg_id, timeout_seconds=1),
        commands.JoinBridge(leg_id=leg_id),
    ]
    ended: list[Command] = [
        commands.HangupChannel(leg_id=leg_id, reason=HangupReason.CALL_OVER),
        commands.DestroyBridge(),
        commands.VerifyLeg(leg_id=leg_id),
        commands.ForgetHangups(leg_ids=(leg_id,)),
    ]
    assert [is_pointless(ending, command) for command in begun + ended] == [True] * 3 + [False] * 4
    assert not any(is_pointless(connected, command) for command in begun + ended)


@pytest.mark.parametrize("failing", [commands.CreateBridge, commands.JoinBridge])
async def test_given_the_bridge_fails_when_the_second_party_was_to_be_rung_then_it_is_not(
    failing: type[Command],
) -> None:
    call = make_call()
    world = ActorWorld(call)

    def answer(command: Command) -> tuple[Input, ...]:
        if isinstance(command, failing):
            return (inputs.CommandFailed(command=command, kind=FailureKind.REFUSED, detail="no"),)
        return obey(command)

    world.executor.answer = answer
    async with running(world.actor.run()) as (task,):
        world.actor.post(inputs.Start())
        await until(lambda: world.call.legs[0].state is LegState.DIALING)
        world.actor.post(inputs.LegAnswered(leg_id=call.legs[0].id))
        await until(task.done)
    assert world.executor.asked(commands.CreateChannel, commands.DialChannel) == ["CreateChannel", "DialChannel"]
    assert world.call.end_reason is not None
    assert world.call.end_reason.code is EndCode.BRIDGE_FAILED
    assert world.call.outcome is Disposition.FAILED


async def test_given_a_dial_has_just_failed_when_an_answer_waits_in_the_mailbox_then_the_failure_is_news_first() -> (
    None
):
    call = make_call()
    world = ActorWorld(call)
    first = call.legs[0].id

    def refuse_dial(command: Command) -> tuple[Input, ...]:
        if isinstance(command, commands.DialChannel):
            return (inputs.CommandFailed(command=command, kind=FailureKind.REFUSED, detail="no"),)
        return obey(command) if isinstance(command, commands.HangupChannel) else ()

    world.executor.answer = refuse_dial
    for event in (
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegAnswered(leg_id=first),
    ):
        world.actor.post(event)
    await world.actor.run()
    assert world.facts == ["call.created", "leg.dialing", "leg.ended", "call.ended"]
    assert world.call.outcome is Disposition.FAILED


async def test_given_several_consequences_when_they_are_taken_then_it_is_in_the_order_in_which_they_came() -> None:
    world = ActorWorld(make_call())

    def ring_then_answer(command: Command) -> tuple[Input, ...]:
        if isinstance(command, commands.DialChannel):
            return (inputs.LegRinging(leg_id=command.leg_id), inputs.LegAnswered(leg_id=command.leg_id))
        return obey(command)

    world.executor.answer = ring_then_answer
    async with running(world.actor.run()):
        world.actor.post(inputs.Start())
        await until(lambda: world.call.state is CallState.CONNECTED)
    assert world.facts[:5] == ["call.created", "leg.dialing", "leg.ringing", "leg.answered", "leg.dialing"]
