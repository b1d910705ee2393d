"""One recording through a transfer, for each way that a transfer can go: who is on it, where, and where nobody is."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from app.calls.core.verbs import CancelTransfer, CompleteTransfer, StartTransfer, Target
from app.facts.vocabulary import RecordingMode, TransferKind
from tests.rig.desk import Body, Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.marks import assert_channels_agree, sound_marks
from tests.rig.recorded_talk import (
    AGENT,
    AGENT_HERTZ,
    AGENT_NUMBER,
    CUSTOMER,
    CUSTOMER_HERTZ,
    LOUD_DBFS,
    Recorded,
    RecordedTalk,
    recorded,
    talking,
)
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

TARGET_NUMBER, TARGET_HERTZ = "+15550117003", 1900
TALK_SECONDS = 1.4
#: Tones, not voices: one that ends with its party's leg leaves a click of every pitch, well outside of what is heard.
OTHERS_DBFS = -45.0


@dataclass(frozen=True, slots=True)
class Script:
    """A transfer that is played: its talk, and the facts of it."""

    talk: RecordedTalk

    async def transfer(self, kind: TransferKind) -> FarEndCall:
        target = Target(number=TARGET_NUMBER)
        verb = StartTransfer(idempotency_key=str(uuid.uuid4()), kind=kind, target=target)
        await self.talk.desk.act(self.talk.id, verb)
        return await self.talk.far_end.expect_call(TARGET_NUMBER)

    async def until(self, word: str) -> None:
        await self.talk.desk.wait_for(self.talk.id, word)

    async def speak(self) -> None:
        await asyncio.sleep(TALK_SECONDS)

    async def consult(self) -> FarEndCall:
        """The agent and the target speak, both loudly."""
        target = await self.transfer(TransferKind.ATTENDED)
        await target.answer()
        async with target.playing_tone(TARGET_HERTZ):
            await self.speak()
        return target


Play: TypeAlias = Callable[[Script], Awaitable[None]]


async def _blind_completed(script: Script) -> None:
    target = await script.transfer(TransferKind.BLIND)
    await script.talk.agent.wait_until_ended()
    await script.speak()
    await target.answer()
    await script.until("transfer.completed")
    async with target.playing_tone(TARGET_HERTZ):
        await script.speak()
    await script.talk.customer.hang_up()


async def _blind_failed_and_recalled(script: Script) -> None:
    target = await script.transfer(TransferKind.BLIND)
    await target.reject(486)
    again = await script.talk.far_end.expect_call(AGENT_NUMBER)
    await script.speak()
    await again.answer()
    # The first of its number is in the record already; this one is answered when its leg is.
    await script.talk.wait_for_number("leg.answered", 3)
    async with again.playing_tone(TARGET_HERTZ):
        await script.speak()
    await again.hang_up()


async def _attended_completed(script: Script) -> None:
    target = await script.consult()
    await script.talk.desk.act(script.talk.id, CompleteTransfer())
    async with target.playing_tone(TARGET_HERTZ):
        await script.speak()
    await target.hang_up()


async def _attended_cancelled(script: Script) -> None:
    target = await script.consult()
    await script.talk.desk.act(script.talk.id, CancelTransfer())
    await target.wait_until_ended()
    await script.speak()
    await script.talk.customer.hang_up()


async def _agent_hangs_up_while_consulting(script: Script) -> None:
    target = await script.consult()
    await script.talk.agent.hang_up()
    await script.until("transfer.completed")
    async with target.playing_tone(TARGET_HERTZ):
        await script.speak()
    await script.talk.customer.hang_up()


async def _customer_hangs_up_while_consulting(script: Script) -> None:
    await script.consult()
    await script.talk.customer.hang_up()


@pytest.mark.parametrize(
    ("play", "voices"),
    [
        pytest.param(_blind_completed, [AGENT_HERTZ, None, TARGET_HERTZ], id="blind, completed"),
        pytest.param(_blind_failed_and_recalled, [AGENT_HERTZ, None, TARGET_HERTZ], id="blind, failed and recalled"),
        pytest.param(_attended_completed, [AGENT_HERTZ, None, TARGET_HERTZ], id="attended, completed"),
        pytest.param(_attended_cancelled, [AGENT_HERTZ, None, AGENT_HERTZ], id="attended, cancelled"),
        pytest.param(_agent_hangs_up_while_consulting, [AGENT_HERTZ, None, TARGET_HERTZ], id="the agent hangs up"),
        pytest.param(_customer_hangs_up_while_consulting, [AGENT_HERTZ, None], id="the customer hangs up"),
    ],
)
async def test_given_a_recorded_talk_when_transferred_then_one_file_has_who_talks_on_its_side_and_no_consultation(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, play: Play, voices: list[float | None]
) -> None:
    talk = await talking(desk, far_end, RecordingMode.BOTH)
    async with talk.sounding():
        await asyncio.sleep(TALK_SECONDS)
        await play(Script(talk))
    story = await desk.wait_for_end(talk.id)
    await assert_is_whole(desk, story)
    (one,) = await recorded(desk, offhook, talk.id)
    one.assert_map_is_right()
    segments = one.row["segments"]
    assert [segment["kind"] for segment in segments] == ["TALK" if hertz else "APART" for hertz in voices]
    for segment, hertz in zip(segments, voices, strict=True):
        if hertz is None:
            one.assert_silent(segment)
            assert segment["legIds"] == []
        else:
            _assert_heard(one, segment, hertz)
    _assert_legs_are_linked(story.all_of("leg.answered"), one, voices)


def _assert_heard(one: Recorded, segment: Body, hertz: float) -> None:
    sound = one.heard(segment)
    assert sound.tone_dbfs(hertz, AGENT) > LOUD_DBFS
    assert sound.tone_dbfs(CUSTOMER_HERTZ, CUSTOMER) > LOUD_DBFS
    for other in {AGENT_HERTZ, TARGET_HERTZ, CUSTOMER_HERTZ} - {hertz}:
        assert sound.tone_dbfs(other, AGENT) < OTHERS_DBFS
    for other in (AGENT_HERTZ, TARGET_HERTZ):
        assert sound.tone_dbfs(other, CUSTOMER) < OTHERS_DBFS


def _assert_legs_are_linked(answered: list[Fact], one: Recorded, voices: list[float | None]) -> None:
    """Every leg that was recorded, in order; in each stretch of talk the two who talked."""
    legs = [fact.body["leg"]["id"] for fact in answered]
    agent, customer, last = legs[0], legs[1], legs[-1]
    assert one.row["legIds"] == ([agent, customer, last] if TARGET_HERTZ in voices else [agent, customer])
    pairs: dict[float | None, set[str]] = {AGENT_HERTZ: {agent, customer}, TARGET_HERTZ: {last, customer}, None: set()}
    assert [set(segment["legIds"]) for segment in one.row["segments"]] == [pairs[hertz] for hertz in voices]


@pytest.mark.parametrize("held_seconds", [0.0, 3.0], ids=["blind", "attended, after music"])
async def test_given_marks_on_both_sides_at_once_after_a_transfer_when_recorded_then_the_channels_agree_within_40_ms(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, held_seconds: float
) -> None:
    """The customer's side was written all along, through music and another's leg; the target's side began late."""
    talk = await talking(desk, far_end, RecordingMode.BOTH)
    script = Script(talk)
    target = await script.transfer(TransferKind.ATTENDED if held_seconds else TransferKind.BLIND)
    await target.answer()
    if held_seconds:
        await asyncio.sleep(held_seconds)
        await desk.act(talk.id, CompleteTransfer())
    await script.until("transfer.completed")
    await sound_marks(far_end, target, talk.customer)
    await talk.customer.hang_up()
    await assert_is_whole(desk, await desk.wait_for_end(talk.id))
    (one,) = await recorded(desk, offhook, talk.id)
    one.assert_map_is_right()
    assert_channels_agree(one.heard(one.row["segments"][-1], edge=0.0), one.row["lostSeconds"])
