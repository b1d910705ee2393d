"""Claiming: which deliveries are next, and whose they are for a while.

A *lane* is one endpoint's deliveries for one subject, in the order of the log. Only the first pending delivery of a
lane is ever claimed, and the next few come along with it. So order holds within a lane, however many workers there
are, and no lane waits for another. A claim is a lease: when its worker dies, it is ended (see ``presence``), or runs
out at the latest, and somebody claims again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import asyncpg

from app.db.engine import Database
from app.webhooks.plans import plan_by_index

# ``candidates`` asks each enabled endpoint for a few due heads by index, so that an endpoint with a hundred thousand
# due deliveries costs and gets no more than one with ten, then cuts each to its free lanes. They are locked in a
# second step (``heads``), where a row that another worker took in between is seen as it is now, or skipped; there
# "not finished" is put so that no index offers itself but the key. "First of its lane" is asked as a value and not as
# NOT EXISTS, which a planner without statistics turns into a join that reads all the endpoint's lanes for each row.
# A replayed delivery may come to stand before some that are on their way: its run ends where theirs begins.
_CLAIM: Final = """
WITH busy AS (
    SELECT * FROM unnest($1::text[], $2::int[]) AS endpoint (id, lanes)
), candidates AS MATERIALIZED (
    SELECT due.id
    FROM (
        SELECT head.id, head.next_attempt_at,
               CASE WHEN endpoint.failing_since <= $9 THEN $4 ELSE $3 END - coalesce(busy.lanes, 0) AS room,
               row_number() OVER (PARTITION BY endpoint.id ORDER BY head.next_attempt_at, head.event_sequence) AS place
        FROM webhook_endpoint endpoint
        LEFT JOIN busy ON busy.id = endpoint.id
        CROSS JOIN LATERAL (
            SELECT delivery.id, delivery.next_attempt_at, delivery.event_sequence
            FROM webhook_delivery delivery
            WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'PENDING'
              AND delivery.next_attempt_at <= $5
              AND (delivery.leased_until IS NULL OR delivery.leased_until <= $5)
              AND delivery.event_sequence = (
                  SELECT first.event_sequence
                  FROM webhook_delivery first
                  WHERE first.endpoint_id = delivery.endpoint_id AND first.subject_id = delivery.subject_id
                    AND first.finished_at IS NULL
                  ORDER BY first.event_sequence
                  LIMIT 1)
            ORDER BY delivery.next_attempt_at
            LIMIT $3
        ) head
        WHERE endpoint.is_enabled AND endpoint.deleted_at IS NULL
          AND coalesce(busy.lanes, 0) < CASE WHEN endpoint.failing_since <= $9 THEN $4 ELSE $3 END
    ) due
    WHERE due.place <= due.room
    ORDER BY due.next_attempt_at
    LIMIT $6
), heads AS MATERIALIZED (
    SELECT delivery.endpoint_id, delivery.subject_id, delivery.event_sequence, delivery.replay_key
    FROM webhook_delivery delivery
    WHERE delivery.id IN (SELECT id FROM candidates)
      AND coalesce(delivery.finished_at, 'infinity') = 'infinity'
      AND (delivery.leased_until IS NULL OR delivery.leased_until <= $5)
    FOR UPDATE SKIP LOCKED
), runs AS MATERIALIZED (
    SELECT following.id
    FROM heads
    CROSS JOIN LATERAL (
        SELECT delivery.id
        FROM webhook_delivery delivery
        WHERE delivery.endpoint_id = heads.endpoint_id AND delivery.subject_id = heads.subject_id
          AND delivery.finished_at IS NULL AND delivery.event_sequence >= heads.event_sequence
          AND (heads.replay_key IS NULL
               OR delivery.event_sequence < coalesce(
                   (SELECT min(held.event_sequence)
                    FROM webhook_delivery held
                    WHERE held.endpoint_id = heads.endpoint_id AND held.subject_id = heads.subject_id
                      AND held.finished_at IS NULL AND held.event_sequence > heads.event_sequence
                      AND held.leased_until > $5), 9223372036854775807))
        ORDER BY delivery.event_sequence
        LIMIT $7
    ) following
), leased AS (
    UPDATE webhook_delivery delivery
    SET leased_until = $8, leased_by = $10
    FROM runs
    WHERE delivery.id = runs.id
    RETURNING delivery.*
)
SELECT leased.id, leased.account_id, leased.endpoint_id, leased.event_sequence, leased.event_type, leased.subject_id,
       leased.delivery_sequence, leased.attempts, leased.earlier_attempts, leased.replay_key IS NOT NULL AS is_replay,
       endpoint.url, endpoint.format, endpoint.api_version, endpoint.secret_sealed, endpoint.retired_secrets,
       endpoint.retired_until, endpoint.reads_pii, endpoint.reads_dtmf, endpoint.reads_recordings,
       endpoint.failing_since,
       event.id AS event_id, event.type AS fact_type, event.call_sequence, event.occurred_at, event.actor_kind,
       event.actor_id, event.request_id, event.is_sandbox, event.traceparent, event.data::text AS data
FROM leased
JOIN webhook_endpoint endpoint ON endpoint.id = leased.endpoint_id
LEFT JOIN event ON event.sequence = leased.event_sequence
ORDER BY leased.endpoint_id, leased.subject_id, leased.event_sequence
"""

_END_LOST: Final = """
UPDATE webhook_delivery SET leased_until = NULL
WHERE state = 'PENDING' AND leased_by = $1 AND leased_until = ANY ($2::timestamptz[])
"""


@dataclass(frozen=True, slots=True)
class Lane:
    """What was claimed of one lane, in order. ``rows`` hold the delivery, its endpoint and its event."""

    endpoint_id: str
    subject_id: str
    leased_until: datetime
    rows: Sequence[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much to claim: lanes of one endpoint at once, deliveries of one lane at once.

    An endpoint that fails gets fewer lanes, once it has failed for ``patience`` without a single success: one that
    fails now and then is as well as any.
    """

    lanes_per_endpoint: int
    lanes_per_failing_endpoint: int
    run_length: int
    patience: timedelta = timedelta(minutes=1)


async def claim_lanes(
    database: Database,
    *,
    worker: int,
    now: datetime,
    lease_until: datetime,
    most: int,
    limits: Limits,
    busy: Mapping[str, int],
) -> list[Lane]:
    """Lease up to ``most`` lanes that are due to a worker; ``busy`` counts the lanes it holds, by endpoint.

    Raises:
        DatabaseUnavailableError: nothing was leased, or the lease will run out by itself.
    """
    async with database.acquire() as connection, connection.transaction():
        await plan_by_index(connection, durable=False)
        rows = await connection.fetch(
            _CLAIM,
            list(busy.keys()),
            list(busy.values()),
            limits.lanes_per_endpoint,
            limits.lanes_per_failing_endpoint,
            now,
            most,
            limits.run_length,
            lease_until,
            now - limits.patience,
            worker,
        )
    return [
        Lane(endpoint_id=endpoint_id, subject_id=subject_id, leased_until=lease_until, rows=tuple(run))
        for (endpoint_id, subject_id), run in groupby(rows, key=lambda row: (row["endpoint_id"], row["subject_id"]))
    ]


async def end_lost_leases(database: Database, *, worker: int, leases: Sequence[datetime]) -> None:
    """End a worker's own leases of claims whose answer was lost: they may be committed, and nobody works on them.

    Raises:
        DatabaseUnavailableError: nobody knows; to be tried again.
    """
    async with database.acquire() as connection, connection.transaction():
        await plan_by_index(connection, durable=False)
        await connection.execute(_END_LOST, worker, leases)
