"""The whole surface over a real database: services as ``bootstrap`` makes them, and an Asterisk that does as told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from app.accounts.access import Access
from app.accounts.audit import AuditLog
from app.accounts.dialect_access import DialectAccess
from app.accounts.scopes import Scope
from app.accounts.service import Account, Accounts
from app.api.context import Options
from app.api.subscriptions.audience import Audiences
from app.api.websocket import SocketEndpoint
from app.asgi import SERVER_OPTIONS, create_app
from app.calls.asking.service import CallService
from app.calls.keeping.counted import occupants
from app.calls.keeping.keys import KeyVeil
from app.calls.keeping.store import CallStore
from app.calls.leading.flow_sounds import FlowSounds
from app.calls.living.registry import CallRegistry
from app.calls.planning.admission import Admission
from app.calls.planning.plan import Defaults
from app.calls.reading.queries import CallQueries
from app.calls.traces.keeper import TraceQueries
from app.campaigns.resources import CampaignResources
from app.cdrs.queries import CdrQueries
from app.cdrs.statistics import CdrStatistics
from app.clock import SystemClock
from app.config import Settings
from app.contacts.setting_up import open_contacts
from app.db.engine import Database
from app.egress.requests import Egress
from app.egress.streams import StreamGuard
from app.erasure.setting_up import ErasureStage
from app.events.bus import Bus
from app.events.feed import Feed
from app.events.log import EventLog
from app.exports.exporting import Exports
from app.files.store import FileStore
from app.files.urls import SignedUrls, report_urls
from app.health import PartHealth
from app.jobs.serve import JobReports
from app.jobs.service import Jobs
from app.media.endpoints import MediaEndpoints
from app.process.errands import Errands
from app.queues.agent_rows import AgentRows
from app.queues.agents import AgentStates
from app.queues.standings import QueueStandings
from app.queues.waiting import WaitingRooms
from app.reaching.diagnostics import Diagnostics
from app.reaching.status import SystemStatus
from app.recordings.deletion import RecordingDeletion
from app.recordings.queries import RecordingQueries
from app.recordings.serve import RecordingFiles
from app.reputation.caller_ids import CallerIds
from app.reputation.judging import Rules
from app.reputation.service import Reputation
from app.routing.directory import Directory
from app.routing.resources import RoutingResources
from app.routing.sandbox import seed_sandbox
from app.routing.stops import Stops
from app.secrets.sealing import Sealer
from app.secrets.service_secret import Purpose, ServiceSecret
from app.services import Services
from app.services.usage import UsageStage
from app.speech.resources import SpeechResources
from app.transcripts.rows import TranscriptQueries
from app.transcripts.service import Transcripts
from app.usage.caps import CapacityDesk
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.enqueue import Enqueuer
from app.webhooks.queries import WebhookQueries
from app.webhooks.replay import WebhookReplays
from app.webhooks.schedule import Schedule
from app.webhooks.testing import WebhookTests
from tests.api.silent_asterisk import AlwaysReady, SilentAsterisk
from tests.ownership.processes import NODE, route_here
from tests.speech.tone_engine import ToneEngine
from tests.transcripts.engines import TellingEngine

DEADLINE_SECONDS = 60.0
ALL_SCOPES = frozenset(Scope)
SECRET = ServiceSecret("the secret of these tests, long enough")
VEIL = KeyVeil(SECRET.derive(Purpose.REQUEST_KEYS))
#: Read once; each surface has its own folder.
_SETTINGS = Settings(public_url="https://offhook.example")


@dataclass
class Surface:
    """What the tests hold in hand."""

    app: Starlette
    services: Services
    database: Database
    registry: CallRegistry
    log: EventLog
    feed: Feed
    accounts: Accounts
    account: Account
    ready: AlwaysReady
    health: "Parts"
    client: httpx.AsyncClient
    token: str

    async def key(self, scopes: Collection[Scope] = ALL_SCOPES, *, account: Account | None = None) -> str:
        """A new key's token."""
        issued = await self.services.keys.create((account or self.account).id, name="test", scopes=scopes)
        return issued.token

    async def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        token: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One operation; ``token`` "" is the key with all scopes, None is no key."""
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token or self.token}"
        return await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=sent)

    async def ask(self, query: str, variables: dict[str, Any] | None = None, *, token: str = "") -> Any:
        """The data of an operation that has no errors."""
        response = await self.post(query, variables, token=token)
        body = response.json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def refuse(self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = "") -> Any:
        """The first error's extensions of an operation that fails."""
        return (await self.post(query, variables, token=token)).json()["errors"][0]["extensions"]


class Parts:
    """A health source that tests write to."""

    def __init__(self) -> None:
        self.parts = [PartHealth("database", is_ready=True), PartHealth("asterisk", is_ready=True)]

    async def check(self) -> list[PartHealth]:
        return self.parts


