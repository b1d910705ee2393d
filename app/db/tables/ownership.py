"""Which process drives which Asterisk, and what other processes ask of it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant


class AsteriskLease(SQLModel, table=True):
    """One row for each Asterisk. All instants are by the database's clock.

    ``token`` rises with every change of hands. ``why_not_ready`` is the holder's own word on whether calls can be
    dialled (NULL: they can), as of its latest renewal, and ``standing_since`` is since when it is NULL, or is not.
    ``asterisk_version`` is what the Asterisk told as it was last connected with.
    """

    __tablename__ = "asterisk_lease"
    node: str = Field(primary_key=True)
    holder: str | None = None
    token: int = Field(sa_type=sa.BigInteger)
    expires_at: datetime = instant()
    why_not_ready: str | None = None
    standing_since: datetime | None = optional_instant()
    asterisk_version: str | None = None


class CallCommand(SQLModel, table=True):
    """Something that a process without the Asterisk asks of the one that has it. Gone some minutes later.

    Nobody takes it after ``deadline``. ``claimed_token`` is the token of the lease under which it was taken.
    """

    __tablename__ = "call_command"
    __table_args__ = (
        sa.Index("call_command_open", "node", "id", postgresql_where=sa.text("reply IS NULL")),
        sa.Index("call_command_by_age", "created_at"),
    )
    id: str = Field(primary_key=True)
    node: str
    kind: str
    payload: dict[str, Any] = json_document()
    created_at: datetime = instant(default_now=True)
    deadline: datetime = instant()
    claimed_at: datetime | None = optional_instant()
    claimed_token: int | None = Field(default=None, sa_type=sa.BigInteger)
    reply: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON, nullable=True)
    replied_at: datetime | None = optional_instant()
