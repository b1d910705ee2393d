"""Looking at a test clock, advancing and resetting it: once for each key, and by test keys alone."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.db.engine import Database
from app.errors import RefusedError, ScopeError
from app.testclock.clock import FURTHEST_DAYS
from app.testclock.service import SandboxClocks
from tests.calls.standing_in import HandClock

pytestmark = pytest.mark.postgres

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = 86_400.0


@dataclass
class World:
    database: Database
    clock: HandClock
    clocks: SandboxClocks
    audit: AuditLog
    by: Principal
    stranger: Principal
    told: list[None] = field(default_factory=list)

    async def refusal(self, key: str = "k", *, to: datetime | None = None, by_seconds: float | None = None) -> str:
        with pytest.raises(RefusedError) as refused:
            await self.clocks.advance(self.by, key, to=to, by_seconds=by_seconds)
        return f"{refused.value.problems[0].code} {'.'.join(refused.value.problems[0].field)}".strip()


@pytest.fixture
async def world(database: Database) -> World:
    audit, clock = AuditLog(database), HandClock(NINE)
    accounts = [await Accounts(database, audit).create(name) for name in ("acme", "other")]
    by, stranger = (
        Principal(
            account_id=one.id,
            account_name=one.name,
            default_region="US",
            key_id="key_1",
            scopes=frozenset({Scope.CALLBACKS}),
            is_test=True,
        )
        for one in accounts
    )
    told: list[None] = []

    async def changed() -> None:
        told.append(None)

    clocks = SandboxClocks(database, audit, clock, changed=changed)
    return World(database, clock, clocks, audit, by, stranger, told)


async def test_given_an_account_when_nobody_has_set_its_clock_then_it_shows_the_true_time(world: World) -> None:
    shown = await world.clocks.look(world.by)
    assert shown is not None
    assert (shown.now, shown.clock.ahead, shown.clock.advanced_at) == (NINE, timedelta(), None)


async def test_given_a_clock_when_advanced_then_it_runs_on_from_there_for_this_account_alone(world: World) -> None:
    advanced = await world.clocks.advance(world.by, "one", by_seconds=DAY)
    assert (advanced.now, advanced.clock.advanced_at) == (NINE + timedelta(days=1), NINE)
    assert len(world.told) == 1
    world.clock.advance(60)
    again = await world.clocks.advance(world.by, "two", by_seconds=DAY)
    assert again.now == NINE + timedelta(days=2, seconds=60)
    shown = await world.clocks.look(world.by)
    assert shown is not None
    assert shown.now == again.now
    others = await world.clocks.look(world.stranger)
    assert others is not None
    assert others.now == world.clock.now()


async def test_given_an_instant_when_advanced_to_it_then_the_clock_shows_it(world: World) -> None:
    to = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=1)))
    assert (await world.clocks.advance(world.by, "one", to=to)).now == to
    assert (await world.clocks.advance(world.by, "two", to=to)).now == to  # it is there already


async def test_given_a_key_when_used_again_then_no_more_time_passes_and_another_input_is_refused(world: World) -> None:
    first = await world.clocks.advance(world.by, "k", by_seconds=DAY)
    again = await world.clocks.advance(world.by, "k", by_seconds=DAY)
    assert (again.is_replayed, again.now) == (True, first.now)
    assert len(world.told) == 1
    assert await world.refusal("k", by_seconds=2 * DAY) == "IDEMPOTENCY_KEY_REUSED idempotencyKey"


async def test_given_one_key_when_many_use_it_at_once_then_the_time_passes_once(world: World) -> None:
    shown = await asyncio.gather(*(world.clocks.advance(world.by, "k", by_seconds=DAY) for _ in range(5)))
    assert {one.now for one in shown} == {NINE + timedelta(days=1)}
    assert sorted(one.is_replayed for one in shown) == [False, True, True, True, True]


async def test_given_several_keys_when_used_at_once_then_each_adds_its_time(world: World) -> None:
    await asyncio.gather(*(world.clocks.advance(world.by, f"k{n}", by_seconds=DAY) for n in range(5)))
    shown = await world.clocks.look(world.by)
    assert shown is not None
    assert shown.clock.ahead == timedelta(days=5)


async def test_given_what_cannot_be_when_advanced_then_it_is_refused_and_burns_no_key(world: World) -> None:
    await world.clocks.advance(world.by, "one", by_seconds=DAY)
    world.told.clear()
    assert await world.refusal() == "INVALID_INPUT to"
    assert await world.refusal(to=NINE, by_seconds=1.0) == "INVALID_INPUT to"
    assert await world.refusal(to=NINE + timedelta(hours=23)) == "INVALID_INPUT to"  # it never goes back
    assert await world.refusal(to=NINE + timedelta(days=FURTHEST_DAYS, seconds=1)) == "INVALID_INPUT to"
    for seconds in (0.0, -1.0, float("nan"), float("inf"), 1e300, FURTHEST_DAYS * DAY):
        assert await world.refusal(by_seconds=seconds) == "INVALID_INPUT bySeconds"
    assert await world.refusal("", by_seconds=1.0) == "INVALID_INPUT idempotencyKey"
    assert world.told == []
    assert not (await world.clocks.advance(world.by, "k", by_seconds=1.0)).is_replayed


async def test_given_a_clock_that_is_ahead_when_reset_then_it_shows_the_true_time_however_often(world: World) -> None:
    await world.clocks.advance(world.by, "one", by_seconds=DAY)
    assert (await world.clocks.reset(world.by, reason="done")).now == NINE
    assert (await world.clocks.reset(world.by)).now == NINE
    assert len(world.told) == 2  # the second reset changed nothing
    with pytest.raises(RefusedError):
        await world.clocks.reset(world.by, reason="x" * 201)
    await world.audit.flush()
    async with world.database.acquire() as connection:
        lines = await connection.fetch(
            "SELECT action, details FROM audit_line WHERE account_id = $1 AND action LIKE 'test_clock.%' ORDER BY id",
            world.by.account_id,
        )
    assert [(line["action"], line["details"]) for line in lines] == [
        ("test_clock.advance", {"aheadSeconds": DAY}),
        ("test_clock.reset", {"reason": "done"}),
    ]


async def test_given_a_live_key_when_it_asks_then_it_has_no_test_clock_and_sets_none(world: World) -> None:
    live = replace(world.by, is_test=False)
    assert await world.clocks.look(live) is None
    for asked in (world.clocks.advance(live, "k", by_seconds=1.0), world.clocks.reset(live)):
        with pytest.raises(RefusedError) as refused:
            await asked
        assert (refused.value.problems[0].code, refused.value.problems[0].current_state) == ("INVALID_STATE", "LIVE")


async def test_given_keys_when_they_have_neither_scope_then_they_are_refused_and_one_is_enough(world: World) -> None:
    reader = replace(world.by, scopes=frozenset({Scope.CALLS_READ}))
    for asked in (world.clocks.look(reader), world.clocks.advance(reader, "k", by_seconds=1.0)):
        with pytest.raises(ScopeError):
            await asked
    campaigner = replace(world.by, scopes=frozenset({Scope.CAMPAIGNS_WRITE}))
    assert (await world.clocks.advance(campaigner, "k", by_seconds=1.0)).now == NINE + timedelta(seconds=1)
