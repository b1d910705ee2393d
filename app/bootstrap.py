"""The composition root: the one place that knows every stage, and the order in which they start and stop."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import structlog

from app import metrics
from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.accounts.secret import Purpose, ServiceSecret
from app.ari.client import AriClient
from app.ari.stream import EventStream
from app.calls import inputs
from app.calls.commands import CollectRecording
from app.calls.controller import Controller
from app.calls.executor import Executor
from app.calls.inputs import FailureKind
from app.calls.plan import Defaults
from app.calls.queries import CallQueries
from app.calls.reconcile import Reconciler
from app.calls.registry import CallRegistry
from app.calls.service import CallService
from app.calls.store import CallStore
from app.cdrs.queries import CdrQueries
from app.clock import Clock, SystemClock
from app.config import ROLES, Settings
from app.db.engine import Database
from app.errors import AsteriskUnavailableError, ConfigurationError, DatabaseUnavailableError, OverloadedError
from app.events.feed import Feed
from app.events.log import Appended, EventLog
from app.facts.calls import CallEnded
from app.facts.event import SYSTEM
from app.health import PartHealth
from app.ids import RecordingId
from app.local.asterisk import AsteriskConfig, AsteriskInstance, running_asterisk
from app.local.database import open_database
from app.numbers.lookup import preload
from app.recordings.collector import RecordingCollector
from app.recordings.jobs import Collected, CollectFailed, CollectResult
from app.recordings.queries import RecordingQueries
from app.recordings.serve import RecordingFiles
from app.recordings.store import RecordingStore
from app.recordings.urls import RecordingUrls
from app.routing.directory import Directory
from app.routing.sandbox import Sandbox, seed_sandbox
from app.services import Services
from app.webhooks.deliver import Deliverer
from app.webhooks.egress import Egress
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.enqueue import Enqueuer
from app.webhooks.queries import WebhookQueries
from app.webhooks.schedule import Schedule
from app.webhooks.sealing import Sealer

_log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: its surface, and what tests and the demo look into."""

    settings: Settings
    services: Services
    database: Database
    ari: AriClient
    registry: CallRegistry
    controller: Controller
    deliverer: Deliverer
    collector: RecordingCollector
    recording_files: RecordingFiles
    asterisk: AsteriskInstance | None
    sandbox: Sandbox | None


