"""Processes of one service, in one: an owner that has the calls, and others that ask it through the inbox."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.accounts.principal import Principal
from app.calls.asking.service import CallService
from app.calls.living.registry import CallRegistry
from app.calls.reading.queries import CallQueries
from app.db.engine import Database
from app.events.bus import Bus
from app.events.feed import Feed
from app.events.log import EventLog
from app.ownership.holder import Holder
from app.ownership.inbox import COMMANDS, Inbox
from app.ownership.lease import Lease
from app.reaching.remote import RemoteCalls
from app.reaching.routed import RoutedCalls
from tests.calls.standing_in import running, until
from tests.calls.standing_in_process import Process

NODE = "n1"
_PATIENCE_SECONDS = 60.0


@dataclass
class Held:
    """As much of a tenure as the routing looks at."""

    calls: CallService
    registry: CallRegistry


@dataclass
class HeldNode:
    """As much of a node."""

    tenure: Held


async def take_lease(database: Database, *, seconds: float = 60.0) -> Lease:
    """The lease, whoever had it; in one statement, so that nobody renews or takes it in between."""
    holder = Holder.me()
    async with database.acquire() as connection:
        token = await connection.fetchval(
            "INSERT INTO asterisk_lease AS lease (node, holder, token, expires_at) "
            "VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3)) ON CONFLICT (node) DO UPDATE "
            "SET holder = excluded.holder, token = lease.token + 1, expires_at = excluded.expires_at RETURNING token",
            NODE,
            str(holder),
            seconds,
        )
    return Lease(NODE, holder, token)


@asynccontextmanager
async def owning(process: Process, lease: Lease) -> AsyncIterator[Inbox]:
    """The owner's side of the inbox, and of the log."""
    bus = Bus(process.database)
    inbox = Inbox(process.database, process.calls, lease)
    bus.on(COMMANDS, lambda _: inbox.wake())
    process.log.on_appended(lambda appended: bus.announce(appended, has_deliveries=False))
    async with running(bus.run(), inbox.run()):
        await until(lambda: bus._ear.is_open)
        yield inbox


@asynccontextmanager
async def asking(dsn: str, *, wait_seconds: float = _PATIENCE_SECONDS, **seconds: float) -> AsyncIterator[RoutedCalls]:
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
        await until(lambda: bus._ear.is_open)
        yield RoutedCalls(
            node_name=NODE,
            node=None,
            remote=remote,
            queries=CallQueries(database),
            feed=feed,
            wait_seconds=wait_seconds,
        )


@asynccontextmanager
async def asking_here(process: Process, *, wait_seconds: float = _PATIENCE_SECONDS) -> AsyncIterator[RoutedCalls]:
    """The owner's own API."""
    bus = Bus(process.database)
    feed = Feed(EventLog(process.database))
    bus.on_events(lambda _: feed.wake())
    await feed.begin()
    async with running(bus.run(), feed.run()):
        await until(lambda: bus._ear.is_open)
        yield route_here(process.calls, process.registry, process.database, bus, feed, wait_seconds=wait_seconds)


def route_here(
    calls: CallService, registry: CallRegistry, database: Database, bus: Bus, feed: Feed, *, wait_seconds: float
) -> RoutedCalls:
    """The way to calls that live in this very process."""
    node: Any = HeldNode(Held(calls, registry))
    return RoutedCalls(
        node_name=NODE,
        node=node,
        remote=RemoteCalls(database, bus),
        queries=CallQueries(database),
        feed=feed,
        wait_seconds=wait_seconds,
    )


async def count_commands(database: Database, where: str = "true") -> int:
    async with database.acquire() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM call_command WHERE {where}"))  # noqa: S608


__all__ = ["NODE", "Principal", "asking", "asking_here", "count_commands", "owning", "take_lease", "until"]
