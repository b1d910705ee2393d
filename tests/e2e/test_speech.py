"""Spoken texts and sound files, by what arrives at the far ends: the real Asterisk fetches them from Offhook."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from app.config import Settings
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.speech.cache import ContentKey
from tests.rig.audio import Sound
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.spoken import write_espeak
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER = "+15550117101", "+15550117102"
TEXT = "Your appointment is on Monday at half past nine. Please bring your papers."
SILENCE_DBFS = -60.0
RATE = 8_000
#: A fifth of a second.
PIECE = 1_600
_SPEAK = "mutation($input: SpeakInput!) { speak(input: $input) { playbackId userErrors { code message field } } }"
_PLAY = "mutation($input: PlayAudioInput!) { playAudio(input: $input) { playbackId userErrors { code message } } }"
_UPLOAD = (
    "mutation($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url } userErrors { code } } }"
)
_FILE = (
    "mutation($input: CreateAudioFileInput!) { createAudioFile(input: $input) "
    "{ audioFile { id format channels durationSeconds } userErrors { message } } }"
)
_ENDS = {"playback.finished", "playback.failed"}


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """With the espeak-ng that was found for this machine, whatever is on the PATH."""
    return make_settings(asterisk, database_dsn, tmp_path / "data", espeak=write_espeak(asterisk_install, tmp_path))


@pytest.fixture
async def calling(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as desk:
        yield desk


@dataclass(frozen=True, slots=True)
class Talk:
    id: str
    agent: FarEndCall
    customer: FarEndCall
    customer_leg: str


@asynccontextmanager
async def _talking(desk: Desk, far_end: FarEnd) -> AsyncIterator[Talk]:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    leg_id = (await desk.wait_for(placed.id, "leg.answered", "CUSTOMER")).body["leg"]["id"]
    yield Talk(placed.id, agent, customer, leg_id)
    await desk.hang_up(placed.id)
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))


async def _heard_to_its_end(desk: Desk, talk: Talk, payload: Any) -> None:
    playback_id = payload["playbackId"]

    def is_over(facts: list[Fact]) -> bool:
        return any(fact.type in _ENDS and fact.body["playbackId"] == playback_id for fact in facts)

    facts = await desk.wait_until(talk.id, is_over, what="the playback's end")
    end = next(fact for fact in facts if fact.type in _ENDS and fact.body["playbackId"] == playback_id)
    assert (end.type, end.body.get("isStopped")) == ("playback.finished", False), end.body


def _only_sound(offhook: RunningOffhook) -> NDArray[np.float64]:
    """What the cache holds, when it holds one text."""
    cache = offhook.service.services.speech.media_files._caches[0]
    (path,) = (offhook.service.settings.data_dir / "media" / "speech").glob("*/*-8000.wav")
    content = cache.read(ContentKey(path.name.removesuffix("-8000.wav")), RATE)
    assert content is not None
    sound: NDArray[np.float64] = soundfile.read(io.BytesIO(content))[0]
    return sound


def _assert_heard(heard: Sound, played: NDArray[np.float64]) -> None:
    """What was played is in what was heard, from its beginning on and in its order.

    Each piece is looked for by itself: on a busy machine a packet may come late, and all behind it is shifted then. The
    last one may still have been on its way.
    """
    assert heard.rate == RATE
    pieces = [played[at : at + PIECE] for at in range(0, len(played) - PIECE + 1, PIECE)]
    loud = [number for number, piece in enumerate(pieces) if np.sqrt(np.mean(piece**2)) > 0.02][:-1]
    assert len(loud) >= 4
    found = [_find(heard.channel(0), pieces[number]) for number in loud]
    likenesses = [likeness for _, likeness in found]
    assert np.median(likenesses) > 0.95, likenesses
    assert np.mean(np.array(likenesses) > 0.9) > 0.6, likenesses
    delays = np.array(
        [at - number * PIECE for number, (at, likeness) in zip(loud, found, strict=True) if likeness > 0.9]
    )
    assert np.ptp(delays) < RATE / 2, delays


def _find(heard: NDArray[np.float64], piece: NDArray[np.float64]) -> tuple[int, float]:
    """Where a piece is, and how much of what is there it is: 1 is all of it and nothing else."""
    size = 1 << (len(heard) + len(piece)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(piece, size)), size)
    product = product[: len(heard) - len(piece) + 1]
    energy = np.convolve(heard**2, np.ones(len(piece)), mode="valid")
    likeness = product / np.sqrt(np.maximum(energy, 1e-3) * np.sum(piece**2))
    at = int(np.argmax(likeness))
    return at, float(likeness[at])


async def test_given_a_talk_when_a_text_is_spoken_to_one_leg_then_it_alone_hears_that_very_speech(
    served_offhook: RunningOffhook, calling: Desk, far_end: FarEnd
) -> None:
    async with _talking(calling, far_end) as talk:
        async with talk.customer.hearing() as by_customer, talk.agent.hearing() as by_agent:
            given = {"callId": talk.id, "legId": talk.customer_leg, "say": {"text": TEXT}}
            await _heard_to_its_end(calling, talk, await served_offhook.change(_SPEAK, **given))
        _assert_heard(by_customer[0], _only_sound(served_offhook))
        assert by_agent[0].rms_dbfs() < SILENCE_DBFS


async def test_given_a_talk_when_texts_are_spoken_to_all_then_both_hear_them_whenever_they_come(
    served_offhook: RunningOffhook, calling: Desk, far_end: FarEnd
) -> None:
    async with _talking(calling, far_end) as talk:
        for _ in range(2):  # the second time Asterisk has it already
            async with talk.customer.hearing() as by_customer, talk.agent.hearing() as by_agent:
                payload = await served_offhook.change(_SPEAK, callId=talk.id, say={"text": TEXT})
                await _heard_to_its_end(calling, talk, payload)
            for heard in (by_customer[0], by_agent[0]):
                _assert_heard(heard, _only_sound(served_offhook))


async def test_given_a_sound_file_when_uploaded_and_played_then_it_arrives(
    served_offhook: RunningOffhook, calling: Desk, far_end: FarEnd
) -> None:
    made = io.BytesIO()
    at = np.arange(2 * 44_100) / 44_100
    chirp = 0.4 * np.sin(2 * np.pi * (300 * at + 600 * at**2))  # 300 Hz to 2.7 kHz
    soundfile.write(made, np.stack([chirp, chirp], axis=1), 44_100, format="FLAC")
    content = made.getvalue()
    payload = await served_offhook.change(_UPLOAD, contentType="audio/flac", sizeBytes=len(content))
    upload = payload["upload"]
    async with httpx.AsyncClient() as client:
        answer = await client.put(upload["url"], content=content, headers={"Content-Type": "audio/flac"})
    assert answer.status_code == 201
    file = (await served_offhook.change(_FILE, uploadId=upload["id"], name="Chirp"))["audioFile"]
    assert (file["format"], file["channels"], file["durationSeconds"]) == ("FLAC", 2, 2.0)
    played = 0.4 * np.sin(2 * np.pi * (300 * (at8 := np.arange(2 * RATE) / RATE) + 600 * at8**2))
    async with _talking(calling, far_end) as talk:
        async with talk.customer.hearing() as by_customer:
            given = {"callId": talk.id, "legId": talk.customer_leg, "sounds": [{"audioFileId": file["id"]}]}
            await _heard_to_its_end(calling, talk, await served_offhook.change(_PLAY, **given))
        _assert_heard(by_customer[0], played)


async def test_given_sounds_that_asterisk_cannot_fetch_when_played_then_the_playback_fails_and_the_talk_goes_on(
    served_offhook: RunningOffhook, calling: Desk, far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _talking(calling, far_end) as talk:
        cache = served_offhook.service.services.speech.media_files._caches[0]
        monkeypatch.setattr(cache, "read", lambda _key, _rate: None)  # as after it was dropped
        await served_offhook.change(_SPEAK, callId=talk.id, say={"text": "Gone."})
        failed = await calling.wait_for(talk.id, "playback.failed")
        assert failed.body["reason"]


async def test_given_a_spoken_code_when_everything_is_looked_at_then_nothing_has_it_in_words(
    served_offhook: RunningOffhook, calling: Desk, far_end: FarEnd, capfd: pytest.CaptureFixture[str]
) -> None:
    async with _talking(calling, far_end) as talk:
        await served_offhook.change(_SPEAK, callId=talk.id, say={"text": "Your code is xyzzy 471199."})
        await calling.wait_for(talk.id, "playback.finished")
        async with httpx.AsyncClient() as client:
            diagnosis = await client.get(
                f"{served_offhook.url}/v1/calls/{talk.id}/diagnostics.ndjson",
                headers={"Authorization": f"Bearer {served_offhook.token}"},
            )
    assert diagnosis.status_code == 200
    assert "start_playback" in diagnosis.text.lower().replace("startplayback", "start_playback")
    for text in (diagnosis.text, *capfd.readouterr()):
        assert "xyzzy" not in text
        assert "471199" not in text
        assert re.search(r"/media/[0-9]", text) is None  # the address is as good as the text
