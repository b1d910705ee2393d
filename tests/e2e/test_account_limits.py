"""An account's caps and the kill switch on the real Asterisk: never one INVITE more, and every second paid for."""

import asyncio
from datetime import timedelta

import pytest

from app.errors import RefusedError
from app.usage.rates import Rate, cost_of
from app.usage.service import LimitChanges
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

NUMBER = "+15550118001"
AT_ONCE, MOST = 6, 2
RATE = Rate(prefix="+1555", minute_micros=600_000, fee_micros=7)


async def _codes(desk: Desk, number: str = NUMBER) -> list[str] | str:
    """The id of the call that is placed, or why it is not."""
    try:
        placed = await desk.place_call(number, connect="2001", trunk="farend")
    except RefusedError as refused:
        return [problem.code for problem in refused.problems]
    return placed.id


async def test_given_an_account_with_two_calls_when_six_are_placed_at_once_then_two_ring_and_their_talk_is_paid(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, witness: Witness
) -> None:
    usage, account_id = offhook.service.services.usage, offhook.principal.account_id
    await usage.limits.set_rates(account_id, [RATE])
    await usage.limits.grant(account_id, LimitChanges(concurrent_calls=MOST, daily_spend_micros=10**12))
    said = await asyncio.gather(*(_codes(desk) for _ in range(AT_ONCE)))
    placed = [one for one in said if isinstance(one, str)]
    assert len(placed) == MOST
    assert [one for one in said if not isinstance(one, str)] == [["CONCURRENT_CALLS_REACHED"]] * (AT_ONCE - MOST)
    for _ in range(MOST):
        await (await far_end.expect_call(NUMBER)).answer()
    for call_id in placed:
        await desk.wait_for(call_id, "call.connected")
    limits = await usage.limits.read(account_id)
    assert limits.concurrent_calls == MOST
    assert limits.held_micros > 0
    for call_id in placed:
        await desk.hang_up(call_id)
    for call_id in placed:
        await desk.wait_for_end(call_id)
    limits = await usage.limits.read(account_id)
    assert (limits.concurrent_calls, limits.held_micros) == (0, 0)
    rows = await usage.ledger.read(account_id, limits.day, limits.day + timedelta(days=1))
    (row,) = [row for row in rows if row.country == "US"]
    assert (row.calls, row.answered) == (MOST, MOST)
    assert row.milliseconds > 0
    assert limits.spent_micros == row.cost_micros
    # Each is rounded up by itself, so both together cost at least what their talk in one would.
    assert cost_of(RATE, row.milliseconds) <= row.cost_micros <= MOST * cost_of(RATE, row.milliseconds)
    again = await _codes(desk)
    assert isinstance(again, str)
    await desk.hang_up(again)
    await desk.wait_for_end(again)
    await offhook.assert_nothing_is_left(witness)


async def test_given_live_calls_when_the_account_is_suspended_with_them_then_they_end_and_nothing_rings_any_more(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, witness: Witness
) -> None:
    usage, account_id = offhook.service.services.usage, offhook.principal.account_id
    live = await _codes(desk)
    assert isinstance(live, str)
    await (await far_end.expect_call(NUMBER)).answer()
    await desk.wait_for(live, "call.connected")
    await usage.suspensions.suspend(None, account_id, reason="fraud", ends_calls=True)
    ended = await usage.hangups.end_all(account_id)
    assert ended.call_ids == (live,)
    story = await desk.wait_for_end(live)
    assert story.end == ("API_HANGUP", "SYSTEM")
    assert await _codes(desk, "+15550118002") == ["ACCOUNT_SUSPENDED"]
    await usage.suspensions.resume(None, account_id)
    again = await _codes(desk)
    assert isinstance(again, str)
    await desk.hang_up(again)
    await desk.wait_for_end(again)
    await offhook.assert_nothing_is_left(witness)
