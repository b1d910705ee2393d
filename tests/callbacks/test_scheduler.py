"""Placing callbacks: at their time, once, whoever dies; and what is told of it."""

import asyncio
from datetime import timedelta

import pytest

from app.callbacks.model import Callback, CallbackState, UpdateCallbackRequest
from app.callbacks.scheduler import CallbackScheduler
from app.calls.keeping.change import FencedError
from app.errands.placer import BATCH, LEASE, TRY_AGAIN
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError, OffhookError, Problem, RefusedError
from app.facts.callbacks import CallbackCompleted, CallbackFailed, CallbackFailure, CallbackStarted, CallbackUpdated
from app.facts.vocabulary import CallKind, Disposition, EndCode, Errand
from app.ids import Kind, new_id
from app.usage.caps import LimitReachedError
from tests.callbacks.conftest import World
from tests.callbacks.paper import NUMBER

pytestmark = pytest.mark.postgres


async def _add_dnc(world: World, number: str, *, applies_to_all: bool = True) -> None:
    async with world.database.acquire() as connection:
        list_id = new_id(Kind.DNC_LIST)
        await connection.execute(
            "INSERT INTO dnc_list (id, account_id, name, applies_to_all) VALUES ($1, $2, $1, $3)",
            *(list_id, world.by.account_id, applies_to_all),
        )
        await connection.execute(
            "INSERT INTO dnc_entry (list_id, number, account_id, source) VALUES ($1, $2, $3, 'API')",
            *(list_id, number, world.by.account_id),
        )


async def _started(world: World, **changes: object) -> tuple[Callback, str]:
    """A callback whose call is under way, and the call."""
    made = await world.schedule(**changes)  # type: ignore[arg-type]  # fields of the request
    await world.pass_seconds(3600)
    call_id = (await world.read(made.id)).call_id
    assert call_id is not None
    return made, call_id


async def test_given_a_callback_when_its_time_has_not_come_then_nothing_is_placed(world: World) -> None:
    made = await world.schedule()
    await world.pass_seconds(3599.9)
    assert world.paper.asked == []
    assert (await world.read(made.id)).state is CallbackState.SCHEDULED


async def test_given_a_callback_when_its_time_comes_then_its_call_is_placed_once_and_told(world: World) -> None:
    assert CallbackScheduler.poll_seconds <= 0.5  # so that nothing else than work keeps it from being in time
    made = await world.schedule()
    await world.pass_seconds(3600.4)
    await world.pass_seconds(100)
    ((request, own),) = world.paper.asked
    assert (request.destination_number, request.connect_extension, request.external_id) == (NUMBER, "2001", "lead 7")
    assert (own.kind, own.errand, own.keys) == (CallKind.CALLBACK, Errand(callback_id=made.id), "callback")
    assert request.idempotency_key == f"{made.id}:1"
    read = await world.read(made.id)
    assert (read.state, read.call_id, read.attempt) == (CallbackState.STARTED, own.call_id, 1)
    started = world.told[-1]
    assert isinstance(started, CallbackStarted)
    assert (started.call_id, started.late_seconds, started.attempt) == (own.call_id, 0.4, 1)


async def test_given_its_call_ends_connected_when_looked_at_then_it_is_completed_and_its_history_says_so(
    world: World,
) -> None:
    made, call_id = await _started(world)
    await world.paper.end(call_id, Disposition.ANSWERED, at=world.clock.now(), is_connected=True)
    await world.go_round()
    await world.go_round()
    assert (await world.read(made.id)).state is CallbackState.COMPLETED
    assert world.types == ["callback.scheduled", "callback.started", "callback.completed"]
    assert isinstance(world.told[-1], CallbackCompleted)
    (attempt,) = await world.callbacks.attempts(made.id)
    assert (attempt.number, attempt.call_id, attempt.disposition) == (1, call_id, Disposition.ANSWERED)
    assert attempt.is_connected


