"""Programs at the other end of media streams."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant


class MediaEndpointRow(SQLModel, table=True):
    """Where an account's legs may be streamed to: a URL, or, when its path ends in ``/``, all below it."""

    __tablename__ = "media_endpoint"
    __table_args__ = (sa.Index("media_endpoint_by_account", "account_id", "id"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    url: str
    description: str | None = None
    secret_sealed: bytes
    created_at: datetime = instant(default_now=True)
    deleted_at: datetime | None = optional_instant()
