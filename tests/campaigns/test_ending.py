"""The end of a campaign crosses whatever is under way: each contact that was taken up has exactly one outcome."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from app.campaigns.claiming import LEASE
from app.campaigns.core.lifecycle import Step
from app.db.locks import CAMPAIGN_SETTLING
from app.facts.campaigns import ContactFinished, ContactSkipped
from app.facts.vocabulary import Disposition
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import MORNING, numbers, retry

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
                assert await hall.following.finish(hall.campaign_id)


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
        assert not await hall.following.finish(hall.campaign_id)
    rows = await hall.contacts()
    assert rows
    assert {row["state"] for row in rows.values()} <= {"FINISHED", "SKIPPED"}
    assert outcomes(hall) == Counter(row["contact_id"] for row in rows.values())
    totals = await hall.totals()
    assert totals.get("FINISHED", 0) + totals.get("SKIPPED", 0) == totals["TAKEN"] == len(rows)
    assert await hall.state() == "FINISHED"


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
        finishing = group.create_task(hall.following.finish(hall.campaign_id))
        while not await hall.fetch(_WAITING, CAMPAIGN_SETTLING):
            assert not finishing.done()
    assert finishing.result()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"], row["attempts"]) == ("SKIPPED", "CAMPAIGN_OVER", 1)
    assert list(outcomes(hall).values()) == [1]


async def test_given_a_campaign_that_was_stopped_when_what_was_claimed_comes_back_then_it_is_not_skipped(
    hall: Hall,
) -> None:
    await begin(hall, 1)
    await hall.claim()
    assert await hall.take(Step.STOP)
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.claims.release_stale(hall.campaign_id) == 1
    assert not await hall.following.finish(hall.campaign_id)
    [row] = (await hall.contacts()).values()
    assert row["state"] == "WAITING"
    assert not outcomes(hall)
