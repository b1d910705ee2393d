"""cdr rollup"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As the code counts them at the time of this migration.
_COUNT_RECORDS = """
INSERT INTO cdr_rollup (account_id, grain, begins_at, agent_id, extension, direction, kind, disposition,
                        calls, connected_calls, ring_microseconds, talk_microseconds, duration_microseconds,
                        longest_talk_microseconds)
SELECT record.account_id, span.grain, span.begins_at, span.agent_id, span.extension,
       span.direction, span.kind, record.disposition,
       count(*), count(*) FILTER (WHERE is_connected), sum(round(ring_seconds * 1e6)::bigint),
       sum(round(talk_seconds * 1e6)::bigint), sum(round(duration_seconds * 1e6)::bigint),
       max(round(talk_seconds * 1e6)::bigint)
FROM (SELECT *, connected_at IS NOT NULL AS is_connected FROM cdr) AS record
CROSS JOIN LATERAL (VALUES
    (1, date_bin('15 minutes', record.created_at, '1970-01-01 00:00:00+00'), '', '', record.direction, record.kind),
    (2, date_bin('1 hour', record.created_at, '1970-01-01 00:00:00+00'), '', '', record.direction, record.kind),
    (3, date_bin('1 day', record.created_at, '1970-01-01 00:00:00+00'), '', '', record.direction, record.kind),
    (4, date_bin('1 day', record.created_at, '1970-01-01 00:00:00+00'),
     coalesce(record.agent_id, ''), coalesce(record.extension, ''), '', '')
) AS span (grain, begins_at, agent_id, extension, direction, kind)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def upgrade() -> None:
    op.create_table(
        "cdr_rollup",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("extension", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("connected_calls", sa.BigInteger(), nullable=False),
        sa.Column("ring_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("talk_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("duration_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("longest_talk_microseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "grain", "begins_at", "agent_id", "extension", "direction", "kind", "disposition"
        ),
    )
    # The records that are there already.
    op.execute(_COUNT_RECORDS)


def downgrade() -> None:
    op.drop_table("cdr_rollup")
