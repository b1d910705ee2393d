"""campaigns wake: how far contacts that were put off were made due since a campaign's schedule changed"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("woken_to", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("campaign", "woken_to")
