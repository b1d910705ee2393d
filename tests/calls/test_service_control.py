"""Changing and ending calls over a real database, and whose call it is."""

from dataclasses import replace

import pytest

from app.accounts.scopes import Scope
from app.calls.core import commands, inputs
from app.calls.planning.requests import UpdateRequest
from app.errors import (
    AsteriskUnavailableError,
    Problem,
    RefusedError,
    ScopeError,
)
from app.facts.vocabulary import Pair
from app.ids import Kind, new_id
from tests.calls.making import make_call
from tests.calls.rows import insert_calls
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process, make_request

pytestmark = pytest.mark.postgres


async def test_given_a_live_call_when_updated_then_what_is_unset_stays_and_none_clears(process: Process) -> None:
    placed = await process.place(external_id="lead-1", tags=("a",), metadata=(Pair(key="k", value="v"),))
    call = await process.calls.update(process.principal, UpdateRequest(call_id=placed.call.id, tags=("b", "c")))
    assert (call.external_id, call.tags, call.metadata) == ("lead-1", ("b", "c"), (Pair(key="k", value="v"),))
    call = await process.calls.update(
        process.principal, UpdateRequest(call_id=call.id, external_id=None, metadata=(), tags=())
    )
    assert (call.external_id, call.tags, call.metadata) == (None, (), ())
    call = await process.calls.update(process.principal, UpdateRequest(call_id=call.id))
    assert (call.external_id, call.tags) == (None, ())
    assert await process.store.load(call.id) == call


async def test_given_bad_texts_when_updated_then_all_are_told_and_nothing_changes(process: Process) -> None:
    placed = await process.place()
    bad = UpdateRequest(call_id=placed.call.id, external_id="", tags=("",), metadata=(Pair(key="", value=""),))
    with pytest.raises(RefusedError) as caught:
        await process.calls.update(process.principal, bad)
    assert [problem.field for problem in caught.value.problems] == [
        ("externalId",),
        ("metadata", "0", "key"),
        ("tags", "0"),
    ]
    assert (await process.only_actor()).call.tags == ()


async def test_given_an_ended_call_when_changed_or_hung_up_then_it_is_an_invalid_state(process: Process) -> None:
    await process.place()
    ended = await process.end(await process.only_actor())
    for attempt in (
        process.calls.update(process.principal, UpdateRequest(call_id=ended.id, tags=("late",))),
        process.calls.hang_up(process.principal, ended.id),
    ):
        with pytest.raises(RefusedError) as caught:
            await attempt
        (problem,) = caught.value.problems
        assert (problem.code, problem.current_state, problem.field) == ("INVALID_STATE", "ENDED", ("callId",))
    assert await process.store.load(ended.id) == ended


async def test_given_the_call_ends_before_its_update_is_taken_when_updated_then_it_is_an_invalid_state(
    process: Process,
) -> None:
    await process.place(tags=("a",))
    actor = await process.only_actor()
    actor.post(inputs.LegDestroyed(leg_id=actor.call.legs[0].id, cause=16))  # waits in the mailbox
    with pytest.raises(RefusedError) as caught:
        await process.calls.update(process.principal, UpdateRequest(call_id=actor.call.id, tags=("late",)))
    assert [(one.code, one.current_state) for one in caught.value.problems] == [("INVALID_STATE", "ENDED")]
    assert actor.call.tags == ("a",)


async def test_given_a_call_that_is_ending_when_hung_up_again_then_it_comes_back_as_it_ends(process: Process) -> None:
    await process.place()
    actor = await process.only_actor()
    process.executor.answer = lambda _: ()  # nobody is gone yet
    first = await process.calls.hang_up(process.principal, actor.call.id)
    again = await process.calls.hang_up(process.principal, actor.call.id)
    assert first.end_reason == again.end_reason is not None
    await until(lambda: process.executor.asked(commands.HangupChannel) == ["HangupChannel"])


async def test_given_another_accounts_call_when_asked_for_then_it_is_not_told_from_one_that_never_was(
    process: Process,
) -> None:
    placed = await process.place()
    ended = make_call(account_id=process.principal.account_id)
    await insert_calls(process.database, [ended])
    stranger = replace(process.principal, account_id="acc_other")
    problems: list[tuple[Problem, ...]] = []
    for call_id in (placed.call.id, ended.id, new_id(Kind.CALL), new_id(Kind.LEG), "", "call_x", "\0", "é" * 1000):
        for attempt in (
            process.calls.hang_up(stranger, call_id),
            process.calls.update(stranger, UpdateRequest(call_id=call_id, tags=("x",))),
        ):
            with pytest.raises(RefusedError) as caught:
                await attempt
            problems.append(caught.value.problems)
    assert set(problems) == {(Problem("NOT_FOUND", "There is no such call.", ("callId",)),)}
    assert process.calls.live_call("acc_other", placed.call.id) is None
    assert process.calls.live_call(process.principal.account_id, placed.call.id) is not None
    assert (await process.only_actor()).call.tags == ()


async def test_given_an_open_call_that_nobody_here_has_when_hung_up_then_it_is_an_outage_and_no_lie(
    process: Process,
) -> None:
    call = make_call(account_id=process.principal.account_id)
    await insert_calls(process.database, [call])
    with pytest.raises(AsteriskUnavailableError, match="not under this node's control"):
        await process.calls.hang_up(process.principal, call.id)


async def test_given_a_key_without_the_scope_when_it_acts_then_it_is_refused_before_anything_is_looked_at(
    process: Process,
) -> None:
    reader = replace(process.principal, scopes=frozenset({Scope.CALLS_READ}))
    for attempt in (
        process.calls.originate(reader, make_request(idempotency_key="")),
        process.calls.hang_up(reader, "call_x"),
        process.calls.update(reader, UpdateRequest(call_id="call_x")),
    ):
        with pytest.raises(ScopeError):
            await attempt


async def test_given_a_test_key_when_it_calls_within_the_sandbox_then_it_may(process: Process) -> None:
    tester = replace(process.principal, is_test=True)
    placed = await process.calls.originate(tester, make_request())
    assert placed.call.is_sandbox


async def test_given_a_test_key_when_the_way_out_is_real_then_it_is_refused_and_nothing_rings(
    process: Process,
) -> None:
    async with process.database.acquire() as connection:
        await connection.execute("UPDATE trunk SET is_sandbox = false")
    tester = replace(process.principal, is_test=True)
    with pytest.raises(RefusedError) as caught:
        await process.calls.originate(tester, make_request(destination_number=None, destination_extension="2002"))
    assert [problem.code for problem in caught.value.problems] == ["SANDBOX_ONLY"]
    assert await process.count_rows() == (0, 0)
