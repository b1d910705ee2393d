"""The kept connection: the same one again and again, a new one after it was lost, one error when that is in vain."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.db.engine import Database
from app.db.kept import KeptConnection
from app.errors import DatabaseUnavailableError
from app.local.postgres import LocalPostgres

pytestmark = pytest.mark.postgres

_PID = "SELECT pg_backend_pid()"


async def _pid(kept: KeptConnection) -> int:
    async with kept.use() as connection:
        return int(await connection.fetchval(_PID))


async def test_given_statements_one_after_the_other_when_run_then_they_share_a_connection_planned_by_index(
    database: Database,
) -> None:
    kept = KeptConnection(database)
    first = await _pid(kept)
    assert await _pid(kept) == first
    async with kept.use() as connection:
        assert await connection.fetchval("SHOW enable_seqscan") == "off"
        assert await connection.fetchval("SHOW timezone") == "UTC"
        assert await connection.fetchval("SELECT '{\"a\": 1}'::json") == {"a": 1}
    kept.close()
    assert await _pid(kept) != first
    kept.close()


@pytest.mark.parametrize("error", [ValueError("ours"), None], ids=["the block's own error", "a refused statement"])
async def test_given_an_error_that_says_nothing_of_the_connection_when_raised_then_it_is_kept(
    database: Database, error: Exception | None
) -> None:
    kept = KeptConnection(database)
    first = await _pid(kept)
    with pytest.raises(ValueError if error else asyncpg.PostgresSyntaxError):  # noqa: PT012 -- the block is the matter
        async with kept.use() as connection, connection.transaction():
            if error is not None:
                raise error
            await connection.execute("SELEC")
    assert await _pid(kept) == first
    kept.close()


async def test_given_the_server_cuts_the_connection_when_used_then_that_is_told_and_the_next_use_opens_another(
    database: Database,
) -> None:
    kept = KeptConnection(database)
    first = await _pid(kept)
    async with database.acquire() as other:
        await other.execute("SELECT pg_terminate_backend($1)", first)
    # Whether it is heard before or during the statement: either it is opened anew at once, or one use fails.
    try:
        second = await _pid(kept)
    except DatabaseUnavailableError:
        second = await _pid(kept)
    assert second != first
    kept.close()


async def test_given_a_statement_that_is_cut_off_when_cancelled_then_the_next_use_has_a_connection_of_its_own(
    database: Database,
) -> None:
    kept = KeptConnection(database)
    first = await _pid(kept)

    async def sleep_long() -> None:
        async with kept.use() as connection:
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(sleep_long())
    async with database.acquire() as other:
        async with asyncio.timeout(60):
            while not await other.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%sleep(60)%' AND pid = $1)", first
            ):
                await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _pid(kept) != first
    kept.close()


async def test_given_a_database_that_is_gone_when_used_then_it_is_unavailable(
    postgres: LocalPostgres, migrated_template: str
) -> None:
    dsn = await postgres.create_database_from_template("kept_gone", migrated_template)
    database = await Database.connect(dsn, pool_size=1)
    kept = KeptConnection(database)
    await _pid(kept)
    await postgres.drop_database("kept_gone")
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            await _pid(kept)
    kept.close()
    await database.aclose()


async def test_given_a_connection_that_is_refused_as_it_opens_when_asked_then_it_never_was_open_and_is_asked_anew(
    database: Database,
) -> None:
    seen: list[bool] = []

    async def admit(connection: "asyncpg.Connection[Any]") -> None:
        seen.append(kept.is_open)
        await connection.execute("SELECT 1")
        if len(seen) == 1:
            raise ValueError("not this one")

    kept = KeptConnection(database, on_open=admit, application_name="offhook test", settings={"jit": "off"})
    with pytest.raises(ValueError, match="not this one"):
        await _pid(kept)
    seen.append(kept.is_open)
    async with kept.use() as connection:
        seen.append(kept.is_open)
        assert await connection.fetchval("SHOW jit") == "off"
        assert await connection.fetchval("SHOW enable_seqscan") == "on"
        assert await connection.fetchval("SHOW application_name") == "offhook test"
    kept.close()
    assert [*seen, kept.is_open] == [False, False, False, True, False]


async def test_given_a_connection_that_is_lost_as_it_opens_when_used_then_the_database_is_unavailable(
    database: Database,
) -> None:
    async def lose(connection: "asyncpg.Connection[Any]") -> None:
        connection.terminate()
        await connection.execute("SELECT 1")

    kept = KeptConnection(database, on_open=lose)
    with pytest.raises(DatabaseUnavailableError):
        await _pid(kept)
    assert not kept.is_open
