"""Accounts, their API keys, and the audit log."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant, text_list


class Account(SQLModel, table=True):
    """A tenant. ``name`` is its short name: part of endpoint names in Asterisk, so lower-case and unique.

    ``recording_retention_days``, ``voicemail_retention_days``: how long it keeps them after they were saved; NULL, as
    long as the service does; 0, for ever.
    """

    __tablename__ = "account"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    display_name: str
    default_region: str = Field(default="US", max_length=2)
    time_zone: str = Field(default="Etc/UTC", sa_column_kwargs={"server_default": sa.text("'Etc/UTC'")})
    is_sandbox: bool = False
    created_at: datetime = instant(default_now=True)
    suspended_at: datetime | None = optional_instant()
    recording_retention_days: float | None = None
    voicemail_retention_days: float | None = None
    suspended_by: str | None = None
    suspension_reason: str | None = None
    ip_allow_list: list[str] = text_list()


class ApiKey(SQLModel, table=True):
    """An API key: shown once, kept as a keyed hash."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    is_test: bool = False
    hint: str
    key_hash: bytes = Field(unique=True)
    scopes: list[str] = text_list()
    ip_allow_list: list[str] = text_list()
    document_hashes: list[str] = text_list()
    created_at: datetime = instant(default_now=True)
    expires_at: datetime | None = optional_instant()
    revoked_at: datetime | None = optional_instant()


class AccessToken(SQLModel, table=True):
    """A browser's token, made by a key: shown once, kept as a keyed hash, short-lived."""

    __tablename__ = "access_token"
    __table_args__ = (
        sa.Index("access_token_by_expiry", "expires_at"),
        sa.Index("access_token_by_key", "key_id"),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    key_id: str = Field(foreign_key="api_key.id")
    agent_id: str | None = None
    hint: str
    token_hash: bytes = Field(unique=True)
    scopes: list[str] = text_list()
    allowed_origins: list[str] = text_list()
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = instant()
    revoked_at: datetime | None = optional_instant()


class DialectCredential(SQLModel, table=True):
    """What a client of a dialect shows: the secret as a keyed hash, and what it signs with, sealed."""

    __tablename__ = "dialect_credential"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    dialect: str
    name: str
    is_test: bool = False
    hint: str
    user_name: str | None = Field(default=None, unique=True)
    secret_hash: bytes = Field(unique=True)
    sealed_key: bytes | None = None
    ip_allow_list: list[str] = text_list()
    created_at: datetime = instant(default_now=True)
    expires_at: datetime | None = optional_instant()
    revoked_at: datetime | None = optional_instant()
    last_used_at: datetime | None = optional_instant()


class DialectRequest(SQLModel, table=True):
    """A request through a dialect, by a keyed digest: the same one again, a moment later, has the same ``key``."""

    __tablename__ = "dialect_request"
    __table_args__ = (sa.Index("dialect_request_by_end", "until"),)
    account_id: str = Field(foreign_key="account.id", primary_key=True)
    digest: bytes = Field(primary_key=True)
    key: str
    until: datetime = instant()


class AuditLine(SQLModel, table=True):
    """One thing that was done or refused, and by whom. Never holds secrets or full inputs."""

    __tablename__ = "audit_line"
    __table_args__ = (sa.Index("audit_line_by_account", "account_id", "id"),)
    id: int | None = Field(default=None, sa_type=sa.BigInteger, primary_key=True)
    account_id: str | None = None
    at: datetime = instant(default_now=True)
    actor_kind: str
    actor_id: str | None = None
    action: str
    outcome: str
    subject_id: str | None = None
    request_id: str | None = None
    remote_address: str | None = None
    details: dict[str, Any] = json_document()
