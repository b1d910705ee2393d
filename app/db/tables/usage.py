"""What accounts may use, and what they have used."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant, optional_instant


def _count(default: int = 0) -> int:
    column: int = Field(default=default, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": str(default)})
    return column


def _optional_count() -> int | None:
    column: int | None = Field(default=None, sa_type=sa.BigInteger)
    return column


class AccountLimits(SQLModel, table=True):
    """The caps of an account that has any, or prices: its own, and what the operator has granted; the tighter holds.

    NULL says nothing. Money is in millionths of ``currency``.
    """

    __tablename__ = "account_limits"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    calls_per_second: int | None = None
    concurrent_calls: int | None = None
    daily_spend_micros: int | None = _optional_count()
    granted_calls_per_second: int | None = None
    granted_concurrent_calls: int | None = None
    granted_daily_spend_micros: int | None = _optional_count()
    currency: str = Field(default="USD", sa_column_kwargs={"server_default": "USD"})
    updated_at: datetime = instant(default_now=True)


class AccountUsage(SQLModel, table=True):
    """What an account with limits uses just now: sums of ``usage_hold`` and ``usage_day``, kept in their transactions.

    ``begun`` are the calls of the last second, in microseconds since 1970. Whoever takes something locks the row.
    """

    __tablename__ = "account_usage"
    account_id: str = Field(primary_key=True)
    live: int = _count()
    begun: list[int] = Field(
        sa_type=ARRAY(sa.BigInteger), nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")}
    )
    day: date | None = None
    held_micros: int = _count()
    spent_micros: int = _count()
    rate_told_at: datetime | None = optional_instant()
    concurrent_told_at: datetime | None = optional_instant()
    spend_told_on: date | None = None
    refused_at: datetime | None = optional_instant()


class UsageHold(SQLModel, table=True):
    """What is reserved for a leg to an outside number (``id`` is the leg's), or for a call without any (the call's).

    With the price as it was then; without one, the leg costs nothing.
    """

    __tablename__ = "usage_hold"
    __table_args__ = (sa.Index("usage_hold_by_account", "account_id"),)
    id: str = Field(primary_key=True)
    account_id: str
    call_id: str
    taken_at: datetime = instant()
    day: date
    micros: int = _count()
    minute_micros: int = _count()
    fee_micros: int = _count()
    minimum_seconds: int = _count()
    increment_seconds: int = _count(1)


class UsageDay(SQLModel, table=True):
    """The ledger: what an account has used on a day of its own, by kind of call and country of destination."""

    __tablename__ = "usage_day"
    account_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    country: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    calls: int = _count()
    answered: int = _count()
    milliseconds: int = _count()
    cost_micros: int = _count()


class DestinationRate(SQLModel, table=True):
    """What calling numbers with a prefix costs an account; the longest prefix counts."""

    __tablename__ = "destination_rate"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    prefix: str = Field(primary_key=True)
    minute_micros: int = _count()
    fee_micros: int = _count()
    minimum_seconds: int = _count()
    increment_seconds: int = _count(1)
    label: str | None = None
