"""A recording of a call, and the voices it is made of."""

from datetime import datetime
from enum import StrEnum

from app.facts.stretches import Gap, Segment
from app.facts.vocabulary import LegRole, RecordingKind, RecordingMode, RecordingState, Words
from app.ids import LegId, RecordingId


class PartState(StrEnum):
    """Where the recording of one voice stands; one that is ABSENT never began, and there is nothing of it."""

    SNOOPING = "SNOOPING"
    READY = "READY"
    RECORDING = "RECORDING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ABSENT = "ABSENT"


class RecordingPart(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One recorded voice: a snoop channel on a leg, and a stored recording of the same name.

    ``role`` is the side it belongs to, ``number`` tells those of one side apart; those begun together share it.
    ``started_at`` and ``stopped_at`` are by Asterisk's clock: the channels of a stereo file are aligned by them.
    ``heard_at`` is when we learnt of the start, by the call's own time. ``is_let_go``: it was we who ended it.
    ``is_start_guessed``: nobody heard Asterisk say when it started.
    ``was_silent``: Asterisk, which listened for it, has heard nobody talk.
    """

    role: LegRole
    state: PartState = PartState.SNOOPING
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    number: int = 1
    leg_id: LegId | None = None
    heard_at: datetime | None = None
    is_let_go: bool = False
    was_silent: bool = False
    is_start_guessed: bool = False

    @property
    def is_beginning(self) -> bool:
        """Whether it is not written yet, and will be."""
        return self.state in {PartState.SNOOPING, PartState.READY}

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in {PartState.STOPPED, PartState.ABSENT}


class Recording(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A recording of a call; its parts are put together once all have stopped.

    ``ends_at`` is when it was asked to end, before the call did. ``gaps`` are the times of which it must hold nothing.
    ``segments`` is what the file has, ``lost_seconds`` how much sound it lacks (None: not known). Of one that the call
    flow ``flow_id`` made at a ``step``, ``silence_seconds`` is how much silence ends it; None for none, and then only
    time or a key does.
    """

    id: RecordingId
    mode: RecordingMode
    state: RecordingState
    created_at: datetime
    parts: tuple[RecordingPart, ...]
    started_at: datetime | None = None
    saved_at: datetime | None = None
    object_key: str | None = None
    duration_seconds: float | None = None
    size_bytes: int | None = None
    channels: int | None = None
    sample_rate: int | None = None
    sha256: str | None = None
    failure: str | None = None
    ends_at: datetime | None = None
    gaps: tuple[Gap, ...] = ()
    segments: tuple[Segment, ...] = ()
    kind: RecordingKind = RecordingKind.CALL
    silence_seconds: float | None = None
    flow_id: str | None = None
    step: str | None = None
    lost_seconds: float | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in {RecordingState.SAVED, RecordingState.FAILED}

    @property
    def pause(self) -> Gap | None:
        """The pause that goes on, if any."""
        return next((gap for gap in self.gaps if gap.is_open and gap.pause is not None), None)

    @property
    def shown_state(self) -> RecordingState:
        """Where it stands, for those who look at it."""
        if self.state not in {RecordingState.PENDING, RecordingState.RECORDING}:
            return self.state
        if self.ends_at is not None:
            return RecordingState.COLLECTING
        return self.state if self.pause is None else RecordingState.PAUSED

    def part(self, role: LegRole, number: int = 1) -> RecordingPart | None:
        """The part of this side with this number, if any."""
        return next((part for part in self.parts if part.role is role and part.number == number), None)
