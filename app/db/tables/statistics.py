"""What statistics are read from: call detail records, counted and summed up as they are written."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.tables.columns import instant


class CdrRollup(SQLModel, table=True):
    """The records of one account that began within one span of time and are alike, as one row.

    ``grain`` says how long the span is and whether agents are told apart: see ``app.cdrs.statistics_rollup``. An agent
    or extension that is not told apart, or that there is none of, is an empty text. Sums are of whole microseconds, so
    that they are the same in whatever order they are made.
    """

    __tablename__ = "cdr_rollup"
    __table_args__ = (
        sa.PrimaryKeyConstraint(
            "account_id", "grain", "begins_at", "agent_id", "extension", "direction", "kind", "disposition"
        ),
    )
    account_id: str
    grain: int = Field(sa_type=sa.SmallInteger)
    begins_at: datetime = instant()
    agent_id: str = ""
    extension: str = ""
    direction: str
    kind: str
    disposition: str
    calls: int = Field(sa_type=sa.BigInteger)
    connected_calls: int = Field(sa_type=sa.BigInteger)
    ring_microseconds: int = Field(sa_type=sa.BigInteger)
    talk_microseconds: int = Field(sa_type=sa.BigInteger)
    duration_microseconds: int = Field(sa_type=sa.BigInteger)
    longest_talk_microseconds: int = Field(sa_type=sa.BigInteger)
