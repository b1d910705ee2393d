"""Several phones of one side on a real Asterisk: who rings, who is told it was answered elsewhere, who hears what."""

import asyncio

import pytest

from app.calls.core.verbs import CompleteTransfer, StartTransfer, Target
from app.facts.vocabulary import LegRole, TransferKind
from app.numbers.parse import E164
from app.routing.targets import ToNumber
from app.routing.words import RingStrategy
from tests.rig.ari_ears import PATIENCE_SECONDS, AriRefusedError
from tests.rig.desk import Desk, Fact, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import FAR_PHONES
from tests.rig.office import (
    ANSWERED_ELSEWHERE,
    CUSTOMER_NUMBER,
    LISTEN_SECONDS,
    PHONES,
    Office,
    assert_talk,
    ends_elsewhere,
    furnish,
    settled,
)
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

OVERFLOW_NUMBER = "+15550116002"
RING_HERTZ = 440  # with 480, for two seconds of every six: the ringing of North America
CADENCE_SECONDS = 6.5
HEARD_DBFS = -45.0
ABSENT_DBFS = -60.0


@pytest.fixture
async def office(offhook: RunningOffhook, desk: Desk, far_end: FarEnd) -> Office:
    return await furnish(offhook, desk, far_end)


@pytest.fixture
async def public_office(served_offhook: RunningOffhook, graphql_desk: Desk, far_end: FarEnd) -> Office:
    """Whose callers have only the public API."""
    return await furnish(served_offhook, graphql_desk, far_end)


async def test_given_an_extension_with_three_phones_when_one_answers_then_the_others_missed_nothing(
    office: Office,
) -> None:
    placed = await office.call()
    phones = await office.phones()
    winner = phones[1]
    await office.desk.wait_until(placed.id, _has_three_ringing, what="the ringing of three")
    await winner.answer()
    for phone in (phones[0], phones[2]):
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    customer = await office.customer()
    await customer.answer()
    await office.desk.wait_for(placed.id, "call.connected")
    await assert_talk(winner, customer)
    await winner.hang_up()
    await customer.wait_until_ended()
    story = await office.desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
    assert story.record["agentName"] == "Olive Office"
    assert story.record["agent"]["extension"] == "3001"
    assert ends_elsewhere(story) == 2
    await assert_is_whole(office.desk, story)


async def test_given_a_customer_who_waits_when_three_phones_ring_then_ringing_is_heard_until_one_answers(
    office: Office,
) -> None:
    placed = await office.call(first=LegRole.CUSTOMER)
    customer = await office.customer()
    await customer.answer()
    phones = await office.phones()
    ringing = await customer.hear(CADENCE_SECONDS)
    assert ringing.tone_dbfs(RING_HERTZ) > HEARD_DBFS
    await phones[2].answer()
    await office.desk.wait_for(placed.id, "call.connected")
    for phone in phones[:2]:
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    await assert_talk(phones[2], customer)
    quiet = await customer.hear(CADENCE_SECONDS)
    assert quiet.tone_dbfs(RING_HERTZ) < ABSENT_DBFS
    await customer.hang_up()
    story = await office.desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    await assert_is_whole(office.desk, story)


async def test_given_three_phones_when_none_answers_then_the_call_was_not_answered_and_all_have_missed_it(
    office: Office,
) -> None:
    placed = await office.call(ring_seconds=1.5)
    phones = await office.phones(say_so=False)
    story = await office.desk.wait_for_end(placed.id)
    for phone in phones:
        assert (await phone.wait_until_ended())["cause"] != ANSWERED_ELSEWHERE
    assert (story.disposition, story.end) == ("NO_ANSWER", ("NO_ANSWER", "AGENT"))
    assert ends_elsewhere(story) == 0
    assert len(story.all_of("leg.ended", "AGENT")) == len(PHONES)
    assert story.record["agentName"] == "Olive Office"
    await assert_is_whole(office.desk, story)


