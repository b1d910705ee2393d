"""The use cases over a real database: waiting, replaying, refusing, and whose call it is."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.accounts.principal import Principal
from app.calls import commands, inputs
from app.calls import service as service_module
from app.calls.requests import WaitFor, WaitOutcome
from app.db.engine import Database
from app.errors import (
    AsteriskUnavailableError,
    DatabaseUnavailableError,
    OverloadedError,
)
from app.facts.vocabulary import CallState, Disposition, EndCode, LegRole
from tests.calls.standing_in import running, until
from tests.calls.standing_in_process import Process, make_principal

pytestmark = pytest.mark.postgres


@pytest.fixture
async def principal(database: Database) -> Principal:
    return await make_principal(database)


@pytest.fixture
async def process(database: Database, principal: Principal) -> AsyncIterator[Process]:
    made = Process(database, principal, wait_seconds=10.0)
    async with made.living():
        yield made


@pytest.fixture
async def hasty(database: Database, principal: Principal) -> AsyncIterator[Process]:
    """A process that waits for next to nothing."""
    made = Process(database, principal, wait_seconds=0.05)
    async with made.living():
        yield made


@pytest.mark.parametrize(
    ("wait_for", "answering"),
    [
        (WaitFor.FIRST_ANSWER, (LegRole.AGENT,)),
        (WaitFor.AGENT_ANSWERED, (LegRole.AGENT,)),
        (WaitFor.CONNECTED, (LegRole.AGENT, LegRole.CUSTOMER)),
    ],
)
async def test_given_a_wait_when_the_call_gets_there_then_it_is_reached(
    process: Process, wait_for: WaitFor, answering: tuple[LegRole, ...]
) -> None:
    placing = process.place_later(wait_for=wait_for)
    await process.answer(await process.only_actor(), *answering)
    outcome = await placing
    assert (outcome.wait_outcome, outcome.is_replayed) == (WaitOutcome.REACHED, False)
    assert [outcome.call.leg_of(role).answered_at is not None for role in answering] == [True] * len(answering)


async def test_given_the_customer_is_dialled_first_when_they_answer_then_that_is_no_agents_answer(
    hasty: Process,
) -> None:
    placing = hasty.place_later(wait_for=WaitFor.AGENT_ANSWERED, dial_first=LegRole.CUSTOMER)
    await hasty.answer(await hasty.only_actor(), LegRole.CUSTOMER)
    assert (await placing).wait_outcome is WaitOutcome.TIMED_OUT


async def test_given_no_wait_when_placed_then_it_answers_with_the_call_as_it_is_written(process: Process) -> None:
    outcome = await process.place()
    assert outcome.wait_outcome is WaitOutcome.REACHED
    assert outcome.call.state is CallState.DIALING
    assert outcome.lookup is not None
    stored = await process.store.load(outcome.call.id)
    assert stored is not None
    assert stored.id == outcome.call.id


async def test_given_a_wait_when_the_call_ends_without_then_it_is_said(process: Process) -> None:
    placing = process.place_later(wait_for=WaitFor.CONNECTED)
    actor = await process.only_actor()
    actor.post(inputs.LegDestroyed(leg_id=actor.call.legs[0].id, cause=17, sip_code=486))
    outcome = await placing
    assert outcome.wait_outcome is WaitOutcome.CALL_ENDED
    assert outcome.call.is_ending


async def test_given_a_wait_when_time_is_up_then_the_call_goes_on(hasty: Process) -> None:
    outcome = await hasty.place(wait_for=WaitFor.CONNECTED)
    assert outcome.wait_outcome is WaitOutcome.TIMED_OUT
    actor = await hasty.only_actor()
    assert actor.call.id == outcome.call.id
    assert not actor.call.is_ending


async def test_given_a_call_under_way_when_its_key_comes_again_then_the_second_joins_the_wait(
    process: Process,
) -> None:
    first = process.place_later(wait_for=WaitFor.CONNECTED)
    actor = await process.only_actor()
    # Waiting is no effect: another wait is the same request.
    second = process.place_later(wait_for=WaitFor.FIRST_ANSWER)
    third = process.place_later(wait_for=WaitFor.CONNECTED)
    await process.answer(actor, LegRole.AGENT)
    assert (await second).wait_outcome is WaitOutcome.REACHED
    assert not third.done()
    await process.answer(actor, LegRole.CUSTOMER)
    outcomes = await asyncio.gather(first, second, third)
    assert [outcome.is_replayed for outcome in outcomes] == [False, True, True]
    assert {outcome.call.id for outcome in outcomes} == {actor.call.id}
    assert await process.count_rows() == (1, 1)


async def test_given_one_key_many_times_at_once_when_placed_then_one_call_rings(process: Process) -> None:
    outcomes = await asyncio.gather(*(process.place() for _ in range(8)))
    assert sorted(outcome.is_replayed for outcome in outcomes) == [False] + [True] * 7
    assert len({outcome.call.id for outcome in outcomes}) == 1
    await process.only_actor()
    assert process.executor.asked(commands.CreateChannel) == ["CreateChannel"]
    assert await process.count_rows() == (1, 1)


async def test_given_a_call_of_another_process_when_its_key_comes_here_then_it_is_followed_by_what_is_written(
    process: Process, database_dsn: str, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "_LOOK_SECONDS", 0.01)
    other_database = await Database.connect(database_dsn, pool_size=2)
    other = Process(other_database, principal, wait_seconds=10.0)
    async with other.living():
        await process.place()
        actor = await process.only_actor()
        waiting = [other.place_later(wait_for=wait) for wait in (WaitFor.FIRST_ANSWER, WaitFor.CONNECTED)]
        await process.answer(actor, LegRole.AGENT)
        outcome = await waiting[0]
        assert (outcome.wait_outcome, outcome.is_replayed) == (WaitOutcome.REACHED, True)
        assert outcome.call.id == actor.call.id
        assert not waiting[1].done()
        await process.end(actor)
        assert (await waiting[1]).wait_outcome is WaitOutcome.CALL_ENDED
        assert other.executor.commands == []
    await other_database.aclose()


async def test_given_a_used_key_when_it_comes_with_another_input_then_it_is_refused_and_nothing_rings(
    process: Process,
) -> None:
    await process.place()
    await process.only_actor()
    assert await process.refuse(external_id="other") == ["IDEMPOTENCY_KEY_REUSED"]
    assert await process.refuse(destination_number="+15550100001") == ["IDEMPOTENCY_KEY_REUSED"]
    # The same number, written otherwise, is the same input.
    assert (await process.place(destination_number="1 (555) 010-0000")).is_replayed
    assert await process.count_rows() == (1, 1)


async def test_given_a_used_key_when_the_account_has_changed_then_the_call_comes_back_all_the_same(
    process: Process,
) -> None:
    placed = await process.place()
    async with process.database.acquire() as connection:
        await connection.execute("DELETE FROM destination_rule")
    assert (await process.place()).call.id == placed.call.id
    assert await process.refuse(idempotency_key="new") == ["DESTINATION_DENIED"]


async def test_given_a_refused_request_when_mended_then_its_key_is_not_burnt(process: Process) -> None:
    assert await process.refuse(connect_extension="9999") == ["NOT_FOUND"]
    assert await process.refuse(caller_id="+12125550100") == ["CALLER_ID_NOT_OWNED"]
    assert await process.refuse(destination_number="nonsense") == ["INVALID_NUMBER"]
    assert await process.count_rows() == (0, 0)
    assert len(process.registry) == 0
    assert not (await process.place()).is_replayed


async def test_given_asterisk_is_away_when_placed_then_it_says_so_and_leaves_no_row(process: Process) -> None:
    process.ready.why_not_ready = "No connection to Asterisk: reset"
    with pytest.raises(AsteriskUnavailableError, match="No connection to Asterisk"):
        await process.place()
    assert await process.count_rows() == (0, 0)
    assert len(process.registry) == 0
    process.ready.why_not_ready = None
    placed = await process.place()
    assert not placed.is_replayed
    # What a key has placed is told even while nothing can be dialled.
    process.ready.why_not_ready = "No connection to Asterisk: reset"
    assert (await process.place()).call.id == placed.call.id


async def test_given_the_client_goes_away_while_it_waits_when_cancelled_then_nothing_is_hung_up(
    process: Process,
) -> None:
    placing = process.place_later(wait_for=WaitFor.CONNECTED)
    actor = await process.only_actor()
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing
    joined = process.place_later(wait_for=WaitFor.CONNECTED)
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    assert (await joined).wait_outcome is WaitOutcome.REACHED
    assert process.executor.asked(commands.HangupChannel) == []


async def test_given_the_client_goes_away_before_the_commit_when_cancelled_then_the_call_is_placed_all_the_same(
    database: Database, principal: Principal
) -> None:
    process = Process(database, principal, wait_seconds=1.0)
    async with running(process.registry.run()):
        placing = process.place_later()
        await until(lambda: process.store.backlog == 1)  # and nobody writes yet
        placing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await placing
        async with running(process.store.run()):
            await process.only_actor()
            assert (await process.place()).is_replayed


async def test_given_the_first_commit_fails_when_placed_then_the_caller_hears_it_and_nothing_rings(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError("The database is not available.")

    with monkeypatch.context() as patch:
        patch.setattr(process.store, "_write", fail)
        with pytest.raises(DatabaseUnavailableError):
            await process.place()
    assert process.executor.commands == []
    await until(lambda: len(process.registry) == 0)
    assert not (await process.place()).is_replayed


async def test_given_a_full_node_when_placed_then_it_says_so_and_the_key_is_not_burnt(
    database: Database, principal: Principal
) -> None:
    process = Process(database, principal, wait_seconds=1.0, capacity=1)
    async with process.living():
        await process.place()
        actor = await process.only_actor()
        with pytest.raises(OverloadedError):
            await process.place(idempotency_key="second")
        assert (await process.place()).is_replayed  # a replay needs no room
        await process.end(actor)
        assert not (await process.place(idempotency_key="second")).is_replayed


async def test_given_the_database_takes_too_long_when_placed_then_it_says_so_and_the_call_is_never_dialled(
    database: Database, principal: Principal
) -> None:
    process = Process(database, principal, wait_seconds=1.0, accept_seconds=0.05)
    async with running(process.registry.run()):
        with pytest.raises(DatabaseUnavailableError, match="will not be dialled"):
            await process.place()  # nobody writes
        async with running(process.store.run()):
            await until(lambda: len(process.registry) == 0)
        assert process.executor.asked(commands.CreateChannel, commands.DialChannel) == []
        outcome = await process.place()
        assert outcome.is_replayed
        assert (outcome.call.outcome, outcome.wait_outcome) == (Disposition.FAILED, WaitOutcome.REACHED)
        assert outcome.call.end_reason is not None
        assert outcome.call.end_reason.code is EndCode.DIAL_FAILED


async def test_given_a_used_key_when_its_trunk_is_gone_then_the_call_comes_back_all_the_same(process: Process) -> None:
    placed = await process.place()
    async with process.database.acquire() as connection:
        await connection.execute("UPDATE trunk SET is_sandbox = false")  # +1 555 01xx is no number there
        assert await connection.fetchval("SELECT count(*) FROM trunk WHERE is_sandbox") == 0
    assert (await process.place()).call.id == placed.call.id
    assert await process.refuse(idempotency_key="new") == ["INVALID_NUMBER"]


async def test_given_a_used_key_when_it_comes_with_what_is_no_number_then_it_is_reused_and_not_merely_wrong(
    process: Process,
) -> None:
    await process.place()
    assert await process.refuse(destination_number="nonsense") == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t", "naïve", "line\nbreak"])
async def test_given_a_key_that_is_none_when_placed_then_it_is_refused_and_nothing_is_written(
    process: Process, key: str
) -> None:
    assert await process.refuse(idempotency_key=key) == ["INVALID_INPUT"]
    assert await process.count_rows() == (0, 0)
