"""Variables that a caller gives are on the call's channels, by Asterisk's own word."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.calls.names import channel_of
from app.errors import RefusedError
from app.facts.vocabulary import Pair
from app.ids import LegId
from app.local.asterisk import AsteriskInstance
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

LEAD = "7; ${CHANNEL(name)}, 'x'"


@pytest.fixture
async def allowing(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, witness: Witness
) -> AsyncIterator[RunningOffhook]:
    settings = make_settings(asterisk, database_dsn, tmp_path / "data", channel_variables="CRM_LEAD, CRM_TEAM")
    async with running_offhook(settings) as running:
        yield running
        await running.assert_nothing_is_left(witness)


async def test_given_an_allowed_variable_when_a_call_is_placed_then_both_channels_have_it_to_the_letter(
    allowing: RunningOffhook, ears: AriEars
) -> None:
    async with allowing.desk() as desk:
        placed = await desk.place_call("+15550100012", variables=(Pair(key="CRM_LEAD", value=LEAD),))
        await desk.wait_for(placed.id, "call.connected")
        for role in ("AGENT", "CUSTOMER"):
            leg_id = LegId((await desk.wait_for(placed.id, "leg.answered", role)).body["leg"]["id"])
            address = f"/channels/{channel_of(allowing.node, leg_id)}/variable"
            assert (await ears.request("GET", address, variable="CRM_LEAD")).json() == {"value": LEAD}
        await desk.hang_up(placed.id)
        await assert_is_whole(desk, await desk.wait_for_end(placed.id))


async def test_given_no_setting_when_a_call_is_placed_with_a_variable_then_it_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedError) as refused:
        await desk.place_call("+15550100012", variables=(Pair(key="CRM_LEAD", value="7"),))
    assert [(one.code, one.field) for one in refused.value.problems] == [("INVALID_INPUT", ("variables", "0", "key"))]
