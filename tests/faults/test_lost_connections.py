"""Asterisk's or the database's connection goes under live calls, and comes back: nothing is lost, nothing lingers."""

import asyncio
import functools
from datetime import datetime
from pathlib import Path

import pytest

from app.ari.stream import EventStream, StreamTimings
from app.calls.core import setup
from app.config import Settings
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.ids import asterisk_prefix
from app.local.asterisk import AsteriskInstance
from app.process import tenures
from tests.rig.ari_ears import AriEars
from tests.rig.checker import dialled_at_far_end
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.own_postgres import OwnPostgres
from tests.rig.service import running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.talk import RECOVERY_SECONDS, behind_a_wire, talk
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT = "+15550170001"
CUSTOMER = "+15550170002"


def _when(event: dict[str, str]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


async def test_given_a_talk_when_asterisk_is_out_of_reach_for_a_while_then_it_goes_on_and_is_told_recovered(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        wire.cut()
        await offhook.wait_until_unready()
        with pytest.raises(AsteriskUnavailableError):
            await desk.place_call("+15550170003", trunk="farend", first=LegRole.CUSTOMER, key="later")
        wire.mend()
        await desk.wait_for(placed.id, "call.recovered")
        await offhook.wait_until_ready()
        later = await desk.place_call("+15550170003", trunk="farend", first=LegRole.CUSTOMER, key="later")
        assert not later.is_replayed
        await (await far_end.expect_call("+15550170003")).reject(486)
        assert not agent.has_ended
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        blind = story.the("call.recovered").body
        assert blind["blindFrom"] < blind["blindUntil"]
        assert story.the("recording.saved").body["durationSeconds"] == pytest.approx(
            story.record["talkSeconds"], abs=0.5
        )
        assert (await desk.wait_for_end(later.id)).record["source"] == "LIVE"
        await offhook.assert_nothing_is_left(witness)


@pytest.mark.parametrize("late", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_a_half_open_line_when_a_ring_timer_fires_after_an_answer_then_it_is_told_when_it_truly_was(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    monkeypatch: pytest.MonkeyPatch,
    late: LegRole,
) -> None:
    # The line comes back before it is found to be dead, however long that takes here.
    patient = functools.partial(EventStream, timings=StreamTimings(ping_timeout=60.0))
    monkeypatch.setattr(tenures, "EventStream", patient)
    heard_before = len(far_end.ears.events)
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed = await desk.place_call(
            CUSTOMER,
            connect_number=AGENT,
            trunk="farend",
            agent_ring_seconds=5.0 if late is LegRole.AGENT else 30.0,
            customer_ring_seconds=5.0,
        )
        parties = [await far_end.expect_call(AGENT)]
        if late is LegRole.CUSTOMER:
            await parties[0].answer()
            parties.append(await far_end.expect_call(CUSTOMER))
        await parties[-1].ring()
        await desk.wait_for(placed.id, "leg.ringing", late)
        wire.hold()
        await parties[-1].answer()
        actor = offhook.service.registry.find(placed.id)
        assert actor is not None
        async with asyncio.timeout(20):
            while not actor.call.is_ending:
                await asyncio.sleep(0.01)
        assert actor.call.leg_of(late).answered_at is None, "the answer is still on its way"
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        await asyncio.gather(*(party.wait_until_ended() for party in parties))
        await offhook.assert_nothing_is_left(witness)
    truths = {one.number: one for one in dialled_at_far_end(far_end, since=heard_before)}
    truth = truths[CUSTOMER if late is LegRole.CUSTOMER else AGENT]
    assert truth.connected_at is not None
    assert truth.ended_at is not None
    told = story.the("leg.answered", late)
    assert abs((told.happened_at - truth.connected_at).total_seconds()) < 1.0
    seconds = (truth.ended_at - truth.connected_at).total_seconds()
    assert story.the("leg.ended", late).body["talkSeconds"] == pytest.approx(seconds, abs=1.0)
    assert story.record["source"] == "LIVE"
    if late is LegRole.CUSTOMER:
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "SYSTEM"))
        assert story.record["talkSeconds"] == pytest.approx(seconds, abs=1.0)
    else:
        assert (story.disposition, story.end) == ("CANCELLED", ("HANGUP", "SYSTEM"))
        assert story.record["talkSeconds"] == 0.0


async def test_given_a_talk_when_it_ends_while_asterisk_is_out_of_reach_then_its_true_end_is_told(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        wire.cut()
        await customer.hang_up()
        hung_up_at = _when(await customer.wait_until_ended())
        await asyncio.sleep(3.0)  # so that the end of the outage is no answer for the end of the call
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        assert abs((story.the("leg.ended", "CUSTOMER").happened_at - hung_up_at).total_seconds()) < 1.5
        await agent.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_a_hang_up_is_asked_for_while_asterisk_is_out_of_reach_then_it_is_done_afterwards(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        wire.cut()
        await offhook.wait_until_unready()
        await desk.hang_up(placed.id)
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
        await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())
        await offhook.assert_nothing_is_left(witness)


async def test_given_offhook_never_comes_back_in_time_when_the_backstop_is_over_then_asterisk_ends_the_call_itself(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # maxDurationSeconds 60, two rings of 6 s and twice the set-up's 10 s: with the margin set so, 8 s in all.
    monkeypatch.setattr(setup, "BACKSTOP_SECONDS", 8.0 - 60 - 2 * (6 + setup.SETUP_SECONDS))
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(
            desk, far_end, AGENT, CUSTOMER, max_duration_seconds=60.0, agent_ring_seconds=6.0, customer_ring_seconds=6.0
        )
        wire.cut()
        ended = await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())
        first_end = min(_when(event) for event in ended)
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert story.record["source"] == "RECOVERED"
        created_at = datetime.fromisoformat(story.record["createdAt"])
        assert (first_end - created_at).total_seconds() == pytest.approx(8.0, abs=2.0)
        assert abs((min(fact.happened_at for fact in story.all_of("leg.ended")) - first_end).total_seconds()) < 1.0
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_call_when_its_channels_are_looked_at_then_asterisk_holds_a_limit_of_its_own(
    desk: Desk, ears: AriEars, far_end: FarEnd, witness: Witness
) -> None:
    placed, _, customer = await talk(
        desk, far_end, AGENT, CUSTOMER, max_duration_seconds=30.0, agent_ring_seconds=5.0, customer_ring_seconds=7.0
    )
    wanted = 30 + (5 + 7 + 2 * setup.SETUP_SECONDS) + setup.BACKSTOP_SECONDS
    channels = (await witness.look(asterisk_prefix(desk.node))).channels
    assert len(channels) == 2
    for channel in channels:
        answer = await ears.request("GET", f"/channels/{channel}/variable", variable="TIMEOUT(absolute)")
        assert wanted - 20 < float(answer.json()["value"]) <= wanted
    await customer.hang_up()
    await desk.wait_for_end(placed.id)


async def test_given_a_limit_of_two_seconds_when_they_have_been_talked_then_the_call_is_ended(
    desk: Desk, far_end: FarEnd
) -> None:
    placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER, max_duration_seconds=2.0)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert (story.disposition, story.end) == ("ANSWERED", ("MAX_DURATION", "SYSTEM"))
    assert story.record["talkSeconds"] == pytest.approx(2.0, abs=0.5)
    await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())


