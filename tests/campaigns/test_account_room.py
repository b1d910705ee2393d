"""What an account may use at most, where a campaign calls: fewer are claimed, and no contact pays for it."""

from datetime import timedelta

import pytest

from app.calls.keeping.counted import occupants
from app.campaigns.model import ContactState, Pacing
from app.errors import RefusedError
from app.ids import Kind, new_id
from app.usage.caps import CapacityDesk, LimitReachedError, OutsideLeg
from app.usage.room import Room, read_room
from app.usage.service import AccountLimits, LimitChanges
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers

pytestmark = pytest.mark.postgres

QUICK = Pacing(calls_per_minute=6000, max_concurrent_calls=1000)


async def _grant(hall: Hall, **caps: int | None) -> CapacityDesk:
    desk = CapacityDesk(hall.database, hall.log, hall.clock, occupants)
    limits = AccountLimits(hall.database, hall.opt_outs._audit, hall.clock, desk)
    await limits.grant(hall.account_id, LimitChanges(**caps))  # type: ignore[typeddict-item]
    return desk


async def _place_others(hall: Hall, desk: CapacityDesk, calls: int) -> None:
    """Others of the account begin calls."""
    for _ in range(calls):
        await desk.take(hall.account_id, new_id(Kind.CALL), (), is_new=True)


async def _begin(hall: Hall) -> None:
    await hall.add_list(numbers(20))
    await hall.begin(pacing=QUICK)
    hall.clock.pass_seconds(1)
    await hall.dial(await hall.claim())  # the pace begins with the first look
    hall.clock.pass_seconds(1)


async def test_given_an_account_with_three_calls_when_a_campaign_claims_then_no_more_than_there_is_room_for(
    hall: Hall,
) -> None:
    await _begin(hall)
    await _grant(hall, concurrent_calls=4)  # the call that is under way is one of them
    batch = await hall.claim()
    assert len(batch.claims) == 3
    rows = await hall.contacts()
    assert sum(row["state"] == ContactState.CLAIMED for row in rows.values()) == 3
    assert all(row["state"] != ContactState.SKIPPED for row in rows.values())


async def test_given_a_suspended_account_when_its_campaign_claims_then_nobody_is_claimed_until_it_is_resumed(
    hall: Hall,
) -> None:
    await _begin(hall)
    before = await hall.contacts()
    async with hall.database.acquire() as connection:
        await connection.execute("UPDATE account SET suspended_at = now(), suspended_by = 'OPERATOR'")
    assert (await hall.claim()).claims == ()
    assert await hall.contacts() == before
    async with hall.database.acquire() as connection:
        await connection.execute("UPDATE account SET suspended_at = NULL")
    hall.clock.pass_seconds(1)
    assert (await hall.claim()).claims


async def test_given_a_cap_that_is_reached_between_claim_and_call_when_it_is_dialled_then_the_contact_is_as_before(
    hall: Hall,
) -> None:
    await _begin(hall)
    hall.telephone.refusal = LimitReachedError("no more")
    batch = await hall.claim()
    assert batch.claims
    assert await hall.dial(batch) == 0
    rows = await hall.contacts()
    refused = [rows[one.contact.number] for one in batch.claims]
    assert {row["state"] for row in refused} == {ContactState.WAITING}
    assert {row["attempts"] for row in refused} == {0}
    hall.telephone.refusal = None
    hall.clock.pass_seconds(1)
    again = await hall.claim()
    assert {one.contact.number for one in again.claims} >= {one.contact.number for one in batch.claims}
    assert await hall.dial(again) == len(again.claims)


async def test_given_calls_per_second_when_a_campaign_claims_then_no_more_than_what_others_have_left(
    hall: Hall,
) -> None:
    await _begin(hall)
    desk = await _grant(hall, calls_per_second=5)
    await _place_others(hall, desk, 3)
    now = hall.clock.now()
    batch = await hall.claim()
    assert len(batch.claims) == 2
    assert batch.again_at == now + timedelta(seconds=1)
    assert (await hall.claim()).claims == ()  # what is about to begin counts


async def test_given_a_second_that_is_used_up_when_a_campaign_looks_then_it_comes_again_when_another_begins(
    hall: Hall,
) -> None:
    await _begin(hall)
    desk = await _grant(hall, calls_per_second=2)
    begun_at = hall.clock.now()
    await _place_others(hall, desk, 1)
    hall.clock.pass_seconds(0.5)
    await _place_others(hall, desk, 1)
    before = await hall.contacts()
    batch = await hall.claim()
    assert (batch.claims, batch.again_at) == ((), begun_at + timedelta(seconds=1))
    assert await hall.contacts() == before, "nobody is claimed, decided on or put off"
    hall.clock.pass_seconds(0.5)
    assert len((await hall.claim()).claims) == 1


async def test_given_no_calls_per_second_at_all_when_a_campaign_looks_then_no_instant_is_better_than_another(
    hall: Hall,
) -> None:
    await _begin(hall)
    await _grant(hall, calls_per_second=0)
    batch = await hall.claim()
    assert (batch.claims, batch.again_at) == ((), None)


async def test_given_money_that_came_back_when_calls_per_second_are_refused_then_the_campaign_goes_on(
    hall: Hall,
) -> None:
    await _begin(hall)
    desk = await _grant(hall, daily_spend_micros=0, calls_per_second=5)
    for code in ("DESTINATION_NOT_PRICED", "SPEND_CAP_REACHED"):
        leg = OutsideLeg(new_id(Kind.LEG), "+15550100003", 60.0)
        with pytest.raises(RefusedError) as refused:
            await desk.take(hall.account_id, new_id(Kind.CALL), [leg], is_new=True)
        assert refused.value.problems[0].code == code
        async with hall.database.acquire() as connection:
            room = await read_room(connection, hall.account_id, hall.clock.now())
            assert room == (Room(0, 0) if code == "SPEND_CAP_REACHED" else None), "what has no price says nothing"
            await connection.execute(
                "INSERT INTO destination_rate (account_id, prefix, minute_micros) VALUES ($1, '+1', 60) "
                "ON CONFLICT DO NOTHING",
                hall.account_id,
            )
    desk = await _grant(hall, daily_spend_micros=10**9)
    async with hall.database.acquire() as connection:
        assert await read_room(connection, hall.account_id, hall.clock.now()) is None, "there is money from now on"
    await _place_others(hall, desk, 5)
    with pytest.raises(RefusedError, match="Try again in a moment"):
        await _place_others(hall, desk, 1)
    async with hall.database.acquire() as connection:
        assert await read_room(connection, hall.account_id, hall.clock.now()) is None
    hall.clock.pass_seconds(1)
    assert (await hall.claim()).claims


async def test_given_money_that_was_refused_a_while_ago_when_something_else_is_refused_then_it_is_not_about_money(
    hall: Hall,
) -> None:
    await _begin(hall)
    desk = await _grant(hall, daily_spend_micros=1, calls_per_second=1)
    async with hall.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO destination_rate (account_id, prefix, minute_micros) VALUES ($1, '+1', 60)", hall.account_id
        )
    leg = OutsideLeg(new_id(Kind.LEG), "+15550100003", 60.0)
    with pytest.raises(RefusedError, match="daily spend"):
        await desk.take(hall.account_id, new_id(Kind.CALL), [leg], is_new=True)
    hall.clock.pass_seconds(61)
    await _place_others(hall, desk, 1)
    with pytest.raises(RefusedError, match="Try again in a moment"):
        await _place_others(hall, desk, 1)
    async with hall.database.acquire() as connection:
        assert await read_room(connection, hall.account_id, hall.clock.now()) is None
