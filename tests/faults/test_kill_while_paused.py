"""kill -9 of the service around a pause of a recording: whatever fails, nothing of what is said in it is kept."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app import failpoints
from app.calls.core.verbs import PauseRecording, ResumeRecording
from app.config import Settings
from app.errors import UnavailableError
from app.facts.vocabulary import PauseMode, RecordingMode
from app.failpoints import Failpoint
from app.ids import RecordingId
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.graphql_line import GraphQLLine
from tests.rig.recorded_talk import (
    AGENT,
    AGENT_HERTZ,
    AGENT_NUMBER,
    CUSTOMER,
    CUSTOMER_HERTZ,
    CUSTOMER_NUMBER,
    LOUD_DBFS,
    OFF_SECONDS,
    off,
    recorded,
)
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

SECONDS = 1.5


async def _recording_of(desk: Desk, call_id: str) -> RecordingId:
    """By asking: this desk does not listen, since its line is about to be cut."""
    async with asyncio.timeout(60):
        while True:
            for fact in await desk.line.facts(call_id):
                if fact.type == "recording.started":
                    return RecordingId(fact.body["recordingId"])
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("mode", PauseMode)
@pytest.mark.parametrize("is_told", [True, False], ids=["Asterisk was told", "nobody told Asterisk"])
async def test_given_a_pause_when_the_service_is_killed_then_nothing_of_the_paused_time_is_in_the_file(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, mode: PauseMode, is_told: bool
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
    async with AsyncExitStack() as tones:
        failpoint = None if is_told else f"{Failpoint.BEFORE_PAUSE}:{failpoints.Effect.KILL}"
        async with (
            service_process(settings, tmp_path, failpoint=failpoint) as process,
            GraphQLLine.to(process.url, token) as line,
        ):
            desk = Desk(line, node, trunks)
            placed = await desk.place_call(
                CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend", record=RecordingMode.BOTH
            )
            agent = await far_end.expect_call(AGENT_NUMBER)
            await agent.answer()
            customer = await far_end.expect_call(CUSTOMER_NUMBER)
            await customer.answer()
            recording_id = await _recording_of(desk, placed.id)
            await tones.enter_async_context(agent.playing_tone(AGENT_HERTZ))
            await tones.enter_async_context(customer.playing_tone(CUSTOMER_HERTZ))
            await asyncio.sleep(SECONDS)
            pause = PauseRecording(recording_id=recording_id, mode=mode)
            if is_told:
                await desk.act(placed.id, pause)
                await process.kill()
            else:
                with pytest.raises(UnavailableError):
                    await desk.act(placed.id, pause)
        await asyncio.sleep(SECONDS)  # nobody is there, and both speak
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            await desk.wait_for(placed.id, "call.recovered")
            await asyncio.sleep(SECONDS)
            await desk.act(placed.id, ResumeRecording(recording_id=recording_id))
            await asyncio.sleep(SECONDS)
            await desk.hang_up(placed.id)
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            (one,) = await recorded(desk, offhook, placed.id)
            await offhook.assert_nothing_is_left(witness)
    one.assert_map_is_right()
    assert [segment["kind"] for segment in one.row["segments"]] == ["TALK", "PAUSED", "TALK"]
    (paused,) = one.stretches("PAUSED")
    said = story.the("recording.resumed")
    assert off(paused, "beganAt", said, "pausedAt") < OFF_SECONDS
    assert off(paused, "endedAt", said, "resumedAt") < OFF_SECONDS
    one.assert_silent(paused)
    for talked in one.stretches("TALK"):
        sound = one.heard(talked)
        assert sound.tone_dbfs(AGENT_HERTZ, AGENT) > LOUD_DBFS
        assert sound.tone_dbfs(CUSTOMER_HERTZ, CUSTOMER) > LOUD_DBFS
