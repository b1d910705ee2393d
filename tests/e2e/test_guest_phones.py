"""Those who come to a talk have several phones: all ring together, one is answered, the others missed nothing."""

import uuid
from dataclasses import dataclass

import pytest

from app.calls.core.verbs import (
    AddParticipant,
    RemoveParticipant,
    StartSupervision,
    StartTransfer,
    StopSupervision,
    Target,
)
from app.facts.vocabulary import LegRole, SupervisionMode, TransferKind
from app.ids import LegId
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.office import (
    ANSWERED_ELSEWHERE,
    CUSTOMER_HERTZ,
    CUSTOMER_NUMBER,
    LISTEN_SECONDS,
    LOUD_DBFS,
    PHONE_HERTZ,
    PHONES,
    Office,
    assert_talk,
    ends_elsewhere,
    furnish,
    settled,
)
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole
from tests.rig.two_talk import until_two_talk_directly

pytestmark = pytest.mark.asterisk

OUTSIDE_NUMBER = "+15550116003"


@dataclass(slots=True)
class Talk:
    """Extension 3002 and the customer talk; extension 3001, with three phones, may come."""

    office: Office
    id: str
    agent: FarEndCall
    customer: FarEndCall

    async def supervise(self) -> None:
        target = Target(extension="3001")
        verb = StartSupervision(idempotency_key=str(uuid.uuid4()), mode=SupervisionMode.MONITOR, supervisor=target)
        await self.office.desk.act(self.id, verb)

    async def call_in(self) -> None:
        verb = AddParticipant(idempotency_key=str(uuid.uuid4()), target=Target(extension="3001"))
        await self.office.desk.act(self.id, verb)

    async def until_all_ring(self, role: LegRole) -> list[Fact]:
        """Gives what was told of the ringing of each phone."""

        def ringing(facts: list[Fact]) -> list[Fact]:
            return [fact for fact in facts if (fact.type, fact.role) == ("leg.ringing", role)]

        facts = await self.office.desk.wait_until(
            self.id, lambda facts: len(ringing(facts)) == len(PHONES), what="the ringing of three"
        )
        return ringing(facts)


@pytest.fixture
async def talk(offhook: RunningOffhook, desk: Desk, far_end: FarEnd) -> Talk:
    office = await furnish(offhook, desk, far_end)
    placed = await desk.place_call(CUSTOMER_NUMBER, connect="3002", trunk="farend")
    agent = await far_end.expect_call("3002")
    await agent.answer()
    customer = await office.customer()
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    return Talk(office, placed.id, agent, customer)


async def test_given_a_supervisor_with_three_phones_when_one_is_answered_then_it_hears_and_the_others_missed_nothing(
    talk: Talk, ears: AriEars
) -> None:
    desk = talk.office.desk
    await talk.supervise()
    phones = await talk.office.phones()
    await talk.until_all_ring(LegRole.SUPERVISOR)
    await phones[1].answer()
    for phone in (phones[0], phones[2]):
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    started = await desk.wait_for(talk.id, "supervision.started")
    async with talk.agent.playing_tone(PHONE_HERTZ), talk.customer.playing_tone(CUSTOMER_HERTZ):
        heard = settled(await phones[1].hear(LISTEN_SECONDS))
    assert heard.tone_dbfs(PHONE_HERTZ) > LOUD_DBFS
    assert heard.tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
    supervision_id = started.body["supervisionId"]
    await desk.act(supervision_id, StopSupervision(supervision_id=supervision_id))
    await phones[1].wait_until_ended()
    async with talk.agent.playing_tone(PHONE_HERTZ), talk.customer.playing_tone(CUSTOMER_HERTZ):
        await until_two_talk_directly(ears, talk.id)
    await assert_talk(talk.agent, talk.customer)
    await desk.hang_up(talk.id)
    story = await desk.wait_for_end(talk.id)
    assert ends_elsewhere(story) == 2
    assert story.the("supervision.ended").body["reason"] == "STOPPED"
    await assert_is_whole(desk, story)


async def test_given_a_supervisor_with_three_phones_when_all_are_busy_or_refuse_then_it_was_busy_and_the_talk_goes_on(
    talk: Talk,
) -> None:
    desk = talk.office.desk
    await talk.supervise()
    for phone, status in zip(await talk.office.phones(), (603, 486, 404), strict=True):
        await phone.reject(status)
    ended = await desk.wait_for(talk.id, "supervision.ended")
    assert (ended.body["reason"], ended.body["disposition"]) == ("NOT_REACHED", "BUSY")
    await assert_talk(talk.agent, talk.customer)
    await desk.hang_up(talk.id)
    await assert_is_whole(desk, await desk.wait_for_end(talk.id))


async def test_given_a_participant_with_three_phones_when_one_is_answered_then_one_joins(talk: Talk) -> None:
    desk = talk.office.desk
    await talk.call_in()
    phones = await talk.office.phones()
    await talk.until_all_ring(LegRole.PARTICIPANT)
    await phones[2].answer()
    for phone in phones[:2]:
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    await desk.wait_for(talk.id, "participant.joined")
    await assert_talk(phones[2], talk.customer)
    await assert_talk(phones[2], talk.agent)
    await phones[2].hang_up()
    await desk.wait_for(talk.id, "participant.left")
    await talk.customer.hang_up()
    story = await desk.wait_for_end(talk.id)
    assert ends_elsewhere(story) == 2
    assert story.the("participant.joined").body["leg"]["id"] == story.the("participant.left").body["leg"]["id"]
    await assert_is_whole(desk, story)


async def test_given_a_participant_whose_three_phones_ring_when_one_of_these_legs_is_removed_then_none_rings_on(
    talk: Talk,
) -> None:
    desk = talk.office.desk
    await talk.call_in()
    phones = await talk.office.phones()
    *_, last = await talk.until_all_ring(LegRole.PARTICIPANT)
    leg_id = LegId(last.body["leg"]["id"])
    await desk.act(leg_id, RemoveParticipant(leg_id=leg_id))
    for phone in phones:
        await phone.wait_until_ended()
    await assert_talk(talk.agent, talk.customer)
    await talk.customer.hang_up()
    story = await desk.wait_for_end(talk.id)
    assert not story.all_of("participant.joined")
    assert ends_elsewhere(story) == 0
    await assert_is_whole(desk, story)


async def test_given_an_agent_with_three_phones_when_its_transfer_fails_then_all_ring_again_and_one_is_answered(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    office = await furnish(offhook, desk, far_end)
    placed = await office.call()
    phones = await office.phones()
    await phones[1].answer()
    customer = await office.customer()
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    target = Target(number=OUTSIDE_NUMBER)
    verb = StartTransfer(idempotency_key="k", kind=TransferKind.BLIND, target=target, recalls=True)
    await desk.act(placed.id, verb)
    await phones[1].wait_until_ended()
    await (await far_end.expect_call(OUTSIDE_NUMBER)).reject(486)
    assert (await desk.wait_for(placed.id, "transfer.failed")).body["isRecalled"]
    again = await office.phones()
    await again[0].answer()
    for phone in again[1:]:
        assert (await phone.wait_until_ended())["cause"] == ANSWERED_ELSEWHERE
    await assert_talk(again[0], customer)
    await customer.hang_up()
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert ends_elsewhere(story) == 4
    await assert_is_whole(desk, story)
