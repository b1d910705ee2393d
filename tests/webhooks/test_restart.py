"""Ends, clean and not: nothing is lost."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from app.errors import DatabaseUnavailableError
from app.ids import Kind, new_id
from tests.webhooks.rig import Rig
from tests.webhooks.sink import DEADLINE_SECONDS, Reply, Sink

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 100.0


@asynccontextmanager
async def worker_process(dsn: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.webhooks.worker", dsn, str(LEASE_SECONDS), cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await process.wait()


async def test_given_a_worker_killed_in_the_middle_of_a_delivery_when_its_lease_is_over_then_it_comes_again_in_order(
    rig: Rig, sink: Sink, database_dsn: str
) -> None:
    await rig.add_endpoint(sink.url())
    call = new_id(Kind.CALL)
    events = await rig.happen(call, 3)
    sink.behaviours["/"] = lambda request: (
        Reply(delay=60.0) if request.webhook_id == events[1].id and len(sink.received) == 2 else Reply()
    )
    async with worker_process(database_dsn) as process:
        await sink.wait_for(2)
        await rig.wait_for_states(DELIVERED=1, PENDING=2)
        process.kill()
    async with rig.delivering() as deliverer:
        await rig.happen(new_id(Kind.CALL))
        await sink.wait_for(3)  # other calls go on at once
        rig.clock.advance(LEASE_SECONDS + DEADLINE_SECONDS)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=4)
    ours = [request.webhook_id for request in sink.received if request.json["subjectId"] == call]
    assert ours == [events[0].id, events[1].id, events[1].id, events[2].id]
    # The attempt that nobody saw the end of is not counted.
    assert await rig.fetch("SELECT attempts FROM webhook_delivery ORDER BY event_sequence LIMIT 3") == [(1,)] * 3


async def test_given_a_worker_that_is_cancelled_when_another_starts_then_it_goes_on_at_once_without_waiting_for_leases(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL), 3)
    sink.behaviours["/"] = lambda _: Reply(delay=60.0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(rig.make_deliverer().run())
        await sink.wait_for(1)
        running.cancel()
    assert await rig.fetch("SELECT DISTINCT leased_until FROM webhook_delivery") == [(None,)]
    sink.behaviours.clear()
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=3)
    assert len({request.webhook_id for request in sink.received}) == 3


async def test_given_a_worker_that_is_stopped_when_an_attempt_is_on_its_way_then_it_is_waited_for_and_the_rest_is_left(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL), 3)
    sink.behaviours["/"] = lambda _: Reply(delay=0.2)
    async with rig.delivering() as deliverer:
        await sink.wait_for(1)
        deliverer.stop()
    assert await rig.states() == {"DELIVERED": 1, "PENDING": 2}
    assert await rig.fetch("SELECT DISTINCT leased_until FROM webhook_delivery") == [(None,)]
    assert len(sink.received) == 1


async def test_given_no_database_at_the_end_when_a_worker_stops_then_it_ends_cleanly_and_the_delivery_comes_again(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> NoReturn:
        raise DatabaseUnavailableError("The database is not available (test).")

    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL))
    sink.behaviours["/"] = lambda _: Reply(delay=0.2)
    with monkeypatch.context() as outage:
        async with rig.delivering() as deliverer:
            await sink.wait_for(1)
            outage.setattr(rig.database, "acquire", refuse)
            deliverer.stop()
    assert await rig.states() == {"PENDING": 1}
    rig.clock.advance(1_000)
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=1)
    assert [request.webhook_id for request in sink.received] == [sink.received[0].webhook_id] * 2


async def test_given_a_worker_whose_lease_ran_out_when_it_comes_back_then_its_result_is_void(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL))
    replies = [Reply(status=500, delay=0.5)]
    sink.behaviours["/"] = lambda _: replies.pop() if replies else Reply()
    async with rig.delivering():
        await sink.wait_for(1)
        rig.clock.advance(1_000)
        async with rig.delivering():
            await rig.wait_for_states(DELIVERED=1)
            await rig.wait_for_attempts(2)  # both requests were made, and both are logged
    assert await rig.states() == {"DELIVERED": 1}
    assert [request.webhook_id for request in sink.received] == [sink.received[0].webhook_id] * 2


async def test_given_a_lease_shorter_than_a_request_when_a_worker_is_made_then_it_is_refused(rig: Rig) -> None:
    with pytest.raises(ValueError, match="ends before a request"):
        rig.make_deliverer(lease_seconds=1.0)
