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
    MuteDirection,
    Pair,
    Party,
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


class Place(StrEnum):
    """Where a leg belongs: nowhere yet, in the talk, or alone with music."""

    NOWHERE = "NOWHERE"
    TALK = "TALK"
    HOLD = "HOLD"


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
    CONSULT = "CONSULT"
    RELEASE = "RELEASE"


class Timer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be done at an instant; an instant, not a delay, so that a restart keeps it."""

    name: TimerName
    due: datetime


class Leg(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a call: one channel in Asterisk, whose name there derives from ``id``.

    ``endpoint`` is the validated dial string. ``shown_number`` and ``shown_name`` are what the far end sees calling.
    ``place`` is where the leg belongs, which Asterisk is asked for and reminded of; ``muted`` likewise.
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


class Transfer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A transfer under way: ``by`` gives ``transferee`` to the party behind ``target``, the leg that is dialled for it.

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


class Call(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A call: two legs and the bridge between them, and all that is known about why and how.

    ``legs`` are in the order of dialling. Two of them are in the seats of the conversation, the agent's and the
    customer's: ``agent_leg_id`` and ``customer_leg_id`` once somebody else has taken the seat, until then the first leg
    of the role. Who leaves a seat ends the call; other legs come and go.

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
        """The leg in this side's seat. Raises KeyError when there is none."""
        seated = self.agent_leg_id if role is LegRole.AGENT else self.customer_leg_id
        if seated is not None:
            return self.leg(seated)
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
        """The leg in the other seat, for a leg in one."""
        agent, customer = self.seats
        return customer if agent is not None and agent.id == leg.id else agent

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
