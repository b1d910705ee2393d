"""What every engine that hears does, whatever it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.errors import UnavailableError
from app.transcripts.model import TranscriptEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some of one channel of a recording: 16-bit samples, so many a second.

    ``language`` is a tag such as ``en-US``. ``phrases`` are what is likely said.
    """

    samples: bytes
    sample_rate: int
    language: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that was said, in seconds from the piece's start. ``confidence`` is 0 to 1, None if nobody says."""

    start_seconds: float
    end_seconds: float
    text: str
    confidence: float | None = None


class HearingFailedError(Exception):
    """It cannot be done, now or later. The text is shown to the owner of the recording, and says what to do."""


class HearingUnavailableError(UnavailableError):
    """It cannot be done now. The text is shown if it never can."""

    code = "TRANSCRIPTION_UNAVAILABLE"


class HearingEngine(Protocol):
    """Hears pieces of recordings."""

    @property
    def engine(self) -> TranscriptEngine: ...

    @property
    def most_seconds(self) -> float:
        """How long a piece may be."""
        ...

    def check(self, language: str, phrases: Sequence[str]) -> str | None:
        """Why this language or these phrases will not do; None when they will."""
        ...

    async def hear(self, piece: Piece) -> Sequence[Heard]:
        """What is said in a piece.

        Raises:
            HearingFailedError: it cannot be done.
            HearingUnavailableError: try again.
        """
        ...
