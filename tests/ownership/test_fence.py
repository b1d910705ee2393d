"""The fence: whoever lost the lease cannot commit any more, and its successor can at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.calls.keeping.store import FencedError
from app.db.engine import Database
from app.db.kept import KeptConnection
from app.errors import DatabaseUnavailableError
from app.ownership.fence import Fence
from app.ownership.holder import Holder
from app.ownership.lease import Lease, Leases

pytestmark = pytest.mark.postgres

NODE = "n1"


@pytest.fixture
async def leases(database: Database) -> AsyncIterator[Leases]:
    """They run out at once, so that anybody may take over at any time."""
    made = Leases(database, seconds=0.0)
    async with database.acquire() as connection:
        await connection.execute("CREATE TABLE written (by text)")
    yield made
    await made.aclose()


async def take(leases: Leases, node: str = NODE) -> Lease:
    lease = await leases.acquire(node, Holder.me())
    assert lease is not None
    return lease


class Writer:
    """As the call store writes: over one connection of its own."""

    def __init__(self, database: Database, lease: Lease) -> None:
        self._kept = KeptConnection(database, on_open=Fence(lease).arm)

    async def write(self, what: str) -> None:
        async with self._kept.use() as connection:
            await connection.execute("INSERT INTO written VALUES ($1)", what)

    async def begin(self) -> "asyncpg.Connection[Any]":
        async with self._kept.use() as connection:
            return connection

    def close(self) -> None:
        self._kept.close()


async def written(database: Database) -> list[str]:
    async with database.acquire() as connection:
        return [row["by"] for row in await connection.fetch("SELECT by FROM written")]


async def test_given_a_holder_when_it_writes_then_it_is_let_through(database: Database, leases: Leases) -> None:
    writer = Writer(database, await take(leases))
    await writer.write("first")
    await writer.write("again")
    assert await written(database) == ["first", "again"]
    writer.close()


async def test_given_a_successor_when_the_former_holder_writes_then_it_is_fenced_for_good(
    database: Database, leases: Leases
) -> None:
    former = Writer(database, await take(leases))
    await former.write("former")
    successor = Writer(database, await take(leases))
    await successor.write("successor")
    with pytest.raises((DatabaseUnavailableError, FencedError)):  # it may not have noticed that its session was ended
        await former.write("too late")
    for _ in range(2):
        with pytest.raises(FencedError):
            await former.write("too late")
    await successor.write("on and on")
    assert await written(database) == ["former", "successor", "on and on"]
    former.close()
    successor.close()


async def test_given_a_commit_under_way_when_a_successor_comes_then_the_commit_is_rolled_back(
    database: Database, leases: Leases
) -> None:
    former = Writer(database, await take(leases))
    connection = await former.begin()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("INSERT INTO written VALUES ('half')")
    successor = Writer(database, await take(leases))
    await successor.write("successor")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await transaction.commit()
    assert await written(database) == ["successor"]
    former.close()
    successor.close()


async def test_given_the_former_holder_had_not_written_yet_when_it_does_then_it_is_fenced(
    database: Database, leases: Leases
) -> None:
    former = Writer(database, await take(leases))
    await take(leases)
    with pytest.raises(FencedError):
        await former.write("never")
    assert await written(database) == []
    former.close()


async def test_given_a_connection_of_ours_that_is_half_open_when_we_connect_again_then_it_is_ended(
    database: Database, leases: Leases
) -> None:
    lease = await take(leases)
    lost, again = Writer(database, lease), Writer(database, lease)
    await lost.write("before")
    await asyncio.wait_for(again.write("after"), 60)
    assert await written(database) == ["before", "after"]
    lost.close()
    again.close()


async def test_given_two_nodes_when_both_write_then_neither_is_in_the_others_way(
    database: Database, leases: Leases
) -> None:
    one, other = Writer(database, await take(leases, "n1")), Writer(database, await take(leases, "n2"))
    for _ in range(2):
        await one.write("one")
        await other.write("other")
    assert sorted(await written(database)) == ["one", "one", "other", "other"]
    one.close()
    other.close()