async def test_given_its_call_connects_nobody_when_nothing_more_is_to_be_tried_then_it_has_failed(
    world: World,
) -> None:
    made, call_id = await _started(world)
    await world.paper.end(call_id, Disposition.BUSY, at=world.clock.now())
    await world.go_round()
    read = await world.read(made.id)
    assert (read.state, read.failure, read.call_id) == (CallbackState.FAILED, CallbackFailure.NOT_CONNECTED, call_id)
    failed = world.told[-1]
    assert isinstance(failed, CallbackFailed)
    assert (failed.reason, failed.disposition) == (CallbackFailure.NOT_CONNECTED, Disposition.BUSY)


async def test_given_more_attempts_when_a_call_connects_nobody_then_the_next_is_due_and_can_be_called_off(
    world: World,
) -> None:
    made, call_id = await _started(world, max_attempts=3, retry_after_seconds=60.0)
    await world.paper.end(call_id, Disposition.NO_ANSWER, at=world.clock.now())
    await world.go_round()
    again = await world.read(made.id)
    assert (again.state, again.due_at) == (CallbackState.SCHEDULED, world.clock.now() + timedelta(seconds=60))
    updated = world.told[-1]
    assert isinstance(updated, CallbackUpdated)
    assert updated.is_retry
    await world.pass_seconds(60)
    assert [request.idempotency_key for request, _ in world.paper.asked] == [f"{made.id}:1", f"{made.id}:2"]
    second = (await world.read(made.id)).call_id
    assert second not in (None, call_id)
    await world.paper.end(str(second), Disposition.BUSY, at=world.clock.now())
    await world.go_round()
    assert (await world.callbacks.cancel(world.by, made.id)).state is CallbackState.CANCELLED
    assert len(await world.callbacks.attempts(made.id)) == 2


@pytest.mark.parametrize("code", [EndCode.SERVICE_AWAY, EndCode.TRUNK_FULL, EndCode.LIMIT_REACHED, EndCode.DIAL_FAILED])
async def test_given_a_call_that_was_lost_before_it_rang_when_looked_at_then_it_is_placed_anew_and_does_not_count(
    world: World, code: EndCode
) -> None:
    made, call_id = await _started(world)
    await world.paper.lose(call_id, at=world.clock.now(), code=code)
    await world.go_round()
    assert len(world.paper.placed) == 1, "not in the very next moment: the reason may still be there"
    await world.pass_seconds(TRY_AGAIN.total_seconds())
    again = await world.read(made.id)
    assert (again.state, again.due_at, again.attempt) == (CallbackState.STARTED, made.due_at, 2)
    assert again.call_id not in (None, call_id)
    assert world.types[1:] == ["callback.started", "callback.updated", "callback.started"]
    await world.paper.end(str(again.call_id), Disposition.BUSY, at=world.clock.now())
    await world.go_round()
    assert (await world.read(made.id)).state is CallbackState.FAILED, "this one has counted"
    first, second = await world.callbacks.attempts(made.id)
    assert (first.disposition, first.is_connected, second.disposition) == (None, False, Disposition.BUSY)


async def test_given_a_call_that_was_lost_when_the_grace_is_over_then_nothing_is_placed_anew(world: World) -> None:
    made, call_id = await _started(world, grace_seconds=30.0)
    await world.paper.lose(call_id, at=world.clock.now())
    await world.pass_seconds(31)
    read = await world.read(made.id)
    assert (read.state, read.failure) == (CallbackState.FAILED, CallbackFailure.MISSED)
    assert len(world.paper.placed) == 1


async def test_given_nobody_to_place_it_when_there_is_within_the_grace_then_it_is_placed_late(world: World) -> None:
    made = await world.schedule(grace_seconds=600.0)
    world.asterisk.why_not_ready = "Away."
    await world.pass_seconds(3600 + 590)
    assert (await world.read(made.id)).state is CallbackState.SCHEDULED
    world.asterisk.why_not_ready = None
    await world.go_round()
    started = world.told[-1]
    assert isinstance(started, CallbackStarted)
    assert started.late_seconds == 590


