"""The rig's far end, against the Asterisk under test: what it does is what the other side sees."""

import asyncio

import pytest

from app.local.asterisk import AsteriskInstance
from tests.asterisk.legs import CALLER_NAME, CALLER_NUMBER, answer, reaching, ring
from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars
from tests.rig.far_end import FarEnd
from tests.rig.fixtures import FAR_END_TRUNK
from tests.rig.voice import Voice

pytestmark = pytest.mark.asterisk


async def test_given_a_call_when_the_far_end_sees_it_then_number_and_caller_are_what_was_dialled(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557770001") as (leg, call):
        assert (call.caller_number, call.caller_name) == (CALLER_NUMBER, CALLER_NAME)
        assert not leg.saw("Dial", dialstatus="RINGING")
        await ring(leg, call)
        await answer(leg, call)
        await call.hang_up()
        assert await leg.wait_until_ended() == (16, None)


@pytest.mark.parametrize(
    ("sip_status", "cause"),
    [
        (403, 21),
        (404, 1),
        (408, 18),
        (410, 22),
        (480, 19),
        (484, 28),
        (486, 17),
        (500, 38),
        (501, 29),
        (502, 27),
        (503, 34),
        (603, 21),
    ],
)
async def test_given_a_rejection_when_the_leg_ends_then_it_has_that_status_and_its_cause(
    ears: AriEars, far_end: FarEnd, sip_status: int, cause: int
) -> None:
    async with reaching(ears, far_end, f"+15557771{sip_status}") as (leg, call):
        await call.reject(sip_status)
        assert await leg.wait_until_ended() == (cause, sip_status)


async def test_given_tones_both_ways_when_each_side_listens_then_it_hears_the_other(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557770002") as (leg, call):
        await answer(leg, call)
        near = Voice(ears, leg.channel_id)
        async with call.playing_tone(1000), near.playing_tone(400):
            far_heard, near_heard = await asyncio.gather(call.hear(1.5), near.hear(1.5))
        assert far_heard.between(0.5, 1.5).tone_dbfs(400) > -20
        assert far_heard.between(0.5, 1.5).tone_dbfs(1000) < -40
        assert near_heard.between(0.5, 1.5).tone_dbfs(1000) > -20
        assert near_heard.between(0.5, 1.5).tone_dbfs(400) < -40
        assert far_heard.seconds >= 1.3


async def test_given_keys_pressed_at_the_far_end_when_they_arrive_then_they_are_these_in_order(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557770003") as (leg, call):
        await answer(leg, call)
        near = Voice(ears, leg.channel_id)
        await call.press("42#*")
        await near.expect_digits("42#*")
        await near.press("17")
        await call.expect_digits("17")


async def test_given_a_ringing_call_when_we_give_it_up_then_the_far_end_sees_the_cancel(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557770004") as (leg, call):
        await ring(leg, call)
        assert not call.has_ended
        await leg.hang_up()
        await call.wait_until_ended()


async def test_given_a_call_from_a_trunk_when_its_application_listens_then_it_arrives_as_inbound(
    asterisk: AsteriskInstance, far_end: FarEnd
) -> None:
    async with AriEars.listening(
        asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, asterisk.config.stasis_app
    ) as service:
        call = await far_end.place_call(f"sip:+15557770005@127.0.0.1:{asterisk.sip_port}", caller_number="+4930123456")
        start = await service.wait_for(lambda event: event["type"] == "StasisStart", what="the inbound call")
        assert start["args"] == ["inbound", "trunk", FAR_END_TRUNK, "+15557770005"]
        assert start["channel"]["caller"]["number"] == "+4930123456"
        channel_id = start["channel"]["id"]
        # Without this the application would hear nothing after StasisEnd.
        await service.request("POST", f"/applications/{service.app}/subscription", eventSource=f"channel:{channel_id}")
        await service.request("POST", f"/channels/{channel_id}/answer")
        await far_end.ears.wait_for_channel(call.channel_id, "Dial", dialstatus="ANSWER")
        await call.hang_up()
        await service.wait_for_channel(channel_id, "ChannelDestroyed", cause=16)
        remembered = await service.request("GET", "/asterisk/variable", variable=f"hup_{channel_id}")
        _, cause, _, _, counts = remembered.json()["value"].split("|")
        assert cause == "16"
        assert counts.startswith("ssrc=")


async def test_given_a_call_from_a_trunk_when_no_application_listens_then_the_caller_is_told_and_the_call_remembered(
    asterisk: AsteriskInstance, far_end: FarEnd, ears: AriEars
) -> None:
    # Asterisk lets an application go a moment after its listener, which may have been the test before this one.
    app = asterisk.config.stasis_app
    async with asyncio.timeout(PATIENCE_SECONDS):
        while app in [one["name"] for one in (await ears.request("GET", "/applications")).json()]:
            await asyncio.sleep(0.02)
    call = await far_end.place_call(f"sip:+15557770006@127.0.0.1:{asterisk.sip_port}", caller_number="+4930123456")
    await far_end.ears.wait_for_channel(call.channel_id, "Dial", dialstatus="ANSWER")
    heard = await call.hear(1.5)
    assert heard.between(0.8, heard.seconds).rms_dbfs() > -60.0
    await call.hang_up()
    entry = await _last_missed(ears)
    began, ended, why, _, endpoint, dialled, caller = entry.split("|")
    assert (why, endpoint, dialled, caller) == ("away", FAR_END_TRUNK, "+15557770006", "+4930123456")
    assert 1.5 <= float(ended) - float(began) < 60.0


async def test_given_a_caller_the_service_has_no_room_for_when_it_is_sent_back_then_the_network_hears_503(
    asterisk: AsteriskInstance, far_end: FarEnd, ears: AriEars
) -> None:
    async with AriEars.listening(
        asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, asterisk.config.stasis_app
    ) as service:
        call = await far_end.place_call(f"sip:+15557770008@127.0.0.1:{asterisk.sip_port}", caller_number="+4930123456")
        start = await service.wait_for(lambda event: event["type"] == "StasisStart", what="the inbound call")
        channel_id = start["channel"]["id"]
        await service.request(
            "POST", f"/channels/{channel_id}/continue", context="offhook-missed", extension="full", priority=1
        )
        end = await call.wait_until_ended()
    assert (end["cause"], end["tech_cause"]) == (34, 503)
    assert (await _last_missed(ears)).split("|")[2:4] == ["full", channel_id]


async def test_given_a_number_with_signs_of_the_dialplan_when_it_is_called_then_no_argument_comes_of_them(
    asterisk: AsteriskInstance, far_end: FarEnd
) -> None:
    async with AriEars.listening(
        asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, asterisk.config.stasis_app
    ) as service:
        uri = f"sip:1%2C2%7C3@127.0.0.1:{asterisk.sip_port}"
        call = await far_end.place_call(uri, caller_number="+4930123456")
        start = await service.wait_for(lambda event: event["type"] == "StasisStart", what="the inbound call")
        assert start["args"][:3] == ["inbound", "trunk", FAR_END_TRUNK]
        assert len(start["args"]) == 4
        assert start["args"][3].isalnum()
        await call.hang_up()


async def _last_missed(ears: AriEars) -> str:
    """What the dialplan remembers of the last caller whom nobody took; it is written once the caller is gone."""

    async def read(name: str) -> str:
        return str((await ears.request("GET", "/asterisk/variable", variable=name)).json()["value"])

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (number := await read("ofk_missed_last")) or not (entry := await read(f"ofk_missed_{number}")):
            await asyncio.sleep(0.02)
    for name in ("ofk_missed_last", f"ofk_missed_{number}"):
        await ears.request("POST", "/asterisk/variable", body={"variable": name})
    return entry
