"""Contact lists and their contacts, and lists of numbers that must not be called.

Contacts and entries come by the million and carry no foreign keys: whoever writes them holds their list's row.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant, text_list


def _position() -> Any:
    """Grows with each row. Writers of one list follow each other, so within it the order is that of the commits."""
    return Field(default=None, sa_type=sa.BigInteger, sa_column_args=(sa.Identity(always=False),), nullable=False)


class ContactListRow(SQLModel, table=True):
    """A list of contacts. ``columns`` names its free fields; ``version`` grows with each change of it or in it."""

    __tablename__ = "contact_list"
    __table_args__ = (
        sa.Index(
            "contact_list_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    description: str | None = None
    columns: list[str] = text_list()
    version: int = Field(default=1, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.text("1")})
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class ContactRow(SQLModel, table=True):
    """Somebody to be called, once in a list. Who comes again keeps the row; after a removal at a new ``position``.

    ``time_zone`` is what was given, ``zones`` where the contact may be: see ``app.numbers.zones``;
    ``number_data`` is the version of the numbering plans that those were read from, NULL where they were not, or
    nobody knows. ``fields`` are the list's free fields, all texts.
    """

    __tablename__ = "contact"
    __table_args__ = (
        sa.UniqueConstraint("list_id", "number", name="contact_number"),
        sa.Index("contact_by_list", "list_id", "position"),
        sa.Index(
            "contact_by_external_id",
            "list_id",
            "external_id",
            "position",
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str
    list_id: str
    position: int = _position()
    number: str
    name: str | None = None
    time_zone: str | None = None
    zones: list[str] = text_list()
    zone_source: str
    number_data: str | None = None
    fields: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'::jsonb")}
    )
    external_id: str | None = None
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class DncListRow(SQLModel, table=True):
    """Numbers that must not be called. ``applies_to_all``: by no campaign of the account. ``version`` as above."""

    __tablename__ = "dnc_list"
    __table_args__ = (
        sa.Index(
            "dnc_list_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    description: str | None = None
    applies_to_all: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    version: int = Field(default=1, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.text("1")})
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class DncEntryRow(SQLModel, table=True):
    """A number on such a list. ``position`` is what pages go by: a cursor must not hold a number."""

    __tablename__ = "dnc_entry"
    __table_args__ = (
        sa.Index("dnc_entry_by_number", "account_id", "number"),
        sa.Index("dnc_entry_by_list", "list_id", "position", unique=True),
    )
    list_id: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    account_id: str
    position: int = _position()
    reason: str | None = None
    source: str
    created_at: datetime = instant(default_now=True)
