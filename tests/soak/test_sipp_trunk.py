"""The long form of tests/e2e/test_sipp_trunk.py."""

import random
from pathlib import Path

import pytest

from app.local.asterisk import AsteriskInstall
from tests.rig.desk import Desk
from tests.rig.load import make_plans, run_load
from tests.rig.sipp import SippPorts, sipp_called_party

pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_given_200_calls_of_every_kind_when_placed_at_20_a_second_then_offhook_tells_what_sipp_saw(
    desk: Desk, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path, seed: int
) -> None:
    plans = make_plans(200, random.Random(seed))
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        await run_load(desk, sipp, plans, calls_per_second=20)
