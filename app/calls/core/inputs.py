"""Everything that can happen to a call: one closed union, whatever the source.

The instant of an input is the step's ``now``; for what Asterisk reports that is the time by Asterisk's own clock.
"""

from datetime import datetime
from enum import StrEnum

from app.calls.core.commands import Command
from app.calls.core.guests_model import TapKind
from app.calls.core.model import Leg, TimerName, UsedKey
from app.calls.core.queue_model import QueueWait
from app.calls.core.verbs import Verb
from app.facts.event import Actor
from app.facts.queues import QueueLeaving
from app.facts.stretches import Segment
from app.facts.vocabulary import LegRole, Pair, Quality, SupervisionMode, TransferKind, Words
from app.ids import LegId, PlaybackId, RecordingId, SupervisionId, TransferId


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
    """The far end answered."""

    leg_id: LegId


class LegDestroyed(Words, frozen=True, kw_only=True):
    """The leg's channel is gone: Q.850 cause and, where Asterisk gave it, the SIP status.

    ``is_late`` marks an end that nobody watched, learnt afterwards; ``at`` is then its true instant if known.
    ``is_untraced``: there is no channel, and no memory of its end either. ``quality`` is how it sounded, if known.
    """

    leg_id: LegId
    cause: int | None = None
    sip_code: int | None = None
    at: datetime | None = None
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
    """A part of a recording is whole on Asterisk's disk since ``at``, or failed there (``failure``)."""

    recording_id: RecordingId
    role: LegRole
    at: datetime | None = None
    failure: str | None = None
    number: int = 1


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
    left this process.
    """

    REFUSED = "REFUSED"
    GONE = "GONE"
    UNCLEAR = "UNCLEAR"
    UNSENT = "UNSENT"


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
    dialled, and ``or_legs`` more of them, if it has several; ``recall_leg_id``: for whoever transferred, should it be
    called back.
    """

    key: UsedKey
    transfer_id: TransferId
    kind: TransferKind
    leg: Leg
    recall_leg_id: LegId
    actor: Actor
    consult_seconds: float
    by: LegId | None = None
    recalls: bool = False
    with_music: bool = False
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None
    or_legs: tuple[Leg, ...] = ()


class SupervisionRequested(Words, frozen=True, kw_only=True):
    """Somebody is to listen to the call: ``leg`` is ready to be dialled."""

    key: UsedKey
    supervision_id: SupervisionId
    mode: SupervisionMode
    leg: Leg
    actor: Actor
    request_id: str | None = None


class ParticipantRequested(Words, frozen=True, kw_only=True):
    """Somebody is to join the talk: ``leg`` is ready to be dialled."""

    key: UsedKey
    leg: Leg
    actor: Actor
    agent_id: str | None = None
    agent_name: str | None = None
    request_id: str | None = None


class TapReady(Words, frozen=True, kw_only=True):
    """One of a supervision's taps can be used."""

    supervision_id: SupervisionId
    number: int
    kind: TapKind


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


class OverflowChosen(Words, frozen=True, kw_only=True):
    """Where a caller goes who left its queue: to one of ``legs``, rung together, or to another ``queue``; else the
    call ends. ``agent_id`` is who sits there, where it is one.
    """

    legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    queue: QueueWait | None = None


class SoundStarted(Words, frozen=True, kw_only=True):
    """A playback can be heard."""

    playback_id: PlaybackId


class SoundEnded(Words, frozen=True, kw_only=True):
    """A playback is over; ``failure`` when it could not be played, or nobody knows."""

    playback_id: PlaybackId
    failure: str | None = None


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
Asked = HangupRequested | UpdateRequested | Requested | TransferRequested | SupervisionRequested | ParticipantRequested


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
    | SupervisionRequested
    | ParticipantRequested
    | TapReady
    | SupervisionSeen
    | AgentOffered
    | QueueRefused
    | OverflowChosen
    | SoundStarted
    | SoundEnded
    | LegMisplaced
    | Recovered
    | NodeLost
)
