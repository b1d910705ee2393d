"""Traces in a real database: written, read by their own account alone, deleted when they are old."""

import asyncio
from datetime import timedelta

import pytest

from app.calls.core import inputs
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.traces import keeper as keeping
from app.calls.traces.keeper import TraceKeeper, TraceQueries
from app.calls.traces.trace import Trace
from app.clock import SystemClock
from app.db.engine import Database
from tests.calls.making import make_call

pytestmark = pytest.mark.postgres


@pytest.fixture
def keeper(database: Database) -> TraceKeeper:
    return TraceKeeper(database, SystemClock(), retention=timedelta(days=14))


def _trace(keeper: TraceKeeper, call: Call) -> tuple[Call, Trace]:
    trace = keeper.begin(call)
    trace.take(inputs.Start(), call.created_at, call.created_at)
    result = step(call, inputs.Start(), call.created_at)
    trace.come_of(result)
    return result.call, trace


async def _count(database: Database) -> int:
    async with database.acquire() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM call_trace"))


async def test_given_a_call_that_is_over_when_its_trace_was_kept_then_its_account_reads_it_and_no_other_does(
    database: Database, keeper: TraceKeeper
) -> None:
    call, trace = _trace(keeper, make_call(account_id="acc_a"))
    keeper.keep(call, trace)
    assert not await keeper.run_round()
    queries = TraceQueries(database)
    found = await queries.get("acc_a", call.id)
    assert found is not None
    assert (found.after, len(found.entries)) == (call, 1)
    assert await queries.get("acc_b", call.id) is None


async def test_given_more_traces_than_go_at_once_when_written_then_all_are_after_some_rounds(
    database: Database, keeper: TraceKeeper
) -> None:
    for _ in range(keeping.BATCH + 1):
        keeper.keep(*_trace(keeper, make_call()))
    assert await keeper.run_round()
    assert not await keeper.run_round()
    assert await _count(database) == keeping.BATCH + 1


async def test_given_a_keeper_that_is_ended_when_traces_wait_then_they_are_written_yet(
    database: Database, keeper: TraceKeeper
) -> None:
    running = asyncio.create_task(keeper.run())
    keeper.keep(*_trace(keeper, make_call()))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await _count(database) == 1


async def test_given_a_full_queue_when_another_trace_comes_then_it_is_left_out_and_nothing_waits_for_it(
    database: Database, keeper: TraceKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "CAPACITY", 2)
    for _ in range(5):
        keeper.keep(*_trace(keeper, make_call()))
    await keeper.run_round()
    assert await _count(database) == 2
    keeper.keep(*_trace(keeper, make_call()))
    await keeper.run_round()
    assert await _count(database) == 3


async def test_given_old_traces_when_swept_then_they_are_gone_and_the_others_stay(
    database: Database, keeper: TraceKeeper
) -> None:
    old, young = _trace(keeper, make_call()), _trace(keeper, make_call())
    for one in (old, young):
        keeper.keep(*one)
    await keeper.run_round()
    async with database.acquire() as connection:
        await connection.execute(
            "UPDATE call_trace SET written_at = now() - interval '15 days' WHERE call_id = $1", old[0].id
        )
    fresh = TraceKeeper(database, SystemClock(), retention=timedelta(days=14))
    await fresh.run_round()
    queries = TraceQueries(database)
    assert await queries.get("acc_1", old[0].id) is None
    assert await queries.get("acc_1", young[0].id) is not None
