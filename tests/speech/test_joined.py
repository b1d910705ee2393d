"""Sounds put together of several texts: who speaks them has the parts alone, and the whole can be forgotten."""

import time
from pathlib import Path

import numpy as np
import pytest

from app.clock import SystemClock
from app.errors import RefusedError
from app.speech import samples
from app.speech.cache import ContentKey, SpeechCache
from app.speech.engine import SpeechUnavailableError
from app.speech.model import SAMPLE_RATES, MediaUri, Speech
from app.speech.passing import KEPT_SECONDS, PassingSoundSweeper
from app.speech.speaker import Speaker
from app.speech.urls import MediaUrls
from tests.speech.tone_engine import ToneEngine

PARTS: list[Speech | float] = [0.5, Speech(text="Your code is"), 0.25, Speech(text="4"), 0.25, Speech(text="7")]


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine()


@pytest.fixture
def cache(tmp_path: Path) -> SpeechCache:
    return SpeechCache(tmp_path / "speech", most_bytes=10_000_000)


@pytest.fixture
def speaker(engine: ToneEngine, cache: SpeechCache) -> Speaker:
    urls = MediaUrls(b"k" * 32, "http://offhook:8000")
    return Speaker([engine], cache, urls, SystemClock(), secret=b"s" * 32)


def _name(uri: MediaUri) -> ContentKey:
    return ContentKey(uri.rpartition("/")[2].partition(".")[0])


def _read(cache: SpeechCache, uri: MediaUri, rate: int) -> bytes:
    wav = cache.read(_name(uri), rate)
    assert wav is not None
    return samples.read_spoken(wav).samples


async def test_given_texts_and_pauses_when_joined_then_each_is_spoken_by_itself_and_heard_in_its_place(
    speaker: Speaker, engine: ToneEngine, cache: SpeechCache
) -> None:
    uri = await speaker.render_joined("acc_1", "otp_1", PARTS)
    assert [speech.text for speech, _, _ in engine.asked] == ["Your code is", "4", "7"]
    for rate in SAMPLE_RATES:
        expected = b""
        for part in PARTS:
            if isinstance(part, float):
                expected += samples.silence(part, rate)
            else:
                expected += samples.trim(_read(cache, await speaker.render("acc_1", part), rate))
        assert _read(cache, uri, rate) == expected
    assert len(engine.asked) == 3, "what was spoken is kept"


async def test_given_a_joined_sound_when_asked_for_again_then_it_is_there_until_it_is_forgotten(
    speaker: Speaker, engine: ToneEngine, cache: SpeechCache
) -> None:
    first = await speaker.render_joined("acc_1", "otp_1", PARTS)
    assert await speaker.render_joined("acc_1", "otp_1", PARTS) == first
    assert await speaker.render_joined("acc_1", "otp_2", PARTS) != first
    assert _name(await speaker.render_joined("acc_2", "otp_1", PARTS)) != _name(first)
    for _ in range(2):  # twice is as good as once
        await speaker.forget_joined("acc_1", "otp_1")
    assert all(cache.read(_name(first), rate) is None for rate in SAMPLE_RATES)
    asked = len(engine.asked)
    await speaker.render_joined("acc_1", "otp_1", PARTS)
    assert len(engine.asked) == asked, "its parts were not forgotten"


async def test_given_a_part_that_cannot_be_spoken_when_joined_then_nothing_is_kept_and_the_next_time_works(
    speaker: Speaker, engine: ToneEngine
) -> None:
    engine.failure = SpeechUnavailableError("away")
    with pytest.raises(SpeechUnavailableError):
        await speaker.render_joined("acc_1", "otp_1", PARTS)
    engine.failure = None
    with pytest.raises(RefusedError):
        await speaker.render_joined("acc_1", "otp_1", [*PARTS, Speech(text="<b>")])
    assert await speaker.render_joined("acc_1", "otp_1", PARTS)


async def test_given_a_part_that_was_dropped_meanwhile_when_joined_then_it_is_an_error_that_passes(
    speaker: Speaker, cache: SpeechCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(cache, "read", lambda *_: None)
        with pytest.raises(SpeechUnavailableError):
            await speaker.render_joined("acc_1", "otp_1", PARTS)
    assert await speaker.render_joined("acc_1", "otp_1", PARTS)


def test_given_silence_around_a_sound_when_trimmed_then_the_sound_is_left_and_of_silence_nothing() -> None:
    tone = (10_000 * np.sin(np.arange(1, 801) * 0.3)).astype("<i2").tobytes()
    around = samples.silence(0.1, 8_000)
    assert len(around) == 1600
    trimmed = samples.trim(around + tone + around)
    assert trimmed in tone
    assert len(tone) - len(trimmed) <= 4
    assert samples.trim(around) == b""
    assert samples.trim(b"") == b""


async def test_given_what_was_joined_for_one_call_when_another_process_has_seen_its_end_then_it_goes_in_time(
    engine: ToneEngine, cache: SpeechCache, tmp_path: Path
) -> None:
    passing = SpeechCache(tmp_path / "passing", most_bytes=10_000_000)
    urls = MediaUrls(b"k" * 32, "http://offhook:8000")
    speaker = Speaker([engine], cache, urls, SystemClock(), secret=b"s" * 32, passing=passing)
    uri = await speaker.render_joined("acc_1", "otp_1", PARTS)
    assert await speaker.find_joined("acc_1", "otp_1") == uri
    assert await speaker.find_joined("acc_2", "otp_1") is None
    assert cache.read(_name(uri), 8_000) is None
    sweeper = PassingSoundSweeper(passing, SystemClock())
    await sweeper.run_round()
    assert passing.read(_name(uri), 8_000) is not None, "its call may still want it"
    later = time.time() + KEPT_SECONDS + 1
    assert passing.drop_unused(KEPT_SECONDS, now=later) == len(SAMPLE_RATES)
    assert await speaker.find_joined("acc_1", "otp_1") is None
