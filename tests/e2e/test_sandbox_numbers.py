"""Every sandbox number, dialled over real SIP in both orders: how it comes out, and what is told of it on the way."""

import asyncio
from dataclasses import dataclass

import pytest

from app.facts.vocabulary import LegRole, RecordingMode
from tests.rig.desk import Desk, Story
from tests.rig.story import assert_is_as_long_as_the_talk, assert_is_whole

pytestmark = pytest.mark.asterisk


@pytest.fixture
def desk(graphql_desk: Desk) -> Desk:
    """The whole matrix goes through the public API."""
    return graphql_desk


PREFIX = "+1555010"
TALK_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Refusal:
    """A number that does not answer: disposition and end code, the SIP status it gives, whether it rings first."""

    last_four: str
    disposition: str
    code: str
    sip_code: int | None
    rings: bool


REFUSALS = (
    Refusal("0001", "BUSY", "BUSY", 486, rings=False),
    Refusal("0002", "NO_ANSWER", "NO_ANSWER", None, rings=True),
    Refusal("0003", "REJECTED", "REJECTED", 603, rings=True),
    Refusal("0004", "INVALID_NUMBER", "INVALID_NUMBER", 404, rings=False),
    Refusal("0005", "CONGESTION", "CONGESTION", 503, rings=False),
    Refusal("0014", "INVALID_NUMBER", "INVALID_NUMBER", 404, rings=False),
    Refusal("9999", "INVALID_NUMBER", "INVALID_NUMBER", 404, rings=False),
)

AGENT_ANSWERS = ["leg.dialing AGENT", "leg.ringing AGENT", "leg.answered AGENT"]
CUSTOMER_ANSWERS = ["leg.dialing CUSTOMER", "leg.ringing CUSTOMER", "leg.answered CUSTOMER"]
CONNECTION = {
    LegRole.AGENT: ["call.created", *AGENT_ANSWERS, *CUSTOMER_ANSWERS, "call.connected"],
    LegRole.CUSTOMER: ["call.created", *CUSTOMER_ANSWERS, *AGENT_ANSWERS, "call.connected"],
}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.last_four)
async def test_given_a_number_that_refuses_when_dialled_in_both_orders_then_the_call_tells_how(
    desk: Desk, refusal: Refusal
) -> None:
    async def place(first: LegRole) -> None:
        # Long enough for a ringing or a refusal to come on a busy machine.
        ring_seconds = 5 if refusal.sip_code is None else 30
        call = await desk.place_call(PREFIX + refusal.last_four, first=first, customer_ring_seconds=ring_seconds)
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert story.disposition == refusal.disposition
        assert story.end == (refusal.code, "CUSTOMER")
        assert story.ended.body["endReason"].get("sipCode") == refusal.sip_code
        assert "call.connected" not in story.types
        last_leg = story.the("leg.ended", "CUSTOMER").body
        assert last_leg["endedBy"] == ("SYSTEM" if refusal.sip_code is None else "CUSTOMER")
        tried = ["leg.dialing CUSTOMER", *(["leg.ringing CUSTOMER"] if refusal.rings else []), "leg.ended CUSTOMER"]
        if first is LegRole.CUSTOMER:
            assert story.words == ["call.created", *tried, "call.ended"]  # the agent was never troubled
        else:
            whole = ["call.created", *AGENT_ANSWERS, *tried, "leg.ended AGENT", "call.ended"]
            # A refusal ends the customer's leg first. When we give up, both end together, in either order.
            assert story.words == whole or (refusal.sip_code is None and sorted(story.words) == sorted(whole))
            assert story.the("leg.ended", "AGENT").body["endedBy"] == "SYSTEM"
        assert story.record["talkSeconds"] == 0
        assert story.record["recordingIds"] == []

    await asyncio.gather(*(place(first) for first in (LegRole.AGENT, LegRole.CUSTOMER)))


