"""One node that takes calls from outside: over a real database, before an Asterisk and a stream that a test fills."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.ari.client import AriClient
from app.calls.core.model.call import Call, decode_call
from app.calls.doing.executor import Executor
from app.calls.hearing.controller import Controller
from app.calls.hearing.inbound import InboundCalls
from app.calls.hearing.missed import MissedCalls
from app.calls.keeping.store import CallStore
from app.calls.living.registry import CallRegistry
from app.calls.mending.reconcile import Reconciler
from app.calls.planning.plan import Defaults
from app.db.engine import Database
from app.events.log import EventLog
from app.routing.model import ExtensionTarget, OriginateResolution
from app.routing.stops import Stop
from app.routing.targets import ToExtension
from app.routing.ways_in import WayIn
from tests.calls.making import make_call
from tests.calls.standing_in import HandClock, running, until
from tests.calls.standing_in_asterisk import ScriptedAsterisk, ScriptedStream, channel_json

ENDPOINT = "acme-trunk-main"
DIALLED = "+12125550123"
CALLER = "+4930123456"
DEFAULTS = Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600)


def found(*endpoints: str, number: str = "2001", agent_id: str | None = None) -> OriginateResolution:
    """An extension with these phones, in an account without a way out."""
    connect = ExtensionTarget(id="ext_1", number=number, agent_id=agent_id, agent_name="Ada", endpoints=endpoints)
    return OriginateResolution(
        connect=connect, has_agent=agent_id is not None, destination=None, trunk=None, caller_id=None, rules=()
    )


class Routes:
    """Stands where the directory stands: every number of one trunk leads to extension 2001. ``failure`` is raised."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.failure: Exception | None = None
        self.max_channels: int | None = None

    async def find(self, endpoint: str, dialled: str) -> WayIn | None:
        if self.failure is not None:
            raise self.failure
        if endpoint != ENDPOINT:
            return None
        return WayIn(
            account_id=self.account_id,
            default_region="US",
            trunk_id="trunk_1",
            is_sandbox=False,
            max_channels=self.max_channels,
            dialled=dialled,
            has_route=True,
            stops=(Stop(wave=0, target=ToExtension(number="2001"), found=found("acme-2001")),),
        )


class Readiness:
    why_not_ready: str | None = None


class Room:
    """A trunk's channels; the trunk has a limit once ``is_full`` is said, either way."""

    def __init__(self) -> None:
        self.is_full: bool | None = None
        self.given_back: list[str] = []

    async def take(self, trunk_id: str, leg_id: str) -> bool:
        assert trunk_id == "trunk_1"
        assert leg_id
        return not self.is_full

    async def give_back(self, leg_id: str) -> None:
        self.given_back.append(leg_id)


class World:
    """A node with a capacity of two calls. ``make`` gives the next process of the same node."""

    def __init__(self, ari: AriClient, asterisk: ScriptedAsterisk, database: Database, account_id: str) -> None:
        self.asterisk = asterisk
        self.database = database
        self.stream = ScriptedStream()
        self.log = EventLog(database)
        self.store = CallStore(database, self.log)
        self.clock = HandClock(make_call().created_at)
        self.routes = Routes(account_id)
        self.readiness = Readiness()
        self.room = Room()
        executor = Executor(ari, node="n1", collect=lambda _: None)
        self.registry = CallRegistry(self.store, executor, self.clock, capacity=2)
        reconciler = Reconciler(ari, self.store, self.registry, executor, self.clock, node="n1")
        self.inbound = InboundCalls(
            ari,
            self.registry,
            self.routes,
            self.readiness,
            self.clock,
            node="n1",
            defaults=DEFAULTS,
            queue_size=2,
            find_seconds=5.0,
            room=self.room,
        )
        self.missed = MissedCalls(ari, self.registry, self.routes, self.clock, node="n1", defaults=DEFAULTS)
        stream: Any = self.stream
        self.controller = Controller(
            stream, self.registry, reconciler, self.clock, node="n1", inbound=self.inbound, missed=self.missed
        )

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        async with running(self.store.run(), self.registry.run(), self.controller.run()):
            self.stream.connect()
            await until(lambda: self.controller.is_ready)
            yield

    def have_channel(
        self, channel_id: str, *, kind: str = "trunk", endpoint: str = ENDPOINT, app: str = "offhook"
    ) -> None:
        """A caller's channel is in an application."""
        self.asterisk.channels[channel_id] = "Ring"
        self.asterisk.app_data[channel_id] = f"{app},inbound,{kind},{endpoint},{DIALLED}"

    def arrive(self, channel_id: str, *, kind: str = "trunk", endpoint: str = ENDPOINT) -> None:
        """…and Asterisk says so."""
        self.have_channel(channel_id, kind=kind, endpoint=endpoint)
        channel = channel_json(channel_id, "Ring") | {"caller": {"name": "Erika", "number": CALLER}}
        self.say("StasisStart", channel, args=["inbound", kind, endpoint, DIALLED])

    def say(self, kind: str, channel: dict[str, Any], **fields: Any) -> None:
        when = datetime.now(UTC).isoformat()
        body = {"type": kind, "application": "offhook", "timestamp": when, "channel": channel}
        self.stream.say(orjson.dumps(body | fields))

    def asked(self, line: str) -> bool:
        """Whether Asterisk was asked for something that begins so."""
        return any(one.startswith(line) for one in self.asterisk.lines)

    async def calls(self) -> list[Call]:
        async with self.database.acquire() as connection:
            rows = await connection.fetch("SELECT snapshot::text FROM call ORDER BY created_at, id")
        return [decode_call(row["snapshot"]) for row in rows]

    async def words(self, call: Call) -> list[str]:
        return [event.type for event in await self.log.read_after(0, limit=1000) if event.subject_id == call.id]

    def remember(self, *entries: str) -> None:
        """What the dialplan leaves of calls that nobody took."""
        for number, entry in enumerate(entries, 1):
            self.asterisk.variables[f"ofk_missed_{number}"] = entry
        self.asterisk.variables["ofk_missed_last"] = str(len(entries))

    def entry(self, channel_id: str, why: str = "away", *, seconds: float = 7.0, endpoint: str = ENDPOINT) -> str:
        began = self.clock.now() - timedelta(hours=1)
        ended = began + timedelta(seconds=seconds)
        return f"{began.timestamp():.3f}|{ended.timestamp():.3f}|{why}|{channel_id}|{endpoint}|{DIALLED}|{CALLER}"


@asynccontextmanager
async def arrivals_world(database: Database) -> AsyncIterator[World]:
    account = await Accounts(database, AuditLog(database)).create("acme")
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        yield World(ari, asterisk, database, account.id)
