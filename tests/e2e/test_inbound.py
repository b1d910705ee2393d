"""Calls that come in over a trunk: from the carrier's INVITE to the record."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from app.calls.core.verbs import StartRecording, StartTransfer, Target
from app.config import Settings
from app.facts.queues import AgentState
from app.facts.vocabulary import RecordingMode, TransferKind
from app.ids import Kind, RecordingId, new_id
from app.local.asterisk import AsteriskInstance
from app.numbers.parse import E164
from app.routing.targets import ToExtension, ToNumber, ToQueue
from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars
from tests.rig.call_centre import CallCentre, wait_until_served
from tests.rig.desk import Desk
from tests.rig.exchange import Exchange, make_exchange
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook, running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

NUMBER = "+15550117001"
CALLER = "+4930123456"
INSIDE, INSIDE_HERTZ = "+15550117100", 3100
ELSEWHERE = "+15550117200"
CALLER_HERTZ = 1000
LOUD_DBFS = -30.0
ABSENT_DBFS = -60.0
LISTEN_SECONDS = 1.5


@pytest.fixture
def settings(settings: Settings, asterisk: AsteriskInstance) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    return settings.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def exchange(offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    """With the far end as the way out, too."""
    return await make_exchange(offhook, asterisk, far_end)


async def wait_until_nobody_listens(ears: AriEars, app: str) -> None:
    """Asterisk lets an application go a moment after its listener."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while app in [one["name"] for one in (await ears.request("GET", "/applications")).json()]:
            await asyncio.sleep(0.02)


async def test_given_a_route_to_an_extension_when_a_call_comes_then_it_rings_there_is_answered_and_is_on_record(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route(NUMBER, ToExtension(number="2001"))
    caller = await exchange.call(NUMBER, name="Erika Mustermann")
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "call.connected")
    await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="ANSWER")
    await caller.hang_up()
    story = await desk.wait_for_end(call_id)
    assert story.words[:6] == [
        "call.created",
        "leg.dialing AGENT",
        "leg.ringing AGENT",
        "leg.answered AGENT",
        "leg.answered CUSTOMER",
        "call.connected",
    ]
    assert sorted(story.words[6:8]) == ["leg.ended AGENT", "leg.ended CUSTOMER"]
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    record = story.record
    assert (record["kind"], record["direction"], record["source"]) == ("INBOUND", "INBOUND", "LIVE")
    assert (record["dialledNumber"], record["callerId"], record["extension"]) == (NUMBER, CALLER, "2001")
    assert record["customer"]["number"] == CALLER
    assert record["trunkId"] == exchange.offhook.trunks["farend"]
    await assert_is_whole(desk, story)


