"""A transcript as its readers see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.facts.vocabulary import LegRole, Words


class TranscriptState(StrEnum):
    """Where a transcript stands."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class TranscriptEngine(StrEnum):
    """Who writes it down."""

    LOCAL = "LOCAL"
    OPENAI_COMPATIBLE = "OPENAI_COMPATIBLE"


class TranscriptSegment(Words, frozen=True, kw_only=True):
    """Something that was said without a long pause, in seconds from the recording file's start.

    ``channel`` is the file's, counted from 1; ``role`` whose voice it has. ``confidence`` is 0 to 1 by the engine's own
    measure, None where it has none.
    """

    channel: int
    role: LegRole
    start_seconds: float
    end_seconds: float
    text: str
    confidence: float | None = None


class TranscriptionPayload(Words, frozen=True, kw_only=True):
    """What the job of a transcript needs to know."""

    transcript_id: str
    recording_id: str
    language: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What is said in a recording. ``segments``, in the order of their beginning, are there once it is READY."""

    id: str
    account_id: str
    recording_id: str
    call_id: str
    job_id: str
    state: TranscriptState
    language: str
    engine: TranscriptEngine | None
    segments: tuple[TranscriptSegment, ...] | None
    failure: str | None
    created_at: datetime
    finished_at: datetime | None
