"""Rows of routing, frozen and without SQL: as calls need them (…Target), and as their owners see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from app.facts.vocabulary import RecordingMode
from app.flows.steps import Announcement, DialplanTarget, Flow, StreamTarget
from app.numbers.parse import E164
from app.numbers.policy import Rule
from app.routing.targets import CallTarget
from app.routing.words import (
    CallerIdPolicy,
    Codec,
    LineState,
    NumberCapability,
    QueueStrategy,
    RingStrategy,
    Transport,
)


@dataclass(frozen=True, slots=True)
class ExtensionTarget:
    """An extension, whose agent sits at it (if anybody) and the PJSIP endpoints of its phones.

    ``endpoints`` are names such as ``sandbox-2001``, without a technology before them, oldest first; empty when the
    extension has no phone yet. An agent with phones of its own that sits at no extension is one without ``id`` and
    ``number``.
    """

    id: str | None
    number: str | None
    agent_id: str | None
    agent_name: str | None
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrunkTarget:
    """A way out. ``endpoint`` is its PJSIP name; ``dial_template`` goes to `app.numbers.parse.dial_digits`."""

    id: str
    name: str
    endpoint: str
    dial_template: str
    is_sandbox: bool
    #: How many calls it takes at once; None is no limit.
    max_channels: int | None = None


@dataclass(frozen=True, slots=True)
class CallerIdTarget:
    """One of the account's own outbound numbers, to be shown to the customer.

    ``flagged_for`` is what speaks against it, in sentences: while there is anything, no call is placed with it.
    """

    id: str
    number: E164
    label: str | None
    flagged_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OriginateResolution:
    """Everything the account's rows say about a call that is asked for, read in one go.

    None means that there is no such thing in this account: not there, deleted, or another account's (never told
    apart). A field that was not asked for is None too.
    """

    #: Who is connected: the extension or agent asked for; None too for an agent without an extension.
    connect: ExtensionTarget | None
    #: Whether the agent asked for exists, so that "no such agent" and "sits at no extension" can be told apart.
    has_agent: bool
    #: The destination, when that is an extension.
    destination: ExtensionTarget | None
    trunk: TrunkTarget | None
    caller_id: CallerIdTarget | None
    rules: tuple[Rule, ...]
    #: The queue asked for.
    queue: "Queue | None" = None
    #: The call flow asked for, or what leads the customer on in place of one.
    flow: "Lead | None" = None
    #: Where no trunk was asked for: others that may be taken when the default one has no free channel, by name.
    other_trunks: tuple[TrunkTarget, ...] = ()
    #: Whether the account has limits or prices (``app.usage``), and whether it is suspended.
    is_metered: bool = False
    is_suspended: bool = False
    #: There is no caller id because the number, asked for or the default one, was not yet shown to be the account's.
    is_caller_id_unverified: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """An account's internal number: 2 to 6 digits. It rings its devices, and those of the agents who sit at it."""

    id: str
    account_id: str
    number: str
    label: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Agent:
    """A person; ``extension_id`` is where they sit, if anywhere. Seconds that are None are the server's or queue's."""

    id: str
    account_id: str
    name: str
    display_name: str | None
    email: str | None
    extension_id: str | None
    ring_seconds: float | None
    wrap_up_seconds: float | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of an extension or of an agent; ``endpoint`` is its PJSIP name, and its SIP user name.

    Without ``is_provisioned`` it is in Asterisk's own files and has a fixed address there. ``state`` is what any of
    the Asterisks says of it: UP when it is registered, since ``state_changed_at``, at the SIP address ``contact``.
    """

    id: str
    account_id: str
    extension_id: str | None
    agent_id: str | None
    endpoint: str
    label: str | None
    is_provisioned: bool
    transport: Transport
    codecs: tuple[Codec, ...]
    created_at: datetime
    state: LineState
    state_changed_at: datetime | None
    contact: str | None


@dataclass(frozen=True, slots=True)
class Trunk:
    """A way out to the telephone network, and in from it; ``endpoint`` is its PJSIP name.

    Without ``is_provisioned`` it is in Asterisk's own files, and all from ``host`` to ``qualify_seconds`` means
    nothing.
    """

    id: str
    account_id: str
    name: str
    endpoint: str
    dial_template: str
    is_default: bool
    is_sandbox: bool
    is_provisioned: bool
    is_enabled: bool
    host: str | None
    port: int | None
    transport: Transport
    username: str | None
    has_secret: bool
    registers: bool
    match_addresses: tuple[str, ...]
    codecs: tuple[Codec, ...]
    max_channels: int | None
    caller_id_policy: CallerIdPolicy
    qualify_seconds: int
    created_at: datetime
    state: LineState
    state_changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboundNumber:
    """A number the account may show as its caller id; ``trunk_id`` is where it belongs, if anywhere."""

    id: str
    account_id: str
    number: E164
    label: str | None
    is_default: bool
    trunk_id: str | None
    capabilities: tuple[NumberCapability, ...]
    verified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OutboundNumberPool:
    """Outbound numbers of which one is chosen for each call, in their order."""

    id: str
    account_id: str
    name: str
    number_ids: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RingGroupMember:
    """Exactly one of the two."""

    agent_id: str | None
    extension_id: str | None


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Who is rung together, in order or at random, each for ``ring_seconds``; then the call goes to ``overflow``."""

    id: str
    account_id: str
    name: str
    strategy: RingStrategy
    ring_seconds: float
    members: tuple[RingGroupMember, ...]
    overflow: CallTarget | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class QueueMember:
    """An agent of a queue; the lowest ``penalty`` is asked first."""

    agent_id: str
    penalty: int


@dataclass(frozen=True, slots=True)
class Queue:
    """Callers who wait for an agent. None is no limit; ``overflow`` is where those go whom a limit meets."""

    id: str
    account_id: str
    name: str
    strategy: QueueStrategy
    music_class: str
    announce_position_seconds: float | None
    max_wait_seconds: float | None
    ring_seconds: float
    wrap_up_seconds: float | None
    max_length: int | None
    members: tuple[QueueMember, ...]
    overflow: CallTarget | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CallFlow:
    """A call flow at one ``version``; every change makes the next one, and calls keep that which they began with."""

    id: str
    account_id: str
    name: str
    version: int
    flow: Flow
    created_at: datetime
    updated_at: datetime


#: What leads a customer on who talks to nobody.
Lead: TypeAlias = CallFlow | Announcement | StreamTarget | DialplanTarget


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """Where calls go that come over a trunk (None: any) and dialled what ``pattern`` says.

    ``overflow`` is where they go when nobody whom the target means answers; ``recording_mode`` is whose voice is
    recorded once somebody has.
    """

    id: str
    account_id: str
    label: str | None
    trunk_id: str | None
    pattern: str
    target: CallTarget
    overflow: CallTarget | None
    recording_mode: RecordingMode
    is_enabled: bool
    created_at: datetime
