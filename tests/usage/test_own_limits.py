"""What the operator grants and what the account lets itself have of it: the tighter holds, whoever spoke last."""

import asyncio

import pytest

from app.errors import RefusedError
from app.usage.deciding import Caps
from app.usage.room import Room, read_room
from tests.usage.conftest import Customer

pytestmark = pytest.mark.postgres

_BLOCKED = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_DEADLINE = 30.0


async def _see_blocked(customer: Customer) -> None:
    async with asyncio.timeout(_DEADLINE), customer.database.acquire() as connection:
        while not await connection.fetch(_BLOCKED):
            await asyncio.sleep(0.01)


async def test_given_a_grant_that_is_being_lowered_when_a_key_asks_for_more_then_it_is_refused(
    customer: Customer,
) -> None:
    await customer.grant(concurrent_calls=100)
    async with customer.database.acquire() as operator, operator.transaction():
        await operator.execute("SELECT FROM account_usage WHERE account_id = $1 FOR UPDATE", customer.account_id)
        asked = asyncio.ensure_future(customer.lower(concurrent_calls=90))
        await _see_blocked(customer)
        await operator.execute("UPDATE account_limits SET granted_concurrent_calls = 10")
    with pytest.raises(RefusedError) as refused:
        await asked
    assert [problem.code for problem in refused.value.problems] == ["LIMIT_ABOVE_GRANT"]
    assert (await customer.limits.read(customer.account_id)).caps == Caps(concurrent_calls=10)


async def test_given_a_key_and_the_operator_who_speak_at_once_when_both_are_done_then_no_more_holds_than_is_granted(
    customer: Customer,
) -> None:
    for _ in range(10):
        await customer.grant(concurrent_calls=100)
        said = await asyncio.gather(
            customer.grant(concurrent_calls=10),
            *(customer.lower(concurrent_calls=90) for _ in range(5)),
            return_exceptions=True,
        )
        assert all(isinstance(one, RefusedError) for one in said if isinstance(one, BaseException))
        assert (await customer.limits.read(customer.account_id)).caps.concurrent_calls == 10


async def test_given_an_own_word_above_the_grant_when_calls_are_taken_then_the_grant_holds(customer: Customer) -> None:
    await customer.grant(concurrent_calls=1)
    async with customer.database.acquire() as connection:
        await connection.execute("UPDATE account_limits SET concurrent_calls = 90")
        assert await read_room(connection, customer.account_id, customer.clock.now()) == Room(1, 0)
    assert [await customer.take() for _ in range(2)] == [None, "CONCURRENT_CALLS_REACHED"]


async def test_given_own_lower_caps_when_the_operator_grants_then_they_stay_but_for_what_is_less_now(
    customer: Customer,
) -> None:
    await customer.grant(concurrent_calls=100, calls_per_second=10)
    await customer.lower(concurrent_calls=20, calls_per_second=5)
    granted = await customer.grant(daily_spend_micros=7)
    assert granted.caps == Caps(concurrent_calls=20, calls_per_second=5, daily_spend_micros=7)
    assert (await customer.grant(concurrent_calls=200)).caps.concurrent_calls == 20
    assert (await customer.grant(concurrent_calls=3)).caps.concurrent_calls == 3
    assert (await customer.grant(concurrent_calls=None)).caps.concurrent_calls == 20


async def test_given_caps_that_are_the_operators_alone_when_more_is_granted_then_more_holds(customer: Customer) -> None:
    await customer.grant(concurrent_calls=1)
    await customer.lower(concurrent_calls=0)
    assert (await customer.lower(concurrent_calls=None)).caps.concurrent_calls == 1
    assert (await customer.grant(concurrent_calls=2)).caps.concurrent_calls == 2
    assert [await customer.take() for _ in range(3)] == [None, None, "CONCURRENT_CALLS_REACHED"]


async def test_given_an_own_cap_when_another_is_set_then_it_stays(customer: Customer) -> None:
    await customer.lower(concurrent_calls=4)
    await customer.lower(calls_per_second=2)
    assert (await customer.limits.read(customer.account_id)).caps == Caps(concurrent_calls=4, calls_per_second=2)
