"""The state of the service as accounts may know it, from the leases in a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.ownership.holder import Holder
from app.ownership.lease import Leases
from app.reaching.status import NodeStatus, SystemStatus
from tests.ownership.processes import NODE

pytestmark = pytest.mark.postgres


@pytest.fixture
async def leases(database: Database) -> AsyncIterator[Leases]:
    made = Leases(database, seconds=60.0)
    yield made
    await made.aclose()


def make(database: Database, **given: Any) -> SystemStatus:
    options = {"own_node": None, "roles": ("api",), "is_draining": lambda: False, **given}
    return SystemStatus(database, NODE, **options)


async def nodes_of(status: SystemStatus) -> tuple[NodeStatus, ...]:
    nodes = (await status.read()).nodes
    assert nodes is not None
    return nodes


async def move(database: Database, node: str, *, by: timedelta) -> None:
    """As if all that the row tells had been so long ago."""
    async with database.acquire() as connection:
        await connection.execute(
            "UPDATE asterisk_lease SET expires_at = expires_at - $2::interval, standing_since = standing_since - $2 "
            "WHERE node = $1",
            *(node, by),
        )


async def test_given_nobody_ever_drove_it_when_asked_then_the_node_is_told_and_nothing_is_known_of_it(
    database: Database,
) -> None:
    found = await make(database).read()
    assert (found.is_ready, found.is_database_ready, found.roles) == (False, True, ("api",))
    assert found.nodes == (
        NodeStatus(name=NODE, is_default=True, is_driven=False, is_ready=False, since=None, version=None),
    )


async def test_given_a_lease_that_is_renewed_when_nothing_changes_then_since_stays_and_the_version_is_kept(
    database: Database, leases: Leases
) -> None:
    lease = await leases.acquire(NODE, Holder.me(), why_not_ready="It is being taken over.")
    assert lease is not None
    (taken,) = await nodes_of(make(database))
    assert (taken.is_driven, taken.is_ready, taken.version) == (True, False, None)
    assert taken.since is not None
    assert await leases.renew(lease, asterisk_version="22.1.0")
    (ready,) = await nodes_of(make(database))
    assert (ready.is_driven, ready.is_ready, ready.version) == (True, True, "22.1.0")
    assert ready.since is not None
    assert ready.since > taken.since
    assert await leases.renew(lease)
    assert await nodes_of(make(database)) == (ready,)
    assert (await make(database).read()).is_ready
    await leases.release(lease)
    (free,) = await nodes_of(make(database))
    assert (free.is_driven, free.is_ready, free.version) == (False, False, "22.1.0")
    assert free.since is not None
    assert free.since > ready.since


async def test_given_a_driver_that_died_when_its_lease_has_run_out_then_it_is_away_since_then(
    database: Database, leases: Leases
) -> None:
    lease = await leases.acquire(NODE, Holder.me())
    assert lease is not None
    await move(database, NODE, by=timedelta(minutes=5))
    state = await leases.read(NODE)
    assert state is not None
    assert await nodes_of(make(database)) == (
        NodeStatus(name=NODE, is_default=True, is_driven=False, is_ready=False, since=state.expires_at, version=None),
    )


async def test_given_nodes_of_other_processes_when_asked_then_those_of_the_last_day_are_told_and_make_nothing_ready(
    database: Database, leases: Leases
) -> None:
    for name in ("a1", "z1"):
        assert await leases.acquire(name, Holder.me()) is not None
    found = await make(database).read()
    assert found.nodes is not None
    assert [(one.name, one.is_default, one.is_ready) for one in found.nodes] == [
        *(("a1", False, True), (NODE, True, False), ("z1", False, True)),
    ]
    assert not found.is_ready
    await move(database, "z1", by=timedelta(days=2))
    await move(database, "a1", by=timedelta(hours=20))
    assert [one.name for one in await nodes_of(make(database))] == ["a1", NODE]


async def test_given_a_process_that_is_shutting_down_when_asked_then_calls_cannot_be_placed_here(
    database: Database, leases: Leases
) -> None:
    assert await leases.acquire(NODE, Holder.me()) is not None
    found = await make(database, is_draining=lambda: True, roles=("worker", "api")).read()
    assert found.nodes is not None
    assert (found.is_ready, found.is_shutting_down, found.nodes[0].is_ready) == (False, True, True)
    assert found.roles == ("api", "worker")


async def test_given_a_database_that_is_away_when_asked_then_that_is_told_and_of_the_nodes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("The database at db7.internal is not available.")

    monkeypatch.setattr(database, "acquire", away)
    found = await make(database).read()
    assert (found.is_ready, found.is_database_ready, found.nodes) == (False, False, None)
