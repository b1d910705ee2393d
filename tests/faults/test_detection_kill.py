"""kill -9 of the service while Asterisk finds out what has answered: the next one hears the verdict, and acts on it."""

import asyncio
from pathlib import Path

import pytest

from app.config import Settings
from app.facts.vocabulary import LegRole
from app.flows.steps import Flow, HangUp, Play, PlayInstalled
from app.routing.flows import FlowChanges
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

#: Answers, and sounds a tone until it is hung up.
STEADY_TONE = "+15550100012"
MACHINE = "+15550100006"
MESSAGE = (Play(name="message", sounds=(PlayInstalled(name="beep"),), next="bye"), HangUp(name="bye"))


async def test_given_calls_whose_answer_is_looked_into_when_the_service_is_killed_then_the_next_one_acts_on_the_verdict(
    settings: Settings, tmp_path: Path, witness: Witness
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
    async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
        desk = Desk(line, node, trunks)
        machine = await desk.place_call(MACHINE, first=LegRole.CUSTOMER, detect_machine=True)
        tone = await desk.place_call(STEADY_TONE, first=LegRole.CUSTOMER, detect_machine=True)
        for placed in (machine, tone):
            await _until_answered(desk, placed.id)
        await process.kill()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        story = await desk.wait_for_end(machine.id)
        await assert_is_whole(desk, story)
        assert story.the("machine.detection_finished").body["answeredBy"] == "MACHINE"
        assert (story.disposition, story.end) == ("MACHINE", ("MACHINE", "CUSTOMER"))
        assert story.all_of("leg.dialing", "AGENT") == []

        found = await desk.wait_for(tone.id, "machine.detection_finished")
        if found.body["answeredBy"] != "MACHINE":
            await desk.wait_for(tone.id, "call.connected")
            await desk.hang_up(tone.id)
        story = await desk.wait_for_end(tone.id)
        await assert_is_whole(desk, story)
        assert len(story.all_of("machine.detection_finished")) == 1
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_machine_whose_beep_is_listened_for_when_the_service_is_killed_then_the_next_one_listens_anew(
    settings: Settings, tmp_path: Path, witness: Witness, ears: AriEars
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
        message = Flow(start="message", steps=MESSAGE)
        flows = first.service.services.routing.flows
        flow_id = (await flows.create(first.principal, FlowChanges(name="leaves a message", flow=message))).id
    async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
        desk = Desk(line, node, trunks)
        placed = await desk.place_call(MACHINE, connect=None, connect_call_flow_id=flow_id, detect_machine=True)
        async with asyncio.timeout(60):
            while not any(
                one["name"].startswith("WebSocket/") for one in (await ears.request("GET", "/channels")).json()
            ):
                await asyncio.sleep(0.02)
        await process.kill()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        told = story.the("machine.detection_finished").body
        assert (told["answeredBy"], told["isAfterBeep"]) == ("MACHINE", True)
        assert story.end == ("FLOW_ENDED", "SYSTEM")
        assert [word for word in story.words if word.startswith("mediastream.")] == []
        await offhook.assert_nothing_is_left(witness)


async def _until_answered(desk: Desk, call_id: str) -> None:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(60):
        while not any(fact.type == "leg.answered" for fact in await desk.line.facts(call_id)):
            await asyncio.sleep(0.05)
