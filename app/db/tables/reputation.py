"""What is known and thought of the account's own numbers: see ``app.reputation``.

All by account and number, not by the outbound number's id: who deletes a number and makes it anew does not wash it.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant


def _count() -> Any:
    return Field(default=0, sa_column_kwargs={"server_default": "0"})


class NumberReputation(SQLModel, table=True):
    """What is thought of an outbound number: flagged since ``flagged_at`` for ``reasons``, or not.

    ``calls``, ``answered`` and ``complaints`` are what that was judged by; complaints of before ``cleared_at`` count no
    more. ``due_at`` is when it is judged next, ``last_used_at`` when a pool gave it to a call.
    """

    __tablename__ = "number_reputation"
    __table_args__ = (sa.Index("number_reputation_due", "due_at"),)
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    number: str = Field(primary_key=True)
    verdict: str = Field(default="UNKNOWN", sa_column_kwargs={"server_default": "UNKNOWN"})
    flagged_at: datetime | None = optional_instant()
    reasons: Any = json_document(default="[]")
    calls: int = _count()
    answered: int = _count()
    complaints: int = _count()
    manual: str | None = None
    cleared_at: datetime | None = optional_instant()
    reviewed_at: datetime | None = optional_instant()
    due_at: datetime = instant()


class NumberUse(SQLModel, table=True):
    """When a pool last gave a number to a call. Apart from what is thought of it: this changes with every call."""

    __tablename__ = "number_use"
    account_id: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    used_at: datetime = instant()


class NumberHistory(SQLModel, table=True):
    """How the calls of one day (UTC) that showed a number came out; counted as their records are written."""

    __tablename__ = "number_history"
    account_id: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    calls: int
    answered: int
    unwanted: int


class NumberComplaint(SQLModel, table=True):
    """A complaint about a number; one for each call that it is about."""

    __tablename__ = "number_complaint"
    __table_args__ = (
        sa.Index("number_complaint_by_number", "account_id", "number", "reported_at"),
        sa.Index(
            "number_complaint_by_call",
            "account_id",
            "call_id",
            unique=True,
            postgresql_where=sa.text("call_id IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    account_id: str = Field(foreign_key="account.id")
    number: str
    call_id: str | None = None
    note: str | None = None
    reported_at: datetime = instant()


class NumberListing(SQLModel, table=True):
    """That a number is on a list of flagged ones that the account has imported; ``source`` is the list's name."""

    __tablename__ = "number_listing"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    number: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    reason: str | None = None
    imported_at: datetime = instant()


class NumberOpinion(SQLModel, table=True):
    """What the reputation provider said of a number, and until when that is good."""

    __tablename__ = "number_opinion"
    account_id: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    is_flagged: bool | None = None
    reason: str | None = None
    asked_at: datetime = instant()
    expires_at: datetime = instant()
