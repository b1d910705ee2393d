"""A process's share in an Asterisk: competing, driving, handing off, and never two at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.calls.keeping.change import FencedError
from app.calls.living.registry import CallRegistry
from app.db.engine import Database
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError
from app.events.bus import Bus
from app.ownership import node as node_module
from app.ownership.lease import Lease, Leases, read_lease
from app.ownership.node import Node
from app.reaching.status import NodeStatus, SystemStatus
from tests.calls.standing_in import running, until
from tests.ownership.processes import NODE, take_lease

pytestmark = pytest.mark.postgres


class Drive:
    """A tenure that does nothing but tell. ``fate`` ends it by raising."""

    live: "list[Drive]" = []  # noqa: RUF012 -- over all nodes of a test: never two at once

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.controller: Any = type("Ready", (), {"why_not_ready": None})()
        self.stream: Any = type("Stream", (), {"server_version": "20.11.0"})()
        self.inbox: Any = type("Inbox", (), {"wake": lambda _: None})()
        self.fate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.told: list[str] = []

    @property
    def registry(self) -> Any:
        return self

    async def run(self, on_leaving: Callable[[], None]) -> None:
        assert not Drive.live
        Drive.live.append(self)
        try:
            await self.fate
        finally:
            on_leaving()
            Drive.live.remove(self)

    async def hang_up_all(self, seconds: float) -> None:
        self.told.append(f"hang up within {seconds:g}")

    async def flush(self) -> None:
        self.told.append("flush")


@pytest.fixture(autouse=True)
def nobody_drives() -> None:
    Drive.live.clear()


class World:
    """One process with a node."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.bus = Bus(database)
        self.drives: list[Drive] = []
        registry: Any = CallRegistry(None, None, None, capacity=1)  # type: ignore[arg-type]
        self.leases = Leases(database, seconds=options.pop("seconds", 60.0))

        def make(lease: Lease) -> Any:
            self.drives.append(Drive(lease))
            return self.drives[-1]

        self.node = Node(NODE, self.leases, self.bus, make, idle_registry=registry, **{"renew_seconds": 0.1, **options})

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator["World"]:
        async with running(self.bus.run(), self.node.run()):
            await until(lambda: self.bus._ear.is_open)
            await self.node.wait_until_decided()
            await until(lambda: self.node.tenure is None or bool(Drive.live))
            yield self


async def test_given_nobody_else_when_it_begins_then_it_drives_at_once(database: Database) -> None:
    async with World(database).living() as world:
        assert world.node.is_ready
        assert world.node.standing == f"Drives node {NODE}."
        assert world.node.tenure is not None


async def test_given_a_driver_when_another_begins_then_it_stands_by_and_says_for_whom(database: Database) -> None:
    async with World(database).living(), World(database).living() as second:
        assert second.node.tenure is None
        assert len(second.node.registry) == 0
        assert str(second.node.why_not_ready).startswith("Standby: process ")
        assert second.node.standing == second.node.why_not_ready


async def test_given_a_standby_when_the_driver_stops_then_it_takes_over_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "STANDBY_SECONDS", 60.0)  # it is told; it need not look
    async with World(database, hang_up_seconds=3.0).living() as first, World(database).living() as second:
        drive = Drive.live[0]
        first.node.stop()
        await until(lambda: drive not in Drive.live)
        assert drive.told == ["hang up within 3", "flush"]
        await until(lambda: first.node.why_not_ready == "Shutting down.")
        await until(lambda: second.node.tenure is not None)
        assert second.drives[0].lease.token == drive.lease.token + 1


async def test_given_an_asterisk_of_ones_own_when_told_to_stop_then_its_calls_are_left_running(
    database: Database,
) -> None:
    async with World(database).living() as world:
        drive = Drive.live[0]
        world.node.stop()
        await until(lambda: not Drive.live)
        assert drive.told == ["flush"]


async def test_given_a_driver_when_its_lease_goes_to_another_then_it_hands_off_and_stands_by(
    database: Database,
) -> None:
    async with World(database).living() as world:
        lease = await take_lease(database)
        await until(lambda: not Drive.live)
        await until(lambda: str(world.node.why_not_ready).startswith("Standby: process "))
        state = await read_lease(database, NODE)
        assert state is not None
        assert (state.token, state.is_held) == (lease.token, True)  # the new holder's was not given back


async def test_given_a_driver_that_is_fenced_when_it_would_write_then_its_lease_is_lost(database: Database) -> None:
    async with World(database, renew_seconds=60.0).living() as world:
        await take_lease(database)
        world.drives[0].fate.set_exception(FencedError("n1"))
        await until(lambda: str(world.node.why_not_ready).startswith("Standby: process "))


async def test_given_a_lease_lost_when_it_becomes_free_again_then_a_new_tenure_begins(database: Database) -> None:
    async with World(database).living() as world:
        lease = await take_lease(database)
        await until(lambda: not Drive.live)
        leases = Leases(database)
        await leases.release(lease)
        await leases.aclose()
        await until(lambda: bool(Drive.live))
        assert len(world.drives) == 2
        assert world.drives[1].lease.token > lease.token