@pytest.fixture
async def surface(database: Database, tmp_path: Path) -> AsyncIterator[Surface]:
    clock, settings = SystemClock(), _SETTINGS.model_copy(update={"data_dir": tmp_path})
    audit = AuditLog(database)
    accounts = Accounts(database, audit)
    account = (await seed_sandbox(database, audit)).account
    sealer, egress = Sealer(bytes(32)), Egress(allow_networks=(IPv4Network("127.0.0.0/8"),))
    log = EventLog(database, hooks=[Enqueuer(clock, Schedule((0.0, 5.0))).enqueue])
    feed = Feed(log, queue_size=50)
    store = CallStore(database, log, veil=VEIL)
    registry = CallRegistry(store, SilentAsterisk(), clock, capacity=100)  # type: ignore[arg-type]  # stands in for the executor
    ready = AlwaysReady()
    media_endpoints = MediaEndpoints(
        *(database, sealer, StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),)), audit, clock)
    )
    file_store = FileStore.open(None, tmp_path)
    speech = SpeechResources.open(
        *(database, audit, sealer, file_store, clock, [ToneEngine()]),
        folder=tmp_path / "media",
        media_url="http://offhook.test",
        urls_secret=bytes(32),
        names_secret=bytes(32),
        cache_bytes=10_000_000,
    )
    sounds = FlowSounds(speech.speaker, speech.audio_files, speech.templates)
    calls = CallService(
        registry=registry,
        store=store,
        directory=Directory(database),
        caller_ids=CallerIds(database, clock),
        stops=Stops(database),
        readiness=ready,
        clock=clock,
        node=NODE,
        defaults=Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600),
        programs=media_endpoints,
        variables=frozenset({"CRM_LEAD", "CRM_TEAM"}),
        announcer=sounds,
        contexts=frozenset({"house-menus"}),
        admission=Admission(CapacityDesk(database, log, clock, occupants)),
    )
    recordings, urls = RecordingQueries(database), SignedUrls(bytes(32))
    webhooks, webhook_queries = WebhookEndpoints(database, sealer, egress, clock), WebhookQueries(database)
    routed = route_here(calls, registry, database, Bus(database), feed, wait_seconds=5.0)
    bus = Bus(database)
    jobs = Jobs(database, log, bus, clock)
    errands = Errands.open(settings, SECRET, database, log, bus, clock, sealer, speech)
    contacts = open_contacts(database, audit, sealer, log, clock, jobs, speech.uploads, file_store)
    deletion = RecordingDeletion(database, log, file_store, clock)
    erasures = ErasureStage.open(SECRET, database, log, file_store, deletion, jobs, audit, sealer, clock)
    access, call_queries = Access.open(database, bytes(32), audit, clock), CallQueries(database)
    services = Services(
        clock=clock,
        access=access,
        dialects=DialectAccess.open(database, bytes(32), sealer, audit, clock),
        calls=routed,
        diagnostics=Diagnostics(routed, TraceQueries(database), log),
        system_status=SystemStatus(
            *(database, NODE), own_node=None, roles=("api",), is_draining=lambda: routed.is_draining
        ),
        call_queries=call_queries,
        cdr_queries=CdrQueries(database),
        cdr_statistics=CdrStatistics(database),
        recordings=recordings,
        recording_deletion=deletion,
        recording_urls=urls,
        event_log=log,
        feed=feed,
        routing=RoutingResources.open(database, audit, Sealer(bytes(32)), voices=sounds),
        reputation=Reputation(database, audit, clock, Rules()),
        speech=speech,
        agent_states=AgentStates(AgentRows(database, log, clock)),
        queue_standings=QueueStandings(database, WaitingRooms(database), clock),
        media_endpoints=media_endpoints,
        callbacks=errands.callbacks(routed),
        otps=errands.otps(),
        test_clocks=errands.test_clocks(audit),
        jobs=jobs,
        contacts=contacts.resources,
        campaigns=CampaignResources.open(
            *(database, log, audit, clock, speech), veil=errands.veil, changed=hear_nothing
        ),
        exports=Exports(jobs, contacts.resources, audit),
        erasures=erasures.service,
        job_reports=JobReports(jobs, file_store, report_urls(bytes(32)), clock),
        transcripts=Transcripts(database, jobs, TellingEngine(), clock, language="en-US"),
        transcript_queries=TranscriptQueries(database),
        usage=UsageStage.open(
            *(database, log, audit, clock), queries=call_queries, hang_up=routed.hang_up, sessions=access.sessions
        ),
        webhooks=webhooks,
        webhook_queries=webhook_queries,
        webhook_replays=WebhookReplays(database, clock),
        webhook_tests=WebhookTests(webhooks, webhook_queries, log, clock, wait_seconds=5.0),
        cursor_secret=bytes(32),
        public_url="https://offhook.example",
        recording_url_seconds=900.0,
    )
    health = Parts()
    app = create_app(
        services,
        settings,
        health=health,
        recordings=RecordingFiles(recordings, file_store, urls, clock),
        options=Options(init_seconds=4.0, heartbeat_seconds=0.3, most_operations_per_socket=5, most_waiting_frames=50),
    )
    await feed.begin()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://offhook.test") as client:
        issued = await services.keys.create(account.id, name="all", scopes=ALL_SCOPES)
        made = Surface(
            app=app,
            services=services,
            database=database,
            registry=registry,
            log=log,
            feed=feed,
            accounts=accounts,
            account=account,
            ready=ready,
            health=health,
            client=client,
            token=issued.token,
        )
        # Not a TaskGroup: a fixture's two halves may run in different tasks.
        background = [asyncio.create_task(one) for one in (store.run(), registry.run(), feed.run())]
        yield made
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
    await egress.aclose()


def endpoint_of(surface: Surface) -> SocketEndpoint:
    """What answers websockets."""
    (route,) = (one for one in surface.app.routes if isinstance(one, WebSocketRoute))
    endpoint: SocketEndpoint = route.endpoint.__self__  # type: ignore[attr-defined]  # a bound method
    return endpoint


def audiences_of(surface: Surface) -> Audiences:
    """Who shares live subscriptions right now."""
    return endpoint_of(surface).audiences


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """The application behind a real uvicorn; gives its port."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, **SERVER_OPTIONS)
    )
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def port(surface: Surface) -> AsyncIterator[int]:
    async with serving(surface.app) as number:
        yield number


async def hear_nothing(_campaign_id: str) -> None:
    """No dialer runs here."""


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return once the condition holds; fail when it does not in time."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.01)
