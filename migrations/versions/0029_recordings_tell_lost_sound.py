"""recordings tell lost sound: how many seconds Asterisk had no time to write"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recording", sa.Column("lost_seconds", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("recording", "lost_seconds")
