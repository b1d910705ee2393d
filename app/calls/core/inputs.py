"""Everything that can happen to a call: one closed union, whatever the source.

The instant of an input is the step's ``now``; for what Asterisk reports that is the time by Asterisk's own clock.
"""

from datetime import datetime
from enum import StrEnum

from app.calls.core.commands import Command
from app.calls.core.model.call import UsedKey
from app.calls.core.model.flow import FlowRun
from app.calls.core.model.guests import TapKind
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import Verb
from app.facts.event import Actor
from app.facts.queues import QueueLeaving
from app.facts.stretches import Segment
from app.facts.vocabulary import (
    AnsweredBy,
    Disposition,
    EndReason,
    LegRole,
    MediaStreamEnd,
    Pair,
    Party,
    Quality,
    SupervisionMode,
    TransferKind,
    TransferMethod,
    Words,
)
from app.ids import LegId, MediaStreamId, PlaybackId, RecordingId, SupervisionId, TransferId


class Start(Words, frozen=True, kw_only=True):
    """The call is accepted: write it down and begin."""


class MissedWhileAway(Words, frozen=True, kw_only=True):
    """Instead of a start: a call came in that nobody here could take, and is over since ``ended_at``: write it down.

    ``was_answered``: the caller was told so by a message; else the network was.
    """

    ended_at: datetime
    was_answered: bool


class LegCreated(Words, frozen=True, kw_only=True):
    """The leg's channel exists and is ours to dial."""

    leg_id: LegId
    channel_name: str


class LegRinging(Words, frozen=True, kw_only=True):
    """The far end rings, or (SIP 183) sends sound of its own before the answer."""

    leg_id: LegId


class LegAnswered(Words, frozen=True, kw_only=True):
    """The far end answered. ``at``: of an answer that nobody heard, learnt afterwards, when it was, if known."""

    leg_id: LegId
    at: datetime | None = None


class LegDestroyed(Words, frozen=True, kw_only=True):
    """The leg's channel is gone: Q.850 cause and, where Asterisk gave it, the SIP status.

    ``is_late`` marks an end that nobody watched, learnt afterwards; ``at`` is then its true instant if known.
    ``answered_at`` is when it had been answered, if Asterisk remembers that. ``is_untraced``: there is no channel, and
    no memory of its end either. ``quality`` is how it sounded, if known.
    """

    leg_id: LegId
    cause: int | None = None
    sip_code: int | None = None
    at: datetime | None = None
    answered_at: datetime | None = None
    is_late: bool = False
    is_untraced: bool = False
    quality: Quality | None = None


class LegSilent(Words, frozen=True, kw_only=True):
    """The leg's channel is there and not up, and not one SIP response has come for it: perhaps it was never dialled."""

    leg_id: LegId


class LegDoubtful(Words, frozen=True, kw_only=True):
    """Asterisk's list of channels does not have the leg: let the call look for itself, after what it is doing now."""

    leg_id: LegId


class DtmfReceived(Words, frozen=True, kw_only=True):
    """A party pressed a key."""

    leg_id: LegId
    digit: str
    duration_milliseconds: int


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
    """Asterisk writes a part of a recording since ``at``."""

    recording_id: RecordingId
    role: LegRole
    at: datetime
    number: int = 1


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
    """The recording is in our store."""

    recording_id: RecordingId
    object_key: str
    duration_seconds: float
    size_bytes: int
    channels: int
    sample_rate: int
    sha256: str
    segments: tuple[Segment, ...] = ()


class RecordingLost(Words, frozen=True, kw_only=True):
    """The recording could not be had, for good."""

    recording_id: RecordingId
    reason: str


class TimerFired(Words, frozen=True, kw_only=True):
    """A timer of the call came due. One that was cancelled or moved meanwhile is ignored."""

    name: TimerName


class FailureKind(StrEnum):
    """How a command failed: Asterisk said no; what it was for is gone; nobody knows whether it was done; it never
    left this process; the trunk has no free channel for it.
    """

    REFUSED = "REFUSED"
    GONE = "GONE"
    UNCLEAR = "UNCLEAR"
    UNSENT = "UNSENT"
    FULL = "FULL"


class CommandFailed(Words, frozen=True, kw_only=True):
    """Asterisk refused a command, what it was for is gone, or nobody knows whether it was done."""

    command: Command
    kind: FailureKind
    detail: str


class HangupRequested(Words, frozen=True, kw_only=True):
    """Somebody with the right to do so wants the call to end."""

    actor: Actor
    request_id: str | None = None


