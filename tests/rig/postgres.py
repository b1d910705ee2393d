"""Fixtures: a real PostgreSQL for this test process, and a fresh migrated database for each test that asks."""

import itertools
from collections.abc import AsyncIterator

import pytest

from app.accounts.audit import AuditLog
from app.db.engine import Database
from app.db.migrate import migrate
from app.local.postgres import LocalPostgres
from app.local.temporary import temporary_postgres
from app.routing.sandbox import seed_sandbox

_TEMPLATE = "offhook_template"
_SEEDED = "offhook_seeded"
#: Whoever asks for all of one of these begins with the sandbox's account, which is some eighty rows.
_WANT_SANDBOX = (frozenset({"surface"}), frozenset({"offhook", "asterisk"}))
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


@pytest.fixture(scope="session")
async def seeded_template(postgres: LocalPostgres, migrated_template: str) -> str:
    """The name of a database in which there is the sandbox's account, and nothing else."""
    dsn = await postgres.create_database_from_template(_SEEDED, migrated_template)
    connected = await Database.connect(dsn, pool_size=2)
    try:
        await seed_sandbox(connected, AuditLog(connected))
    finally:
        await connected.aclose()
    return _SEEDED


@pytest.fixture
async def database_dsn(
    request: pytest.FixtureRequest, postgres: LocalPostgres, migrated_template: str, seeded_template: str
) -> AsyncIterator[str]:
    """The DSN of a database of the test's own; dropped afterwards, whoever is still connected."""
    name = f"test_{next(_numbers)}"
    is_seeded = any(names <= set(request.fixturenames) for names in _WANT_SANDBOX)
    template = seeded_template if is_seeded else migrated_template
    yield await postgres.create_database_from_template(name, template)
    await postgres.drop_database(name)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """The test's own database, connected."""
    connected = await Database.connect(database_dsn, pool_size=5)
    yield connected
    await connected.aclose()
