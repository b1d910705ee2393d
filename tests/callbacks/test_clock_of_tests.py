"""Callbacks of test keys by the account's test clock; those of live keys by the true time, whatever it shows."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.audit import AuditLog
from app.callbacks import store
from app.callbacks.model import Callback, CallbackState, UpdateCallbackRequest
from app.calls.keeping.change import FencedError
from app.errands.placer import LEASE, TRY_AGAIN
from app.errors import AsteriskUnavailableError, RefusedError
from app.facts.callbacks import CallbackFailure, CallbackStarted
from app.facts.vocabulary import Disposition
from app.testclock.service import SandboxClocks
from tests.callbacks.conftest import NINE, World

pytestmark = pytest.mark.postgres

DAY = 86_400.0


class Sandbox:
    """A test key of the world's account, and the clock that it sets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.live = world.by
        self.key = replace(world.by, key_id="key_test", is_test=True)
        world.by = self.key
        self.clocks = SandboxClocks(world.database, AuditLog(world.database), world.clock, changed=self._hear)
        self._times = 0

    async def _hear(self) -> None:
        pass

    async def advance(self, seconds: float) -> None:
        self._times += 1
        await self.clocks.advance(self.key, f"advance {self._times}", by_seconds=seconds)

    async def tomorrow(self, **changes: object) -> Callback:
        return await self.world.schedule(NINE + timedelta(days=1), **changes)  # type: ignore[arg-type]  # fields of the request


@pytest.fixture
def sandbox(world: World) -> Sandbox:
    return Sandbox(world)


async def test_given_a_callback_of_tomorrow_when_its_clock_is_advanced_then_it_is_placed_now_once_and_in_time(
    world: World, sandbox: Sandbox
) -> None:
    made = await sandbox.tomorrow(grace_seconds=0.0)
    await world.go_round()
    assert world.paper.asked == []
    await sandbox.advance(3 * DAY)  # beyond its time and its grace: nobody could have been there
    await world.go_round()
    await world.go_round()
    ((request, own),) = world.paper.asked
    assert request.idempotency_key == f"{made.id}:1"
    read = await world.read(made.id)
    assert (read.state, read.call_id, read.due_at) == (CallbackState.STARTED, own.call_id, made.due_at)
    assert read.started_at == NINE  # what has happened has its true time
    started = world.told[-1]
    assert isinstance(started, CallbackStarted)
    assert started.late_seconds == 0.0


async def test_given_a_callback_a_second_away_when_the_clock_runs_on_then_it_is_placed_at_its_time(
    world: World, sandbox: Sandbox
) -> None:
    await sandbox.tomorrow()
    await sandbox.advance(DAY - 1)
    await world.pass_seconds(0.9)
    assert world.paper.asked == []
    await world.pass_seconds(0.3)
    assert len(world.paper.asked) == 1
    started = world.told[-1]
    assert isinstance(started, CallbackStarted)
    assert started.late_seconds == 0.2


async def test_given_live_callbacks_and_another_accounts_when_a_test_clock_is_advanced_then_none_is_touched(
    world: World, sandbox: Sandbox
) -> None:
    world.by = sandbox.live
    live = await world.schedule(NINE + timedelta(days=1), key="live")
    world.by = replace(world.stranger, is_test=True)
    other = await world.schedule(NINE + timedelta(days=1), key="other")
    await sandbox.advance(300 * DAY)
    await world.pass_seconds(60)
    assert world.paper.asked == []
    assert (await world.read(other.id)).state is CallbackState.SCHEDULED
    world.by = sandbox.live
    assert (await world.read(live.id)).state is CallbackState.SCHEDULED
    with pytest.raises(RefusedError):  # a live key's time has not passed
        await world.schedule(NINE - timedelta(hours=1), key="over")
    assert (await world.schedule(NINE + timedelta(hours=1), key="soon")).due_at == NINE + timedelta(hours=1)


async def test_given_a_live_callback_to_a_sandbox_number_when_a_test_clock_is_advanced_then_it_waits_for_its_time(
    world: World, sandbox: Sandbox
) -> None:
    made = await sandbox.tomorrow()
    async with world.database.acquire() as connection:
        await connection.execute('UPDATE callback SET asked_by = \'{"keyId": "key_live"}\' WHERE id = $1', made.id)
    await sandbox.advance(2 * DAY)
    await world.go_round()
    assert world.paper.asked == []
    await world.pass_seconds(DAY)
    assert len(world.paper.asked) == 1


async def test_given_a_clock_that_is_ahead_when_scheduled_or_changed_then_over_and_too_far_are_by_that_clock(
    world: World, sandbox: Sandbox
) -> None:
    await sandbox.advance(30 * DAY)
    for when in (NINE + timedelta(days=29), NINE + timedelta(days=30 + 367)):
        with pytest.raises(RefusedError):
            await world.schedule(when)
    made = await world.schedule(NINE + timedelta(days=30 + 365))
    with pytest.raises(RefusedError):
        await world.callbacks.update(
            sandbox.key, UpdateCallbackRequest(callback_id=made.id, when=NINE + timedelta(days=29))
        )
    moved = NINE + timedelta(days=30, seconds=5)
    await world.callbacks.update(sandbox.key, UpdateCallbackRequest(callback_id=made.id, when=moved))
    await world.pass_seconds(4.9)
    assert world.paper.asked == []
    await world.pass_seconds(0.2)
    assert len(world.paper.asked) == 1


