"""A hall for each test that asks."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from tests.campaigns.hall import Hall


@pytest.fixture
async def hall(database: Database) -> AsyncIterator[Hall]:
    opened = await Hall.open(database)
    yield opened
    opened.dialing.close()
