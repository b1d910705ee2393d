"""When a channel was answered, by the record that Asterisk keeps of it: while it lives, and after its end."""

from datetime import datetime

import pytest

from tests.asterisk.legs import Leg, answer, reaching, ring
from tests.rig.ari_ears import AriEars
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import FAR_END_TRUNK

pytestmark = pytest.mark.asterisk

#: Between the frame that answers a channel and the event that says so.
SLACK_SECONDS = 0.1


async def _answer(leg: Leg, call: FarEndCall) -> float:
    """Gives when, as Asterisk's event says it."""
    event = await answer(leg, call)
    return datetime.fromisoformat(event["timestamp"]).timestamp()


async def _remembered_while_it_lives(leg: Leg) -> float:
    answer = await leg.ears.request("GET", f"/channels/{leg.channel_id}/variable", variable="CDR(answer,u)")
    return float(answer.json()["value"] or 0)


async def test_given_a_leg_that_was_answered_when_it_has_ended_then_asterisk_tells_since_when_it_had_been_up(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557773001") as (leg, call):
        await ring(leg, call)
        assert await _remembered_while_it_lives(leg) == 0
        answered_at = await _answer(leg, call)
        assert await _remembered_while_it_lives(leg) == pytest.approx(answered_at, abs=SLACK_SECONDS)
        await call.hang_up()
        await leg.wait_until_ended()
        assert await leg.remembered_answer() == pytest.approx(answered_at, abs=SLACK_SECONDS)
        ended_at, cause, _ = await leg.remembered_end()
        assert ended_at > answered_at
        assert cause == 16


async def test_given_a_leg_that_nobody_answered_when_it_has_ended_then_there_was_no_answer(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557773002") as (leg, call):
        await ring(leg, call)
        await leg.hang_up()
        await leg.wait_until_ended()
        assert await leg.remembered_answer() == 0


async def test_given_a_leg_that_joined_a_talk_before_it_was_dialled_when_it_ends_then_its_own_answer_is_told(
    ears: AriEars, far_end: FarEnd
) -> None:
    async with reaching(ears, far_end, "+15557773003") as (first, first_call):
        bridge = f"bridge-{first.channel_id}"
        first_at = await _answer(first, first_call)
        await ears.request("POST", "/bridges", type="mixing", bridgeId=bridge)
        try:
            await ears.request("POST", f"/bridges/{bridge}/addChannel", channel=first.channel_id)
            second = Leg(ears, f"{first.channel_id}-second")
            await ears.request(
                "POST",
                "/channels/create",
                body={"variables": {"CHANNEL(hangup_handler_push)": "offhook-hangup,s,1"}},
                endpoint=f"PJSIP/+15557773004@{FAR_END_TRUNK}",
                app=ears.app,
                channelId=second.channel_id,
            )
            await second.wait_for("StasisStart")
            await ears.request("POST", f"/bridges/{bridge}/addChannel", channel=second.channel_id)
            await ears.request("POST", f"/channels/{second.channel_id}/dial", timeout=20)
            call = await far_end.expect_call("+15557773004")
            await ring(second, call)
            assert await _remembered_while_it_lives(second) == 0
            second_at = await _answer(second, call)
            assert await _remembered_while_it_lives(second) == pytest.approx(second_at, abs=SLACK_SECONDS)
            await call.hang_up()
            await second.wait_until_ended()
            assert await second.remembered_answer() == pytest.approx(second_at, abs=SLACK_SECONDS)
            await first.hang_up()
            await first.wait_until_ended()
            assert await first.remembered_answer() == pytest.approx(first_at, abs=SLACK_SECONDS)
        finally:
            await ears.request("DELETE", f"/bridges/{bridge}")
