"""Fixtures: one process of the service over the test's database, and somebody who may do everything there."""

from collections.abc import AsyncIterator

import pytest

from app.accounts.principal import Principal
from app.db.engine import Database
from tests.calls.standing_in_process import Process, make_principal


@pytest.fixture
async def principal(database: Database) -> Principal:
    return await make_principal(database)


@pytest.fixture
async def process(database: Database, principal: Principal) -> AsyncIterator[Process]:
    made = Process(database, principal)
    async with made.living():
        yield made
