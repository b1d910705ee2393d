"""Asterisk does what it was asked and its answer is lost, dies under calls, or is taken over by another service."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.calls.core import recording
from app.errors import AsteriskUnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.ids import asterisk_prefix
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer, running_asterisk
from app.process.running import ServiceHealth
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd
from tests.rig.fault_proxy import proxy_to_asterisk
from tests.rig.fixtures import FAR_END_TRUNK
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT = "+15550180001"
CUSTOMER = "+15550180002"
TALK_SECONDS = 0.5  # enough for a file that holds something

#: Requests of a recorded click-to-call, in their order, by what their first line holds.
REQUESTS = {
    "create": b"POST /ari/channels/create",
    "dial": b"/dial?",
    "bridge": b"POST /ari/bridges",
    "join": b"/addChannel?",
    "snoop": b"/snoop/",
    "record": b"/record?",
    "stop": b"/stop HTTP",
    "hang up": b"DELETE /ari/channels/",
    "destroy": b"DELETE /ari/bridges/",
    "fetch": b"GET /ari/recordings/stored/",
}


@pytest.mark.parametrize("request_name", list(REQUESTS))
async def test_given_asterisk_acts_and_its_answer_is_lost_when_a_call_is_made_then_it_goes_on_and_nobody_is_rung_twice(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    request_name: str,
) -> None:
    heard_before = len(far_end.ears.events)
    async with proxy_to_asterisk(asterisk.ari_url) as wire:
        settings = make_settings(asterisk, database_dsn, tmp_path, ari_url=wire.address, ari_timeout_seconds=2.0)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            wire.lose_answer_to(REQUESTS[request_name])
            placed = await desk.place_call(
                CUSTOMER, connect_number=AGENT, trunk="farend", record=RecordingMode.BOTH, customer_ring_seconds=20
            )
            agent = await far_end.expect_call(AGENT)
            await agent.answer()
            await (await far_end.expect_call(CUSTOMER)).answer()
            await desk.wait_for(placed.id, "recording.started")
            await asyncio.sleep(TALK_SECONDS)
            await desk.hang_up(placed.id)
            story = await desk.wait_for_end(placed.id, seconds=60)
            async with asyncio.timeout(60):  # the end is told before the last request is made
                while not wire.lost_answers:
                    await asyncio.sleep(0.01)
            assert wire.lost_answers == 1
            await assert_is_whole(desk, story)
            assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
            story.the("recording.saved")
            await offhook.assert_nothing_is_left(witness, seconds=60)
    invites = [event["args"][-1] for event in far_end.ears.events[heard_before:] if event["type"] == "StasisStart"]
    assert invites == [AGENT, CUSTOMER]


def _recording_is_decided(facts: list[Fact]) -> bool:
    return any(fact.type in {"recording.started", "recording.failed"} for fact in facts)


async def test_given_a_recording_that_begins_too_late_when_it_is_given_up_then_nothing_of_it_stays_in_asterisk(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index, seconds in enumerate((0.0, 0.005, 0.01, 0.02, 0.03, 0.04)):
        monkeypatch.setattr(recording, "START_SECONDS", seconds)
        agent_number, customer_number = f"+1555018{index}101", f"+1555018{index}102"
        placed = await desk.place_call(
            customer_number, connect_number=agent_number, trunk="farend", record=RecordingMode.BOTH
        )
        await (await far_end.expect_call(agent_number)).answer()
        customer = await far_end.expect_call(customer_number)
        await customer.answer()
        await desk.wait_until(placed.id, _recording_is_decided, what="the recording")
        await asyncio.sleep(TALK_SECONDS)
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert len(story.all_of("recording.failed")) + len(story.all_of("recording.saved")) == 1
    await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_asterisk_is_killed_and_starts_anew_then_the_call_is_closed_as_node_lost(
    asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    async with running_asterisk(config, install=asterisk_install) as doomed, proxy_to_asterisk(doomed.ari_url) as wire:
        settings = make_settings(doomed, database_dsn, tmp_path, ari_url=wire.address)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            placed = await desk.place_call(CUSTOMER, connect_number=AGENT, trunk="farend", record=RecordingMode.BOTH)
            agent = await far_end.expect_call(AGENT)
            await agent.answer()
            customer = await far_end.expect_call(CUSTOMER)
            await customer.answer()
            await desk.wait_for(placed.id, "recording.started")
            doomed.process.kill()
            await doomed.process.wait()
            killed_at = datetime.now(UTC)
            await offhook.wait_until_unready()
            with pytest.raises(AsteriskUnavailableError):
                await desk.place_call(CUSTOMER, trunk="farend")
            async with running_asterisk(config, install=asterisk_install) as successor:
                wire.open_target = lambda: asyncio.open_connection("127.0.0.1", successor.ports.http)
                await offhook.wait_until_ready()
                story = await desk.wait_for_end(placed.id, seconds=60)
                await assert_is_whole(desk, story)
                assert (story.disposition, story.end) == ("ANSWERED", ("NODE_LOST", "SYSTEM"))
                assert story.record["source"] == "RECOVERED"
                assert datetime.fromisoformat(story.record["endedAt"]) < killed_at, "nobody talked without Asterisk"
                story.the("recording.failed")  # it went with the dead Asterisk's directory
                later = await desk.place_call("+15550180003", trunk="farend", first=LegRole.CUSTOMER)
                assert later.state != "ENDED"
                await desk.hang_up(later.id)
                await desk.wait_for_end(later.id)
                await offhook.service.registry.wait_until_empty()
            await asyncio.gather(agent.hang_up(), customer.hang_up())  # no BYE was ever sent to them


async def test_given_a_stranger_takes_the_application_over_when_it_has_then_the_service_takes_its_hands_off(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    settings = make_settings(asterisk, database_dsn, tmp_path)
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        placed = await desk.place_call(CUSTOMER, trunk="farend", first=LegRole.CUSTOMER)
        customer = await far_end.expect_call(CUSTOMER)
        await customer.ring()
        await desk.wait_for(placed.id, "leg.ringing")
        thief = AriEars.listening(
            asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, settings.ari_application
        )
        async with thief:
            async with asyncio.timeout(60):
                while not offhook.service.node.is_aside:
                    await asyncio.sleep(0.02)
            assert "OFFHOOK_ARI_APPLICATION" in str(offhook.service.node.why_not_ready)
            (part,) = [one for one in await ServiceHealth(offhook.service).check() if one.name == "asterisk"]
            assert not part.is_ready
            assert (await witness.look(asterisk_prefix(offhook.node))).channels, "it must not touch what it lost"
            assert not customer.has_ended
    # The stranger is gone: whoever starts next goes on with the call.
    async with running_offhook(settings) as second, second.desk() as desk:
        await desk.hang_up(placed.id)
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("CANCELLED", ("API_HANGUP", "SYSTEM"))
        await second.assert_nothing_is_left(witness)


async def test_given_a_clock_when_facts_are_told_then_their_instants_are_asterisks_own(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    settings = make_settings(asterisk, database_dsn, tmp_path)
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        placed = await desk.place_call(CUSTOMER, trunk="farend", first=LegRole.CUSTOMER)
        customer = await far_end.expect_call(CUSTOMER)
        await customer.reject(486)
        ended_at = datetime.fromisoformat((await customer.wait_until_ended())["timestamp"])
        story = await desk.wait_for_end(placed.id)
        assert abs((story.the("leg.ended").happened_at - ended_at).total_seconds()) < 1.0
