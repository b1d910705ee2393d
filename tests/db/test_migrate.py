"""Migrations: complete, repeatable, and safe when several services start at once."""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.db.migrate import find_newest_revision, make_config, migrate, run_on_connection
from app.errors import ConfigurationError, DatabaseUnavailableError
from app.local.postgres import LocalPostgres

pytestmark = pytest.mark.postgres

_numbers = itertools.count(1)


@pytest.fixture
async def empty_dsn(postgres: LocalPostgres) -> AsyncIterator[str]:
    name = f"empty_{next(_numbers)}"
    yield await postgres.create_database(name)
    await postgres.drop_database(name)


async def fetch_column(dsn: str, query: str) -> list[str]:
    connection = await asyncpg.connect(dsn, timeout=60, command_timeout=60)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close(timeout=60)


async def test_given_an_empty_database_when_three_services_migrate_at_once_then_all_succeed(empty_dsn: str) -> None:
    await asyncio.gather(*(migrate(empty_dsn) for _ in range(3)))
    heads = ScriptDirectory.from_config(make_config()).get_heads()
    assert await fetch_column(empty_dsn, "SELECT version_num FROM alembic_version") == heads
    assert "call" in await fetch_column(empty_dsn, "SELECT relname FROM pg_class WHERE relkind = 'r'")


async def test_given_a_migrated_database_when_compared_with_the_tables_then_nothing_differs(database_dsn: str) -> None:
    def compare(connection: Connection) -> None:
        config = make_config()
        config.attributes["connection"] = connection
        command.check(config)

    await run_on_connection(database_dsn, compare)


async def test_given_a_migrated_database_when_taken_back_and_forth_then_nothing_is_left_behind(
    database_dsn: str,
) -> None:
    def downgrade(connection: Connection) -> None:
        config = make_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()

    await run_on_connection(database_dsn, downgrade)
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')"
    assert await fetch_column(database_dsn, query) == ["alembic_version"]
    await migrate(database_dsn)
    assert "call" in await fetch_column(database_dsn, query)


async def test_given_a_database_of_a_newer_offhook_when_migrated_then_it_is_left_alone(database_dsn: str) -> None:
    await fetch_column(database_dsn, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="another version"):
        await migrate(database_dsn)
    assert await fetch_column(database_dsn, "SELECT version_num FROM alembic_version") == ["9999"]


async def test_given_nobody_listening_when_migrated_then_the_database_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError):
        await migrate("postgresql://offhook@/offhook?host=/nowhere")


def test_given_the_migrations_when_their_line_is_followed_then_its_end_is_the_newest_by_number() -> None:
    scripts = ScriptDirectory.from_config(make_config())
    assert scripts.get_heads() == [find_newest_revision()]
    assert all(Path(one.path).name.startswith(f"{one.revision}_") for one in scripts.walk_revisions())


async def test_given_a_database_at_the_newest_revision_when_migrated_then_alembic_is_not_asked(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.migrate.run_on_connection", None)
    await migrate(database_dsn)


def test_given_the_service_when_imported_then_what_a_start_does_not_need_is_left_for_later() -> None:
    program = "import sys, app.process.serve; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=60)
    assert not {"alembic", "mako", "numpy", "soundfile", "soxr", "pocketsphinx"} & set(loaded.stdout.split())
