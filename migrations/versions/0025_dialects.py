"""dialects"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dialect_credential",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("dialect", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("ip_allow_list", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
        sa.UniqueConstraint("user_name"),
    )
    op.create_index("ix_dialect_credential_account_id", "dialect_credential", ["account_id"])
    op.create_table(
        "dialect_request",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "digest"),
    )
    op.create_index("dialect_request_by_end", "dialect_request", ["until"])
    op.add_column("cdr", sa.Column("ring_group_id", sa.String(), nullable=True))
    op.create_index(
        "cdr_by_ring_group",
        "cdr",
        ["account_id", "ring_group_id", "created_at", "id"],
        postgresql_where=sa.text("ring_group_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("cdr_by_ring_group", table_name="cdr")
    op.drop_column("cdr", "ring_group_id")
    op.drop_table("dialect_request")
    op.drop_table("dialect_credential")
