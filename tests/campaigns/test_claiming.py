"""Who is claimed: each contact once, in order, at the pace, and by the rules of that instant."""

import asyncio
import importlib.metadata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.campaigns import claim_statements as statements
from app.campaigns.claim import LEASE, MOST_CLAIMS
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.rules import Basis, Decision
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import DelayReason, SkipReason
from app.campaigns.model import ContactState, Pacing
from app.db.kept import read_by_index
from app.facts.campaigns import ContactSkipped
from app.facts.vocabulary import Disposition
from app.hours.windows import CallingWindow
from app.numbers.policy import Rule, version_of
from app.numbers.zones import Zones, ZoneSource
from app.routing.policies import DestinationPolicies
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import number_of, numbers, retry


async def test_given_many_claimers_when_all_claim_at_once_then_no_contact_is_claimed_twice(hall: Hall) -> None:
    await hall.add_list(numbers(300))
    await hall.begin()
    hall.clock.pass_seconds(10)
    first = await hall.claim()
    assert len(first.claims) == 1  # the pace begins with the first look
    hall.clock.pass_seconds(10)
    batches = await asyncio.gather(*(hall.claim() for _ in range(5)))
    # Whoever comes first takes as many as a batch may hold, and two find nobody left.
    assert sorted(len(batch.claims) for batch in batches) == [0, 0, 299 - 2 * MOST_CLAIMS, MOST_CLAIMS, MOST_CLAIMS]
    claimed = Counter(one.contact.number for batch in (first, *batches) for one in batch.claims)
    assert claimed == Counter(numbers(300))
    rows = await hall.contacts()
    assert set(rows) == set(claimed)
    assert {row["state"] for row in rows.values()} == {ContactState.CLAIMED}
    assert len({row["call_id"] for row in rows.values()}) == len(rows)


async def test_given_a_pace_when_time_goes_by_then_so_many_are_claimed_each_minute(hall: Hall) -> None:
    await hall.add_list(numbers(700))
    await hall.begin(pacing=Pacing(calls_per_minute=300, max_concurrent_calls=1000))
    for _ in range(2):
        claimed = 0
        for _ in range(600):
            claimed += len((await hall.claim()).claims)
            hall.clock.pass_seconds(0.1)
        assert abs(claimed - 300) <= 6


async def test_given_a_pause_when_the_campaign_is_resumed_then_nothing_of_it_is_made_up_in_a_burst(hall: Hall) -> None:
    await hall.add_list(numbers(20))
    await hall.begin(pacing=Pacing(calls_per_minute=600, max_concurrent_calls=1000))
    assert len((await hall.claim()).claims) == 1
    assert await hall.take(Step.PAUSE)
    assert await hall.take(Step.RESUME)
    assert len((await hall.claim()).claims) == 0  # the distance to the call before the pause is kept
    assert await hall.take(Step.PAUSE)
    hall.clock.pass_seconds(60)
    assert await hall.take(Step.RESUME)
    assert len((await hall.claim()).claims) == 1
    hall.clock.pass_seconds(0.1)
    assert len((await hall.claim()).claims) == 1


async def test_given_a_cap_when_it_is_full_then_nobody_is_claimed_until_a_call_ends(hall: Hall) -> None:
    await hall.add_list(numbers(10))
    await hall.begin(pacing=Pacing(calls_per_minute=6000, max_concurrent_calls=3))
    hall.clock.pass_seconds(1)
    first = await hall.claim()
    assert len(first.claims) == 1  # the pace begins with the first look
    hall.clock.pass_seconds(1)
    assert len((await hall.claim()).claims) == 2
    hall.clock.pass_seconds(1)
    full = await hall.claim()
    assert (full.claims, full.again_at) == ((), None)
    await hall.dial(first)
    await hall.hang_up()
    assert len((await hall.claim()).claims) == 1


async def test_given_lists_with_the_same_number_when_all_is_claimed_then_it_is_called_once(hall: Hall) -> None:
    await hall.add_list(numbers(5))
    await hall.add_list(numbers(5, first=3))
    await hall.begin()
    called = []
    for _ in range(4):
        hall.clock.pass_seconds(1)
        called += [one.contact.number for one in (await hall.claim()).claims]
    assert called == [number_of(number) for number in range(8)]


