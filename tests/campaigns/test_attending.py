"""Agents of campaigns: calls for those who are idle, and contacts that they look at before they are called."""

import asyncio
from datetime import timedelta

import pytest

from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, ContactState, Pacing
from app.errors import RefusedError
from app.facts.vocabulary import Disposition
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import number_of, numbers, retry
from tests.campaigns.staff import Staff, call_for


def code_of(refused: RefusedError) -> tuple[str, str | None]:
    [problem] = refused.problems
    return problem.code, problem.current_state


async def test_given_a_progressive_campaign_when_agents_are_idle_then_each_gets_one_call_and_no_more(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(20))
    await hall.begin(content=AgentContent(mode=PacingMode.PROGRESSIVE, queue_id=None, agent_id="agent_x"))
    idle, away = await staff.hire(3), await staff.hire(1, shown="PAUSED")
    hall.clock.pass_seconds(1)
    assert await hall.call_all_due() == 0  # nobody has joined
    await staff.join([*idle, *away])
    for _ in range(5):
        hall.clock.pass_seconds(1)
        await hall.call_all_due()
    assert len(hall.telephone.calls) == 3
    await hall.hang_up(Disposition.BUSY)
    for _ in range(5):
        hall.clock.pass_seconds(1)
        await hall.call_all_due()
    assert len(hall.telephone.calls) == 6


