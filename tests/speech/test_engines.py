"""What every engine must do, asked of each: espeak-ng for real, Amazon Polly through its stand-in."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from app.errors import RefusedError
from app.speech import samples
from app.speech.engine import SpeechEngine, Spoken
from app.speech.espeak import EspeakEngine
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.polly import PollyEngine
from app.speech.speaker import choose_voice
from app.speech.words import EngineType, Pitch, Rate, Volume

SENTENCE = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(params=["espeak", "polly"])
def engine(request: pytest.FixtureRequest, espeak: EspeakEngine, polly: PollyEngine) -> SpeechEngine:
    engines: dict[str, SpeechEngine] = {"espeak": espeak, "polly": polly}
    return engines[request.param]


async def _voice(engine: SpeechEngine, fits: Callable[[Voice], bool] = lambda _: True) -> Voice:
    return next(voice for voice in await engine.list_voices() if "en-US" in voice.languages and fits(voice))


async def _speak(engine: SpeechEngine, text: str = SENTENCE, **settings: object) -> Spoken:
    voice = await _voice(engine)
    speech = Speech(text=text, settings=VoiceSettings(**settings))  # type: ignore[arg-type]  # the tests name them right
    return await engine.speak(speech, voice, "en-US")


async def test_given_an_engine_when_listed_then_its_voices_are_its_own_unique_and_stable(engine: SpeechEngine) -> None:
    voices = await engine.list_voices()
    assert list(await engine.list_voices()) == list(voices)
    assert len({voice.id for voice in voices}) == len(voices)
    assert {voice.engine for voice in voices} == {engine.engine}
    assert all(voice.languages and voice.engine_types for voice in voices)


async def test_given_a_sentence_when_spoken_then_there_is_sound_of_a_likely_length(engine: SpeechEngine) -> None:
    spoken = await _speak(engine)
    sound = samples.from_bytes(spoken.samples)
    assert 0.3 < len(sound) / spoken.sample_rate < 10
    assert float(np.sqrt(np.mean(sound**2))) > 0.01


async def test_given_more_to_say_when_spoken_then_it_takes_longer(engine: SpeechEngine) -> None:
    assert len((await _speak(engine, f"{SENTENCE} {SENTENCE}")).samples) > len((await _speak(engine)).samples)


@pytest.mark.parametrize("volume", list(Volume))
@pytest.mark.parametrize("rate", [Rate.X_SLOW, Rate.X_FAST])
async def test_given_any_setting_of_a_standard_voice_when_spoken_then_it_is(
    engine: SpeechEngine, volume: Volume, rate: Rate
) -> None:
    for pitch in Pitch:
        assert (await _speak(engine, "Yes.", volume=volume, rate=rate, pitch=pitch)).samples


async def test_given_a_voice_that_is_not_neural_when_asked_to_be_then_it_is_refused(engine: SpeechEngine) -> None:
    voice = next(one for one in await engine.list_voices() if EngineType.NEURAL not in one.engine_types)
    speech = Speech(text=SENTENCE, settings=VoiceSettings(engine_type=EngineType.NEURAL))
    with pytest.raises(RefusedError) as refused:
        await engine.speak(speech, voice, voice.languages[0])
    assert [(one.code, one.field) for one in refused.value.problems] == [
        ("SPEECH_NOT_SUPPORTED", ("voice", "engineType"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Fish & chips, 3 < 4 > 2, \"quoted\", 'single'",
        "Größe, naïve, Łódź, 你好",
        "[[h@'loU]] -v de --stdin; $(reboot) `id` | cat /etc/passwd",
        "-w /tmp/nowhere",
        "a" * 3000,
    ],
)
async def test_given_text_that_means_something_elsewhere_when_spoken_then_it_is_only_text(
    engine: SpeechEngine, text: str
) -> None:
    assert len((await _speak(engine, text, rate=Rate.X_FAST)).samples) > 1000


async def test_given_many_texts_at_once_when_spoken_then_all_are(engine: SpeechEngine) -> None:
    said = await asyncio.gather(*(_speak(engine, " ".join([f"Number {number}."] * number)) for number in range(1, 21)))
    lengths = [len(spoken.samples) for spoken in said]
    assert lengths[0] < lengths[4] < lengths[9] < lengths[19]


async def test_given_a_language_when_a_voice_is_chosen_then_it_speaks_it(engine: SpeechEngine) -> None:
    voice, language = choose_voice(await engine.list_voices(), VoiceSettings(language="nl-NL"))
    assert language in voice.languages
    assert language.startswith("nl")
    assert (await engine.speak(Speech(text="Goedendag."), voice, language)).samples
