"""Far ends that refuse, fall silent, lie, or leave at the worst moment: one true record each, nobody dialled twice."""

import asyncio
import itertools
from dataclasses import dataclass

import pytest

from app.facts.vocabulary import LegRole
from tests.rig.desk import Desk, Story
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippCall, SippServer
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

STAYS = "1"
PREMIUM = "+19005550199"
RING_SECONDS = 2.0
#: From the fault's end (the far end's last word, or our timer) to a closed record.
RECOVERY_SECONDS = 10.0

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class OddEnd:
    """How a far end of ``scenario`` behaves when a number with this last digit is dialled, and what is told of it."""

    name: str
    scenario: str
    digit: str
    told: tuple[str, str, str]
    sip_code: int | None = None
    is_cancelled: bool = False

    def __str__(self) -> str:
        return self.name


#: The dispositions are those of docs/reference/dispositions.md.
REFUSING = (
    OddEnd("486", "mix", "2", ("BUSY", "BUSY", "CUSTOMER"), 486),
    OddEnd("603", "mix", "4", ("REJECTED", "REJECTED", "CUSTOMER"), 603),
    OddEnd("404", "mix", "6", ("INVALID_NUMBER", "INVALID_NUMBER", "CUSTOMER"), 404),
    OddEnd("503", "mix", "7", ("CONGESTION", "CONGESTION", "CUSTOMER"), 503),
    OddEnd("100-then-silence", "odd", "2", ("NO_ANSWER", "NO_ANSWER", "CUSTOMER"), is_cancelled=True),
    OddEnd("183-for-ever", "odd", "3", ("NO_ANSWER", "NO_ANSWER", "CUSTOMER"), is_cancelled=True),
    OddEnd("200-after-CANCEL", "odd", "4", ("NO_ANSWER", "NO_ANSWER", "CUSTOMER"), is_cancelled=True),
)


@pytest.fixture
def scenario() -> str:
    return "odd"


def _pair(digit: str) -> tuple[str, str]:
    """An agent who stays and a customer who acts by this digit, dialled by nobody else."""
    number = next(_numbers)
    return f"+1555013{number:03d}{STAYS}", f"+1555014{number:03d}{digit}"


async def _call(desk: Desk, digit: str, *, first: LegRole = LegRole.AGENT, max_seconds: float = 60.0) -> str:
    agent, customer = _pair(digit)
    placed = await desk.place_call(
        customer,
        connect_number=agent,
        trunk="sipp",
        first=first,
        agent_ring_seconds=RING_SECONDS,
        customer_ring_seconds=RING_SECONDS,
        max_duration_seconds=max_seconds,
    )
    return placed.id


def _seen(sipp: SippServer) -> dict[str, SippCall]:
    """What SIPp saw, by the last digit dialled. Every number was called once, by Call-ID."""
    calls = sipp.calls()
    assert len({call.dialled for call in calls}) == len(calls), "a number was dialled twice"
    return {call.dialled[-1]: call for call in calls}


async def _end_of(desk: Desk, call_id: str) -> Story:
    story = await desk.wait_for_end(call_id, seconds=RING_SECONDS * 2 + RECOVERY_SECONDS)
    await assert_is_whole(desk, story)
    return story


@pytest.mark.parametrize(("scenario", "odd"), [(odd.scenario, odd) for odd in REFUSING], ids=map(str, REFUSING))
async def test_given_a_far_end_that_never_talks_when_it_is_dialled_then_its_call_ends_as_the_table_says(
    offhook: RunningOffhook,
    desk: Desk,
    sipp: SippServer,
    witness: Witness,
    odd: OddEnd,
) -> None:
    story = await _end_of(desk, await _call(desk, odd.digit))
    assert (story.disposition, *story.end) == odd.told
    assert story.ended.body["endReason"]["sipCode"] == odd.sip_code
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)
    if odd.name != "100-then-silence":  # of which nobody will ever hear the end
        await sipp.wait_until_idle(2)
    seen = _seen(sipp)
    assert set(seen) == {STAYS, odd.digit}
    assert seen[odd.digit].was_cancelled is odd.is_cancelled
    if odd.name == "200-after-CANCEL":  # answered after all, so it has to be hung up (RFC 3261, 9.1)
        assert (seen[odd.digit].final_status, seen[odd.digit].hung_up_by) == (200, "caller")


