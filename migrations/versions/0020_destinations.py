"""destinations"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("destination_rule", sa.Column("country", sa.String(), nullable=True))
    op.add_column("destination_rule", sa.Column("is_own", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_constraint("destination_rule_account_id_prefix_key", "destination_rule", type_="unique")
    op.create_index(
        "destination_rule_prefix",
        "destination_rule",
        ["account_id", "is_own", "prefix", sa.literal_column("coalesce(country, '')")],
        unique=True,
    )
    op.add_column("outbound_number", sa.Column("verification_otp_id", sa.String(), nullable=True))
    # What calls have shown until now was let through by whoever runs this service.
    op.execute("UPDATE outbound_number SET verified_at = now() WHERE verified_at IS NULL")


def downgrade() -> None:
    op.drop_column("outbound_number", "verification_otp_id")
    op.drop_index("destination_rule_prefix", table_name="destination_rule")
    op.execute("DELETE FROM destination_rule WHERE is_own OR country IS NOT NULL")
    op.create_unique_constraint("destination_rule_account_id_prefix_key", "destination_rule", ["account_id", "prefix"])
    op.drop_column("destination_rule", "is_own")
    op.drop_column("destination_rule", "country")
