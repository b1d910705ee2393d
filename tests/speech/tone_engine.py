"""An engine that sounds a tone for every text: longer for longer texts, and it remembers what it was asked."""

from collections.abc import Sequence

import numpy as np

from app.speech import samples
from app.speech.engine import Spoken, not_supported
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.words import Engine, EngineType, Gender

SECONDS_PER_CHARACTER = 0.02
SAMPLE_RATE = 22_050

VOICES = (
    Voice(
        id="low",
        engine=Engine.ESPEAK,
        name="Low",
        languages=("en-US",),
        gender=Gender.MALE,
        engine_types=(EngineType.STANDARD,),
    ),
    Voice(
        id="high",
        engine=Engine.ESPEAK,
        name="High",
        languages=("de", "en-GB"),
        gender=Gender.FEMALE,
        engine_types=(EngineType.STANDARD, EngineType.NEURAL),
    ),
)


class ToneEngine:
    """``asked`` is what it was asked to speak; ``failure``, when set, is what it raises instead."""

    def __init__(self, voices: Sequence[Voice] = VOICES) -> None:
        self.asked: list[tuple[Speech, Voice, str]] = []
        self.failure: Exception | None = None
        self._voices = tuple(voices)

    @property
    def engine(self) -> Engine:
        return Engine.ESPEAK

    async def list_voices(self) -> Sequence[Voice]:
        if self.failure is not None:
            raise self.failure
        return self._voices

    def check(self, settings: VoiceSettings, voice: Voice) -> None:
        if settings.engine_type not in voice.engine_types:
            raise not_supported("This voice is not neural.", "engineType")

    async def speak(self, speech: Speech, voice: Voice, language: str) -> Spoken:
        self.asked.append((speech, voice, language))
        if self.failure is not None:
            raise self.failure
        self.check(speech.settings, voice)
        count = int(len(speech.text) * SECONDS_PER_CHARACTER * SAMPLE_RATE)
        hertz = 400 if voice.id == "low" else 800
        wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(count) / SAMPLE_RATE)
        return Spoken(samples.to_bytes(wave.astype(np.float32)), SAMPLE_RATE)
