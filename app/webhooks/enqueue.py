"""The log's hook: what is to be delivered is written in the transaction that writes the events."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from app.clock import Clock
from app.db.engine import PooledConnection
from app.events.log import InlineHook
from app.facts.event import Event
from app.facts.webhooks import WebhookExhausted, WebhookFact, WebhookTest, WebhookTriggered
from app.webhooks.listeners import Listeners
from app.webhooks.model import KEPT_WHILE_DISABLED
from app.webhooks.schedule import Schedule

# One call for all events and endpoints; the function is in the migrations, with the reasons for its ways.
_ENQUEUE: Final = """
SELECT webhook_enqueue($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::timestamptz, $9::timestamptz, $10::timestamptz)
"""

# The same for facts of calls, none of which is about an endpoint, as part of the statement that appends them.
_ENQUEUE_APPENDED: Final = """
SELECT webhook_enqueue(array_agg(sequence), array_agg(id), array_agg(account_id), array_agg(type),
                       array_agg(subject_id), array_agg(NULL::text), array_agg(NULL::text),
                       {0}::timestamptz, {1}::timestamptz, {2}::timestamptz)
FROM appended
"""


class Enqueuer:
    """Makes deliveries of events: ``EventLog(database, hooks=[enqueuer.enqueue], inline=enqueuer.inline)``.

    With ``listeners`` an append for accounts without endpoints costs nothing; without, one question. The log must then
    be given ``in_flight=listeners.appending`` too.
    """

    def __init__(self, clock: Clock, schedule: Schedule, listeners: Listeners | None = None) -> None:
        self._clock = clock
        self._first_wait = schedule.first_wait
        self._listeners = listeners
        self._has_news = False
        self.inline = InlineHook(
            call=_ENQUEUE_APPENDED, parameters=self._instants, heard=self._hear, is_idle=self.nobody_listens
        )

    def nobody_listens(self, account_ids: Iterable[str]) -> bool:
        """Whether :meth:`enqueue` surely has nothing to write for events of these accounts, and need not be called.

        It takes no round trip. It must be asked when the events are about to be written, within
        ``Listeners.appending``; then no endpoint whose maker has been answered misses an event.
        """
        return self._listeners is not None and self._listeners.is_nobody(account_ids)

    async def enqueue(self, connection: PooledConnection, events: Sequence[Event]) -> None:
        """Write a delivery for every endpoint that asks for an event. Called under the log's lock."""
        wanted = [event for event in events if not _is_never_sent(event)]
        if not wanted or self.nobody_listens([event.account_id for event in wanted]):
            return
        now, due_at, kept_from = self._instants()
        samples = [event for event in wanted if isinstance(event.fact, WebhookTriggered)]
        if len(samples) < len(wanted):
            facts = [event for event in wanted if not isinstance(event.fact, WebhookTriggered)]
            await self._write(connection, facts, (now, due_at, kept_from))
        if samples:
            # None is kept for an endpoint that is disabled.
            await self._write(connection, samples, (now, due_at, now))

    async def _write(
        self, connection: PooledConnection, events: Sequence[Event], instants: tuple[datetime, datetime, datetime]
    ) -> None:
        deliveries = await connection.fetchval(
            _ENQUEUE,
            [event.sequence for event in events],
            [event.id for event in events],
            [event.account_id for event in events],
            [_type_asked_for(event) for event in events],
            [event.subject_id for event in events],
            [_only_endpoint(event) for event in events],
            [_not_endpoint(event) for event in events],
            *instants,
        )
        self._hear(deliveries)

    def take_news(self) -> bool:
        """Whether deliveries may have been written since this was asked last."""
        has_news, self._has_news = self._has_news, False
        return has_news

    def _instants(self) -> tuple[datetime, datetime, datetime]:
        """Now, when the first attempt is due, and since when a disabled endpoint may be so and still be kept for."""
        now = self._clock.now()
        return now, now + self._first_wait, now - KEPT_WHILE_DISABLED

    def _hear(self, deliveries: int) -> None:
        self._has_news = self._has_news or deliveries > 0


def _is_never_sent(event: Event) -> bool:
    # Two endpoints that are both away would tell each other of their exhausted deliveries for ever.
    return isinstance(event.fact, WebhookExhausted) and event.fact.event_type == WebhookExhausted.type


def _type_asked_for(event: Event) -> str:
    """A sample goes to whoever asks for what it is a sample of."""
    return event.fact.event_type if isinstance(event.fact, WebhookTriggered) else event.type


def _only_endpoint(event: Event) -> str | None:
    """A test goes to the endpoint that is tested, whatever it asks for."""
    return event.fact.endpoint_id if isinstance(event.fact, WebhookTest) else None


def _not_endpoint(event: Event) -> str | None:
    """An endpoint that does not answer is not told so; the account's others are."""
    fact = event.fact
    return fact.endpoint_id if isinstance(fact, WebhookFact) and not isinstance(fact, WebhookTest) else None
