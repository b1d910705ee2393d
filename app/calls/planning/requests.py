"""What the outside may ask of calls, and what it gets back: plain values between the API and the service."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowRun
from app.facts.vocabulary import (
    AgentDisplay,
    CallKind,
    Errand,
    LegRole,
    MachineAction,
    Money,
    Pair,
    RecordingMode,
)
from app.flows.steps import Announcement, DialplanTarget, StreamTarget
from app.ids import CallId
from app.numbers.lookup import NumberLookup


class WaitFor(StrEnum):
    """How far a call has to get before originateCall answers."""

    CREATED = "CREATED"
    FIRST_ANSWER = "FIRST_ANSWER"
    AGENT_ANSWERED = "AGENT_ANSWERED"
    CONNECTED = "CONNECTED"


class WaitOutcome(StrEnum):
    """Whether it got there."""

    REACHED = "REACHED"
    CALL_ENDED = "CALL_ENDED"
    TIMED_OUT = "TIMED_OUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateRequest:
    """A call that is asked for. Exactly one ``destination_…`` and one ``connect_…`` are set; None elsewhere is "your
    default". Texts are as the caller wrote them: the service checks every one. Durations are seconds. ``wait_for`` is
    no part of placing it: whoever answers the caller does the waiting. ``dry_run``: everything is looked up and
    checked, and nothing is dialled or kept.
    """

    idempotency_key: str
    destination_number: str | None = None
    destination_extension: str | None = None
    connect_agent_id: str | None = None
    connect_extension: str | None = None
    connect_number: str | None = None
    connect_ring_group_id: str | None = None
    connect_queue_id: str | None = None
    connect_call_flow_id: str | None = None
    connect_announcement: Announcement | None = None
    connect_media_stream: StreamTarget | None = None
    connect_dialplan: DialplanTarget | None = None
    queue_priority: int = 0
    dial_first: LegRole = LegRole.AGENT
    caller_id: str | None = None
    caller_id_name: str | None = None
    agent_display: AgentDisplay = AgentDisplay.DESTINATION
    destination_name: str | None = None
    trunk_id: str | None = None
    agent_ring_seconds: float | None = None
    customer_ring_seconds: float | None = None
    max_duration_seconds: float | None = None
    recording_mode: RecordingMode = RecordingMode.OFF
    transcribe: bool = False
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()
    variables: tuple[Pair, ...] = ()
    softphone_message: str | None = None
    voice_pitch: float | None = None
    detect_machine: bool = False
    on_machine: MachineAction | None = None
    dry_run: bool = False
    wait_for: WaitFor = WaitFor.CREATED


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCall:
    """What makes a call one that Offhook places by itself: what for, under an id that is known before.

    Its idempotency key is one of ``keys``, which no client's mutation uses, and stands for the errand whatever the
    request says. ``lead`` leads whoever answers, in place of a target to connect.
    ``apology``: where the queue is connected and no agent has come within so many seconds, whoever answered is led
    through this, and the call counts as abandoned.
    ``not_after``: a call that is not written by then is never dialled, so that whoever asked may try another instead.
    """

    kind: CallKind
    errand: Errand
    call_id: CallId
    keys: str
    lead: FlowRun | None = None
    apology: FlowRun | None = None
    apology_after_seconds: float = 1.5
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A placed call as it stands. ``is_replayed``: the idempotency key had placed it before.

    ``allowed_by``: of a dry run, the prefix of the account's rule that allows the dialled number; ``most_cost``: what
    the call could cost at most, where there are prices.
    """

    call: Call
    is_replayed: bool
    allowed_by: str | None = None
    most_cost: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateOutcome:
    """A placed call once the wait for it is over. ``lookup`` tells about the dialled number; None for an extension.

    ``wait_outcome`` is None for a dry run, which waits for nothing; the rest as with :class:`Placed`.
    """

    call: Call
    is_replayed: bool
    wait_outcome: WaitOutcome | None
    lookup: NumberLookup | None
    allowed_by: str | None = None
    most_cost: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """A live call as it stands once something was asked of it. ``is_replayed``: the same key had asked it before."""

    call: Call
    is_replayed: bool = False


class Unset(StrEnum):
    """The value of a field that was not given at all, where None means "clear it"."""

    UNSET = "UNSET"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRequest:
    """The caller's own data on a call; what is UNSET stays, lists replace."""

    call_id: str
    external_id: str | Unset | None = UNSET
    metadata: tuple[Pair, ...] | Unset = UNSET
    tags: tuple[str, ...] | Unset = UNSET
