"""diagnostics"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("mos", "loss_percent", "jitter_ms"):
        op.add_column("cdr", sa.Column(name, sa.Float(), nullable=True))
    op.create_table(
        "call_trace",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_index("call_trace_by_age", "call_trace", ["written_at"], unique=False, postgresql_using="brin")
    # It is packed already.
    op.execute("ALTER TABLE call_trace ALTER COLUMN document SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("call_trace")
    for name in ("jitter_ms", "loss_percent", "mos"):
        op.drop_column("cdr", name)
