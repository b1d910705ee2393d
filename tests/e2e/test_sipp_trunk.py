"""A trunk with SIPp at its far end, which keeps a log of its own of every SIP message."""

import asyncio
import random
from pathlib import Path

import pytest

from app.facts.vocabulary import LegRole
from app.local.asterisk import AsteriskInstall
from tests.rig.desk import Desk
from tests.rig.load import STAYS, make_plans, run_load
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk


async def test_given_sixty_calls_of_every_kind_when_placed_at_20_a_second_then_offhook_tells_what_sipp_saw(
    desk: Desk, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path
) -> None:
    plans = make_plans(60, random.Random(60))
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        await run_load(desk, sipp, plans, calls_per_second=20)


async def test_given_hang_ups_around_the_moment_of_the_answer_when_they_cross_it_then_every_call_is_cancelled_cleanly(
    desk: Desk, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path
) -> None:
    """SIPp answers 200 ms after it began to ring: some hang-ups are CANCELs, some BYEs, and some meet the 200 OK."""
    count = 16

    async def place(index: int) -> str:
        number = f"+155501{8000 + index}{STAYS}"
        placed = await desk.place_call(
            number, connect_number=f"+1555019{index:03d}{STAYS}", trunk="sipp", first=LegRole.CUSTOMER
        )
        await desk.wait_for(placed.id, "leg.ringing", "CUSTOMER")
        await asyncio.sleep(index * 0.3 / count)
        await desk.hang_up(placed.id)
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert story.end == ("API_HANGUP", "SYSTEM")
        # On a slow machine the agent may have been connected before we came to hang up.
        assert story.disposition == ("ANSWERED" if "call.connected" in story.types else "CANCELLED")
        return number

    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        numbers = await asyncio.gather(*(place(index) for index in range(count)))
        seen = {call.dialled: call for call in await sipp.wait_until_idle(count)}
        for number in numbers:
            assert seen[number].final_status in {200, 487} or seen[number].was_cancelled
            assert seen[number].final_status in {487, None} or seen[number].hung_up_by == "caller"
