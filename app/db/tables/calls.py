"""What a call's life writes: call, legs, record, recordings, and the key of the request that asked for it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant, text_list


class CallRow(SQLModel, table=True):
    """A call. ``snapshot`` is the whole of the call model as JSON; the columns repeat what queries filter by.

    ``is_settled`` is false while anything of the call is still to do: after its end, its recordings.
    """

    __tablename__ = "call"
    __table_args__ = (
        sa.Index("call_by_time", "account_id", "created_at", "id"),
        sa.Index(
            "call_by_external_id", "account_id", "external_id", postgresql_where=sa.text("external_id IS NOT NULL")
        ),
        sa.Index("call_by_number", "account_id", "dialled_number", "created_at", "id"),
        sa.Index("call_open", "node", postgresql_where=sa.text("NOT is_settled")),
        sa.Index(
            "call_waiting",
            "account_id",
            "queue_id",
            postgresql_where=sa.text("queue_id IS NOT NULL AND NOT is_settled"),
        ),
        sa.Index(
            "call_by_campaign",
            "account_id",
            "campaign_id",
            "created_at",
            "id",
            postgresql_where=sa.text("campaign_id IS NOT NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str
    node: str
    kind: str
    direction: str
    state: str
    is_settled: bool = False
    created_at: datetime = instant()
    connected_at: datetime | None = optional_instant()
    ended_at: datetime | None = optional_instant()
    disposition: str | None = None
    agent_id: str | None = None
    extension: str | None = None
    dialled_number: str | None = None
    caller_id: str | None = None
    trunk_id: str | None = None
    external_id: str | None = None
    tags: list[str] = text_list()
    is_sandbox: bool = False
    queue_id: str | None = None
    queue_priority: int | None = None
    queue_joined_at: datetime | None = optional_instant()
    campaign_id: str | None = None
    snapshot: dict[str, Any] = json_document()


class LegRow(SQLModel, table=True):
    """One side of a call: a channel in Asterisk. The instants are those of the call model."""

    __tablename__ = "leg"
    __table_args__ = (sa.Index("leg_by_call", "call_id"),)
    id: str = Field(primary_key=True)
    account_id: str
    call_id: str
    role: str
    state: str
    number: str | None = None
    extension: str | None = None
    channel_name: str | None = None
    created_at: datetime = instant()
    dialing_at: datetime | None = optional_instant()
    ringing_at: datetime | None = optional_instant()
    answered_at: datetime | None = optional_instant()
    ended_at: datetime | None = optional_instant()
    hangup_cause: int | None = None
    sip_code: int | None = None
    trunk_id: str | None = None
    agent_id: str | None = None


class CdrRow(SQLModel, table=True):
    """A call detail record; inserted once, never updated. Of a contact that was never dialled there is no ``call_id``.

    ``agent_party`` and ``customer_party`` are the record's parties whole; the other columns repeat of them what people
    look for in SQL.
    """

    __tablename__ = "cdr"
    __table_args__ = (
        sa.Index("cdr_by_time", "account_id", "created_at", "id"),
        sa.Index("cdr_by_call", "call_id", unique=True),
        sa.Index("cdr_by_number", "account_id", "dialled_number", "created_at", "id"),
        sa.Index("cdr_by_extension", "account_id", "extension", "created_at", "id"),
        sa.Index("cdr_by_duration", "account_id", "duration_seconds", "id"),
        sa.Index("cdr_by_talk", "account_id", "talk_seconds", "id"),
        sa.Index(
            "cdr_by_external_id", "account_id", "external_id", postgresql_where=sa.text("external_id IS NOT NULL")
        ),
        sa.Index(
            "cdr_by_queue",
            "account_id",
            "queue_id",
            "created_at",
            "id",
            postgresql_where=sa.text("queue_id IS NOT NULL"),
        ),
        sa.Index(
            "cdr_by_campaign",
            "account_id",
            "campaign_id",
            "created_at",
            "id",
            postgresql_where=sa.text("campaign_id IS NOT NULL"),
        ),
        sa.Index(
            "cdr_by_ring_group",
            "account_id",
            "ring_group_id",
            "created_at",
            "id",
            postgresql_where=sa.text("ring_group_id IS NOT NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str
    call_id: str | None = None
    kind: str
    direction: str
    disposition: str
    end_code: str
    end_party: str
    sip_code: int | None = None
    hangup_cause: int | None = None
    source: str
    unique_id: str
    created_at: datetime = instant()
    ringing_at: datetime | None = optional_instant()
    answered_at: datetime | None = optional_instant()
    connected_at: datetime | None = optional_instant()
    ended_at: datetime = instant()
    ring_seconds: float
    talk_seconds: float
    duration_seconds: float
    agent_id: str | None = None
    agent_name: str | None = None
    agent_number: str | None = None
    extension: str | None = None
    dialled_number: str | None = None
    customer_name: str | None = None
    caller_id: str | None = None
    caller_id_name: str | None = None
    trunk_id: str | None = None
    external_id: str | None = None
    request_id: str | None = None
    dtmf: str | None = None
    recording_ids: list[str] = text_list()
    metadata_pairs: list[dict[str, str]] = json_document(default="[]")
    tags: list[str] = text_list()
    is_sandbox: bool = False
    agent_party: dict[str, Any] = json_document()
    customer_party: dict[str, Any] = json_document()
    mos: float | None = None
    loss_percent: float | None = None
    jitter_ms: float | None = None
    queue_id: str | None = None
    queue_wait_seconds: float | None = None
    campaign_id: str | None = None
    contact_id: str | None = None
    callback_id: str | None = None
    otp_id: str | None = None
    contact_list_id: str | None = None
    ring_group_id: str | None = None


class RecordingRow(SQLModel, table=True):
    """A recording and the proof of its file: size, length and SHA-256. ``object_key`` names it in the store.

    Of a deleted one the row stays, without what there was of its file; its key goes once the file is gone.
    """

    __tablename__ = "recording"
    __table_args__ = (
        sa.Index("recording_by_time", "account_id", "created_at", "id"),
        sa.Index("recording_by_call", "call_id"),
        sa.Index("recording_by_number", "account_id", "customer_number", "created_at", "id"),
        sa.Index("recording_by_age", "saved_at", postgresql_where=sa.text("state = 'SAVED'")),
        sa.Index(
            "recording_to_remove",
            "id",
            postgresql_where=sa.text("deleted_at IS NOT NULL AND object_key IS NOT NULL"),
        ),
        sa.Index(
            "recording_to_transcribe", "saved_at", postgresql_where=sa.text("state = 'SAVED' AND wants_transcript")
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str
    call_id: str
    mode: str
    state: str
    created_at: datetime = instant()
    started_at: datetime | None = optional_instant()
    saved_at: datetime | None = optional_instant()
    customer_number: str | None = None
    extension: str | None = None
    object_key: str | None = None
    duration_seconds: float | None = None
    size_bytes: int | None = Field(default=None, sa_type=sa.BigInteger)
    channels: int | None = None
    sample_rate: int | None = None
    sha256: str | None = None
    failure: str | None = None
    leg_ids: list[str] = text_list()
    segments: list[Any] | None = Field(default=None, sa_type=sa.JSON)
    kind: str = Field(default="CALL", sa_column_kwargs={"server_default": "CALL"})
    wants_transcript: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    deleted_at: datetime | None = optional_instant()
    lost_seconds: float | None = None


class CallTrace(SQLModel, table=True):
    """What led a call from state to state, packed: see ``calls.traces``. Deleted some days after the call's end."""

    __tablename__ = "call_trace"
    __table_args__ = (sa.Index("call_trace_by_age", "written_at", postgresql_using="brin"),)
    call_id: str = Field(primary_key=True)
    account_id: str
    written_at: datetime = instant(default_now=True)
    document: bytes


class RequestKey(SQLModel, table=True):
    """An idempotency key and what it made: kept for good.

    ``answer`` is what was answered, where what it made does not tell that any more.
    """

    __tablename__ = "request_key"
    account_id: str = Field(primary_key=True)
    mutation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    input_hash: bytes
    subject_id: str
    created_at: datetime = instant(default_now=True)
    answer: Any = Field(default=None, sa_type=JSON, nullable=True)
