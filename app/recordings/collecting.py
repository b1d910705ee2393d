"""What the collector is asked for and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from app.facts.stretches import Gap, Segment
from app.facts.vocabulary import LegRole, RecordingMode

_SIDES = {
    RecordingMode.OFF: (),
    RecordingMode.AGENT: (LegRole.AGENT,),
    RecordingMode.CUSTOMER: (LegRole.CUSTOMER,),
    RecordingMode.BOTH: (LegRole.AGENT, LegRole.CUSTOMER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One voice as Asterisk stored it, under ``stored_name``; a side may have several, one after the other or together.

    ``started_at`` and ``finished_at`` are the timestamps of RecordingStarted and RecordingFinished: sides are aligned
    by these instants, so all must come from one clock, Asterisk's. Without ``finished_at`` (nobody heard the end) the
    alignment is somewhat coarser. ``is_again``: an earlier part of the same voice broke off; should there be nothing in
    this one, what there is before it is a recording all the same. ``is_measurable``: the start is what Asterisk said of
    this part, and no guess, and Asterisk cuts nothing off the file itself; so what the file is shorter than the time
    between the two instants is sound that was lost.
    """

    role: LegRole
    stored_name: str
    started_at: datetime
    finished_at: datetime | None = None
    leg_id: str | None = None
    is_again: bool = False
    is_measurable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectJob:
    """A recording that has stopped in Asterisk: fetch it, store it, and clean up. Of ``gaps`` it is to hold nothing."""

    recording_id: str
    account_id: str
    call_id: str
    mode: RecordingMode
    parts: tuple[Part, ...]
    gaps: tuple[Gap, ...] = ()

    def __post_init__(self) -> None:
        sides = sorted({part.role for part in self.parts})
        if not sides or sides != sorted(_SIDES[self.mode]):
            raise ValueError(f"mode {self.mode} does not go with the sides {sides}")
        instants = [instant for part in self.parts for instant in (part.started_at, part.finished_at) if instant]
        instants += [instant for gap in self.gaps for instant in (gap.began_at, gap.ended_at) if instant]
        if any(instant.tzinfo is None for instant in instants):
            raise ValueError("instants need a time zone")

    def channel_of(self, part: Part) -> int:
        """The file's channel that a part is heard on: agent left, customer right; one side alone has but one."""
        return _SIDES[self.mode].index(part.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The recording is in the store, and gone from Asterisk. ``sha256`` is that of the stored bytes, in hex.

    ``lost_seconds`` of sound Asterisk did not write, as ``audio.find_lost`` has it; None: not known.
    """

    recording_id: str
    object_key: str
    size_bytes: int
    duration_seconds: float
    channels: int
    sample_rate: int
    sha256: str
    segments: tuple[Segment, ...] = ()
    lost_seconds: float | None = None


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
