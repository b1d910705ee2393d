"""Recordings that are begun, ended and paused while people talk, by their sound and their length."""

import asyncio

import pytest

from app.calls.core.verbs import Hold, PauseRecording, ResumeRecording, StopRecording, Unhold
from app.errors import RefusedError
from app.facts.vocabulary import PauseMode, RecordingMode
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.recorded_talk import (
    AGENT,
    AGENT_HERTZ,
    CUSTOMER,
    CUSTOMER_HERTZ,
    LOUD_DBFS,
    OFF_SECONDS,
    off,
    recorded,
    talking,
    true_seconds,
)
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

TALK_SECONDS = 1.6
PAUSE_SECONDS = 1.5


@pytest.mark.parametrize("mode", PauseMode)
async def test_given_a_tone_on_both_sides_when_paused_then_nothing_of_it_is_in_the_file_and_the_lengths_add_up(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, mode: PauseMode
) -> None:
    talk = await talking(desk, far_end, RecordingMode.BOTH)
    recording_id = await talk.recording_id()
    async with talk.sounding():
        for _ in range(2):
            await asyncio.sleep(TALK_SECONDS)
            await desk.act(talk.id, PauseRecording(recording_id=recording_id, mode=mode))
            await asyncio.sleep(PAUSE_SECONDS)
            await desk.act(talk.id, ResumeRecording(recording_id=recording_id))
        await asyncio.sleep(TALK_SECONDS)
        await desk.hang_up(talk.id)
    story = await desk.wait_for_end(talk.id)
    await assert_is_whole(desk, story)

    (one,) = await recorded(desk, offhook, talk.id)
    one.assert_map_is_right()
    pauses = one.stretches("PAUSED")
    assert [segment["kind"] for segment in one.row["segments"]] == ["TALK", "PAUSED", "TALK", "PAUSED", "TALK"]
    for pause, said in zip(pauses, story.all_of("recording.resumed"), strict=True):
        assert off(pause, "beganAt", said, "pausedAt") < OFF_SECONDS
        assert off(pause, "endedAt", said, "resumedAt") < OFF_SECONDS
        one.assert_silent(pause)
    left_out = sum(map(true_seconds, pauses)) if mode is PauseMode.SKIP else 0.0
    assert abs(one.sound.seconds - sum(map(true_seconds, one.row["segments"])) + left_out) < OFF_SECONDS
    for talked in one.stretches("TALK"):
        sound = one.heard(talked)
        assert sound.tone_dbfs(AGENT_HERTZ, AGENT) > LOUD_DBFS
        assert sound.tone_dbfs(CUSTOMER_HERTZ, CUSTOMER) > LOUD_DBFS


async def test_given_a_talk_when_recorded_twice_in_its_midst_then_there_are_two_files_of_just_those_times(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    talk = await talking(desk, far_end)
    async with talk.sounding():
        for number, mode in enumerate((RecordingMode.BOTH, RecordingMode.CUSTOMER), 1):
            await talk.start_recording(mode)
            with pytest.raises(RefusedError) as refused:
                await talk.start_recording(RecordingMode.AGENT)
            assert refused.value.problems[0].code == "INVALID_STATE"
            assert refused.value.problems[0].current_state in {"PENDING", "RECORDING"}
            started = await talk.wait_for_number("recording.started", number)
            await asyncio.sleep(TALK_SECONDS)
            await desk.act(talk.id, StopRecording(recording_id=started.body["recordingId"]))
            saved = await talk.wait_for_number("recording.saved", number)
            assert saved.body["recordingId"] == started.body["recordingId"]
            assert saved.body["durationSeconds"] == pytest.approx(TALK_SECONDS, abs=1.0)
    await talk.customer.hang_up()
    story = await desk.wait_for_end(talk.id)
    await assert_is_whole(desk, story)
    both, customer = await recorded(desk, offhook, talk.id)
    assert (both.sound.channel_count, customer.sound.channel_count) == (2, 1)
    for one in (both, customer):
        one.assert_map_is_right()
        (talked,) = one.row["segments"]
        assert one.heard(talked).tone_dbfs(CUSTOMER_HERTZ, one.sound.channel_count - 1) > LOUD_DBFS


async def test_given_a_recorded_talk_when_the_customer_is_held_then_nobody_is_recorded_until_it_is_back(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    talk = await talking(desk, far_end, RecordingMode.BOTH)
    async with talk.sounding():
        await asyncio.sleep(TALK_SECONDS)
        await desk.act(talk.id, Hold())
        await asyncio.sleep(PAUSE_SECONDS)
        await desk.act(talk.id, Unhold())
        await asyncio.sleep(TALK_SECONDS)
        await talk.agent.hang_up()
    await assert_is_whole(desk, await desk.wait_for_end(talk.id))
    (one,) = await recorded(desk, offhook, talk.id)
    one.assert_map_is_right()
    assert [segment["kind"] for segment in one.row["segments"]] == ["TALK", "APART", "TALK"]
    (apart,) = one.stretches("APART")
    one.assert_silent(apart)
    for talked in one.stretches("TALK"):
        sound = one.heard(talked)
        assert sound.tone_dbfs(AGENT_HERTZ, AGENT) > LOUD_DBFS
        assert sound.tone_dbfs(CUSTOMER_HERTZ, CUSTOMER) > LOUD_DBFS
