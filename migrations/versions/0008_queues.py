"""queues"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_state",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), server_default="OFFLINE", nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("shown", sa.String(), server_default="OFFLINE", nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("wraps_up_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("misses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leg_id", sa.String(), nullable=True),
        sa.Column("leg_ids", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("queue_id", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.PrimaryKeyConstraint("agent_id"),
    )
    op.create_index("agent_state_by_account", "agent_state", ["account_id"], unique=False)
    op.create_index(
        "agent_state_by_leg", "agent_state", ["leg_id"], unique=True, postgresql_where=sa.text("leg_id IS NOT NULL")
    )
    op.add_column("queue_member", sa.Column("calls_taken", sa.Integer(), server_default="0", nullable=False))
    op.add_column("queue_member", sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("call", sa.Column("queue_id", sa.String(), nullable=True))
    op.add_column("call", sa.Column("queue_priority", sa.Integer(), nullable=True))
    op.add_column("call", sa.Column("queue_joined_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "call_waiting",
        "call",
        ["account_id", "queue_id"],
        unique=False,
        postgresql_where=sa.text("queue_id IS NOT NULL AND NOT is_settled"),
    )
    op.add_column("cdr", sa.Column("queue_id", sa.String(), nullable=True))
    op.add_column("cdr", sa.Column("queue_wait_seconds", sa.Float(), nullable=True))
    op.create_index(
        "cdr_by_queue",
        "cdr",
        ["account_id", "queue_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("queue_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("cdr_by_queue", table_name="cdr")
    op.drop_column("cdr", "queue_wait_seconds")
    op.drop_column("cdr", "queue_id")
    op.drop_index("call_waiting", table_name="call")
    op.drop_column("call", "queue_joined_at")
    op.drop_column("call", "queue_priority")
    op.drop_column("call", "queue_id")
    op.drop_column("queue_member", "offered_at")
    op.drop_column("queue_member", "calls_taken")
    op.drop_table("agent_state")
