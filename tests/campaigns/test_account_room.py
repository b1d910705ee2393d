"""What an account may use at most, where a campaign calls: fewer are claimed, and no contact pays for it."""

import pytest

from app.campaigns.model import ContactState, Pacing
from app.usage.caps import CapacityDesk, LimitReachedError
from app.usage.service import AccountLimits, LimitChanges
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers

pytestmark = pytest.mark.postgres

QUICK = Pacing(calls_per_minute=6000, max_concurrent_calls=1000)


async def _grant(hall: Hall, **caps: int | None) -> None:
    desk = CapacityDesk(hall.database, hall.log, hall.clock)
    limits = AccountLimits(hall.database, hall.opt_outs._audit, hall.clock, desk)
    await limits.grant(hall.account_id, LimitChanges(**caps))  # type: ignore[typeddict-item]


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
