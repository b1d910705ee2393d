"""Conferences by what each party hears: the agent speaks 700 Hz, the customer 1000 Hz, the third party 3100 Hz."""

import asyncio
import uuid
from dataclasses import dataclass

import pytest

from app.calls.core.verbs import AddParticipant, Hold, RemoveParticipant, Target, Unhold
from app.ids import LegId
from tests.rig.audio import Sound
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.story import assert_is_whole
from tests.rig.talk import talk

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, AGENT_HERTZ = "+15550117001", 700
CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550117002", 1000
THIRD_NUMBER, THIRD_HERTZ = "+15550117003", 3100  # music has next to nothing there
HERTZ = (AGENT_HERTZ, CUSTOMER_HERTZ, THIRD_HERTZ)
LOUD_DBFS = -35.0
FAINT_DBFS = -45.0
LISTEN_SECONDS = 1.5


@dataclass(slots=True)
class Conference:
    """A call of three at the far end. ``leg_id`` is the third party's leg."""

    desk: Desk
    id: str
    agent: FarEndCall
    customer: FarEndCall
    third: FarEndCall
    leg_id: LegId

    async def assert_hear(self, **hears: str) -> None:
        """Each of those named hears those whose initials are given (a, c, t) and nobody else; all three speak."""
        async with (
            self.agent.playing_tone(AGENT_HERTZ),
            self.customer.playing_tone(CUSTOMER_HERTZ),
            self.third.playing_tone(THIRD_HERTZ),
            asyncio.TaskGroup() as group,
        ):
            heard = {who: group.create_task(_hear(getattr(self, who))) for who in hears}
        for who, task in heard.items():
            for hertz, initial in zip(HERTZ, "act", strict=True):
                level = task.result().tone_dbfs(hertz)
                assert level > LOUD_DBFS if initial in hears[who] else level < FAINT_DBFS, (who, hertz, level)


async def _hear(one: FarEndCall) -> Sound:
    sound = await one.hear(LISTEN_SECONDS)
    return sound.between(0.5, sound.seconds)


async def _three(desk: Desk, far_end: FarEnd) -> Conference:
    placed, agent, customer = await talk(desk, far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
    verb = AddParticipant(idempotency_key=str(uuid.uuid4()), target=Target(number=THIRD_NUMBER))
    await desk.act(placed.id, verb)
    third = await far_end.expect_call(THIRD_NUMBER)
    await third.ring()
    await third.answer()
    joined = await desk.wait_for(placed.id, "participant.joined")
    assert joined.body["leg"]["party"]["number"] == THIRD_NUMBER
    return Conference(desk, placed.id, agent, customer, third, LegId(joined.body["leg"]["id"]))


async def test_given_a_talk_when_a_third_is_called_in_then_each_hears_the_two_others_until_it_is_removed(
    desk: Desk, far_end: FarEnd
) -> None:
    call = await _three(desk, far_end)
    await call.assert_hear(agent="ct", customer="at", third="ac")
    await desk.act(call.leg_id, RemoveParticipant(leg_id=call.leg_id))
    await call.third.wait_until_ended()
    await desk.wait_for(call.id, "participant.left")
    async with call.agent.playing_tone(AGENT_HERTZ), call.customer.playing_tone(CUSTOMER_HERTZ):
        assert (await _hear(call.customer)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert (await _hear(call.agent)).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
    await call.customer.hang_up()
    story = await desk.wait_for_end(call.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    await assert_is_whole(desk, story)


async def test_given_a_conference_when_the_agent_leaves_then_the_others_talk_on_and_the_record_has_them(
    desk: Desk, far_end: FarEnd
) -> None:
    call = await _three(desk, far_end)
    await call.agent.hang_up()
    left = await desk.wait_for(call.id, "participant.left")
    assert (left.role, left.body["takenBy"]["id"], left.body["takenBy"]["role"]) == ("AGENT", call.leg_id, "AGENT")
    async with call.third.playing_tone(THIRD_HERTZ), call.customer.playing_tone(CUSTOMER_HERTZ):
        assert (await _hear(call.customer)).tone_dbfs(THIRD_HERTZ) > LOUD_DBFS
        assert (await _hear(call.third)).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
    await call.third.hang_up()
    story = await desk.wait_for_end(call.id)
    await call.customer.wait_until_ended()
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
    assert (story.record["agent"]["number"], story.record["customer"]["number"]) == (THIRD_NUMBER, CUSTOMER_NUMBER)
    await assert_is_whole(desk, story)


async def test_given_a_conference_when_one_is_held_then_the_two_others_talk_and_it_hears_neither(
    desk: Desk, far_end: FarEnd
) -> None:
    call = await _three(desk, far_end)
    await desk.act(call.id, Hold(leg_id=call.leg_id))
    await desk.wait_for(call.id, "leg.held", "PARTICIPANT")
    async with call.third.playing_tone(THIRD_HERTZ):
        async with call.agent.playing_tone(AGENT_HERTZ):
            assert (await _hear(call.customer)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert (await _hear(call.agent)).tone_dbfs(THIRD_HERTZ) < FAINT_DBFS
        assert (await _hear(call.customer)).tone_dbfs(THIRD_HERTZ) < FAINT_DBFS
    await desk.act(call.id, Unhold(leg_id=call.leg_id))
    await desk.wait_for(call.id, "leg.unheld", "PARTICIPANT")
    await call.assert_hear(agent="ct", customer="at", third="ac")
    await desk.hang_up(call.id)
    await call.third.wait_until_ended()
    await assert_is_whole(desk, await desk.wait_for_end(call.id))


async def test_given_somebody_who_is_busy_when_called_in_then_the_two_talk_on(desk: Desk, far_end: FarEnd) -> None:
    placed, agent, customer = await talk(desk, far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
    verb = AddParticipant(idempotency_key=str(uuid.uuid4()), target=Target(number=THIRD_NUMBER))
    await desk.act(placed.id, verb)
    await (await far_end.expect_call(THIRD_NUMBER)).reject(486)
    await desk.wait_for(placed.id, "leg.ended", "PARTICIPANT")
    async with agent.playing_tone(AGENT_HERTZ):
        assert (await _hear(customer)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert not [name for name in story.types if name.startswith("participant")]
    await assert_is_whole(desk, story)
