"""One contract, two ways to the calls: in the process that has the Asterisk, and from another through the inbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.calls.core import commands, inputs
from app.calls.planning.requests import OriginateOutcome, UpdateRequest, WaitFor, WaitOutcome
from app.calls.time_limits import ACCEPT_SECONDS
from app.db.engine import Database
from app.errors import (
    AsteriskUnavailableError,
    OffhookError,
    OverloadedError,
    Problem,
    RefusedError,
    ScopeError,
    ShuttingDownError,
)
from app.facts.vocabulary import CallState, LegRole, Pair
from app.ids import Kind, new_id
from app.reaching import routed
from app.reaching.routed import RoutedCalls
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process, make_principal, make_request
from tests.ownership.processes import asking, asking_here, owning, take_lease

pytestmark = pytest.mark.postgres


@dataclass
class Desk:
    """The owner, and the way to it under test."""

    process: Process
    calls: RoutedCalls

    async def place(self, **fields: Any) -> OriginateOutcome:
        return await self.calls.originate(self.process.principal, make_request(**fields))

    def place_later(self, **fields: Any) -> "asyncio.Task[OriginateOutcome]":
        return asyncio.create_task(self.place(**fields))

    async def refuse(self, **fields: Any) -> list[Problem]:
        with pytest.raises(RefusedError) as caught:
            await self.place(**fields)
        return list(caught.value.problems)


@pytest.fixture(params=["here", "through the inbox"])
async def desk(request: pytest.FixtureRequest, database: Database, database_dsn: str) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        yield await open_desk(stack, request.param, database, database_dsn, wait_seconds=60.0)


@pytest.fixture(params=["here", "through the inbox"])
async def hasty(request: pytest.FixtureRequest, database: Database, database_dsn: str) -> AsyncIterator[Desk]:
    """It waits for next to nothing."""
    async with AsyncExitStack() as stack:
        yield await open_desk(stack, request.param, database, database_dsn, wait_seconds=0.05)


async def open_desk(stack: AsyncExitStack, way: str, database: Database, dsn: str, *, wait_seconds: float) -> Desk:
    process = Process(database, await make_principal(database), capacity=30)
    await stack.enter_async_context(process.living())
    if way == "here":
        calls = await stack.enter_async_context(asking_here(process, wait_seconds=wait_seconds))
    else:
        await stack.enter_async_context(owning(process, await take_lease(database)))
        calls = await stack.enter_async_context(asking(dsn, wait_seconds=wait_seconds))
    return Desk(process, calls)


async def test_given_a_request_when_placed_then_the_call_comes_back_as_it_is_written(desk: Desk) -> None:
    outcome = await desk.place(metadata=(Pair(key="lead", value="7"),), tags=("a",), external_id="crm-1")
    assert (outcome.wait_outcome, outcome.is_replayed) == (WaitOutcome.REACHED, False)
    assert outcome.call.state is CallState.DIALING
    assert (outcome.call.tags, outcome.call.external_id) == (("a",), "crm-1")
    assert outcome.call.metadata == (Pair(key="lead", value="7"),)
    assert outcome.call.request_id == desk.process.principal.request_id
    assert outcome.lookup is not None
    stored = await desk.process.store.load(outcome.call.id)
    assert stored is not None
    assert stored.legs[1] == outcome.call.legs[1]  # the first goes on meanwhile
    assert (stored.id, stored.created_at, stored.actor) == (
        outcome.call.id,
        outcome.call.created_at,
        outcome.call.actor,
    )
    assert await desk.process.count_rows() == (1, 1)


async def test_given_a_used_key_when_it_comes_again_then_the_same_call_comes_back_and_nothing_more_rings(
    desk: Desk,
) -> None:
    first = await desk.place()
    again = await desk.place(destination_number="1 (555) 010-0000")
    assert (again.call.id, again.is_replayed) == (first.call.id, True)
    assert [one.code for one in await desk.refuse(external_id="other")] == ["IDEMPOTENCY_KEY_REUSED"]
    assert desk.process.executor.asked(commands.CreateChannel) == ["CreateChannel"]
    assert await desk.process.count_rows() == (1, 1)


async def test_given_one_key_many_times_at_once_when_placed_then_one_call_rings(desk: Desk) -> None:
    outcomes = await asyncio.gather(*(desk.place() for _ in range(20)))
    assert sorted(outcome.is_replayed for outcome in outcomes) == [False] + [True] * 19
    assert len({outcome.call.id for outcome in outcomes}) == 1
    await desk.process.only_actor()
    assert desk.process.executor.asked(commands.CreateChannel) == ["CreateChannel"]
    assert await desk.process.count_rows() == (1, 1)


async def test_given_what_the_caller_can_mend_when_refused_then_every_problem_names_its_field(desk: Desk) -> None:
    assert await desk.refuse(tags=("",), external_id="x" * 300) == await refuse_directly(
        desk, tags=("",), external_id="x" * 300
    )
    assert [(one.code, one.field) for one in await desk.refuse(connect_extension="9999")] == [
        ("NOT_FOUND", ("connect", "extension"))
    ]
    assert [one.code for one in await desk.refuse(destination_number="nonsense")] == ["INVALID_NUMBER"]
    assert [one.code for one in await desk.refuse(caller_id="+12125550100")] == ["CALLER_ID_NOT_OWNED"]
    assert await desk.process.count_rows() == (0, 0)
    assert not (await desk.place()).is_replayed  # the key was not burnt


async def refuse_directly(desk: Desk, **fields: Any) -> list[Problem]:
    with pytest.raises(RefusedError) as caught:
        await desk.process.calls.originate(desk.process.principal, make_request(**fields))
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("wait_for", "answering"),
    [
        (WaitFor.FIRST_ANSWER, (LegRole.AGENT,)),
        (WaitFor.AGENT_ANSWERED, (LegRole.AGENT,)),
        (WaitFor.CONNECTED, (LegRole.AGENT, LegRole.CUSTOMER)),
    ],
)
async def test_given_a_wait_when_the_call_gets_there_then_it_is_reached(
    desk: Desk, wait_for: WaitFor, answering: tuple[LegRole, ...]
) -> None:
    placing = desk.place_later(wait_for=wait_for)
    await desk.process.answer(await desk.process.only_actor(), *answering)
    outcome = await asyncio.wait_for(placing, 30)
    assert (outcome.wait_outcome, outcome.is_replayed) == (WaitOutcome.REACHED, False)
    assert [outcome.call.leg_of(role).answered_at is not None for role in answering] == [True] * len(answering)


async def test_given_a_wait_when_the_call_ends_without_then_it_is_said(desk: Desk) -> None:
    placing = desk.place_later(wait_for=WaitFor.CONNECTED)
    actor = await desk.process.only_actor()
    actor.post(inputs.LegDestroyed(leg_id=actor.call.legs[0].id, cause=17, sip_code=486))
    outcome = await asyncio.wait_for(placing, 30)
    assert outcome.wait_outcome is WaitOutcome.CALL_ENDED
    assert outcome.call.is_ending


async def test_given_the_customer_is_dialled_first_when_they_answer_then_that_is_no_agents_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routed, "_LAST_LEG_SECONDS", 30.0)
    placing = desk.place_later(wait_for=WaitFor.AGENT_ANSWERED, dial_first=LegRole.CUSTOMER)
    actor = await desk.process.only_actor()
    await desk.process.answer(actor, LegRole.CUSTOMER)
    await until(lambda: actor.call.leg_of(LegRole.CUSTOMER).answered_at is not None)
    await desk.process.end(actor)
    outcome = await asyncio.wait_for(placing, 30)
    assert (outcome.wait_outcome, outcome.call.is_ended) == (WaitOutcome.CALL_ENDED, True)


async def test_given_a_wait_when_the_end_is_decided_and_the_last_leg_goes_after_then_the_call_has_ended_in_the_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routed, "_LAST_LEG_SECONDS", 30.0)
    placing = desk.place_later(wait_for=WaitFor.CONNECTED)
    actor = await desk.process.only_actor()
    await desk.process.answer(actor, LegRole.AGENT)
    await until(lambda: len(actor.call.legs) == 2)
    actor.post(inputs.LegDestroyed(leg_id=actor.call.leg_of(LegRole.CUSTOMER).id, cause=17, sip_code=486))
    await until(lambda: actor.call.is_ending)
    assert not actor.call.is_ended
    await desk.process.end(actor)
    outcome = await asyncio.wait_for(placing, 30)
    assert (outcome.wait_outcome, outcome.call.is_ended) == (WaitOutcome.CALL_ENDED, True)


async def test_given_a_wait_when_time_is_up_then_the_call_goes_on(hasty: Desk) -> None:
    outcome = await hasty.place(wait_for=WaitFor.CONNECTED)
    assert outcome.wait_outcome is WaitOutcome.TIMED_OUT
    actor = await hasty.process.only_actor()
    assert actor.call.id == outcome.call.id
    assert not actor.call.is_ending


async def test_given_a_call_under_way_when_its_key_comes_again_then_the_second_joins_the_wait(desk: Desk) -> None:
    first = desk.place_later(wait_for=WaitFor.CONNECTED)
    actor = await desk.process.only_actor()
    # Waiting is no effect: another wait is the same request.
    second = desk.place_later(wait_for=WaitFor.FIRST_ANSWER)
    third = desk.place_later(wait_for=WaitFor.CONNECTED)
    await desk.process.answer(actor, LegRole.AGENT)
    assert (await asyncio.wait_for(second, 30)).wait_outcome is WaitOutcome.REACHED
    assert not third.done()
    await desk.process.answer(actor, LegRole.CUSTOMER)
    outcomes = await asyncio.wait_for(asyncio.gather(first, second, third), 30)
    assert [outcome.is_replayed for outcome in outcomes] == [False, True, True]
    assert {outcome.wait_outcome for outcome in outcomes} == {WaitOutcome.REACHED}
    assert {outcome.call.id for outcome in outcomes} == {actor.call.id}
    assert await desk.process.count_rows() == (1, 1)


async def test_given_a_call_of_another_process_when_its_key_comes_here_then_it_is_followed_by_what_is_written(
    database: Database, database_dsn: str
) -> None:
    async with AsyncExitStack() as stack:
        # Both hold the Asterisk, as for a moment they may when it changes hands.
        process = Process(database, await make_principal(database))
        await stack.enter_async_context(process.living())
        await stack.enter_async_context(owning(process, await take_lease(database)))
        other_database = await Database.connect(database_dsn, pool_size=5)
        stack.push_async_callback(other_database.aclose)
        other = Process(other_database, process.principal)
        await stack.enter_async_context(other.living())
        desk = Desk(other, await stack.enter_async_context(asking_here(other)))

        await process.place()
        actor = await process.only_actor()
        waiting = [desk.place_later(wait_for=wait) for wait in (WaitFor.FIRST_ANSWER, WaitFor.CONNECTED)]
        await process.answer(actor, LegRole.AGENT)
        outcome = await asyncio.wait_for(waiting[0], 30)
        assert (outcome.wait_outcome, outcome.is_replayed) == (WaitOutcome.REACHED, True)
        assert outcome.call.id == actor.call.id
        assert not waiting[1].done()
        await process.end(actor)
        assert (await asyncio.wait_for(waiting[1], 30)).wait_outcome is WaitOutcome.CALL_ENDED
        assert other.executor.commands == []


async def test_given_the_client_goes_away_while_it_waits_when_its_key_comes_again_then_it_joins_the_wait(
    desk: Desk,
) -> None:
    placing = desk.place_later(wait_for=WaitFor.CONNECTED)
    actor = await desk.process.only_actor()
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing
    joined = desk.place_later(wait_for=WaitFor.CONNECTED)
    await desk.process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    assert (await asyncio.wait_for(joined, 30)).wait_outcome is WaitOutcome.REACHED
    assert desk.process.executor.asked(commands.HangupChannel) == []
    assert await desk.process.count_rows() == (1, 1)


async def test_given_the_asterisk_has_changed_hands_under_a_request_when_placed_then_whoever_has_it_places_it(
    database: Database,
) -> None:
    async with AsyncExitStack() as stack:
        former = Process(database, await make_principal(database))
        former.registry.close()
        process = Process(database, former.principal)
        await stack.enter_async_context(process.living())
        await stack.enter_async_context(owning(process, await take_lease(database)))
        calls = await stack.enter_async_context(asking_here(former))
        async with asyncio.timeout(ACCEPT_SECONDS / 2):
            placed = await Desk(former, calls).place()
        assert not placed.is_replayed
        assert placed.call.id == (await process.only_actor()).call.id


async def test_given_asterisk_is_away_when_placed_then_it_says_so_and_leaves_no_row(desk: Desk) -> None:
    desk.process.ready.why_not_ready = "No connection to Asterisk: reset"
    with pytest.raises(AsteriskUnavailableError, match="No connection to Asterisk: reset") as caught:
        await desk.place()
    assert caught.value.retry_after_seconds == 2.0
    assert await desk.process.count_rows() == (0, 0)


async def test_given_a_full_node_when_placed_then_it_says_so(desk: Desk) -> None:
    desk.process.registry._capacity = 3
    for key in ("1", "2", "3"):
        await desk.place(idempotency_key=key)
    with pytest.raises(OverloadedError, match="3 live calls"):
        await desk.place(idempotency_key="4")


async def test_given_a_mistake_of_ours_inside_when_placed_then_it_is_no_refusal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.process.registry, "start", fail)
    with pytest.raises((ZeroDivisionError, OffhookError)) as caught:
        await desk.place()
    assert getattr(caught.value, "code", "INTERNAL") == "INTERNAL"


async def test_given_a_live_call_when_hung_up_then_it_ends_and_a_second_time_is_an_invalid_state(desk: Desk) -> None:
    placed = await desk.place()
    actor = await desk.process.only_actor()
    ending = await desk.calls.hang_up(desk.process.principal, placed.call.id)
    assert ending.is_ending
    await until(lambda: desk.process.registry.find(actor.call.id) is None)
    with pytest.raises(RefusedError) as caught:
        await desk.calls.hang_up(desk.process.principal, placed.call.id)
    assert [(one.code, one.current_state, one.field) for one in caught.value.problems] == [
        ("INVALID_STATE", "ENDED", ("callId",))
    ]


async def test_given_a_live_call_when_changed_then_what_is_left_out_stays_and_null_clears(desk: Desk) -> None:
    placed = await desk.place(external_id="crm-1", tags=("a",), metadata=(Pair(key="k", value="v"),))
    call_id, principal = placed.call.id, desk.process.principal
    tagged = await desk.calls.update(principal, UpdateRequest(call_id=call_id, tags=("b", "c")))
    assert (tagged.tags, tagged.external_id, len(tagged.metadata)) == (("b", "c"), "crm-1", 1)
    cleared = await desk.calls.update(principal, UpdateRequest(call_id=call_id, external_id=None, metadata=()))
    assert (cleared.tags, cleared.external_id, cleared.metadata) == (("b", "c"), None, ())
    named = await desk.calls.update(principal, UpdateRequest(call_id=call_id, external_id="UNSET"))
    assert named.external_id == "UNSET"  # a text like any other
    with pytest.raises(RefusedError) as caught:
        await desk.calls.update(principal, UpdateRequest(call_id=call_id, tags=("",)))
    assert [one.field for one in caught.value.problems] == [("tags", "0")]


async def test_given_another_accounts_call_when_asked_for_then_it_is_not_told_from_one_that_never_was(
    desk: Desk,
) -> None:
    placed = await desk.place()
    stranger = replace(desk.process.principal, account_id="acc_other")
    problems: list[tuple[Problem, ...]] = []
    for call_id in (placed.call.id, new_id(Kind.CALL), new_id(Kind.LEG), "", "call_x", "\0"):
        for attempt in (
            desk.calls.hang_up(stranger, call_id),
            desk.calls.update(stranger, UpdateRequest(call_id=call_id, tags=("x",))),
        ):
            with pytest.raises(RefusedError) as caught:
                await attempt
            problems.append(caught.value.problems)
    assert set(problems) == {(Problem("NOT_FOUND", "There is no such call.", ("callId",)),)}
    assert desk.calls.live_call("acc_other", placed.call.id) is None


async def test_given_a_key_without_the_scope_when_it_acts_then_it_is_refused(desk: Desk) -> None:
    reader = replace(desk.process.principal, scopes=frozenset({Scope.CALLS_READ}))
    for attempt in (
        desk.calls.originate(reader, make_request(idempotency_key="")),
        desk.calls.hang_up(reader, "call_x"),
        desk.calls.update(reader, UpdateRequest(call_id="call_x")),
    ):
        with pytest.raises(ScopeError):
            await attempt


async def test_given_the_end_is_near_when_asked_then_nothing_is_begun_and_nobody_is_kept_waiting(desk: Desk) -> None:
    waiting = desk.place_later(wait_for=WaitFor.CONNECTED)
    actor = await desk.process.only_actor()
    await asyncio.sleep(0.05)
    desk.calls.drain()
    assert (await asyncio.wait_for(waiting, 30)).wait_outcome is WaitOutcome.TIMED_OUT
    with pytest.raises(ShuttingDownError) as caught:
        await desk.place(idempotency_key="late")
    assert (caught.value.code, caught.value.retryable, caught.value.http_status) == ("SHUTTING_DOWN", True, 503)
    assert (await desk.calls.hang_up(desk.process.principal, actor.call.id)).is_ending  # what ends, ends
    assert await desk.process.count_rows() == (1, 1)
