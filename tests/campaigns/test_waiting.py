"""Who takes a campaign out of RUNNING waits for whoever dials, and holds up nobody else meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from app.campaigns.core.breaker import BreakerRule
from app.campaigns.dialing import Dialing
from app.campaigns.following import Following
from app.db.locks import CAMPAIGN_DIALING
from app.errors import Problem, RefusedError
from app.events.log import EventLog
from app.facts.vocabulary import Disposition
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers

_PATIENCE_SECONDS = 60.0
_SHARE = f"SELECT pg_advisory_xact_lock_shared({CAMPAIGN_DIALING}, hashtext($1))"
_WAITING = """
SELECT FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass
class Appends:
    """How many appends are in flight; whoever makes a webhook endpoint waits for each of them."""

    count: int = field(default=0)

    @contextlib.contextmanager
    def appending(self) -> Iterator[None]:
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


@contextlib.asynccontextmanager
async def dialling(hall: Hall) -> AsyncIterator[None]:
    """Somebody dials for the campaign."""
    async with hall.database.acquire() as connection, connection.transaction():
        await connection.execute(_SHARE, hall.campaign_id)
        yield


async def wait_for_dialling(hall: Hall, appends: Appends, step: Callable[[], Awaitable[object]]) -> None:
    """The step waits until nobody dials, and counts as no append before."""

    async def take() -> None:
        await step()

    async with asyncio.timeout(_PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        async with dialling(hall):
            taking = group.create_task(take())
            while not await hall.fetch(_WAITING, CAMPAIGN_DIALING):
                assert not taking.done()
            assert appends.count == 0
        await taking
    assert appends.count == 0


@pytest.fixture
def appends() -> Appends:
    return Appends()


@pytest.fixture
def log(hall: Hall, appends: Appends) -> EventLog:
    return EventLog(hall.database, in_flight=appends.appending)


async def test_given_a_batch_that_is_dialled_when_the_trunk_has_failed_then_the_pause_waits_and_holds_up_no_append(
    hall: Hall, log: EventLog, appends: Appends
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(breaker=BreakerRule(failures=1))
    await hall.call_all_due()
    await hall.hang_up(Disposition.FAILED, sip_code=503)
    following = Following(hall.database, log, hall.clock, hall.opt_outs)
    await wait_for_dialling(hall, appends, lambda: following.trip(hall.campaign_id))
    assert await hall.state() == "PAUSED"


async def test_given_a_batch_that_is_dialled_when_no_call_can_be_placed_then_the_pause_waits_and_holds_up_no_append(
    hall: Hall, log: EventLog, appends: Appends
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    hall.telephone.refusal = RefusedError(Problem("CALLER_ID_FLAGGED", "It is flagged."))
    refused = Dialing(hall.database, log, hall.clock, calls=hall.telephone, living=hall.telephone, flows=hall.flows)
    batch = await hall.claim()
    assert batch.campaign is not None
    lane = await refused.take_lane()
    try:
        dial = refused.dial(lane, batch.campaign, batch.claims)
        await wait_for_dialling(hall, appends, lambda: dial)
    finally:
        refused.give_lane(lane)
        refused.close()
    assert await hall.state() == "PAUSED"
