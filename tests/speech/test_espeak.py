"""espeak-ng as a program: absent, slow, failing, too talkative; and what it lists."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
import uvloop

from app.errors import OverloadedError, RefusedError
from app.speech import samples
from app.speech.engine import SpeechUnavailableError
from app.speech.espeak import EspeakEngine, language_tag, read_voices
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.words import Engine, EngineType, Gender, Pitch, Rate, Volume

SPEECH = Speech(text="The quick brown fox jumps over the lazy dog.")
VOICE = Voice(
    id="en-us",
    engine=Engine.ESPEAK,
    name="English",
    languages=("en-US",),
    gender=Gender.MALE,
    engine_types=(EngineType.STANDARD,),
)


def _program(tmp_path: Path, script: str) -> tuple[str, ...]:
    path = tmp_path / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return (str(path),)


async def _sound(engine: EspeakEngine, **settings: object) -> tuple[float, float]:
    """Length in seconds and level."""
    speech = Speech(text=SPEECH.text, settings=VoiceSettings(**settings))  # type: ignore[arg-type]  # the tests name them right
    spoken = await engine.speak(speech, VOICE, "en-US")
    sound = samples.from_bytes(spoken.samples)
    return len(sound) / spoken.sample_rate, float(np.sqrt(np.mean(sound**2)))


async def test_given_volumes_when_spoken_then_each_is_louder_than_the_one_before(espeak: EspeakEngine) -> None:
    levels = [(await _sound(espeak, volume=volume))[1] for volume in Volume]
    assert levels[0] == 0.0
    assert levels == sorted(levels)
    assert len(set(levels)) == len(levels)


async def test_given_rates_when_spoken_then_each_is_faster_than_the_one_before(espeak: EspeakEngine) -> None:
    lengths = [(await _sound(espeak, rate=rate))[0] for rate in Rate]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 1.5 * lengths[2] > 1.5 * lengths[-1]


async def test_given_pitches_and_the_other_voice_when_spoken_then_each_sounds_otherwise(espeak: EspeakEngine) -> None:
    voices = {voice.id: voice for voice in await espeak.list_voices()}
    assert voices["en-us+f2"].gender is Gender.FEMALE
    said = {
        (await espeak.speak(Speech(text="Hello.", settings=VoiceSettings(pitch=pitch)), voices[name], "en-US")).samples
        for pitch in Pitch
        for name in ("en-us", "en-us+f2")
    }
    assert len(said) == 2 * len(Pitch)


async def test_given_phonemes_in_brackets_when_spoken_then_they_are_text(espeak: EspeakEngine) -> None:
    async def seconds(text: str) -> float:
        spoken = await espeak.speak(Speech(text=text), VOICE, "en-US")
        return len(spoken.samples) / spoken.sample_rate

    assert await seconds("[[_:_:_:_:_:]]") != await seconds("[[h@loU]]")
    assert await seconds("[[h@'loU]] once") > await seconds("once") + 0.5


async def test_given_no_espeak_when_asked_then_the_message_says_how_to_get_it() -> None:
    engine = EspeakEngine(None)
    for asking in (engine.list_voices(), engine.speak(SPEECH, VOICE, "en-US")):
        with pytest.raises(SpeechUnavailableError, match="apt-get install espeak-ng") as unavailable:
            await asking
        assert unavailable.value.retryable


async def test_given_a_program_that_cannot_be_run_when_asked_then_it_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SpeechUnavailableError, match="cannot be run"):
        await EspeakEngine((str(tmp_path / "nowhere"),)).speak(SPEECH, VOICE, "en-US")


async def test_given_a_program_that_hangs_when_asked_then_it_is_killed_in_time(tmp_path: Path) -> None:
    command = _program(tmp_path, f"echo $$ > {tmp_path}/half; mv {tmp_path}/half {tmp_path}/pid; exec sleep 1000")
    with pytest.raises(SpeechUnavailableError, match="did not end"):
        await EspeakEngine(command, timeout_seconds=1.0).speak(SPEECH, VOICE, "en-US")
    if (tmp_path / "pid").exists():  # on a very busy machine it does not get so far
        _assert_gone(tmp_path)


async def test_given_a_caller_that_goes_away_when_speaking_then_the_program_is_killed(tmp_path: Path) -> None:
    command = _program(tmp_path, f"echo $$ > {tmp_path}/half; mv {tmp_path}/half {tmp_path}/pid; exec sleep 1000")
    task = asyncio.ensure_future(EspeakEngine(command).speak(SPEECH, VOICE, "en-US"))
    async with asyncio.timeout(60):
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    _assert_gone(tmp_path)


def _assert_gone(tmp_path: Path) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 1", "status 1"), ("kill -SEGV $$", "status -11"), ("exit 0", "no sound"), ("echo RIFF", "no sound")],
)
async def test_given_a_program_that_fails_when_asked_then_it_is_unavailable(
    tmp_path: Path, script: str, message: str
) -> None:
    with pytest.raises(SpeechUnavailableError, match=message):
        await EspeakEngine(_program(tmp_path, script)).speak(SPEECH, VOICE, "en-US")


async def test_given_a_program_without_voices_when_listed_then_it_is_unavailable_and_asked_again(
    tmp_path: Path,
) -> None:
    engine = EspeakEngine(_program(tmp_path, "echo nothing"))
    with pytest.raises(SpeechUnavailableError, match="no voices"):
        await engine.list_voices()
    _program(tmp_path, "echo ' 5  de  --/M  German  gmw/de'")
    assert [voice.id for voice in await engine.list_voices()] == ["de", "de+f2"]


async def test_given_a_program_that_never_stops_talking_when_asked_then_the_text_is_too_long(tmp_path: Path) -> None:
    command = _program(tmp_path, "exec cat /dev/zero")
    with pytest.raises(RefusedError) as refused:
        await EspeakEngine(command, most_bytes=100_000).speak(SPEECH, VOICE, "en-US")
    assert refused.value.problems[0].code == "INVALID_INPUT"


async def test_given_too_many_that_wait_when_asked_then_it_is_said_and_those_inside_are_served(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    engine = EspeakEngine(_program(tmp_path, f"cat {gate}; exit 3"), most_at_once=1, most_waiting=1)
    inside = [asyncio.ensure_future(engine.speak(SPEECH, VOICE, "en-US")) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await engine.speak(SPEECH, VOICE, "en-US")
    for task in inside:
        (await asyncio.to_thread(gate.open, "w")).close()
        with pytest.raises(SpeechUnavailableError, match="status 3"):
            await task


def test_given_what_espeak_lists_when_read_then_lines_that_are_no_voices_are_passed_over() -> None:
    listed = """Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  af              --/M      Afrikaans          gmw/af
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  en-us-nyc       --/F      English_(America,_New_York_City) gmw/en-US-nyc
 9  xx              70/-      Somebody           other/xx
