"""jobs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_OPEN = "state IN ('QUEUED', 'RUNNING')"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSON(), server_default=sa.text("'{}'::json"), nullable=False),
        sa.Column("checkpoint", postgresql.JSON(), nullable=True),
        sa.Column("counts", postgresql.JSON(), server_default=sa.text("'{}'::json"), nullable=False),
        sa.Column("fraction", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("is_sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("report_parts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("report_name", sa.String(), nullable=True),
        sa.Column("report_type", sa.String(), nullable=True),
        sa.Column("report_bytes", sa.BigInteger(), nullable=True),
        sa.Column("report_key", sa.String(), nullable=True),
        sa.Column("is_settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("job_by_account", "job", ["account_id", "created_at", "id"])
    op.create_index("job_by_subject", "job", ["account_id", "subject_id", "created_at"])
    op.create_index("job_due", "job", ["account_id", "kind", "due_at"], postgresql_where=sa.text(_OPEN))
    op.create_index(
        "job_open",
        "job",
        ["account_id", "kind", "key"],
        unique=True,
        postgresql_where=sa.text(f"{_OPEN} AND key IS NOT NULL"),
    )
    op.create_index(
        "job_unsettled", "job", ["finished_at"], postgresql_where=sa.text("finished_at IS NOT NULL AND NOT is_settled")
    )
    op.create_index("job_over", "job", ["finished_at"], postgresql_where=sa.text("finished_at IS NOT NULL"))
    op.create_table(
        "job_report_part",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("job_report_part")
    op.drop_table("job")
