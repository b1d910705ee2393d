"""What the collector is asked for and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from app.facts.vocabulary import LegRole, RecordingMode

_SIDES = {
    RecordingMode.OFF: (),
    RecordingMode.AGENT: (LegRole.AGENT,),
    RecordingMode.CUSTOMER: (LegRole.CUSTOMER,),
    RecordingMode.BOTH: (LegRole.AGENT, LegRole.CUSTOMER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One side as Asterisk stored it, under ``stored_name``.

    ``started_at`` and ``finished_at`` are the timestamps of RecordingStarted and RecordingFinished: sides are aligned
    by these instants, so all must come from one clock, Asterisk's. Without ``finished_at`` (nobody heard the end) the
    alignment is somewhat coarser.
    """

    role: LegRole
    stored_name: str
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectJob:
    """A recording that has stopped in Asterisk: fetch it, store it, and clean up."""

    recording_id: str
    account_id: str
    call_id: str
    mode: RecordingMode
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        sides = sorted(part.role for part in self.parts)
        if not sides or sides != sorted(_SIDES[self.mode]):
            raise ValueError(f"mode {self.mode} does not go with the sides {sides}")
        instants = [instant for part in self.parts for instant in (part.started_at, part.finished_at) if instant]
        if any(instant.tzinfo is None for instant in instants):
            raise ValueError("started_at and finished_at need a time zone")

    @property
    def channels(self) -> tuple[Part, ...]:
        """The parts in the order of the file's channels: agent left, customer right."""
        return tuple(sorted(self.parts, key=lambda part: _SIDES[RecordingMode.BOTH].index(part.role)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The recording is in the store, and gone from Asterisk. ``sha256`` is that of the stored bytes, in hex."""

    recording_id: str
    object_key: str
    size_bytes: int
    duration_seconds: float
    channels: int
    sample_rate: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectFailed:
    """No recording came of it, for a reason fit to be shown.

    ``is_final``: what was recorded is gone or unusable, and asking again is pointless. Otherwise something was away for
    longer than the collector goes on trying; the parts are still in Asterisk, and the same job may be submitted again.
    """

    recording_id: str
    reason: str
    is_final: bool


CollectResult: TypeAlias = Collected | CollectFailed
