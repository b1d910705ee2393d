"""A far end that asks by REFER for a transfer of its own: it is refused, and nobody's call is changed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.calls.names import channel_of
from tests.rig.ari_ears import AriEars
from tests.rig.bare_phone import PATIENCE_SECONDS, BarePhone, Dialog, bare_phone
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def phone(sipp_ports: SippPorts) -> AsyncIterator[BarePhone]:
    """Whom the trunk ``sipp`` leads to."""
    async with bare_phone(sipp_ports.sip) as one:
        yield one


async def _talk(desk: Desk, phone: BarePhone) -> tuple[str, Dialog, Dialog]:
    """A call whose two parties are both this phone."""
    placed = await desk.place_call("+15550124001", connect_number="+15550124002", trunk="sipp")
    agent = await phone.answer()
    customer = await phone.answer()
    await desk.wait_for(placed.id, "call.connected")
    return placed.id, agent, customer


@pytest.mark.parametrize("extra", [(), ("Refer-Sub: false",)], ids=["with_notify", "without_notify"])
@pytest.mark.parametrize("refer_to", ["<sip:2002@127.0.0.1>", "<sip:+15550100000@127.0.0.1>", "other_dialog"])
async def test_given_a_talk_when_a_far_end_sends_refer_then_it_is_declined_and_the_talk_goes_on(
    desk: Desk, offhook: RunningOffhook, phone: BarePhone, refer_to: str, extra: tuple[str, ...]
) -> None:
    call_id, agent, customer = await _talk(desk, phone)
    if refer_to == "other_dialog":
        escaped = customer.replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        refer_to = f"<sip:2002@127.0.0.1?Replaces={escaped}>"
    told_before = len(desk.heard(call_id))
    assert await phone.refer(agent, refer_to, *extra) == "SIP/2.0 603 Decline"
    call = offhook.service.registry.find(call_id)
    assert call is not None
    assert [leg.is_alive for leg in call.call.legs] == [True, True]
    assert len(desk.heard(call_id)) == told_before
    assert not [message for message in phone.received if message.startswith("BYE")]
    await desk.hang_up(call_id)
    story = await desk.wait_for_end(call_id)
    assert story.end == ("API_HANGUP", "SYSTEM")
    await assert_is_whole(desk, story)


async def test_given_a_talk_when_an_invite_takes_a_legs_place_then_that_one_is_hung_up_and_the_two_talk_again(
    desk: Desk, offhook: RunningOffhook, phone: BarePhone, ears: AriEars
) -> None:
    call_id, agent, _ = await _talk(desk, phone)
    call = offhook.service.registry.find(call_id)
    assert call is not None
    ours = {channel_of(offhook.node, leg.id) for leg in call.call.legs}
    assert await phone.replace(agent) == "SIP/2.0 200 OK"  # by then it has the agent's place
    await phone.wait_for_request("BYE")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _in_bridges(ears) != ours:  # asks Asterisk anew
            await asyncio.sleep(0.05)
    assert {channel["id"] for channel in (await ears.request("GET", "/channels")).json()} == ours
    await desk.hang_up(call_id)
    story = await desk.wait_for_end(call_id)
    assert story.end == ("API_HANGUP", "SYSTEM")
    await assert_is_whole(desk, story)


async def _in_bridges(ears: AriEars) -> set[str]:
    return {channel for bridge in (await ears.request("GET", "/bridges")).json() for channel in bridge["channels"]}
