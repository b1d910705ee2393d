"""keys keep answers: what was answered under an idempotency key, where what it made does not tell that"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request_key", sa.Column("answer", postgresql.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("request_key", "answer")
