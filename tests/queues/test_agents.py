"""What agents do, on a real PostgreSQL: kept exactly, taken once, freed whatever happens."""

import asyncio
from datetime import timedelta

import pytest

from app.calls.core.model.leg import HangupReason
from app.errors import RefusedError
from app.events.log import EventLog
from app.facts.queues import AgentState, AgentStateChanged
from app.facts.vocabulary import LegState
from app.ids import Kind, new_id
from app.queues.agent_rows import AgentRows
from app.queues.claims import CLAIM_SECONDS, AgentClaims
from tests.queues.conftest import CallCentre

pytestmark = pytest.mark.postgres


async def test_given_an_agent_that_never_said_anything_when_asked_then_it_is_offline(centre: CallCentre) -> None:
    assert await centre.state_of(0) is AgentState.OFFLINE


async def test_given_an_agent_when_it_says_what_it_does_then_that_is_told_once(centre: CallCentre) -> None:
    await centre.make_available(0)
    await centre.make_available(0)
    standing = await centre.states.set_state(centre.by, centre.agents[0], AgentState.PAUSED, "lunch")
    assert (standing.state, standing.reason) == (AgentState.PAUSED, "lunch")
    assert standing.queue_ids == (centre.queue.id,)
    changed = [fact for fact in centre.told if isinstance(fact, AgentStateChanged)]
    assert [(fact.previous, fact.state, fact.reason) for fact in changed] == [
        (AgentState.OFFLINE, AgentState.AVAILABLE, None),
        (AgentState.AVAILABLE, AgentState.AVAILABLE, None),
        (AgentState.AVAILABLE, AgentState.PAUSED, "lunch"),
    ]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (AgentState.BUSY, None),
        (AgentState.WRAP_UP, None),
        (AgentState.AVAILABLE, "why"),
        (AgentState.PAUSED, ""),
        (AgentState.PAUSED, "x" * 101),
        (AgentState.PAUSED, "a\x00b"),
    ],
)
async def test_given_what_no_agent_can_say_when_said_then_it_is_refused(
    centre: CallCentre, state: AgentState, reason: str | None
) -> None:
    with pytest.raises(RefusedError) as refused:
        await centre.states.set_state(centre.by, centre.agents[0], state, reason)
    assert [problem.code for problem in refused.value.problems] == ["INVALID_INPUT"]


async def test_given_another_accounts_agent_or_queue_when_named_then_it_is_not_there(centre: CallCentre) -> None:
    for attempt in (
        centre.states.set_state(centre.stranger, centre.agents[0], AgentState.AVAILABLE),
        centre.states.join_queue(centre.stranger, centre.agents[0], centre.queue.id),
        centre.states.leave_queue(centre.stranger, centre.agents[0], centre.queue.id),
        centre.states.join_queue(centre.by, centre.agents[0], "queue_none"),
    ):
        with pytest.raises(RefusedError) as refused:
            await attempt
        assert [problem.code for problem in refused.value.problems] == ["NOT_FOUND"]


async def test_given_an_agent_when_it_leaves_and_joins_a_queue_then_that_is_told_and_so(centre: CallCentre) -> None:
    left = await centre.states.leave_queue(centre.by, centre.agents[0], centre.queue.id)
    assert left.queue_ids == ()
    again = await centre.states.leave_queue(centre.by, centre.agents[0], centre.queue.id)
    assert again == left
    joined = await centre.states.join_queue(centre.by, centre.agents[0], centre.queue.id, penalty=3)
    assert joined.queue_ids == (centre.queue.id,)
    changed = [fact.queue_ids for fact in centre.told if isinstance(fact, AgentStateChanged)]
    assert changed == [(), (centre.queue.id,)]
    queue = await centre.queues.get(centre.by.account_id, centre.queue.id)
    assert queue is not None
    assert {member.agent_id: member.penalty for member in queue.members}[centre.agents[0]] == 3


