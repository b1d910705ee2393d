"""channels of trunks, overflows and recording of inbound routes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trunk_channel",
        sa.Column("leg_id", sa.String(), nullable=False),
        sa.Column("trunk_id", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("leg_id"),
    )
    op.create_index("trunk_channel_by_trunk", "trunk_channel", ["trunk_id"], unique=False)
    op.add_column("leg", sa.Column("trunk_id", sa.String(), nullable=True))
    op.add_column("leg", sa.Column("agent_id", sa.String(), nullable=True))
    op.add_column("inbound_route", sa.Column("overflow", postgresql.JSON(astext_type=sa.Text()), nullable=True))
    op.add_column("inbound_route", sa.Column("recording_mode", sa.String(), server_default="OFF", nullable=False))


def downgrade() -> None:
    op.drop_column("inbound_route", "recording_mode")
    op.drop_column("inbound_route", "overflow")
    op.drop_column("leg", "agent_id")
    op.drop_column("leg", "trunk_id")
    op.drop_index("trunk_channel_by_trunk", table_name="trunk_channel")
    op.drop_table("trunk_channel")
