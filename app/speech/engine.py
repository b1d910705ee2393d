"""The port of speech engines: what ``speaker`` asks, and what each engine answers or raises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.errors import Problem, RefusedError, UnavailableError
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.words import Engine


class SpeechUnavailableError(UnavailableError):
    """No engine speaks just now: it is not installed, does not answer, or turns us away. Nothing was played."""

    code = "SPEECH_UNAVAILABLE"


def not_supported(message: str, setting: str) -> RefusedError:
    """The engine cannot do what was asked for, and says so rather than leave it out."""
    return RefusedError(Problem("SPEECH_NOT_SUPPORTED", message, ("voice", setting)))


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an engine said: 16-bit signed little-endian samples, one channel."""

    samples: bytes
    sample_rate: int


class SpeechEngine(Protocol):
    """One engine. Every method has a time-out of its own; any number may be called at once."""

    @property
    def engine(self) -> Engine: ...

    async def list_voices(self) -> Sequence[Voice]:
        """All voices, in a stable order.

        Raises:
            SpeechUnavailableError: see there.
        """
        ...

    def check(self, settings: VoiceSettings, voice: Voice) -> None:
        """Whether one of this engine's voices does what the settings say.

        Raises:
            RefusedError: SPEECH_NOT_SUPPORTED.
        """
        ...

    async def speak(self, speech: Speech, voice: Voice, language: str) -> Spoken:
        """Speak a checked text with one of this engine's voices, in one of that voice's languages.

        Raises:
            RefusedError: SPEECH_NOT_SUPPORTED, for settings this engine or voice does not have; INVALID_INPUT, for a
                text it will not speak.
            SpeechUnavailableError: see there.
            OverloadedError: too many texts wait for this engine.
        """
        ...