async def test_given_three_phones_when_one_is_busy_and_another_answers_then_they_talk(office: Office) -> None:
    placed = await office.call(first=LegRole.CUSTOMER)
    customer = await office.customer()
    await customer.answer()
    phones = await office.phones()
    await phones[0].reject(486)
    await office.desk.wait_for(placed.id, "leg.ended", "AGENT")
    await phones[1].answer()
    assert (await phones[2].wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    await office.desk.wait_for(placed.id, "call.connected")
    await assert_talk(phones[1], customer)
    await office.desk.hang_up(placed.id)
    story = await office.desk.wait_for_end(placed.id)
    assert story.disposition == "ANSWERED"
    assert ends_elsewhere(story) == 1
    await assert_is_whole(office.desk, story)


async def test_given_three_phones_when_all_are_busy_or_refuse_then_the_call_is_busy(office: Office) -> None:
    placed = await office.call()
    phones = await office.phones()
    for phone, status in zip(phones, (603, 486, 404), strict=True):
        await phone.reject(status)
    story = await office.desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("BUSY", ("BUSY", "AGENT"))
    await assert_is_whole(office.desk, story)


async def test_given_three_phones_when_two_answer_at_once_then_one_talks_and_the_other_is_let_go_unheard(
    office: Office,
) -> None:
    placed = await office.call(first=LegRole.CUSTOMER)
    customer = await office.customer()
    await customer.answer()
    phones = await office.phones()
    # On a busy machine the first answer may come through, and the others be cancelled, before the second is sent.
    sent = await asyncio.gather(phones[0].answer(), phones[1].answer(), return_exceptions=True)
    assert [error for error in sent if error is not None and not isinstance(error, AriRefusedError)] == []
    await office.desk.wait_for(placed.id, "call.connected")
    loser, winner = await _which_has_ended(phones[0], phones[1])
    assert (await loser.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    silence = settled(await customer.hear(LISTEN_SECONDS))
    assert silence.rms_dbfs() < ABSENT_DBFS
    await assert_talk(winner, customer)
    await customer.hang_up()
    story = await office.desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert ends_elsewhere(story) == 2
    await assert_is_whole(office.desk, story)


async def test_given_a_ring_group_in_order_when_the_first_is_busy_then_the_next_rings_and_is_on_record(
    office: Office,
) -> None:
    group_id = await office.group(RingStrategy.IN_ORDER, ring_seconds=30.0)
    placed = await office.call_group(group_id, first=LegRole.CUSTOMER)
    customer = await office.customer()
    await customer.answer()
    for phone in await office.phones():
        await phone.reject(486)
    second = await office.far_end.expect_call("3002")
    await second.answer()
    await office.desk.wait_for(placed.id, "call.connected")
    await assert_talk(second, customer)
    await second.hang_up()
    story = await office.desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
    assert (story.record["agentName"], story.record["extension"]) == ("Paul Porter", "3002")
    assert _dialled(story) == ["3001", "3001", "3001", "3002"]
    assert ends_elsewhere(story) == 0
    await assert_is_whole(office.desk, story)


async def test_given_a_ring_group_of_all_when_one_answers_then_the_others_missed_nothing(public_office: Office) -> None:
    office = public_office
    placed = await office.call_group(await office.group(RingStrategy.ALL, ring_seconds=20.0))
    three = await office.phones()
    second, third = [await office.far_end.expect_call(number) for number in ("3002", "3003")]
    await third.answer()
    for phone in (*three, second):
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    customer = await office.customer()
    await customer.answer()
    await office.desk.wait_for(placed.id, "call.connected")
    await office.desk.hang_up(placed.id)
    story = await office.desk.wait_for_end(placed.id)
    assert (story.record["agentName"], story.record["extension"]) == ("Rita Reed", "3003")
    assert ends_elsewhere(story) == len(FAR_PHONES) - 1
    await assert_is_whole(office.desk, story)


async def test_given_a_ring_group_at_random_when_nobody_answers_then_each_has_rung_once_and_the_call_overflows(
    office: Office,
) -> None:
    overflow = ToNumber(number=E164(OVERFLOW_NUMBER))
    group_id = await office.group(RingStrategy.RANDOM, ring_seconds=1.5, overflow=overflow)
    placed = await office.call_group(group_id)
    last = await office.far_end.expect_call(OVERFLOW_NUMBER)
    await last.reject(486)
    story = await office.desk.wait_for_end(placed.id)
    assert story.disposition == "BUSY"
    dialled = _dialled(story)
    assert sorted(dialled) == sorted(["3001", "3001", "3001", "3002", "3003", OVERFLOW_NUMBER])
    assert dialled[-1] == OVERFLOW_NUMBER
    together = dialled.index("3001")
    assert dialled[together : together + 3] == ["3001"] * 3
    await assert_is_whole(office.desk, story)


async def test_given_a_talk_when_transferred_to_three_phones_then_ringing_is_heard_and_one_of_them_takes_it(
    office: Office,
) -> None:
    placed = await office.desk.place_call(CUSTOMER_NUMBER, connect="3002", trunk="farend")
    agent = await office.far_end.expect_call("3002")
    await agent.answer()
    customer = await office.customer()
    await customer.answer()
    await office.desk.wait_for(placed.id, "call.connected")
    verb = StartTransfer(idempotency_key="k", kind=TransferKind.BLIND, target=Target(extension="3001"))
    await office.desk.act(placed.id, verb)
    await agent.wait_until_ended()
    phones = await office.phones()
    assert (await customer.hear(CADENCE_SECONDS)).tone_dbfs(RING_HERTZ) > HEARD_DBFS
    await phones[1].answer()
    await office.desk.wait_for(placed.id, "transfer.completed")
    for phone in (phones[0], phones[2]):
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    await assert_talk(phones[1], customer)
    await customer.hang_up()
    story = await office.desk.wait_for_end(placed.id)
    assert (story.record["agentName"], story.record["extension"]) == ("Olive Office", "3001")
    await assert_is_whole(office.desk, story)


async def test_given_a_talk_when_transferred_to_a_ring_group_then_whoever_answers_takes_it(
    public_office: Office,
) -> None:
    office = public_office
    group_id = await office.group(RingStrategy.ALL, ring_seconds=30.0)
    placed = await office.desk.place_call(CUSTOMER_NUMBER, connect="2001", trunk="farend")
    customer = await office.customer()
    await customer.answer()
    await office.desk.wait_for(placed.id, "call.connected")
    verb = StartTransfer(idempotency_key="k", kind=TransferKind.ATTENDED, target=Target(ring_group_id=group_id))
    await office.desk.act(placed.id, verb)
    three = await office.phones()
    second, third = [await office.far_end.expect_call(number) for number in ("3002", "3003")]
    await second.answer()
    for phone in (*three, third):
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    await office.desk.wait_until(placed.id, _has_answered_thrice, what="the answer of the group")
    await office.desk.act(placed.id, CompleteTransfer())
    await office.desk.wait_for(placed.id, "transfer.completed")
    await assert_talk(second, customer)
    await second.hang_up()
    story = await office.desk.wait_for_end(placed.id)
    assert (story.record["agentName"], story.record["extension"]) == ("Paul Porter", "3002")
    await assert_is_whole(office.desk, story)


async def _which_has_ended(one: FarEndCall, other: FarEndCall) -> tuple[FarEndCall, FarEndCall]:
    """The one of the two that is over first, and the other."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not one.has_ended and not other.has_ended:
            await asyncio.sleep(0.02)
    assert not (one.has_ended and other.has_ended)
    return (one, other) if one.has_ended else (other, one)


def _has_answered_thrice(facts: list[Fact]) -> bool:
    return [fact.type for fact in facts].count("leg.answered") == 3


def _has_three_ringing(facts: list[Fact]) -> bool:
    return [fact.type for fact in facts].count("leg.ringing") == len(PHONES)


def _dialled(story: Story) -> list[str]:
    """The agent's side as it was rung: extensions, and numbers outside."""
    parties = [fact.body["leg"]["party"] for fact in story.all_of("leg.dialing", "AGENT")]
    return [party.get("extension") or party["number"] for party in parties]
