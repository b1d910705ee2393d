"""A database that stops answering while the service is told to end must not keep it from ending."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from app.local.asterisk import AsteriskInstance
from tests.rig.own_postgres import own_postgres
from tests.rig.service import make_settings
from tests.rig.service_process import service_process

pytestmark = pytest.mark.asterisk


async def test_given_a_database_that_does_not_answer_when_told_to_stop_then_it_ends_all_the_same(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    async with own_postgres() as server:
        settings = make_settings(asterisk, server.dsn, tmp_path)
        async with service_process(settings, tmp_path) as process:
            server.freeze()
            began = time.monotonic()
            os.kill(process.process.pid, signal.SIGTERM)
            await asyncio.wait_for(process.process.wait(), 120)
            assert time.monotonic() - began < 30  # its own limits add up to some seven, on an idle machine
