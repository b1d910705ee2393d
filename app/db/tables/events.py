"""The event log."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document


class EventRow(SQLModel, table=True):
    """A fact in the log; inserted once, never updated.

    ``sequence`` is given out under a lock that is held until the commit, so its order is the order in which rows
    become visible: a reader that goes on from the highest it saw skips nothing.
    """

    __tablename__ = "event"
    __table_args__ = (
        sa.Index("event_by_account", "account_id", "sequence"),
        sa.Index("event_by_subject", "subject_id", "sequence"),
        sa.Index("event_by_id", "id", unique=True),
        # A call's numbers are given out by its one writer: a second writer fails here, and knows.
        sa.Index(
            "event_by_call",
            "subject_id",
            "call_sequence",
            unique=True,
            postgresql_where=sa.text("call_sequence IS NOT NULL"),
        ),
    )
    sequence: int | None = Field(default=None, sa_type=sa.BigInteger, primary_key=True)
    id: str
    account_id: str
    type: str
    subject_id: str
    call_sequence: int | None = None
    occurred_at: datetime = instant()
    actor_kind: str
    actor_id: str | None = None
    request_id: str | None = None
    is_sandbox: bool = False
    traceparent: str | None = None
    data: dict[str, Any] = json_document()
