"""Jobs, and the parts of reports that are being written."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, json_document, optional_instant


class JobRow(SQLModel, table=True):
    """Long work. ``lease`` counts its claims: what a worker writes under an older one is refused.

    ``is_settled``: what follows on its end (the report, its kind's own rows) is done as well.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.Index("job_by_account", "account_id", "created_at", "id"),
        sa.Index("job_due", "account_id", "kind", "due_at", postgresql_where=sa.text("state IN ('QUEUED', 'RUNNING')")),
        sa.Index(
            "job_open",
            "account_id",
            "kind",
            "key",
            unique=True,
            postgresql_where=sa.text("state IN ('QUEUED', 'RUNNING') AND key IS NOT NULL"),
        ),
        sa.Index("job_by_subject", "account_id", "subject_id", "created_at"),
        sa.Index(
            "job_unsettled", "finished_at", postgresql_where=sa.text("finished_at IS NOT NULL AND NOT is_settled")
        ),
        sa.Index("job_over", "finished_at", postgresql_where=sa.text("finished_at IS NOT NULL")),
    )
    id: str = Field(primary_key=True)
    account_id: str
    kind: str
    state: str
    subject_id: str | None = None
    key: str | None = None
    scope: str
    payload: dict[str, Any] = json_document()
    checkpoint: dict[str, Any] | None = Field(default=None, sa_type=JSON, nullable=True)
    counts: dict[str, Any] = json_document()
    fraction: float | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    lease: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    leased_until: datetime | None = optional_instant()
    due_at: datetime = instant()
    error: str | None = None
    actor_kind: str
    actor_id: str | None = None
    request_id: str | None = None
    is_sandbox: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    report_parts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    report_name: str | None = None
    report_type: str | None = None
    report_bytes: int | None = Field(default=None, sa_type=sa.BigInteger)
    report_key: str | None = None
    is_settled: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    created_at: datetime = instant()
    updated_at: datetime = instant()
    started_at: datetime | None = optional_instant()
    finished_at: datetime | None = optional_instant()


class JobReportPart(SQLModel, table=True):
    """A piece of a report, as it came; the whole is put together when the job has ended."""

    __tablename__ = "job_report_part"
    job_id: str = Field(sa_column=sa.Column(sa.String, sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True))
    number: int = Field(primary_key=True)
    data: bytes
