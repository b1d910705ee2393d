"""SIPp as a trunk's called party, and what its log says of the calls."""

import asyncio
from pathlib import Path

import pytest

from app.local.asterisk import AsteriskInstall
from tests.asterisk.legs import CALLER_NUMBER, dialled
from tests.rig.ari_ears import AriEars
from tests.rig.fixtures import SIPP_TRUNK
from tests.rig.sipp import SippPorts, sipp_called_party

pytestmark = pytest.mark.asterisk

# last digit dialled: the causes of a leg that nobody here hangs up, None for one that stays
MIX = {0: None, 2: (17, 486), 3: (19, 480), 4: (21, 603), 5: (16, None), 6: (1, 404), 7: (34, 503)}


async def test_given_the_mix_when_called_then_each_leg_ends_as_its_number_says_and_the_log_agrees(
    ears: AriEars, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path
) -> None:
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        await asyncio.gather(*(_place(ears, f"+1555888{digit:04}", causes) for digit, causes in MIX.items()))
        calls = {call.dialled: call for call in await sipp.wait_until_idle(len(MIX))}
    assert {number: call.final_status for number, call in calls.items()} == {
        "+15558880000": 200,
        "+15558880002": 486,
        "+15558880003": 487,
        "+15558880004": 603,
        "+15558880005": 200,
        "+15558880006": 404,
        "+15558880007": 503,
    }
    assert calls["+15558880003"].was_cancelled
    assert calls["+15558880000"].hung_up_by == "caller"
    assert (calls["+15558880000"].talk_seconds or 0) >= 0.2
    assert calls["+15558880005"].hung_up_by == "called"
    assert (calls["+15558880005"].talk_seconds or 0) >= 0.9  # it waits a second; a busy machine takes longer
    assert all(CALLER_NUMBER in call.caller for call in calls.values())


async def _place(ears: AriEars, number: str, causes: tuple[int, int | None] | None) -> None:
    async with dialled(ears, f"PJSIP/{number}@{SIPP_TRUNK}", ring_seconds=6) as leg:
        if causes is not None:
            assert await leg.wait_until_ended() == causes
            return
        await leg.wait_for("Dial", dialstatus="ANSWER")
        await asyncio.sleep(0.5)  # the conversation
        await leg.hang_up()
        assert await leg.wait_until_ended() == (16, None)