async def test_given_nobody_to_place_it_when_the_grace_is_over_then_it_is_missed_and_never_placed(world: World) -> None:
    made = await world.schedule(grace_seconds=600.0)
    await world.pass_seconds(3600 + 601)
    read = await world.read(made.id)
    assert (read.state, read.failure, read.call_id) == (CallbackState.FAILED, CallbackFailure.MISSED, None)
    assert world.paper.asked == []
    assert world.types == ["callback.scheduled", "callback.failed"]


async def test_given_a_number_that_must_not_be_called_when_its_time_comes_then_it_is_not_dialled(world: World) -> None:
    made = await world.schedule()
    await _add_dnc(world, NUMBER)
    await world.pass_seconds(3600)
    read = await world.read(made.id)
    assert (read.state, read.failure) == (CallbackState.FAILED, CallbackFailure.DNC)
    assert world.paper.asked == []


async def test_given_a_list_of_single_campaigns_when_its_time_comes_then_it_is_no_callbacks_business(
    world: World,
) -> None:
    made = await world.schedule()
    await _add_dnc(world, NUMBER, applies_to_all=False)
    await world.pass_seconds(3600)
    assert (await world.read(made.id)).state is CallbackState.STARTED


async def test_given_a_call_that_is_refused_when_its_time_comes_then_it_has_failed_and_says_why(world: World) -> None:
    made = await world.schedule()
    world.paper.fates = [RefusedError(Problem("AGENT_OFFLINE", "The extension has no phone.", ("connect",)))]
    await world.pass_seconds(3600)
    read = await world.read(made.id)
    assert (read.state, read.failure, read.call_id) == (CallbackState.FAILED, CallbackFailure.REFUSED, None)
    assert read.detail == "AGENT_OFFLINE: The extension has no phone."


@pytest.mark.parametrize("error", [AsteriskUnavailableError("Away."), DatabaseUnavailableError("Away.")])
async def test_given_a_call_that_cannot_be_placed_now_when_it_can_then_it_is_the_same_call(
    world: World, error: OffhookError
) -> None:
    made = await world.schedule()
    world.paper.fates = [error]
    await world.pass_seconds(3600)
    assert (await world.read(made.id)).state is CallbackState.SCHEDULED
    await world.pass_seconds(1)
    assert len(world.paper.asked) == 1, "not again at once"
    await world.pass_seconds(1)
    assert (await world.read(made.id)).state is CallbackState.STARTED
    first, second = world.paper.asked
    assert first[1].call_id == second[1].call_id
    assert first[0].idempotency_key == second[0].idempotency_key


async def test_given_a_claim_whose_holder_died_before_it_dialled_when_taken_over_then_it_is_dialled_once(
    world: World,
) -> None:
    made = await world.schedule()
    world.paper.fates = [FencedError("n1")]  # the process is as good as dead
    world.clock.advance(3600)
    await world.scheduler.run_round()
    other_node = world.another_scheduler("n2")
    await other_node.run_round()
    assert world.paper.placed == {}, "another node waits until the lease is over"
    again = world.another_scheduler("n1")
    await again.run_round()
    assert len(world.paper.placed) == 1, "the next holder of the same Asterisk does not"
    assert (await world.read(made.id)).state is CallbackState.STARTED


async def test_given_a_claim_of_another_node_when_its_lease_is_over_then_whoever_is_there_places_it(
    world: World,
) -> None:
    made = await world.schedule()
    world.paper.fates = [FencedError("n1")]  # the process is as good as dead
    world.clock.advance(3600)
    await world.scheduler.run_round()
    world.clock.advance(LEASE.total_seconds())
    await world.another_scheduler("n2").run_round()
    assert len(world.paper.placed) == 1
    assert (await world.read(made.id)).state is CallbackState.STARTED


