"""Settling: what came of the claimed deliveries, written in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.db.engine import PooledConnection
from app.webhooks.model import Attempt, DeliveryState

# The lease is the fence: a worker that comes back after its lease ran out or was ended, and was claimed by another,
# changes nothing. What is finished has no lease.
_SETTLE: Final = """
WITH result AS (
    SELECT *
    FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[])
         AS result (id, lease, state, attempts, earlier_attempts, next_attempt_at, finished_at)
)
UPDATE webhook_delivery delivery
SET state = result.state, attempts = result.attempts, earlier_attempts = result.earlier_attempts, leased_until = NULL,
    finished_at = result.finished_at, next_attempt_at = coalesce(result.next_attempt_at, delivery.next_attempt_at)
FROM result
WHERE delivery.id = result.id AND delivery.leased_until = result.lease AND delivery.leased_by = $8
RETURNING delivery.id
"""

# Behind a delivery that waits for a retry, the whole lane waits; see enqueue. This ends the lane's lease as well, and
# nobody else's: what is on its way behind a replay is not called back.
_PARK: Final = """
WITH waiting AS MATERIALIZED (
    SELECT behind.id, head.next_attempt_at, settled.lease
    FROM unnest($1::text[], $2::timestamptz[]) AS settled (id, lease)
    JOIN webhook_delivery head ON head.id = settled.id
    CROSS JOIN LATERAL (
        SELECT delivery.id
        FROM webhook_delivery delivery
        WHERE delivery.endpoint_id = head.endpoint_id AND delivery.subject_id = head.subject_id
          AND delivery.finished_at IS NULL AND delivery.event_sequence > head.event_sequence
        OFFSET 0
    ) behind
)
UPDATE webhook_delivery delivery
SET next_attempt_at = greatest(delivery.next_attempt_at, waiting.next_attempt_at), leased_until = NULL
FROM waiting
WHERE delivery.id = waiting.id AND (delivery.leased_until IS NULL OR delivery.leased_until = waiting.lease)
"""

_RELEASE: Final = """
UPDATE webhook_delivery delivery
SET leased_until = NULL
FROM unnest($1::text[], $2::timestamptz[]) AS released (id, lease)
WHERE delivery.id = released.id AND delivery.leased_until = released.lease AND delivery.leased_by = $3
"""

# Written again after a commit whose answer was lost, an attempt is still the same attempt.
_LOG_ATTEMPTS: Final = """
INSERT INTO webhook_attempt (id, delivery_id, number, started_at, latency_seconds, status, failure, response_excerpt)
SELECT *
FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::float8[], $6::int[], $7::text[], $8::text[])
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one delivery. Still PENDING means: again at ``next_attempt_at``, and its lane waits for it.

    ``attempts`` are all there were, ``earlier_attempts`` those before the present round of its schedule.
    """

    delivery_id: str
    lease: datetime
    state: DeliveryState
    attempts: int
    attempt: Attempt | None
    earlier_attempts: int = 0
    next_attempt_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Deliveries that were claimed and not attempted: anybody's again."""

    delivery_ids: tuple[str, ...]
    lease: datetime


async def write_results(connection: PooledConnection, results: Sequence[Result], *, worker: int) -> frozenset[str]:
    """Write a worker's results and their attempts in the caller's transaction.

    Returns the ids of the deliveries that were still that worker's; the others' results are void.
    """
    if not results:
        return frozenset()
    rows = await connection.fetch(
        _SETTLE,
        [result.delivery_id for result in results],
        [result.lease for result in results],
        [result.state.value for result in results],
        [result.attempts for result in results],
        [result.earlier_attempts for result in results],
        [result.next_attempt_at for result in results],
        [result.finished_at for result in results],
        worker,
    )
    settled = frozenset(row["id"] for row in rows)
    waiting = [result for result in results if result.state is DeliveryState.PENDING and result.delivery_id in settled]
    if waiting:
        await connection.execute(
            _PARK, [result.delivery_id for result in waiting], [result.lease for result in waiting]
        )
    await _log_attempts(connection, (result.attempt for result in results if result.attempt is not None))
    return settled


async def release(connection: PooledConnection, releases: Sequence[Release], *, worker: int) -> None:
    """End a worker's leases of deliveries that were not attempted."""
    pairs = [(delivery_id, entry.lease) for entry in releases for delivery_id in entry.delivery_ids]
    if pairs:
        await connection.execute(_RELEASE, [pair[0] for pair in pairs], [pair[1] for pair in pairs], worker)


async def _log_attempts(connection: PooledConnection, attempts: Iterable[Attempt]) -> None:
    """Every request that was made is logged, also one whose lease had run out."""
    made = list(attempts)
    if not made:
        return
    await connection.execute(
        _LOG_ATTEMPTS,
        [attempt.id for attempt in made],
        [attempt.delivery_id for attempt in made],
        [attempt.number for attempt in made],
        [attempt.started_at for attempt in made],
        [attempt.latency_seconds for attempt in made],
        [attempt.status for attempt in made],
        [attempt.failure for attempt in made],
        [attempt.response_excerpt for attempt in made],
    )
