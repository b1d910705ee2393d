"""number reputation"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What the records of the longest window say, as app.cdrs.number_history counts new ones.
_COUNT_HISTORY = """
INSERT INTO number_history (account_id, number, day, calls, answered, unwanted)
SELECT account_id, caller_id, (created_at AT TIME ZONE 'UTC')::date, count(*),
       count(*) FILTER (WHERE disposition = 'ANSWERED'), count(*) FILTER (WHERE sip_code IN (607, 608))
FROM cdr
WHERE direction = 'OUTBOUND' AND caller_id IS NOT NULL AND NOT is_sandbox AND created_at > now() - interval '90 days'
    AND (disposition IN ('ANSWERED', 'MACHINE', 'VOICEMAIL')
         OR end_party = 'CUSTOMER' AND disposition IN ('NO_ANSWER', 'REJECTED'))
GROUP BY 1, 2, 3
"""


def upgrade() -> None:
    op.create_table(
        "number_reputation",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), server_default="UNKNOWN", nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reasons", postgresql.JSON(), server_default=sa.text("'[]'::json"), nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("complaints", sa.Integer(), server_default="0", nullable=False),
        sa.Column("manual", sa.String(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "number"),
    )
    op.create_index("number_reputation_due", "number_reputation", ["due_at"], unique=False)
    op.create_table(
        "number_use",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number"),
    )
    op.create_table(
        "number_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("unwanted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", "day"),
    )
    op.create_table(
        "number_complaint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "number_complaint_by_number", "number_complaint", ["account_id", "number", "reported_at"], unique=False
    )
    op.create_index(
        "number_complaint_by_call",
        "number_complaint",
        ["account_id", "call_id"],
        unique=True,
        postgresql_where=sa.text("call_id IS NOT NULL"),
    )
    op.create_table(
        "number_listing",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "number", "source"),
    )
    op.create_table(
        "number_opinion",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("is_flagged", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number"),
    )
    op.execute(_COUNT_HISTORY)


def downgrade() -> None:
    for table in (
        "number_opinion",
        "number_listing",
        "number_complaint",
        "number_history",
        "number_use",
        "number_reputation",
    ):
        op.drop_table(table)