async def test_given_a_call_that_connects_nobody_when_it_is_tried_again_then_the_next_is_due_by_the_test_clock(
    world: World, sandbox: Sandbox
) -> None:
    made = await sandbox.tomorrow(max_attempts=2, retry_after_seconds=3600.0)
    await sandbox.advance(DAY)
    await world.go_round()
    call_id = str((await world.read(made.id)).call_id)
    world.clock.advance(30)
    await world.paper.end(call_id, Disposition.BUSY, at=world.clock.now())
    await world.go_round()
    again = await world.read(made.id)
    assert (again.state, again.due_at) == (
        CallbackState.SCHEDULED,
        NINE + timedelta(days=1, seconds=30 + 3600),
    )
    await sandbox.advance(3600)
    await world.go_round()
    assert [request.idempotency_key for request, _ in world.paper.asked] == [f"{made.id}:1", f"{made.id}:2"]


async def test_given_a_call_that_cannot_be_placed_when_it_is_put_off_then_by_the_true_time_and_its_grace_is_kept(
    world: World, sandbox: Sandbox
) -> None:
    made = await sandbox.tomorrow(grace_seconds=60.0)
    await sandbox.advance(DAY)
    world.paper.fates = [AsteriskUnavailableError("It is away.")] * 100
    await world.go_round()
    await world.go_round()
    assert len(world.paper.asked) == 1  # not again at once
    await world.pass_seconds(TRY_AGAIN.total_seconds())
    assert len(world.paper.asked) == 2
    await world.pass_seconds(60)
    failed = await world.read(made.id)
    assert (failed.state, failed.failure) == (CallbackState.FAILED, CallbackFailure.MISSED)


async def test_given_a_call_that_was_put_off_when_the_clock_is_reset_then_it_waits_for_its_time(
    world: World, sandbox: Sandbox
) -> None:
    await sandbox.tomorrow()
    await sandbox.advance(DAY)
    world.paper.fates = [AsteriskUnavailableError("It is away.")]
    await world.go_round()
    await sandbox.clocks.reset(sandbox.key)
    await world.pass_seconds(3600)
    assert len(world.paper.asked) == 1
    await world.pass_seconds(DAY - 3600)
    assert len(world.paper.asked) == 2


async def test_given_a_scheduler_that_died_when_the_clock_is_reset_then_what_it_had_claimed_is_placed_once_by_another(
    world: World, sandbox: Sandbox
) -> None:
    made = await sandbox.tomorrow()
    await sandbox.advance(DAY)
    world.paper.fates = [FencedError()]  # its claim stays as it is, as if it had died
    await world.scheduler.run_round()
    await sandbox.clocks.reset(sandbox.key)
    other = world.another_scheduler("n2")
    await other.run_round()
    assert not world.paper.placed  # the claim is another's
    world.clock.advance(LEASE.total_seconds() + 1)
    await other.run_round()
    assert len(world.paper.placed) == 1
    assert (await world.read(made.id)).state is CallbackState.STARTED


async def test_given_two_nodes_when_a_clock_is_advanced_then_each_callback_is_placed_by_one_of_them(
    world: World, sandbox: Sandbox
) -> None:
    made = [await sandbox.tomorrow(key=f"k{number}") for number in range(30)]
    await sandbox.advance(DAY)
    other = world.another_scheduler("n2")
    for _ in range(3):
        await asyncio.gather(world.scheduler.run_round(), other.run_round())
    keys = [request.idempotency_key for request, _ in world.paper.asked]
    assert sorted(keys) == sorted(f"{one.id}:1" for one in made)


async def test_given_thousands_that_wait_in_the_sandbox_when_it_is_looked_what_is_due_then_only_that_is_read(
    world: World, sandbox: Sandbox
) -> None:
    due = await sandbox.tomorrow()
    async with world.database.acquire() as connection:
        await connection.execute(
            """
            INSERT INTO callback
            SELECT (jsonb_populate_record(callback, jsonb_build_object(
                'id', callback.id || owner || n, 'account_id', owner,
                'due_at', due_at + make_interval(mins => n), 'try_at', due_at + make_interval(mins => n)
            ))).*
            FROM callback, unnest($1::text[]) AS owner, generate_series(1, 3000) AS n
            """,
            [world.by.account_id, world.stranger.account_id],
        )
        await connection.execute("ANALYZE callback")
    await sandbox.advance(DAY)
    async with world.database.acquire() as connection, connection.transaction():
        values = (NINE, 20)
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {store._DUE_IN_TESTS}", *values)
        rows = await store.lock_due(connection, now=NINE, node="n1", limit=20)
    assert [row["id"] for row in rows] == [due.id]
    assert rows_read(plan[0]["Plan"]) == 1


def rows_read(plan: dict[str, Any]) -> float:
    """How many rows of callbacks were looked at, in all."""
    own = 0.0
    if plan.get("Relation Name") == "callback":
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(rows_read(part) for part in plan.get("Plans", ()))
