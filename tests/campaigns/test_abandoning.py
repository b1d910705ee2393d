"""Calls for which no agent comes: whom they are dialled for then, and when the campaign pauses."""

from datetime import timedelta

from app.campaigns.core.predictive import START
from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent
from app.facts.campaigns import CampaignPaused, PauseReason
from app.facts.vocabulary import Disposition
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers
from tests.campaigns.staff import Staff, call_for


async def _abandon(hall: Hall, agent_id: str, *, misses: int) -> None:
    """The call that rings is answered, and the agent lets its phone ring for it, as often in a row; it has rested."""
    await hall.hang_up(Disposition.ABANDONED)
    async with hall.database.acquire() as connection:
        await connection.execute("UPDATE agent_state SET misses = $2 WHERE agent_id = $1", agent_id, misses)


async def test_given_an_agent_who_lets_every_call_ring_when_dialled_predictively_then_the_campaign_pauses_and_says_so(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(50))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    for misses in range(START):
        assert await call_for(hall, seconds=2) == 1
        assert await hall.following.restrain(hall.campaign_id) is False
        await _abandon(hall, agent_id, misses=misses + 1)
    assert await call_for(hall, seconds=2) == 0
    assert (await hall.claim()).is_at_the_cap
    assert await hall.following.restrain(hall.campaign_id)
    assert await hall.following.restrain(hall.campaign_id) is False
    [paused] = [fact for fact in hall.told if isinstance(fact, CampaignPaused)]
    assert paused.reason is PauseReason.TOO_MANY_ABANDONED
    [row] = await hall.fetch("SELECT state, pause_detail FROM campaign")
    assert row["state"] == "PAUSED"
    assert row["pause_detail"].startswith("3 of 3 calls that people answered were abandoned, where 3 % may be")


async def test_given_a_campaign_that_abandoned_too_many_when_resumed_then_it_has_a_start_again(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(50))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    for _ in range(START):
        assert await call_for(hall, seconds=2) == 1
        await _abandon(hall, agent_id, misses=0)
    assert (await hall.claim()).is_at_the_cap
    hall.clock.pass_seconds(120)
    await hall.fetch("UPDATE campaign SET resumed_at = $1", hall.clock.now())
    assert await call_for(hall, seconds=2) == 1


async def test_given_an_agent_who_let_it_ring_when_others_did_not_then_no_call_is_dialled_for_it(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(50))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    agents = await staff.hire(3)
    await staff.join(agents)
    async with hall.database.acquire() as connection:
        for word, count in (("ANSWERED_BY_PERSON", 100), ("ABANDONED", START)):
            await connection.execute(
                "INSERT INTO campaign_total (campaign_id, word, count) VALUES ($1, $2, $3)",
                *(hall.campaign_id, word, count),
            )
            await connection.execute(
                "INSERT INTO campaign_minute (campaign_id, minute, word, count) "
                "SELECT $1, date_trunc('minute', $2::timestamptz), $3, $4",
                *(hall.campaign_id, hall.clock.now(), word, count),
            )
        await connection.execute("UPDATE agent_state SET misses = 1 WHERE agent_id = $1", agents[0])
    assert await call_for(hall, seconds=3) == 2
    # It has picked up a call elsewhere.
    await hall.fetch("UPDATE agent_state SET misses = 0")
    assert await call_for(hall, seconds=3) == 1


async def test_given_an_agent_who_rests_after_a_call_that_it_let_ring_when_calls_are_counted_then_it_is_not_there(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(50))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    agents = await staff.hire(2)
    await staff.join(agents)
    async with hall.database.acquire() as connection:
        await connection.execute(
            "UPDATE agent_state SET rests_until = $2 WHERE agent_id = $1",
            *(agents[0], hall.clock.now() + timedelta(seconds=5)),
        )
    assert await call_for(hall, seconds=4) == 1
    hall.clock.pass_seconds(2)
    assert await call_for(hall, seconds=2) == 1


async def test_given_a_call_for_which_nobody_came_when_it_hears_the_message_then_it_counts_as_abandoned_already(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(50))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    await staff.join(await staff.hire(START))
    assert await call_for(hall, seconds=2) == START
    await hall.fetch("UPDATE call SET state = 'ANSWERED', queue_id = 'queue_x', agent_id = NULL")
    batch = await hall.claim()
    assert (batch.claims, batch.is_at_the_cap) == ((), True)
    # It is paused for what has ended; that is told then.
    assert await hall.following.restrain(hall.campaign_id) is False
