"""What becomes of recordings and their parts."""

from datetime import datetime

from app.facts.stretches import Segment
from app.facts.vocabulary import LegRole, Words
from app.ids import RecordingId


class SnoopCreated(Words, frozen=True, kw_only=True):
    """The snoop channel of a recorded part is ready. ``is_late``: nobody saw it become so, and nothing is written."""

    recording_id: RecordingId
    role: LegRole
    is_late: bool = False
    number: int = 1


class SnoopMissing(Words, frozen=True, kw_only=True):
    """Asterisk has no snoop for a part that a service now gone wanted to record."""

    recording_id: RecordingId
    role: LegRole
    number: int = 1


class PartStarted(Words, frozen=True, kw_only=True):
    """Asterisk writes a part of a recording since ``at``; ``is_guessed``: nobody heard it say since when."""

    recording_id: RecordingId
    role: LegRole
    at: datetime
    number: int = 1
    is_guessed: bool = False


class PartStopped(Words, frozen=True, kw_only=True):
    """A part of a recording is whole on Asterisk's disk since ``at``, or failed there (``failure``).

    ``talking_seconds``: for how long somebody talked, where Asterisk listened for that.
    """

    recording_id: RecordingId
    role: LegRole
    at: datetime | None = None
    failure: str | None = None
    number: int = 1
    talking_seconds: int | None = None


class RecordingCollected(Words, frozen=True, kw_only=True):
    """The recording is in our store; ``lost_seconds`` of sound are missing from it, None: nobody knows."""

    recording_id: RecordingId
    object_key: str
    duration_seconds: float
    size_bytes: int
    channels: int
    sample_rate: int
    sha256: str
    segments: tuple[Segment, ...] = ()
    lost_seconds: float | None = None


class RecordingLost(Words, frozen=True, kw_only=True):
    """The recording could not be had, for good."""

    recording_id: RecordingId
    reason: str
