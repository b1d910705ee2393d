"""Callers who wait in a queue on the real Asterisk: who is served by whom, in which order, after how long."""

import asyncio
from datetime import datetime

import pytest

from app.errors import RefusedError
from app.facts.queues import AgentState
from app.facts.vocabulary import LegRole
from app.routing.targets import ToExtension
from app.routing.words import QueueStrategy
from tests.rig.call_centre import PATIENT_CUSTOMER, CallCentre, call_in, wait_until_served
from tests.rig.desk import Desk, Story
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENTS = ["2001", "2002", "2003", "2004", "2005"]
CALLERS = 20


def _waited(story: Story) -> float:
    """From when the customer answered to when the agent did, by Asterisk's own instants."""
    joined = datetime.fromisoformat(story.the("queue.joined").body["joinedAt"])
    agent = story.all_of("leg.answered", LegRole.AGENT)[-1]
    return (datetime.fromisoformat(agent.body["answeredAt"]) - joined).total_seconds()


async def test_given_twenty_callers_and_five_agents_when_served_then_order_and_agents_are_as_by_hand(
    desk: Desk, offhook: RunningOffhook
) -> None:
    """The longest idle: five are served as they come, A to E; then whoever ends a call has the first in line.

    By hand, with talks ended in the order they began: caller n (from 0) talks to agent n mod 5, in the order of
    arrival, and nobody is served twice or overtaken.
    """
    centre = await CallCentre.open(offhook.service.services, offhook.principal, AGENTS)
    await centre.say(AgentState.AVAILABLE, *AGENTS)
    calls: list[str] = []
    for extension in AGENTS:
        placed = await call_in(desk, centre)
        left = await wait_until_served(desk, placed.id)
        assert centre.extension_of(left.body["agentId"]) == extension
        calls.append(placed.id)
    waiting = [await call_in(desk, centre) for _ in range(CALLERS - len(AGENTS))]
    joined = [(await desk.wait_for(placed.id, "queue.joined")).body["joinedAt"] for placed in waiting]
    in_line = [placed.id for _, placed in sorted(zip(joined, waiting, strict=True), key=lambda one: one[0])]
    standing = await centre.standing()
    assert [one.call_id for one in standing.waiting] == in_line
    assert [one.position for one in standing.waiting] == list(range(1, len(in_line) + 1))
    assert standing.agents == {AgentState.BUSY: 5}

    calls += in_line
    for number, call_id in enumerate(calls):
        served = await wait_until_served(desk, call_id)
        assert centre.extension_of(served.body["agentId"]) == AGENTS[number % 5], number
        waits_still = calls[number + 5 :] if number >= 5 else in_line[number:]
        assert [one.call_id for one in (await centre.standing()).waiting][-len(waits_still) :] == waits_still or (
            not waits_still
        )
        if number >= 4:
            await desk.hang_up(calls[number - 4])
    for call_id in calls[-4:]:
        await desk.hang_up(call_id)
    stories = [await desk.wait_for_end(call_id) for call_id in calls]
    for story in stories:
        await assert_is_whole(desk, story)
        assert story.disposition == "ANSWERED"
        assert len(story.all_of("queue.offered")) == 1
        assert story.record["queueId"] == centre.queue.id
        assert story.record["queueWaitSeconds"] == pytest.approx(_waited(story), abs=0.002)
    for extension in AGENTS:
        await centre.wait_until(extension, AgentState.AVAILABLE)