async def test_given_a_call_that_came_in_when_it_is_recorded_and_transferred_then_each_hears_whom_it_talks_to(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route("+155501170*", ToNumber(number=E164(INSIDE)))
    caller = await exchange.call(NUMBER)
    inside = await exchange.far_end.expect_call(INSIDE)
    # Over a trunk only a number of the account's own is shown.
    assert inside.caller_number != CALLER
    await inside.ring()
    await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="RINGING")
    call_id = await desk.wait_for_arrival(NUMBER)
    assert not any(fact.type == "leg.answered" for fact in desk.heard(call_id)), "nobody pays for ringing"
    await inside.answer()
    await desk.wait_for(call_id, "call.connected")
    recording_id = RecordingId(new_id(Kind.RECORDING))
    await desk.act(call_id, StartRecording(recording_id=recording_id, mode=RecordingMode.BOTH))
    await desk.wait_for(call_id, "recording.started")
    async with AsyncExitStack() as tones:
        await tones.enter_async_context(caller.playing_tone(CALLER_HERTZ))
        await tones.enter_async_context(inside.playing_tone(INSIDE_HERTZ))
        heard = await caller.hear(LISTEN_SECONDS)
        assert heard.between(0.5, heard.seconds).tone_dbfs(INSIDE_HERTZ) > LOUD_DBFS
        heard = await inside.hear(LISTEN_SECONDS)
        assert heard.between(0.5, heard.seconds).tone_dbfs(CALLER_HERTZ) > LOUD_DBFS
    key = "transfer of a call that came in"
    await desk.act(
        call_id, StartTransfer(idempotency_key=key, kind=TransferKind.BLIND, target=Target(number=ELSEWHERE))
    )
    elsewhere = await exchange.far_end.expect_call(ELSEWHERE)
    await elsewhere.answer()
    await desk.wait_for(call_id, "transfer.completed")
    await inside.wait_until_ended()
    async with caller.playing_tone(CALLER_HERTZ):
        heard = await elsewhere.hear(LISTEN_SECONDS)
        assert heard.between(0.5, heard.seconds).tone_dbfs(CALLER_HERTZ) > LOUD_DBFS
    await elsewhere.hang_up()
    await caller.wait_until_ended()
    await desk.wait_for(call_id, "recording.saved")
    story = await desk.wait_for_end(call_id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
    await assert_is_whole(desk, story)


async def test_given_no_route_for_a_number_when_it_is_called_then_the_network_hears_404_and_there_is_a_record(
    exchange: Exchange, desk: Desk
) -> None:
    caller = await exchange.call("+15550117999")
    end = await caller.wait_until_ended()
    assert (end["cause"], end["tech_cause"]) == (1, 404)
    story = await desk.wait_for_end(await desk.wait_for_arrival("+15550117999"))
    assert (story.disposition, story.end) == ("INVALID_NUMBER", ("INVALID_NUMBER", "SYSTEM"))
    assert "leg.dialing" not in story.types
    await assert_is_whole(desk, story)


_SHOWN = """
{
  calls(first: 9, filter: {kinds: [INBOUND]}) {
    nodes {
      id direction state uniqueId
      legs { role state party { extension } }
      cdr { disposition source callerId { number } agentParty { extension } }
    }
  }
}
"""


async def test_given_calls_that_came_in_when_asked_for_over_graphql_then_the_waiting_and_the_refused_are_shown(
    served_offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd
) -> None:
    exchange = await make_exchange(served_offhook, asterisk, far_end)
    await exchange.route(NUMBER, ToExtension(number="2010"))
    async with served_offhook.desk() as desk, httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
        refused = await exchange.call("+15550117999")
        await refused.wait_until_ended()
        refused_id = await desk.wait_for_arrival("+15550117999")
        await desk.wait_for_end(refused_id)
        waiting = await exchange.call(NUMBER)
        call_id = await desk.wait_for_arrival(NUMBER)
        await desk.wait_for(call_id, "leg.ringing", "AGENT")
        answer = await http.post(
            f"{served_offhook.url}/graphql",
            json={"query": _SHOWN},
            headers={"authorization": f"Bearer {served_offhook.token}"},
        )
        shown = {one["id"]: one for one in answer.json()["data"]["calls"]["nodes"]}
        assert shown.keys() == {call_id, refused_id}
        assert (shown[call_id]["direction"], shown[call_id]["state"]) == ("INBOUND", "RINGING")
        assert [leg["role"] for leg in shown[call_id]["legs"]] == ["CUSTOMER", "AGENT"]
        assert shown[refused_id]["cdr"]["disposition"] == "INVALID_NUMBER"
        await waiting.hang_up()
        await desk.wait_for_end(call_id)


async def test_given_a_busy_extension_when_it_is_called_from_outside_then_the_network_hears_486(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route(NUMBER, ToExtension(number="2009"))
    caller = await exchange.call(NUMBER)
    end = await caller.wait_until_ended()
    assert (end["cause"], end["tech_cause"]) == (17, 486)
    story = await desk.wait_for_end(await desk.wait_for_arrival(NUMBER))
    assert (story.disposition, story.end) == ("BUSY", ("BUSY", "AGENT"))
    await assert_is_whole(desk, story)


async def test_given_a_ringing_extension_when_the_caller_gives_up_then_the_call_is_cancelled_and_nothing_rings_on(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route(NUMBER, ToExtension(number="2010"))
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "leg.ringing", "AGENT")
    await caller.hang_up()
    story = await desk.wait_for_end(call_id)
    assert (story.disposition, story.end) == ("CANCELLED", ("HANGUP", "CUSTOMER"))
    assert story.the("leg.ended", "AGENT").body["endedBy"] == "SYSTEM"
    await assert_is_whole(desk, story)


async def test_given_a_phone_nobody_answers_when_its_time_is_over_then_the_overflow_is_rung_and_talks_to_the_caller(
    exchange: Exchange, desk: Desk
) -> None:
    target = await exchange.group("2010", ring_seconds=1.0, overflow=ToExtension(number="2002"))
    await exchange.route(NUMBER, target)
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "call.connected")
    assert not caller.has_ended
    await caller.hang_up()
    story = await desk.wait_for_end(call_id)
    assert (story.disposition, story.record["extension"]) == ("ANSWERED", "2002")
    dialled = [fact.body["leg"]["party"]["extension"] for fact in story.all_of("leg.dialing")]
    assert dialled == ["2010", "2002"]
    await assert_is_whole(desk, story)


async def test_given_a_phone_nobody_answers_and_no_overflow_when_its_time_is_over_then_the_caller_is_told_so(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route(NUMBER, await exchange.group("2010", ring_seconds=1.0, overflow=None))
    caller = await exchange.call(NUMBER)
    end = await caller.wait_until_ended()
    assert (end["cause"], end["tech_cause"]) == (19, 480)
    story = await desk.wait_for_end(await desk.wait_for_arrival(NUMBER))
    assert (story.disposition, story.end) == ("NO_ANSWER", ("NO_ANSWER", "AGENT"))
    await assert_is_whole(desk, story)


async def test_given_a_caller_without_a_number_when_it_calls_then_the_record_says_anonymous(
    exchange: Exchange, desk: Desk
) -> None:
    await exchange.route(NUMBER, ToExtension(number="2009"))
    caller = await exchange.call(NUMBER, caller="anonymous")
    await caller.wait_until_ended()
    story = await desk.wait_for_end(await desk.wait_for_arrival(NUMBER))
    assert story.record["customer"]["isAnonymous"] is True
    assert story.record["customer"].get("number") is None
    assert story.record["callerId"] is None


async def test_given_offhook_is_away_when_a_call_comes_then_the_caller_hears_so_and_it_is_written_down_afterwards(
    settings: Settings, asterisk: AsteriskInstance, far_end: FarEnd, witness: Witness, ears: AriEars
) -> None:
    async with running_offhook(settings) as offhook:
        exchange = await make_exchange(offhook, asterisk, far_end)
        await exchange.route(NUMBER, ToExtension(number="2001"))
    await wait_until_nobody_listens(ears, asterisk.config.stasis_app)
    caller = await exchange.call(NUMBER)
    await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="ANSWER")
    message = await caller.hear(LISTEN_SECONDS)
    assert message.between(0.5, message.seconds).rms_dbfs() > ABSENT_DBFS
    await caller.hang_up()
    for _ in range(2):  # a second start writes nothing more
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            call_id = await desk.wait_for_arrival(NUMBER)
            story = await desk.wait_for_end(call_id)
            assert story.words == ["call.created", "call.ended"]
            assert (story.disposition, story.end) == ("ABANDONED", ("SERVICE_AWAY", "SYSTEM"))
            assert (story.record["source"], story.record["callerId"]) == ("BACKFILL", CALLER)
            assert story.record["durationSeconds"] >= LISTEN_SECONDS
            assert story.record["talkSeconds"] == 0.0
            await assert_is_whole(desk, story)
            async with offhook.service.database.acquire() as connection:
                assert await connection.fetchval("SELECT count(*) FROM call") == 1
            await offhook.assert_nothing_is_left(witness)


async def test_given_a_caller_who_waits_when_the_service_is_killed_then_the_next_one_connects_the_call(
    settings: Settings, asterisk: AsteriskInstance, far_end: FarEnd, tmp_path: Path, witness: Witness
) -> None:
    async with running_offhook(settings) as offhook:
        exchange = await make_exchange(offhook, asterisk, far_end)
        await exchange.route(NUMBER, ToNumber(number=E164(INSIDE)))
    async with service_process(settings, tmp_path) as process:
        caller = await exchange.call(NUMBER)
        inside = await far_end.expect_call(INSIDE)
        await inside.ring()
        await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="RINGING")
        await process.kill()
    assert not caller.has_ended
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        call_id = await desk.wait_for_arrival(NUMBER)
        await desk.wait_for(call_id, "call.recovered")
        await inside.answer()
        await desk.wait_for(call_id, "call.connected")
        await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="ANSWER")
        async with inside.playing_tone(INSIDE_HERTZ):
            heard = await caller.hear(LISTEN_SECONDS)
            assert heard.between(0.5, heard.seconds).tone_dbfs(INSIDE_HERTZ) > LOUD_DBFS
        await caller.hang_up()
        story = await desk.wait_for_end(call_id)
        assert (story.disposition, story.record["source"]) == ("ANSWERED", "RECOVERED")
        await assert_is_whole(desk, story)
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_that_came_in_when_the_service_is_killed_and_the_caller_leaves_then_the_record_is_true(
    settings: Settings, asterisk: AsteriskInstance, far_end: FarEnd, tmp_path: Path, witness: Witness
) -> None:
    async with running_offhook(settings) as offhook:
        exchange = await make_exchange(offhook, asterisk, far_end)
        await exchange.route(NUMBER, ToNumber(number=E164(INSIDE)))
    async with service_process(settings, tmp_path) as process:
        caller = await exchange.call(NUMBER)
        inside = await far_end.expect_call(INSIDE)
        await inside.answer()
        await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="ANSWER")
        async with inside.playing_tone(INSIDE_HERTZ):
            assert (await caller.hear(LISTEN_SECONDS)).tone_dbfs(INSIDE_HERTZ) > LOUD_DBFS
        await process.kill()
        await caller.hang_up()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        story = await desk.wait_for_end(await desk.wait_for_arrival(NUMBER))
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert LISTEN_SECONDS <= story.record["talkSeconds"] < story.record["durationSeconds"] + 0.01
        assert story.record["source"] == "RECOVERED"
        await inside.wait_until_ended()
        await assert_is_whole(desk, story)
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_route_to_a_queue_when_two_call_then_each_waits_with_music_and_is_served_in_its_turn(
    exchange: Exchange, desk: Desk
) -> None:
    offhook = exchange.offhook
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"])
    await exchange.route("+1555011*", ToQueue(id=centre.queue.id))
    numbers = ["+15550117011", "+15550117012"]
    callers, calls = [], []
    for number in numbers:
        callers.append(await exchange.call(number))
        calls.append(await desk.wait_for_arrival(number))
        await desk.wait_for(calls[-1], "queue.joined")
    assert [one.call_id for one in (await centre.standing()).waiting] == calls
    music = await callers[1].hear(LISTEN_SECONDS)
    assert music.between(0.5, music.seconds).rms_dbfs() > ABSENT_DBFS
    await centre.say(AgentState.AVAILABLE, "2001")
    await wait_until_served(desk, calls[0])
    assert [one.call_id for one in (await centre.standing()).waiting] == calls[1:]
    await callers[0].hang_up()
    await wait_until_served(desk, calls[1])
    await callers[1].hang_up()
    for call_id in calls:
        story = await desk.wait_for_end(call_id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.record["kind"]) == ("ANSWERED", "INBOUND")
        assert story.record["queueId"] == centre.queue.id
        assert story.record["extension"] == "2001"
