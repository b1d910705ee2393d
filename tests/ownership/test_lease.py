"""The lease of an Asterisk, on a real PostgreSQL: never two holders, and a token that rises."""

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.ownership import holder as holder_module
from app.ownership.holder import Holder, is_surely_dead
from app.ownership.lease import Lease, Leases, read_lease

pytestmark = pytest.mark.postgres

NODE = "n1"


@pytest.fixture
async def leases(database: Database) -> AsyncIterator[Leases]:
    made = Leases(database)
    yield made
    await made.aclose()


@pytest.fixture
async def hasty(database: Database) -> AsyncIterator[Leases]:
    """Leases that run out at once."""
    made = Leases(database, seconds=0.0)
    yield made
    await made.aclose()


async def acquire(leases: Leases, holder: Holder) -> Lease:
    lease = await leases.acquire(NODE, holder)
    assert lease is not None
    return lease


async def test_given_nobody_ever_held_it_when_acquired_then_the_token_is_one(leases: Leases) -> None:
    assert await leases.read(NODE) is None
    lease = await acquire(leases, Holder.me())
    state = await leases.read(NODE)
    assert state is not None
    assert (lease.token, state.token, state.is_held) == (1, 1, True)
    assert state.shown_holder == f"process {os.getpid()} on {lease.holder.host}"


async def test_given_a_holder_when_another_asks_then_it_gets_nothing_and_nothing_changes(leases: Leases) -> None:
    await acquire(leases, Holder.me())
    before = await leases.read(NODE)
    assert await leases.acquire(NODE, Holder.me()) is None
    assert await leases.read(NODE) == before


async def test_given_a_lease_ran_out_when_another_takes_it_then_the_first_can_neither_renew_nor_release_it(
    leases: Leases, hasty: Leases
) -> None:
    first = await acquire(hasty, Holder.me())
    second = await acquire(leases, Holder.me())
    assert second.token == first.token + 1
    assert not await leases.renew(first)
    await leases.release(first)
    state = await leases.read(NODE)
    assert state is not None
    assert (state.holder, state.is_held) == (str(second.holder), True)


async def test_given_a_lease_ran_out_and_nobody_took_it_when_renewed_then_it_is_held_again_with_the_same_token(
    leases: Leases, hasty: Leases
) -> None:
    lease = await acquire(hasty, Holder.me())
    assert await leases.renew(lease, why_not_ready="Reconciling.")
    state = await leases.read(NODE)
    assert state is not None
    assert (state.token, state.is_held, state.why_not_ready) == (lease.token, True, "Reconciling.")
    assert await leases.acquire(NODE, Holder.me()) is None


async def test_given_a_lease_when_released_then_it_is_free_at_once_and_its_token_is_not_given_again(
    leases: Leases,
) -> None:
    first = await acquire(leases, Holder.me())
    await leases.release(first)
    state = await leases.read(NODE)
    assert state is not None
    assert not state.is_held
    second = await acquire(leases, Holder.me())
    assert second.token > first.token
    assert not await leases.renew(first)


async def test_given_nodes_of_their_own_when_leased_then_each_has_its_own_holder(leases: Leases) -> None:
    assert await leases.acquire("n1", Holder.me()) is not None
    assert await leases.acquire("n2", Holder.me()) is not None


async def test_given_many_who_want_a_free_lease_when_they_ask_at_once_then_one_gets_it(database: Database) -> None:
    crowd = [Leases(database) for _ in range(8)]
    try:
        got = await asyncio.gather(*(leases.acquire(NODE, Holder.me()) for leases in crowd))
    finally:
        for leases in crowd:
            await leases.aclose()
    assert sum(lease is not None for lease in got) == 1


