"""kill -9 of the service while an account uses all that it may: what it uses is found again, to the last call and cent.

Never over by one, though everybody asks at once before and after; never stuck below, though calls end while nobody
looks, and though some that were let in were never written.
"""

import asyncio
import itertools
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Final

import pytest

from app.config import Settings
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import LegRole
from app.failpoints import Effect, Failpoint
from app.usage.caps import UNWRITTEN_SECONDS
from app.usage.rates import Rate, cost_of
from app.usage.service import LimitChanges, Limits
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.far_end import FarEnd
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook, running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

_MOST: Final = 4
_ASKING: Final = 30
#: So long that what a talk of this test costs is little beside what was reserved for it.
_TALK_SECONDS: Final = 1800.0
_RING_SECONDS: Final = 300.0
_PRICE: Final = Rate(prefix="+1555", minute_micros=60_000, fee_micros=7)
_MILLISECOND: Final = timedelta(milliseconds=1)
_UNKNOWN: Final = "UNKNOWN"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Placed:
    """A call that was let in, and the number that it rings."""

    number: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An account that may have four calls, by number or by money, and whom to ask as."""

    token: str
    trunks: dict[str, str]
    node: str

    def desk_at(self, line: GraphQLLine) -> Desk:
        return Desk(line, self.node, self.trunks)


async def _limits(offhook: RunningOffhook) -> Limits:
    return await offhook.service.services.usage.limits.read(offhook.principal.account_id)


async def _prepare(settings: Settings, far_end: FarEnd, cap: str) -> Prepared:
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        account_id, limits = offhook.principal.account_id, offhook.service.services.usage.limits
        await limits.set_rates(account_id, [_PRICE])
        await limits.grant(account_id, LimitChanges(daily_spend_micros=10**12))
        placed = await _place(desk)  # rings, is refused, and costs nothing: what it has reserved is known then
        each = (await _limits(offhook)).held_micros
        await (await far_end.expect_call(placed.number)).reject(486)
        await desk.wait_for_end(placed.call_id)
        assert (await _limits(offhook)).held_micros == 0 < each
        if cap == "CONCURRENT_CALLS_REACHED":
            await limits.grant(account_id, LimitChanges(concurrent_calls=_MOST))
        else:  # with what is left over a talk may cost something, and a fifth call has no room
            await limits.grant(account_id, LimitChanges(daily_spend_micros=_MOST * each + each * 9 // 10))
        return Prepared(offhook.token, offhook.trunks, offhook.node)


async def _place(desk: Desk) -> Placed:
    number = f"+1555016{next(_numbers):04d}"
    placed = await desk.place_call(
        number,
        trunk="farend",
        first=LegRole.CUSTOMER,
        customer_ring_seconds=_RING_SECONDS,
        max_duration_seconds=_TALK_SECONDS,
    )
    return Placed(number, placed.id)


async def _try_to_place(desk: Desk) -> Placed | str:
    """The call, the code that it was refused with, or that nobody knows."""
    try:
        return await _place(desk)
    except RefusedError as refused:
        return refused.problems[0].code
    except UnavailableError:
        return _UNKNOWN


async def _all_ask(desk: Desk) -> tuple[list[Placed], Counter[str]]:
    """Many at once: the calls of those who were let in, and what the others were told."""
    said = await asyncio.gather(*(_try_to_place(desk) for _ in range(_ASKING)))
    return (
        [one for one in said if isinstance(one, Placed)],
        Counter(one for one in said if isinstance(one, str)),
    )


async def _until_connected(desk: Desk, placed: Placed) -> None:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "call.connected" not in [fact.type for fact in await desk.line.facts(placed.call_id)]:
            await asyncio.sleep(0.05)


async def _assert_all_is_given_back(offhook: RunningOffhook, desk: Desk, calls: list[Placed]) -> None:
    """Once all are over nobody has a place, nothing is reserved, and the day has cost what was talked."""
    for one in calls:
        with suppress(RefusedError):  # over already
            await desk.hang_up(one.call_id)
        await assert_is_whole(desk, await desk.wait_for_end(one.call_id))
    async with offhook.service.database.acquire() as connection:
        talks = await connection.fetch(
            "SELECT answered_at, ended_at FROM leg WHERE number IS NOT NULL AND answered_at IS NOT NULL"
        )
        booked = await connection.fetchval("SELECT sum(cost_micros) FROM usage_day")
        left = await connection.fetchval("SELECT count(*) FROM usage_hold")
    costs = sum(cost_of(_PRICE, ceil((one["ended_at"] - one["answered_at"]) / _MILLISECOND)) for one in talks)
    now = await _limits(offhook)
    assert (now.concurrent_calls, now.held_micros, left) == (0, 0, 0)
    assert now.spent_micros == costs == booked


@pytest.mark.parametrize("cap", ["CONCURRENT_CALLS_REACHED", "SPEND_CAP_REACHED"])
async def test_given_an_account_at_its_cap_when_the_service_is_killed_then_the_next_one_lets_in_what_has_ended_and_no_more(  # noqa: E501  # one sentence
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, cap: str
) -> None:
    prepared = await _prepare(settings, far_end, cap)
    async with (
        service_process(settings, tmp_path) as process,
        GraphQLLine.to(process.url, prepared.token) as line,
    ):
        doomed = prepared.desk_at(line)
        placed, refused = await _all_ask(doomed)
        assert len(placed) == _MOST
        assert refused == {cap: _ASKING - _MOST}
        called = [await far_end.expect_call(one.number) for one in placed]
        for talker, call in zip(called[:2], placed, strict=False):
            await talker.answer()
            await _until_connected(doomed, call)
        await process.kill()
    await called[0].hang_up()  # of the two who talk
    await called[2].reject(486)  # of the two who ring
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        for over in (placed[0], placed[2]):
            await desk.wait_for_end(over.call_id)
        assert (await _limits(offhook)).concurrent_calls == _MOST - 2
        more, refused = await _all_ask(desk)
        assert len(more) == 2
        assert refused == {cap: _ASKING - 2}
        again, refused = await _all_ask(desk)
        assert (again, refused) == ([], {cap: _ASKING})
        for one in more:
            await far_end.expect_call(one.number)
        await _assert_all_is_given_back(offhook, desk, [*placed, *more])
        assert (await _limits(offhook)).spent_micros > 0
        await offhook.assert_nothing_is_left(witness)


async def test_given_calls_that_are_let_in_when_the_service_is_killed_before_they_are_written_then_their_places_come_back(  # noqa: E501  # one sentence
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    cap = "CONCURRENT_CALLS_REACHED"
    prepared = await _prepare(settings, far_end, cap)
    failpoint = f"{Failpoint.BEFORE_ATTEMPT_COMMIT}:{Effect.KILL}:3"
    async with (
        service_process(settings, tmp_path, failpoint=failpoint) as process,
        GraphQLLine.to(process.url, prepared.token) as line,
    ):
        doomed = prepared.desk_at(line)
        placed = [await _place(doomed) for _ in range(2)]
        called = [await far_end.expect_call(one.number) for one in placed]
        unsure, refused = await _all_ask(doomed)
        assert unsure == []
        assert set(refused) <= {cap, _UNKNOWN}
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.process.wait() == -signal.SIGKILL
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        let_in = (await _limits(offhook)).concurrent_calls - len(placed)
        assert 0 < let_in <= _MOST - len(placed), "somebody was let in and not written"
        # As long as they may still be on their way, what they have taken is theirs.
        more, refused = await _all_ask(desk)
        assert len(more) == _MOST - len(placed) - let_in
        async with offhook.service.database.acquire() as connection:  # a minute passes
            await connection.execute(
                "UPDATE usage_hold SET taken_at = taken_at - make_interval(secs => $1)", UNWRITTEN_SECONDS + 1
            )
        late: list[Placed] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not late:  # the account is looked at anew only so often
                late, refused = await _all_ask(desk)
        assert len(late) == let_in
        assert refused == {cap: _ASKING - let_in}
        assert not any(one.has_ended for one in called)
        await _assert_all_is_given_back(offhook, desk, [*placed, *more, *late])
        await offhook.assert_nothing_is_left(witness)