async def test_given_the_application_goes_to_a_successor_when_it_held_the_lease_then_it_simply_stands_by(
    database: Database,
) -> None:
    async with World(database, renew_seconds=60.0).living() as world:
        await take_lease(database)
        world.drives[0].fate.set_exception(AsteriskUnavailableError("Another process has taken over."))
        await until(lambda: str(world.node.why_not_ready).startswith("Standby: process "))
        assert not world.node.is_aside


async def test_given_the_application_goes_to_another_when_the_database_cannot_be_asked_then_it_stands_by(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> bool:
        raise DatabaseUnavailableError("The database is not available.")

    async with World(database, seconds=3.0, renew_seconds=60.0).living() as world:
        with monkeypatch.context() as patch:
            patch.setattr(world.leases, "renew", away)
            world.drives[0].fate.set_exception(AsteriskUnavailableError("Another process has taken over."))
            await until(lambda: not Drive.live)
            assert not world.node.is_aside
        await until(lambda: len(world.drives) == 2)  # nobody had taken the lease: it ran out


async def test_given_the_application_goes_to_a_stranger_when_the_lease_is_still_ours_then_it_stands_aside_for_a_while(
    database: Database,
) -> None:
    async with World(database, aside_seconds=3.0).living() as world:
        world.drives[0].fate.set_exception(AsteriskUnavailableError("Another process has taken over."))
        await until(lambda: world.node.is_aside)
        assert "OFFHOOK_ARI_APPLICATION" in str(world.node.why_not_ready)
        state = await read_lease(database, NODE)
        assert state is not None
        assert not state.is_held
        await until(lambda: len(world.drives) == 2)


async def test_given_the_database_goes_away_when_driving_then_it_goes_on_and_only_begins_nothing_new(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with World(database, seconds=3.0).living() as world:
        with monkeypatch.context() as patch:

            async def away(*_: object, **__: object) -> bool:
                raise DatabaseUnavailableError("The database is not available.")

            patch.setattr(world.leases, "renew", away)
            await until(lambda: not world.node.is_ready)
            assert "cannot be renewed" in str(world.node.why_not_ready)
            assert Drive.live
        await until(lambda: world.node.is_ready)  # nobody took it meanwhile
        assert len(world.drives) == 1


async def test_given_the_asterisk_becomes_unready_when_others_look_then_they_are_told_why(database: Database) -> None:
    async with World(database, renew_seconds=60.0).living() as world:
        world.drives[0].controller.why_not_ready = "No connection to Asterisk: reset"
        assert world.node.why_not_ready == "No connection to Asterisk: reset"
        async with asyncio.timeout(60):
            while (state := await read_lease(database, NODE)) is None or state.why_not_ready is None:
                await asyncio.sleep(0.02)
        assert state.why_not_ready == "No connection to Asterisk: reset"


async def test_given_a_driver_when_its_asterisk_goes_and_comes_back_then_all_processes_know_since_when_and_its_version(
    database: Database,
) -> None:
    async with World(database).living() as world:
        elsewhere = SystemStatus(database, NODE, own_node=None, roles=("api",), is_draining=lambda: False)
        here = SystemStatus(database, NODE, own_node=world.node, roles=("api",), is_draining=lambda: False)

        async def see(is_ready: bool) -> NodeStatus:
            async with asyncio.timeout(60):
                while (found := await elsewhere.read()).is_ready is not is_ready:
                    await asyncio.sleep(0.02)
            assert found.nodes is not None
            return found.nodes[0]

        up = await see(is_ready=True)
        assert (up.name, up.is_default, up.is_driven, up.version) == (NODE, True, True, "20.11.0")
        assert await here.read() == await elsewhere.read()
        world.drives[0].controller.why_not_ready = "No connection to Asterisk: reset"
        assert not (await here.read()).is_ready
        down = await see(is_ready=False)
        assert (down.is_driven, down.version) == (True, "20.11.0")
        world.drives[0].controller.why_not_ready = None
        again = await see(is_ready=True)
        assert up.since is not None
        assert down.since is not None
        assert again.since is not None
        assert up.since < down.since < again.since
    assert await elsewhere.read() == await here.read()
    assert not (await elsewhere.read()).is_ready


async def test_given_a_mistake_of_ours_when_it_ends_a_tenure_then_it_is_told_and_the_lease_is_given_back(
    database: Database,
) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(ZeroDivisionError), flatten_subgroups=True):
        async with asyncio.TaskGroup() as group:
            world = World(database)
            group.create_task(world.node.run())
            await until(lambda: bool(Drive.live))
            world.drives[0].fate.set_exception(ZeroDivisionError())
            await asyncio.sleep(60)
    state = await read_lease(database, NODE)
    assert state is not None
    assert not state.is_held


async def test_given_many_processes_when_a_lease_becomes_free_for_all_at_once_then_one_drives(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "STANDBY_SECONDS", 60.0)  # they compete when they are told to, all at once
    async with contextlib.AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(World(database).living()) for _ in range(3)]
        for _ in range(4):
            lease = await take_lease(database)
            await until(lambda: not Drive.live)
            await until(lambda: all(str(world.node.why_not_ready).startswith("Standby: ") for world in worlds))
            leases = Leases(database)
            await leases.release(lease)  # whereupon each is told
            await leases.aclose()
            await until(lambda: bool(Drive.live))  # which fails when another drives already
        tokens = sorted(drive.lease.token for world in worlds for drive in world.drives)
        assert len(set(tokens)) == len(tokens) == 5
