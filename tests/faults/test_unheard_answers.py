"""A party answers while nobody can hear of it: it is told all the same, from when to when it truly was.

The truth is the far end's: when it answered, and when it ended.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.calls.living.actor import CallActor
from app.facts.vocabulary import LegRole
from app.local.asterisk import AsteriskInstance
from tests.rig.checker import Dialled, dialled_at_far_end
from tests.rig.desk import Desk, PlacedCall
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fault_proxy import FaultProxy
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole
from tests.rig.talk import behind_a_wire
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT = "+15550175001"
CUSTOMER = "+15550175002"
#: Long enough for a busy machine to dial, to ring and to break the line in it.
RING_SECONDS = 8.0
TALKED_SECONDS = 1.5
SLACK_SECONDS = 1.0

BOTH_BREAKS = pytest.mark.parametrize("break_line", [FaultProxy.hold, FaultProxy.cut], ids=["half-open", "cut"])


async def _ringing(desk: Desk, far_end: FarEnd, late: LegRole, *, ring_seconds: float) -> tuple[PlacedCall, FarEndCall]:
    """A call in which one side rings: the agent, who is dialled first, or the customer, whom the agent waits for."""
    placed = await desk.place_call(
        CUSTOMER,
        connect_number=AGENT,
        trunk="farend",
        agent_ring_seconds=ring_seconds if late is LegRole.AGENT else 30.0,
        customer_ring_seconds=ring_seconds,
    )
    party = await far_end.expect_call(AGENT)
    if late is LegRole.CUSTOMER:
        await party.answer()
        party = await far_end.expect_call(CUSTOMER)
    await party.ring()
    await desk.wait_for(placed.id, "leg.ringing", late)
    return placed, party


async def _until_ending(offhook: RunningOffhook, call_id: str) -> CallActor:
    """The end is decided, here alone: nobody can be asked."""
    actor = offhook.service.registry.find(call_id)
    assert actor is not None
    async with asyncio.timeout(20):
        while not actor.call.is_ending:
            await asyncio.sleep(0.01)
    return actor


def _truth(far_end: FarEnd, number: str, since: int) -> tuple[datetime, datetime]:
    """From when to when it was up."""
    told: dict[str, Dialled] = {one.number: one for one in dialled_at_far_end(far_end, since=since)}
    connected_at, ended_at = told[number].connected_at, told[number].ended_at
    assert connected_at is not None
    assert ended_at is not None
    return connected_at, ended_at


def _seconds(span: tuple[datetime, datetime]) -> float:
    return (span[1] - span[0]).total_seconds()


@pytest.mark.parametrize(
    ("break_line", "late"),
    [(FaultProxy.hold, LegRole.AGENT), (FaultProxy.hold, LegRole.CUSTOMER), (FaultProxy.cut, LegRole.CUSTOMER)],
    ids=["half-open-agent", "half-open-customer", "cut-customer"],
)
async def test_given_a_dead_line_when_a_party_answers_and_leaves_before_its_ring_time_is_over_then_its_talk_is_told(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    break_line: Callable[[FaultProxy], None],
    late: LegRole,
) -> None:
    heard_before = len(far_end.ears.events)
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, party = await _ringing(desk, far_end, late, ring_seconds=RING_SECONDS)
        break_line(wire)
        await party.answer()
        await asyncio.sleep(TALKED_SECONDS)
        await party.hang_up()
        actor = await _until_ending(offhook, placed.id)
        assert actor.call.leg_of(late).answered_at is None, "nobody knows of it"
        assert not actor.call.is_ended, "nor is anything said of it"
        await offhook.wait_until_unready()
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        await offhook.wait_until_ready()
        await offhook.assert_nothing_is_left(witness)
    span = _truth(far_end, CUSTOMER if late is LegRole.CUSTOMER else AGENT, heard_before)
    answered = story.the("leg.answered", late)
    assert abs((answered.happened_at - span[0]).total_seconds()) < SLACK_SECONDS
    ended = story.the("leg.ended", late)
    assert abs((ended.happened_at - span[1]).total_seconds()) < SLACK_SECONDS
    assert ended.body["talkSeconds"] == pytest.approx(_seconds(span), abs=SLACK_SECONDS)
    assert ended.body["endedBy"] == late.value, "it had left before anybody let it go"
    assert story.end == ("HANGUP", late.value)
    assert story.record["source"] == "RECOVERED"
    if late is LegRole.CUSTOMER:
        assert story.disposition == "ANSWERED"
        assert story.record["talkSeconds"] == pytest.approx(_seconds(span), abs=SLACK_SECONDS)
    else:
        assert (story.disposition, story.record["talkSeconds"]) == ("CANCELLED", 0.0)
        assert "leg.dialing" not in [fact.type for fact in story.facts if fact.role == LegRole.CUSTOMER.value]


@BOTH_BREAKS
async def test_given_a_dead_line_when_a_party_answers_and_stays_until_its_ring_time_is_over_then_its_talk_is_told(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    break_line: Callable[[FaultProxy], None],
) -> None:
    heard_before = len(far_end.ears.events)
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, party = await _ringing(desk, far_end, LegRole.CUSTOMER, ring_seconds=RING_SECONDS)
        break_line(wire)
        await party.answer()
        await _until_ending(offhook, placed.id)
        await offhook.wait_until_unready()
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        await party.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)
    span = _truth(far_end, CUSTOMER, heard_before)
    assert abs((story.the("leg.answered", LegRole.CUSTOMER).happened_at - span[0]).total_seconds()) < SLACK_SECONDS
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "SYSTEM"))
    assert story.record["talkSeconds"] == pytest.approx(_seconds(span), abs=SLACK_SECONDS)


@BOTH_BREAKS
async def test_given_a_dead_line_when_a_party_answers_in_its_ring_time_then_the_call_goes_on_and_counts_from_the_answer(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    break_line: Callable[[FaultProxy], None],
) -> None:
    heard_before = len(far_end.ears.events)
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, party = await _ringing(desk, far_end, LegRole.CUSTOMER, ring_seconds=60.0)
        break_line(wire)
        await party.answer()
        await asyncio.sleep(2 * SLACK_SECONDS)  # so that the end of the outage is no answer for that of the phone
        await offhook.wait_until_unready()
        wire.mend()
        connected = await desk.wait_for(placed.id, "call.connected")
        await party.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        await offhook.assert_nothing_is_left(witness)
    span = _truth(far_end, CUSTOMER, heard_before)
    assert abs((datetime.fromisoformat(connected.body["connectedAt"]) - span[0]).total_seconds()) < SLACK_SECONDS
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert story.record["talkSeconds"] == pytest.approx(_seconds(span), abs=SLACK_SECONDS)
    # The line was heard until shortly before it broke, and the answer is after that, not before.
    blind = story.the("call.recovered").body
    blind_from, blind_until = (datetime.fromisoformat(blind[name]) for name in ("blindFrom", "blindUntil"))
    assert blind_from < span[0] < blind_until


async def test_given_an_answer_that_is_held_back_when_the_line_breaks_then_the_blind_time_begins_before_it(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    heard_before = len(far_end.ears.events)
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, party = await _ringing(desk, far_end, LegRole.CUSTOMER, ring_seconds=60.0)
        wire.hold()
        await party.answer()
        # Long before any ping can be missed; what is on the way is lost.
        wire.cut()
        await offhook.wait_until_unready()
        wire.mend()
        recovered = await desk.wait_for(placed.id, "call.recovered")
        await party.hang_up()
        await desk.wait_for_end(placed.id)
    answered_at, _ = _truth(far_end, CUSTOMER, heard_before)
    blind_from = datetime.fromisoformat(recovered.body["blindFrom"])
    assert answered_at - timedelta(seconds=10) < blind_from < answered_at
