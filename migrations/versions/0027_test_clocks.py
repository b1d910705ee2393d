"""test clocks"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_clock",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("ahead_seconds", sa.Float(), nullable=False),
        sa.Column("advanced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_index(
        "callback_in_tests",
        "callback",
        ["account_id", "due_at"],
        postgresql_where=sa.text("is_sandbox AND state = 'SCHEDULED'"),
    )
    op.add_column(
        "number_attempt", sa.Column("is_sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("number_attempt", "is_sandbox")
    op.drop_index("callback_in_tests", table_name="callback")
    op.drop_table("test_clock")
