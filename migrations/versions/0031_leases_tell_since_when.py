"""leases tell since when: how long an Asterisk has been as it is, and its version"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("asterisk_lease", sa.Column("standing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("asterisk_lease", sa.Column("asterisk_version", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("asterisk_lease", "asterisk_version")
    op.drop_column("asterisk_lease", "standing_since")
