"""A thousand callers over twenty agents: nobody is lost, nobody is overtaken, no agent is rung for two."""

import asyncio
import itertools
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from app.facts.queues import AgentState
from app.ids import Kind, new_id
from app.local.asterisk import AsteriskInstall
from tests.rig.call_centre import CallCentre, call_in
from tests.rig.desk import Desk, Story
from tests.rig.load import HANGS_UP, STAYS
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippCall, SippPorts, sipp_called_party

pytestmark = pytest.mark.asterisk

AGENTS = 20
CALLERS = 1000
CALLS_PER_SECOND = 10
#: Offers of one round are written one after the other, and a busy machine may take a while for that.
TOLERANCE = timedelta(seconds=3)


async def _hire(offhook: RunningOffhook) -> list[str]:
    """Agents whose phones are SIPp's: each answers, and hangs up after a second."""
    services, by = offhook.service.services, offhook.principal
    extensions = []
    for number in range(AGENTS):
        extension = await services.routing.extensions.create(by, {"number": f"30{number:02}"})
        agent = await services.routing.agents.create(by, {"name": f"Soak {number}", "extension_id": extension.id})
        endpoint = f"1555019{number:03}{HANGS_UP}@sandbox-trunk-sipp"
        async with offhook.service.database.acquire() as connection:
            await connection.execute(
                "INSERT INTO device (id, account_id, agent_id, endpoint) VALUES ($1, $2, $3, $4)",
                *(new_id(Kind.DEVICE), by.account_id, agent.id, endpoint),
            )
        extensions.append(extension.number)
    return extensions


async def test_given_a_thousand_callers_when_twenty_agents_serve_them_then_each_is_served_once_and_in_its_turn(
    desk: Desk,
    offhook: RunningOffhook,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
) -> None:
    extensions = await _hire(offhook)
    centre = await CallCentre.open(offhook.service.services, offhook.principal, extensions)
    await centre.say(AgentState.AVAILABLE, *extensions)

    async def call(number: int) -> Story:
        placed = await call_in(desk, centre, f"+155501{1000 + number}{STAYS}", trunk="sipp", customer_ring_seconds=30.0)
        return await desk.wait_for_end(placed.id, seconds=600)

    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number in range(CALLERS):
                await asyncio.sleep(max(0.0, began + number / CALLS_PER_SECOND - loop.time()))
                tasks.append(group.create_task(call(number)))
        stories = [task.result() for task in tasks]
        seen = await sipp.wait_until_idle(2 * CALLERS)
    assert [story.disposition for story in stories] == ["ANSWERED"] * CALLERS
    for story in stories:
        assert len(story.all_of("queue.joined")) == len(story.all_of("queue.left")) == 1
    _assert_one_at_a_time(stories)
    _assert_in_turn(stories)
    _assert_sipp_agrees(seen, stories)


def _assert_one_at_a_time(stories: list[Story]) -> None:
    """By the log's own order: an agent's leg is gone before it is offered the next caller."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for story in stories:
        ended = {fact.body["leg"]["id"]: fact.sequence for fact in story.all_of("leg.ended", "AGENT")}
        for offer in story.all_of("queue.offered"):
            spans[offer.body["agentId"]].append((offer.sequence, ended[offer.body["leg"]["id"]]))
    assert len(spans) == AGENTS
    for agent_id, of_agent in spans.items():
        of_agent.sort()
        for (_, end), (begin, _) in itertools.pairwise(of_agent):
            assert end < begin, agent_id


def _assert_in_turn(stories: list[Story]) -> None:
    offered = [(story.the("queue.joined").body["joinedAt"], story.all_of("queue.offered")[0].at) for story in stories]
    offered.sort()
    latest = offered[0][1]
    for _, at in offered:
        assert at >= latest - TOLERANCE
        latest = max(latest, at)


def _assert_sipp_agrees(seen: list[SippCall], stories: list[Story]) -> None:
    """No phone had two talks at once, by SIPp's own log, and each customer was dialled once."""
    talks: dict[str, list[SippCall]] = defaultdict(list)
    for one in seen:
        talks[one.dialled].append(one)
    agents = {number: calls for number, calls in talks.items() if len(number) > 0 and number.startswith("1555019")}
    assert sum(len(calls) for number, calls in talks.items() if number not in agents) == len(stories)
    for number, calls in agents.items():
        spans = sorted((one.connected_at, one.disconnected_at) for one in calls if one.connected_at)
        for (_, end), (begin, _) in itertools.pairwise(spans):
            assert end is not None
            assert begin is not None
            assert end <= begin, number