class UpdateRequested(Words, frozen=True, kw_only=True):
    """The caller's own data on the call change; None leaves a field, ``clear_external_id`` empties it."""

    actor: Actor
    request_id: str | None = None
    external_id: str | None = None
    clear_external_id: bool = False
    metadata: tuple[Pair, ...] | None = None
    tags: tuple[str, ...] | None = None


class Requested(Words, frozen=True, kw_only=True):
    """Somebody with the right to do so asks something of the call; refused when it cannot be done as it stands."""

    verb: Verb
    actor: Actor
    request_id: str | None = None


class TransferRequested(Words, frozen=True, kw_only=True):
    """A party is to be transferred. ``by``: who transfers (None: the agent's side); ``leg``: the target, ready to be
    dialled, and ``or_legs`` more of them, if it has several; ``recall_leg_id`` (and, for more of its phones,
    ``or_recall_leg_ids``): for whoever transferred, should it be called back. ``queue``: where the party waits once
    nobody of these can be had, or at once when there is no ``leg``; ``queue_name`` is then shown as the target.
    ``flow`` likewise leads the party on at once, where there is neither. With ``method`` REFER the party's own device
    is told to call ``refer_to``, and ``leg`` only says who that is.
    """

    key: UsedKey
    transfer_id: TransferId
    kind: TransferKind
    recall_leg_id: LegId
    actor: Actor
    consult_seconds: float
    leg: Leg | None = None
    by: LegId | None = None
    recalls: bool = False
    with_music: bool = False
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()
    or_recall_leg_ids: tuple[LegId, ...] = ()
    queue: QueueWait | None = None
    queue_name: str | None = None
    flow: FlowRun | None = None
    method: TransferMethod = TransferMethod.BRIDGE
    refer_to: str | None = None


class ReferAsked(Words, frozen=True, kw_only=True):
    """A leg's phone has asked by REFER to be transferred away from, and takes it for done: to whom is being looked up.

    ``target`` is what the phone dialled. ``recall_leg_id`` and ``or_recall_leg_ids``: for the phones of whoever
    transferred, should it be called back.
    """

    leg_id: LegId
    transfer_id: TransferId
    target: Party
    recall_leg_id: LegId
    or_recall_leg_ids: tuple[LegId, ...] = ()


class ReferAimed(Words, frozen=True, kw_only=True):
    """Whom a phone's transfer goes to: ``leg`` is ready to be dialled, and ``or_legs`` more of them."""

    transfer_id: TransferId
    leg: Leg
    or_legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    agent_name: str | None = None


class ReferRefused(Words, frozen=True, kw_only=True):
    """Whom a phone's transfer goes to may not be called, or cannot be: how that is told."""

    transfer_id: TransferId
    disposition: Disposition
    end_reason: EndReason


class LegReferred(Words, frozen=True, kw_only=True):
    """A leg's device was told to call somebody, and the leg is back: whether it has (``is_done``), has said nothing in
    time, or else the SIP status that it gave.
    """

    leg_id: LegId
    is_done: bool = False
    is_timed_out: bool = False
    sip_code: int | None = None


class LegDetected(Words, frozen=True, kw_only=True):
    """A leg that was lent to find out what has answered is back, with the verdict and Asterisk's reason for it."""

    leg_id: LegId
    answered_by: AnsweredBy
    cause: str
    is_after_beep: bool = False


class LegReplaced(Words, frozen=True, kw_only=True):
    """Asterisk has put the end of a link to another call in a leg's place: its phone has transferred attended.

    ``channel_id`` and ``channel_name`` are of that end, ``link_leg_id`` is for the leg that it becomes; ``party`` is
    who talks through it. ``actor`` is the phone.
    """

    leg_id: LegId
    transfer_id: TransferId
    link_leg_id: LegId
    channel_id: str
    channel_name: str
    party: Party
    actor: Actor
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None


class SupervisionRequested(Words, frozen=True, kw_only=True):
    """Somebody is to listen to the call: ``leg`` is ready to be dialled, and ``or_legs`` for more phones of it."""

    key: UsedKey
    supervision_id: SupervisionId
    mode: SupervisionMode
    leg: Leg
    actor: Actor
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()


class ParticipantRequested(Words, frozen=True, kw_only=True):
    """Somebody is to join the talk: ``leg`` is ready to be dialled, and ``or_legs`` for more phones of it."""

    key: UsedKey
    leg: Leg
    actor: Actor
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()


class TapReady(Words, frozen=True, kw_only=True):
    """One of a supervision's taps can be used."""

    supervision_id: SupervisionId
    number: int
    kind: TapKind


class SupervisionPlaced(Words, frozen=True, kw_only=True):
    """Everybody and everything of a supervision is where it belongs, with what this mode silences."""

    supervision_id: SupervisionId
    number: int
    mode: SupervisionMode


