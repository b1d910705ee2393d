"""traceparent: the place in a trace that an event goes back to"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("traceparent", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("event", "traceparent")
