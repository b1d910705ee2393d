"""A customer who is given to a queue, and what those who wait hear of their place, on the real Asterisk."""

import uuid
from datetime import datetime

import pytest

from app.calls.core.verbs import CancelTransfer, StartTransfer, Target
from app.facts.queues import AgentState
from app.facts.vocabulary import LegRole, TransferKind
from tests.rig.audio import Sound
from tests.rig.call_centre import CallCentre, call_in, wait_until_served
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, AGENT_HERTZ = "+15550119001", 3100  # music has next to nothing there
CUSTOMER_NUMBER = "+15550119002"
MUSIC_DBFS, LOUD_DBFS, ABSENT_DBFS = -45.0, -30.0, -60.0
LISTEN_SECONDS = 1.5
ANNOUNCE_SECONDS = 10.0


async def _talk(desk: Desk, far_end: FarEnd) -> tuple[str, FarEndCall, FarEndCall]:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    return placed.id, agent, customer


async def _give(desk: Desk, call_id: str, centre: CallCentre, *, recalls: bool = True) -> None:
    verb = StartTransfer(
        idempotency_key=str(uuid.uuid4()),
        kind=TransferKind.BLIND,
        target=Target(queue_id=centre.queue.id),
        recalls=recalls,
    )
    await desk.act(call_id, verb)


def _settled(sound: Sound) -> Sound:
    return sound.between(0.5, sound.seconds)


async def test_given_a_talk_when_the_customer_is_given_to_a_queue_then_it_hears_music_until_another_agent_answers(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    call_id, agent, customer = await _talk(desk, far_end)
    await _give(desk, call_id, centre)
    await agent.wait_until_ended()
    await desk.wait_for(call_id, "queue.joined")
    assert _settled(await customer.hear(LISTEN_SECONDS)).rms_dbfs() > MUSIC_DBFS
    (waiting,) = (await centre.standing()).waiting
    assert (waiting.call_id, waiting.position) == (call_id, 1)
    await centre.say(AgentState.AVAILABLE, "2001")
    completed = await desk.wait_for(call_id, "transfer.completed")
    assert completed.body["target"]["extension"] == "2001"
    await desk.hang_up(call_id)
    story = await desk.wait_for_end(call_id)
    assert story.types.count("call.connected") == 1
    assert story.the("transfer.started").body["queueId"] == centre.queue.id
    assert story.the("queue.left").body["reason"] == "ANSWERED"
    assert (story.record["extension"], story.record["queueId"]) == ("2001", centre.queue.id)
    joined = datetime.fromisoformat(story.the("queue.joined").body["joinedAt"])
    served = datetime.fromisoformat(story.all_of("leg.answered", LegRole.AGENT)[-1].body["answeredAt"])
    assert story.record["queueWaitSeconds"] == pytest.approx((served - joined).total_seconds(), abs=0.002)
    await assert_is_whole(desk, story)
    await centre.wait_until("2001", AgentState.AVAILABLE)


async def test_given_nobody_who_serves_when_the_wait_is_over_then_whoever_transferred_is_called_back_and_they_talk(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2010"], max_wait_seconds=2.0)
    call_id, _, customer = await _talk(desk, far_end)
    await _give(desk, call_id, centre)
    back = await far_end.expect_call(AGENT_NUMBER)
    failed = await desk.wait_for(call_id, "transfer.failed")
    assert (failed.body["isRecalled"], failed.body["endReason"]["code"]) == (True, "QUEUE_TIMEOUT")
    await back.answer()
    await desk.wait_until(
        call_id, lambda facts: sum(one.type == "leg.answered" for one in facts) == 3, what="the answer of who came back"
    )
    async with back.playing_tone(AGENT_HERTZ):
        assert _settled(await customer.hear(LISTEN_SECONDS)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
    heard = _settled(await customer.hear(LISTEN_SECONDS))
    assert heard.rms_dbfs() < ABSENT_DBFS, "the music is over"
    await customer.hang_up()
    story = await desk.wait_for_end(call_id)
    assert story.the("queue.left").body["reason"] == "TIMEOUT"
    assert story.disposition == "ANSWERED"
    await assert_is_whole(desk, story)


async def test_given_a_customer_in_a_queue_when_the_transfer_is_cancelled_then_it_leaves_and_the_agent_is_called_back(
    served_offhook: RunningOffhook, far_end: FarEnd
) -> None:
    """Asked for over GraphQL."""
    centre = await CallCentre.open(served_offhook.service.services, served_offhook.principal, ["2010"])
    async with served_offhook.desk_over_graphql() as desk:
        call_id, _, customer = await _talk(desk, far_end)
        await _give(desk, call_id, centre)
        await desk.wait_for(call_id, "queue.joined")
        await centre.say(AgentState.AVAILABLE, "2010")  # rings, and never answers
        await desk.wait_for(call_id, "queue.offered")
        await desk.act(call_id, CancelTransfer())
        back = await far_end.expect_call(AGENT_NUMBER)
        await back.answer()
        await desk.wait_until(
            call_id,
            lambda facts: sum(one.type == "leg.answered" for one in facts) == 3,
            what="the answer of who came back",
        )
        assert not (await centre.standing()).waiting
        await centre.wait_until("2010", AgentState.AVAILABLE)
        await customer.hang_up()
        story = await desk.wait_for_end(call_id)
        assert story.types.count("queue.left") == story.types.count("transfer.cancelled") == 1
        await assert_is_whole(desk, story)


async def test_given_a_queue_that_tells_places_when_a_caller_waits_then_it_hears_its_own_and_music_again(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(
        offhook.service.services, offhook.principal, ["2001"], announce_position_seconds=ANNOUNCE_SECONDS
    )
    placed = await call_in(desk, centre, CUSTOMER_NUMBER, trunk="farend")
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    joined = await desk.wait_for(placed.id, "queue.joined")
    began = await desk.wait_for(placed.id, "playback.started")
    assert (began.at - joined.at).total_seconds() >= ANNOUNCE_SECONDS
    finished = await desk.wait_for(placed.id, "playback.finished")
    assert (finished.at - began.at).total_seconds() > 2.0, "it was spoken to its end"
    assert _settled(await customer.hear(LISTEN_SECONDS)).rms_dbfs() > MUSIC_DBFS, "music again"
    await desk.wait_until(
        placed.id, lambda facts: sum(one.type == "playback.started" for one in facts) == 2, what="the second time"
    )
    await centre.say(AgentState.AVAILABLE, "2001")
    await wait_until_served(desk, placed.id)
    stopped = await desk.wait_until(
        placed.id, lambda facts: sum(one.type == "playback.finished" for one in facts) == 2, what="the end of it"
    )
    assert [one.body["isStopped"] for one in stopped if one.type == "playback.finished"] == [False, True]
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert "playback.failed" not in story.types
    await assert_is_whole(desk, story)
