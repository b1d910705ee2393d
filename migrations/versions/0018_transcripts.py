"""transcripts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcript",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=True),
        sa.Column("segments", postgresql.JSON(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("transcript_by_recording", "transcript", ["recording_id"], unique=True)
    op.create_index("transcript_by_call", "transcript", ["account_id", "call_id", "created_at"])
    op.create_index("transcript_by_job", "transcript", ["job_id"])
    op.add_column(
        "recording",
        sa.Column("wants_transcript", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "recording_to_transcribe",
        "recording",
        ["saved_at"],
        postgresql_where=sa.text("state = 'SAVED' AND wants_transcript"),
    )


def downgrade() -> None:
    op.drop_index("recording_to_transcribe", table_name="recording")
    op.drop_column("recording", "wants_transcript")
    op.drop_table("transcript")
