"""Supervision by what each party hears: the agent speaks 700 Hz, the customer 1000 Hz, the supervisor 400 Hz.

Whoever is to be heard by nobody is listened for where nobody else speaks: there, next to nothing is nothing.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from app.calls.core.verbs import (
    AddParticipant,
    Hold,
    RemoveParticipant,
    StopSupervision,
    Target,
    Unhold,
    UpdateSupervision,
)
from app.errors import RefusedError
from app.facts.vocabulary import RecordingMode, SupervisionMode
from app.ids import LegId
from tests.rig.ari_ears import AriEars
from tests.rig.audio import Sound
from tests.rig.desk import PATIENCE_SECONDS, Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole
from tests.rig.supervisor import SUPERVISOR_EXTENSION, SUPERVISOR_NUMBER, seat_supervisor, supervise
from tests.rig.talk import talk
from tests.rig.two_talk import until_two_talk_directly
from tests.rig.voice import Voice

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, AGENT_HERTZ = "+15550116001", 700
CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550116002", 1000
SUPERVISOR_HERTZ = 400
THIRD_NUMBER, THIRD_HERTZ = "+15550116004", 1900
LOUD_DBFS = -35.0
FAINT_DBFS = -45.0
ABSENT_DBFS = -60.0
LISTEN_SECONDS = 1.5
#: Well over what a key takes to be heard.
_KEY_SECONDS = 15.0

M, W, B = SupervisionMode.MONITOR, SupervisionMode.WHISPER, SupervisionMode.BARGE


@dataclass(slots=True)
class Supervised:
    """A talk that somebody listens to; the supervisor speaks all the time."""

    desk: Desk
    id: str
    agent: FarEndCall
    customer: FarEndCall
    supervisor: FarEndCall
    supervision_id: str
    agent_leg_id: LegId

    async def switch(self, mode: SupervisionMode) -> None:
        await self.desk.act(self.supervision_id, UpdateSupervision(supervision_id=self.supervision_id, mode=mode))

    async def hear(self) -> tuple[Sound, Sound, Sound]:
        """What agent, customer and supervisor hear at the same time."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_hear(one), name="hear") for one in (self.agent, self.customer, self.supervisor)]
        agent, customer, supervisor = (task.result() for task in tasks)
        return agent, customer, supervisor


async def _hear(one: FarEndCall) -> Sound:
    sound = await one.hear(LISTEN_SECONDS)
    return sound.between(0.5, sound.seconds)


@asynccontextmanager
async def _supervised(
    offhook: RunningOffhook,
    desk: Desk,
    far_end: FarEnd,
    mode: SupervisionMode,
    *,
    record: RecordingMode = RecordingMode.OFF,
) -> AsyncIterator[Supervised]:
    await seat_supervisor(offhook.service.database)
    placed, agent, customer = await talk(desk, far_end, AGENT_NUMBER, CUSTOMER_NUMBER, record=record)
    await desk.act(placed.id, supervise(mode))
    supervisor = await far_end.expect_call(SUPERVISOR_NUMBER)
    await supervisor.answer()
    started = await desk.wait_for(placed.id, "supervision.started")
    assert (started.body["mode"], started.body["supervisor"]["extension"]) == (mode.value, SUPERVISOR_EXTENSION)
    async with supervisor.playing_tone(SUPERVISOR_HERTZ):
        leg_id = LegId(started.body["listensTo"]["id"])
        yield Supervised(desk, placed.id, agent, customer, supervisor, started.body["supervisionId"], leg_id)
    await desk.hang_up(placed.id)
    await supervisor.wait_until_ended()
    story = await desk.wait_for_end(placed.id)
    assert [fact.body["reason"] for fact in story.all_of("supervision.ended")][-1] in {"CALL_ENDED", "STOPPED"}
    await assert_is_whole(desk, story)


