"""Webhook endpoints, what is to be delivered to them, and every attempt."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant, text_list


class WebhookEndpoint(SQLModel, table=True):
    """Where an account wants its events. ``patterns`` are the ``event_types`` globs as SQL LIKE patterns.

    ``reads_pii`` and ``reads_dtmf`` are the endpoint's own scopes: without them its events come masked.
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
    secret_sealed: bytes
    reads_pii: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    reads_dtmf: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    is_enabled: bool = True
    disabled_reason: str | None = None
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
    created_at: datetime = instant(default_now=True)
    next_attempt_at: datetime = instant(default_now=True)
    leased_until: datetime | None = optional_instant()
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
