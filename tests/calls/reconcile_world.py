"""One node over a real database, before an Asterisk that a test fills: for tests of reconciling and of the audit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from app.ari.client import AriClient
from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Place
from app.calls.doing.executor import Executor
from app.calls.keeping.store import CallStore
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.calls.mending.reconcile import Reconciler
from app.calls.names import bridge_of, channel_of
from app.calls.reading.live_counts import LiveCounts
from app.db.engine import Database
from app.events.log import EventLog
from app.metrics import LIVE_DRIFT
from app.recordings.collecting import CollectJob
from tests.calls.making import make_call, run_steps
from tests.calls.rows import insert_calls
from tests.calls.standing_in import HandClock, running
from tests.calls.standing_in_asterisk import ScriptedAsterisk


class World:
    """One node over a real database, with a scripted Asterisk."""

    def __init__(self, ari: AriClient, asterisk: ScriptedAsterisk, database: Database) -> None:
        self.asterisk = asterisk
        self.database = database
        self.jobs: list[CollectJob] = []
        self.log = EventLog(database)
        self.store = CallStore(database, self.log)
        self.clock = HandClock(make_call().created_at + timedelta(seconds=60))
        executor = Executor(ari, node="n1", collect=self.jobs.append)
        self.registry = CallRegistry(self.store, executor, self.clock, capacity=1)
        self.counts = LiveCounts()
        self.log.on_appended(self.counts.on_appended)
        self.reconciler = Reconciler(
            ari,
            self.store,
            self.registry,
            executor,
            self.clock,
            node="n1",
            counts=self.counts,
            second_look_seconds=0.01,
        )

    def adopt(self, call: Call) -> CallActor:
        """A call that lives here already."""
        actor = self.registry.adopt(call)
        self.registry.release()
        return actor

    async def have_open(self, *calls: Call) -> None:
        """Calls that an earlier process has written."""
        await insert_calls(self.database, calls)

    async def words(self, call: Call) -> list[str]:
        return [event.type for event in await self.log.read_after(0, limit=1000) if event.subject_id == call.id]

    async def stored(self, call: Call) -> Call:
        stored = await self.store.load(call.id)
        assert stored is not None
        return stored

    async def is_ended(self, call: Call) -> bool:
        return (await self.stored(call)).is_ended


@asynccontextmanager
async def running_world(database: Database) -> AsyncIterator[World]:
    """A world whose store writes and whose calls live."""
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        made = World(ari, asterisk, database)
        async with running(made.store.run(), made.registry.run()):
            yield made


def ringing_call(call: Call | None = None) -> Call:
    call = call or make_call()
    first = call.legs[0].id
    events: list[Input] = [
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegRinging(leg_id=first),
    ]
    return run_steps(call, events)[-1].call


def have_legs(world: World, call: Call, state: str = "Up") -> None:
    world.asterisk.channels |= {channel_of("n1", leg.id): state for leg in call.legs if leg.is_alive}
    world.asterisk.bridges[bridge_of("n1", call.id)] = tuple(
        channel_of("n1", leg.id) for leg in call.legs if leg.place is Place.TALK
    )


async def has_words(world: World, call: Call, words: list[str]) -> bool:
    return await world.words(call) == words


def drift(what: str) -> float:
    return float(LIVE_DRIFT.labels(what)._value.get())
