"""Transfers on a real Asterisk, by what each of the three hears and how each call ends."""

import uuid
from dataclasses import dataclass

import pytest

from app.calls.core.verbs import CancelTransfer, CompleteTransfer, StartTransfer, Target
from app.facts.vocabulary import TransferKind
from tests.rig.audio import Sound
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, AGENT_HERTZ = "+15550115001", 3100  # music has next to nothing there
CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550115002", 1000
TARGET_NUMBER, TARGET_HERTZ = "+15550115003", 700
LOUD_DBFS = -30.0
FAINT_DBFS = -45.0
ABSENT_DBFS = -60.0
LISTEN_SECONDS = 1.5


@dataclass(slots=True)
class Talk:
    """A connected call of two parties at the far end, and the desk that transfers."""

    desk: Desk
    far_end: FarEnd
    id: str
    agent: FarEndCall
    customer: FarEndCall

    async def transfer(self, kind: TransferKind, *, recalls: bool = True, with_music: bool = False) -> FarEndCall:
        verb = StartTransfer(
            idempotency_key=str(uuid.uuid4()),
            kind=kind,
            target=Target(number=TARGET_NUMBER),
            recalls=recalls,
            with_music=with_music,
        )
        await self.desk.act(self.id, verb)
        return await self.far_end.expect_call(TARGET_NUMBER)


async def _talking(desk: Desk, far_end: FarEnd) -> Talk:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    return Talk(desk, far_end, placed.id, agent, customer)


async def _assert_talk(one: FarEndCall, other: FarEndCall) -> None:
    """Each hears the other."""
    async with one.playing_tone(AGENT_HERTZ), other.playing_tone(CUSTOMER_HERTZ):
        assert _settled(await one.hear(LISTEN_SECONDS)).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
        assert _settled(await other.hear(LISTEN_SECONDS)).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS


def _settled(sound: Sound) -> Sound:
    return sound.between(0.5, sound.seconds)


async def test_given_a_talk_when_transferred_blind_then_the_agent_goes_and_the_target_talks_to_the_customer(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.BLIND)
    await talk.agent.wait_until_ended()
    await target.ring()
    await target.answer()
    await desk.wait_for(talk.id, "transfer.completed")
    await _assert_talk(target, talk.customer)
    await talk.customer.hang_up()
    story = await desk.wait_for_end(talk.id)
    await target.wait_until_ended()
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert story.record["agent"]["number"] == TARGET_NUMBER
    assert [name for name in story.types if name.startswith("transfer")] == ["transfer.started", "transfer.completed"]
    await assert_is_whole(desk, story)


async def test_given_a_blind_transfer_when_the_target_is_busy_then_the_agent_is_called_back_and_talks_again(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.BLIND, with_music=True)
    await talk.agent.wait_until_ended()
    await target.reject(486)
    failed = await desk.wait_for(talk.id, "transfer.failed")
    assert (failed.body["disposition"], failed.body["isRecalled"]) == ("BUSY", True)
    recalled = await far_end.expect_call(AGENT_NUMBER)
    await recalled.answer()
    await desk.wait_for(talk.id, "leg.unheld", "CUSTOMER")
    await _assert_talk(recalled, talk.customer)
    await recalled.hang_up()
    story = await desk.wait_for_end(talk.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
    await assert_is_whole(desk, story)


async def test_given_a_blind_transfer_without_recall_when_the_target_refuses_then_the_call_ends_as_a_failed_transfer(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.BLIND, recalls=False)
    await target.reject(603)
    story = await desk.wait_for_end(talk.id)
    await talk.customer.wait_until_ended()
    assert (story.disposition, story.end) == ("ANSWERED", ("TRANSFER_FAILED", "SYSTEM"))
    assert story.the("transfer.failed").body["disposition"] == "REJECTED"
    await assert_is_whole(desk, story)


async def test_given_an_attended_transfer_when_completed_then_the_customer_was_held_and_talks_to_the_target(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.ATTENDED)
    await target.answer()
    await desk.wait_for(talk.id, "leg.held", "CUSTOMER")
    await _assert_talk(talk.agent, target)
    async with talk.agent.playing_tone(AGENT_HERTZ):
        music = _settled(await talk.customer.hear(LISTEN_SECONDS))
    assert music.rms_dbfs() > ABSENT_DBFS
    assert music.tone_dbfs(AGENT_HERTZ) < FAINT_DBFS
    await desk.act(talk.id, CompleteTransfer())
    await talk.agent.wait_until_ended()
    await _assert_talk(target, talk.customer)
    await target.hang_up()
    story = await desk.wait_for_end(talk.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
    await assert_is_whole(desk, story)


async def test_given_an_attended_transfer_when_cancelled_then_agent_and_customer_talk_again(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.ATTENDED)
    await target.answer()
    await desk.act(talk.id, CancelTransfer())
    await target.wait_until_ended()
    await _assert_talk(talk.agent, talk.customer)
    await desk.hang_up(talk.id)
    story = await desk.wait_for_end(talk.id)
    assert story.the("transfer.cancelled").body["kind"] == "ATTENDED"
    await assert_is_whole(desk, story)


async def test_given_a_consultation_when_the_agent_hangs_up_then_the_transfer_is_done(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.ATTENDED)
    await target.answer()
    await talk.agent.hang_up()
    await desk.wait_for(talk.id, "transfer.completed")
    await _assert_talk(target, talk.customer)
    await talk.customer.hang_up()
    await assert_is_whole(desk, await desk.wait_for_end(talk.id))


async def test_given_an_attended_transfer_when_the_customer_hangs_up_then_the_call_ends_and_the_transfer_is_cancelled(
    desk: Desk, far_end: FarEnd
) -> None:
    talk = await _talking(desk, far_end)
    target = await talk.transfer(TransferKind.ATTENDED)
    await target.ring()
    await talk.customer.hang_up()
    story = await desk.wait_for_end(talk.id)
    await target.wait_until_ended()
    await talk.agent.wait_until_ended()
    story.the("transfer.cancelled")
    assert story.end == ("HANGUP", "CUSTOMER")
    await assert_is_whole(desk, story)