class SupervisionSeen(Words, frozen=True, kw_only=True):
    """Asterisk has not all of a supervision, or not where it belongs: these of its taps are there."""

    supervision_id: SupervisionId
    number: int
    taps: tuple[TapKind, ...]


class AgentOffered(Words, frozen=True, kw_only=True):
    """An agent is to be rung for the caller who waits: ``leg`` is ready to be dialled, and those to its other phones.

    ``is_with_others``: besides those who are rung already.
    """

    queue_id: str
    leg: Leg
    other_legs: tuple[Leg, ...] = ()
    agent_id: str
    is_with_others: bool = False


class QueueRefused(Words, frozen=True, kw_only=True):
    """The queue cannot have the caller: it is full, or nobody serves it."""

    queue_id: str
    reason: QueueLeaving


class PositionKnown(Words, frozen=True, kw_only=True):
    """The caller is to hear its place in the queue, which is ``position``, from 1."""

    queue_id: str
    playback_id: PlaybackId
    position: int


class OverflowChosen(Words, frozen=True, kw_only=True):
    """Where a caller goes who left its queue: to one of ``legs``, rung together, to another ``queue``, or to a
    ``flow``; else the call ends. ``agent_id`` is who sits there, where it is one.
    """

    legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    queue: QueueWait | None = None
    flow: FlowRun | None = None


class PromptReady(Words, frozen=True, kw_only=True):
    """The sounds of a prompt can be played: in Asterisk's words, one for each."""

    number: int
    media: tuple[str, ...]


class PromptFailed(Words, frozen=True, kw_only=True):
    """The sounds of a prompt cannot be made, for a reason fit to be shown."""

    number: int
    reason: str


class TargetFound(Words, frozen=True, kw_only=True):
    """Whom a flow leads to: one of ``legs``, rung in their waves; else to a ``queue``, another ``flow``, or nobody.

    ``agent_id`` is who sits at the legs, where that is one.
    """

    number: int
    legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    queue: QueueWait | None = None
    flow: FlowRun | None = None


class SoundStarted(Words, frozen=True, kw_only=True):
    """A playback can be heard."""

    playback_id: PlaybackId


class SoundEnded(Words, frozen=True, kw_only=True):
    """A playback is over; ``failure`` when it could not be played, or nobody knows."""

    playback_id: PlaybackId
    failure: str | None = None


class StreamReady(Words, frozen=True, kw_only=True):
    """A media stream's channel is there: its program is connected, and can be put together with the leg."""

    stream_id: MediaStreamId


class StreamClosed(Words, frozen=True, kw_only=True):
    """Nobody relays a media stream (any more): why. ``detail`` is fit to be shown, ``outcome`` the program's word."""

    stream_id: MediaStreamId
    reason: MediaStreamEnd
    detail: str | None = None
    outcome: str | None = None


class LegMisplaced(Words, frozen=True, kw_only=True):
    """Asterisk has the leg elsewhere than it belongs, or nobody knows: put it there, with what it should hear."""

    leg_id: LegId


class Recovered(Words, frozen=True, kw_only=True):
    """The call was not watched between two instants and is watched again."""

    blind_from: datetime
    blind_until: datetime


class NodeLost(Words, frozen=True, kw_only=True):
    """Asterisk itself started anew: every channel it had is gone without a word."""


#: What somebody with the right to do so asks: it names its actor and its request.
Asked = (
    HangupRequested
    | UpdateRequested
    | Requested
    | TransferRequested
    | SupervisionRequested
    | ParticipantRequested
    | LegReplaced
)


Input = (
    Start
    | MissedWhileAway
    | LegCreated
    | LegRinging
    | LegAnswered
    | LegDestroyed
    | LegSilent
    | LegDoubtful
    | DtmfReceived
    | SnoopCreated
    | SnoopMissing
    | PartStarted
    | PartStopped
    | RecordingCollected
    | RecordingLost
    | TimerFired
    | CommandFailed
    | HangupRequested
    | UpdateRequested
    | Requested
    | TransferRequested
    | ReferAsked
    | ReferAimed
    | ReferRefused
    | LegReplaced
    | LegReferred
    | LegDetected
    | SupervisionRequested
    | ParticipantRequested
    | TapReady
    | SupervisionPlaced
    | SupervisionSeen
    | AgentOffered
    | QueueRefused
    | OverflowChosen
    | PositionKnown
    | PromptReady
    | PromptFailed
    | TargetFound
    | SoundStarted
    | SoundEnded
    | StreamReady
    | StreamClosed
    | LegMisplaced
    | Recovered
    | NodeLost
)
