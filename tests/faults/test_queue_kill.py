"""kill -9 of the service with callers in a queue and an agent's phone ringing: nobody is lost, nobody rung twice."""

import asyncio
from pathlib import Path

import pytest

from app.config import Settings
from app.facts.queues import AgentState
from tests.rig.call_centre import CallCentre, call_in, wait_until_served
from tests.rig.desk import Desk
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk


async def test_given_callers_in_a_queue_when_the_service_is_killed_then_the_next_one_serves_them_in_their_order(
    settings: Settings, tmp_path: Path, witness: Witness
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
        centre = await CallCentre.open(first.service.services, first.principal, ["2010", "2001"], ring_seconds=8.0)
        await centre.say(AgentState.AVAILABLE, "2010")  # rings, and never answers
    async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
        desk = Desk(line, node, trunks)
        placed = []
        for _ in range(3):
            placed.append(await call_in(desk, centre))
            await _until_told(desk, placed[-1].id, "queue.joined")
        await _until_told(desk, placed[0].id, "leg.ringing", of="AGENT")
        await process.kill()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        centre.services = offhook.service.services
        standing = await centre.standing()
        assert [one.call_id for one in standing.waiting] == [one.id for one in placed]
        assert standing.waiting[0].offered_to == (centre.agents["2010"],)
        await centre.say(AgentState.PAUSED, "2010")
        # The offer that was under way goes on to its end, and the caller keeps its place.
        await desk.wait_for(placed[0].id, "leg.ended", "AGENT")
        await centre.say(AgentState.AVAILABLE, "2001")
        for one in placed:
            left = await wait_until_served(desk, one.id)
            assert centre.extension_of(left.body["agentId"]) == "2001"
            await desk.hang_up(one.id)
            story = await desk.wait_for_end(one.id)
            await assert_is_whole(desk, story)
            assert story.disposition == "ANSWERED"
            assert story.record["source"] == "RECOVERED"
            assert len(story.all_of("queue.joined")) == len(story.all_of("queue.left")) == 1
        offers = [fact for fact in desk.heard(placed[0].id) if fact.type == "queue.offered"]
        assert len(offers) == 2
        await centre.wait_until("2001", AgentState.AVAILABLE)
        await offhook.assert_nothing_is_left(witness)


async def _until_told(desk: Desk, call_id: str, type_name: str, *, of: str | None = None) -> None:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(60):
        while not any(fact.type == type_name and of in (None, fact.role) for fact in await desk.line.facts(call_id)):
            await asyncio.sleep(0.05)
