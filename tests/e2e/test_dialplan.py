"""A customer is handed to the operator's own dialplan: what it hears there, how that ends, what the call says of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.errors import RefusedError
from app.flows.steps import DialplanTarget
from app.local.asterisk import AsteriskInstance
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

CALLED = "+15550117701"
CONTEXT = "house-menus"
LOUD_DBFS = -30.0
_DIALPLAN = (
    "tone,1,Playtones,1000",
    "tone,2,Wait,60",
    "ends,1,Playback,beep",
    "ends,2,Hangup,16",
    "back,1,Playback,beep",
    "back,2,Stasis,${OFK_APP},back",
    "back,3,Hangup,16",
)


@pytest.fixture
async def house(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, witness: Witness
) -> AsyncIterator[RunningOffhook]:
    """A service that may hand calls to a context of the Asterisk's owner."""
    for line in _DIALPLAN:
        extension, priority, application, *arguments = line.split(",")
        said = await asterisk.run_cli(
            f"dialplan add extension {extension},{priority},{application}({','.join(arguments)}) into {CONTEXT} replace"
        )
        assert f"Extension {extension}@{CONTEXT} ({priority})" in said or "into" in said, said
    settings = make_settings(asterisk, database_dsn, tmp_path / "data", dialplan_contexts=CONTEXT)
    async with running_offhook(settings) as running:
        yield running
        await running.assert_nothing_is_left(witness)


async def _handed_over(desk: Desk, far_end: FarEnd, extension: str) -> tuple[str, FarEndCall]:
    place = DialplanTarget(context=CONTEXT, extension=extension)
    placed = await desk.place_call(CALLED, connect=None, connect_dialplan=place, trunk="farend")
    customer = await far_end.expect_call(CALLED)
    await customer.answer()
    return placed.id, customer


async def test_given_a_place_in_the_dialplan_when_the_customer_answers_then_it_hears_that_until_it_hangs_up(
    house: RunningOffhook, far_end: FarEnd
) -> None:
    async with house.desk() as desk:
        call_id, customer = await _handed_over(desk, far_end, "tone")
        await desk.wait_for(call_id, "leg.answered", "CUSTOMER")
        heard = await customer.hear(2.0)
        assert heard.between(1.0, heard.seconds).tone_dbfs(1000) > LOUD_DBFS
        await customer.hang_up()
        story = await desk.wait_for_end(call_id)
        assert (story.disposition, story.end) == ("ANSWERED", ("DIALPLAN_ENDED", "SYSTEM"))
        assert story.record["talkSeconds"] == 0
        await assert_is_whole(desk, story)


@pytest.mark.parametrize("extension", ["ends", "back", "nowhere"])
async def test_given_a_dialplan_that_is_done_with_the_customer_when_it_hangs_up_or_gives_back_then_the_call_ends(
    house: RunningOffhook, far_end: FarEnd, extension: str
) -> None:
    async with house.desk() as desk:
        call_id, customer = await _handed_over(desk, far_end, extension)
        await customer.wait_until_ended()
        story = await desk.wait_for_end(call_id)
        assert (story.disposition, story.end) == ("ANSWERED", ("DIALPLAN_ENDED", "SYSTEM"))
        await assert_is_whole(desk, story)


async def test_given_a_customer_in_the_dialplan_when_the_call_is_hung_up_then_it_is_gone_there(
    house: RunningOffhook, far_end: FarEnd
) -> None:
    async with house.desk() as desk:
        call_id, customer = await _handed_over(desk, far_end, "tone")
        await desk.wait_for(call_id, "leg.answered", "CUSTOMER")
        await desk.hang_up(call_id)
        await customer.wait_until_ended()
        story = await desk.wait_for_end(call_id)
        assert story.end == ("API_HANGUP", "SYSTEM")
        await assert_is_whole(desk, story)


@pytest.mark.parametrize("context", ["house-secrets", "offhook-amd"])
async def test_given_a_context_that_no_call_may_go_to_when_asked_for_then_it_is_refused(
    house: RunningOffhook, context: str
) -> None:
    async with house.desk() as desk:
        with pytest.raises(RefusedError) as refused:
            await desk.place_call(CALLED, connect=None, connect_dialplan=DialplanTarget(context=context, extension="s"))
    problems = [(one.code, one.field) for one in refused.value.problems]
    assert problems == [("DIALPLAN_NOT_ALLOWED", ("connect", "dialplan", "context"))]


async def test_given_a_server_without_any_when_a_place_in_the_dialplan_is_asked_for_then_it_is_refused(
    graphql_desk: Desk,
) -> None:
    place = DialplanTarget(context=CONTEXT, extension="tone")
    with pytest.raises(RefusedError) as refused:
        await graphql_desk.place_call(CALLED, connect=None, connect_dialplan=place)
    assert [one.code for one in refused.value.problems] == ["DIALPLAN_NOT_ALLOWED"]
