"""The end of a campaign crosses whatever is under way: each contact has exactly one outcome, whatever was before."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from app.campaigns import closing
from app.campaigns.claim import LEASE
from app.campaigns.closing import Closed
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.words import SkipReason
from app.campaigns.queries import CampaignQueries
from app.db.locks import CAMPAIGN_SETTLING
from app.facts.campaigns import ContactFinished, ContactSkipped
from app.facts.vocabulary import Disposition
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import MORNING, number_of, numbers, retry

_PATIENCE_SECONDS = 60.0
_END = MORNING + timedelta(seconds=10)
#: Whoever waits for a lock of this class, in this test's database: the server has others.
_WAITING = """
SELECT FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_BLOCKED = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def begin(hall: Hall, contacts: int) -> None:
    await hall.add_list(numbers(contacts))
    await hall.begin(retries=retry(Disposition.BUSY, times=1, after=30))
    await hall.fetch("UPDATE campaign SET end_at = $1", _END)


def outcomes(hall: Hall) -> Counter[str]:
    """How many outcomes each contact has been told to have."""
    return Counter(fact.contact_id for fact in hall.told if isinstance(fact, ContactFinished | ContactSkipped))


async def is_settled(hall: Hall) -> bool:
    [row] = await hall.fetch("SELECT settled_at FROM campaign WHERE id = $1", hall.campaign_id)
    return row["settled_at"] is not None


async def go_on(hall: Hall, steps: str) -> None:
    batch = None
    for step in steps:
        match step:
            case "c":
                hall.clock.pass_seconds(0.002)
                batch = await hall.claim()
            case "d":
                assert batch is not None
                await hall.dial(batch)
            case "x":
                assert batch is not None
                hall.telephone.crash = asyncio.CancelledError()
                with pytest.raises((asyncio.CancelledError, BaseExceptionGroup)):
                    await hall.dial(batch)
                hall.telephone.crash = None
            case "e":
                for call_id in hall.telephone.live:
                    await hall.telephone.end(call_id, Disposition.BUSY)
            case "s":
                await hall.following.settle(hall.campaign_id)
            case _:
                hall.clock.pass_seconds(10)
                assert await hall.closing.finish(hall.campaign_id)


@pytest.mark.parametrize(
    "steps",
    ["cE", "cEd", "cEx", "cdE", "cxE", "cdeE", "cxeE", "cdEes", "cxEes", "cdesE", "cdeEs", "ccdE", "cdccE", "cxceE"],
)
async def test_given_the_end_at_any_crossing_when_all_is_over_then_each_contact_has_exactly_one_outcome(
    hall: Hall, steps: str
) -> None:
    await begin(hall, 3)
    if "x" in steps.partition("E")[2]:
        steps = steps.replace("x", "d")  # the campaign is over, so nothing is placed
    await go_on(hall, steps)
    for _ in range(3):
        hall.clock.pass_seconds(LEASE.total_seconds() + 1)
        await hall.call_all_due()
        await hall.hang_up(Disposition.BUSY)
        assert not await hall.closing.finish(hall.campaign_id)
        await hall.closing.close(hall.campaign_id)
    rows = await hall.contacts()
    assert set(rows) == set(numbers(3))
    assert {row["state"] for row in rows.values()} <= {"FINISHED", "SKIPPED"}
    taken_up = [row["contact_id"] for row in rows.values() if row["reason"] != SkipReason.NOT_REACHED]
    assert outcomes(hall) == Counter(taken_up)
    assert taken_up
    totals = await hall.totals()
    assert totals.get("FINISHED", 0) + totals.get("SKIPPED", 0) == totals["TAKEN"] == len(rows)
    assert totals.get("SKIP:NOT_REACHED", 0) == len(rows) - len(taken_up)
    assert await hall.state() == "FINISHED"
    assert await is_settled(hall)


async def test_given_an_attempt_that_is_being_settled_when_the_end_comes_then_what_is_to_be_tried_again_is_let_go(
    hall: Hall,
) -> None:
    await begin(hall, 1)
    await hall.call_all_due()
    [call_id] = hall.telephone.live
    await hall.telephone.end(call_id, Disposition.BUSY)
    async with (
        asyncio.timeout(_PATIENCE_SECONDS),
        asyncio.TaskGroup() as group,
        hall.database.acquire() as connection,
        connection.transaction(),
    ):
        await connection.execute("SELECT FROM campaign_decision FOR UPDATE")
        settling = group.create_task(hall.following.settle(hall.campaign_id))
        while not await hall.fetch(_BLOCKED):  # it has read the campaign, and writes what follows
            assert not settling.done()
        hall.clock.pass_seconds(10)
        finishing = group.create_task(hall.closing.finish(hall.campaign_id))
        while not await hall.fetch(_WAITING, CAMPAIGN_SETTLING):
            assert not finishing.done()
    assert finishing.result()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"], row["attempts"]) == ("SKIPPED", "CAMPAIGN_OVER", 1)
    assert list(outcomes(hall).values()) == [1]


async def test_given_a_campaign_that_was_stopped_when_what_was_claimed_comes_back_then_it_is_skipped_too(
    hall: Hall,
) -> None:
    await begin(hall, 1)
    await hall.claim()
    assert await hall.take(Step.STOP)
    assert await hall.closing.close(hall.campaign_id) is Closed.WAITS
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.claims.release_stale(hall.campaign_id) == 1
    assert not await hall.closing.finish(hall.campaign_id)
    assert await hall.closing.close(hall.campaign_id) is Closed.SETTLED
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("SKIPPED", "CAMPAIGN_OVER")
    assert list(outcomes(hall).values()) == [1]
    assert await is_settled(hall)


