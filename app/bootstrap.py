"""The composition root: the one place that knows every stage, and the order in which they start and stop.

Which stages run is a matter of roles: ``api`` answers requests, ``controller`` competes for its Asterisk and drives it
while it holds the lease (see ``ownership``), ``worker`` delivers webhooks. They meet in the database alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog

from app import metrics
from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.accounts.secret import Purpose, ServiceSecret
from app.ari.client import AriClient
from app.calls.live_counts import LiveCounts
from app.calls.queries import CallQueries
from app.calls.registry import CallRegistry
from app.calls.traces.keeper import TraceKeeper, TraceQueries
from app.calls.traces.trace import note_exchange
from app.cdrs.queries import CdrQueries
from app.cdrs.statistics import CdrStatistics
from app.clock import Clock, SystemClock
from app.config import ROLES, Settings
from app.db.engine import Database
from app.errors import AsteriskUnavailableError, ConfigurationError, DatabaseUnavailableError
from app.events.bus import Bus
from app.events.feed import Feed
from app.events.log import Appended, EventLog
from app.facts.calls import CallEnded
from app.health import PartHealth
from app.local.asterisk import AsteriskConfig, AsteriskInstance, running_asterisk
from app.local.database import open_database
from app.numbers.lookup import preload
from app.ownership.diagnostics import Diagnostics
from app.ownership.lease import Leases, read_lease
from app.ownership.node import Node
from app.ownership.remote import RemoteCalls
from app.ownership.routed import RoutedCalls
from app.ownership.tenure import Tenure
from app.provisioning.sync import APPLICATION_SUFFIX, LINES_CHANGED
from app.queues.news import QUEUES_CHANGED, QueueNews
from app.queues.standings import QueueStandings
from app.queues.waiting import WaitingRooms
from app.recordings.deletion import RecordingDeletion, RecordingSweeper
from app.recordings.queries import RecordingQueries
from app.recordings.serve import RecordingFiles
from app.recordings.store import RecordingStore
from app.recordings.urls import RecordingUrls, url_minter
from app.routing.resources import RoutingResources
from app.routing.sandbox import Sandbox, seed_sandbox
from app.services import Services
from app.tenures import AriClients, NodeReadiness, Tenures, make_agent_states
from app.webhooks.deliver import Deliverer
from app.webhooks.egress import Egress
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.enqueue import Enqueuer
from app.webhooks.listeners import Listeners
from app.webhooks.queries import WebhookQueries
from app.webhooks.replay import WebhookReplays
from app.webhooks.schedule import Schedule
from app.webhooks.sealing import Sealer
from app.webhooks.testing import WebhookTests

_log = structlog.get_logger(__name__)

_Task: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
#: A background task: its name, what it is, and the roles that need it.
_Run: TypeAlias = tuple[str, _Task, frozenset[str] | set[str]]

#: How long the calls of an Asterisk that stops with us may take to end.
HANG_UP_SECONDS: Final = 2.0
#: How long handing over may take in all: hanging up, writing, giving the lease back.
HAND_OVER_SECONDS: Final = 3.5
#: How long what runs in the background may take to end, until the database's connections are cut under it.
ENDING_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: its surface, and what tests and the demo look into."""

    settings: Settings
    roles: frozenset[str]
    services: Services
    database: Database
    bus: Bus
    routed_calls: RoutedCalls
    own_node: Node | None
    deliverer: Deliverer
    recording_files: RecordingFiles
    asterisk: AsteriskInstance | None
    sandbox: Sandbox | None

    @property
    def node(self) -> Node:
        """This process's share in its Asterisk. Raises LookupError without the role ``controller``."""
        if self.own_node is None:
            raise LookupError("this process has no role in driving an Asterisk")
        return self.own_node

    @property
    def registry(self) -> CallRegistry:
        """The live calls of this process; none on standby. Raises LookupError as ``node``."""
        return self.node.registry


