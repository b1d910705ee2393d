"""caps and usage"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _count(name: str, default: int = 0) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), server_default=str(default), nullable=False)


def upgrade() -> None:
    op.create_table(
        "account_limits",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("calls_per_second", sa.Integer(), nullable=True),
        sa.Column("concurrent_calls", sa.Integer(), nullable=True),
        sa.Column("daily_spend_micros", sa.BigInteger(), nullable=True),
        sa.Column("granted_calls_per_second", sa.Integer(), nullable=True),
        sa.Column("granted_concurrent_calls", sa.Integer(), nullable=True),
        sa.Column("granted_daily_spend_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), server_default="USD", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "account_usage",
        sa.Column("account_id", sa.String(), nullable=False),
        _count("live"),
        sa.Column("begun", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        _count("held_micros"),
        _count("spent_micros"),
        sa.Column("rate_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("concurrent_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spend_told_on", sa.Date(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "usage_hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _count("micros"),
        _count("minute_micros"),
        _count("fee_micros"),
        _count("minimum_seconds"),
        _count("increment_seconds", 1),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("usage_hold_by_account", "usage_hold", ["account_id"])
    op.create_table(
        "usage_day",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        _count("calls"),
        _count("answered"),
        _count("milliseconds"),
        _count("cost_micros"),
        sa.PrimaryKeyConstraint("account_id", "day", "kind", "country", "currency"),
    )
    op.create_table(
        "destination_rate",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        _count("minute_micros"),
        _count("fee_micros"),
        _count("minimum_seconds"),
        _count("increment_seconds", 1),
        sa.Column("label", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "prefix"),
    )
    op.add_column("account", sa.Column("suspended_by", sa.String(), nullable=True))
    op.add_column("account", sa.Column("suspension_reason", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("account", "suspension_reason")
    op.drop_column("account", "suspended_by")
    op.drop_table("destination_rate")
    op.drop_table("usage_day")
    op.drop_table("usage_hold")
    op.drop_table("account_usage")
    op.drop_table("account_limits")