async def test_given_any_call_at_the_agents_extension_when_it_begins_and_ends_then_the_agent_is_busy_exactly_so_long(
    centre: CallCentre,
) -> None:
    await centre.make_available(0, 1)
    call = await centre.write_leg(0, state=LegState.RINGING)
    await centre.claims.settle(centre.by.account_id)
    assert (await centre.state_of(0), await centre.state_of(1)) == (AgentState.BUSY, AgentState.AVAILABLE)
    assert await centre.claim(0) == []
    async with centre.database.acquire() as connection:
        await connection.execute("UPDATE leg SET state = 'ENDED' WHERE call_id = $1", call.id)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.AVAILABLE
    assert centre.news[-2:] == [(0, "BUSY"), (0, "AVAILABLE")]


async def test_given_one_agent_when_many_want_it_at_once_then_exactly_one_gets_it(centre: CallCentre) -> None:
    await centre.make_available(0)
    had = await asyncio.gather(*(centre.claim(0, call_id=f"call_{number}") for number in range(8)))
    assert sum(len(one) for one in had) == 1
    assert centre.news == [(0, "AVAILABLE"), (0, "BUSY")]


async def test_given_a_claimed_agent_when_it_served_then_it_wraps_up_and_is_available_again(
    centre: CallCentre,
) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.write_leg(0, claim.leg_id, state=LegState.ENDED, is_answered=True)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.WRAP_UP
    assert await centre.claim(0) == []
    centre.clock.pass_seconds(29.9)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.WRAP_UP
    centre.clock.pass_seconds(0.1)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.AVAILABLE
    async with centre.database.acquire() as connection:
        taken = await connection.fetchval("SELECT calls_taken FROM queue_member WHERE agent_id = $1", centre.agents[0])
        idle = await connection.fetchval("SELECT idle_since FROM agent_state WHERE agent_id = $1", centre.agents[0])
    assert taken == 1
    assert idle == centre.clock.now()


async def test_given_an_agent_that_wraps_up_when_it_says_available_then_it_is(centre: CallCentre) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.write_leg(0, claim.leg_id, state=LegState.ENDED, is_answered=True)
    await centre.claims.settle(centre.by.account_id)
    await centre.make_available(0)
    assert await centre.state_of(0) is AgentState.AVAILABLE
    assert len(await centre.claim(0)) == 1


async def test_given_an_agent_that_lets_it_ring_when_it_was_so_twice_then_it_rests_and_is_then_paused(
    centre: CallCentre,
) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.write_leg(0, claim.leg_id, state=LegState.ENDED, reason=HangupReason.RING_TIMEOUT)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.AVAILABLE
    assert await centre.claim(0) == []  # it rests
    centre.clock.pass_seconds(5)
    (claim,) = await centre.claim(0)
    await centre.write_leg(0, claim.leg_id, state=LegState.ENDED)  # it refused
    await centre.claims.settle(centre.by.account_id)
    (standing,) = await centre.states.of_account(centre.by.account_id)
    assert (standing.state, standing.reason) == (AgentState.PAUSED, "NO_ANSWER")


@pytest.mark.parametrize("reason", [HangupReason.CALL_OVER, HangupReason.NOT_WANTED])
async def test_given_an_agent_whose_caller_is_gone_when_freed_then_it_has_missed_nothing(
    centre: CallCentre, reason: HangupReason
) -> None:
    await centre.make_available(0)
    for _ in range(3):
        (claim,) = await centre.claim(0)
        await centre.write_leg(0, claim.leg_id, state=LegState.ENDED, reason=reason)
        await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.AVAILABLE


@pytest.mark.parametrize("is_answered", [False, True])
async def test_given_an_agent_who_comes_too_late_for_somebody_who_was_called_when_freed_then_it_has_missed_a_call(
    centre: CallCentre, is_answered: bool
) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.write_leg(
        *(0, claim.leg_id), state=LegState.ENDED, reason=HangupReason.NOT_IN_TIME, is_answered=is_answered
    )
    await centre.claims.settle(centre.by.account_id)
    async with centre.database.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT misses, rests_until FROM agent_state WHERE agent_id = $1", centre.agents[0]
        )
    assert row is not None
    assert (row["misses"], row["rests_until"]) == (1, centre.clock.now() + timedelta(seconds=5))