class ServiceHealth:
    """How the parts of a running service fare, for ``/readyz`` and ``/metrics``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def check(self) -> Sequence[PartHealth]:
        """The parts that this process's roles stand on."""
        service, roles = self._service, self._service.roles
        parts = await self._check_outside()
        node = service.own_node
        if node is not None:
            parts.append(PartHealth("ownership", is_ready=True, reason=node.standing))
            tenure = node.tenure
            is_full = tenure is not None and tenure.collector.is_full
            reason = "The collector is full; recordings wait in Asterisk." if is_full else None
            parts.append(PartHealth("recordings", is_ready=not is_full, reason=reason))
        loops = [service.services.feed.health] if "api" in roles else []
        loops += service.deliverer.healths if "worker" in roles else ()
        parts += (PartHealth(health.name, is_ready=health.is_healthy, reason=health.last_error) for health in loops)
        if service.routed_calls.is_draining:
            parts.append(PartHealth("shutdown", is_ready=False, reason="This process is shutting down."))
        return parts

    async def _check_outside(self) -> list[PartHealth]:
        """The database, and the Asterisk: by this process's own word if it drives it, else by the driver's."""
        service = self._service
        try:
            lease = await read_lease(service.database, service.settings.node)
        except DatabaseUnavailableError as error:
            lease = None
            database = PartHealth("database", is_ready=False, reason=error.message)
        else:
            database = PartHealth("database", is_ready=True)
        if service.roles == {"worker"}:
            return [database]
        node = service.own_node
        if node is not None and (node.tenure is not None or node.is_aside):
            why_not = node.why_not_ready
        elif lease is None or not lease.is_held:
            why_not = f"No process drives the Asterisk of node {service.settings.node}."
        else:
            why_not = lease.why_not_ready
        return [database, PartHealth("asterisk", is_ready=why_not is None, reason=why_not)]


@asynccontextmanager
async def running_service(
    settings: Settings, *, roles: Collection[str] = ROLES, clock: Clock | None = None
) -> AsyncIterator[Service]:
    """The stages of these roles, running, without the web server; they stop in order at the end of the block.

    Raises:
        ConfigurationError, DatabaseUnavailableError, AsteriskUnavailableError: it cannot start; the message says why.
    """
    check_roles(roles, settings)
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        secret = await asyncio.to_thread(ServiceSecret.load, settings)
        database = await stack.enter_async_context(open_database(settings))
        asterisk, ari = None, None
        if "controller" in roles:
            asterisk = await _enter_asterisk(stack, settings)
            ari = AriClients(
                calls=await stack.enter_async_context(_ari_client(settings, asterisk)),
                lines=await stack.enter_async_context(_ari_client(settings, asterisk, suffix=APPLICATION_SUFFIX)),
            )
        egress = Egress(
            allow_networks=settings.webhook_allow_networks,
            timeout_seconds=settings.webhook_timeout_seconds,
            max_idle=settings.webhook_concurrency,
        )
        stack.push_async_callback(egress.aclose)
        yield await _compose(settings, frozenset(roles), clock, secret, database, ari, egress, asterisk, stack)


