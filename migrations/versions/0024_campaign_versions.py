"""campaign versions"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of what is there nobody knows any more from which plans it was read: it stays NULL.
    op.add_column("contact", sa.Column("number_data", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "number_data")
