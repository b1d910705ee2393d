"""campaigns"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_campaigns()
    _add_contacts()
    _add_counts()
    op.add_column("cdr", sa.Column("contact_list_id", sa.String(), nullable=True))
    op.alter_column("cdr", "call_id", nullable=True)
    _add_errands()


def downgrade() -> None:
    _drop_errands()
    op.execute("DELETE FROM cdr WHERE call_id IS NULL")
    op.alter_column("cdr", "call_id", nullable=False)
    op.drop_column("cdr", "contact_list_id")
    for name in (
        *("campaign_agent", "campaign_minute", "campaign_total", "number_attempt", "campaign_decision"),
        *("campaign_contact", "campaign_list", "campaign"),
    ):
        op.drop_table(name)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _texts(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def _add_campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="DRAFT", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("is_sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("definition", postgresql.JSON(), server_default=sa.text("'{}'::json"), nullable=False),
        _texts("list_ids"),
        _texts("dnc_list_ids"),
        *(_instant(name) for name in ("start_at", "end_at", "began_at", "resumed_at", "paused_at")),
        sa.Column("pause_reason", sa.String(), nullable=True),
        _instant("finished_at"),
        sa.Column("finish_reason", sa.String(), nullable=True),
        sa.Column("pace", postgresql.JSON(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=True),
        _now("created_at"),
        _now("updated_at"),
        _instant("archived_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_campaign_account_id", "campaign", ["account_id"], unique=False)
    op.create_index(
        "campaign_name",
        "campaign",
        ["account_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index(
        "campaign_alive",
        "campaign",
        ["state", "start_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('SCHEDULED','RUNNING','PAUSED')"),
    )
    op.create_table(
        "campaign_list",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.ForeignKeyConstraint(["list_id"], ["contact_list.id"]),
        sa.PrimaryKeyConstraint("campaign_id", "list_id"),
    )
    op.create_index("campaign_list_by_list", "campaign_list", ["list_id"], unique=False)
    op.create_table(
        "campaign_agent",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        _now("joined_at"),
        sa.Column("contact_id", sa.String(), nullable=True),
        _instant("lease_until"),
        _instant("asked_at"),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.PrimaryKeyConstraint("agent_id"),
    )
    op.create_index("campaign_agent_by_campaign", "campaign_agent", ["campaign_id"], unique=False)


def _add_contacts() -> None:
    op.create_table(
        "campaign_contact",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("decisions", sa.Integer(), server_default="0", nullable=False),
        _instant("due_at"),
        _instant("lease_until"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("answers", postgresql.JSON(), nullable=True),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("campaign_id", "contact_id"),
    )
    for name, columns, where in (
        ("campaign_contact_due", ["campaign_id", "due_at"], "state = 'WAITING'"),
        ("campaign_contact_busy", ["campaign_id"], "state IN ('CLAIMED','DIALING')"),
        ("campaign_contact_by_reason", ["campaign_id", "reason", "contact_id"], "reason IS NOT NULL"),
        ("campaign_contact_by_disposition", ["campaign_id", "disposition", "contact_id"], "disposition IS NOT NULL"),
        ("campaign_contact_by_call", ["call_id"], "call_id IS NOT NULL"),
    ):
        op.create_index(name, "campaign_contact", columns, unique=False, postgresql_where=sa.text(where))
    op.create_index(
        "campaign_contact_by_state", "campaign_contact", ["campaign_id", "state", "contact_id"], unique=False
    )
    op.create_index("campaign_contact_number", "campaign_contact", ["campaign_id", "number"], unique=True)
    op.create_table(
        "campaign_decision",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", postgresql.JSON(), server_default=sa.text("'{}'::json"), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("outcome", postgresql.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", "contact_id", "n"),
    )
    op.create_table(
        "number_attempt",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_index("number_attempt_by_number", "number_attempt", ["account_id", "number", "at"], unique=False)
    op.create_index("number_attempt_by_time", "number_attempt", ["at"], unique=False)


def _add_counts() -> None:
    op.create_table(
        "campaign_total",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "word"),
    )
    op.create_table(
        "campaign_minute",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "minute", "word"),
    )
    op.create_index("campaign_minute_by_word", "campaign_minute", ["campaign_id", "word", "minute"], unique=False)


def _add_errands() -> None:
    op.add_column("call", sa.Column("campaign_id", sa.String(), nullable=True))
    op.create_index(
        "call_by_campaign",
        "call",
        ["account_id", "campaign_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    for name in ("campaign_id", "contact_id", "callback_id", "otp_id"):
        op.add_column("cdr", sa.Column(name, sa.String(), nullable=True))
    op.create_index(
        "cdr_by_campaign",
        "cdr",
        ["account_id", "campaign_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )


def _drop_errands() -> None:
    op.drop_index("cdr_by_campaign", table_name="cdr")
    for name in ("otp_id", "callback_id", "contact_id", "campaign_id"):
        op.drop_column("cdr", name)
    op.drop_index("call_by_campaign", table_name="call")
    op.drop_column("call", "campaign_id")
