"""Recordings by their sound: whose voice is on which channel, how long, how well aligned, and how they are fetched."""

import asyncio
import hashlib
import os
import signal
import time
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from app.facts.vocabulary import RecordingMode
from app.local.asterisk import AsteriskInstance
from tests.rig.audio import Sound, read_wav
from tests.rig.desk import Body, Desk, Story
from tests.rig.far_end import FarEnd
from tests.rig.marks import assert_channels_agree, sound_marks
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_as_long_as_the_talk, assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_TONE, AGENT_HERTZ = "+15550100013", 400
CUSTOMER_TONE, CUSTOMER_HERTZ = "+15550100012", 1000
TALK_SECONDS = 2.0
STARVED_SECONDS = 1.5
LOUD_DBFS = -30.0
ABSENT_DBFS = -45.0  # a gap in the tone, as on a busy machine, is heard at every pitch


@pytest.fixture
async def web(offhook: RunningOffhook) -> AsyncIterator[httpx.AsyncClient]:
    """Where signed addresses lead to."""
    app = Starlette(routes=offhook.service.recording_files.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://offhook") as client:
        yield client


async def _recorded_call(desk: Desk, mode: RecordingMode) -> tuple[Story, Body]:
    call = await desk.place_call(CUSTOMER_TONE, connect_number=AGENT_TONE, record=mode)
    await desk.wait_for(call.id, "recording.started")
    await asyncio.sleep(TALK_SECONDS)
    await desk.hang_up(call.id)
    story = await desk.wait_for_end(call.id)
    await assert_is_whole(desk, story)
    (recording,) = await desk.line.recordings(call.id)
    assert recording["state"] == "SAVED"
    return story, recording


def _assert_only(sound: Sound, channel: int, *, present: int, absent: int) -> None:
    """One tone is there from near the beginning to the end, and nothing of the other."""
    for start in np.arange(0.3, sound.seconds - 0.5, 0.5):
        part = sound.between(start, start + 0.5)
        assert part.tone_dbfs(present, channel) > LOUD_DBFS
        assert part.tone_dbfs(absent, channel) < ABSENT_DBFS


async def test_given_a_tone_on_each_side_when_both_are_recorded_then_each_is_on_its_own_channel(
    desk: Desk, web: httpx.AsyncClient
) -> None:
    story, recording = await _recorded_call(desk, RecordingMode.BOTH)
    answer = await web.get(recording["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    sound = read_wav(answer.content)
    assert sound.channel_count == recording["channels"] == 2
    _assert_only(sound, 0, present=AGENT_HERTZ, absent=CUSTOMER_HERTZ)
    _assert_only(sound, 1, present=CUSTOMER_HERTZ, absent=AGENT_HERTZ)
    assert sound.seconds == pytest.approx(recording["durationSeconds"], abs=0.001)
    assert_is_as_long_as_the_talk(sound.seconds, story)
    assert recording["sizeBytes"] == len(answer.content)
    assert recording["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert recording["lostSeconds"] >= 0.0  # more on a machine that is too busy for Asterisk; but it is known


@pytest.mark.parametrize(
    ("mode", "present", "absent"),
    [
        (RecordingMode.AGENT, AGENT_HERTZ, CUSTOMER_HERTZ),
        (RecordingMode.CUSTOMER, CUSTOMER_HERTZ, AGENT_HERTZ),
    ],
)
async def test_given_a_tone_on_each_side_when_one_is_recorded_then_the_file_is_mono_with_that_tone(
    desk: Desk, web: httpx.AsyncClient, mode: RecordingMode, present: int, absent: int
) -> None:
    story, recording = await _recorded_call(desk, mode)
    sound = read_wav((await web.get(recording["url"])).content)
    assert sound.channel_count == recording["channels"] == 1
    _assert_only(sound, 0, present=present, absent=absent)
    assert_is_as_long_as_the_talk(sound.seconds, story)


async def test_given_a_recording_when_fetched_in_ranges_then_they_make_up_the_same_file(
    desk: Desk, web: httpx.AsyncClient
) -> None:
    _, recording = await _recorded_call(desk, RecordingMode.BOTH)
    size = recording["sizeBytes"]
    parts = []
    for start in range(0, size, 10_000):
        answer = await web.get(recording["url"], headers={"Range": f"bytes={start}-{start + 9_999}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {start}-{min(start + 9_999, size - 1)}/{size}"
        parts.append(answer.content)
    assert hashlib.sha256(b"".join(parts)).hexdigest() == recording["sha256"]
    tampered = recording["url"][:-1] + ("A" if recording["url"][-1] != "A" else "B")
    refused = await web.get(tampered)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "URL_SIGNATURE_INVALID")


async def test_given_an_asterisk_that_had_no_processor_for_a_while_when_recorded_then_it_is_told_how_much_is_missing(
    desk: Desk, asterisk: AsteriskInstance
) -> None:
    call = await desk.place_call(CUSTOMER_TONE, connect_number=AGENT_TONE, record=RecordingMode.BOTH)
    await desk.wait_for(call.id, "recording.started")
    await asyncio.sleep(0.5)
    began = time.monotonic()
    os.kill(asterisk.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(STARVED_SECONDS)
    finally:
        os.kill(asterisk.pid, signal.SIGCONT)
    starved = time.monotonic() - began
    await asyncio.sleep(0.5)
    await desk.hang_up(call.id)
    story = await desk.wait_for_end(call.id)
    (recording,) = await desk.line.recordings(call.id)
    lost = recording["lostSeconds"]
    assert lost > starved - 0.3  # and more, if it had none at other times
    assert story.the("recording.saved").body["lostSeconds"] == lost
    assert_is_as_long_as_the_talk(recording["durationSeconds"], story)


async def test_given_no_recording_asked_for_when_the_call_ends_then_there_is_none(desk: Desk) -> None:
    call = await desk.place_call(CUSTOMER_TONE, connect_number=AGENT_TONE)
    await desk.wait_for(call.id, "call.connected")
    await desk.hang_up(call.id)
    story = await desk.wait_for_end(call.id)
    assert not [name for name in story.types if name.startswith("recording")]
    assert await desk.line.recordings(call.id) == []


async def test_given_marks_that_sound_on_both_sides_at_once_when_recorded_then_the_channels_agree_within_40_ms(
    desk: Desk, far_end: FarEnd, web: httpx.AsyncClient
) -> None:
    agent_number, customer_number = "+15550113001", "+15550113002"
    placed = await desk.place_call(
        customer_number, connect_number=agent_number, trunk="farend", record=RecordingMode.BOTH
    )
    agent = await far_end.expect_call(agent_number)
    await agent.answer()
    customer = await far_end.expect_call(customer_number)
    await customer.answer()
    await desk.wait_for(placed.id, "recording.started")
    await sound_marks(far_end, agent, customer)
    await customer.hang_up()
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    (recording,) = await desk.line.recordings(placed.id)
    sound = read_wav((await web.get(recording["url"])).content)
    assert_channels_agree(sound, recording["lostSeconds"])