async def test_given_a_claim_that_comes_back_while_the_campaign_is_closed_when_that_is_done_then_it_is_skipped_too(
    hall: Hall,
) -> None:
    await begin(hall, 1)
    await hall.claim()
    assert await hall.take(Step.STOP)
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    async with (
        asyncio.timeout(_PATIENCE_SECONDS),
        asyncio.TaskGroup() as group,
        hall.database.acquire() as connection,
        connection.transaction(),
    ):
        await connection.execute("LOCK TABLE campaign_list IN ACCESS EXCLUSIVE MODE")
        ending = group.create_task(hall.closing.close(hall.campaign_id))
        while not await hall.fetch(_BLOCKED):  # it has let go of all that waited, and asks who was never reached
            assert not ending.done()
        assert await hall.claims.release_stale(hall.campaign_id) == 1
        assert not ending.done()
    assert ending.result() is Closed.SETTLED
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("SKIPPED", "CAMPAIGN_OVER")
    assert list(outcomes(hall).values()) == [1]
    assert await is_settled(hall)


@pytest.mark.parametrize("state", ["RUNNING", "SCHEDULED", "PAUSED"])
async def test_given_contacts_whose_turn_never_came_when_the_campaign_was_stopped_then_each_has_that_outcome_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(closing, "MOST_LEFT_OUT", 3)
    await hall.add_list(numbers(20))
    await hall.add_list(numbers(20, first=10))  # ten of them are in both
    deleted = await hall.add_list(numbers(5, first=100))
    await hall.begin(state=state)
    await hall.fetch("UPDATE contact_list SET deleted_at = now() WHERE id = $1", deleted)
    await hall.fetch("UPDATE contact SET deleted_at = now() WHERE number = $1", number_of(3))
    if state == "RUNNING":
        assert await hall.call_all_due() == 1
    assert await hall.take(Step.STOP)
    assert not await is_settled(hall)
    while await hall.closing.close(hall.campaign_id) is Closed.MORE:
        pass
    await hall.hang_up()
    assert await hall.closing.close(hall.campaign_id) is Closed.SETTLED
    rows = await hall.contacts()
    called = {number_of(0)} if state == "RUNNING" else set()
    assert set(rows) == set(numbers(30)) - {number_of(3)}
    assert {number for number, row in rows.items() if row["reason"] == "NOT_REACHED"} == set(rows) - called
    assert set(outcomes(hall)) == {rows[number]["contact_id"] for number in called}
    totals = await hall.totals()
    assert (totals["TAKEN"], totals["SKIPPED"], totals["SKIP:NOT_REACHED"]) == (29, 29 - len(called), 29 - len(called))


async def test_given_several_that_close_a_campaign_when_all_are_done_then_nothing_was_counted_twice(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "MOST_LEFT_OUT", 2)
    monkeypatch.setattr(closing, "MOST_LET_GO", 1)
    await hall.add_list(numbers(25))
    await hall.begin(retries=retry(Disposition.BUSY, times=1, after=3600))
    for _ in range(5):
        await hall.call_all_due()
        hall.clock.pass_seconds(0.002)
    await hall.hang_up(Disposition.BUSY)
    assert await hall.take(Step.STOP)

    async def close() -> None:
        while await hall.closing.close(hall.campaign_id) is not Closed.SETTLED:
            pass

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(close())
    waited = sum(row["attempts"] == 1 for row in (await hall.contacts()).values())
    assert waited
    totals = await hall.totals()
    assert (totals["TAKEN"], totals["SKIPPED"]) == (25, 25)
    assert (totals["SKIP:CAMPAIGN_OVER"], totals["SKIP:NOT_REACHED"]) == (waited, 25 - waited)
    assert outcomes(hall).total() == waited


async def test_given_a_campaign_that_is_over_when_its_lists_grow_afterwards_then_nobody_new_is_told_of(
    hall: Hall,
) -> None:
    list_id = await hall.add_list(numbers(1))
    await hall.begin()
    await hall.call_all_due()
    await hall.hang_up()
    assert await hall.closing.finish(hall.campaign_id)
    assert await is_settled(hall)  # everybody had an outcome
    await hall.add_list(numbers(1, first=1))
    await hall.fetch("UPDATE contact SET list_id = $1", list_id)
    assert await hall.closing.close(hall.campaign_id) is Closed.SETTLED
    assert set(await hall.contacts()) == {number_of(0)}


async def test_given_contacts_that_the_end_left_out_when_they_are_explained_then_each_is_told_why(hall: Hall) -> None:
    await hall.add_list(numbers(2))
    await hall.begin(retries=retry(Disposition.BUSY, times=1, after=3600))
    await hall.call_all_due()
    await hall.hang_up(Disposition.BUSY)
    assert await hall.take(Step.STOP)
    assert await hall.closing.close(hall.campaign_id) is Closed.SETTLED
    queries = CampaignQueries(hall.database, hall.clock)
    told = {}
    for number, row in (await hall.contacts()).items():
        contact = await queries.get_contact(hall.account_id, hall.campaign_id, row["contact_id"])
        assert contact is not None
        told[number] = await queries.explain(contact)
    assert told[number_of(1)] == (
        "2026-03-02 09:00:00 UTC: skipped, because the campaign was over before the contact's turn came.",
    )
    assert len(told[number_of(0)]) == 3
    assert told[number_of(0)][-1] == "2026-03-02 04:00:00 America/New_York: skipped, because the campaign was over."
