"""Ends, clean and not: nothing is lost."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from app import failpoints
from app.errors import DatabaseUnavailableError
from app.ids import Kind, new_id
from app.webhooks.claim import Lane, claim_lanes
from tests.webhooks.rig import Rig, eventually
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


async def test_given_a_worker_killed_in_the_middle_of_a_delivery_when_another_is_there_then_it_goes_on_at_once_in_order(
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
        await process.wait()
    # No clock is moved: the lease would have lasted for 100 s more.
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=3)
    assert [request.webhook_id for request in sink.received] == [
        events[0].id, events[1].id, events[1].id, events[2].id,
    ]  # fmt: skip
    # The attempt that nobody saw the end of is not counted.
    assert await rig.fetch("SELECT attempts FROM webhook_delivery ORDER BY event_sequence LIMIT 3") == [(1,)] * 3
    assert await rig.fetch("SELECT count(*) FROM webhook_worker") == [(1,)]  # only the last is still in the book


async def test_given_a_worker_that_is_alive_and_slow_when_another_starts_then_its_lease_is_respected(
    rig: Rig, sink: Sink, database_dsn: str
) -> None:
    await rig.add_endpoint(sink.url())
    slow = new_id(Kind.CALL)
    await rig.happen(slow, 2)
    sink.behaviours["/"] = lambda request: Reply(delay=1.5 if request.json["subjectId"] == slow else 0.0)
    async with worker_process(database_dsn):
        await sink.wait_for(1)
        async with rig.delivering() as deliverer:
            for _ in range(10):  # rounds of the second worker, each with work of its own
                done = (await rig.states()).get("DELIVERED", 0)
                await rig.happen(new_id(Kind.CALL))
                deliverer.wake()
                await wait_for_delivered(rig, done + 1)
            await rig.wait_for_states(DELIVERED=12)
    assert len(sink.received) == len({request.webhook_id for request in sink.received}) == 12


async def wait_for_delivered(rig: Rig, count: int) -> None:
    async def are_delivered() -> bool:
        return (await rig.states()).get("DELIVERED", 0) >= count

    await eventually(are_delivered)


async def test_given_a_workers_own_session_is_cut_when_it_is_back_then_nothing_is_lost_and_it_is_present_again(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.daemon.FIRST_BACKOFF_SECONDS", 0.01)
    await rig.add_endpoint(sink.url())
    async with rig.delivering() as deliverer:
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_states(DELIVERED=1)
        cut = await rig.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'offhook-webhook-worker' AND datname = current_database()"
        )
        assert cut == [(True,)]
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_states(DELIVERED=2)
        assert len(await rig.fetch("SELECT number FROM webhook_worker")) == 1
        await eventually(lambda: is_true(all(health.is_healthy for health in deliverer.healths)))
    assert len(sink.received) == 2


async def test_given_a_claim_whose_answer_was_lost_when_the_database_is_back_then_what_it_leased_is_delivered_at_once(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.daemon.FIRST_BACKOFF_SECONDS", 0.01)
    lost: list[Lane] = []

    async def claim_and_lose_the_answer(*arguments: Any, **options: Any) -> list[Lane]:
        lanes = await claim_lanes(*arguments, **options)
        if lanes and not lost:
            lost.extend(lanes)
            raise DatabaseUnavailableError("The connection was lost (test).")
        return lanes

    monkeypatch.setattr("app.webhooks.deliver.claim_lanes", claim_and_lose_the_answer)
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL), 3)
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=3)
    assert len(lost) == 1
    assert len(sink.received) == 3


async def test_given_a_lane_that_breaks_when_others_have_work_then_they_go_on_and_it_comes_back_with_its_lease_over(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL), 2)
    monkeypatch.setattr("app.failpoints.armed", failpoints.parse("after-webhook-sent:raise"))
    async with rig.delivering(lease_seconds=LEASE_SECONDS) as deliverer:
        await sink.wait_for(1)
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_states(DELIVERED=1, PENDING=2)
        rig.clock.advance(LEASE_SECONDS + 1)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=3)


async def is_true(value: bool) -> bool:
    return value


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
    sink.behaviours["/"] = lambda _: Reply(delay=1.0)
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
    sink.behaviours["/"] = lambda _: Reply(delay=1.0)
    with monkeypatch.context() as outage:
        async with rig.delivering() as deliverer:
            await sink.wait_for(1)
            outage.setattr(rig.database, "acquire", refuse)
            deliverer.stop()
    assert await rig.states() == {"PENDING": 1}
    async with rig.delivering():  # no lease has to run out first
        await rig.wait_for_states(DELIVERED=1)
    assert [request.webhook_id for request in sink.received] == [sink.received[0].webhook_id] * 2


async def test_given_a_worker_whose_lease_ran_out_when_it_comes_back_then_its_result_is_void(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL))
    replies = [Reply(status=500, delay=2.0)]
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
