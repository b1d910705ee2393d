"""erasure"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("recording_retention_days", sa.Float(), nullable=True))
    op.add_column("account", sa.Column("voicemail_retention_days", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("account", "voicemail_retention_days")
    op.drop_column("account", "recording_retention_days")