async def _compose(
    settings: Settings,
    roles: frozenset[str],
    clock: Clock,
    secret: ServiceSecret,
    database: Database,
    ari: AriClients | None,
    egress: Egress,
    asterisk: AsteriskInstance | None,
    stack: AsyncExitStack,
) -> Service:
    audit = AuditLog(database, clock=clock)
    sealer = Sealer(secret.derive(Purpose.SEALING))
    schedule = Schedule(settings.webhook_schedule_seconds)
    listeners = Listeners(database, clock)
    enqueuer = Enqueuer(clock, schedule, listeners)
    log = EventLog(database, hooks=[enqueuer.enqueue], inline=enqueuer.inline, in_flight=listeners.appending)
    bus = Bus(database)
    urls = RecordingUrls(secret.derive(Purpose.URLS))
    public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
    deliverer = Deliverer(
        database,
        log,
        egress,
        sealer,
        clock,
        schedule,
        concurrency=settings.webhook_concurrency,
        disable_after=timedelta(seconds=settings.webhook_disable_seconds),
        mint=url_minter(urls, public_url, timedelta(seconds=settings.recording_url_seconds)),
    )
    feed = Feed(log, queue_size=settings.subscriber_queue_size)

    def tell_of_events(appended: Appended) -> None:
        has_deliveries = enqueuer.take_news()
        if has_deliveries:
            deliverer.wake()
        bus.announce(appended, has_deliveries=has_deliveries)
        metrics.count_events(appended.events)
        say_ended_calls(appended)

    def tell_of_replays() -> None:
        deliverer.wake()
        bus.announce_deliveries()

    def hear_of_events(has_deliveries: bool) -> None:
        feed.wake()
        if has_deliveries:
            deliverer.wake()

    log.on_appended(tell_of_events)
    bus.on_events(hear_of_events)
    recording_store = RecordingStore.open(settings.recordings_url, settings.data_dir)
    traces = TraceKeeper(database, clock, retention=timedelta(days=settings.trace_retention_days))
    node = (
        None
        if ari is None
        else _make_node(
            stack, settings, clock, database, log, bus, ari, sealer, recording_store, audit, asterisk, traces
        )
    )
    call_queries, recordings = CallQueries(database), RecordingQueries(database)
    calls = RoutedCalls(
        node_name=settings.node, node=node, remote=RemoteCalls(database, bus), queries=call_queries, feed=feed
    )
    webhooks, webhook_queries = WebhookEndpoints(database, sealer, egress, clock), WebhookQueries(database)
    deletion = RecordingDeletion(database, log, recording_store, clock)
    days = settings.recording_retention_days
    sweeper = RecordingSweeper(deletion, clock, retention=timedelta(days=days) if days else None)
    services = Services(
        clock=clock,
        keys=ApiKeys(database, secret.derive(Purpose.API_KEYS), audit, clock=clock),
        calls=calls,
        call_queries=call_queries,
        diagnostics=Diagnostics(calls, TraceQueries(database), log),
        cdr_queries=CdrQueries(database),
        cdr_statistics=CdrStatistics(database),
        recordings=recordings,
        recording_deletion=deletion,
        recording_urls=urls,
        event_log=log,
        feed=feed,
        routing=RoutingResources.open(database, audit, sealer, lines_changed=lambda: bus.publish(LINES_CHANGED, "")),
        agent_states=make_agent_states(
            settings, database, log, clock, changed=lambda account_id: bus.publish(QUEUES_CHANGED, account_id)
        ),
        queue_standings=QueueStandings(database, WaitingRooms(database), clock),
        webhooks=webhooks,
        webhook_queries=webhook_queries,
        webhook_replays=WebhookReplays(database, clock, on_replayed=tell_of_replays),
        webhook_tests=WebhookTests(webhooks, webhook_queries, log, clock),
        cursor_secret=secret.derive(Purpose.CURSORS),
        public_url=public_url,
        recording_url_seconds=settings.recording_url_seconds,
    )
    stack.enter_context(metrics.AUDIT_DROPS.watching(lambda: audit.dropped))
    sandbox = await seed_sandbox(database, audit) if asterisk is not None else None
    if "api" in roles:
        await feed.begin()

    runs: list[_Run] = [
        ("audit", audit.run, roles),
        ("bus", bus.run, roles),
        ("feed", feed.run, {"api"}),
        ("webhook-listeners", listeners.run, roles),
        ("webhooks", deliverer.run, {"worker"}),
        ("traces", traces.run, {"controller"}),
        ("recording-sweeper", sweeper.run, {"worker"}),
        # Earlier, it would take the processor from what the start waits for.
        ("number-tables", lambda: preload(lambda: node is not None and node.is_ready), {"api", "controller"}),
    ]
    if asterisk is not None:
        runs.append(("asterisk", lambda: _watch(asterisk), roles))
    await _start(stack, database, [(name, run) for name, run, needed_by in runs if roles & needed_by], node)
    return Service(
        settings=settings,
        roles=roles,
        services=services,
        database=database,
        bus=bus,
        routed_calls=calls,
        own_node=node,
        deliverer=deliverer,
        recording_files=RecordingFiles(recordings, recording_store, urls, clock),
        asterisk=asterisk,
        sandbox=sandbox,
    )


async def _start(
    stack: AsyncExitStack, database: Database, runs: Sequence[tuple[str, _Task]], node: Node | None
) -> None:
    """Start what runs in the background; at the end of the stack the node hands over, and then all else ends."""
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    background = [tasks.create_task(run(), name=name) for name, run in runs]
    driving = None if node is None else tasks.create_task(node.run(), name="node")

    async def stop() -> None:
        if node is not None and driving is not None:
            node.stop()
            await asyncio.wait([driving], timeout=HAND_OVER_SECONDS)
            background.append(driving)
        for task in background:
            task.cancel()
        _, late = await asyncio.wait(background, timeout=ENDING_SECONDS)
        if late:  # asyncpg waits for a server to confirm what was cancelled, and this one does not answer
            _log.warning("ending_without_the_database", tasks=sorted(task.get_name() for task in late))
            database.give_up()

    stack.push_async_callback(stop)
    if node is not None:
        await node.wait_until_decided()


