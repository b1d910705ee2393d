"""What a call is: plain values, no behaviour that needs the world.

A ``Call`` is a frozen snapshot. Only ``machine.step`` makes the next one from it. The same snapshot, as JSON, is what
the database keeps, so that a restarted service goes on where the last one stopped. It leaves out what has its default
value, so the default of a field that exists must never change.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from app.calls.core.guests_model import Participant, Supervision
from app.calls.core.queue_model import QueueWait
from app.facts.calls import CallRef, LegRef
from app.facts.event import SYSTEM, Actor
from app.facts.stretches import Gap, Segment
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
    MuteDirection,
    Pair,
    Party,
    Quality,
    RecordingMode,
    RecordingState,
    TransferKind,
    TransferState,
    Words,
)
from app.ids import CallId, LegId, PlaybackId, RecordingId, TransferId


class HangupReason(StrEnum):
    """Why Offhook itself hung a leg up; a leg without one was ended by its own side."""

    RING_TIMEOUT = "RING_TIMEOUT"
    SETUP_TIMEOUT = "SETUP_TIMEOUT"
    CALL_OVER = "CALL_OVER"
    TRANSFERRED = "TRANSFERRED"
    NOT_WANTED = "NOT_WANTED"
    ANSWERED_ELSEWHERE = "ANSWERED_ELSEWHERE"


class Place(StrEnum):
    """Where a leg belongs: nowhere yet, in the talk, alone with music, or alone with the tone of phones that ring."""

    NOWHERE = "NOWHERE"
    TALK = "TALK"
    HOLD = "HOLD"
    RINGBACK = "RINGBACK"


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
    RECORDING_CHECK = "RECORDING_CHECK"
    RECORDING_MUTE = "RECORDING_MUTE"
    CONSULT = "CONSULT"
    RELEASE = "RELEASE"
    TAPS = "TAPS"
    PLACE = "PLACE"
    QUEUE_WAIT = "QUEUE_WAIT"
    QUEUE_OVERFLOW = "QUEUE_OVERFLOW"


class Timer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be done at an instant; an instant, not a delay, so that a restart keeps it."""

    name: TimerName
    due: datetime


