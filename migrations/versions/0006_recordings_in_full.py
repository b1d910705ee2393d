"""recordings in full: legs, segments, deletion"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "recording",
        sa.Column("leg_ids", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("recording", sa.Column("segments", sa.JSON(), nullable=True))
    op.add_column("recording", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "recording_by_age", "recording", ["saved_at"], unique=False, postgresql_where=sa.text("state = 'SAVED'")
    )
    op.create_index(
        "recording_to_remove",
        "recording",
        ["id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL AND object_key IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("recording_to_remove", table_name="recording")
    op.drop_index("recording_by_age", table_name="recording")
    op.drop_column("recording", "deleted_at")
    op.drop_column("recording", "segments")
    op.drop_column("recording", "leg_ids")