def _make_node(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    database: Database,
    log: EventLog,
    bus: Bus,
    ari: AriClients,
    sealer: Sealer,
    recording_store: RecordingStore,
    audit: AuditLog,
    asterisk: AsteriskInstance | None,
    traces: TraceKeeper,
) -> Node:
    readiness, counts, queue_news = NodeReadiness(), LiveCounts(), QueueNews()
    log.on_appended(counts.on_appended)
    if settings.call_traces == "on":
        ari.calls.on_exchange = note_exchange
    log.on_appended(queue_news.on_appended)
    bus.on(QUEUES_CHANGED, queue_news.hear)
    tenures = Tenures(
        settings=settings,
        clock=clock,
        database=database,
        log=log,
        ari=ari.calls,
        lines_ari=ari.lines,
        seals=sealer,
        recording_store=recording_store,
        readiness=readiness,
        audit=audit,
        counts=counts,
        traces=traces if settings.call_traces == "on" else None,
        queue_news=queue_news,
    )
    node = readiness.source = Node(
        settings.node,
        Leases(database, seconds=settings.lease_seconds),
        bus,
        tenures.make,
        idle_registry=tenures.idle_registry(),
        hang_up_seconds=None if asterisk is None else HANG_UP_SECONDS,
        renew_seconds=settings.lease_seconds / 3,
    )
    bus.on(LINES_CHANGED, lambda _: node.hear_of_lines())
    _watch_node(stack, node, counts)
    return node


def check_roles(roles: Collection[str], settings: Settings) -> None:
    """Raises ConfigurationError for roles that do not exist, or that cannot run apart with these settings."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        wrong = f"There is no role {unknown[0]!r}." if unknown else "Give at least one role."
        raise ConfigurationError(f"{wrong} The roles are {', '.join(ROLES)}.")
    if set(roles) != set(ROLES) and settings.database_url is None:
        raise ConfigurationError(
            "The embedded PostgreSQL ends with its process, so it serves all roles in one. To run them apart, set "
            "OFFHOOK_DATABASE_URL for each; or leave --roles out."
        )


def _watch_node(stack: AsyncExitStack, node: Node, counts: LiveCounts) -> None:
    def read(value: Callable[[Tenure], float]) -> Callable[[], float]:
        return lambda: 0 if node.tenure is None else value(node.tenure)

    for gauge, value in (
        (metrics.LIVE_CALLS, lambda tenure: len(tenure.registry)),
        (metrics.STORE_BACKLOG, lambda tenure: tenure.store.backlog),
        (metrics.STREAM_BACKLOG, lambda tenure: tenure.stream.backlog),
        (metrics.COLLECTOR_BACKLOG, lambda tenure: tenure.collector.unfinished),
    ):
        stack.enter_context(gauge.watching(read(value)))
    stack.enter_context(metrics.LIVE_CALLS_BY_STATE.watching(lambda: {} if node.tenure is None else counts.read()))


async def _enter_asterisk(stack: AsyncExitStack, settings: Settings) -> AsteriskInstance | None:
    if settings.ari_url is not None:
        return None
    config = AsteriskConfig(stasis_app=settings.ari_application)
    directory = settings.data_dir / "asterisk"
    return await stack.enter_async_context(running_asterisk(config, directory=directory))


def _ari_client(settings: Settings, asterisk: AsteriskInstance | None, *, suffix: str = "") -> AriClient:
    if asterisk is not None:
        url, username, password = asterisk.ari_url, asterisk.ari_username, asterisk.ari_password
    else:
        if settings.ari_url is None or settings.ari_password is None:
            raise ConfigurationError("Set OFFHOOK_ARI_URL and OFFHOOK_ARI_PASSWORD, or neither.")
        url, username = settings.ari_url, settings.ari_username
        password = settings.ari_password.get_secret_value()
    return AriClient(
        url, username, password, app=settings.ari_application + suffix, timeout_seconds=settings.ari_timeout_seconds
    )


def say_ended_calls(appended: Appended) -> None:
    """One line for each call that ended: what an operator looks for first. It names no number."""
    for event in appended.events:
        fact = event.fact
        if isinstance(fact, CallEnded):
            _log.info(
                "call_ended",
                call_id=event.subject_id,
                disposition=fact.disposition.value,
                end_code=fact.end_reason.code.value,
                end_party=fact.end_reason.party.value,
                sip_code=fact.end_reason.sip_code,
                trunk_id=fact.cdr.trunk_id,
                talk_seconds=fact.talk_seconds,
                source=fact.cdr.source.value,
            )


async def _watch(asterisk: AsteriskInstance) -> None:
    """An embedded Asterisk that ends takes the service with it: better down and said than up and deaf."""
    code = await asyncio.shield(asterisk.process.exited)
    raise AsteriskUnavailableError(f"The embedded Asterisk ended by itself (exit code {code}); see {asterisk.log_path}")
