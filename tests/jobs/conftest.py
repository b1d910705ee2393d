"""The world that tests of jobs stand in."""

from pathlib import Path

import pytest

from app.db.engine import Database
from app.events.log import EventLog
from tests.jobs.world import MoodyStore, World


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    store = MoodyStore.open(f"file://{tmp_path}/store", tmp_path)
    return World(database, tmp_path, store, EventLog(database))
