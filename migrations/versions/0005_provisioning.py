"""provisioning"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_state",
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("line_id", "node"),
    )
    op.create_table(
        "outbound_number_pool",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "outbound_number_pool_name",
        "outbound_number_pool",
        ["account_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "queue",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("music_class", sa.String(), nullable=False),
        sa.Column("announce_position_seconds", sa.Float(), nullable=True),
        sa.Column("max_wait_seconds", sa.Float(), nullable=True),
        sa.Column("ring_seconds", sa.Float(), nullable=False),
        sa.Column("wrap_up_seconds", sa.Float(), nullable=True),
        sa.Column("max_length", sa.Integer(), nullable=True),
        sa.Column("overflow", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "queue_name", "queue", ["account_id", "name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "ring_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("ring_seconds", sa.Float(), nullable=False),
        sa.Column("overflow", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ring_group_name",
        "ring_group",
        ["account_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "inbound_route",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("trunk_id", sa.String(), nullable=True),
        sa.Column("pattern", sa.String(), nullable=False),
        sa.Column("target", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["trunk.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "inbound_route_pattern",
        "inbound_route",
        ["account_id", "pattern", sa.literal_column("coalesce(trunk_id, '')")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "outbound_number_pool_member",
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("number_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number_id"],
            ["outbound_number.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"],
            ["outbound_number_pool.id"],
        ),
        sa.PrimaryKeyConstraint("pool_id", "number_id"),
    )
    op.create_index(
        op.f("ix_outbound_number_pool_member_number_id"), "outbound_number_pool_member", ["number_id"], unique=False
    )
    op.create_table(
        "queue_member",
        sa.Column("queue_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("penalty", sa.Integer(), server_default="0", nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queue.id"],
        ),
        sa.PrimaryKeyConstraint("queue_id", "agent_id"),
    )
    op.create_index(op.f("ix_queue_member_agent_id"), "queue_member", ["agent_id"], unique=False)
    op.create_table(
        "ring_group_member",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("extension_id", sa.String(), nullable=True),
        sa.CheckConstraint("num_nonnulls(agent_id, extension_id) = 1", name="ring_group_member_one"),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extension.id"],
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["ring_group.id"],
        ),
        sa.PrimaryKeyConstraint("group_id", "place"),
    )
    op.create_index(op.f("ix_ring_group_member_agent_id"), "ring_group_member", ["agent_id"], unique=False)
    op.create_index(op.f("ix_ring_group_member_extension_id"), "ring_group_member", ["extension_id"], unique=False)
    op.add_column("agent", sa.Column("display_name", sa.String(), nullable=True))
    op.add_column("agent", sa.Column("ring_seconds", sa.Float(), nullable=True))
    op.add_column("agent", sa.Column("wrap_up_seconds", sa.Float(), nullable=True))
    op.add_column("device", sa.Column("agent_id", sa.String(), nullable=True))
    op.add_column("device", sa.Column("is_provisioned", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("device", sa.Column("secret_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("device", sa.Column("transport", sa.String(), server_default="UDP", nullable=False))
    op.add_column(
        "device", sa.Column("codecs", sa.ARRAY(sa.Text()), server_default=sa.text("'{ULAW,ALAW}'"), nullable=False)
    )
    op.alter_column("device", "extension_id", existing_type=sa.VARCHAR(), nullable=True)
    op.create_index("device_by_agent", "device", ["agent_id"], unique=False)
    op.create_check_constraint("device_owner", "device", "num_nonnulls(extension_id, agent_id) = 1")
    op.create_foreign_key("device_agent_id_fkey", "device", "agent", ["agent_id"], ["id"])
    op.add_column("outbound_number", sa.Column("trunk_id", sa.String(), nullable=True))
    op.add_column(
        "outbound_number",
        sa.Column("capabilities", sa.ARRAY(sa.Text()), server_default=sa.text("'{CALLER_ID,INBOUND}'"), nullable=False),
    )
    op.add_column("outbound_number", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key("outbound_number_trunk_id_fkey", "outbound_number", "trunk", ["trunk_id"], ["id"])
    op.add_column("trunk", sa.Column("is_provisioned", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("trunk", sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("trunk", sa.Column("host", sa.String(), nullable=True))
    op.add_column("trunk", sa.Column("port", sa.Integer(), nullable=True))
    op.add_column("trunk", sa.Column("transport", sa.String(), server_default="UDP", nullable=False))
    op.add_column("trunk", sa.Column("username", sa.String(), nullable=True))
    op.add_column("trunk", sa.Column("secret_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("trunk", sa.Column("registers", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(
        "trunk",
        sa.Column("match_addresses", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "trunk", sa.Column("codecs", sa.ARRAY(sa.Text()), server_default=sa.text("'{ULAW,ALAW}'"), nullable=False)
    )
    op.add_column("trunk", sa.Column("max_channels", sa.Integer(), nullable=True))
    op.add_column("trunk", sa.Column("caller_id_policy", sa.String(), server_default="ACCOUNT_NUMBERS", nullable=False))
    op.add_column("trunk", sa.Column("qualify_seconds", sa.Integer(), server_default="30", nullable=False))


def downgrade() -> None:
    op.drop_column("trunk", "qualify_seconds")
    op.drop_column("trunk", "caller_id_policy")
    op.drop_column("trunk", "max_channels")
    op.drop_column("trunk", "codecs")
    op.drop_column("trunk", "match_addresses")
    op.drop_column("trunk", "registers")
    op.drop_column("trunk", "secret_sealed")
    op.drop_column("trunk", "username")
    op.drop_column("trunk", "transport")
    op.drop_column("trunk", "port")
    op.drop_column("trunk", "host")
    op.drop_column("trunk", "is_enabled")
    op.drop_column("trunk", "is_provisioned")
    op.drop_constraint("outbound_number_trunk_id_fkey", "outbound_number", type_="foreignkey")
    op.drop_column("outbound_number", "verified_at")
    op.drop_column("outbound_number", "capabilities")
    op.drop_column("outbound_number", "trunk_id")
    op.drop_constraint("device_owner", "device")
    op.drop_constraint("device_agent_id_fkey", "device", type_="foreignkey")
    op.drop_index("device_by_agent", table_name="device")
    # A phone without an extension has no place in the older form.
    op.execute("DELETE FROM device WHERE extension_id IS NULL")
    op.alter_column("device", "extension_id", existing_type=sa.VARCHAR(), nullable=False)
    op.drop_column("device", "codecs")
    op.drop_column("device", "transport")
    op.drop_column("device", "secret_sealed")
    op.drop_column("device", "is_provisioned")
    op.drop_column("device", "agent_id")
    op.drop_column("agent", "wrap_up_seconds")
    op.drop_column("agent", "ring_seconds")
    op.drop_column("agent", "display_name")
    op.drop_index(op.f("ix_ring_group_member_extension_id"), table_name="ring_group_member")
    op.drop_index(op.f("ix_ring_group_member_agent_id"), table_name="ring_group_member")
    op.drop_table("ring_group_member")
    op.drop_index(op.f("ix_queue_member_agent_id"), table_name="queue_member")
    op.drop_table("queue_member")
    op.drop_index(op.f("ix_outbound_number_pool_member_number_id"), table_name="outbound_number_pool_member")
    op.drop_table("outbound_number_pool_member")
    op.drop_index("inbound_route_pattern", table_name="inbound_route", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("inbound_route")
    op.drop_index("ring_group_name", table_name="ring_group", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("ring_group")
    op.drop_index("queue_name", table_name="queue", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("queue")
    op.drop_index(
        "outbound_number_pool_name", table_name="outbound_number_pool", postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.drop_table("outbound_number_pool")
    op.drop_table("line_state")
