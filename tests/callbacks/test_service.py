"""Scheduling, changing and calling off, as far as the database and the clock go."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.scopes import Scope
from app.callbacks.model import CallbackFilter, CallbackState, ScheduleRequest, UpdateCallbackRequest, Wanted
from app.errors import AsteriskUnavailableError, Problem, RefusedError, ScopeError
from app.facts.callbacks import CallbackScheduled
from app.facts.vocabulary import Party
from app.hours.local_time import LocalTime, Resolution
from app.ids import Kind, new_id
from app.paging import PageRequest
from tests.callbacks.conftest import NINE, World
from tests.callbacks.paper import NUMBER

pytestmark = pytest.mark.postgres


def at_clock(shown: str, time_zone: str) -> LocalTime:
    return LocalTime(date_time=datetime.fromisoformat(shown), time_zone=time_zone)


async def test_given_a_time_when_scheduled_then_it_is_kept_told_and_somebody_is_woken(world: World) -> None:
    made = await world.schedule(NINE + timedelta(hours=1))
    assert (made.state, made.due_at, made.local) == (CallbackState.SCHEDULED, NINE + timedelta(hours=1), None)
    assert await world.read(made.id) == made
    (fact,) = world.told
    assert isinstance(fact, CallbackScheduled)
    assert (fact.callback_id, fact.customer, fact.external_id) == (made.id, Party(number=NUMBER), "lead 7")
    assert len(world.changes) == 1
    assert [request.dry_run for request in world.judge.asked] == [True]


@pytest.mark.parametrize(
    ("shown", "due_at", "resolution"),
    [
        ("2026-03-29T01:30", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), Resolution.EXACT),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), Resolution.MOVED_ON),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), Resolution.FIRST_OF_TWO),
    ],
)
async def test_given_a_local_time_when_clocks_change_then_the_stated_rule_finds_the_instant(
    world: World, shown: str, due_at: datetime, resolution: Resolution
) -> None:
    local = at_clock(shown, "Europe/Berlin")
    made = await world.schedule(local)
    assert (made.due_at, made.resolution, made.local) == (due_at, resolution, local)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"when": NINE - timedelta(minutes=2)}, "at"),
        ({"when": NINE + timedelta(days=367)}, "at"),
        ({"when": at_clock("2026-03-03T00:00", "Europe")}, "at"),
        ({"when": at_clock("9999-12-31T23:00", "America/New_York")}, "at"),
        ({"grace_seconds": -1.0}, "graceSeconds"),
        ({"grace_seconds": float("nan")}, "graceSeconds"),
        ({"max_attempts": 0}, "maxAttempts"),
        ({"max_attempts": 11}, "maxAttempts"),
        ({"retry_after_seconds": 0.5}, "retryAfterSeconds"),
        ({"idempotency_key": ""}, "idempotencyKey"),
    ],
)
async def test_given_what_cannot_be_when_scheduled_then_it_is_refused_by_its_field(
    world: World, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.schedule(**changes)  # type: ignore[arg-type]  # any of the request's fields
    assert refused.value.problems[0].code == "INVALID_INPUT"
    assert refused.value.problems[0].field[0] == field
    assert world.told == []


async def test_given_a_key_when_used_again_then_the_same_callback_comes_back_even_after_its_time(world: World) -> None:
    made = await world.schedule(NINE + timedelta(hours=1))
    await world.pass_seconds(2 * 3600)
    request = ScheduleRequest(
        idempotency_key="key 1",
        when=NINE + timedelta(hours=1),
        wanted=Wanted(destination_number=NUMBER, connect_extension="2001", external_id="lead 7"),
    )
    again = await world.callbacks.schedule(world.by, request)
    assert (again.callback.id, again.is_replayed) == (made.id, True)
    with pytest.raises(RefusedError) as refused:
        await world.schedule(NINE + timedelta(hours=5))
    assert refused.value.problems[0].code == "IDEMPOTENCY_KEY_REUSED"


async def test_given_one_key_when_asked_many_times_at_once_then_there_is_one_callback(world: World) -> None:
    made = await asyncio.gather(*(world.schedule(NINE + timedelta(hours=1)) for _ in range(5)))
    assert len({one.id for one in made}) == 1
    assert world.types == ["callback.scheduled"]


async def test_given_a_refused_call_when_scheduled_then_it_is_refused_but_for_an_agent_who_is_away(
    world: World,
) -> None:
    world.judge.fate = RefusedError(
        [Problem("AGENT_OFFLINE", "Away.", ("connect",)), Problem("DESTINATION_DENIED", "No.", ("destination",))]
    )
    with pytest.raises(RefusedError) as refused:
        await world.schedule()
    assert [one.code for one in refused.value.problems] == ["DESTINATION_DENIED"]
    world.judge.fate = RefusedError(Problem("AGENT_OFFLINE", "Away.", ("connect",)))
    assert (await world.schedule()).state is CallbackState.SCHEDULED


async def test_given_no_asterisk_when_scheduled_then_it_is_kept_all_the_same(world: World) -> None:
    world.judge.fate = AsteriskUnavailableError("Away.")
    assert (await world.schedule()).state is CallbackState.SCHEDULED


@pytest.mark.parametrize(
    "fate", [RefusedError(Problem("AGENT_OFFLINE", "Away.", ("connect",))), AsteriskUnavailableError("Away."), None]
)
async def test_given_numbers_as_people_write_them_when_scheduled_then_they_are_kept_as_do_not_call_lists_have_them(
    world: World, fate: Exception | None
) -> None:
    world.judge.fate = fate
    made = await world.schedule(
        wanted=Wanted(destination_number="(212) 555-0123", connect_number="212 555 0124", caller_id="12125550125")
    )
    assert made.wanted.destination_number == NUMBER
    assert (made.wanted.connect_number, made.wanted.caller_id) == ("+12125550124", "+12125550125")


async def test_given_a_callback_when_changed_then_what_is_given_changes_and_nothing_else(world: World) -> None:
    made = await world.schedule()
    request = UpdateCallbackRequest(
        callback_id=made.id,
        when=at_clock("2026-03-03T10:00", "Europe/Berlin"),
        wanted={"external_id": None, "connect_extension": None, "connect_agent_id": "agent_1"},
        max_attempts=3,
    )
    world.clock.advance(1)
    changed = await world.callbacks.update(world.by, request)
    assert changed.due_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    assert (changed.wanted.external_id, changed.wanted.connect_agent_id) == (None, "agent_1")
    assert (changed.wanted.destination_number, changed.max_attempts) == (NUMBER, 3)
    assert (changed.grace_seconds, changed.created_at) == (made.grace_seconds, made.created_at)
    assert world.types == ["callback.scheduled", "callback.updated"]
    assert await world.read(made.id) == changed


async def test_given_a_callback_when_called_off_twice_then_it_is_told_once_and_never_placed(world: World) -> None:
    made = await world.schedule()
    for _ in range(2):
        assert (await world.callbacks.cancel(world.by, made.id)).state is CallbackState.CANCELLED
    await world.pass_seconds(7200)
    assert world.types == ["callback.scheduled", "callback.cancelled"]
    assert world.paper.asked == []
    with pytest.raises(RefusedError) as refused:
        await world.callbacks.update(world.by, UpdateCallbackRequest(callback_id=made.id, max_attempts=2))
    assert (refused.value.problems[0].code, refused.value.problems[0].current_state) == ("INVALID_STATE", "CANCELLED")


async def test_given_a_callback_that_has_begun_when_changed_or_called_off_then_it_is_refused(world: World) -> None:
    made = await world.schedule()
    await world.pass_seconds(3600)
    asked = (
        world.callbacks.cancel(world.by, made.id),
        world.callbacks.update(world.by, UpdateCallbackRequest(callback_id=made.id, max_attempts=2)),
    )
    for one in asked:
        with pytest.raises(RefusedError) as refused:
            await one
        assert (refused.value.problems[0].code, refused.value.problems[0].current_state) == ("INVALID_STATE", "STARTED")


async def test_given_another_account_when_it_asks_then_there_is_no_such_callback(world: World) -> None:
    made = await world.schedule()
    assert await world.callbacks.get(world.stranger.account_id, made.id) is None
    page = await world.callbacks.page(world.stranger.account_id, CallbackFilter(), PageRequest(limit=10))
    assert list(page.items) == []
    for callback_id in (made.id, new_id(Kind.CALLBACK), "no id"):
        for asked in (
            world.callbacks.cancel(world.stranger, callback_id),
            world.callbacks.update(world.stranger, UpdateCallbackRequest(callback_id=callback_id, max_attempts=2)),
        ):
            with pytest.raises(RefusedError) as refused:
                await asked
            assert refused.value.problems[0].code == "NOT_FOUND"


async def test_given_a_key_without_the_scope_when_it_asks_then_it_is_refused(world: World) -> None:
    made = await world.schedule()
    world.by = type(world.by)(
        account_id=world.by.account_id,
        account_name="acme",
        default_region="US",
        key_id="key_2",
        scopes=frozenset(Scope) - {Scope.CALLBACKS},
    )
    with pytest.raises(ScopeError):
        await world.schedule(key="key 2")
    with pytest.raises(ScopeError):
        await world.callbacks.cancel(world.by, made.id)
    with pytest.raises(ScopeError):
        await world.callbacks.update(world.by, UpdateCallbackRequest(callback_id=made.id, max_attempts=2))


async def test_given_callbacks_when_listed_then_a_filter_admits_its_own_and_pages_go_by_due_time(world: World) -> None:
    ids = [(await world.schedule(NINE + timedelta(hours=hours), key=f"key {hours}")).id for hours in (3, 1, 2)]
    await world.callbacks.cancel(world.by, ids[2])
    account_id = world.by.account_id
    page = await world.callbacks.page(account_id, CallbackFilter(), PageRequest(limit=2))
    assert [one.id for one in page.items] == [ids[1], ids[2]]
    assert page.has_next
    rest = await world.callbacks.page(account_id, CallbackFilter(), PageRequest(limit=2, position=page.positions[-1]))
    assert [one.id for one in rest.items] == [ids[0]]
    for where, expected in (
        (CallbackFilter(states=(CallbackState.CANCELLED,)), {ids[2]}),
        (CallbackFilter(due_from=NINE + timedelta(hours=2)), {ids[0], ids[2]}),
        (CallbackFilter(due_to=NINE + timedelta(hours=2)), {ids[1]}),
        (CallbackFilter(number=NUMBER, external_id="lead 7"), set(ids)),
        (CallbackFilter(number="+12125550124"), set()),
    ):
        found = await world.callbacks.page(account_id, where, PageRequest(limit=10))
        assert {one.id for one in found.items} == expected
        assert (await world.callbacks.count(account_id, where)).count == len(expected)
