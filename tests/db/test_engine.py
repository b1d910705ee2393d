"""The database as the service holds it: JSON, time-outs, and one error when it is away."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import orjson
import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.db.engine import Database
from app.db.tables import Account
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


async def test_given_a_session_when_a_row_is_committed_then_the_raw_pool_sees_it_in_utc(database: Database) -> None:
    async with database.session() as session:
        session.add(Account(id="acc_1", name="acme", display_name="Acme"))
        await session.commit()
        account = (await session.exec(select(Account).where(col(Account.id) == "acc_1"))).one()
    assert account.display_name == "Acme"
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT created_at FROM account") == account.created_at
    assert account.created_at.utcoffset() is not None
    assert not account.created_at.utcoffset()


async def test_given_both_pools_when_connected_then_the_server_is_told_who_and_how_long(database: Database) -> None:
    query = (
        "SELECT concat_ws(' ', current_setting('application_name'), current_setting('TimeZone'), "
        "current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'))"
    )
    async with database.acquire() as connection:
        assert await connection.fetchval(query) == "offhook UTC 11s 5s"
    async with database.begin() as sql:
        assert await sql.scalar(sa.text(query)) == "offhook UTC 11s 5s"


async def test_given_a_slow_statement_when_run_then_both_pools_give_up_and_can_be_used_again(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=1, command_timeout=0.2)
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailableError):
        async with database.acquire() as connection:
            await connection.execute("SELECT pg_sleep(60)")
    with pytest.raises(DatabaseUnavailableError):
        async with database.begin() as sql:
            await sql.execute(sa.text("SELECT pg_sleep(60)"))
    assert time.monotonic() - started < 5
    await database.check()
    async with database.begin() as sql:
        assert await sql.scalar(sa.text("SELECT 1")) == 1
    await database.aclose()


async def test_given_every_connection_taken_when_another_is_asked_for_then_the_wait_ends_in_the_typed_error(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=1, command_timeout=0.2)
    async with database.acquire():
        with pytest.raises(DatabaseUnavailableError):
            await database.check()
    async with database.begin():
        with pytest.raises(DatabaseUnavailableError):
            async with database.session() as session:
                await session.connection()
    await database.aclose()


async def test_given_a_wrong_statement_when_run_then_it_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.acquire() as connection:
            await connection.execute("SELECT * FROM nothing_of_that_name")
    with pytest.raises(sa.exc.ProgrammingError):
        async with database.begin() as sql:
            await sql.execute(sa.text("SELECT * FROM nothing_of_that_name"))


async def test_given_a_constraint_when_violated_then_callers_can_tell(database: Database) -> None:
    async with database.session() as session:
        session.add_all(Account(id=key, name="same", display_name="") for key in ("acc_1", "acc_2"))
        with pytest.raises(sa.exc.IntegrityError):
            await session.commit()


async def test_given_a_server_that_crashes_when_used_then_every_way_in_says_so_until_it_is_back(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        database = await Database.connect(server.dsn, pool_size=2, command_timeout=2.0)

        async def lose_the_server_in_a_block() -> None:
            async with database.acquire() as connection:
                server.process.kill()
                await server.process.wait()
                await connection.fetchval("SELECT pg_sleep(1)")

        async def read_in_a_session() -> None:
            async with database.session() as session:
                await session.scalar(sa.text("SELECT 1"))

        await read_in_a_session()
        with pytest.raises(DatabaseUnavailableError):
            await lose_the_server_in_a_block()
        with pytest.raises(DatabaseUnavailableError):
            await database.check()
        with pytest.raises(DatabaseUnavailableError):
            await read_in_a_session()
        with pytest.raises(DatabaseUnavailableError):
            await Database.connect(server.dsn)
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST):
        await database.check()
        await read_in_a_session()
        await database.aclose()


async def test_given_a_connection_cut_by_an_administrator_when_used_again_then_the_pools_recover(
    database: Database, postgres: LocalPostgres
) -> None:
    async with database.acquire() as connection, database.begin() as sql:
        name = await connection.fetchval("SELECT current_database()")
        await sql.scalar(sa.text("SELECT 1"))
    admin = await asyncpg.connect(postgres.admin_dsn, timeout=5, command_timeout=5)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await admin.close()

    async def recover() -> None:
        while True:
            try:
                await database.check()
                async with database.begin() as sql:
                    await sql.scalar(sa.text("SELECT 1"))
            except DatabaseUnavailableError:
                continue  # one failure for each connection that was cut
            return

    async with asyncio.timeout(5):
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