async def test_given_a_far_end_that_moves_us_to_a_premium_number_when_it_is_dialled_then_nobody_dials_that(
    offhook: RunningOffhook,
    desk: Desk,
    sipp: SippServer,
    witness: Witness,
) -> None:
    story = await _end_of(desk, await _call(desk, "5"))
    assert story.disposition in {"UNREACHABLE", "REJECTED", "FAILED"}
    assert story.end[1] == "CUSTOMER"
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)
    assert set(_seen(sipp)) == {STAYS, "5"}
    assert PREMIUM not in {call.dialled for call in sipp.calls()}


async def test_given_a_far_end_that_loses_our_bye_when_the_call_is_hung_up_then_its_record_is_closed_at_once(
    offhook: RunningOffhook,
    desk: Desk,
    sipp: SippServer,
    witness: Witness,
) -> None:
    call_id = await _call(desk, "6")
    await desk.wait_for(call_id, "call.connected")
    await asyncio.sleep(1.0)
    await desk.hang_up(call_id)
    story = await _end_of(desk, call_id)
    assert (story.disposition, *story.end) == ("ANSWERED", "API_HANGUP", "SYSTEM")
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)
    deaf = _seen(sipp)["6"]
    assert deaf.hung_up_by == "caller"
    assert deaf.talk_seconds == pytest.approx(story.record["talkSeconds"], abs=1.0)


async def test_given_a_far_end_that_vanishes_without_a_bye_when_it_talks_then_the_limit_ends_the_call(
    offhook: RunningOffhook,
    desk: Desk,
    sipp: SippServer,
    witness: Witness,
) -> None:
    """Its RTP stops and no BYE comes: only the limit that was asked for ends what nobody else does."""
    call_id = await _call(desk, "7", max_seconds=3.0)
    await desk.wait_for(call_id, "call.connected")
    sipp.kill()
    story = await _end_of(desk, call_id)
    assert (story.disposition, *story.end) == ("ANSWERED", "MAX_DURATION", "SYSTEM")
    assert story.record["talkSeconds"] == pytest.approx(3.0, abs=1.0)
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)


@pytest.mark.parametrize("first", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_a_party_that_hangs_up_with_its_ack_when_it_answers_then_the_call_ends_once_and_the_other_is_freed(
    offhook: RunningOffhook,
    desk: Desk,
    sipp: SippServer,
    witness: Witness,
    first: LegRole,
) -> None:
    stories = [await _end_of(desk, await _call(desk, "8", first=first)) for _ in range(5)]
    for story in stories:
        assert story.end == ("HANGUP", "CUSTOMER")
        assert story.disposition == ("ANSWERED" if first is LegRole.AGENT else "CANCELLED")
        assert story.record["talkSeconds"] <= 1.0
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)
    calls = await sipp.wait_until_idle(len(stories))
    assert len({call.dialled for call in calls}) == len(calls)


async def test_given_both_parties_answer_at_once_when_they_are_connected_then_each_is_told_once_and_they_talk(
    offhook: RunningOffhook,
    desk: Desk,
    sipp: SippServer,
    witness: Witness,
) -> None:
    """Neither rings: the first answer is there before its INVITE has been told, the second right behind it."""
    agent, customer = _pair("7")
    placed = await desk.place_call(customer, connect_number=f"{agent[:-1]}7", trunk="sipp")
    await desk.wait_for(placed.id, "call.connected")
    await asyncio.sleep(0.5)
    await desk.hang_up(placed.id)
    story = await _end_of(desk, placed.id)
    assert (story.disposition, *story.end) == ("ANSWERED", "API_HANGUP", "SYSTEM")
    assert [len(story.all_of("leg.answered", role)) for role in ("AGENT", "CUSTOMER")] == [1, 1]
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)
    assert len(await sipp.wait_until_idle(2)) == 2


async def test_given_one_party_answers_as_the_other_leaves_when_both_happen_at_once_then_one_end_is_told(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd, witness: Witness
) -> None:
    for index in range(6):
        agent_number, customer_number = f"+1555012{index}001", f"+1555012{index}002"
        placed = await desk.place_call(customer_number, connect_number=agent_number, trunk="farend")
        agent = await far_end.expect_call(agent_number)
        await agent.answer()
        customer = await far_end.expect_call(customer_number)
        await customer.ring()
        leaving = [customer.answer(), agent.hang_up()]
        await asyncio.gather(*(leaving if index % 2 else leaving[::-1]), return_exceptions=True)
        story = await _end_of(desk, placed.id)
        assert story.end == ("HANGUP", "AGENT")
        assert story.disposition in {"ANSWERED", "CANCELLED"}
        assert (story.disposition == "ANSWERED") is bool(story.all_of("call.connected"))
        await customer.wait_until_ended()
    await offhook.assert_nothing_is_left(witness, seconds=RECOVERY_SECONDS)
