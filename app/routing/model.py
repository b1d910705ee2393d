"""Rows of routing, frozen and without SQL: as calls need them (…Target), and as their owners see them."""

from dataclasses import dataclass
from datetime import datetime

from app.numbers.parse import E164
from app.numbers.policy import Rule


@dataclass(frozen=True, slots=True)
class ExtensionTarget:
    """An extension, whose agent sits at it (if anybody) and the PJSIP endpoints of its phones.

    ``endpoints`` are names such as ``sandbox-2001``, without a technology before them, oldest first; empty when the
    extension has no phone yet.
    """

    id: str
    number: str
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


@dataclass(frozen=True, slots=True)
class CallerIdTarget:
    """One of the account's own outbound numbers, to be shown to the customer."""

    id: str
    number: E164
    label: str | None


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


@dataclass(frozen=True, slots=True)
class Extension:
    """An account's internal number: 2 to 6 digits."""

    id: str
    account_id: str
    number: str
    label: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Agent:
    """A person; ``extension_id`` is where they sit, if anywhere."""

    id: str
    account_id: str
    name: str
    email: str | None
    extension_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of an extension; ``endpoint`` is its PJSIP name."""

    id: str
    account_id: str
    extension_id: str
    endpoint: str
    label: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Trunk:
    """A way out to the telephone network; ``endpoint`` is its PJSIP name."""

    id: str
    account_id: str
    name: str
    endpoint: str
    dial_template: str
    is_default: bool
    is_sandbox: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OutboundNumber:
    """A number the account may show as its caller id."""

    id: str
    account_id: str
    number: E164
    label: str | None
    is_default: bool
    created_at: datetime