async def test_given_a_claim_whose_process_died_when_its_time_is_over_then_the_agent_is_free(
    centre: CallCentre,
) -> None:
    await centre.make_available(0)
    await centre.claim(0)
    centre.clock.pass_seconds(CLAIM_SECONDS)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.BUSY
    centre.clock.pass_seconds(0.1)
    # Whoever comes by frees it: here a process that knows nothing but the rows.
    rows = AgentRows(centre.database, EventLog(centre.database), centre.clock)
    await AgentClaims(rows).settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.AVAILABLE


async def test_given_a_claim_whose_leg_rings_when_long_ago_then_it_stands(centre: CallCentre) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.write_leg(0, claim.leg_id, state=LegState.RINGING)
    centre.clock.pass_seconds(CLAIM_SECONDS * 10)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.BUSY


async def test_given_an_agent_on_a_call_when_it_pauses_then_it_is_busy_to_the_end_and_then_paused(
    centre: CallCentre,
) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.write_leg(0, claim.leg_id, state=LegState.UP, is_answered=True)
    standing = await centre.states.set_state(centre.by, centre.agents[0], AgentState.PAUSED, "lunch")
    assert standing.state is AgentState.BUSY
    async with centre.database.acquire() as connection:
        await connection.execute(
            "UPDATE leg SET state = 'ENDED', ended_at = $2 WHERE id = $1", claim.leg_id, centre.clock.now()
        )
    await centre.claims.settle(centre.by.account_id)
    centre.clock.pass_seconds(60)
    await centre.claims.settle(centre.by.account_id)
    (standing,) = await centre.states.of_account(centre.by.account_id)
    assert (standing.state, standing.reason) == (AgentState.PAUSED, "lunch")


async def test_given_a_claim_when_given_back_then_the_agent_rests_and_is_free(centre: CallCentre) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    await centre.claims.release(centre.by.account_id, [claim.leg_id])
    assert await centre.state_of(0) is AgentState.AVAILABLE
    assert await centre.claim(0) == []
    centre.clock.pass_seconds(5)
    assert len(await centre.claim(0)) == 1


async def test_given_an_agent_with_two_phones_when_one_was_busy_and_one_answered_then_it_is_free_after_both(
    centre: CallCentre,
) -> None:
    await centre.make_available(0)
    (claim,) = await centre.claim(0)
    second = new_id(Kind.LEG)
    assert await centre.claims.add_legs(centre.by.account_id, claim.leg_id, [claim.leg_id, second])
    await centre.write_leg(0, claim.leg_id, state=LegState.ENDED)
    await centre.write_leg(0, second, state=LegState.UP, is_answered=True)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.BUSY
    await centre.write_leg(0, second, state=LegState.ENDED, is_answered=True)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.WRAP_UP
    assert not await centre.claims.add_legs(centre.by.account_id, claim.leg_id, [claim.leg_id])


async def test_given_an_agent_at_no_extension_when_one_of_its_own_phones_rings_then_it_is_busy_and_nobody_has_it(
    centre: CallCentre,
) -> None:
    async with centre.database.acquire() as connection:
        await connection.execute("UPDATE agent SET extension_id = NULL WHERE id = $1", centre.agents[0])
    await centre.make_available(0)
    call = await centre.write_leg(0, state=LegState.RINGING)
    async with centre.database.acquire() as connection:
        await connection.execute(
            "UPDATE leg SET agent_id = $1, extension = NULL WHERE call_id = $2 AND role = 'AGENT'",
            centre.agents[0],
            call.id,
        )
    assert await centre.claim(0) == []
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.BUSY
    async with centre.database.acquire() as connection:
        await connection.execute("UPDATE leg SET state = 'ENDED' WHERE call_id = $1", call.id)
    await centre.claims.settle(centre.by.account_id)
    assert await centre.state_of(0) is AgentState.AVAILABLE
