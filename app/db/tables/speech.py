"""Announcement templates, uploads and sound files."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant


class AnnouncementTemplateRow(SQLModel, table=True):
    """A text with ``{field}``s, and the voice that speaks it. ``voice`` and ``language`` NULL: the engine's choice."""

    __tablename__ = "announcement_template"
    __table_args__ = (
        sa.Index(
            "announcement_template_name",
            "account_id",
            "name",
            unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    text: str
    voice: str | None = None
    language: str | None = None
    engine_type: str
    volume: str
    rate: str
    pitch: str
    created_at: datetime = instant(default_now=True)
    updated_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()


class UploadRow(SQLModel, table=True):
    """A file that may be put to its signed address until ``expires_at``, once. The row goes with its use.

    ``received_at`` is when it was in the store, where it lies at ``object_key``.
    """

    __tablename__ = "upload"
    __table_args__ = (
        sa.Index("upload_by_account", "account_id"),
        sa.Index("upload_by_expiry", "expires_at"),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    content_type: str
    size_bytes: int
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = instant()
    received_at: datetime | None = optional_instant()
    object_key: str | None = None


class AudioFileRow(SQLModel, table=True):
    """A sound file, as it came. In the store it lies at ``<account>/audio/<id>-<rate>.wav``, in two rates.

    ``has_files`` stays true after the deletion until they are gone as well.
    """

    __tablename__ = "audio_file"
    __table_args__ = (
        sa.Index("audio_file_by_account", "account_id", "id", postgresql_where=sa.text("deleted_at IS NULL")),
        sa.Index("audio_file_left", "id", postgresql_where=sa.text("deleted_at IS NOT NULL AND has_files")),
    )
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    name: str
    format: str
    channels: int
    sample_rate: int
    duration_seconds: float
    has_files: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()
