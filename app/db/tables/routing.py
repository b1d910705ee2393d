"""Who can be reached and how: agents, extensions, devices, groups, queues, trunks, numbers, routes, policies.

A row that was deleted stays, with ``deleted_at``: calls and records of the past name it.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant, text_list


def _unique_among_living(name: str, *columns: str) -> sa.Index:
    """A unique index that what was deleted is out of, so that its name can be given again."""
    return sa.Index(name, *columns, unique=True, postgresql_where=sa.text("deleted_at IS NULL"))


def _flag(*, default: bool) -> Any:
    return Field(default=default, sa_column_kwargs={"server_default": sa.true() if default else sa.false()})


def _word(default: str) -> Any:
    return Field(default=default, sa_column_kwargs={"server_default": default})


def _target(*, is_optional: bool) -> Any:
    """A call target as JSON: ``app.routing.targets``."""
    return Field(default=None, sa_type=JSON, nullable=is_optional)


def _words(default: str) -> Any:
    """A list of texts; ``default`` is its SQL text."""
    return Field(
        default_factory=list,
        sa_type=sa.ARRAY(sa.Text),
        nullable=False,
        sa_column_kwargs={"server_default": sa.text(f"'{default}'")},
    )


class Agent(SQLModel, table=True):
    """A person who takes and places calls, at an extension."""

    __tablename__ = "agent"
    __table_args__ = (sa.Index("agent_by_extension", "extension_id"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    display_name: str | None = None
    email: str | None = None
    extension_id: str | None = Field(default=None, foreign_key="extension.id")
    ring_seconds: float | None = None
    wrap_up_seconds: float | None = None
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class Extension(SQLModel, table=True):
    """An account's internal number, rung at its devices."""

    __tablename__ = "extension"
    __table_args__ = (_unique_among_living("extension_number", "account_id", "number"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    number: str
    label: str | None = None
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class Device(SQLModel, table=True):
    """A phone of an extension or of an agent. ``endpoint`` is its PJSIP name, global in Asterisk.

    With ``is_provisioned`` it is ``ofh-<account>-<number>``, which is also its SIP user name, and Offhook keeps it in
    Asterisk; else it is ``<account>-<extension>``, and Asterisk's own files have it. ``secret_sealed`` is the digest
    of its secret (RFC 7616's H(A1)), sealed.
    """

    __tablename__ = "device"
    __table_args__ = (
        _unique_among_living("device_endpoint", "endpoint"),
        sa.Index("device_by_agent", "agent_id"),
        sa.CheckConstraint("num_nonnulls(extension_id, agent_id) = 1", name="device_owner"),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    extension_id: str | None = Field(default=None, foreign_key="extension.id", index=True)
    agent_id: str | None = Field(default=None, foreign_key="agent.id")
    endpoint: str
    label: str | None = None
    is_provisioned: bool = _flag(default=False)
    secret_sealed: bytes | None = None
    transport: str = _word("UDP")
    codecs: list[str] = _words("{ULAW,ALAW}")
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class Trunk(SQLModel, table=True):
    """A way out to the telephone network, and in from it.

    ``endpoint`` is its PJSIP name: ``<account>-trunk-<name>`` in Asterisk's own files, ``ofh-<account>-trunk-<name>``
    when Offhook keeps it there (``is_provisioned``). ``dial_template`` makes the dialled digits from an E.164 number:
    ``{e164}`` with the plus sign, ``{digits}`` without, ``{national}`` without the country code.
    """

    __tablename__ = "trunk"
    __table_args__ = (
        _unique_among_living("trunk_name", "account_id", "name"),
        _unique_among_living("trunk_endpoint", "endpoint"),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    endpoint: str
    dial_template: str = "{digits}"
    is_default: bool = False
    is_sandbox: bool = False
    is_provisioned: bool = _flag(default=False)
    is_enabled: bool = _flag(default=True)
    host: str | None = None
    port: int | None = None
    transport: str = _word("UDP")
    username: str | None = None
    secret_sealed: bytes | None = None
    registers: bool = _flag(default=False)
    match_addresses: list[str] = text_list()
    codecs: list[str] = _words("{ULAW,ALAW}")
    max_channels: int | None = None
    caller_id_policy: str = _word("ACCOUNT_NUMBERS")
    qualify_seconds: int = Field(default=30, sa_column_kwargs={"server_default": "30"})
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class TrunkChannel(SQLModel, table=True):
    """A channel of a trunk with a limit, taken by a leg before it is dialled: free again once that has ended."""

    __tablename__ = "trunk_channel"
    __table_args__ = (sa.Index("trunk_channel_by_trunk", "trunk_id"),)
    leg_id: str = Field(primary_key=True)
    trunk_id: str
    taken_at: datetime = instant(default_now=True)


class LineState(SQLModel, table=True):
    """What one Asterisk says of a device or a trunk: ``UP`` (registered, reachable) or ``DOWN``, and since when."""

    __tablename__ = "line_state"
    line_id: str = Field(primary_key=True)
    node: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    state: str
    changed_at: datetime = instant()
    contact: str | None = None


class OutboundNumber(SQLModel, table=True):
    """A number of the account, E.164. Calls show it once it is verified.

    ``verification_otp_id`` is the one-time password that it is told in a call, to show that it is the account's.
    """

    __tablename__ = "outbound_number"
    __table_args__ = (
        _unique_among_living("outbound_number_number", "account_id", "number"),
        sa.Index(
            "outbound_number_default", "account_id", postgresql_where=sa.text("is_default AND deleted_at IS NULL")
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    number: str
    label: str | None = None
    is_default: bool = False
    trunk_id: str | None = Field(default=None, foreign_key="trunk.id")
    capabilities: list[str] = _words("{CALLER_ID,INBOUND}")
    verified_at: datetime | None = optional_instant()
    verification_otp_id: str | None = None
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class OutboundNumberPool(SQLModel, table=True):
    """Outbound numbers of which one is chosen for each call."""

    __tablename__ = "outbound_number_pool"
    __table_args__ = (_unique_among_living("outbound_number_pool_name", "account_id", "name"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class OutboundNumberPoolMember(SQLModel, table=True):
    """A number of a pool, in the pool's order."""

    __tablename__ = "outbound_number_pool_member"
    pool_id: str = Field(primary_key=True, foreign_key="outbound_number_pool.id")
    number_id: str = Field(primary_key=True, foreign_key="outbound_number.id", index=True)
    place: int


class RingGroup(SQLModel, table=True):
    """People who are rung together or one after the other. ``overflow`` is a call target."""

    __tablename__ = "ring_group"
    __table_args__ = (_unique_among_living("ring_group_name", "account_id", "name"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    strategy: str
    ring_seconds: float
    overflow: Any = _target(is_optional=True)
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class RingGroupMember(SQLModel, table=True):
    """An agent or an extension in a ring group, in the group's order."""

    __tablename__ = "ring_group_member"
    __table_args__ = (sa.CheckConstraint("num_nonnulls(agent_id, extension_id) = 1", name="ring_group_member_one"),)
    group_id: str = Field(primary_key=True, foreign_key="ring_group.id")
    place: int = Field(primary_key=True)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", index=True)
    extension_id: str | None = Field(default=None, foreign_key="extension.id", index=True)


class Queue(SQLModel, table=True):
    """Callers who wait for an agent. ``overflow`` is a call target."""

    __tablename__ = "queue"
    __table_args__ = (_unique_among_living("queue_name", "account_id", "name"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    strategy: str
    music_class: str
    announce_position_seconds: float | None = None
    max_wait_seconds: float | None = None
    ring_seconds: float
    wrap_up_seconds: float | None = None
    max_length: int | None = None
    overflow: Any = _target(is_optional=True)
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class QueueMember(SQLModel, table=True):
    """An agent who serves a queue. Those with the lowest ``penalty`` are asked first."""

    __tablename__ = "queue_member"
    queue_id: str = Field(primary_key=True, foreign_key="queue.id")
    agent_id: str = Field(primary_key=True, foreign_key="agent.id", index=True)
    penalty: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    joined_at: datetime = instant(default_now=True)
    calls_taken: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    offered_at: datetime | None = optional_instant()


class AgentStateRow(SQLModel, table=True):
    """What an agent does, for queues. An agent without a row is OFFLINE.

    ``mode`` is what the agent has said (AVAILABLE, PAUSED, OFFLINE), ``shown`` what was told last of what it does,
    since ``shown_at``. ``leg_id`` is the leg on which it is rung for, or talks to, a queue's caller: it is taken in one
    conditional update, so that nobody else offers it anything; ``leg_ids`` are that one and those to its other phones.
    ``misses`` counts offers in a row that it let ring.
    """

    __tablename__ = "agent_state"
    __table_args__ = (
        sa.Index("agent_state_by_account", "account_id"),
        sa.Index("agent_state_by_leg", "leg_id", unique=True, postgresql_where=sa.text("leg_id IS NOT NULL")),
    )
    agent_id: str = Field(primary_key=True, foreign_key="agent.id")
    account_id: str = Field(foreign_key="account.id")
    mode: str = _word("OFFLINE")
    reason: str | None = None
    shown: str = _word("OFFLINE")
    shown_at: datetime = instant(default_now=True)
    idle_since: datetime = instant(default_now=True)
    wraps_up_until: datetime | None = optional_instant()
    rests_until: datetime | None = optional_instant()
    misses: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    leg_id: str | None = None
    leg_ids: list[str] = text_list()
    call_id: str | None = None
    queue_id: str | None = None
    claimed_at: datetime | None = optional_instant()
    freed_at: datetime | None = optional_instant()


class CallFlow(SQLModel, table=True):
    """A call flow, at its latest ``version``. ``leads_to`` has the ids and numbers that version leads calls to."""

    __tablename__ = "call_flow"
    __table_args__ = (
        sa.Index(
            "call_flow_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    version: int
    leads_to: list[str] = _words("{}")
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class CallFlowVersion(SQLModel, table=True):
    """What one version of a call flow says: ``app.flows.steps``. Written once, and never changed."""

    __tablename__ = "call_flow_version"
    flow_id: str = Field(primary_key=True, foreign_key="call_flow.id")
    version: int = Field(primary_key=True)
    definition: Any = _target(is_optional=False)
    created_at: datetime = instant(default_now=True)


class InboundRoute(SQLModel, table=True):
    """Where calls from outside go: by trunk (or any) and by what was dialled (``+12125550100``, ``+1212*``, ``*``).

    ``target`` and ``overflow`` are call targets.
    """

    __tablename__ = "inbound_route"
    __table_args__ = (
        sa.Index(
            "inbound_route_pattern",
            "account_id",
            "pattern",
            sa.text("coalesce(trunk_id, '')"),
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    label: str | None = None
    trunk_id: str | None = Field(default=None, foreign_key="trunk.id")
    pattern: str
    target: Any = _target(is_optional=False)
    overflow: Any = _target(is_optional=True)
    recording_mode: str = _word("OFF")
    is_enabled: bool = _flag(default=True)
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class DestinationRule(SQLModel, table=True):
    """One line of an account's destination policy: numbers with this E.164 prefix are allowed or denied.

    The longest prefix wins; without any matching rule a number is denied. With a ``country`` only that country's are
    meant, and ``prefix`` is its code. ``is_own``: the account's own rule, which narrows what the operator's grant.
    """

    __tablename__ = "destination_rule"
    __table_args__ = (
        sa.Index(
            "destination_rule_prefix",
            "account_id",
            "is_own",
            "prefix",
            sa.text("coalesce(country, '')"),
            unique=True,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    prefix: str
    country: str | None = None
    is_allowed: bool
    is_own: bool = _flag(default=False)
    note: str | None = None
