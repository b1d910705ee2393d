"""Caps over a real database: never over by one, never stuck below, whoever asks and whoever dies."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from app.accounts.service import Accounts
from app.calls.core.model.call import Call
from app.calls.core.model.queue import QueueWait
from app.calls.keeping.counted import ended_of, occupants, outside_legs
from app.calls.keeping.store import CallStore, Change
from app.db.engine import Database
from app.errors import RefusedError
from app.facts.usage import Cap, UsageLimitReached
from app.facts.vocabulary import CallState, Direction, LegRole, LegState
from app.ids import LegId
from app.usage.caps import UNWRITTEN_SECONDS, CapacityDesk
from app.usage.rates import Rate, cost_of
from app.usage.service import LimitChanges
from tests.calls.lives import changes_of_life
from tests.calls.rows import insert_calls
from tests.calls.standing_in import running
from tests.usage.conftest import PRICE, Customer

pytestmark = pytest.mark.postgres


async def test_given_two_hundred_at_once_when_seven_calls_are_granted_then_exactly_seven_are_taken(
    customer: Customer,
) -> None:
    await customer.grant(concurrent_calls=7)
    other_process = CapacityDesk(customer.database, customer.log, customer.clock, occupants)
    said = await asyncio.gather(
        *(customer.take(desk=desk) for _ in range(100) for desk in (customer.desk, other_process))
    )
    assert Counter(said) == {None: 7, "CONCURRENT_CALLS_REACHED": 193}
    assert (await customer.standing())[0] == 7 == await customer.holds()


async def test_given_two_hundred_at_once_when_so_many_may_begin_in_a_second_then_exactly_so_many_do(
    customer: Customer,
) -> None:
    await customer.grant(calls_per_second=5)
    assert Counter(await asyncio.gather(*(customer.take() for _ in range(200)))) == {None: 5, "RATE_LIMITED": 195}
    customer.clock.advance(1)
    assert await customer.take() is None


async def test_given_two_hundred_at_once_when_money_is_left_for_ten_then_exactly_ten_are_taken(
    customer: Customer,
) -> None:
    await customer.price()
    call = customer.make_call()
    (leg,) = outside_legs(call, call.legs)
    each = cost_of(PRICE, round(leg.seconds * 1000))
    await customer.grant(daily_spend_micros=10 * each + each // 2)
    assert Counter(await asyncio.gather(*(customer.take() for _ in range(200)))) == {None: 10, "SPEND_CAP_REACHED": 190}
    assert await customer.standing() == (10, 10 * each, 0)


async def test_given_many_accounts_at_once_when_all_have_caps_then_each_has_its_own(customer: Customer) -> None:
    other = Customer(
        customer.database, (await Accounts(customer.database, customer.audit).create("other")).id, customer.clock
    )
    await customer.grant(concurrent_calls=3)
    await other.grant(concurrent_calls=5)
    said = await asyncio.gather(*(one.take() for _ in range(20) for one in (customer, other)))
    assert Counter(said)[None] == 8
    assert [(await one.standing())[0] for one in (customer, other)] == [3, 5]


async def test_given_no_limits_when_calls_are_taken_then_nothing_is_written(customer: Customer) -> None:
    assert [await customer.take() for _ in range(3)] == [None] * 3
    assert await customer.holds() == 0


async def test_given_a_call_with_two_outside_legs_when_it_is_taken_then_both_count_and_one_without_counts_once(
    customer: Customer,
) -> None:
    await customer.grant(concurrent_calls=3)
    assert await customer.take(customer.make_call(numbers=2)) is None
    assert await customer.take(customer.make_call(numbers=0)) is None
    assert (await customer.standing())[0] == 3
    assert await customer.take(customer.make_call(numbers=0)) == "CONCURRENT_CALLS_REACHED"


async def test_given_a_leg_that_is_had_when_it_is_asked_for_again_then_it_is_not_counted_twice(
    customer: Customer,
) -> None:
    await customer.grant(concurrent_calls=1, calls_per_second=1)
    call = customer.make_call()
    assert [await customer.take(call) for _ in range(3)] == [None] * 3
    assert (await customer.standing())[0] == 1


async def test_given_calls_that_were_never_written_when_a_minute_has_passed_then_their_places_are_free(
    customer: Customer,
) -> None:
    await customer.price()
    await customer.grant(concurrent_calls=2)
    assert [await customer.take() for _ in range(3)] == [None, None, "CONCURRENT_CALLS_REACHED"]
    customer.clock.advance(UNWRITTEN_SECONDS + 1)
    fresh = CapacityDesk(customer.database, customer.log, customer.clock, occupants)  # a process that has just begun
    assert await customer.take(desk=fresh) is None
    assert (await customer.standing())[0] == 1


async def test_given_calls_that_ended_unseen_when_an_account_is_refused_then_their_places_are_found(
    customer: Customer,
) -> None:
    await customer.grant(concurrent_calls=2)
    ended, live = customer.make_call(), customer.make_call()
    await customer.take(ended)
    await customer.take(live)
    await customer.write(ended, LegState.ENDED)
    await customer.write(live)
    assert await customer.take() is None
    assert await customer.take() == "CONCURRENT_CALLS_REACHED"


async def test_given_counters_that_were_lost_when_they_are_rebuilt_then_they_say_what_lives(customer: Customer) -> None:
    await customer.price()
    await customer.grant(concurrent_calls=9)
    for _ in range(3):
        call = customer.make_call()
        await customer.take(call)
        await customer.write(call)
    before = await customer.standing()
    async with customer.database.acquire() as connection:
        await connection.execute("UPDATE account_usage SET live = 77, held_micros = -5, spent_micros = 1")
        await connection.execute("DELETE FROM usage_hold WHERE id = (SELECT min(id) FROM usage_hold)")
    await customer.desk.rebuild_all()
    live, held, spent = await customer.standing()
    assert (live, spent) == (before[0], before[2])
    assert held > 0


async def test_given_calls_without_limits_when_limits_come_then_those_calls_count(customer: Customer) -> None:
    for _ in range(2):
        await customer.write(customer.make_call())
    await customer.write(customer.make_call(numbers=0))
    assert (await customer.grant(concurrent_calls=3)).concurrent_calls == 3
    assert await customer.take() == "CONCURRENT_CALLS_REACHED"


@pytest.mark.parametrize("numbers", [0, 1, 3])
async def test_given_calls_without_limits_when_limits_come_then_they_hold_what_they_would_have_taken(
    customer: Customer, numbers: int
) -> None:
    await customer.price()
    wait = QueueWait(queue_id="que_1", max_wait_seconds=90.0)
    calls = [
        msgspec.structs.replace(customer.make_call(numbers=numbers, seconds=seconds), queue=queue)
        for seconds in (60.0, 90.5)
        for queue in (None, wait)
    ]
    for call in calls:
        await customer.write(call)
    await customer.grant(daily_spend_micros=10**9)
    adopted = await customer.standing()
    async with customer.database.acquire() as connection:
        await connection.execute("DELETE FROM usage_hold")
        await connection.execute("UPDATE account_usage SET live = 0, held_micros = 0")
    for call in calls:
        assert await customer.take(call) is None
    assert adopted == await customer.standing()
    assert adopted[0] == len(calls) * max(1, numbers)


async def test_given_a_call_that_was_placed_to_nobody_outside_when_it_rings_somebody_there_then_both_count(
    customer: Customer,
) -> None:
    call, other = customer.make_call(numbers=0), customer.make_call()
    guest = msgspec.structs.replace(other.legs[-1], id=LegId("leg_guest"))
    await customer.write(msgspec.structs.replace(call, legs=(*call.legs, guest)))
    assert (await customer.grant(concurrent_calls=9)).concurrent_calls == 2


async def test_given_a_call_that_came_in_when_limits_come_then_only_those_outside_count_who_are_rung(
    customer: Customer,
) -> None:
    call = customer.make_call(numbers=2)
    caller, *rung = (leg for leg in call.legs if leg.role is LegRole.CUSTOMER)
    rung = [msgspec.structs.replace(leg, role=LegRole.AGENT) for leg in rung]
    caller = msgspec.structs.replace(caller, channel_id="1.1", state=LegState.UP)
    later = msgspec.structs.replace(rung[0], id=LegId("leg_later"), state=LegState.PLANNED)
    legs = (caller, *(msgspec.structs.replace(leg, state=LegState.RINGING) for leg in rung), later)
    came = msgspec.structs.replace(call, direction=Direction.INBOUND, legs=legs, state=CallState.RINGING)
    await insert_calls(customer.database, [came])
    assert (await customer.grant(concurrent_calls=9)).concurrent_calls == 1


async def test_given_a_number_without_a_price_when_spend_is_capped_then_it_is_not_called(customer: Customer) -> None:
    await customer.price(Rate(prefix="+44", minute_micros=1))
    assert await customer.take() is None
    await customer.grant(daily_spend_micros=10**9)
    assert await customer.take() == "DESTINATION_NOT_PRICED"
    assert await customer.take(customer.make_call(numbers=0)) is None


async def test_given_a_new_day_when_all_was_spent_then_there_is_money_again(customer: Customer) -> None:
    await customer.price()
    await customer.grant(daily_spend_micros=200_000)
    assert [await customer.take() for _ in range(2)] == [None, "SPEND_CAP_REACHED"]
    customer.clock.advance(24 * 3600)
    assert await customer.take() is None


async def test_given_a_cap_that_refuses_all_day_when_it_is_told_then_once_a_minute_and_of_money_once_a_day(
    customer: Customer,
) -> None:
    await customer.price()
    await customer.grant(concurrent_calls=0)
    for _ in range(3):
        for _ in range(5):
            await customer.take()
        customer.clock.advance(61)
    await customer.grant(concurrent_calls=None, daily_spend_micros=1)
    for _ in range(4):
        await customer.take()
        customer.clock.advance(3600)
    told = [event.fact for event in await customer.events() if isinstance(event.fact, UsageLimitReached)]
    assert Counter(fact.limit for fact in told) == {Cap.CONCURRENT_CALLS: 3, Cap.DAILY_SPEND: 1}
    assert told[-1].most_spend is not None


async def test_given_a_suspended_account_when_anything_is_taken_then_it_is_refused(customer: Customer) -> None:
    async with customer.database.acquire() as connection:
        await connection.execute("UPDATE account SET suspended_at = now(), suspended_by = 'OPERATOR'")
    assert await customer.take() == "ACCOUNT_SUSPENDED"


async def test_given_what_was_given_back_when_it_is_given_back_again_then_nothing_is_lost_or_won(
    customer: Customer,
) -> None:
    await customer.price()
    await customer.grant(concurrent_calls=2)
    calls = [customer.make_call() for _ in range(2)]
    for call in calls:
        await customer.take(call)
    ids = [leg.id for leg in calls[0].legs]
    await customer.desk.give_back(ids)
    await customer.desk.give_back(ids)
    live, held, _ = await customer.standing()
    assert live == 1
    await customer.desk.give_back([leg.id for leg in calls[1].legs])
    assert await customer.standing() == (0, 0, 0)
    assert held > 0


@pytest.mark.parametrize("seed", range(4))
async def test_given_any_lives_when_they_are_written_then_the_ledger_and_the_counters_say_what_they_cost(
    customer: Customer, seed: int
) -> None:
    rng = random.Random(seed)
    rate = Rate(prefix="+1555", minute_micros=70_001, fee_micros=13, minimum_seconds=3, increment_seconds=6)
    await customer.price(rate)
    await customer.grant(concurrent_calls=1000, daily_spend_micros=10**12)
    lives: list[list[Change]] = []
    for _ in range(12):
        call = customer.make_call(seconds=600)
        assert await customer.take(call) is None
        lives.append(changes_of_life(call, rng))
    store = CallStore(customer.database, customer.log)
    async with running(store.run()):
        await asyncio.gather(*(_live(store, life, rng) for life in lives))
    settled = {one.id: one for life in lives for change in life for one in ended_of(change)}
    outside = [one for one in settled.values() if one.country]
    costs = {one.id: cost_of(rate, one.milliseconds, is_answered=one.is_answered) for one in outside}
    living = [call for call in (life[-1].call for life in lives) if _is_held(call)]
    live, held, spent = await customer.standing()
    assert (live, spent) == (len(living), sum(costs.values()))
    assert (held == 0) is (not living)
    rows = await customer.ledger.read(customer.account_id, customer.clock.now().date(), _tomorrow(customer))
    assert sum(row.cost_micros for row in rows) == spent
    assert sum(row.calls for row in rows) == sum(one.counts for one in settled.values())
    assert sum(row.milliseconds for row in rows) == sum(one.milliseconds for one in settled.values() if one.counts)
    assert {row.country for row in rows} <= {"US", ""}
    await customer.desk.rebuild(customer.account_id)
    assert await customer.standing() == (live, held, spent)


async def _live(store: CallStore, life: list[Change], rng: random.Random) -> None:
    for change in life:
        await store.commit(change)
        if rng.random() < 0.3:  # the answer was lost, so it is handed in once more
            await store.commit(replace(change, is_retry=True))


def _is_held(call: Call) -> bool:
    return any(leg.party.number is not None and leg.state is not LegState.ENDED for leg in call.legs)


def _is_dialled(call: Call) -> bool:
    return any(leg.party.number is not None and leg.dialing_at is not None for leg in call.legs)


def _tomorrow(customer: Customer) -> date:
    return customer.clock.now().date() + timedelta(days=1)


async def test_given_a_life_without_limits_when_it_is_written_then_it_is_in_the_ledger_and_costs_nothing(
    customer: Customer, database: Database
) -> None:
    store = CallStore(database, customer.log)
    lives = (changes_of_life(customer.make_call(), random.Random(seed)) for seed in range(100))
    life = next(life for life in lives if life[-1].call.state is CallState.ENDED and _is_dialled(life[-1].call))
    async with running(store.run()):
        for change in life:
            await store.commit(change)
    (row,) = await customer.ledger.read(customer.account_id, customer.clock.now().date(), _tomorrow(customer))
    assert (row.calls, row.cost_micros, row.country) == (1, 0, "US")
    with pytest.raises(RefusedError):
        await customer.ledger.read(customer.account_id, customer.clock.now().date(), customer.clock.now().date())


async def test_given_costs_in_another_currency_when_the_day_is_counted_anew_then_only_the_present_one_is_spent(
    customer: Customer,
) -> None:
    await customer.grant(daily_spend_micros=10**6)
    async with customer.database.acquire() as connection:
        await connection.executemany(
            "INSERT INTO usage_day"
            " (account_id, day, kind, country, currency, calls, answered, milliseconds, cost_micros)"
            " VALUES ($1, $2, 'CAMPAIGN', 'US', $3, 1, 1, 1000, $4)",
            [
                (customer.account_id, customer.clock.now().date(), name, cost)
                for name, cost in (("USD", 7), ("JPY", 900))
            ],
        )
    await customer.desk.rebuild(customer.account_id)
    assert (await customer.standing())[2] == 7
    assert (await customer.limits.grant(customer.account_id, LimitChanges(), currency="JPY")).spent_micros == 900
