"""What a recording holds of those who come to a talk: participants and a supervisor who barges in, and no whisper."""

import asyncio
import uuid

import pytest

from app.calls.core.verbs import AddParticipant, Target, UpdateSupervision
from app.facts.vocabulary import RecordingMode, SupervisionMode
from tests.rig.audio import Sound
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.recorded_talk import (
    ABSENT_DBFS,
    AGENT,
    AGENT_HERTZ,
    CUSTOMER,
    CUSTOMER_HERTZ,
    LOUD_DBFS,
    Recorded,
    instant,
    recorded,
    talking,
)
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole
from tests.rig.supervisor import SUPERVISOR_NUMBER, seat_supervisor, supervise

pytestmark = pytest.mark.asterisk

GUEST_NUMBER, GUEST_HERTZ = "+15550117003", 1900
TALK_SECONDS = 2.5
#: A party's voice is written within so long of its joining or of a change.
SETTLED_SECONDS = 1.0


async def test_given_a_recorded_conference_when_people_come_and_go_then_all_are_on_it_each_on_one_side(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    talk = await talking(desk, far_end, RecordingMode.BOTH)
    verb = AddParticipant(idempotency_key=str(uuid.uuid4()), target=Target(number=GUEST_NUMBER))
    await desk.act(talk.id, verb)
    guest = await far_end.expect_call(GUEST_NUMBER)
    await guest.answer()
    joined = await desk.wait_for(talk.id, "participant.joined")
    async with guest.playing_tone(GUEST_HERTZ), talk.sounding():
        await asyncio.sleep(TALK_SECONDS)
        await talk.customer.hang_up()
        left = await desk.wait_for(talk.id, "participant.left")
        assert left.body["takenBy"]["id"] == joined.body["leg"]["id"]
        await asyncio.sleep(TALK_SECONDS)
    await talk.agent.hang_up()
    story = await desk.wait_for_end(talk.id)
    await assert_is_whole(desk, story)
    (one,) = await recorded(desk, offhook, talk.id)
    one.assert_map_is_right()
    assert joined.body["leg"]["id"] in one.row["legIds"]
    together = _stretch(one, joined.at.timestamp(), left.at.timestamp())
    assert together.tone_dbfs(AGENT_HERTZ, AGENT) > LOUD_DBFS
    assert together.tone_dbfs(GUEST_HERTZ, AGENT) > LOUD_DBFS, "a participant is on the agent's side"
    assert together.tone_dbfs(CUSTOMER_HERTZ, CUSTOMER) > LOUD_DBFS
    assert together.tone_dbfs(GUEST_HERTZ, CUSTOMER) < ABSENT_DBFS
    after = _stretch(one, left.at.timestamp(), left.at.timestamp() + TALK_SECONDS)
    assert after.tone_dbfs(AGENT_HERTZ, AGENT) > LOUD_DBFS
    assert after.tone_dbfs(GUEST_HERTZ, CUSTOMER) > LOUD_DBFS, "whoever took the customer's seat is on its side"
    assert after.tone_dbfs(GUEST_HERTZ, AGENT) < ABSENT_DBFS


async def test_given_a_recorded_talk_when_supervised_then_only_what_all_may_hear_of_the_supervisor_is_on_it(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook
) -> None:
    await seat_supervisor(offhook.service.database)
    talk = await talking(desk, far_end, RecordingMode.BOTH)
    await desk.act(talk.id, supervise(SupervisionMode.WHISPER))
    supervisor = await far_end.expect_call(SUPERVISOR_NUMBER)
    await supervisor.answer()
    started = await desk.wait_for(talk.id, "supervision.started")
    supervision_id = started.body["supervisionId"]
    async with supervisor.playing_tone(GUEST_HERTZ), talk.sounding():
        await asyncio.sleep(TALK_SECONDS)
        barge = UpdateSupervision(supervision_id=supervision_id, mode=SupervisionMode.BARGE)
        await desk.act(supervision_id, barge)
        changed = await desk.wait_for(talk.id, "supervision.changed")
        await asyncio.sleep(TALK_SECONDS)
        await talk.agent.hang_up()
    story = await desk.wait_for_end(talk.id)
    await assert_is_whole(desk, story)
    (one,) = await recorded(desk, offhook, talk.id)
    one.assert_map_is_right()
    whispered = _stretch(one, started.at.timestamp(), changed.at.timestamp())
    barged = _stretch(one, changed.at.timestamp(), changed.at.timestamp() + TALK_SECONDS)
    for sound in (whispered, barged):
        assert sound.tone_dbfs(AGENT_HERTZ, AGENT) > LOUD_DBFS
        assert sound.tone_dbfs(CUSTOMER_HERTZ, CUSTOMER) > LOUD_DBFS
        assert sound.tone_dbfs(GUEST_HERTZ, CUSTOMER) < ABSENT_DBFS
    assert whispered.tone_dbfs(GUEST_HERTZ, AGENT) < ABSENT_DBFS
    assert barged.tone_dbfs(GUEST_HERTZ, AGENT) > LOUD_DBFS


def _stretch(one: Recorded, begin: float, end: float) -> Sound:
    """What was recorded between two instants (seconds since the epoch), without the time that a change takes."""
    origin = instant(one.row["segments"][0]["beganAt"]).timestamp()
    return one.sound.between(begin - origin + SETTLED_SECONDS, end - origin - SETTLED_SECONDS / 2)