async def test_given_numbers_that_must_not_be_called_when_claimed_then_each_is_skipped_with_its_reason(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(4))
    listed = await hall.forbid(number_of(1))
    own = await hall.forbid(number_of(2), applies_to_all=False)
    await hall.forbid(number_of(3), applies_to_all=False)
    await hall.begin(dnc_list_ids=[own])
    called = []
    for _ in range(3):
        hall.clock.pass_seconds(1)
        called += [one.contact.number for one in (await hall.claim()).claims]
    assert called == [number_of(0), number_of(3)]
    rows = await hall.contacts()
    assert [(rows[number_of(at)]["state"], rows[number_of(at)]["reason"]) for at in (1, 2)] == [
        ("SKIPPED", "DNC"),
        ("SKIPPED", "DNC"),
    ]
    told = [fact for fact in hall.told if isinstance(fact, ContactSkipped)]
    assert [(fact.reason, fact.dnc_list_ids) for fact in told] == [
        (SkipReason.DNC, (listed,)),
        (SkipReason.DNC, (own,)),
    ]
    totals = await hall.totals()
    assert (totals["TAKEN"], totals["SKIPPED"], totals["SKIP:DNC"]) == (4, 2, 2)
    records = await hall.fetch("SELECT disposition, call_id FROM cdr")
    assert records == 2 * [{"disposition": "DNC", "call_id": None}]


async def test_given_a_closed_window_when_claimed_then_the_contact_waits_for_its_opening_and_is_called_then(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1), zone="America/New_York")  # where it is four in the morning
    await hall.begin(schedule=Schedule(windows=(CallingWindow(from_time="08:00", to_time="21:00"),)))
    batch = await hall.claim()
    assert batch.claims == ()
    assert batch.again_at is not None
    assert batch.again_at.isoformat() == "2026-03-02T13:00:00+00:00"
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("WAITING", DelayReason.OUTSIDE_WINDOW)
    hall.clock.pass_seconds(4 * 3600)
    [claim] = (await hall.claim()).claims
    assert claim.number == 2  # its second decision
    assert claim.attempt == 1


