"""Test clocks: how far the time of an account's test keys is ahead of the true one."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant


class TestClockRow(SQLModel, table=True):
    """An account's; no row is the true time. ``advanced_at`` is a true instant."""

    __tablename__ = "test_clock"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    ahead_seconds: float
    advanced_at: datetime = instant()