class Leg(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a call: one channel in Asterisk, whose name there derives from ``id``.

    One that came to us by itself has a name of Asterisk's own there, ``channel_id``.

    ``endpoint`` is the validated dial string. ``shown_number`` and ``shown_name`` are what the far end sees calling.
    ``place`` is where the leg belongs, which Asterisk is asked for and reminded of; ``muted`` likewise, once there was
    any of it (``was_muted``). ``wave``: of the legs that may take one seat, those of the lowest wave ring first, and
    together. ``agent_id`` is who would take it, where that is known by leg. ``music_class`` is what it hears on hold;
    None is Asterisk's default.
    """

    id: LegId
    role: LegRole
    party: Party
    endpoint: str
    ring_seconds: float
    shown_number: str | None = None
    shown_name: str | None = None
    state: LegState = LegState.PLANNED
    place: Place = Place.NOWHERE
    muted: MuteDirection | None = None
    was_muted: bool = False
    wave: int = 0
    agent_id: str | None = None
    channel_id: str | None = None
    music_class: str | None = None
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
    quality: Quality | None = None

    @property
    def is_alive(self) -> bool:
        """Whether there is, or may be, a channel for this leg in Asterisk."""
        return self.state not in {LegState.PLANNED, LegState.ENDED}

    @property
    def has_come(self) -> bool:
        """Whether its party called, and was not called: its channel was there before the leg."""
        return self.channel_id is not None

    @property
    def is_leaving(self) -> bool:
        """Whether it was let go, and is not gone yet."""
        return self.is_alive and self.hangup_reason is not None

    @property
    def is_on_hold(self) -> bool:
        """Whether it hears music instead of the others."""
        return self.place is Place.HOLD

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
    """

    role: LegRole
    state: PartState = PartState.SNOOPING
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    number: int = 1
    leg_id: LegId | None = None
    heard_at: datetime | None = None
    is_let_go: bool = False

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
    ``segments`` is what the file has.
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


class Playback(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A sound that is being played, to one leg (``leg_id``) or to all. ``is_stopped``: it was asked to stop."""

    id: PlaybackId
    asked_at: datetime
    leg_id: LegId | None = None
    started_at: datetime | None = None
    is_stopped: bool = False


class UsedKey(Words, frozen=True, kw_only=True, omit_defaults=True):
    """An idempotency key of something done on this call: for which mutation, the fingerprint of its input (hex), and
    the id of what came of it.
    """

    mutation: str
    key: str
    input_hash: str
    subject_id: str


class Outcome(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How it came out with a party that was not reached."""

    disposition: Disposition
    end_reason: EndReason


class Transfer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A transfer under way: ``by`` gives ``transferee`` to the party behind ``target``, the leg that is dialled for it.

    ``or_targets`` are further legs that ring for it, until one has answered: that is ``target`` then.
    ``recalls``: should a blind transfer fail, whoever transferred is called back on
    ``recall_leg``; ``target`` is then that leg.
    ``with_music``: during a blind transfer the transferee hears music, not the target's ringing.
    """

    id: TransferId
    kind: TransferKind
    by: LegId
    transferee: LegId
    target: LegId
    target_party: Party
    started_at: datetime
    recall_leg: LegId
    consult_seconds: float
    state: TransferState = TransferState.DIALING
    recalls: bool = False
    with_music: bool = False
    agent_id: str | None = None
    agent_name: str | None = None
    or_targets: tuple[LegId, ...] = ()

    @property
    def targets(self) -> tuple[LegId, ...]:
        """All legs that are dialled for it."""
        return (self.target, *self.or_targets)


class Call(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A call: two legs and the bridge between them, and all that is known about why and how.

    ``legs`` are in the order of dialling. Two of them are in the seats of the conversation, the agent's and the
    customer's: ``agent_leg_id`` and ``customer_leg_id`` once somebody has taken the seat, until then the first leg of
    the role. Who leaves a seat ends the call; other legs come and go.

    The first ``planned`` legs were there from the start: each may take its side's seat, wave after wave.
    ``best_failure`` is the best of how it came out with those who were rung for one seat and did not answer.

    ``sequence`` is the number of the last fact. ``source`` turns RECOVERED once part of the call went unwatched.
    ``outcome`` and ``end_reason`` are set the moment the end is decided; the call is over (``ended_at``) when its last
    leg is gone. ``decided_at`` is when what decided the end happened.
    """

    id: CallId
    account_id: str
    node: str
    kind: CallKind
    direction: Direction
    legs: tuple[Leg, ...]
    created_at: datetime
    max_duration_seconds: float
    planned: int = 2
    best_failure: Outcome | None = None
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
    agent_leg_id: LegId | None = None
    customer_leg_id: LegId | None = None
    transfer: Transfer | None = None
    supervisions: tuple[Supervision, ...] = ()
    participants: tuple[Participant, ...] = ()
    queue: QueueWait | None = None
    keys: tuple[UsedKey, ...] = ()
    playbacks: tuple[Playback, ...] = ()
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
        return self.legs[0].channel_id or f"ofk.{self.node}.{self.legs[0].id}"

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
        """The leg in this side's seat. Raises KeyError when there is none."""
        seated = self.agent_leg_id if role is LegRole.AGENT else self.customer_leg_id
        if seated is not None:
            return self.leg(seated)
        if self.queue is not None and role is LegRole.AGENT:
            raise KeyError(role)  # those who are rung for a caller who waits are in no seat
        for leg in self.legs:
            if leg.role is role:
                return leg
        raise KeyError(role)

    def is_seated(self, leg: Leg) -> bool:
        """Whether the leg is in one of the two seats."""
        return any(seated is not None and seated.id == leg.id for seated in self.seats)

    @property
    def seats(self) -> tuple[Leg | None, Leg | None]:
        """Who sits on the agent's side and who on the customer's; None for a side that has no leg."""
        return self._seated(LegRole.AGENT), self._seated(LegRole.CUSTOMER)

    def other(self, leg: Leg) -> Leg | None:
        """The leg in the seat across from a leg of one of the two sides."""
        return self._seated(LegRole.CUSTOMER if leg.role is LegRole.AGENT else LegRole.AGENT)

    def candidates(self, leg: Leg) -> tuple[Leg, ...]:
        """All legs, this one among them, that were or are rung to get one and the same party; in order."""
        if self.transfer is not None and leg.id in self.transfer.targets:
            return tuple(one for one in self.legs if one.id in self.transfer.targets)
        if not self._is_planned(leg):
            return (self.leg(leg.id),)
        return tuple(one for one in self.legs[: self.planned] if one.role is leg.role)

    def wave_of(self, leg: Leg) -> tuple[Leg, ...]:
        """All legs that ring together with this one, and it."""
        return tuple(one for one in self.candidates(leg) if one.wave == leg.wave)

    def may_take_seat(self, leg: Leg) -> bool:
        """Whether the leg's answer takes its side's seat, or has: it was planned, and nobody else has answered."""
        seated = self.agent_leg_id if leg.role is LegRole.AGENT else self.customer_leg_id
        return seated == leg.id if seated is not None else self._is_planned(leg)

    def _is_planned(self, leg: Leg) -> bool:
        return leg.id in (one.id for one in self.legs[: self.planned])

    def _seated(self, role: LegRole) -> Leg | None:
        try:
            return self.leg_of(role)
        except KeyError:  # a call that has only one side
            return None

    def recording(self, recording_id: RecordingId) -> Recording | None:
        """The recording with this id, if it is one of this call's."""
        return next((one for one in self.recordings if one.id == recording_id), None)

    def playback(self, playback_id: str) -> Playback | None:
        """The running playback with this id."""
        return next((one for one in self.playbacks if one.id == playback_id), None)

    def supervision(self, supervision_id: str) -> Supervision | None:
        """The supervision under way with this id."""
        return next((one for one in self.supervisions if one.id == supervision_id), None)

    def supervision_by(self, leg_id: LegId) -> Supervision | None:
        """The supervision under way on this leg."""
        return next((one for one in self.supervisions if one.leg_id == leg_id), None)

    def participant(self, leg_id: LegId) -> Participant | None:
        """Who was called into the talk on this leg, and sits in no seat."""
        return next((one for one in self.participants if one.leg_id == leg_id and one.seat is None), None)

    @property
    def conferees(self) -> tuple[Leg, ...]:
        """Who talks besides the two in the seats, in the order of joining."""
        joined = [one for one in self.participants if one.joined_at is not None and one.seat is None]
        joined.sort(key=lambda one: one.joined_at or self.created_at)
        legs = (self.leg(one.leg_id) for one in joined)
        return tuple(leg for leg in legs if leg.state is LegState.UP and leg.hangup_reason is None)

    def timer(self, name: TimerName) -> Timer | None:
        """The running timer of this name, if any."""
        return next((timer for timer in self.timers if timer.name is name), None)

    @property
    def next_timer(self) -> Timer | None:
        """The timer that is due first."""
        return min(self.timers, key=lambda timer: timer.due, default=None)


def side_of(role: LegRole) -> EndParty:
    """The party of an end reason that a leg's role stands for."""
    return EndParty(role.value)


_DECODER = msgspec.json.Decoder(Call)


def decode_call(snapshot: bytes | str) -> Call:
    """The call behind a snapshot."""
    return _DECODER.decode(snapshot)
