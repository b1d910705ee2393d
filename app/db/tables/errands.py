"""Calls that Offhook places by itself at somebody's word: callbacks, and one-time passwords that are spoken.

The calls themselves are rows like any others; these say what they are for, who is about to place them, and what came
of it. No code of a password is here that can be read: a keyed hash, and, until it has been spoken, a sealed copy.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant


class CallbackRow(SQLModel, table=True):
    """A call that is to be placed at ``due_at``. ``wanted`` is the call, ``asked_by`` whose word it is placed at.

    ``local_time`` and ``time_zone`` are as they were given, ``resolution`` how the instant was found. While it is
    CLAIMED, ``claimed_by`` is about to place the call ``call_id``, until ``lease_until`` at the latest; before
    ``try_at`` nobody tries. ``attempt`` counts the calls that were begun.
    """

    __tablename__ = "callback"
    __table_args__ = (
        sa.Index("callback_by_time", "account_id", "due_at", "id"),
        sa.Index("callback_due", "try_at", postgresql_where=sa.text("state IN ('SCHEDULED', 'CLAIMED')")),
        # What a test clock may bring forward.
        sa.Index(
            "callback_in_tests",
            "account_id",
            "due_at",
            postgresql_where=sa.text("is_sandbox AND state = 'SCHEDULED'"),
        ),
        sa.Index("callback_started", "call_id", postgresql_where=sa.text("state = 'STARTED'")),
        sa.Index("callback_by_number", "account_id", "number", "due_at", "id"),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    state: str
    due_at: datetime = instant()
    try_at: datetime = instant()
    local_time: str | None = None
    time_zone: str | None = None
    resolution: str | None = None
    number: str | None = None
    external_id: str | None = None
    wanted: dict[str, Any] = json_document()
    asked_by: dict[str, Any] = json_document()
    is_sandbox: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    grace_seconds: float
    max_attempts: int
    retry_after_seconds: float
    attempt: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    call_id: str | None = None
    claimed_by: str | None = None
    lease_until: datetime | None = optional_instant()
    failure: str | None = None
    detail: str | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()
    started_at: datetime | None = optional_instant()
    ended_at: datetime | None = optional_instant()


class CallbackAttemptRow(SQLModel, table=True):
    """One call of a callback: when it was due, when it was begun, and how it ended."""

    __tablename__ = "callback_attempt"
    callback_id: str = Field(primary_key=True, foreign_key="callback.id")
    attempt: int = Field(primary_key=True)
    call_id: str
    due_at: datetime = instant()
    started_at: datetime = instant()
    ended_at: datetime | None = optional_instant()
    disposition: str | None = None
    is_connected: bool | None = None


class OtpRow(SQLModel, table=True):
    """A one-time password that is told to somebody by telephone. ``spoken`` is how: the text around it, the voice.

    ``code_hash`` is a keyed hash over ``salt`` and the code; ``code_sealed`` is there until nobody has to speak it any
    more. ``attempts`` counts the codes that were offered for verification. ``call_id`` is known before the call is.
    """

    __tablename__ = "otp"
    __table_args__ = (
        sa.Index("otp_by_time", "account_id", "created_at", "id"),
        sa.Index("otp_by_number", "account_id", "number", "created_at"),
        sa.Index("otp_open", "try_at", postgresql_where=sa.text("state IN ('PENDING', 'CLAIMED', 'CALLING')")),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    state: str
    number: str
    external_id: str | None = None
    wanted: dict[str, Any] = json_document()
    spoken: dict[str, Any] = json_document()
    asked_by: dict[str, Any] = json_document()
    is_sandbox: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    salt: bytes
    code_hash: bytes
    code_sealed: bytes | None = None
    expires_at: datetime = instant()
    max_attempts: int
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    verified_at: datetime | None = optional_instant()
    call_id: str
    try_at: datetime = instant()
    claimed_by: str | None = None
    lease_until: datetime | None = optional_instant()
    times_heard: int | None = None
    failure: str | None = None
    detail: str | None = None
    disposition: str | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()
    ended_at: datetime | None = optional_instant()
