"""Placing calls over a real database: the key, what is replayed, and what is refused."""

import asyncio
from datetime import timedelta

import pytest

from app.accounts.principal import Principal
from app.calls.core import commands
from app.calls.core.inputs import Input
from app.calls.keeping.change import FencedError
from app.calls.planning.requests import OwnCall, WaitFor
from app.calls.time_limits import ACCEPT_SECONDS
from app.db.engine import Database
from app.errors import (
    AsteriskUnavailableError,
    DatabaseUnavailableError,
    OverloadedError,
    UnavailableError,
)
from app.facts.vocabulary import CallKind, CallState, Disposition, EndCode, Errand, LegRole
from app.ids import CallId, Kind, new_id
from tests.calls.standing_in import obey, running, until
from tests.calls.standing_in_process import Process, make_request

pytestmark = pytest.mark.postgres


async def test_given_a_wait_when_placed_then_it_answers_at_once_with_the_call_as_it_is_written(
    process: Process,
) -> None:
    placed = await process.place(wait_for=WaitFor.CONNECTED)  # whoever answers the caller waits
    assert placed.call.state is CallState.DIALING
    stored = await process.store.load(placed.call.id)
    assert stored is not None
    assert stored.id == placed.call.id


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


async def test_given_the_client_goes_away_before_the_commit_when_cancelled_then_the_call_is_placed_all_the_same(
    database: Database, principal: Principal
) -> None:
    process = Process(database, principal)
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
    process = Process(database, principal, capacity=1)
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
    process = Process(database, principal, accept_seconds=0.05)
    async with running(process.registry.run()):
        with pytest.raises(DatabaseUnavailableError, match="will not be dialled"):
            await process.place()  # nobody writes
        async with running(process.store.run()):
            await until(lambda: len(process.registry) == 0)
        assert process.executor.asked(commands.CreateChannel, commands.DialChannel) == []
        again = await process.place()
        assert again.is_replayed
        assert again.call.outcome is Disposition.FAILED
        assert again.call.end_reason is not None
        assert again.call.end_reason.code is EndCode.DIAL_FAILED


def _own_call(process: Process, seconds: float) -> OwnCall:
    """A call of Offhook's own, not to be begun later than so many seconds from now."""
    return OwnCall(
        kind=CallKind.CALLBACK,
        errand=Errand(callback_id="cb_1"),
        call_id=CallId(new_id(Kind.CALL)),
        keys="callback",
        not_after=process.clock.now() + timedelta(seconds=seconds),
    )


async def test_given_an_own_call_when_it_is_looked_up_too_late_then_nothing_is_begun_and_the_key_is_not_burnt(
    process: Process,
) -> None:
    with pytest.raises(UnavailableError, match="not placed"):
        await process.calls.place(process.principal, make_request(), _own_call(process, 0))
    assert await process.count_rows() == (0, 0)
    assert len(process.registry) == 0
    placed = await process.calls.place(process.principal, make_request(), _own_call(process, 60))
    assert not placed.is_replayed
    await process.only_actor()


async def test_given_an_own_call_when_it_is_not_written_in_time_then_it_is_never_dialled(
    database: Database, principal: Principal
) -> None:
    process = Process(database, principal)
    async with running(process.registry.run()):
        own = _own_call(process, 0.3)
        assert own.not_after is not None
        placing = asyncio.create_task(process.calls.place(principal, make_request(), own))
        await until(lambda: process.store.backlog == 1 or placing.done())  # and nobody writes yet
        placing.cancel()  # nobody is there any more to give it up
        await asyncio.wait([placing])
        not_after = own.not_after
        await until(lambda: process.clock.now() > not_after)
        async with running(process.store.run()):
            await until(lambda: len(process.registry) == 0)
        assert process.executor.asked(commands.CreateChannel, commands.DialChannel) == []


async def test_given_a_call_that_is_given_up_between_its_row_and_its_dialling_then_it_ends_without_being_dialled(
    process: Process,
) -> None:
    def give_up(command: commands.Command) -> tuple[Input, ...]:
        if isinstance(command, commands.CreateChannel):
            (actor,) = process.registry
            actor.give_up()
        return obey(command)

    process.executor.answer = give_up
    await process.place()
    (actor,) = process.registry
    await until(lambda: process.registry.find(actor.call.id) is None)
    assert process.executor.asked(commands.CreateChannel) != []
    assert process.executor.asked(commands.DialChannel) == []
    assert actor.call.end_reason is not None
    assert actor.call.end_reason.code is EndCode.DIAL_FAILED


async def test_given_a_call_that_is_dialled_when_it_is_given_up_then_it_goes_on(process: Process) -> None:
    await process.place()
    actor = await process.only_actor()
    actor.give_up()
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    await process.end(actor)


async def test_given_a_process_that_has_let_go_of_its_calls_when_a_request_is_still_on_its_way_then_it_hears_at_once(
    database: Database, principal: Principal
) -> None:
    process = Process(database, principal)
    process.registry.close()
    async with asyncio.timeout(
        ACCEPT_SECONDS / 2
    ):  # the time in which a call must be written has nothing to do with it
        with pytest.raises(FencedError):
            await process.place()
    assert await process.count_rows() == (0, 0)


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
