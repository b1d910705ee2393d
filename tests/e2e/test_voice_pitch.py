"""How high the agent sounds, by what each party hears: a tone is moved by the factor asked for."""

import pytest

from app.calls.core.verbs import Hold, SetVoicePitch, Unhold
from tests.rig.audio import loudest_frequency
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER = "+15550115001"
CUSTOMER_NUMBER = "+15550115002"
TONE_HERTZ = 1000
LOUD_DBFS = -45.0
LISTEN_SECONDS = 2.0
#: Asterisk moves the bins of a short-time transform: what comes out lies near the frequency, not on it.
NEAR = 0.04


async def _talk(desk: Desk, far_end: FarEnd, *, pitch: float | None = None) -> tuple[str, FarEndCall, FarEndCall]:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend", voice_pitch=pitch)
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    return placed.id, agent, customer


async def _heard_hertz(listener: FarEndCall) -> float:
    heard = await listener.hear(LISTEN_SECONDS)
    settled = heard.between(0.8, heard.seconds)
    assert settled.rms_dbfs() > LOUD_DBFS
    return loudest_frequency(settled.channel(0), settled.rate)


async def test_given_a_pitch_when_the_agent_speaks_then_the_customer_hears_it_moved_until_it_is_set_back(
    graphql_desk: Desk, far_end: FarEnd
) -> None:
    desk = graphql_desk
    call_id, agent, customer = await _talk(desk, far_end, pitch=1.5)
    async with agent.playing_tone(TONE_HERTZ), customer.playing_tone(TONE_HERTZ):
        assert await _heard_hertz(customer) == pytest.approx(1500, rel=NEAR)
        assert await _heard_hertz(agent) == pytest.approx(TONE_HERTZ, rel=NEAR), "nobody asked for the customer's"
        await desk.act(call_id, SetVoicePitch(pitch=0.5))
        assert await _heard_hertz(customer) == pytest.approx(500, rel=NEAR)
        await desk.act(call_id, SetVoicePitch(pitch=1.0))
        assert await _heard_hertz(customer) == pytest.approx(TONE_HERTZ, rel=NEAR)
    await desk.hang_up(call_id)
    story = await desk.wait_for_end(call_id)
    assert [fact.body["changed"] for fact in story.all_of("call.updated")] == [["voicePitch"], ["voicePitch"]]
    await assert_is_whole(desk, story)


async def test_given_a_talk_when_the_customers_pitch_is_set_then_it_outlives_a_hold(
    desk: Desk, far_end: FarEnd
) -> None:
    call_id, agent, customer = await _talk(desk, far_end)
    leg_id = (await desk.wait_for(call_id, "leg.answered", "CUSTOMER")).body["leg"]["id"]
    await desk.act(call_id, SetVoicePitch(pitch=2.0, leg_id=leg_id))
    await desk.act(call_id, Hold())
    await desk.wait_for(call_id, "leg.held", "CUSTOMER")
    await desk.act(call_id, Unhold())
    await desk.wait_for(call_id, "leg.unheld", "CUSTOMER")
    async with agent.playing_tone(TONE_HERTZ), customer.playing_tone(TONE_HERTZ):
        assert await _heard_hertz(agent) == pytest.approx(2000, rel=NEAR)
        assert await _heard_hertz(customer) == pytest.approx(TONE_HERTZ, rel=NEAR)
    await desk.hang_up(call_id)
    await assert_is_whole(desk, await desk.wait_for_end(call_id))
