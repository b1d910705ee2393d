"""Processes of one service, in one: an owner that has the calls, and others that ask it through the inbox."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.accounts.principal import Principal
from app.calls.queries import CallQueries
from app.db.engine import Database
from app.events.bus import Bus
from app.events.feed import Feed
from app.events.log import EventLog
from app.ownership.holder import Holder
from app.ownership.inbox import COMMANDS, Inbox
from app.ownership.lease import Lease, Leases
from app.ownership.remote import RemoteCalls
from app.ownership.routed import RoutedCalls
from tests.calls.standing_in import running, until
from tests.calls.standing_in_process import Process

NODE = "n1"


@dataclass
class Held:
    """As much of a tenure as the routing looks at."""

    calls: Any
    registry: Any


@dataclass
class HeldNode:
    """As much of a node."""

    tenure: Any


async def take_lease(database: Database, *, seconds: float = 60.0) -> Lease:
    """The lease, whoever had it."""
    async with database.acquire() as connection:
        await connection.execute("UPDATE asterisk_lease SET expires_at = clock_timestamp()")
    leases = Leases(database, seconds=seconds)
    try:
        lease = await leases.acquire(NODE, Holder.me())
    finally:
        await leases.aclose()
    assert lease is not None
    return lease


@asynccontextmanager
async def owning(process: Process, lease: Lease) -> AsyncIterator[Inbox]:
    """The owner's side of the inbox, and of the log."""
    bus = Bus(process.database)
    inbox = Inbox(process.database, process.calls, lease)
    bus.on(COMMANDS, lambda _: inbox.wake())
    process.log.on_appended(lambda appended: bus.announce(appended, has_deliveries=False))
    async with running(bus.run(), inbox.run()):
        await bus.wait_until_listening()
        yield inbox


@asynccontextmanager
async def asking(dsn: str, *, wait_seconds: float = 10.0, **seconds: float) -> AsyncIterator[RoutedCalls]:
    """A process without an Asterisk."""
    async with AsyncExitStack() as stack:
        database = await Database.connect(dsn, pool_size=8)
        stack.push_async_callback(database.aclose)
        bus = Bus(database)
        feed = Feed(EventLog(database))
        bus.on_events(lambda _: feed.wake())
        remote = RemoteCalls(database, bus, **seconds)
        await feed.begin()
        await stack.enter_async_context(running(bus.run(), feed.run()))
        await bus.wait_until_listening()
        yield RoutedCalls(
            node_name=NODE,
            node=None,
            remote=remote,
            queries=CallQueries(database),
            feed=feed,
            wait_seconds=wait_seconds,
        )


@asynccontextmanager
async def asking_here(process: Process, *, wait_seconds: float = 10.0) -> AsyncIterator[RoutedCalls]:
    """The owner's own API."""
    bus = Bus(process.database)
    feed = Feed(EventLog(process.database))
    node: Any = HeldNode(Held(process.calls, process.registry))
    await feed.begin()
    async with running(feed.run()):
        yield RoutedCalls(
            node_name=NODE,
            node=node,
            remote=RemoteCalls(process.database, bus),
            queries=CallQueries(process.database),
            feed=feed,
            wait_seconds=wait_seconds,
        )


async def count_commands(database: Database, where: str = "true") -> int:
    async with database.acquire() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM call_command WHERE {where}"))  # noqa: S608


__all__ = ["NODE", "Principal", "asking", "asking_here", "count_commands", "owning", "take_lease", "until"]
