"""Fixtures: a real PostgreSQL for this test process, and a fresh migrated database for each test that asks."""

import itertools
from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from app.db.migrate import migrate
from app.local.postgres import LocalPostgres
from app.local.temporary import temporary_postgres

_TEMPLATE = "offhook_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[LocalPostgres]:
    """One server for each xdist worker; killed with it, whatever happens."""
    async with temporary_postgres() as server:
        yield server


@pytest.fixture(scope="session")
async def migrated_template(postgres: LocalPostgres) -> str:
    """The name of a database at the newest schema, with no rows and nobody connected."""
    await migrate(await postgres.create_database(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database_dsn(postgres: LocalPostgres, migrated_template: str) -> AsyncIterator[str]:
    """The DSN of a database of the test's own; dropped afterwards, whoever is still connected."""
    name = f"test_{next(_numbers)}"
    yield await postgres.create_database_from_template(name, migrated_template)
    await postgres.drop_database(name)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """The test's own database, connected."""
    connected = await Database.connect(database_dsn, pool_size=5)
    yield connected
    await connected.aclose()
