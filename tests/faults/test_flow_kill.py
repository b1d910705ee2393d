"""kill -9 of the service with callers in call flows, one asked for digits, one leaving a message: both go on."""

import asyncio
from pathlib import Path

import pytest

from app.config import Settings
from app.facts.vocabulary import Tone
from app.flows.steps import Flow, Gather, HangUp, Option, PlayInstalled, PlayTone, Step, Voicemail
from app.routing.flows import FlowChanges
from tests.rig.desk import Desk
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook, running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

#: Answers, and sounds a tone until it is hung up.
STEADY_TONE = "+15550100012"
#: How long the message goes on; the service is away for part of it.
MESSAGE_SECONDS = 8.0


async def test_given_callers_in_flows_when_the_service_is_killed_then_the_next_one_leads_them_to_their_ends(
    settings: Settings, tmp_path: Path, witness: Witness
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
        asks = await _keep(
            first,
            "asks",
            Gather(
                name="menu",
                prompt=(PlayTone(tone=Tone.RING, seconds=12.0),),
                options=(Option(digits="1", next="bye"),),
                first_digit_seconds=1.0,
                retries=0,
                no_input="bye",
            ),
            HangUp(name="bye"),
        )
        takes = await _keep(
            first,
            "takes",
            Voicemail(name="message", greeting=(PlayInstalled(name="beep"),), max_seconds=MESSAGE_SECONDS),
        )
    async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
        desk = Desk(line, node, trunks)
        asked = await desk.place_call(STEADY_TONE, connect=None, connect_call_flow_id=asks)
        speaking = await desk.place_call(STEADY_TONE, connect=None, connect_call_flow_id=takes)
        await _until_told(desk, speaking.id, "recording.started")
        await _until_told(desk, asked.id, "playback.started")
        await process.kill()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        story = await desk.wait_for_end(asked.id)
        await assert_is_whole(desk, story)
        assert [fact.body["step"] for fact in story.all_of("flow.step_entered")] == ["menu", "bye"]
        assert story.the("flow.gathered").body["result"] == "NO_INPUT"
        assert (story.disposition, story.end) == ("ANSWERED", ("FLOW_ENDED", "SYSTEM"))
        assert len(story.all_of("playback.started")) == 2, "what was being said is said again"

        told = await desk.wait_for(speaking.id, "voicemail.received")
        story = await desk.wait_for_end(speaking.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("VOICEMAIL", ("FLOW_ENDED", "SYSTEM"))
        assert len(story.all_of("recording.saved")) == 1
        assert told.body["durationSeconds"] == pytest.approx(MESSAGE_SECONDS, abs=2.0), "it has gone on meanwhile"
        for ended in (asked.id, speaking.id):
            facts = desk.heard(ended)
            types = [fact.type for fact in facts]
            assert types.count("flow.started") == types.count("flow.ended") == 1
        await offhook.assert_nothing_is_left(witness)


async def _keep(offhook: RunningOffhook, name: str, *steps: Step) -> str:
    flow = Flow(start=steps[0].name, steps=steps)
    made = await offhook.service.services.routing.flows.create(offhook.principal, FlowChanges(name=name, flow=flow))
    return made.id


async def _until_told(desk: Desk, call_id: str, type_name: str) -> None:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(60):
        while not any(fact.type == type_name for fact in await desk.line.facts(call_id)):
            await asyncio.sleep(0.05)