async def test_given_live_calls_when_the_database_is_away_for_three_seconds_then_nothing_of_them_is_lost(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness
) -> None:
    async with running_offhook(faulty) as offhook, offhook.desk() as desk:
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        ringing = await desk.place_call("+15550170005", trunk="farend", first=LegRole.CUSTOMER)
        ringing_end = await far_end.expect_call("+15550170005")
        await server.stop()
        away_since = asyncio.get_running_loop().time()
        with pytest.raises(DatabaseUnavailableError):
            await desk.place_call("+15550170006", trunk="farend", first=LegRole.CUSTOMER, key="later")
        await customer.hang_up()
        hung_up_at = _when(await customer.wait_until_ended())
        await ringing_end.reject(486)
        await asyncio.sleep(max(0.0, away_since + 3.0 - asyncio.get_running_loop().time()))
        await server.start()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert abs((story.the("leg.ended", "CUSTOMER").happened_at - hung_up_at).total_seconds()) < 1.0
        assert story.record["source"] == "LIVE"  # Asterisk was watched all the time
        story.the("recording.saved")
        busy = await desk.wait_for_end(ringing.id)
        await assert_is_whole(desk, busy)
        assert (busy.disposition, busy.end) == ("BUSY", ("BUSY", "CUSTOMER"))
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)  # its lease may have run out, which is renewed in turn
        later = await desk.place_call("+15550170006", trunk="farend", first=LegRole.CUSTOMER, key="later")
        assert not later.is_replayed
        await (await far_end.expect_call("+15550170006")).reject(603)
        await desk.wait_for_end(later.id)
        await agent.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)
