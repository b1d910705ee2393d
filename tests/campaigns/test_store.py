"""Steps of a campaign's life as rows and facts, and counts that many write at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.campaigns import figures
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.words import CampaignState, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign
from app.campaigns.store import get_campaigns, lock_campaign, lock_for, take_step
from app.db.locks import CAMPAIGN_DIALING
from app.facts.campaigns import (
    CampaignFinished,
    CampaignPaused,
    CampaignStarted,
    CampaignStopped,
    FinishReason,
    PauseReason,
)
from app.facts.event import Draft
from app.facts.vocabulary import Disposition
from app.ids import Kind, new_id
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import MORNING, Sheet

pytestmark = pytest.mark.postgres


async def _begin(hall: Hall, state: str) -> Sheet:
    sheet: Sheet = hall
    if not sheet.lists:
        await sheet.add_list([])
    await sheet.begin(state=state)
    return sheet


async def _take(sheet: Sheet, step: Step, **more: Any) -> tuple[Campaign, tuple[Draft, ...]] | None:
    async with sheet.database.acquire() as connection, connection.transaction():
        campaign = await lock_for(connection, sheet.campaign_id, step)
        assert campaign is not None
        return await take_step(connection, campaign, step, MORNING + timedelta(hours=1), **more)


async def test_given_a_scheduled_campaign_when_it_begins_then_it_runs_from_that_instant_on(hall: Hall) -> None:
    sheet = await _begin(hall, "SCHEDULED")
    taken = await _take(sheet, Step.BEGIN)
    assert taken is not None
    campaign, [draft] = taken
    assert (campaign.state, campaign.began_at) == (CampaignState.RUNNING, MORNING + timedelta(hours=1))
    assert isinstance(draft.fact, CampaignStarted)
    assert (draft.subject_id, draft.account_id, draft.fact.version) == (campaign.id, sheet.account_id, 1)


async def test_given_a_trunk_that_fails_when_the_campaign_is_paused_then_the_reason_stays_until_it_goes_on(
    hall: Hall,
) -> None:
    sheet = await _begin(hall, "RUNNING")
    taken = await _take(sheet, Step.TRUNK_FAILED)
    assert taken is not None
    assert taken[0].pause_reason is PauseReason.TRUNK_FAILED
    assert isinstance(taken[1][0].fact, CampaignPaused)
    assert await _take(sheet, Step.TRUNK_FAILED) is None
    resumed = await _take(sheet, Step.RESUME)
    assert resumed is not None
    assert (resumed[0].pause_reason, resumed[0].paused_at) == (None, None)
    again = await _take(sheet, Step.PAUSE, pause=PauseReason.CALLS_REFUSED, detail="NOT_FOUND")
    assert again is not None
    assert (again[0].pause_reason, again[0].pause_detail) == (PauseReason.CALLS_REFUSED, "NOT_FOUND")
    stopped = await _take(sheet, Step.STOP)
    assert stopped is not None
    assert isinstance(stopped[1][0].fact, CampaignStopped)
    assert (stopped[0].pause_reason, stopped[0].pause_detail) == (None, None)
    assert stopped[0].finished_at == MORNING + timedelta(hours=1)


async def test_given_counts_when_a_campaign_runs_out_then_the_fact_has_them(hall: Hall) -> None:
    sheet = await _begin(hall, "RUNNING")
    async with sheet.database.acquire() as connection, connection.transaction():
        counts = {Figure.DIALLED: 7, Figure.FINISHED: 4, Figure.SKIPPED: 2}
        await figures.count(connection, sheet.campaign_id, MORNING, {str(word): one for word, one in counts.items()})
    taken = await _take(sheet, Step.RUN_OUT, finish=FinishReason.END_REACHED)
    assert taken is not None
    campaign, [draft] = taken
    assert (campaign.state, campaign.finish_reason) == (CampaignState.FINISHED, FinishReason.END_REACHED)
    fact = draft.fact
    assert isinstance(fact, CampaignFinished)
    assert (fact.attempts, fact.finished, fact.skipped) == (7, 4, 2)


async def test_given_campaigns_when_they_are_read_then_only_the_accounts_own_are_there(hall: Hall) -> None:
    sheet = await _begin(hall, "DRAFT")
    async with sheet.database.acquire() as connection:
        assert len(await get_campaigns(connection, sheet.account_id, [sheet.campaign_id, "camp_none"])) == 1
        assert await get_campaigns(connection, "acc_other", [sheet.campaign_id]) == []
        assert await lock_campaign(connection, new_id(Kind.CAMPAIGN)) is None


@pytest.mark.parametrize("step", [Step.PAUSE, Step.STOP, Step.TRUNK_FAILED, Step.RUN_OUT])
async def test_given_somebody_who_dials_when_the_campaign_is_to_stop_running_then_that_waits(
    hall: Hall, step: Step
) -> None:
    sheet = await _begin(hall, "RUNNING")
    async with sheet.database.acquire() as dialer:
        lock = f"({CAMPAIGN_DIALING}, hashtext($1))"
        await dialer.execute(f"SELECT pg_advisory_lock_shared{lock}", sheet.campaign_id)
        try:
            async with sheet.database.acquire() as connection, connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '100ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    await lock_for(connection, sheet.campaign_id, step)
            async with sheet.database.acquire() as connection, connection.transaction():
                assert await lock_for(connection, sheet.campaign_id, Step.RESUME) is not None
        finally:
            await dialer.execute(f"SELECT pg_advisory_unlock_shared{lock}", sheet.campaign_id)


async def test_given_counts_written_at_once_in_any_order_when_they_are_read_then_none_is_lost(hall: Hall) -> None:
    sheet = await _begin(hall, "RUNNING")
    busy, dnc = figures.of_disposition(Disposition.BUSY), figures.of_skip(SkipReason.DNC)
    words = [str(Figure.DIALLED), busy, dnc, str(Figure.ENDED)]

    async def write(number: int) -> None:
        for times in range(5):
            order = words if (number + times) % 2 else words[::-1]
            async with sheet.database.acquire() as connection, connection.transaction():
                at = MORNING + timedelta(minutes=number % 2, seconds=30)
                await figures.count(connection, sheet.campaign_id, at, dict.fromkeys(order, 1))

    await asyncio.gather(*(write(number) for number in range(6)))
    async with sheet.database.acquire() as connection:
        total = await figures.read_totals(connection, sheet.campaign_id)
        minute = await figures.read_between(
            connection, sheet.campaign_id, MORNING, MORNING + timedelta(minutes=1), (str(Figure.DIALLED),)
        )
    assert {word: total[word] for word in words} == dict.fromkeys(words, 30)
    assert (total.came_out(Disposition.BUSY), total.skipped_for(SkipReason.DNC)) == (30, 30)
    assert total.came_out(Disposition.MACHINE) == 0
    assert minute.counts == {"DIALLED": 15}


async def test_given_counts_of_several_minutes_when_they_are_written_at_once_then_nobody_waits_in_a_circle(
    hall: Hall,
) -> None:
    sheet = await _begin(hall, "RUNNING")
    busy, held = figures.of_disposition(Disposition.BUSY), figures.of_disposition(Disposition.NO_ANSWER)
    minutes = [MORNING + timedelta(minutes=number, seconds=7) for number in range(4)]

    async def write(number: int) -> None:
        for times in range(5):
            # The words of one minute are not those of the next.
            words = ((busy, Figure.ENDED), (Figure.DIALLED, held)) if (number + times) % 2 else ((held,), (busy,))
            counts = {
                minute: dict.fromkeys(map(str, words[place % 2]), 1)
                for place, minute in enumerate(minutes if number % 3 else minutes[::-1])
            }
            async with sheet.database.acquire() as connection, connection.transaction():
                await figures.count_minutes(connection, sheet.campaign_id, counts)

    await asyncio.gather(*(write(number) for number in range(6)))
    async with sheet.database.acquire() as connection:
        total = await figures.read_totals(connection, sheet.campaign_id)
        till = MORNING + timedelta(minutes=4)
        summed = (await figures.read_between_of(connection, [sheet.campaign_id], MORNING, till))[sheet.campaign_id]
        chosen = await figures.read_between(connection, sheet.campaign_id, MORNING, till, (busy, "NEVER_COUNTED"))
    assert total[busy] == total[held] == 60
    assert total[Figure.ENDED] == total[Figure.DIALLED] == 30
    assert summed.counts == total.counts
    assert chosen.counts == {busy: 60}