class ServiceHealth:
    """How the parts of a running service fare, for ``/readyz`` and ``/metrics``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def check(self) -> Sequence[PartHealth]:
        """Database, Asterisk, feed and webhooks."""
        service = self._service
        why_not = service.controller.why_not_ready
        return [
            await self._check_database(),
            PartHealth("asterisk", is_ready=why_not is None, reason=why_not),
            PartHealth(
                "recordings",
                is_ready=not service.collector.is_full,
                reason="The collector is full; recordings wait in Asterisk." if service.collector.is_full else None,
            ),
            *(
                PartHealth(health.name, is_ready=health.is_healthy, reason=health.last_error)
                for health in (service.services.feed.health, *service.deliverer.healths)
            ),
        ]

    async def _check_database(self) -> PartHealth:
        try:
            await self._service.database.check()
        except DatabaseUnavailableError as error:
            return PartHealth("database", is_ready=False, reason=error.message)
        return PartHealth("database", is_ready=True)


@asynccontextmanager
async def running_service(
    settings: Settings, *, roles: Collection[str] = ROLES, clock: Clock | None = None
) -> AsyncIterator[Service]:
    """Everything but the web server, running; it stops in order at the end of the block.

    Raises:
        ConfigurationError, DatabaseUnavailableError, AsteriskUnavailableError: it cannot start; the message says why.
    """
    check_roles(roles)
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        secret = await asyncio.to_thread(ServiceSecret.load, settings)
        database = await stack.enter_async_context(open_database(settings))
        asterisk = await _enter_asterisk(stack, settings)
        ari = await stack.enter_async_context(_ari_client(settings, asterisk))
        egress = Egress(
            allow_networks=settings.webhook_allow_networks,
            timeout_seconds=settings.webhook_timeout_seconds,
            max_idle=settings.webhook_concurrency,
        )
        stack.push_async_callback(egress.aclose)
        service = await _compose(settings, clock, secret, database, ari, egress, asterisk, stack)
        yield service


async def _compose(
    settings: Settings,
    clock: Clock,
    secret: ServiceSecret,
    database: Database,
    ari: AriClient,
    egress: Egress,
    asterisk: AsteriskInstance | None,
    stack: AsyncExitStack,
) -> Service:
    audit = AuditLog(database, clock=clock)
    sealer = Sealer(secret.derive(Purpose.SEALING))
    schedule = Schedule(settings.webhook_schedule_seconds)
    enqueuer = Enqueuer(clock, schedule)
    log = EventLog(database, hooks=[enqueuer.enqueue])
    deliverer = Deliverer(database, log, egress, sealer, clock, schedule, concurrency=settings.webhook_concurrency)
    log.on_appended(lambda _: deliverer.wake() if enqueuer.take_news() else None)
    log.on_appended(lambda appended: metrics.count_events(appended.events))
    log.on_appended(say_ended_calls)
    feed = Feed(log, queue_size=settings.subscriber_queue_size)
    await feed.begin()
    store = CallStore(database, log)
    recording_store = RecordingStore.open(settings.recordings_url, settings.data_dir)

    async def on_collected(_call_id: str, result: CollectResult) -> None:
        registry.post(result.recording_id, _as_input(result))

    collector = RecordingCollector(ari, recording_store, on_collected)
    executor = Executor(ari, node=settings.node, collect=collector.submit)
    registry = CallRegistry(store, executor, clock, capacity=settings.max_live_calls)
    stream = EventStream(ari)
    reconciler = Reconciler(ari, store, registry, executor, clock, node=settings.node)
    controller = Controller(stream, registry, reconciler, clock, node=settings.node)
    recordings = RecordingQueries(database)
    urls = RecordingUrls(secret.derive(Purpose.URLS))
    services = Services(
        clock=clock,
        keys=ApiKeys(database, secret.derive(Purpose.API_KEYS), audit, clock=clock),
        calls=CallService(
            registry=registry,
            store=store,
            directory=Directory(database),
            readiness=controller,
            clock=clock,
            node=settings.node,
            defaults=Defaults(
                agent_ring_seconds=settings.agent_ring_seconds,
                customer_ring_seconds=settings.customer_ring_seconds,
                max_duration_seconds=settings.max_duration_seconds,
            ),
        ),
        call_queries=CallQueries(database),
        cdr_queries=CdrQueries(database),
        recordings=recordings,
        recording_urls=urls,
        event_log=log,
        feed=feed,
        webhooks=WebhookEndpoints(database, sealer, egress, clock),
        webhook_queries=WebhookQueries(database),
        cursor_secret=secret.derive(Purpose.CURSORS),
        public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        recording_url_seconds=settings.recording_url_seconds,
    )
    for gauge, read in (
        (metrics.LIVE_CALLS, lambda: len(registry)),
        (metrics.STORE_BACKLOG, lambda: store.backlog),
        (metrics.STREAM_BACKLOG, lambda: stream.backlog),
        (metrics.COLLECTOR_BACKLOG, lambda: collector.unfinished),
        (metrics.AUDIT_DROPS, lambda: audit.dropped),
    ):
        stack.enter_context(gauge.watching(read))
    sandbox = await seed_sandbox(database, audit) if asterisk is not None else None

    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    background = [
        tasks.create_task(coroutine, name=name)
        for name, coroutine in (
            ("audit", audit.run()),
            ("call-store", store.run()),
            ("calls", registry.run()),
            ("recordings", collector.run()),
            ("feed", feed.run()),
            ("webhooks", deliverer.run()),
            ("number-tables", preload()),
        )
    ]
    await stack.enter_async_context(stream)
    background.append(tasks.create_task(controller.run(), name="controller"))
    if asterisk is not None:
        background.append(tasks.create_task(_watch(asterisk), name="asterisk"))

    async def stop() -> None:
        if asterisk is not None:
            await _drain(registry)
        for task in background:
            task.cancel()

    stack.push_async_callback(stop)
    return Service(
        settings=settings,
        services=services,
        database=database,
        ari=ari,
        registry=registry,
        controller=controller,
        deliverer=deliverer,
        collector=collector,
        recording_files=RecordingFiles(recordings, recording_store, urls, clock),
        asterisk=asterisk,
        sandbox=sandbox,
    )


def check_roles(roles: Collection[str]) -> None:
    """Raises ConfigurationError for roles that do not exist or cannot run apart yet."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise ConfigurationError(f"There is no role {unknown[0]!r}. The roles are {', '.join(ROLES)}.")
    if set(roles) != set(ROLES):
        raise ConfigurationError("The roles run in one process for now: leave --roles out, or name all three.")


async def _enter_asterisk(stack: AsyncExitStack, settings: Settings) -> AsteriskInstance | None:
    if settings.ari_url is not None:
        return None
    config = AsteriskConfig(stasis_app=settings.ari_application)
    directory = settings.data_dir / "asterisk"
    return await stack.enter_async_context(running_asterisk(config, directory=directory))


def _ari_client(settings: Settings, asterisk: AsteriskInstance | None) -> AriClient:
    if asterisk is not None:
        url, username, password = asterisk.ari_url, asterisk.ari_username, asterisk.ari_password
    else:
        if settings.ari_url is None or settings.ari_password is None:
            raise ConfigurationError("Set OFFHOOK_ARI_URL and OFFHOOK_ARI_PASSWORD, or neither.")
        url, username = settings.ari_url, settings.ari_username
        password = settings.ari_password.get_secret_value()
    return AriClient(
        url, username, password, app=settings.ari_application, timeout_seconds=settings.ari_timeout_seconds
    )


def _as_input(result: CollectResult) -> inputs.Input:
    match result:
        case Collected():
            return inputs.RecordingCollected(
                recording_id=RecordingId(result.recording_id),
                object_key=result.object_key,
                duration_seconds=result.duration_seconds,
                size_bytes=result.size_bytes,
                channels=result.channels,
                sample_rate=result.sample_rate,
                sha256=result.sha256,
            )
        case CollectFailed(is_final=False):
            # The parts are still in Asterisk; the call offers them again after a while.
            command = CollectRecording(recording_id=RecordingId(result.recording_id))
            return inputs.CommandFailed(command=command, kind=FailureKind.UNSENT, detail=result.reason)
        case CollectFailed():
            return inputs.RecordingLost(recording_id=RecordingId(result.recording_id), reason=result.reason)


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


async def _drain(registry: CallRegistry) -> None:
    """The embedded Asterisk is about to stop: end its calls properly first, with their records."""
    for actor in registry:
        if not actor.call.is_ending:
            with suppress(OverloadedError):  # the next start closes it
                actor.post(inputs.HangupRequested(actor=SYSTEM))
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await registry.wait_until_empty()
    except TimeoutError:
        _log.warning("calls_left_behind", live=len(registry), advice="the next start closes them")
