"""Replaying: deliveries that are over are put in line again, under the same ``webhook-id``.

One request is bounded: it goes through so many deliveries, in the order of the log, and says where it stopped, so that
the next goes on there. It is safe to repeat: what waits already is left alone, and with the same ``key`` nothing is put
in line twice, not even what has been delivered again meanwhile.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from app.clock import Clock
from app.db.conditions import Conditions
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.paging import Position
from app.webhooks.filters import add_conditions
from app.webhooks.model import DeliveryFilter, DeliveryState

MOST_PER_REQUEST: Final = 10_000
MOST_NAMED: Final = 200
FINISHED: Final = (DeliveryState.DELIVERED, DeliveryState.EXHAUSTED, DeliveryState.DROPPED)
_PORTION: Final = 1000

# ``visited`` is walked by the index that lists are read by, in the order of the log, so that each lane's deliveries
# come back in theirs. What is locked just now is being replayed by somebody else.
_REPLAY: Final = """
WITH visited AS MATERIALIZED (
    SELECT delivery.id, delivery.event_sequence, delivery.replay_key IS NOT DISTINCT FROM $6 AS is_ours
    FROM webhook_delivery delivery
    WHERE delivery.account_id = $1 AND delivery.event_sequence <= $2
      AND (delivery.event_sequence, delivery.id) > ($3, $4)
      AND {conditions}
      AND EXISTS (SELECT FROM webhook_endpoint endpoint
                  WHERE endpoint.id = delivery.endpoint_id AND endpoint.deleted_at IS NULL)
      AND EXISTS (SELECT FROM event WHERE event.sequence = delivery.event_sequence)
    ORDER BY delivery.event_sequence, delivery.id
    LIMIT $5
), locked AS MATERIALIZED (
    SELECT delivery.id FROM webhook_delivery delivery
    WHERE delivery.id IN (SELECT id FROM visited) AND delivery.state <> 'PENDING'
      AND delivery.replay_key IS DISTINCT FROM $6
    FOR UPDATE SKIP LOCKED
), replayed AS (
    UPDATE webhook_delivery delivery
    SET state = 'PENDING', finished_at = NULL, leased_until = NULL, earlier_attempts = attempts, next_attempt_at = $7,
        replay_key = $6
    FROM locked
    WHERE delivery.id = locked.id
    RETURNING delivery.id
)
SELECT (SELECT count(*) FROM visited) AS visited, (SELECT count(*) FROM replayed) AS replayed,
       EXISTS (SELECT FROM visited WHERE is_ours) AS is_replayed,
       last.event_sequence, last.id
FROM (SELECT) AS one
LEFT JOIN (SELECT * FROM visited ORDER BY event_sequence DESC, id DESC LIMIT 1) last ON true
"""
_LATEST: Final = """
SELECT event_sequence FROM webhook_delivery WHERE account_id = $1 ORDER BY event_sequence DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one request did.

    ``count`` deliveries were put in line, ``skipped`` met the condition and were left alone: they wait already, or
    were put in line by the same request before: ``is_replayed``, some of them were. ``position`` is where to go on;
    None when all are done.
    """

    count: int
    skipped: int
    position: Position | None
    is_replayed: bool = False


class WebhookReplays:
    """The use case. ``on_replayed`` is called when there is something to deliver."""

    def __init__(self, database: Database, clock: Clock, *, on_replayed: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._clock = clock
        self._on_replayed = on_replayed

    async def replay(
        self,
        account_id: str,
        where: DeliveryFilter,
        *,
        delivery_ids: Sequence[str] = (),
        key: str | None = None,
        after: Position | None = None,
        at_most: int = MOST_PER_REQUEST,
    ) -> Replayed:
        """Put deliveries that meet a condition in line again, with a whole schedule before each.

        ``where.states`` are among :data:`FINISHED`; none means all of these. ``delivery_ids`` name at most
        :data:`MOST_NAMED` one by one; one that is not there is not met. What was put in line after the first
        request is not met: ``after`` (an earlier answer's ``position``) remembers where that was.

        Raises:
            RefusedError: REQUIRED (no condition at all), INVALID_INPUT (a state that is not over, too many ids),
                NOT_FOUND (the endpoint), INVALID_CURSOR.
        """
        _check(where, delivery_ids)
        replay_key = _key_of(account_id, where, delivery_ids, key)
        async with self._database.acquire() as connection:
            if where.endpoint_id is not None and not await connection.fetchval(
                "SELECT true FROM webhook_endpoint WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL",
                where.endpoint_id,
                account_id,
            ):
                raise RefusedError(Problem("NOT_FOUND", "There is no such webhook endpoint.", ("endpointId",)))
            latest, sequence, delivery_id = _read(after) or (await connection.fetchval(_LATEST, account_id) or 0, 0, "")
        meant = replace(where, states=where.states or FINISHED)
        count = skipped = 0
        is_replayed = False
        while count + skipped < at_most:
            portion = min(_PORTION, at_most - count - skipped)
            conditions = Conditions(account_id, latest, sequence, delivery_id, portion, replay_key, self._clock.now())
            add_conditions(conditions, meant)
            conditions.add_any_of("delivery.id", delivery_ids)
            async with self._database.acquire() as connection:
                row = await connection.fetchrow(_REPLAY.format(conditions=conditions), *conditions.values)
            assert row is not None
            count += row["replayed"]
            skipped += row["visited"] - row["replayed"]
            is_replayed |= row["is_replayed"]
            if row["replayed"]:
                self._on_replayed()
            if row["visited"] < portion:
                return Replayed(count, skipped, None, is_replayed)
            sequence, delivery_id = row["event_sequence"], row["id"]
        return Replayed(count, skipped, (latest, sequence, delivery_id), is_replayed)


def _check(where: DeliveryFilter, delivery_ids: Sequence[str]) -> None:
    is_open = where.subject_id is None and where.created_from is None and where.created_to is None
    if is_open and not where.states and not delivery_ids:
        message = (
            "Say which: by time (created), by call (subjectId), by what became of them (states), or one by one "
            "(deliveryIds)."
        )
        raise RefusedError(Problem("REQUIRED", message))
    if len(delivery_ids) > MOST_NAMED:
        raise RefusedError(Problem("INVALID_INPUT", f"Name at most {MOST_NAMED} deliveries.", ("deliveryIds",)))
    problems = [
        Problem("INVALID_INPUT", f"{state} is not over; it needs no replay.", ("states", str(place)))
        for place, state in enumerate(where.states)
        if state not in FINISHED
    ]
    if problems:
        raise RefusedError(problems)


def _key_of(account_id: str, where: DeliveryFilter, delivery_ids: Sequence[str], key: str | None) -> str:
    """What marks the deliveries of one request; another condition under the same key is another request."""
    if key is None:
        return new_id(Kind.REQUEST)
    # Without ids it is what it was before there were any: a key that was used then still means the same request.
    told = [account_id, key, where, *sorted(delivery_ids)]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]


def _read(position: Position | None) -> tuple[int, int, str] | None:
    match position:
        case None:
            return None
        case (int(latest), int(sequence), str(delivery_id)):
            return latest, sequence, delivery_id
        case _:
            raise RefusedError(Problem("INVALID_CURSOR", "This cursor is not one of this replay's.", ("after",)))
