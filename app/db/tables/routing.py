"""Who can be reached and how: agents, extensions, devices, trunks, outbound numbers, destination rules."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant


def _unique_among_living(name: str, *columns: str) -> sa.Index:
    """A unique index that what was deleted is out of, so that its name can be given again."""
    return sa.Index(name, *columns, unique=True, postgresql_where=sa.text("deleted_at IS NULL"))


class Agent(SQLModel, table=True):
    """A person who takes and places calls, at an extension."""

    __tablename__ = "agent"
    __table_args__ = (sa.Index("agent_by_extension", "extension_id"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    email: str | None = None
    extension_id: str | None = Field(default=None, foreign_key="extension.id")
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
    """A phone of an extension. ``endpoint`` is its PJSIP name, ``<account>-<extension>``, global in Asterisk."""

    __tablename__ = "device"
    __table_args__ = (_unique_among_living("device_endpoint", "endpoint"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    extension_id: str = Field(foreign_key="extension.id", index=True)
    endpoint: str
    label: str | None = None
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class Trunk(SQLModel, table=True):
    """A way out to the telephone network.

    ``endpoint`` is its PJSIP name, ``<account>-trunk-<name>``. ``dial_template`` makes the dialled digits from an
    E.164 number: ``{e164}`` with the plus sign, ``{digits}`` without, ``{national}`` without the country code.
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
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class OutboundNumber(SQLModel, table=True):
    """A number the account may show as its caller id, E.164."""

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
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class DestinationRule(SQLModel, table=True):
    """One line of an account's destination policy: numbers with this E.164 prefix are allowed or denied.

    The longest prefix wins; without any matching rule a number is denied.
    """

    __tablename__ = "destination_rule"
    __table_args__ = (sa.UniqueConstraint("account_id", "prefix"),)
    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    prefix: str
    is_allowed: bool
    note: str | None = None
