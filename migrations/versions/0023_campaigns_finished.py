"""campaigns finished"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_finished_contacts()
    _add_settled()
    _forget_sizes()
    _add_pause_detail()


def downgrade() -> None:
    _drop_pause_detail()
    _remember_sizes()
    _drop_settled()
    _drop_finished_contacts()


def _add_finished_contacts() -> None:
    op.create_index(
        "campaign_contact_finished",
        "campaign_contact",
        ["campaign_id", "disposition", "contact_id"],
        postgresql_where=sa.text("state = 'FINISHED'"),
    )


def _drop_finished_contacts() -> None:
    op.drop_index("campaign_contact_finished", table_name="campaign_contact")


def _add_pause_detail() -> None:
    op.add_column("campaign", sa.Column("pause_detail", sa.String(), nullable=True))


def _drop_pause_detail() -> None:
    op.drop_column("campaign", "pause_detail")


def _add_settled() -> None:
    op.add_column("campaign", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    # Those that were over before are as they were left, but for contacts that would wait for ever.
    op.execute(
        """
        UPDATE campaign SET settled_at = coalesce(finished_at, updated_at)
        WHERE state IN ('STOPPED', 'FINISHED') AND NOT EXISTS (
            SELECT FROM campaign_contact
            WHERE campaign_id = campaign.id AND campaign_contact.state IN ('WAITING', 'CLAIMED', 'DIALING')
        )
        """
    )
    op.create_index(
        "campaign_unsettled",
        "campaign",
        ["id"],
        postgresql_where=sa.text("state IN ('STOPPED','FINISHED') AND settled_at IS NULL"),
    )


def _drop_settled() -> None:
    op.drop_index("campaign_unsettled", table_name="campaign")
    op.drop_column("campaign", "settled_at")


def _forget_sizes() -> None:
    # What statistics know of campaigns is old by the time one runs: a planner takes one that they do not know for tiny,
    # and any index that begins with the campaign for good enough. Without them it takes all for large, and looks for
    # the right index.
    op.execute("ALTER TABLE campaign_contact ALTER COLUMN campaign_id SET STATISTICS 0")


def _remember_sizes() -> None:
    op.execute("ALTER TABLE campaign_contact ALTER COLUMN campaign_id SET STATISTICS -1")