async def test_given_an_idle_agent_for_whom_a_call_rings_when_it_leaves_then_it_is_asked_to_wait(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(content=AgentContent(agent_id="agent_x"))
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    assert await hall.call_all_due() == 1
    with pytest.raises(RefusedError) as refused:
        await staff.agents.leave(staff.by, hall.campaign_id, agent_id)
    assert code_of(refused.value) == ("INVALID_STATE", "RINGING")
    await hall.hang_up(Disposition.BUSY)
    await staff.agents.leave(staff.by, hall.campaign_id, agent_id)
    assert await hall.fetch("SELECT FROM campaign_agent") == []


async def test_given_a_preview_campaign_when_contacts_are_taken_then_each_agent_has_its_own_and_nobody_is_called(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(3))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"))
    agents = await staff.hire(2)
    await staff.join(agents)
    hall.clock.pass_seconds(1)
    taken = [await staff.agents.take(staff.by, hall.campaign_id, one) for one in (*agents, *agents)]
    assert [one.contact.number for one in taken if one.contact] == 2 * [number_of(0), number_of(1)]
    assert await hall.call_all_due() == 0
    assert not hall.telephone.dialled


async def test_given_a_contact_that_is_looked_at_when_asked_for_then_it_is_called_once_with_the_agent_first(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"))
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    await staff.agents.take(staff.by, hall.campaign_id, agent_id)
    asked = await staff.agents.dial(staff.by, hall.campaign_id, agent_id, "key-1")
    again = await staff.agents.dial(staff.by, hall.campaign_id, agent_id, "key-1")
    assert (asked.is_replayed, again.is_replayed, asked.call_id) == (False, True, again.call_id)
    assert await hall.call_all_due() == 1
    assert await hall.call_all_due() == 0
    [request] = hall.telephone.asked
    assert (request.connect_agent_id, request.dial_first.value) == (agent_id, "AGENT")
    assert list(hall.telephone.calls) == [asked.call_id]
    await hall.hang_up()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"], row["disposition"]) == ("FINISHED", 1, "ANSWERED")
    assert (await staff.agents.take(staff.by, hall.campaign_id, agent_id)).contact is None


async def test_given_a_contact_that_is_forbidden_while_it_is_looked_at_when_asked_for_then_it_is_not_called(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"))
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    await staff.agents.take(staff.by, hall.campaign_id, agent_id)
    await hall.forbid(number_of(0))
    await staff.agents.dial(staff.by, hall.campaign_id, agent_id, "key-1")
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("SKIPPED", "DNC")


async def test_given_a_contact_that_is_skipped_when_time_has_passed_then_it_comes_again(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(
        content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"),
        retries=retry(Disposition.BUSY, times=1, after=60),
    )
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    await staff.agents.take(staff.by, hall.campaign_id, agent_id)
    skipped = await staff.agents.skip(staff.by, hall.campaign_id, agent_id)
    assert skipped.state is ContactState.WAITING
    assert skipped.due_at == hall.clock.now() + timedelta(seconds=60)
    assert (await staff.agents.take(staff.by, hall.campaign_id, agent_id)).contact is None
    hall.clock.pass_seconds(60)
    assert (await staff.agents.take(staff.by, hall.campaign_id, agent_id)).contact is not None


async def test_given_a_contact_that_is_looked_at_for_too_long_when_another_agent_asks_then_it_gets_it(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x", preview_seconds=30))
    first, second = await staff.hire(2)
    await staff.join([first, second])
    await staff.agents.take(staff.by, hall.campaign_id, first)
    assert (await staff.agents.take(staff.by, hall.campaign_id, second)).contact is None
    hall.clock.pass_seconds(31)
    await hall.call_all_due()
    assert (await staff.agents.take(staff.by, hall.campaign_id, second)).contact is not None
    for verb in (staff.agents.skip(staff.by, hall.campaign_id, first),):
        with pytest.raises(RefusedError) as refused:
            await verb
        assert code_of(refused.value) == ("INVALID_STATE", "NO_CONTACT")


async def test_given_an_agent_who_serves_a_campaign_when_it_joins_another_then_it_is_refused(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    [agent_id] = await staff.hire(1)
    await hall.begin(name="one", content=AgentContent(agent_id="agent_x"))
    await staff.join([agent_id])
    await hall.begin(name="two", content=AgentContent(agent_id="agent_x"))
    with pytest.raises(RefusedError) as refused:
        await staff.join([agent_id])
    assert code_of(refused.value) == ("INVALID_STATE", "SERVING")


async def test_given_a_predictive_campaign_when_people_have_answered_then_it_dials_ahead_within_the_cap(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(400))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x", abandonment_cap=300))
    await staff.join(await staff.hire(4))
    for _ in range(6):
        hall.clock.pass_seconds(1)
        await hall.call_all_due()
    assert len(hall.telephone.live) == 4  # nobody has answered yet, so one for each agent
    async with hall.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO campaign_minute (campaign_id, minute, word, count) SELECT $1, "
            "date_trunc('minute', $2::timestamptz), 'ANSWERED_BY_PERSON', 250",
            hall.campaign_id,
            hall.clock.now(),
        )
        await connection.execute(
            "INSERT INTO campaign_total (campaign_id, word, count) VALUES ($1, 'ENDED', 1000), "
            "($1, 'ANSWERED_BY_PERSON', 250) ON CONFLICT (campaign_id, word) DO UPDATE SET count = excluded.count",
            hall.campaign_id,
        )
    for _ in range(6):
        hall.clock.pass_seconds(1)
        await hall.call_all_due()
    assert len(hall.telephone.live) == 7  # three percent of 250, if not one of them found its agent


async def _answer(hall: Hall, call_id: str, agent_id: str) -> None:
    """The call is answered, and this agent's phone rings for it."""
    async with hall.database.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE call SET state = 'WAITING_IN_QUEUE' WHERE id = $1", call_id)
        await connection.execute(
            "UPDATE agent_state SET shown = 'BUSY', leg_id = 'leg_x', call_id = $2 WHERE agent_id = $1",
            agent_id,
            call_id,
        )


@pytest.mark.parametrize("mode", [PacingMode.PROGRESSIVE, PacingMode.PREDICTIVE])
async def test_given_an_agent_whose_phone_rings_for_a_call_when_other_calls_ring_then_they_have_their_agents_still(
    hall: Hall, mode: PacingMode
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(20))
    await hall.begin(content=AgentContent(mode=mode, agent_id="agent_x"))
    agents = await staff.hire(3)
    await staff.join(agents[:2])
    assert await call_for(hall, seconds=2) == 2
    await _answer(hall, hall.telephone.live[0], agents[0])
    hall.clock.pass_seconds(1)
    batch = await hall.claim()
    assert (batch.claims, batch.to_drop) == ((), ())
    # For an agent who comes there is a call, whoever's phone rings.
    await staff.join(agents[2:])
    assert await call_for(hall, seconds=2) == 1


@pytest.mark.parametrize("mode", [PacingMode.PROGRESSIVE, PacingMode.PREDICTIVE])
async def test_given_an_agent_whose_phone_rings_for_a_call_when_it_leaves_then_it_is_asked_to_wait(
    hall: Hall, mode: PacingMode
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(2))
    await hall.begin(content=AgentContent(mode=mode, agent_id="agent_x"))
    agents = await staff.hire(2)
    await staff.join(agents)
    assert await call_for(hall, seconds=2) == 2
    await _answer(hall, hall.telephone.live[0], agents[0])
    with pytest.raises(RefusedError) as refused:
        await staff.agents.leave(staff.by, hall.campaign_id, agents[0])
    assert code_of(refused.value) == ("INVALID_STATE", "RINGING")
    assert (await hall.claim()).to_drop == ()
    # Once they talk, nobody waits for the agent any more.
    await hall.fetch("UPDATE call SET state = 'CONNECTED', connected_at = now() WHERE id = $1", hall.telephone.live[0])
    await staff.agents.leave(staff.by, hall.campaign_id, agents[0])
    assert (await hall.claim()).to_drop == ()


async def test_given_calls_that_ring_when_an_agent_is_on_another_call_then_as_many_are_hung_up_as_are_too_many(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(20))
    await hall.begin(content=AgentContent(mode=PacingMode.PREDICTIVE, agent_id="agent_x"))
    agents = await staff.hire(2)
    await staff.join(agents)
    assert await call_for(hall, seconds=2) == 2
    async with hall.database.acquire() as connection:
        await connection.execute(
            "UPDATE agent_state SET shown = 'BUSY', leg_id = 'leg_x', call_id = 'call_x' WHERE agent_id = $1", agents[0]
        )
    hall.clock.pass_seconds(1)
    assert len((await hall.claim()).to_drop) == 1


async def test_given_a_cap_on_calls_to_a_number_when_an_agent_asks_for_a_contact_then_it_is_called_and_counts_once(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(
        content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"),
        most_per_day=1,
        retries=retry(Disposition.BUSY, times=2, after=60),
    )
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    await staff.agents.take(staff.by, hall.campaign_id, agent_id)
    assert await hall.fetch("SELECT FROM number_attempt") == []  # to be looked at is not to be called
    await staff.agents.dial(staff.by, hall.campaign_id, agent_id, "key-1")
    hall.clock.pass_seconds(2)
    lost = await hall.claim()  # whoever claimed it has died before it was dialled
    assert len(lost.claims) == 1
    assert await hall.call_all_due() == 1
    [attempt] = await hall.fetch("SELECT call_id, at FROM number_attempt")
    assert (attempt["call_id"], attempt["at"]) == (lost.claims[0].call_id, hall.clock.now())
    await hall.hang_up(Disposition.BUSY)
    hall.clock.pass_seconds(61)
    assert (await staff.agents.take(staff.by, hall.campaign_id, agent_id)).contact is None
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"], row["attempts"]) == ("WAITING", "FREQUENCY_CAP", 1)


async def test_given_a_number_that_agents_of_two_campaigns_look_at_when_both_ask_for_it_then_the_cap_holds(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    agents = await staff.hire(2)
    campaigns = []
    for name, agent_id in zip(("one", "two"), agents, strict=True):
        content = AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x")
        campaigns.append(await hall.begin(name=name, content=content, most_per_day=1))
        await staff.join([agent_id])
        assert (await staff.agents.take(staff.by, hall.campaign_id, agent_id)).contact is not None
    for campaign_id, agent_id in zip(campaigns, agents, strict=True):
        await staff.agents.dial(staff.by, campaign_id, agent_id, f"key-{agent_id}")
    batches = await asyncio.gather(*(hall.claims.claim(one) for one in campaigns))
    assert sorted(len(one.claims) for one in batches) == [0, 1]
    assert len(await hall.fetch("SELECT FROM number_attempt")) == 1
    [refused] = [one for one, batch in zip(campaigns, batches, strict=True) if not batch.claims]
    [kept] = await hall.fetch("SELECT state, reason FROM campaign_contact WHERE campaign_id = $1", refused)
    assert (kept["state"], kept["reason"]) == ("WAITING", "FREQUENCY_CAP")
    [serving] = await hall.fetch("SELECT contact_id, asked_at FROM campaign_agent WHERE campaign_id = $1", refused)
    assert (serving["contact_id"], serving["asked_at"]) == (None, None)


async def test_given_a_contact_that_was_asked_for_in_vain_when_another_agent_looks_at_it_then_nobody_is_called(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x", preview_seconds=20))
    first, second = await staff.hire(2)
    await staff.join([first, second])
    await staff.agents.take(staff.by, hall.campaign_id, first)
    await staff.agents.dial(staff.by, hall.campaign_id, first, "key-1")
    hall.clock.pass_seconds(31)  # and nobody could dial it meanwhile
    assert await hall.claims.release_stale(hall.campaign_id) == 1
    assert (await staff.agents.take(staff.by, hall.campaign_id, second)).contact is not None
    assert await hall.call_all_due() == 0
    await staff.agents.dial(staff.by, hall.campaign_id, second, "key-2")
    assert await hall.call_all_due() == 1
    [request] = hall.telephone.asked
    assert request.connect_agent_id == second


async def test_given_a_contact_that_was_asked_for_a_while_ago_when_it_can_be_dialled_then_it_is(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(1))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x", preview_seconds=20))
    [agent_id] = await staff.hire(1)
    await staff.join([agent_id])
    await staff.agents.take(staff.by, hall.campaign_id, agent_id)
    await staff.agents.dial(staff.by, hall.campaign_id, agent_id, "key-1")
    hall.clock.pass_seconds(25)
    assert await hall.call_all_due() == 1


async def test_given_a_trunk_with_one_channel_when_agents_look_at_contacts_then_only_calls_take_it(hall: Hall) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(4))
    await hall.begin(content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"))
    await hall.fetch(
        "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox, max_channels) "
        "VALUES ('trunk_1', $1, 'one', 'one-trunk', '{digits}', true, false, 1)",
        hall.account_id,
    )
    agents = await staff.hire(4)
    await staff.join(agents)
    for agent_id in agents:
        assert (await staff.agents.take(staff.by, hall.campaign_id, agent_id)).contact is not None
    for agent_id in agents[:2]:
        await staff.agents.dial(staff.by, hall.campaign_id, agent_id, f"key-{agent_id}")
        hall.clock.pass_seconds(0.1)
    assert await hall.call_all_due() == 1
    await hall.fetch("INSERT INTO trunk_channel (leg_id, trunk_id) VALUES ('leg_1', 'trunk_1')")
    assert await hall.call_all_due() == 0  # the channel is taken
    await hall.fetch("DELETE FROM trunk_channel")
    assert await hall.call_all_due() == 1
    assert [one.connect_agent_id for one in hall.telephone.asked] == agents[:2]


async def test_given_a_campaign_with_as_many_calls_as_it_may_when_an_agent_asks_then_its_contact_waits(
    hall: Hall,
) -> None:
    staff = Staff(hall)
    await hall.add_list(numbers(2))
    await hall.begin(
        content=AgentContent(mode=PacingMode.PREVIEW, agent_id="agent_x"),
        pacing=Pacing(calls_per_minute=60_000, max_concurrent_calls=1),
    )
    agents = await staff.hire(2)
    await staff.join(agents)
    for agent_id in agents:
        await staff.agents.take(staff.by, hall.campaign_id, agent_id)
        await staff.agents.dial(staff.by, hall.campaign_id, agent_id, f"key-{agent_id}")
    assert await hall.call_all_due() == 1
    assert await hall.call_all_due() == 0
    await hall.hang_up()
    assert await hall.call_all_due() == 1
