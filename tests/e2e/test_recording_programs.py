"""The recording of a customer whom a call flow leads to a program: each on its own channel, and no step around it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from app.facts.vocabulary import RecordingMode, Tone
from app.flows.steps import Flow, HangUp, MediaStream, Play, PlayTone
from app.routing.flows import FlowChanges
from tests.rig.audio import read_wav
from tests.rig.bot import running_bot, tone
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550115021", 1000
BOT_HERTZ, STEP_HERTZ = 600, 350
TALK_SECONDS, STEP_SECONDS = 3.0, 2.0
LOUD_DBFS, ABSENT_DBFS = -30.0, -45.0


@pytest.fixture
async def web(offhook: RunningOffhook) -> AsyncIterator[httpx.AsyncClient]:
    """Where signed addresses lead to."""
    app = Starlette(routes=offhook.service.recording_files.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://offhook") as client:
        yield client


async def test_given_a_program_and_a_customer_when_their_talk_is_recorded_then_each_is_on_a_channel_and_nothing_else_is(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, web: httpx.AsyncClient
) -> None:
    async with running_bot() as bot:
        await offhook.service.services.media_endpoints.create(offhook.principal, url=bot.url)
        steps = (
            Play(name="before", sounds=(PlayTone(tone=Tone.DIAL, seconds=1.0),), next="bot"),
            MediaStream(name="bot", url=bot.url, next="after"),
            Play(name="after", sounds=(PlayTone(tone=Tone.DIAL, seconds=STEP_SECONDS),), next="bye"),
            HangUp(name="bye"),
        )
        flow = await offhook.service.services.routing.flows.create(
            offhook.principal, FlowChanges(name="bot", flow=Flow(start="before", steps=steps))
        )
        placed = await desk.place_call(
            CUSTOMER_NUMBER, connect=None, connect_call_flow_id=flow.id, trunk="farend", record=RecordingMode.BOTH
        )
        customer = await far_end.expect_call(CUSTOMER_NUMBER)
        await customer.answer()
        talk = await bot.expect_talk()
        await desk.wait_for(placed.id, "recording.started")
        async with customer.playing_tone(CUSTOMER_HERTZ):
            await talk.say(tone(BOT_HERTZ, TALK_SECONDS))
            await talk.tell("mark", name="said")
            await talk.expect("mark", name="said", state="REACHED")
            await talk.tell("stop", outcome="done")
            await desk.wait_for_end(placed.id)
        await desk.wait_for(placed.id, "recording.saved")
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert story.end == ("FLOW_ENDED", "SYSTEM")
    (recording,) = await desk.line.recordings(placed.id)
    assert (recording["state"], story.record["recordingIds"]) == ("SAVED", [recording["id"]])
    sound = read_wav((await web.get(recording["url"])).content)
    assert sound.channel_count == 2
    # The step before the talk is not in it; the one after it is silent, as whatever comes between two talks.
    assert TALK_SECONDS - 1.0 < sound.seconds < TALK_SECONDS + STEP_SECONDS + 1.5
    middle = sound.between(1.0, 2.0)
    for channel, present, absent in ((0, BOT_HERTZ, CUSTOMER_HERTZ), (1, CUSTOMER_HERTZ, BOT_HERTZ)):
        assert middle.tone_dbfs(present, channel) > LOUD_DBFS
        assert middle.tone_dbfs(absent, channel) < ABSENT_DBFS
    assert sound.tone_dbfs(STEP_HERTZ, 0) < ABSENT_DBFS