garbage
"""
    found = [(voice.id, voice.languages, voice.gender, voice.name) for voice in read_voices(listed)]
    assert found == [
        ("af", ("af",), Gender.MALE, "Afrikaans"),
        ("af+f2", ("af",), Gender.FEMALE, "Afrikaans"),
        ("en-us", ("en-US",), Gender.MALE, "English (America)"),
        ("en-us+f2", ("en-US",), Gender.FEMALE, "English (America)"),
        ("en-us-nyc", ("en-US-nyc",), Gender.FEMALE, "English (America, New York City)"),
        ("en-us-nyc+f2", ("en-US-nyc",), Gender.FEMALE, "English (America, New York City)"),
        ("xx", ("xx",), Gender.UNKNOWN, "Somebody"),
        ("xx+f2", ("xx",), Gender.FEMALE, "Somebody"),
    ]


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("de", "de"),
        ("en-us", "en-US"),
        ("en-029", "en-029"),
        ("en-gb-x-rp", "en-GB-x-rp"),
        ("cmn-latn-pinyin", "cmn-Latn-pinyin"),
        ("ca-nw", "ca-NW"),
    ],
)
def test_given_a_language_of_espeak_when_written_then_it_is_a_tag(code: str, tag: str) -> None:
    assert language_tag(code) == tag


async def test_given_a_program_that_ends_without_reading_when_run_on_either_loop_then_its_status_says_so() -> None:
    async def ask() -> None:
        engine = EspeakEngine(("/bin/false",), timeout_seconds=60.0)
        with pytest.raises(SpeechUnavailableError, match="status 1"):
            await engine.list_voices()
        with pytest.raises(SpeechUnavailableError, match="status 1"):
            await engine.speak(Speech(text="x" * 200_000), VOICE, "en-US")

    for run in (asyncio.run, uvloop.run):  # a service runs on uvloop, which says it in another way
        for _ in range(20):
            await asyncio.to_thread(lambda loop_runner: loop_runner(ask()), run)
