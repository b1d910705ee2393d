"""What a call is: plain values, no behaviour that needs the world.

A ``Call`` is a frozen snapshot. Only ``machine.step`` makes the next one from it. The same snapshot, as JSON, is what
the database keeps, so that a restarted service goes on where the last one stopped. It leaves out what has its default
value, so the default of a field that exists must never change.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from app.facts.calls import CallRef, LegRef
from app.facts.event import SYSTEM, Actor
from app.facts.vocabulary import (
    CallKind,
    CallState,
    CdrSource,
    Direction,
    Disposition,
    EndParty,
    EndReason,
    LegRole,
    LegState,
    Pair,
    Party,
    RecordingMode,
    RecordingState,
    Words,
)
from app.ids import CallId, LegId, RecordingId


class HangupReason(StrEnum):
    """Why Offhook itself hung a leg up; a leg without one was ended by its own side."""

    RING_TIMEOUT = "RING_TIMEOUT"
    SETUP_TIMEOUT = "SETUP_TIMEOUT"
    CALL_OVER = "CALL_OVER"


class TimerName(StrEnum):
    """What a call may be waiting for."""

    SETUP = "SETUP"
    DIAL_CHECK = "DIAL_CHECK"
    RING = "RING"
    JOIN = "JOIN"
    MAX_DURATION = "MAX_DURATION"
    TEARDOWN = "TEARDOWN"
    RECORDING_START = "RECORDING_START"
    RECORDING_STOP = "RECORDING_STOP"


class Timer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be done at an instant; an instant, not a delay, so that a restart keeps it."""

    name: TimerName
    due: datetime


class Leg(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a call: one channel in Asterisk, whose name there derives from ``id``.

    ``endpoint`` is the validated dial string. ``shown_number`` and ``shown_name`` are what the far end sees calling.
    """

    id: LegId
    role: LegRole
    party: Party
    endpoint: str
    ring_seconds: float
    shown_number: str | None = None
    shown_name: str | None = None
    state: LegState = LegState.PLANNED
    channel_name: str | None = None
    created_at: datetime | None = None
    dialing_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    hangup_reason: HangupReason | None = None
    hangup_cause: int | None = None
    sip_code: int | None = None
    failure: str | None = None

    @property
    def is_alive(self) -> bool:
        """Whether there is, or may be, a channel for this leg in Asterisk."""
        return self.state not in {LegState.PLANNED, LegState.ENDED}

    @property
    def latest_at(self) -> datetime | None:
        """The last instant that is known of it."""
        instants = (self.ended_at, self.answered_at, self.ringing_at, self.dialing_at, self.created_at)
        return max((instant for instant in instants if instant is not None), default=None)

    @property
    def ref(self) -> LegRef:
        """The leg as facts name it."""
        return LegRef(id=self.id, role=self.role, party=self.party, channel_name=self.channel_name)


class PartState(StrEnum):
    """Where the recording of one side stands."""

    SNOOPING = "SNOOPING"
    READY = "READY"
    RECORDING = "RECORDING"
    STOPPED = "STOPPED"


class RecordingPart(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One recorded side: a snoop channel and a stored recording of the same name.

    Both instants are by Asterisk's clock: the sides of a stereo file are aligned by them.
    """

    role: LegRole
    state: PartState = PartState.SNOOPING
    started_at: datetime | None = None
    stopped_at: datetime | None = None


class Recording(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A recording of a call; its parts are put together once all have stopped."""

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

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in {RecordingState.SAVED, RecordingState.FAILED}

    def part(self, role: LegRole) -> RecordingPart | None:
        """The part that records this side, if any."""
        return next((part for part in self.parts if part.role is role), None)


class Call(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A call: two legs and the bridge between them, and all that is known about why and how.

    ``legs`` are in the order of dialling. ``sequence`` is the number of the last fact. ``source`` turns RECOVERED once
    part of the call went unwatched. ``outcome`` and ``end_reason`` are set the moment the end is decided; the call is
    over (``ended_at``) when its last leg is gone. ``decided_at`` is when what decided the end happened.
    """

    id: CallId
    account_id: str
    node: str
    kind: CallKind
    direction: Direction
    legs: tuple[Leg, ...]
    created_at: datetime
    max_duration_seconds: float
    recording_mode: RecordingMode = RecordingMode.OFF
    state: CallState = CallState.PENDING
    actor: Actor = SYSTEM
    request_id: str | None = None
    is_sandbox: bool = False
    agent_id: str | None = None
    agent_name: str | None = None
    extension: str | None = None
    dialled_number: str | None = None
    caller_id: str | None = None
    caller_id_name: str | None = None
    trunk_id: str | None = None
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()
    dtmf: str = ""
    recordings: tuple[Recording, ...] = ()
    timers: tuple[Timer, ...] = ()
    has_bridge: bool = False
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    decided_at: datetime | None = None
    outcome: Disposition | None = None
    end_reason: EndReason | None = None
    source: CdrSource = CdrSource.LIVE
    cdr_id: str | None = None
    teardown_tries: int = 0
    sequence: int = 0

    @property
    def is_ending(self) -> bool:
        """Whether the end is decided, though legs may still be on their way out."""
        return self.end_reason is not None

    @property
    def is_ended(self) -> bool:
        """Whether the last leg is gone and the record is written."""
        return self.state is CallState.ENDED

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do: ended, and every recording saved or failed."""
        return self.is_ended and all(recording.is_settled for recording in self.recordings)

    @property
    def unique_id(self) -> str:
        """The id in Asterisk of the first leg's channel."""
        return f"ofk.{self.node}.{self.legs[0].id}"

    @property
    def ref(self) -> CallRef:
        """The call as facts name it."""
        return CallRef(
            id=self.id,
            kind=self.kind,
            direction=self.direction,
            unique_id=self.unique_id,
            dialled_number=self.dialled_number,
            extension=self.extension,
            caller_id=self.caller_id,
            external_id=self.external_id,
            metadata=self.metadata,
            tags=self.tags,
        )

    def leg(self, leg_id: LegId) -> Leg:
        """The leg with this id. Raises KeyError when it is not one of this call's."""
        for leg in self.legs:
            if leg.id == leg_id:
                return leg
        raise KeyError(leg_id)

    def leg_of(self, role: LegRole) -> Leg:
        """The leg that reaches this side. Raises KeyError when there is none."""
        for leg in self.legs:
            if leg.role is role:
                return leg
        raise KeyError(role)

    def other(self, leg: Leg) -> Leg | None:
        """The leg across the bridge."""
        return next((one for one in self.legs if one.id != leg.id), None)

    def recording(self, recording_id: RecordingId) -> Recording | None:
        """The recording with this id, if it is one of this call's."""
        return next((one for one in self.recordings if one.id == recording_id), None)

    def timer(self, name: TimerName) -> Timer | None:
        """The running timer of this name, if any."""
        return next((timer for timer in self.timers if timer.name is name), None)

    @property
    def next_timer(self) -> Timer | None:
        """The timer that is due first."""
        return min(self.timers, key=lambda timer: timer.due, default=None)


def side_of(role: LegRole) -> EndParty:
    """The party of an end reason that a leg's role stands for."""
    return EndParty.AGENT if role is LegRole.AGENT else EndParty.CUSTOMER


_DECODER = msgspec.json.Decoder(Call)


def decode_call(snapshot: bytes | str) -> Call:
    """The call behind a snapshot."""
    return _DECODER.decode(snapshot)
