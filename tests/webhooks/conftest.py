from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from tests.webhooks.rig import Rig, webhooks_on
from tests.webhooks.sink import Sink, running_sink


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with running_sink() as running:
        yield running


@pytest.fixture
async def rig(database: Database) -> AsyncIterator[Rig]:
    async with webhooks_on(database) as made:
        yield made