async def test_given_a_talk_when_monitored_then_the_supervisor_hears_both_and_nobody_hears_the_supervisor(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    async with _supervised(offhook, desk, far_end, M) as call:
        agent, customer, _ = await call.hear()
        assert agent.rms_dbfs() < ABSENT_DBFS
        assert customer.rms_dbfs() < ABSENT_DBFS
        async with call.agent.playing_tone(AGENT_HERTZ), call.customer.playing_tone(CUSTOMER_HERTZ):
            agent, customer, supervisor = await call.hear()
        assert supervisor.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert supervisor.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
        assert agent.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
        assert customer.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS


@pytest.mark.parametrize("is_customer_talking", [False, True])
@pytest.mark.parametrize("record", [RecordingMode.OFF, RecordingMode.BOTH])
async def test_given_a_talk_when_whispered_into_then_the_agent_alone_hears_it(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd, is_customer_talking: bool, record: RecordingMode
) -> None:
    async with _supervised(offhook, desk, far_end, W, record=record) as call, AsyncExitStack() as tones:
        if is_customer_talking:
            await tones.enter_async_context(call.customer.playing_tone(CUSTOMER_HERTZ))
        agent, customer, supervisor = await call.hear()
        assert agent.tone_dbfs(SUPERVISOR_HERTZ) > LOUD_DBFS
        assert customer.rms_dbfs() < ABSENT_DBFS
        assert (agent.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS) is is_customer_talking
        assert (supervisor.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS) is is_customer_talking


async def test_given_a_talk_when_barged_into_then_all_hear_each_other(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    async with _supervised(offhook, desk, far_end, B) as call:
        async with call.agent.playing_tone(AGENT_HERTZ), call.customer.playing_tone(CUSTOMER_HERTZ):
            agent, customer, supervisor = await call.hear()
        assert agent.tone_dbfs(SUPERVISOR_HERTZ) > LOUD_DBFS
        assert customer.tone_dbfs(SUPERVISOR_HERTZ) > LOUD_DBFS
        assert supervisor.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert supervisor.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS


async def test_given_a_supervision_when_its_mode_is_switched_then_each_hears_what_the_mode_says_at_once(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    async with _supervised(offhook, desk, far_end, M) as call:
        for mode in (W, B, M, B, W, M):
            await call.switch(mode)
            agent, customer, _ = await call.hear()
            if mode is M:
                assert agent.rms_dbfs() < ABSENT_DBFS
            else:
                assert agent.tone_dbfs(SUPERVISOR_HERTZ) > LOUD_DBFS
            if mode is B:
                assert customer.tone_dbfs(SUPERVISOR_HERTZ) > LOUD_DBFS
            else:
                assert customer.rms_dbfs() < ABSENT_DBFS


async def test_given_an_agent_that_is_listened_to_when_keys_are_pressed_then_the_other_side_gets_each_once(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    async with _supervised(offhook, desk, far_end, M) as call:
        await _press(call.agent, "5", call.customer, "5")
        await _press(call.agent, "9", call.customer, "59")
        await _press(call.customer, "7", call.agent, "7")
        await desk.act(call.supervision_id, StopSupervision(supervision_id=call.supervision_id))
        await call.supervisor.wait_until_ended()
        await _press(call.agent, "3", call.customer, "593")
        await _press(call.customer, "1", call.agent, "71")
        assert (call.customer.digits_heard, call.agent.digits_heard) == ("593", "71")


async def _press(presser: Voice, key: str, hearer: Voice, heard: str) -> None:
    """Until it is heard. Keys go by RTP, which nobody acknowledges (RFC 4733): on a busy machine one may be lost.

    One that comes late, or twice, makes what is heard longer than it should be.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(hearer.digits_heard) < len(heard):
            await presser.press(key)
            async with presser.sending_silence():
                with suppress(AssertionError):
                    await hearer.expect_digits(heard, seconds=_KEY_SECONDS)
    assert hearer.digits_heard == heard


async def test_given_an_agent_that_is_listened_to_when_held_then_the_customer_hears_nothing_of_it_until_it_is_back(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    async with _supervised(offhook, desk, far_end, W) as call:
        await desk.act(call.id, Hold(leg_id=call.agent_leg_id))
        await desk.wait_for(call.id, "leg.held", "AGENT")
        async with call.agent.playing_tone(AGENT_HERTZ), call.customer.playing_tone(CUSTOMER_HERTZ):
            _, customer, supervisor = await call.hear()
            assert customer.rms_dbfs() < ABSENT_DBFS
            assert supervisor.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
            await desk.act(call.id, Unhold(leg_id=call.agent_leg_id))
            await desk.wait_for(call.id, "leg.unheld", "AGENT")
            agent, customer, supervisor = await call.hear()
        assert agent.tone_dbfs(SUPERVISOR_HERTZ) > LOUD_DBFS
        assert agent.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
        assert customer.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert customer.tone_dbfs(SUPERVISOR_HERTZ) < FAINT_DBFS
        assert supervisor.tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert supervisor.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS


async def test_given_two_supervisors_when_the_first_goes_then_the_other_hears_and_whispers_on(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    async with _supervised(offhook, desk, far_end, M) as call:
        await desk.act(call.id, supervise(W))
        other = await far_end.expect_call(SUPERVISOR_NUMBER)
        await other.answer()
        await desk.wait_until(call.id, _two_have_started, what="the second supervision")
        await desk.act(call.supervision_id, StopSupervision(supervision_id=call.supervision_id))
        await call.supervisor.wait_until_ended()
        async with other.playing_tone(THIRD_HERTZ), call.customer.playing_tone(CUSTOMER_HERTZ):
            agent, customer = await _hear(call.agent), await _hear(call.customer)
            assert agent.tone_dbfs(THIRD_HERTZ) > LOUD_DBFS
            assert agent.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
            assert customer.rms_dbfs() < ABSENT_DBFS
            assert (await _hear(other)).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS


def _two_have_started(facts: list[Fact]) -> bool:
    return [fact.type for fact in facts].count("supervision.started") == 2


async def test_given_a_busy_supervisor_when_rung_then_the_supervision_ends_and_the_talk_goes_on(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    await seat_supervisor(offhook.service.database)
    placed, agent, customer = await talk(desk, far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
    await desk.act(placed.id, supervise(W))
    await (await far_end.expect_call(SUPERVISOR_NUMBER)).reject(486)
    ended = await desk.wait_for(placed.id, "supervision.ended")
    assert (ended.body["reason"], ended.body["disposition"]) == ("NOT_REACHED", "BUSY")
    async with agent.playing_tone(AGENT_HERTZ):
        assert (await _hear(customer)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
    await customer.hang_up()
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    await assert_is_whole(desk, story)


@pytest.mark.parametrize("is_by_request", [False, True])
async def test_given_a_supervision_when_it_ends_then_the_talk_goes_on_as_before(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd, ears: AriEars, is_by_request: bool
) -> None:
    await seat_supervisor(offhook.service.database)
    placed, agent, customer = await talk(desk, far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
    await desk.act(placed.id, supervise(W))
    supervisor = await far_end.expect_call(SUPERVISOR_NUMBER)
    await supervisor.answer()
    supervision_id = (await desk.wait_for(placed.id, "supervision.started")).body["supervisionId"]
    if is_by_request:
        await desk.act(supervision_id, StopSupervision(supervision_id=supervision_id))
        await supervisor.wait_until_ended()
    else:
        await supervisor.hang_up()
    ended = await desk.wait_for(placed.id, "supervision.ended")
    assert ended.body["reason"] == ("STOPPED" if is_by_request else "HANGUP")
    async with agent.playing_tone(AGENT_HERTZ), customer.playing_tone(CUSTOMER_HERTZ):
        await until_two_talk_directly(ears, placed.id)
        assert (await _hear(customer)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert (await _hear(agent)).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
    await desk.hang_up(placed.id)
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))


async def test_given_a_desk_that_speaks_graphql_when_it_supervises_and_calls_in_then_each_mutation_does_as_it_says(
    served_offhook: RunningOffhook, graphql_desk: Desk, far_end: FarEnd
) -> None:
    desk = graphql_desk
    await seat_supervisor(served_offhook.service.database)
    placed, _, customer = await talk(desk, far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
    await desk.act(placed.id, supervise(M))
    supervisor = await far_end.expect_call(SUPERVISOR_NUMBER)
    await supervisor.answer()
    supervision_id = (await desk.wait_for(placed.id, "supervision.started")).body["supervisionId"]
    await desk.act(supervision_id, UpdateSupervision(supervision_id=supervision_id, mode=W))
    await desk.wait_for(placed.id, "supervision.changed")
    add = AddParticipant(idempotency_key=str(uuid.uuid4()), target=Target(number=THIRD_NUMBER))
    await desk.act(placed.id, add)
    third = await far_end.expect_call(THIRD_NUMBER)
    await third.answer()
    leg_id = LegId((await desk.wait_for(placed.id, "participant.joined")).body["leg"]["id"])
    await desk.act(supervision_id, StopSupervision(supervision_id=supervision_id))
    await supervisor.wait_until_ended()
    await desk.act(leg_id, RemoveParticipant(leg_id=leg_id))
    await third.wait_until_ended()
    await desk.wait_for(placed.id, "participant.left")
    with pytest.raises(RefusedError) as refused:
        await desk.act(supervision_id, StopSupervision(supervision_id=supervision_id))
    assert [one.code for one in refused.value.problems] == ["NOT_FOUND"]
    await customer.hang_up()
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))