async def test_given_one_that_meets_a_mistake_of_ours_when_a_batch_is_placed_then_the_others_are_and_it_is_tried_again(
    world: World,
) -> None:
    due = world.clock.now() + timedelta(seconds=60)
    made = [await world.schedule(due, key=f"key {number}") for number in range(3)]
    world.paper.fates = [ZeroDivisionError("quotes +12125550123")]
    await world.pass_seconds(60)
    states = [(await world.read(one.id)).state for one in made]
    assert sorted(states) == [CallbackState.SCHEDULED, CallbackState.STARTED, CallbackState.STARTED]
    await world.pass_seconds(TRY_AGAIN.total_seconds())
    assert {(await world.read(one.id)).state for one in made} == {CallbackState.STARTED}
    assert len(world.paper.placed) == 3


async def test_given_calls_per_second_in_the_way_when_a_callback_is_placed_then_it_is_tried_when_its_turn_comes(
    world: World,
) -> None:
    made = await world.schedule()
    world.paper.fates = [LimitReachedError("Not in this second.", retry_after_seconds=0.5)]
    await world.pass_seconds(3600)
    await world.pass_seconds(0.4)
    assert len(world.paper.asked) == 1
    await world.pass_seconds(0.2)
    read = await world.read(made.id)
    assert (read.state, read.attempt) == (CallbackState.STARTED, 1)


async def test_given_a_claim_that_another_took_over_and_placed_when_it_is_refused_late_then_that_changes_nothing(
    world: World,
) -> None:
    made = await world.schedule()
    world.clock.advance(3600)
    (claimed,), _ = await world.scheduler._claim()
    world.clock.advance(LEASE.total_seconds())
    await world.another_scheduler("n2").run_round()
    refused = RefusedError(Problem("AGENT_OFFLINE", "Nobody is there.", ()))
    await world.scheduler._give_up(claimed, refused)
    assert (await world.read(made.id)).state is CallbackState.STARTED
    assert world.types == ["callback.scheduled", "callback.started"]


async def test_given_a_holder_that_died_after_it_dialled_when_taken_over_after_the_grace_then_nobody_dials_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.schedule(grace_seconds=10.0)

    async def come_to_nothing(*_: object) -> None:
        """The process ends here."""

    monkeypatch.setattr(world.scheduler, "_note_placed", come_to_nothing)
    world.clock.advance(3600)
    await world.scheduler.run_round()
    assert len(world.paper.placed) == 1
    await _add_dnc(world, NUMBER)  # too late: it has been dialled
    world.clock.advance(3600)
    again = world.another_scheduler("n1")
    await again.run_round()
    assert len(world.paper.placed) == 1
    read = await world.read(made.id)
    assert (read.state, read.attempt) == (CallbackState.STARTED, 1)
    assert world.types == ["callback.scheduled", "callback.started"]


async def test_given_more_than_a_batch_when_due_for_two_schedulers_at_once_then_each_is_placed_once(
    world: World,
) -> None:
    count = 2 * BATCH + 5
    for number in range(count):
        await world.schedule(world.clock.now() + timedelta(seconds=60), key=f"key {number}")
    world.clock.advance(60)
    schedulers = [world.another_scheduler(node) for node in ("n1", "n2")]

    async def go_round(number: int) -> None:
        while await schedulers[number].run_round():
            pass

    await asyncio.gather(go_round(0), go_round(1))
    await world.go_round()
    assert len(world.paper.placed) == count
    keys = [request.idempotency_key for request, _ in world.paper.asked]
    assert len(keys) == len(set(keys)) == count


async def test_given_a_new_time_when_changed_then_it_is_placed_then_and_not_before(world: World) -> None:
    made = await world.schedule()
    later = world.clock.now() + timedelta(hours=3)
    await world.callbacks.update(world.by, UpdateCallbackRequest(callback_id=made.id, when=later))
    await world.pass_seconds(2 * 3600)
    assert world.paper.asked == []
    await world.pass_seconds(3600)
    assert len(world.paper.placed) == 1