async def test_given_a_holder_on_this_machine_that_is_dead_when_another_asks_then_it_need_not_wait(
    leases: Leases,
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import app.ownership.holder as h; print(h.Holder.me(), flush=True); input()",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    holder = Holder.parse((await child.stdout.readline()).decode().strip())
    assert holder is not None
    await acquire(leases, holder)
    assert not is_surely_dead(str(holder))
    assert await leases.acquire(NODE, Holder.me()) is None
    child.kill()
    await child.wait()
    assert is_surely_dead(str(holder))
    successor = await acquire(leases, Holder.me())
    assert successor.token == 2


def test_given_a_holder_elsewhere_when_asked_whether_it_is_dead_then_nobody_knows() -> None:
    gone = replace(Holder.me(), pid=2**22 + 1)
    assert gone.is_surely_dead
    assert not replace(gone, boot="another-boot").is_surely_dead
    assert not replace(gone, namespace="[1]").is_surely_dead
    assert not is_surely_dead("written by another version")
    assert not is_surely_dead(None)


def test_given_a_process_that_is_hidden_from_us_when_asked_whether_it_is_dead_then_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(holder_module, "_read_stat", lambda _: None)
    monkeypatch.setattr(os, "kill", refuse)
    assert not Holder.me().is_surely_dead


def test_given_a_process_that_ended_and_was_not_asked_after_when_asked_then_it_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still to be waited for
        assert replace(Holder.me(), pid=child.pid).is_surely_dead


def test_given_a_process_id_that_was_given_again_when_asked_then_the_former_process_is_dead() -> None:
    assert replace(Holder.me(), started="1").is_surely_dead


def test_given_a_holder_when_written_and_read_then_it_is_the_same() -> None:
    me = Holder.me()
    assert Holder.parse(str(me)) == me
    assert Holder.me() != me  # two services of one process


async def test_given_the_connection_dies_when_renewed_then_it_says_so_at_most_once_and_goes_on(
    database: Database, leases: Leases
) -> None:
    lease = await acquire(leases, Holder.me())
    async with database.acquire() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'offhook lease' AND datname = current_database()"
        )
    with contextlib.suppress(DatabaseUnavailableError):  # unless it heard of the end before
        assert await leases.renew(lease)
    assert await leases.renew(lease)


MOVES = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(("acquire", "renew", "release", "run out", "write"))),
    min_size=1,
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
async def test_given_any_order_of_moves_when_three_want_the_lease_then_it_never_has_two_holders(
    database: Database, moves: list[tuple[int, str]]
) -> None:
    node = f"node-{secrets.token_hex(6)}"  # Hypothesis seeds random
    leases = Leases(database, seconds=60.0)
    rivals = [Holder.me() for _ in range(3)]
    held: dict[int, Lease] = {}
    owner: int | None = None  # the model: whose lease stands
    has_run_out = False
    token = 0
    try:
        for who, move in moves:
            match move:
                case "acquire":
                    lease = await leases.acquire(node, rivals[who])
                    assert (lease is not None) == (owner is None or has_run_out)
                    if lease is not None:
                        assert lease.token > token
                        token, owner, has_run_out = lease.token, who, False
                        held[who] = lease
                case "renew" if who in held:
                    is_renewed = await leases.renew(held[who])
                    assert is_renewed == (owner == who)
                    has_run_out &= not is_renewed
                case "release" if who in held:
                    await leases.release(held[who])
                    if owner == who:
                        owner, has_run_out = None, False
                case "run out":
                    async with database.acquire() as connection:
                        await connection.execute(
                            "UPDATE asterisk_lease SET expires_at = clock_timestamp() WHERE node = $1", node
                        )
                    has_run_out = True
                case "write" if who in held:
                    # What a fenced writer asks: only one of all that ever held it may.
                    async with database.acquire() as connection:
                        may = await connection.fetchval(
                            "SELECT EXISTS (SELECT FROM asterisk_lease WHERE node = $1 AND token = $2)",
                            node,
                            held[who].token,
                        )
                    assert not may or held[who].token == token
            state = await read_lease(database, node)
            assert (0 if state is None else state.token) == token
            if owner is None:
                assert state is None or not state.is_held
            elif not has_run_out:
                assert state is not None
                assert state.holder == str(rivals[owner])
    finally:
        await leases.aclose()
