"""webhooks complete"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What the log's hook calls once for each group of events: see app/webhooks/enqueue.py. It is a function so that it
# costs one round trip, and so that its statements are planned by index, whatever the planner believes of the tables'
# size; and VOLATILE, so that each statement in it sees what was committed before it began: it is called under the log's
# lock, which may have been waited for.
#
# Raising next_delivery_sequence locks the endpoint's row until the commit, so the numbers are dense. A delivery behind
# one that waits for a retry waits as long: a claim need not look at it before. That is a kindness to the claim and not
# what keeps the order, so reading it without a lock will do. The id is the event's time and 64 random bits, in the
# alphabet of all our ids (hex digits are in it).
_ENQUEUE = """
CREATE FUNCTION webhook_enqueue(
    event_sequences bigint[], event_ids text[], event_accounts text[], event_types text[], event_subjects text[],
    only_endpoints text[], not_endpoints text[], enqueued_at timestamptz, due_at timestamptz, kept_from timestamptz
) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    deliveries integer;
BEGIN
    IF NOT EXISTS (SELECT FROM webhook_endpoint endpoint
                   WHERE endpoint.account_id = ANY (event_accounts) AND endpoint.deleted_at IS NULL) THEN
        RETURN 0;
    END IF;
    WITH incoming AS (
        SELECT *
        FROM unnest(event_sequences, event_ids, event_accounts, event_types, event_subjects, only_endpoints,
                    not_endpoints)
             AS event (sequence, id, account_id, type, subject_id, only_endpoint, not_endpoint)
    ), matched AS (
        SELECT endpoint.id AS endpoint_id, incoming.*,
               row_number() OVER (PARTITION BY endpoint.id ORDER BY incoming.sequence) AS place
        FROM incoming
        JOIN webhook_endpoint endpoint ON endpoint.account_id = incoming.account_id
        WHERE endpoint.deleted_at IS NULL
          AND CASE WHEN incoming.only_endpoint IS NULL
                   THEN incoming.type LIKE ANY (endpoint.patterns)
                        AND (endpoint.is_enabled OR endpoint.disabled_at > kept_from)
                   ELSE endpoint.id = incoming.only_endpoint AND endpoint.is_enabled END
          AND endpoint.id IS DISTINCT FROM incoming.not_endpoint
    ), counted AS (
        UPDATE webhook_endpoint endpoint
        SET next_delivery_sequence = endpoint.next_delivery_sequence + tally.count
        FROM (SELECT matched.endpoint_id, count(*) AS count FROM matched GROUP BY matched.endpoint_id) tally
        WHERE endpoint.id = tally.endpoint_id
        RETURNING endpoint.id, endpoint.next_delivery_sequence - tally.count AS first
    )
    INSERT INTO webhook_delivery (id, account_id, endpoint_id, event_sequence, event_type, subject_id,
                                  delivery_sequence, created_at, next_attempt_at)
    SELECT 'whd_' || substr(matched.id, 5, 10) || substr(md5(gen_random_uuid()::text), 1, 16),
           matched.account_id, matched.endpoint_id, matched.sequence, matched.type, matched.subject_id,
           counted.first + matched.place - 1, enqueued_at,
           greatest(due_at, (SELECT ahead.next_attempt_at
                             FROM webhook_delivery ahead
                             WHERE ahead.endpoint_id = matched.endpoint_id AND ahead.subject_id = matched.subject_id
                               AND ahead.finished_at IS NULL
                             ORDER BY ahead.event_sequence DESC
                             LIMIT 1))
    FROM matched
    JOIN counted ON counted.id = matched.endpoint_id;
    GET DIAGNOSTICS deliveries = ROW_COUNT;
    RETURN deliveries;
END
$$
"""


def upgrade() -> None:
    for column in (
        sa.Column("format", sa.String(), server_default="STANDARD", nullable=False),
        sa.Column(
            "retired_secrets", postgresql.ARRAY(sa.LargeBinary()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "retired_until",
            postgresql.ARRAY(sa.DateTime(timezone=True)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("reads_recordings", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("webhook_endpoint", column)
    for delivery_column in (
        sa.Column("earlier_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replay_key", sa.String(), nullable=True),
        sa.Column("leased_by", sa.Integer(), nullable=True),
    ):
        op.add_column("webhook_delivery", delivery_column)
    op.create_index(
        "webhook_delivery_undelivered",
        "webhook_delivery",
        ["account_id", "event_sequence", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('EXHAUSTED', 'DROPPED')"),
    )
    op.create_index(
        "webhook_delivery_by_creation", "webhook_delivery", ["created_at"], unique=False, postgresql_using="brin"
    )
    op.create_table(
        "webhook_worker",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.execute(_ENQUEUE)


def downgrade() -> None:
    op.execute("DROP FUNCTION webhook_enqueue")
    op.drop_table("webhook_worker")
    op.drop_index("webhook_delivery_by_creation", table_name="webhook_delivery")
    op.drop_index("webhook_delivery_undelivered", table_name="webhook_delivery")
    for name in ("leased_by", "replay_key", "earlier_attempts"):
        op.drop_column("webhook_delivery", name)
    for name in ("disabled_at", "reads_recordings", "retired_until", "retired_secrets", "format"):
        op.drop_column("webhook_endpoint", name)
