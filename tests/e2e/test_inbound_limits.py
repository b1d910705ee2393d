"""Calls that come in and cannot be had at once: overflows, queues behind ring groups, recordings, full trunks."""

import asyncio

import pytest

from app.config import Settings
from app.facts.queues import AgentState
from app.facts.vocabulary import RecordingMode
from app.local.asterisk import AsteriskInstance
from app.routing.targets import ToExtension, ToQueue
from tests.rig.call_centre import CallCentre, wait_until_served
from tests.rig.desk import Desk
from tests.rig.exchange import Exchange, make_exchange
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

NUMBER = "+15550117301"
SOUND_DBFS = -50.0
LISTEN_SECONDS = 1.5


@pytest.fixture
def settings(settings: Settings, asterisk: AsteriskInstance) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    return settings.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def exchange(offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    """With the far end as the way out, too."""
    return await make_exchange(offhook, asterisk, far_end)


async def test_given_a_group_that_overflows_into_a_queue_when_nobody_of_it_answers_then_the_caller_waits_and_is_served(
    exchange: Exchange, desk: Desk, offhook: RunningOffhook
) -> None:
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    group = await exchange.group("2010", ring_seconds=1.0, overflow=ToQueue(id=centre.queue.id))
    await exchange.route(NUMBER, group)
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "queue.joined")
    await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="ANSWER")
    heard = await caller.hear(LISTEN_SECONDS)
    assert heard.between(0.5, heard.seconds).rms_dbfs() > SOUND_DBFS, "there is music"
    await centre.say(AgentState.AVAILABLE, "2001")
    await wait_until_served(desk, call_id)
    await caller.hang_up()
    story = await desk.wait_for_end(call_id)
    assert (story.disposition, story.record["extension"]) == ("ANSWERED", "2001")
    assert story.record["queueId"] == centre.queue.id
    assert [fact.body["leg"]["party"]["extension"] for fact in story.all_of("leg.dialing")] == ["2010", "2001"]
    assert story.types.count("call.connected") == 1
    await assert_is_whole(desk, story)


async def test_given_a_route_with_an_overflow_when_its_target_does_not_answer_then_the_overflow_is_rung(
    exchange: Exchange, desk: Desk
) -> None:
    group = await exchange.group("2010", ring_seconds=1.0, overflow=None)
    await exchange.route(NUMBER, group, overflow=ToExtension(number="2003"))
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "call.connected")
    await caller.hang_up()
    story = await desk.wait_for_end(call_id)
    assert (story.disposition, story.record["extension"]) == ("ANSWERED", "2003")
    await assert_is_whole(desk, story)


async def test_given_a_route_that_records_when_a_call_over_it_is_answered_then_there_is_a_recording_of_both(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route(NUMBER, ToExtension(number="2001"), recording_mode=RecordingMode.BOTH)
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "recording.started")
    async with caller.playing_tone(1000):
        await caller.hear(LISTEN_SECONDS)
    await caller.hang_up()
    story = await desk.wait_for_end(call_id)
    await desk.wait_for(call_id, "recording.saved")
    (recording,) = await desk.line.recordings(call_id)
    assert (recording["state"], recording["channels"]) == ("SAVED", 2)
    assert recording["durationSeconds"] >= LISTEN_SECONDS
    assert story.record["recordingIds"] == [recording["id"]]
    await assert_is_whole(desk, story)


async def test_given_a_trunk_with_one_channel_when_a_second_call_comes_then_the_network_hears_503_until_the_first_ends(
    exchange: Exchange, desk: Desk, offhook: RunningOffhook
) -> None:
    await exchange.route(NUMBER, ToExtension(number="2001"))
    await offhook.limit_trunk("farend", 1)
    first = await exchange.call(NUMBER)
    first_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(first_id, "call.connected")
    second = await exchange.call("+15550117399")
    end = await second.wait_until_ended()
    assert (end["cause"], end["tech_cause"]) == (34, 503)
    story = await desk.wait_for_end(await desk.wait_for_arrival("+15550117399"))
    assert (story.disposition, story.end) == ("CONGESTION", ("TRUNK_FULL", "SYSTEM"))
    await assert_is_whole(desk, story)
    await first.hang_up()
    await desk.wait_for_end(first_id)
    third = await exchange.call(NUMBER)
    third_id = await _next_arrival(desk, NUMBER, after=first_id)
    await desk.wait_for(third_id, "call.connected")
    await third.hang_up()
    assert (await desk.wait_for_end(third_id)).disposition == "ANSWERED"


async def _next_arrival(desk: Desk, dialled: str, *, after: str) -> str:
    async with asyncio.timeout(60.0):
        while (found := await desk.wait_for_arrival(dialled)) == after:
            await asyncio.sleep(0.02)
    return found
