"""From a text to something Asterisk plays: checked, given a voice, spoken once, kept."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
import structlog.testing

from app.clock import SystemClock
from app.errors import OverloadedError, RefusedError
from app.recordings.wave_format import HEADER_LIMIT, read_layout
from app.speech import samples
from app.speech.cache import ContentKey, SpeechCache
from app.speech.engine import SpeechUnavailableError
from app.speech.model import MediaUri, Speech, Voice, VoiceSettings
from app.speech.speaker import Speaker, choose_voice, language_of
from app.speech.urls import MediaUrls
from app.speech.words import Engine, EngineType, Gender, Pitch, Rate, Volume
from tests.speech.tone_engine import VOICES, ToneEngine

CODE = Speech(text="Your code is 4711.")


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine()


@pytest.fixture
def cache(tmp_path: Path) -> SpeechCache:
    return SpeechCache(tmp_path / "speech", most_bytes=10_000_000)


def _speaker(cache: SpeechCache, *engines: ToneEngine, sample_rate: int = 8_000) -> Speaker:
    urls = MediaUrls(b"k" * 32, "http://offhook:8000")
    return Speaker(engines, cache, urls, SystemClock(), secret=b"s" * 32, sample_rate=sample_rate)


def _name(uri: MediaUri) -> ContentKey:
    return ContentKey(uri.rpartition("/")[2].partition(".")[0])


async def _refused(speaker: Speaker, speech: Speech) -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(RefusedError) as refused:
        await speaker.render("acc_1", speech)
    return [(one.code, one.field) for one in refused.value.problems]


async def test_given_a_text_when_rendered_then_both_rates_are_kept_and_sound_alike(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    uri = await _speaker(cache, engine).render("acc_1", CODE)
    assert uri.endswith(".wav")
    for rate in (8_000, 16_000):
        file = cache.read(_name(uri), rate)
        assert file is not None
        layout = read_layout(file[:HEADER_LIMIT], len(file))
        assert (layout.sample_rate, layout.channels) == (rate, 1)
        assert layout.duration_seconds == pytest.approx(len(CODE.text) * 0.02, abs=0.001)
        spectrum = np.abs(np.fft.rfft(samples.from_bytes(file[layout.data_offset :])))
        assert np.argmax(spectrum) * rate / layout.frames == pytest.approx(400, abs=5)


async def test_given_a_text_that_was_spoken_when_rendered_again_then_nobody_is_asked_and_the_address_is_the_same(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    speaker = _speaker(cache, engine)
    first = await speaker.render("acc_1", CODE)
    again = await speaker.render("acc_1", Speech(text="  Your code\r\nis\t4711. "))
    assert (again, len(engine.asked)) == (first, 1)
    assert await _speaker(cache, engine).render("acc_1", CODE) == first  # another process, the same disk
    assert len(engine.asked) == 1


async def test_given_another_account_when_the_same_is_rendered_then_it_is_spoken_anew(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    speaker = _speaker(cache, engine)
    assert _name(await speaker.render("acc_1", CODE)) != _name(await speaker.render("acc_2", CODE))
    assert len(engine.asked) == 2


async def test_given_the_same_text_at_the_same_time_when_rendered_then_it_is_spoken_once(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    speaker = _speaker(cache, engine)
    uris = await asyncio.gather(*(speaker.render("acc_1", CODE) for _ in range(20)))
    assert (len(set(uris)), len(engine.asked)) == (1, 1)


async def test_given_an_engine_that_failed_when_rendered_then_it_is_an_error_and_the_next_time_works(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    speaker = _speaker(cache, engine)
    await speaker.list_voices()
    engine.failure = SpeechUnavailableError("away")
    with pytest.raises(SpeechUnavailableError):
        await speaker.render("acc_1", CODE)
    engine.failure = OverloadedError("full")
    with pytest.raises(OverloadedError):
        await speaker.render("acc_1", CODE)
    engine.failure = None
    assert await speaker.render("acc_1", CODE)


async def test_given_a_disk_that_refuses_when_rendered_then_it_is_an_error(engine: ToneEngine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    speaker = _speaker(SpeechCache(tmp_path / "file", most_bytes=1000), engine)
    with structlog.testing.capture_logs() as logs, pytest.raises(SpeechUnavailableError, match="disk"):
        await speaker.render("acc_1", CODE)
    assert [line["event"] for line in logs] == ["speech_not_kept"]
    assert "4711" not in repr(logs)


async def test_given_the_wide_rate_when_rendered_then_the_address_is_of_that_file(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    assert (await _speaker(cache, engine, sample_rate=16_000).render("acc_1", CODE)).endswith(".wav16")
    assert (await _speaker(cache, engine).render("acc_1", CODE, sample_rate=16_000)).endswith(".wav16")


@pytest.mark.parametrize(
    ("speech", "problems"),
    [
        (Speech(text=""), [("REQUIRED", ("text",))]),
        (Speech(text="<speak>x</speak>"), [("INVALID_INPUT", ("text",))]),
        (Speech(text="x", settings=VoiceSettings(voice="-w")), [("INVALID_INPUT", ("voice", "id"))]),
        (Speech(text="x", settings=VoiceSettings(voice="nobody")), [("NOT_FOUND", ("voice", "id"))]),
        (Speech(text="x", settings=VoiceSettings(language="??")), [("INVALID_INPUT", ("voice", "languageCode"))]),
        (
            Speech(text="x", settings=VoiceSettings(language="fr")),
            [("SPEECH_NOT_SUPPORTED", ("voice", "languageCode"))],
        ),
        (
            Speech(text="x", settings=VoiceSettings(voice="low", language="de")),
            [("SPEECH_NOT_SUPPORTED", ("voice", "languageCode"))],
        ),
        (
            Speech(text="x", settings=VoiceSettings(voice="low", engine_type=EngineType.NEURAL)),
            [("SPEECH_NOT_SUPPORTED", ("voice", "engineType"))],
        ),
        (
            Speech(text="x", settings=VoiceSettings(engine_type=EngineType.NEURAL, language="en-US")),
            [("SPEECH_NOT_SUPPORTED", ("voice", "languageCode"))],
        ),
    ],
)
async def test_given_what_cannot_be_spoken_when_rendered_then_it_is_refused_and_nothing_is_kept(
    engine: ToneEngine, cache: SpeechCache, tmp_path: Path, speech: Speech, problems: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert await _refused(_speaker(cache, engine), speech) == problems
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_given_two_engines_when_a_voice_is_named_then_the_engine_that_has_it_speaks(cache: SpeechCache) -> None:
    first, second = ToneEngine(VOICES[:1]), ToneEngine(VOICES[1:])
    speaker = _speaker(cache, first, second)
    await speaker.render("acc_1", Speech(text="Hallo.", settings=VoiceSettings(voice="high")))
    assert (len(first.asked), len(second.asked)) == (0, 1)
    assert second.asked[0][2] == "de"
    assert [voice.id for voice in await speaker.list_voices()] == ["low", "high"]


async def test_given_an_engine_that_is_away_when_the_other_has_the_voice_then_that_one_speaks(
    cache: SpeechCache,
) -> None:
    away, there = ToneEngine(VOICES[:1]), ToneEngine(VOICES[1:])
    away.failure = SpeechUnavailableError("away")
    speaker = _speaker(cache, away, there)
    assert await speaker.render("acc_1", Speech(text="Hallo.", settings=VoiceSettings(voice="high")))
    assert [voice.id for voice in await speaker.list_voices()] == ["high"]
    for settings in (VoiceSettings(), VoiceSettings(voice="low")):  # nobody knows, so nobody else speaks in its place
        with pytest.raises(SpeechUnavailableError):
            await speaker.render("acc_1", Speech(text="Hello.", settings=settings))


async def test_given_no_engine_that_answers_when_listed_then_it_is_an_error(cache: SpeechCache) -> None:
    away = ToneEngine()
    away.failure = SpeechUnavailableError("away")
    with pytest.raises(SpeechUnavailableError):
        await _speaker(cache, away).list_voices()


async def test_given_settings_when_checked_for_a_template_then_only_those_that_can_be_spoken_pass(
    engine: ToneEngine, cache: SpeechCache
) -> None:
    speaker = _speaker(cache, engine)
    await speaker.check(VoiceSettings(voice="high", language="en", volume=Volume.LOUD, rate=Rate.FAST, pitch=Pitch.LOW))
    with pytest.raises(RefusedError):
        await speaker.check(VoiceSettings(voice="nobody"))
    assert engine.asked == []


def _voice(voice_id: str, *languages: str, types: tuple[EngineType, ...] = (EngineType.STANDARD,)) -> Voice:
    return Voice(
        id=voice_id,
        engine=Engine.POLLY,
        name=voice_id,
        languages=languages,
        gender=Gender.UNKNOWN,
        engine_types=types,
    )


MANY = (
    _voice("Aditi", "en-IN", "hi-IN"),
    _voice("Ivy", "en-US"),
    _voice("Joanna", "en-US", types=(EngineType.STANDARD, EngineType.NEURAL)),
    _voice("Anna", "de"),
    _voice("Marie", "fr-FR"),
    _voice("Olivia", "en-AU", types=(EngineType.NEURAL,)),
)


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        (VoiceSettings(), ("Joanna", "en-US")),
        (VoiceSettings(language="EN-us"), ("Joanna", "en-US")),
        (VoiceSettings(language="hi-IN"), ("Aditi", "hi-IN")),
        (VoiceSettings(language="de-AT"), ("Anna", "de")),
        (VoiceSettings(language="fr"), ("Marie", "fr-FR")),
        (VoiceSettings(language="en-AU", engine_type=EngineType.NEURAL), ("Olivia", "en-AU")),
        (VoiceSettings(language="en", engine_type=EngineType.NEURAL), ("Joanna", "en-US")),
    ],
)
def test_given_a_language_when_a_voice_is_chosen_then_it_is_the_nearest(
    settings: VoiceSettings, chosen: tuple[str, str]
) -> None:
    voice, language = choose_voice(MANY, settings)
    assert (voice.id, language) == chosen


def test_given_a_named_voice_when_no_language_is_given_then_it_speaks_its_own() -> None:
    assert language_of(MANY[0], None) == "en-IN"
    assert language_of(MANY[0], "hi") == "hi-IN"
