"""Campaigns: what they are to do, how far they have come, and the story of each contact."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant, text_list


class CampaignRow(SQLModel, table=True):
    """A campaign. ``definition`` is all of it that can be set: ``app.campaigns.model.Definition``.

    ``state`` changes under this row's lock only, and whoever lets a call begin holds that lock (shared will do).
    ``start_at`` and ``end_at`` are the schedule's, as instants. ``began_at`` is its first start, from which its periods
    count; ``resumed_at`` the last, from which the circuit breaker counts; ``settled_at`` when it was over and every
    contact had its outcome. ``pace`` is ``core.pacing.Pace``. ``woken_to`` is a mark of ``app.campaigns.waking``.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        sa.Index(
            "campaign_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "campaign_alive", "state", "start_at", postgresql_where=sa.text("state IN ('SCHEDULED','RUNNING','PAUSED')")
        ),
        sa.Index(
            "campaign_unsettled",
            "id",
            postgresql_where=sa.text("state IN ('STOPPED','FINISHED') AND settled_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    description: str | None = None
    kind: str
    state: str = Field(default="DRAFT", sa_column_kwargs={"server_default": "DRAFT"})
    version: int = Field(default=1, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "1"})
    is_sandbox: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    definition: dict[str, Any] = json_document()
    list_ids: list[str] = text_list()
    dnc_list_ids: list[str] = text_list()
    start_at: datetime | None = optional_instant()
    end_at: datetime | None = optional_instant()
    began_at: datetime | None = optional_instant()
    resumed_at: datetime | None = optional_instant()
    paused_at: datetime | None = optional_instant()
    pause_reason: str | None = None
    pause_detail: str | None = None
    finished_at: datetime | None = optional_instant()
    finish_reason: str | None = None
    settled_at: datetime | None = optional_instant()
    pace: Any = Field(default=None, sa_type=JSON, nullable=True)
    woken_to: str | None = None
    created_by: str | None = None
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
    archived_at: datetime | None = optional_instant()


class CampaignList(SQLModel, table=True):
    """A list whose contacts a campaign calls. Contacts up to the position ``cursor`` were taken from it."""

    __tablename__ = "campaign_list"
    __table_args__ = (sa.Index("campaign_list_by_list", "list_id"),)
    campaign_id: str = Field(primary_key=True, foreign_key="campaign.id")
    list_id: str = Field(primary_key=True, foreign_key="contact_list.id")
    place: int
    cursor: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})


class CampaignContact(SQLModel, table=True):
    """A contact that a campaign has taken from one of its lists.

    ``attempts`` counts from the last `retryContacts`, ``decisions`` the rows in ``campaign_decision``. ``reason`` is
    the skip's, the delay's, or why it was given up; ``disposition`` that of the last attempt. ``call_id`` is the call
    it is claimed for, or the last one.
    """

    __tablename__ = "campaign_contact"
    __table_args__ = (
        sa.Index("campaign_contact_number", "campaign_id", "number", unique=True),
        sa.Index("campaign_contact_due", "campaign_id", "due_at", postgresql_where=sa.text("state = 'WAITING'")),
        sa.Index("campaign_contact_busy", "campaign_id", postgresql_where=sa.text("state IN ('CLAIMED','DIALING')")),
        sa.Index("campaign_contact_by_state", "campaign_id", "state", "contact_id"),
        sa.Index(
            "campaign_contact_by_reason",
            "campaign_id",
            "reason",
            "contact_id",
            postgresql_where=sa.text("reason IS NOT NULL"),
        ),
        sa.Index(
            "campaign_contact_by_disposition",
            "campaign_id",
            "disposition",
            "contact_id",
            postgresql_where=sa.text("disposition IS NOT NULL"),
        ),
        # What is put to the start again leaves it, so that whoever puts back the next reads none of those.
        sa.Index(
            "campaign_contact_finished",
            "campaign_id",
            "disposition",
            "contact_id",
            postgresql_where=sa.text("state = 'FINISHED'"),
        ),
        sa.Index("campaign_contact_by_call", "call_id", postgresql_where=sa.text("call_id IS NOT NULL")),
    )
    campaign_id: str = Field(primary_key=True)
    contact_id: str = Field(primary_key=True)
    account_id: str
    list_id: str
    number: str
    state: str
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    decisions: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    due_at: datetime | None = optional_instant()
    lease_until: datetime | None = optional_instant()
    reason: str | None = None
    disposition: str | None = None
    call_id: str | None = None
    answers: Any = Field(default=None, sa_type=JSON, nullable=True)
    updated_at: datetime = instant(default_now=True)


class CampaignDecision(SQLModel, table=True):
    """What was decided for a contact, the ``n``-th time, on what, and what came of it.

    ``decision`` is ``core.rules.Decision``; ``outcome``, once the attempt has ended, ``core.explain.Attempted``.
    """

    __tablename__ = "campaign_decision"
    campaign_id: str = Field(primary_key=True)
    contact_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    decided_at: datetime = instant()
    decision: dict[str, Any] = json_document()
    call_id: str | None = None
    outcome: Any = Field(default=None, sa_type=JSON, nullable=True)


class NumberAttempt(SQLModel, table=True):
    """A number that an account's campaigns have dialled, and when: for the frequency cap over all of them.

    Those of test keys count among themselves, and ``at`` is what the account's test clock showed.
    """

    __tablename__ = "number_attempt"
    __table_args__ = (
        sa.Index("number_attempt_by_number", "account_id", "number", "at"),
        sa.Index("number_attempt_by_time", "at"),
    )
    call_id: str = Field(primary_key=True)
    account_id: str
    number: str
    at: datetime = instant()
    is_sandbox: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class CampaignTotal(SQLModel, table=True):
    """How often something has happened in a campaign; ``word`` is ``app.campaigns.figures.Figure``'s."""

    __tablename__ = "campaign_total"
    campaign_id: str = Field(primary_key=True)
    word: str = Field(primary_key=True)
    count: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})


class CampaignMinute(SQLModel, table=True):
    """The same for each minute. What becomes of a call counts for the minute in which it was dialled."""

    __tablename__ = "campaign_minute"
    __table_args__ = (sa.Index("campaign_minute_by_word", "campaign_id", "word", "minute"),)
    campaign_id: str = Field(primary_key=True)
    minute: datetime = Field(sa_type=sa.DateTime(timezone=True), primary_key=True)
    word: str = Field(primary_key=True)
    count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class CampaignAgent(SQLModel, table=True):
    """An agent who serves an AGENT campaign, one at most at a time.

    ``contact_id`` is the contact that it previews, until ``lease_until``; since ``asked_at`` it is to be dialled.
    """

    __tablename__ = "campaign_agent"
    __table_args__ = (sa.Index("campaign_agent_by_campaign", "campaign_id"),)
    agent_id: str = Field(primary_key=True, foreign_key="agent.id")
    campaign_id: str = Field(foreign_key="campaign.id")
    account_id: str
    joined_at: datetime = instant(default_now=True)
    contact_id: str | None = None
    lease_until: datetime | None = optional_instant()
    asked_at: datetime | None = optional_instant()