@pytest.mark.parametrize(
    ("last_four", "digits"),
    [
        ("0000", ""),
        ("0006", ""),
        ("0007", "1"),
        ("0009", ""),
        ("0010", "123#"),
        ("0011", ""),
        ("0012", ""),
        ("0013", ""),
    ],
)
async def test_given_a_number_that_answers_when_hung_up_by_request_then_both_orders_tell_the_whole_call(
    desk: Desk, last_four: str, digits: str
) -> None:
    async def place(first: LegRole) -> None:
        call = await desk.place_call(
            PREFIX + last_four, first=first, record=RecordingMode.BOTH, customer_ring_seconds=45, agent_ring_seconds=45
        )
        connected = await desk.wait_for(call.id, "call.connected", seconds=90)
        if digits:
            await desk.wait_until(
                call.id, lambda facts: Story(tuple(facts)).digits == digits, what=f"the keys {digits}"
            )
        await asyncio.sleep(TALK_SECONDS)
        await desk.hang_up(call.id)
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert story.disposition == "ANSWERED"
        assert story.end == ("API_HANGUP", "SYSTEM")
        kept = [word for word in story.words if not word.startswith(("dtmf", "recording"))]
        assert kept[:8] == CONNECTION[first]
        assert sorted(kept[8:10]) == ["leg.ended AGENT", "leg.ended CUSTOMER"]
        assert kept[10:] == ["call.ended"]
        assert {fact.body["endedBy"] for fact in story.all_of("leg.ended")} == {"SYSTEM"}
        assert story.digits == digits
        assert (story.record["dtmf"] or "") == digits
        assert all(fact.role == "CUSTOMER" for fact in story.all_of("dtmf.received"))
        assert story.record["talkSeconds"] >= TALK_SECONDS - 0.1
        saved = story.the("recording.saved").body
        assert story.record["recordingIds"] == [saved["recordingId"]] == story.recording_ids
        assert saved["channels"] == 2
        assert_is_as_long_as_the_talk(saved["durationSeconds"], story)
        assert connected.body["call"]["dialledNumber"] == PREFIX + last_four
        assert connected.body["call"]["extension"] == "2001"

    await asyncio.gather(*(place(first) for first in (LegRole.AGENT, LegRole.CUSTOMER)))


async def test_given_a_number_that_hangs_up_after_a_second_when_it_does_then_the_call_ends_by_the_customer(
    desk: Desk,
) -> None:
    async def place(first: LegRole) -> None:
        call = await desk.place_call(PREFIX + "0008", first=first)
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        if first is LegRole.AGENT:
            assert story.words == [
                *CONNECTION[first],
                *("leg.ended CUSTOMER", "leg.ended AGENT", "call.ended"),
            ]
            assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
            assert story.record["talkSeconds"] >= 0.5
        else:
            # It is gone a second after it answered, about when the agent's phone, which rings a second, answers.
            assert story.disposition in {"CANCELLED", "ANSWERED"}
            assert story.end == ("HANGUP", "CUSTOMER")
            assert story.the("leg.ended", "CUSTOMER").body["endedBy"] == "CUSTOMER"

    await asyncio.gather(*(place(first) for first in (LegRole.AGENT, LegRole.CUSTOMER)))


@pytest.mark.parametrize(("extension", "disposition", "sip_code"), [("2009", "BUSY", 486), ("2010", "NO_ANSWER", None)])
async def test_given_an_agent_who_does_not_answer_when_dialled_in_both_orders_then_the_agent_decides(
    desk: Desk, extension: str, disposition: str, sip_code: int | None
) -> None:
    async def place(first: LegRole) -> None:
        ring_seconds = 5 if sip_code is None else 30
        call = await desk.place_call(PREFIX + "0011", connect=extension, first=first, agent_ring_seconds=ring_seconds)
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == (disposition, (disposition, "AGENT"))
        assert story.ended.body["endReason"].get("sipCode") == sip_code
        dialled = [fact.role for fact in story.all_of("leg.dialing")]
        assert dialled == (["AGENT"] if first is LegRole.AGENT else ["CUSTOMER", "AGENT"])

    await asyncio.gather(*(place(first) for first in (LegRole.AGENT, LegRole.CUSTOMER)))


async def test_given_a_ringing_call_when_hung_up_by_request_then_it_is_cancelled(desk: Desk) -> None:
    async def place(first: LegRole) -> None:
        call = await desk.place_call(PREFIX + "0002", first=first, customer_ring_seconds=30)
        await desk.wait_for(call.id, "leg.ringing", "CUSTOMER")
        await desk.hang_up(call.id)
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("CANCELLED", ("API_HANGUP", "SYSTEM"))

    await asyncio.gather(*(place(first) for first in (LegRole.AGENT, LegRole.CUSTOMER)))