async def test_given_an_agent_who_never_answers_when_offered_then_another_is_and_the_first_is_paused_in_the_end(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2010", "2001"], ring_seconds=2.0)
    await centre.say(AgentState.AVAILABLE, "2010")
    placed = await call_in(desk, centre)
    await desk.wait_for(placed.id, "queue.offered")
    await centre.wait_until("2010", AgentState.PAUSED)  # three rings of two seconds, and a rest after each
    assert await centre.state_of("2010") == (AgentState.PAUSED, "NO_ANSWER")
    await centre.say(AgentState.AVAILABLE, "2001")
    left = await wait_until_served(desk, placed.id)
    assert centre.extension_of(left.body["agentId"]) == "2001"
    assert [one.call_id for one in (await centre.standing()).waiting] == []
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert len(story.all_of("queue.offered")) == 4
    assert len(story.all_of("queue.joined")) == 1


async def test_given_all_agents_rung_when_one_answers_then_the_others_are_let_go_and_free_again(
    desk: Desk, offhook: RunningOffhook
) -> None:
    extensions = ["2001", "2010", "2002"]
    centre = await CallCentre.open(
        offhook.service.services, offhook.principal, extensions, strategy=QueueStrategy.RING_ALL
    )
    await centre.say(AgentState.AVAILABLE, *extensions)
    placed = await call_in(desk, centre)
    left = await wait_until_served(desk, placed.id)
    talks = centre.extension_of(left.body["agentId"])
    assert talks != "2010"
    for extension in extensions:
        if extension != talks:
            await centre.wait_until(extension, AgentState.AVAILABLE)
    assert (await centre.state_of(talks))[0] is AgentState.BUSY
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert len(story.all_of("queue.offered")) == 3
    assert story.types.count("call.connected") == 1
    await centre.wait_until(talks, AgentState.AVAILABLE)


async def test_given_a_caller_when_it_hangs_up_while_it_waits_then_it_is_abandoned_and_the_next_has_its_place(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    impatient = await call_in(desk, centre, "+15550100008")  # hangs up after a second
    await desk.wait_for(impatient.id, "queue.joined")
    patient = await call_in(desk, centre)
    story = await desk.wait_for_end(impatient.id)
    assert (story.disposition, story.end) == ("ABANDONED", ("HANGUP", "CUSTOMER"))
    assert story.the("queue.abandoned").body["waitSeconds"] == story.record["queueWaitSeconds"] > 0
    await desk.wait_for(patient.id, "queue.joined")
    (waiting,) = (await centre.standing()).waiting
    assert (waiting.call_id, waiting.position) == (patient.id, 1)
    await desk.hang_up(patient.id)
    ended = await desk.wait_for_end(patient.id)
    assert ended.the("queue.left").body["reason"] == "ENDED"


async def test_given_a_wait_limit_and_an_overflow_when_the_time_is_over_then_the_caller_talks_to_the_overflow(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(
        offhook.service.services,
        offhook.principal,
        ["2010"],
        max_wait_seconds=2.0,
        overflow=ToExtension(number="2003"),
    )
    await centre.say(AgentState.PAUSED, "2010")
    placed = await call_in(desk, centre)
    await desk.wait_for(placed.id, "call.connected")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert story.the("queue.left").body["reason"] == "TIMEOUT"
    assert story.record["extension"] == "2003"
    assert story.record["queueWaitSeconds"] == pytest.approx(2.0, abs=1.0)


async def test_given_nobody_who_serves_and_an_overflow_when_a_caller_comes_then_it_goes_there_at_once(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(
        offhook.service.services, offhook.principal, ["2001"], overflow=ToExtension(number="2004")
    )
    placed = await call_in(desk, centre)
    await desk.wait_for(placed.id, "call.connected")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert story.the("queue.left").body["reason"] == "NO_AGENTS"
    assert story.record["extension"] == "2004"


async def test_given_a_full_queue_without_an_overflow_when_one_more_comes_then_its_call_ends_unserved(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"], max_length=1)
    first = await call_in(desk, centre)
    await desk.wait_for(first.id, "queue.joined")
    second = await call_in(desk, centre)
    story = await desk.wait_for_end(second.id)
    assert story.the("queue.left").body["reason"] == "FULL"
    assert (story.disposition, story.end) == ("NO_ANSWER", ("QUEUE_TIMEOUT", "SYSTEM"))
    await centre.say(AgentState.AVAILABLE, "2001")
    await wait_until_served(desk, first.id)
    await desk.hang_up(first.id)
    await desk.wait_for_end(first.id)


async def test_given_an_agent_on_another_call_when_a_caller_waits_then_it_is_offered_once_that_is_over(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    await centre.say(AgentState.AVAILABLE, "2001")
    other = await desk.place_call(PATIENT_CUSTOMER, connect="2001")
    await desk.wait_for(other.id, "call.connected")
    await centre.wait_until("2001", AgentState.BUSY)
    placed = await call_in(desk, centre)
    await desk.wait_for(placed.id, "queue.joined")
    await desk.hang_up(other.id)
    ended = await desk.wait_for_end(other.id)
    await wait_until_served(desk, placed.id)
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert story.the("queue.offered").sequence > ended.the("leg.ended", LegRole.AGENT).sequence


async def test_given_callers_of_unlike_priority_when_an_agent_comes_then_the_highest_goes_first(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    plain = await call_in(desk, centre)
    await desk.wait_for(plain.id, "queue.joined")
    dear = await call_in(desk, centre, queue_priority=10)
    await desk.wait_for(dear.id, "queue.joined")
    await centre.say(AgentState.AVAILABLE, "2001")
    await wait_until_served(desk, dear.id)
    assert [one.call_id for one in (await centre.standing()).waiting] == [plain.id]
    await desk.hang_up(dear.id)
    await wait_until_served(desk, plain.id)
    await desk.hang_up(plain.id)
    await asyncio.gather(*(desk.wait_for_end(call.id) for call in (dear, plain)))


async def test_given_an_agent_at_no_extension_when_it_has_a_phone_of_its_own_then_calls_and_callers_reach_it(
    desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    agent_id, by = centre.agents["2001"], offhook.principal
    async with offhook.service.database.acquire() as connection:
        device_id = await connection.fetchval(
            "SELECT device.id FROM device JOIN agent ON agent.extension_id = device.extension_id WHERE agent.id = $1",
            agent_id,
        )
    routing = offhook.service.services.routing
    await routing.agents.update(by, agent_id, {"extension_id": None})
    with pytest.raises(RefusedError) as refused:
        await desk.place_call(PATIENT_CUSTOMER, connect=None, connect_agent_id=agent_id)
    assert [one.code for one in refused.value.problems] == ["AGENT_OFFLINE"]
    await routing.devices.update(by, device_id, {"agent_id": agent_id})
    placed = await desk.place_call(PATIENT_CUSTOMER, connect=None, connect_agent_id=agent_id)
    await desk.wait_for(placed.id, "call.connected")
    await centre.say(AgentState.AVAILABLE, "2001")
    await centre.wait_until("2001", AgentState.BUSY)
    waiting = await call_in(desk, centre)
    await desk.wait_for(waiting.id, "queue.joined")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert (story.record["agentId"], story.record.get("extension")) == (agent_id, None)
    served = await wait_until_served(desk, waiting.id)
    assert served.body["agentId"] == agent_id
    await desk.hang_up(waiting.id)
    await assert_is_whole(desk, await desk.wait_for_end(waiting.id))
