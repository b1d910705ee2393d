"""The composition root: the one place that knows every stage, and the order in which they start and stop.

Which stages run is a matter of roles: ``api`` answers requests, ``controller`` competes for its Asterisk and drives it
while it holds the lease (see ``ownership``), ``worker`` delivers webhooks. They meet in the database alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeAlias

import structlog

from app import metrics
from app.accounts.access import Access
from app.accounts.audit import AuditLog
from app.accounts.dialect_access import DialectAccess
from app.accounts.sessions import CREDENTIALS_CHANGED
from app.calls.leading.flow_sounds import FlowSounds
from app.calls.reading.log_lines import say_transitions
from app.calls.reading.queries import CallQueries
from app.calls.traces.keeper import TraceKeeper, TraceQueries
from app.campaigns.news import CAMPAIGNS_CHANGED
from app.campaigns.resources import CampaignResources
from app.cdrs.queries import CdrQueries
from app.cdrs.statistics import CdrStatistics
from app.clock import Clock, SystemClock
from app.config import ROLES, Settings
from app.contacts.setting_up import open_contacts
from app.db.engine import Database
from app.egress.requests import Egress
from app.egress.streams import StreamGuard
from app.erasure.setting_up import ErasureStage
from app.events.bus import Bus
from app.events.feed import Feed
from app.exports.exporting import ExportRunner, Exports
from app.files.store import FileStore
from app.files.urls import SignedUrls, report_urls, url_minter
from app.jobs.setting_up import add_runners, open_jobs
from app.local.asterisk import AsteriskInstance
from app.local.database import open_database
from app.local.fetched_sounds import FetchedSoundsSweeper
from app.local.reached import ari_client, enter_asterisk, watch
from app.media.endpoints import MediaEndpoints
from app.numbers.lookup import preload
from app.ownership.node import Node
from app.process.driving import Grounds, make_node
from app.process.errands import Errands
from app.process.nats import open_nats
from app.process.running import Service, check_roles
from app.process.tenures import AriClients
from app.process.tracing import enter_tracing
from app.provisioning.sync import APPLICATION_SUFFIX, LINES_CHANGED
from app.queues.agent_rows import AgentRows
from app.queues.agents import AgentStates
from app.queues.news import QUEUES_CHANGED
from app.queues.standings import QueueStandings
from app.queues.waiting import WaitingRooms
from app.reaching.diagnostics import Diagnostics
from app.reaching.remote import RemoteCalls
from app.reaching.routed import RoutedCalls
from app.reaching.status import SystemStatus
from app.recordings.deletion import RecordingDeletion, RecordingSweeper
from app.recordings.queries import RecordingQueries
from app.recordings.serve import RecordingFiles
from app.reputation.setting_up import open_reputation
from app.routing.resources import RoutingResources
from app.routing.sandbox import seed_sandbox
from app.secrets.sealing import Sealer
from app.secrets.service_secret import Purpose, ServiceSecret
from app.services import Services
from app.services.usage import UsageStage
from app.speech.setting_up import open_speech
from app.transcripts.setting_up import open_transcripts
from app.webhooks.setting_up import open_webhooks

_log = structlog.get_logger(__name__)

_Task: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
#: A background task: its name, what it is, and the roles that need it.
_Run: TypeAlias = tuple[str, _Task, frozenset[str] | set[str]]

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
        if settings.traces_url is not None:
            await enter_tracing(stack, settings)
        nats = open_nats(settings)
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
        bus = Bus(database, nats=nats)
        yield await _compose(settings, frozenset(roles), clock, secret, database, bus, ari, egress, asterisk, stack)


async def _compose(
    settings: Settings,
    roles: frozenset[str],
    clock: Clock,
    secret: ServiceSecret,
    database: Database,
    bus: Bus,
    ari: AriClients | None,
    egress: Egress,
    asterisk: AsteriskInstance | None,
    stack: AsyncExitStack,
) -> Service:
    audit = AuditLog(database, clock=clock)
    sealer = Sealer(secret.derive(Purpose.SEALING))
    urls = SignedUrls(secret.derive(Purpose.URLS))
    public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
    hooks = open_webhooks(
        *(settings, database, bus, egress, sealer, clock),
        mint=url_minter(urls, public_url, timedelta(seconds=settings.recording_url_seconds)),
    )
    log, feed = hooks.log, Feed(hooks.log, queue_size=settings.subscriber_queue_size)

    def hear_of_events(has_deliveries: bool) -> None:
        feed.wake()
        if has_deliveries:
            hooks.deliverer.wake()

    log.on_appended(hooks.tell_of_events)
    log.on_appended(lambda appended: metrics.count_events(appended.events))
    log.on_appended(say_transitions)
    bus.on_events(hear_of_events)
    file_store = await asyncio.to_thread(FileStore.of, settings)
    traces = TraceKeeper(database, clock, retention=timedelta(days=settings.trace_retention_days))
    speech = open_speech(
        *(stack, settings, secret, database, audit, sealer, file_store, clock),
        unpacked_espeak=None if asterisk is None else asterisk.install.espeak,
    )
    reputations = open_reputation(stack, settings, database, audit, clock)
    errands = Errands.open(settings, secret, database, log, bus, clock, sealer, speech)
    sounds = FlowSounds(speech.speaker, speech.audio_files, speech.templates, errands.voice)
    stream_guard = StreamGuard(
        allow_networks=settings.media_allow_networks, timeout_seconds=settings.media_connect_seconds
    )
    media_endpoints = MediaEndpoints(database, sealer, stream_guard, audit, clock)
    node = None
    if ari is not None:
        grounds = Grounds(
            settings=settings,
            clock=clock,
            database=database,
            log=log,
            bus=bus,
            sealer=sealer,
            audit=audit,
            file_store=file_store,
            traces=traces,
            sounds=sounds,
            errands=errands,
            stream_guard=stream_guard,
            media_endpoints=media_endpoints,
        )
        node = make_node(stack, grounds, ari, may_hang_up=asterisk is not None)
    call_queries, recordings = CallQueries(database), RecordingQueries(database)
    calls = RoutedCalls(
        node_name=settings.node, node=node, remote=RemoteCalls(database, bus), queries=call_queries, feed=feed
    )
    jobs = open_jobs(settings, database, log, file_store, bus, report_urls(secret.derive(Purpose.URLS)), clock)
    contacts = open_contacts(database, audit, sealer, log, clock, jobs.service, speech.uploads, file_store)
    cdr_queries = CdrQueries(database)
    transcripts = open_transcripts(stack, settings, database, log, file_store, jobs, clock)
    deletion = RecordingDeletion(database, log, file_store, clock)
    erasures = ErasureStage.open(secret, database, log, file_store, deletion, jobs.service, audit, sealer, clock)
    add_runners(
        jobs, [*contacts.runners, ExportRunner(cdr_queries, recordings, log, contacts.resources), erasures.runner]
    )
    sweeper = RecordingSweeper(deletion, clock, retention=settings.recording_retention)
    access = Access.open(
        *(database, secret.derive(Purpose.API_KEYS), audit, clock), tell=partial(bus.publish, CREDENTIALS_CHANGED)
    )
    bus.on(CREDENTIALS_CHANGED, access.sessions.hear)
    usage = UsageStage.open(
        *(database, log, audit, clock), queries=call_queries, hang_up=calls.hang_up, sessions=access.sessions
    )
    services = Services(
        clock=clock,
        access=access,
        dialects=DialectAccess.open(database, secret.derive(Purpose.API_KEYS), sealer, audit, clock),
        calls=calls,
        call_queries=call_queries,
        diagnostics=Diagnostics(calls, TraceQueries(database), log),
        system_status=SystemStatus(
            *(database, settings.node), own_node=node, roles=roles, is_draining=lambda: calls.is_draining
        ),
        cdr_queries=cdr_queries,
        cdr_statistics=CdrStatistics(database),
        recordings=recordings,
        recording_deletion=deletion,
        recording_urls=urls,
        event_log=log,
        feed=feed,
        routing=RoutingResources.open(
            *(database, audit, sealer), lines_changed=lambda: bus.publish(LINES_CHANGED, ""), voices=sounds
        ),
        speech=speech,
        reputation=reputations.service,
        agent_states=AgentStates(
            AgentRows(database, log, clock), changed=lambda account_id: bus.publish(QUEUES_CHANGED, account_id)
        ),
        queue_standings=QueueStandings(database, WaitingRooms(database), clock),
        media_endpoints=media_endpoints,
        campaigns=CampaignResources.open(
            *(database, log, audit, clock, speech),
            veil=errands.veil,
            changed=lambda one: bus.publish(CAMPAIGNS_CHANGED, one),
        ),
        callbacks=errands.callbacks(calls),
        otps=errands.otps(),
        test_clocks=errands.test_clocks(audit),
        contacts=contacts.resources,
        exports=Exports(jobs.service, contacts.resources, audit),
        erasures=erasures.service,
        jobs=jobs.service,
        job_reports=jobs.reports,
        transcripts=transcripts.service,
        transcript_queries=transcripts.queries,
        usage=usage,
        webhooks=hooks.endpoints,
        webhook_queries=hooks.queries,
        webhook_replays=hooks.replays,
        webhook_tests=hooks.tests,
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
        ("webhook-listeners", hooks.listeners.run, roles),
        ("webhooks", hooks.deliverer.run, {"worker"}),
        ("jobs", jobs.worker.run, {"worker"}),
        ("transcript-starter", transcripts.starter.run, {"worker"}),
        ("traces", traces.run, {"controller"}),
        ("recording-sweeper", sweeper.run, {"worker"}),
        ("reputation-reviewer", reputations.reviewer.run, {"worker"}),
        ("usage-keeper", usage.keeper.run, {"worker"}),
        ("audio-file-sweeper", speech.audio_sweeper.run, {"worker"}),
        ("passing-sound-sweeper", speech.passing_sweeper.run, {"controller"}),
        # Earlier, it would take the processor from what the start waits for.
        ("number-tables", lambda: preload(lambda: node is not None and node.is_ready), {"api", "controller"}),
    ]
    if asterisk is not None:
        runs.append(("asterisk", lambda: watch(asterisk), roles))
        runs.append(("fetched-sounds-sweeper", FetchedSoundsSweeper(asterisk.paths.cache, clock).run, roles))
    await _start(stack, database, [(name, run) for name, run, needed_by in runs if roles & needed_by], node)
    return Service(
        settings=settings,
        roles=roles,
        services=services,
        database=database,
        bus=bus,
        routed_calls=calls,
        own_node=node,
        deliverer=hooks.deliverer,
        workers=(jobs.worker, transcripts.starter, sweeper, speech.audio_sweeper, reputations.reviewer, usage.keeper),
        listeners=hooks.listeners,
        traces=traces,
        recording_files=RecordingFiles(recordings, file_store, urls, clock),
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
