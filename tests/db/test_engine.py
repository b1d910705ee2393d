"""The database as the service holds it: JSON, time-outs, and one error when it is away."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest

from app.db.engine import Database
from app.errors import ConfigurationError, DatabaseUnavailableError
from app.local.postgres import LocalPostgres, running_postgres
from app.local.temporary import UNSAFE_AND_FAST

pytestmark = pytest.mark.postgres


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """For a server that the test may break; where another user can get to."""
    parent = Path(tempfile.mkdtemp(prefix="offhook-test-"))
    parent.chmod(0o711)
    yield parent / "postgresql"
    shutil.rmtree(parent)


@pytest.mark.parametrize("kind", ["json", "jsonb"])
async def test_given_a_json_column_when_written_and_read_then_it_is_python_objects(
    database: Database, kind: str
) -> None:
    document = {"text": "é\n", "list": [1, 2.5, None, True], "nested": {}}
    async with database.acquire() as connection:
        assert await connection.fetchval(f"SELECT $1::{kind}", document) == document
        assert await connection.fetchval(f"SELECT $1::{kind}[]", [document, "text"]) == [document, "text"]
        assert await connection.fetchval(f"SELECT $1::{kind}", orjson.Fragment(b'{"ready": 1}')) == {"ready": 1}


async def test_given_json_columns_when_copied_in_then_they_arrive(database: Database) -> None:
    async with database.acquire() as connection:
        await connection.execute("CREATE TEMPORARY TABLE sheet (a json, b jsonb)")
        await connection.copy_records_to_table("sheet", records=[({"a": 1}, {"b": 2})], columns=["a", "b"])
        assert tuple(await connection.fetchrow("SELECT * FROM sheet") or ()) == ({"a": 1}, {"b": 2})


async def test_given_a_timestamp_when_read_then_it_is_in_utc(database: Database) -> None:
    async with database.acquire() as connection:
        now = await connection.fetchval("SELECT '2026-05-01 12:00:00+02'::timestamptz")
    assert now == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert now.utcoffset() == timedelta()


async def test_given_a_pool_when_connected_then_the_server_is_told_who_and_how_long(database: Database) -> None:
    query = (
        "SELECT concat_ws(' ', current_setting('application_name'), current_setting('TimeZone'), "
        "current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'))"
    )
    async with database.acquire() as connection:
        assert await connection.fetchval(query) == "offhook UTC 11s 5s"


async def test_given_a_pools_size_when_more_is_asked_at_once_then_there_are_no_more_connections_than_that(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=3)

    async def ask() -> int:
        async with database.acquire() as connection:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM pg_stat_activity, pg_sleep(0.02) "
                    "WHERE application_name = 'offhook' AND datname = current_database()"
                )
            )

    await asyncio.gather(*(ask() for _ in range(12)))
    assert await ask() == 3
    await database.aclose()


async def test_given_a_slow_statement_when_run_then_it_is_given_up_and_the_pool_can_be_used_again(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=1, command_timeout=1.5)
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailableError):
        async with database.acquire() as connection:
            await connection.execute("SELECT pg_sleep(60)")
    assert time.monotonic() - started < 30
    await database.check()
    await database.aclose()


async def test_given_every_connection_taken_when_another_is_asked_for_then_the_wait_ends_in_the_typed_error(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=1, command_timeout=1.5)
    async with database.acquire():
        with pytest.raises(DatabaseUnavailableError):
            await database.check()
    await database.check()
    await database.aclose()


async def test_given_a_transaction_that_is_cancelled_twice_when_it_ends_then_it_is_rolled_back_and_nothing_complains(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=2)
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))

    async def hold() -> None:
        async with database.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_sleep(60) FROM pg_advisory_xact_lock(4711)")

    async def is_held() -> bool:
        async with database.acquire() as connection:
            query = """
                SELECT count(*) FROM pg_locks
                WHERE objid = 4711 AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
            return bool(await connection.fetchval(query))

    try:
        holding = asyncio.ensure_future(hold())
        async with asyncio.timeout(30):
            while not await is_held():
                pass
        holding.cancel()
        await asyncio.sleep(0)  # the first is heard, and what it rolls back waits for the server
        await asyncio.sleep(0)
        holding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holding
        assert not await is_held()
    finally:
        loop.set_exception_handler(before)
        await database.aclose()
    assert complaints == []


async def test_given_a_wrong_statement_when_run_then_it_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.acquire() as connection:
            await connection.execute("SELECT * FROM nothing_of_that_name")


async def test_given_a_constraint_when_violated_then_callers_can_tell(database: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.acquire() as connection:
            await connection.executemany(
                "INSERT INTO account (id, name, display_name, default_region, is_sandbox) "
                "VALUES ($1, 'same', '', 'US', false)",
                [("acc_1",), ("acc_2",)],
            )


async def test_given_a_server_that_crashes_when_used_then_every_use_says_so_until_it_is_back(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        database = await Database.connect(server.dsn, pool_size=2, command_timeout=10.0)

        async def lose_the_server_in_a_block() -> None:
            async with database.acquire() as connection:
                server.process.kill()
                await server.process.wait()
                await connection.fetchval("SELECT pg_sleep(1)")

        await database.check()
        with pytest.raises(DatabaseUnavailableError):
            await lose_the_server_in_a_block()
        with pytest.raises(DatabaseUnavailableError):
            await database.check()
        with pytest.raises(DatabaseUnavailableError):
            await Database.connect(server.dsn)
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST):
        await database.check()
        await database.aclose()


async def test_given_a_connection_cut_by_an_administrator_when_used_again_then_the_pool_recovers(
    database: Database, postgres: LocalPostgres
) -> None:
    async with database.acquire() as connection, database.acquire() as other:
        name = await connection.fetchval("SELECT current_database()")
        await other.fetchval("SELECT 1")
    admin = await asyncpg.connect(postgres.admin_dsn, timeout=60, command_timeout=60)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await admin.close()

    async def recover() -> None:
        while True:
            try:
                async with database.acquire() as connection, database.acquire() as other:
                    await connection.fetchval("SELECT 1")
                    await other.fetchval("SELECT 1")
            except DatabaseUnavailableError:
                continue  # one failure for each connection that was cut
            return

    async with asyncio.timeout(60):
        await recover()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("/offhook?", "/nothing?"), "does not exist"),
        (("//offhook@", "//stranger@"), "stranger"),
        (("postgresql://", "mysql://"), "scheme"),
    ],
)
async def test_given_a_wrong_dsn_when_connecting_then_it_is_a_matter_of_configuration(
    postgres: LocalPostgres, change: tuple[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        await Database.connect(postgres.dsn.replace(*change))


async def test_given_nobody_listening_when_connecting_then_the_database_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError):
        await Database.connect("postgresql://offhook@/offhook?host=/nowhere")


async def test_given_sqlalchemys_spelling_of_the_scheme_when_connecting_then_it_is_understood(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn.replace("postgresql://", "postgresql+asyncpg://"))
    await database.check()
    await database.aclose()
