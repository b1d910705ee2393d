"""A call as a whole, and the snapshot of it."""

from datetime import datetime

import msgspec

from app.calls.core.model.flow import FlowRun, Variable
from app.calls.core.model.guests import Participant, Supervision
from app.calls.core.model.leg import Leg
from app.calls.core.model.media import Listening, MediaStream
from app.calls.core.model.queue import QueueWait
from app.calls.core.model.recording import Recording
from app.calls.core.model.timers import Timer, TimerName
from app.calls.core.model.transfer import Transfer
from app.facts.calls import CallRef
from app.facts.event import SYSTEM, Actor
from app.facts.vocabulary import (
    AnsweredBy,
    CallKind,
    CallState,
    CdrSource,
    Direction,
    Disposition,
    EndReason,
    Errand,
    LegRole,
    LegState,
    Nearness,
    Pair,
    RecordingMode,
    Words,
)
from app.ids import CallId, LegId, PlaybackId, RecordingId


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


class CallerIdChoice(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How the caller id was chosen from a pool of outbound numbers: of ``size`` that may be shown over the trunk
    ``flagged`` were left out, and the nearest to whoever sees it that was used longest ago was taken.
    """

    pool_id: str
    number_id: str
    nearness: Nearness
    size: int
    flagged: int


class Outcome(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How it came out with a party that was not reached."""

    disposition: Disposition
    end_reason: EndReason


class Call(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A call: two legs and the bridge between them, and all that is known about why and how.

    ``legs`` are in the order of dialling. Two of them are in the seats of the conversation, the agent's and the
    customer's: ``agent_leg_id`` and ``customer_leg_id`` once somebody has taken the seat, until then the first leg of
    the role. Who leaves a seat ends the call; other legs come and go.

    The first ``planned`` legs were there from the start: each may take its side's seat, wave after wave.
    ``best_failure`` is the best of how it came out with those who were rung for one seat and did not answer.
    ``next_queue`` is where the customer waits once nobody of the agent's side can be had.

    ``softphone_message`` is what the phones of the agent's side are written as they are dialled, ``voice_pitch`` how
    high who sits there sounds (``Leg``), and ``variables`` what every channel that is made for the call gets. With
    ``transcribe`` what is said in its recordings is written down once they are saved.
    ``detects_machine``: it is to be looked into what answers as the customer; ``detecting_until`` is how long a verdict
    is waited for, ``listening`` how its beep is found of a machine, and ``answered_by`` the verdict. With
    ``connects_machines`` an agent talks to a machine as well.

    ``allowance_seconds`` is what each leg to a number outside may be there for, beyond ringing (``lifetimes``); None
    where the account has no limits.

    ``traceparent`` is the place in a trace (``app.tracing``) that all that is done for the call goes back to.

    ``sequence`` is the number of the last fact. ``source`` turns RECOVERED once part of the call went unwatched.
    ``errand`` is what Offhook placed the call for by itself. Of a campaign's call ``answers`` keeps what its flows have
    gathered, beyond their end.
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
    allowance_seconds: float | None = None
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
    caller_id_choice: CallerIdChoice | None = None
    trunk_id: str | None = None
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()
    variables: tuple[Pair, ...] = ()
    softphone_message: str | None = None
    voice_pitch: float | None = None
    transcribe: bool = False
    detects_machine: bool = False
    connects_machines: bool = False
    detecting_until: datetime | None = None
    answered_by: AnsweredBy | None = None
    listening: Listening | None = None
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
    next_queue: QueueWait | None = None
    flow: FlowRun | None = None
    next_flow: FlowRun | None = None
    keys: tuple[UsedKey, ...] = ()
    playbacks: tuple[Playback, ...] = ()
    media_streams: tuple[MediaStream, ...] = ()
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    decided_at: datetime | None = None
    outcome: Disposition | None = None
    end_reason: EndReason | None = None
    source: CdrSource = CdrSource.LIVE
    cdr_id: str | None = None
    errand: Errand | None = None
    answers: tuple[Variable, ...] = ()
    teardown_tries: int = 0
    sequence: int = 0
    traceparent: str | None = None

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
            errand=self.errand,
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
        if (self.queue is not None or self.flow is not None) and role is LegRole.AGENT:
            raise KeyError(role)  # those who are rung for a caller who waits, or is in a flow, are in no seat
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
        if self.flow is not None and leg.id in self.flow.offers:
            return tuple(one for one in self.legs if one.id in self.flow.offers)
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
        """The supervision under way that this leg is there for."""
        return next((one for one in self.supervisions if leg_id in one.legs), None)

    def media_stream(self, stream_id: str) -> MediaStream | None:
        """The media stream under way with this id."""
        return next((one for one in self.media_streams if one.id == stream_id), None)

    def stream_on(self, leg_id: LegId) -> MediaStream | None:
        """The media stream under way on this leg."""
        return next((one for one in self.media_streams if one.leg_id == leg_id), None)

    def participant(self, leg_id: LegId) -> Participant | None:
        """Who was called into the talk on this leg, and sits in no seat."""
        return next((one for one in self.participants if leg_id in one.legs and one.seat is None), None)

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


_DECODER = msgspec.json.Decoder(Call)


def decode_call(snapshot: bytes | str) -> Call:
    """The call behind a snapshot."""
    return _DECODER.decode(snapshot)
