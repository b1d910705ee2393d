"""The composition root: the one place that knows every stage, and the order in which they start and stop.

Which stages run is a matter of roles: ``api`` answers requests, ``controller`` competes for its Asterisk and drives it
while it holds the lease (see ``ownership``), ``worker`` delivers webhooks. They meet in the database alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog

from app import metrics
from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.accounts.secret import Purpose, ServiceSecret
from app.calls.flow_desk import SoundMaker
from app.calls.flow_sounds import FlowSounds
from app.calls.live_counts import LiveCounts
from app.calls.queries import CallQueries
from app.calls.traces.keeper import TraceKeeper, TraceQueries
from app.calls.traces.trace import note_exchange
from app.cdrs.queries import CdrQueries
from app.cdrs.statistics import CdrStatistics
from app.clock import Clock, SystemClock
from app.config import ROLES, Settings
from app.db.engine import Database
from app.events.bus import Bus
from app.events.feed import Feed
from app.events.log import Appended, EventLog
from app.facts.calls import CallEnded
from app.local.asterisk import AsteriskInstance
from app.local.database import open_database
from app.local.reached import ari_client, enter_asterisk, watch
from app.media.endpoints import MediaEndpoints
from app.media.guard import StreamGuard
from app.numbers.lookup import preload
from app.ownership.diagnostics import Diagnostics
from app.ownership.lease import Leases
from app.ownership.node import Node
from app.ownership.remote import RemoteCalls
from app.ownership.routed import RoutedCalls
from app.ownership.tenure import Tenure
from app.provisioning.sync import APPLICATION_SUFFIX, LINES_CHANGED
from app.queues.agent_rows import AgentRows
from app.queues.agents import AgentStates
from app.queues.news import QUEUES_CHANGED, QueueNews
from app.queues.standings import QueueStandings
from app.queues.waiting import WaitingRooms
from app.recordings.deletion import RecordingDeletion, RecordingSweeper
from app.recordings.queries import RecordingQueries
from app.recordings.serve import RecordingFiles
from app.recordings.store import RecordingStore
from app.recordings.urls import RecordingUrls, url_minter
from app.routing.resources import RoutingResources
from app.routing.sandbox import seed_sandbox
from app.running import Service, check_roles
from app.services import Services
from app.speech.audio_files import AudioFileSweeper
from app.speech.choosing import open_speech
from app.tenures import AriClients, NodeReadiness, Tenures
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
            asterisk = await enter_asterisk(stack, settings)
            ari = AriClients(
                calls=await stack.enter_async_context(ari_client(settings, asterisk)),
                lines=await stack.enter_async_context(ari_client(settings, asterisk, suffix=APPLICATION_SUFFIX)),
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
    speech = open_speech(
        *(stack, settings, secret, database, audit, sealer, recording_store, clock),
        unpacked_espeak=None if asterisk is None else asterisk.install.espeak,
    )
    sounds = FlowSounds(speaker=speech.speaker, audio_files=speech.audio_files)
    stream_guard = StreamGuard(
        allow_networks=settings.media_allow_networks, timeout_seconds=settings.media_connect_seconds
    )
    media_endpoints = MediaEndpoints(database, sealer, stream_guard, audit, clock)
    node = (
        None
        if ari is None
        else _make_node(
            stack,
            settings,
            clock,
            database,
            log,
            bus,
            ari,
            sealer,
            recording_store,
            audit,
            asterisk,
            traces,
            sounds,
            stream_guard,
            media_endpoints,
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
        speech=speech,
        agent_states=AgentStates(
            AgentRows(database, log, clock), changed=lambda account_id: bus.publish(QUEUES_CHANGED, account_id)
        ),
        queue_standings=QueueStandings(database, WaitingRooms(database), clock),
        media_endpoints=media_endpoints,
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
        ("audio-file-sweeper", AudioFileSweeper(speech.audio_files, clock).run, {"worker"}),
        # Earlier, it would take the processor from what the start waits for.
        ("number-tables", lambda: preload(lambda: node is not None and node.is_ready), {"api", "controller"}),
    ]
    if asterisk is not None:
        runs.append(("asterisk", lambda: watch(asterisk), roles))
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
    sounds: SoundMaker,
    stream_guard: StreamGuard,
    media_endpoints: MediaEndpoints,
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
        sounds=sounds,
        stream_guard=stream_guard,
        media_endpoints=media_endpoints,
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
