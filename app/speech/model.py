"""What is spoken, by whom, and what becomes of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType

from app.speech.words import AudioFormat, Engine, EngineType, Gender, Pitch, Rate, Volume

#: Something that Asterisk plays, in its own words: ``sound:http://…``.
MediaUri = NewType("MediaUri", str)

DEFAULT_LANGUAGE: Final = "en-US"
#: Samples per second in which every sound is kept.
SAMPLE_RATES: Final = (8_000, 16_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """How a text is to be spoken.

    ``voice`` None: the engine's first for the language. ``language`` None: the voice's own, or DEFAULT_LANGUAGE.
    """

    voice: str | None = None
    language: str | None = None
    engine_type: EngineType = EngineType.STANDARD
    volume: Volume = Volume.MEDIUM
    rate: Rate = Rate.MEDIUM
    pitch: Pitch = Pitch.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A text, as it is to be spoken. Its ``repr`` does not show the text: it may hold a one-time password."""

    text: str = field(repr=False)
    settings: VoiceSettings = VoiceSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice of an engine. ``languages``: what it speaks, its own first; BCP 47 tags such as ``en-US``."""

    id: str
    engine: Engine
    name: str
    languages: tuple[str, ...]
    gender: Gender
    engine_types: tuple[EngineType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementTemplate:
    """A text with ``{field}``s, and the voice that speaks it."""

    id: str
    name: str
    text: str
    fields: tuple[str, ...]
    settings: VoiceSettings
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """A sound file of the account's, as it came and as it is kept (mono, 16-bit, in both of ``SAMPLE_RATES``)."""

    id: str
    name: str
    format: AudioFormat
    channels: int
    sample_rate: int
    duration_seconds: float
    created_at: datetime
