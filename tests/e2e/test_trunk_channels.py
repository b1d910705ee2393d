"""A trunk that takes a limited number of calls at once, on the real Asterisk: never one more, whoever asks together."""

import asyncio
from collections import Counter

import pytest

from app.calls.planning.requests import WaitFor
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

NUMBER = "+15550118001"
AT_ONCE, MOST = 6, 2


async def test_given_a_trunk_for_two_when_six_calls_are_placed_at_once_then_two_ring_and_the_others_say_why(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, witness: Witness
) -> None:
    await offhook.limit_trunk("farend", MOST)
    placed = await asyncio.gather(
        *(
            desk.place_call(NUMBER, connect="2001", trunk="farend", wait_for=WaitFor.AGENT_ANSWERED)
            for _ in range(AT_ONCE)
        )
    )
    rung = [await far_end.expect_call(NUMBER) for _ in range(MOST)]
    for far in rung:
        await far.answer()

    def is_settled(facts: list[Fact]) -> bool:
        return any(fact.type in {"call.connected", "call.ended"} for fact in facts)

    connected: list[str] = []
    for call in placed:
        facts = await desk.wait_until(call.id, is_settled, what="an outcome")
        connected += [call.id] if any(fact.type == "call.connected" for fact in facts) else []
    refused = [call.id for call in placed if call.id not in connected]
    assert (len(connected), len(refused)) == (MOST, AT_ONCE - MOST)
    for call_id in refused:
        story = await desk.wait_for_end(call_id)
        assert (story.disposition, story.end) == ("CONGESTION", ("TRUNK_FULL", "SYSTEM"))
        assert [fact.role for fact in story.all_of("leg.dialing")] == ["AGENT"], "the trunk never saw it"
        await assert_is_whole(desk, story)

    await _hang_up(desk, connected[:1])
    again = await desk.place_call(NUMBER, connect="2001", trunk="farend")
    free = await far_end.expect_call(NUMBER)
    await free.answer()
    await desk.wait_for(again.id, "call.connected")
    await _hang_up(desk, [again.id, *connected[1:]])
    await offhook.assert_nothing_is_left(witness)


async def test_given_a_default_trunk_that_is_full_when_another_has_room_then_the_call_goes_over_that_one(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    await offhook.limit_trunk("main", 1)
    first = await desk.place_call("+15550100012", connect="2001")
    await desk.wait_for(first.id, "call.connected")
    second = await desk.place_call(NUMBER, connect="2002")
    call: FarEndCall = await far_end.expect_call(NUMBER)
    await call.answer()
    await desk.wait_for(second.id, "call.connected")
    await _hang_up(desk, [first.id, second.id])
    stories = [await desk.wait_for_end(one) for one in (first.id, second.id)]
    assert Counter(story.record["trunkId"] for story in stories) == {
        offhook.trunks["main"]: 1,
        offhook.trunks["farend"]: 1,
    }
    for story in stories:
        await assert_is_whole(desk, story)


async def _hang_up(desk: Desk, call_ids: list[str]) -> None:
    for call_id in call_ids:
        await desk.hang_up(call_id)
    for call_id in call_ids:
        await desk.wait_for_end(call_id)