async def test_given_a_number_called_as_often_as_it_may_be_when_claimed_then_it_waits_for_the_next_day(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(most_per_day=1, retries=retry(Disposition.BUSY, times=3, after=60))
    assert await hall.call_all_due() == 1
    await hall.hang_up(Disposition.BUSY)
    hall.clock.pass_seconds(61)
    batch = await hall.claim()
    assert batch.claims == ()
    [row] = (await hall.contacts()).values()
    assert (row["reason"], row["due_at"].isoformat()) == ("FREQUENCY_CAP", "2026-03-03T09:00:00+00:00")


async def test_given_a_claim_that_was_never_dialled_when_its_lease_is_over_then_the_contact_is_claimed_anew(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    [first] = (await hall.claim()).claims
    assert await hall.claims.release_stale(hall.campaign_id) == 0
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.claims.release_stale(hall.campaign_id) == 1
    [again] = (await hall.claim()).claims
    assert again.call_id != first.call_id
    assert (again.attempt, again.number) == (1, 2)
    assert [row["call_id"] for row in await hall.fetch("SELECT call_id FROM number_attempt")] == [again.call_id]


@pytest.mark.parametrize("state", ["DRAFT", "SCHEDULED", "PAUSED", "STOPPED", "FINISHED"])
async def test_given_a_campaign_that_does_not_run_when_claimed_then_nobody_is_called(hall: Hall, state: str) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(state=state)
    batch = await hall.claim()
    assert (batch.campaign, batch.claims) == (None, ())
    assert await hall.contacts() == {}


async def test_given_a_contact_that_is_removed_while_it_waits_when_it_is_due_then_it_is_skipped(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(retries=retry(Disposition.BUSY, times=1, after=60))
    await hall.call_all_due()
    await hall.hang_up(Disposition.BUSY)
    async with hall.database.acquire() as connection:
        await connection.execute("UPDATE contact SET deleted_at = now()")
    hall.clock.pass_seconds(61)
    assert (await hall.claim()).claims == ()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"], row["attempts"]) == ("SKIPPED", "REMOVED", 1)


async def test_given_a_number_in_two_campaigns_when_both_claim_at_once_then_the_cap_on_its_calls_holds(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(8))
    campaigns = [await hall.begin(name=name, most_per_day=1) for name in ("Spring", "Summer")]
    claimed: Counter[str] = Counter()

    async def claim(campaign_id: str) -> None:
        batch = await hall.claims.claim(campaign_id)
        claimed.update(one.contact.number for one in batch.claims)

    for _ in range(10):
        hall.clock.pass_seconds(0.003)
        await asyncio.gather(*(claim(one) for one in campaigns))
    assert claimed == Counter(numbers(8))


async def test_given_contacts_that_were_decided_on_when_the_decisions_are_read_then_each_tells_the_versions_of_then(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(3))
    await hall.fetch("UPDATE contact SET zone_source = 'NUMBER', number_data = '8.1' WHERE number = $1", number_of(0))
    listed = await hall.forbid(number_of(2))
    await hall.begin()
    policies = DestinationPolicies(hall.database, AuditLog(hall.database))
    before = await policies.read(hall.account_id)
    await _claim_next(hall)
    after = [Rule("+1", is_allowed=True), Rule("+1900", is_allowed=False)]
    await policies.set_rules(hall.account_id, after)
    await hall.fetch("UPDATE campaign SET version = 7")
    await hall.fetch("UPDATE dnc_list SET version = 5")
    await _claim_next(hall)
    told = [await _basis_of(hall, place) for place in range(3)]
    assert [one.policy for one in told] == [version_of(before), version_of(after), version_of(after)]
    assert len({version_of(before), version_of(after)}) == 2
    assert [one.campaign.version for one in told] == [1, 7, 7]
    assert [[(two.id, two.version) for two in one.dnc_lists] for one in told] == [
        [(listed, 1)],
        [(listed, 5)],
        [(listed, 5)],
    ]
    assert [one.number_data for one in told] == ["8.1", None, None]
    assert {one.zone_data for one in told} == {importlib.metadata.version("tzdata")}


async def test_given_a_number_that_is_nowhere_of_its_own_when_claimed_then_the_accounts_zone_of_now_counts(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(2), zone="Etc/UTC")
    await hall.fetch("UPDATE contact SET zone_source = 'ACCOUNT' WHERE number = $1", number_of(1))
    # Since the import, the account has moved to where it is four in the morning.
    await hall.fetch("UPDATE account SET time_zone = 'America/New_York'")
    await hall.begin(schedule=Schedule(windows=(CallingWindow(from_time="08:00", to_time="21:00"),)))
    called = []
    for _ in range(2):
        hall.clock.pass_seconds(1)
        called += [one.contact.number for one in (await hall.claim()).claims]
    assert called == [number_of(0)]
    row = (await hall.contacts())[number_of(1)]
    assert (row["reason"], row["due_at"].isoformat()) == ("OUTSIDE_WINDOW", "2026-03-02T13:00:00+00:00")
    assert (await _basis_of(hall, 1)).zones == Zones(names=("America/New_York",), source=ZoneSource.ACCOUNT)


async def _claim_next(hall: Hall) -> None:
    hall.clock.pass_seconds(1)
    await hall.claim()


async def _basis_of(hall: Hall, place: int) -> Basis:
    """What was last decided on for one of the contacts."""
    [row] = await hall.fetch(
        "SELECT decision FROM campaign_decision JOIN contact ON contact.id = contact_id WHERE number = $1 "
        "ORDER BY n DESC LIMIT 1",
        number_of(place),
    )
    return msgspec.convert(row["decision"], Decision).basis


async def test_given_a_campaign_newer_than_the_statistics_when_fresh_contacts_are_read_then_each_is_looked_up_alone(
    hall: Hall,
) -> None:
    list_id = await hall.add_list(numbers(400))
    await hall.begin(name="Spring")
    for _ in range(4):
        hall.clock.pass_seconds(1)
        await hall.claim()
    await hall.fetch("ANALYZE campaign_contact")
    newer = await hall.begin(name="Summer")
    async with hall.database.acquire() as connection, connection.transaction():
        await read_by_index(connection)
        plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statements.FRESH}", newer, list_id, 0, 100)
    looked_up = [one for one in nodes_of(plan[0]["Plan"]) if one.get("Relation Name") == "campaign_contact"]
    conditions = sorted(str(one.get("Index Cond")) for one in looked_up)
    assert len(conditions) == 2
    assert "contact_id" in conditions[0] + conditions[1]
    assert all(("contact_id" in one) or ("number" in one) for one in conditions)


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)
