"""Webhooks as the settings want them, and the log of events that makes their deliveries."""

from dataclasses import dataclass
from datetime import timedelta

from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.egress.requests import Egress
from app.events.bus import Bus
from app.events.log import Appended, EventLog
from app.secrets.sealing import Sealer
from app.webhooks.deliver import Deliverer
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.enqueue import Enqueuer
from app.webhooks.listeners import Listeners
from app.webhooks.payload import MintUrl
from app.webhooks.queries import WebhookQueries
from app.webhooks.replay import WebhookReplays
from app.webhooks.schedule import Schedule
from app.webhooks.testing import WebhookTests


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """The log whose events become deliveries, what delivers them, and the use cases."""

    log: EventLog
    bus: Bus
    enqueuer: Enqueuer
    listeners: Listeners
    deliverer: Deliverer
    endpoints: WebhookEndpoints
    queries: WebhookQueries
    replays: WebhookReplays
    tests: WebhookTests

    def tell_of_events(self, appended: Appended) -> None:
        """Wake who delivers, here and in other processes."""
        has_deliveries = self.enqueuer.take_news()
        if has_deliveries:
            self.deliverer.wake()
        self.bus.announce(appended, has_deliveries=has_deliveries)


def open_webhooks(
    settings: Settings,
    database: Database,
    bus: Bus,
    egress: Egress,
    sealer: Sealer,
    clock: Clock,
    *,
    mint: MintUrl,
) -> Webhooks:
    """All of it over one database; ``mint`` makes the addresses of recordings at each attempt."""
    schedule = Schedule(settings.webhook_schedule_seconds)
    listeners = Listeners(database, clock)
    enqueuer = Enqueuer(clock, schedule, listeners)
    log = EventLog(database, hooks=[enqueuer.enqueue], inline=enqueuer.inline, in_flight=listeners.appending)
    deliverer = Deliverer(
        database,
        log,
        egress,
        sealer,
        clock,
        schedule,
        concurrency=settings.webhook_concurrency,
        disable_after=timedelta(seconds=settings.webhook_disable_seconds),
        mint=mint,
    )

    def tell_of_replays() -> None:
        deliverer.wake()
        bus.announce_deliveries()

    endpoints, queries = WebhookEndpoints(database, sealer, egress, clock), WebhookQueries(database)
    return Webhooks(
        log=log,
        bus=bus,
        enqueuer=enqueuer,
        listeners=listeners,
        deliverer=deliverer,
        endpoints=endpoints,
        queries=queries,
        replays=WebhookReplays(database, clock, on_replayed=tell_of_replays),
        tests=WebhookTests(endpoints, queries, log, clock),
    )
