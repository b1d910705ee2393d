"""Webhook endpoints, what is to be delivered to them, and every attempt."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant, text_list


class WebhookEndpoint(SQLModel, table=True):
    """Where an account wants its events. ``patterns`` are what it gets, as SQL LIKE patterns.

    ``reads_pii``, ``reads_dtmf`` and ``reads_recordings`` are the endpoint's own scopes: without them its events come
    masked, and without addresses of recordings. ``retired_secrets`` (sealed) sign beside ``secret_sealed``, each until
    the instant of ``retired_until`` at the same place. While it is disabled, what happens is kept for it for some time
    from ``disabled_at``.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (sa.Index("webhook_endpoint_by_account", "account_id", "id"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    url: str
    description: str | None = None
    event_types: list[str] = text_list()
    patterns: list[str] = text_list()
    api_version: str
    format: str = Field(default="STANDARD", sa_column_kwargs={"server_default": "STANDARD"})
    secret_sealed: bytes
    retired_secrets: list[bytes] = Field(
        default_factory=list,
        sa_type=ARRAY(sa.LargeBinary),
        nullable=False,
        sa_column_kwargs={"server_default": sa.text("'{}'")},
    )
    retired_until: list[datetime] = Field(
        default_factory=list,
        sa_type=ARRAY(sa.DateTime(timezone=True)),
        nullable=False,
        sa_column_kwargs={"server_default": sa.text("'{}'")},
    )
    reads_pii: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    reads_dtmf: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    reads_recordings: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    is_enabled: bool = True
    disabled_reason: str | None = None
    disabled_at: datetime | None = optional_instant()
    failing_since: datetime | None = optional_instant()
    next_delivery_sequence: int = Field(default=1, sa_type=sa.BigInteger)
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one endpoint; the event's id is the ``webhook-id`` of every attempt.

    Order holds per endpoint and subject: only the first pending row of such a lane is ever claimed, by
    ``webhook_delivery_due``; ``webhook_delivery_lane`` finds what is before and behind it. A delivery is pending
    exactly as long as ``finished_at`` is null; the two indexes say it in different words, so that a statement names
    the one it means and the planner cannot mistake one for the other while it knows nothing yet of the contents.

    ``leased_by`` is the worker that leased it last, see :class:`WebhookWorker`. ``attempts`` are all there were;
    ``earlier_attempts`` of them were made before its schedule began anew: when its endpoint was enabled again, or
    with a replay. ``replay_key`` is the request that replayed it, so that the same one does so once.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.Index(
            "webhook_delivery_due",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=sa.text("state = 'PENDING'"),
        ),
        sa.Index(
            "webhook_delivery_lane",
            "endpoint_id",
            "subject_id",
            "event_sequence",
            postgresql_where=sa.text("finished_at IS NULL"),
        ),
        sa.Index("webhook_delivery_by_time", "account_id", "event_sequence", "id"),
        # The few that somebody looks for, to see why and to replay them.
        sa.Index(
            "webhook_delivery_undelivered",
            "account_id",
            "event_sequence",
            "id",
            postgresql_where=sa.text("state IN ('EXHAUSTED', 'DROPPED')"),
        ),
        # Rows come in the order of time, so a few bytes for each hundred pages find a range of it.
        sa.Index("webhook_delivery_by_creation", "created_at", postgresql_using="brin"),
        sa.UniqueConstraint("event_sequence", "endpoint_id"),
        sa.CheckConstraint("(state = 'PENDING') = (finished_at IS NULL)", name="webhook_delivery_is_finished_or_not"),
    )
    id: str = Field(primary_key=True)
    account_id: str
    endpoint_id: str = Field(foreign_key="webhook_endpoint.id")
    event_sequence: int = Field(sa_type=sa.BigInteger)
    event_type: str
    subject_id: str
    delivery_sequence: int = Field(sa_type=sa.BigInteger)
    state: str = Field(default="PENDING", sa_column_kwargs={"server_default": "PENDING"})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    earlier_attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    replay_key: str | None = None
    created_at: datetime = instant(default_now=True)
    next_attempt_at: datetime = instant(default_now=True)
    leased_until: datetime | None = optional_instant()
    leased_by: int | None = None
    finished_at: datetime | None = optional_instant()


class WebhookAttempt(SQLModel, table=True):
    """One HTTP request of a delivery and what came back, the body cut at 2 KB.

    ``number`` counts 1, 2, 3 … within the delivery.
    """

    __tablename__ = "webhook_attempt"
    __table_args__ = (sa.Index("webhook_attempt_by_delivery", "delivery_id", "number"),)
    id: str = Field(primary_key=True)
    delivery_id: str = Field(foreign_key="webhook_delivery.id")
    number: int
    started_at: datetime = instant()
    latency_seconds: float
    status: int | None = None
    failure: str | None = None
    response_excerpt: str | None = None


class WebhookWorker(SQLModel, table=True):
    """A worker that may hold leases. It is alive for as long as its session holds the advisory lock of its number."""

    __tablename__ = "webhook_worker"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    started_at: datetime = instant(default_now=True)
