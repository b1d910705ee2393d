"""A call whose caller id is a pool shows a number of it that is not flagged: the far end reads it off the INVITE."""

import re

import pytest

from app.errors import RefusedError
from app.facts.vocabulary import LegRole
from app.numbers.parse import E164
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

#: The sandbox's outbound numbers, the default first.
NUMBERS = (E164("+15550100100"), E164("+15550100101"), E164("+15550100102"))
CUSTOMER = "+15550119001"


async def _shown(call: FarEndCall) -> str:
    """The number in From of the INVITE; P-Asserted-Identity says the same."""
    found = set()
    for header in ("From", "P-Asserted-Identity"):
        text = await call.header(header)
        said = re.search(r"<sip:([^@;>]*)@", text)
        assert said is not None, text
        found.add(said[1])
    (number,) = found
    return number


async def _call_with(desk: Desk, far_end: FarEnd, caller_id: str) -> str:
    """The number that the customer sees of a call with this caller id."""
    placed = await desk.place_call(CUSTOMER, trunk="farend", first=LegRole.CUSTOMER, caller_id=caller_id)
    customer = await far_end.expect_call(CUSTOMER)
    shown = await _shown(customer)
    await customer.reject(486)
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))
    return shown


async def test_given_a_pool_when_its_numbers_are_flagged_one_after_the_other_then_customers_see_those_that_are_not(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd
) -> None:
    services, by = offhook.service.services, offhook.principal
    own = {one.number: one.id for one in await services.routing.numbers.get_many(by.account_id, await _ids(offhook))}
    pool = await services.routing.pools.create(by, {"name": "sales", "number_ids": [own[number] for number in NUMBERS]})

    assert [await _call_with(desk, far_end, pool.id) for _ in range(2)] == list(NUMBERS[:2])
    for _ in range(3):
        await services.reputation.report_complaint(by, number_id=own[NUMBERS[2]], call_id=None, note="robocall")
    assert await _call_with(desk, far_end, pool.id) == NUMBERS[0]
    await services.reputation.flag(by, own[NUMBERS[0]], "rests")
    assert [await _call_with(desk, far_end, pool.id) for _ in range(2)] == [NUMBERS[1]] * 2
    await services.reputation.flag(by, own[NUMBERS[1]], "rests")
    for caller_id in (pool.id, NUMBERS[0], None):
        with pytest.raises(RefusedError) as refused:
            await desk.place_call(CUSTOMER, trunk="farend", first=LegRole.CUSTOMER, caller_id=caller_id)
        assert [problem.code for problem in refused.value.problems] == ["CALLER_ID_FLAGGED"]


async def _ids(offhook: RunningOffhook) -> list[str]:
    async with offhook.service.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id FROM outbound_number WHERE account_id = $1 AND deleted_at IS NULL", offhook.principal.account_id
        )
    return [row["id"] for row in rows]
