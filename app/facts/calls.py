"""Facts about calls and their legs."""

from datetime import datetime
from typing import ClassVar

from app.facts.vocabulary import (
    AnsweredBy,
    CallKind,
    CdrSource,
    Direction,
    Disposition,
    EndParty,
    EndReason,
    Errand,
    GreetingEnd,
    LegRole,
    MuteDirection,
    Pair,
    Party,
    Quality,
    RecordingMode,
    Words,
)


class Fact(Words, frozen=True, kw_only=True):
    """Something that happened. Each subclass names its public event type."""

    type: ClassVar[str]


class CallRef(Words, frozen=True, kw_only=True):
    """The call a fact is about, with everything a CRM needs to file it without asking back.

    ``unique_id`` is the id of the first leg's channel in Asterisk. ``errand``: what Offhook placed it for by itself.
    """

    id: str
    kind: CallKind
    direction: Direction
    unique_id: str
    dialled_number: str | None = None
    extension: str | None = None
    caller_id: str | None = None
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()
    errand: Errand | None = None


class LegRef(Words, frozen=True, kw_only=True):
    """The leg a fact is about; ``channel_name`` as Asterisk shows it, once known."""

    id: str
    role: LegRole
    party: Party
    channel_name: str | None = None


class CdrRecord(Words, frozen=True, kw_only=True):
    """A call detail record: written once, when the call has ended, and never changed.

    Durations are seconds and derive from the instants: ``ring`` from the first dialling to the answer (or end) of
    the leg that decided, ``talk`` from connection to end, ``duration`` from creation to end.

    A contact that a campaign never called, because it must not, has a record without a call: DNC.

    ``quality`` is that of the leg that sounded worst; null when nothing was counted, or it was not kept.
    """

    id: str
    call_id: str | None
    kind: CallKind
    direction: Direction
    disposition: Disposition
    end_reason: EndReason
    source: CdrSource
    unique_id: str
    created_at: datetime
    ended_at: datetime
    agent: Party
    customer: Party
    ring_seconds: float
    talk_seconds: float
    duration_seconds: float
    agent_id: str | None = None
    agent_name: str | None = None
    extension: str | None = None
    dialled_number: str | None = None
    caller_id: str | None = None
    caller_id_name: str | None = None
    trunk_id: str | None = None
    external_id: str | None = None
    request_id: str | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    dtmf: str | None = None
    recording_ids: tuple[str, ...] = ()
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()
    is_sandbox: bool = False
    quality: Quality | None = None
    queue_id: str | None = None
    queue_wait_seconds: float | None = None
    errand: Errand | None = None
    ring_group_id: str | None = None


class CallFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one call."""

    call: CallRef


class LegFact(CallFact, frozen=True, kw_only=True):
    """Base of the facts of one leg.

    The instants in them are by Asterisk, and may lie before the fact's own, by which it was learnt. Facts of earlier
    versions have none.
    """

    leg: LegRef


class CallCreated(CallFact, frozen=True, kw_only=True):
    """The call was accepted and stored; nothing has rung yet."""

    type = "call.created"
    agent: Party
    customer: Party
    dial_first: LegRole
    recording_mode: RecordingMode


class CallUpdated(CallFact, frozen=True, kw_only=True):
    """External id, metadata, tags or the pitch of a voice were changed by request; ``changed`` names the fields."""

    type = "call.updated"
    changed: tuple[str, ...]


class LegDialing(LegFact, frozen=True, kw_only=True):
    """The leg is about to be dialled."""

    type = "leg.dialing"


class LegRinging(LegFact, frozen=True, kw_only=True):
    """The far end says that it rings, since ``ringing_at``."""

    type = "leg.ringing"
    ringing_at: datetime | None = None


class LegAnswered(LegFact, frozen=True, kw_only=True):
    """The far end answered at ``answered_at``."""

    type = "leg.answered"
    answered_at: datetime | None = None


class MachineDetectionFinished(LegFact, frozen=True, kw_only=True):
    """It was looked into what has answered. ``cause`` is Asterisk's own word for why it thinks so.

    ``is_after_beep``: a machine's greeting and beep are over, and it records. ``greeting_ended_by``: what
    told that it was over; null when none was heard to its end.
    """

    type = "machine.detection_finished"
    answered_by: AnsweredBy
    cause: str
    is_after_beep: bool = False
    greeting_ended_by: GreetingEnd | None = None


class LegHeld(LegFact, frozen=True, kw_only=True):
    """The leg was taken out of the talk and hears music."""

    type = "leg.held"


class LegUnheld(LegFact, frozen=True, kw_only=True):
    """The leg is back in the talk."""

    type = "leg.unheld"


class LegMuted(LegFact, frozen=True, kw_only=True):
    """The leg was silenced; ``muted`` is all that is silenced now."""

    type = "leg.muted"
    muted: MuteDirection


class LegUnmuted(LegFact, frozen=True, kw_only=True):
    """The leg can be heard, and hear, again; ``muted`` is what is still silenced, null when nothing is."""

    type = "leg.unmuted"
    muted: MuteDirection | None = None


class LegEnded(LegFact, frozen=True, kw_only=True):
    """The leg is gone since ``ended_at``. ``ended_by`` is the side that hung up or refused; SYSTEM when Offhook did.

    ``answered_elsewhere``: it rang together with others, another of them answered, and so nobody missed a call here.
    """

    type = "leg.ended"
    ended_by: EndParty
    hangup_cause: int | None = None
    sip_code: int | None = None
    talk_seconds: float = 0.0
    ended_at: datetime | None = None
    answered_elsewhere: bool = False


class CallConnected(CallFact, frozen=True, kw_only=True):
    """Both parties are bridged and can talk."""

    type = "call.connected"
    connected_at: datetime


class DtmfReceived(LegFact, frozen=True, kw_only=True):
    """A party pressed a key. The digit is masked for readers without ``dtmf:read``."""

    type = "dtmf.received"
    digit: str
    duration_milliseconds: int


class CallRecovered(CallFact, frozen=True, kw_only=True):
    """Offhook could not watch the call for a while and has found it again, or what became of it."""

    type = "call.recovered"
    blind_from: datetime
    blind_until: datetime


class CallEnded(CallFact, frozen=True, kw_only=True):
    """The call is over, with its whole record. Every call ends with exactly one of these."""

    type = "call.ended"
    disposition: Disposition
    end_reason: EndReason
    duration_seconds: float
    talk_seconds: float
    cdr: CdrRecord
