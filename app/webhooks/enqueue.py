"""The log's hook: what is to be delivered is written in the transaction that writes the events."""

from collections.abc import Sequence
from typing import Final

from app.clock import Clock
from app.db.engine import PooledConnection
from app.facts.event import Event
from app.facts.webhooks import WebhookExhausted, WebhookFact, WebhookTest
from app.webhooks.plans import plan_as_usual, plan_by_index
from app.webhooks.schedule import Schedule

# One statement for all events and endpoints. Raising next_delivery_sequence locks the endpoint's row until the
# commit, so the numbers are dense. A delivery behind one that waits for a retry waits as long: a claim need not look
# at it before. That is a kindness to the claim and not what keeps the order, so reading it without a lock will do.
# The id is the event's time and 64 random bits, in the alphabet of all our ids (hex digits are in it).
_ENQUEUE: Final = """
WITH incoming AS (
    SELECT *
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
         AS event (sequence, id, account_id, type, subject_id, only_endpoint, not_endpoint)
), matched AS (
    SELECT endpoint.id AS endpoint_id, incoming.*,
           row_number() OVER (PARTITION BY endpoint.id ORDER BY incoming.sequence) AS place
    FROM incoming
    JOIN webhook_endpoint endpoint ON endpoint.account_id = incoming.account_id
    WHERE endpoint.is_enabled AND endpoint.deleted_at IS NULL
      AND CASE WHEN incoming.only_endpoint IS NULL
               THEN incoming.type LIKE ANY (endpoint.patterns)
               ELSE endpoint.id = incoming.only_endpoint END
      AND endpoint.id IS DISTINCT FROM incoming.not_endpoint
), counted AS (
    UPDATE webhook_endpoint endpoint
    SET next_delivery_sequence = endpoint.next_delivery_sequence + tally.count
    FROM (SELECT endpoint_id, count(*) AS count FROM matched GROUP BY endpoint_id) tally
    WHERE endpoint.id = tally.endpoint_id
    RETURNING endpoint.id, endpoint.next_delivery_sequence - tally.count AS first
)
INSERT INTO webhook_delivery (id, account_id, endpoint_id, event_sequence, event_type, subject_id, delivery_sequence,
                              created_at, next_attempt_at)
SELECT 'whd_' || substr(matched.id, 5, 10) || substr(md5(gen_random_uuid()::text), 1, 16),
       matched.account_id, matched.endpoint_id, matched.sequence, matched.type, matched.subject_id,
       counted.first + matched.place - 1, $8,
       greatest($9, (SELECT ahead.next_attempt_at
                     FROM webhook_delivery ahead
                     WHERE ahead.endpoint_id = matched.endpoint_id AND ahead.subject_id = matched.subject_id
                       AND ahead.finished_at IS NULL
                     ORDER BY ahead.event_sequence DESC
                     LIMIT 1))
FROM matched
JOIN counted ON counted.id = matched.endpoint_id
"""


_ANYBODY: Final = """
SELECT EXISTS (SELECT FROM webhook_endpoint WHERE account_id = ANY ($1::text[]) AND is_enabled AND deleted_at IS NULL)
"""


class Enqueuer:
    """Makes deliveries of events: ``EventLog(database, hooks=[enqueuer.enqueue])``."""

    def __init__(self, clock: Clock, schedule: Schedule) -> None:
        self._clock = clock
        self._first_wait = schedule.first_wait
        self._has_news = False

    async def enqueue(self, connection: PooledConnection, events: Sequence[Event]) -> None:
        """Write a delivery for every enabled endpoint that asks for an event. Called under the log's lock."""
        wanted = [event for event in events if not _is_never_sent(event)]
        if not wanted:
            return
        if not await connection.fetchval(_ANYBODY, list({event.account_id for event in wanted})):
            return
        self._has_news = True
        now = self._clock.now()
        await plan_by_index(connection)
        await connection.execute(
            _ENQUEUE,
            [event.sequence for event in wanted],
            [event.id for event in wanted],
            [event.account_id for event in wanted],
            [event.type for event in wanted],
            [event.subject_id for event in wanted],
            [_only_endpoint(event) for event in wanted],
            [_not_endpoint(event) for event in wanted],
            now,
            now + self._first_wait,
        )
        await plan_as_usual(connection)

    def take_news(self) -> bool:
        """Whether deliveries may have been written since this was asked last."""
        has_news, self._has_news = self._has_news, False
        return has_news


def _is_never_sent(event: Event) -> bool:
    # Two endpoints that are both away would tell each other of their exhausted deliveries for ever.
    return isinstance(event.fact, WebhookExhausted) and event.fact.event_type == WebhookExhausted.type


def _only_endpoint(event: Event) -> str | None:
    """A test goes to the endpoint that is tested, whatever it asks for."""
    return event.fact.endpoint_id if isinstance(event.fact, WebhookTest) else None


def _not_endpoint(event: Event) -> str | None:
    """An endpoint that does not answer is not told so; the account's others are."""
    fact = event.fact
    return fact.endpoint_id if isinstance(fact, WebhookFact) and not isinstance(fact, WebhookTest) else None
