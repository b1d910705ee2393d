"""Transcripts of recordings."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant


class TranscriptRow(SQLModel, table=True):
    """What is said in a recording, of which there is one transcript: a new one takes the old one's place.

    ``segments`` grow while the job goes on. The row goes with the recording's file.
    """

    __tablename__ = "transcript"
    __table_args__ = (
        sa.Index("transcript_by_recording", "recording_id", unique=True),
        sa.Index("transcript_by_call", "account_id", "call_id", "created_at"),
        sa.Index("transcript_by_job", "job_id"),
    )
    id: str = Field(primary_key=True)
    account_id: str
    recording_id: str
    call_id: str
    job_id: str
    state: str
    language: str
    engine: str | None = None
    segments: list[Any] | None = Field(default=None, sa_type=JSON, nullable=True)
    failure: str | None = None
    created_at: datetime = instant()
    finished_at: datetime | None = optional_instant()
