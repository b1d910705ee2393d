"""kill -9 of the service while a program talks to a leg: the next one ends the stream, and the leg is back."""

import asyncio
from pathlib import Path

import pytest

from app.calls.core.verbs import StartMediaStream
from app.config import Settings
from app.facts.vocabulary import Tone
from app.flows.steps import Flow, HangUp, MediaStream, Play, PlayTone
from app.ids import Kind, LegId, MediaStreamId, new_id
from app.routing.flows import FlowChanges
from tests.rig.audio import Sound
from tests.rig.bot import running_bot, tone
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.talk import answer_both
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER = "+15550118101", "+15550118102"
AGENT_HERTZ, BOT_HERTZ, CUSTOMER_HERTZ = 400, 1000, 700
LOUD_DBFS, ABSENT_DBFS = -35.0, -60.0


async def _until_told(desk: Desk, call_id: str, type_name: str) -> Fact:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(60):
        while True:
            found = [fact for fact in await desk.line.facts(call_id) if fact.type == type_name]
            if found:
                return found[0]
            await asyncio.sleep(0.05)


async def _hear_agent(customer: FarEndCall) -> Sound:
    """Some sound that the agent is in: whoever is moved hears nothing for a moment, on a busy machine for longer."""
    async with asyncio.timeout(60):
        while True:
            heard = await customer.hear(2.0)
            if heard.seconds > 1.0:
                last = heard.between(1.0, heard.seconds)
                if last.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS:
                    return last


@pytest.mark.parametrize("is_heard_already", [True, False])
async def test_given_a_program_that_talks_when_the_service_is_killed_then_the_next_one_ends_it_and_the_talk_goes_on(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, is_heard_already: bool
) -> None:
    async with running_bot() as bot:
        async with running_offhook(settings) as first:
            token, trunks, node = first.token, first.trunks, first.node
            await first.service.services.media_endpoints.create(first.principal, url=bot.url)
        async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
            desk = Desk(line, node, trunks)
            placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
            agent, customer = await answer_both(far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
            await _until_told(desk, placed.id, "call.connected")
            legs = [fact for fact in await desk.line.facts(placed.id) if fact.type == "leg.answered"]
            leg_id = LegId(next(one.body["leg"]["id"] for one in legs if one.role == "CUSTOMER"))
            stream_id = MediaStreamId(new_id(Kind.MEDIA_STREAM))
            await desk.act(leg_id, StartMediaStream(stream_id=stream_id, leg_id=leg_id, url=bot.url))
            talk = await bot.expect_talk()
            if is_heard_already:
                await _until_told(desk, placed.id, "mediastream.connected")
                await talk.say(tone(BOT_HERTZ, 30.0))
                assert (await customer.hear(1.0)).tone_dbfs(BOT_HERTZ) > LOUD_DBFS
            await process.kill()
        await talk.wait_until_over()
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            await desk.wait_for(placed.id, "call.recovered")
            # Both send, as phones do: Asterisk's own bridge of RTP may not reach one that has fallen silent.
            async with agent.playing_tone(AGENT_HERTZ), customer.playing_tone(CUSTOMER_HERTZ):
                assert (await _hear_agent(customer)).tone_dbfs(BOT_HERTZ) < ABSENT_DBFS
            await customer.hang_up()
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            came_out = [*story.all_of("mediastream.ended"), *story.all_of("mediastream.failed")]
            assert [one.body["reason"] for one in came_out] == ["SERVICE_RESTARTED"]
            await agent.wait_until_ended()
            await offhook.assert_nothing_is_left(witness)


async def test_given_a_program_that_talks_when_the_service_is_killed_in_a_flow_then_its_caller_goes_on_to_the_next_step(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with running_bot() as bot:
        async with running_offhook(settings) as first:
            token, trunks, node = first.token, first.trunks, first.node
            await first.service.services.media_endpoints.create(first.principal, url=bot.url)
            steps = (
                MediaStream(name="bot", url=bot.url, next="after"),
                Play(name="after", sounds=(PlayTone(tone=Tone.RING, seconds=30.0),), next="bye"),
                HangUp(name="bye"),
            )
            changes = FlowChanges(name="bot", flow=Flow(start="bot", steps=steps))
            flow = await first.service.services.routing.flows.create(first.principal, changes)
        async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
            desk = Desk(line, node, trunks)
            placed = await desk.place_call(CUSTOMER_NUMBER, connect=None, connect_call_flow_id=flow.id, trunk="farend")
            customer = await far_end.expect_call(CUSTOMER_NUMBER)
            await customer.answer()
            talk = await bot.expect_talk()
            await _until_told(desk, placed.id, "mediastream.connected")
            await process.kill()
        await talk.wait_until_over()
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            assert (await desk.wait_for(placed.id, "mediastream.ended")).body["reason"] == "SERVICE_RESTARTED"
            await desk.wait_for(placed.id, "playback.started")
            await customer.hang_up()
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            # The tone breaks off with the caller, which leads to no step behind it.
            assert [one.body["step"] for one in story.all_of("flow.step_entered")] == ["bot", "after"]
            assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
            await offhook.assert_nothing_is_left(witness)
