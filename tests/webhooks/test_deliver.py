"""The worker on a real database and a real HTTP sink."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from standardwebhooks.webhooks import Webhook

from app.db.engine import PooledConnection
from app.egress.requests import EXCERPT_BYTES
from app.errors import DatabaseUnavailableError
from app.events.log import Appended
from app.ids import Kind, kind_of, new_id
from app.metrics import REGISTRY
from app.webhooks.settle import Release
from app.webhooks.settler import Outcome, Settler
from tests.webhooks.rig import WAITS, Rig, eventually
from tests.webhooks.sink import Received, Reply, Sink

pytestmark = pytest.mark.postgres

SERVER_ERROR = Reply(status=500, body=b"it broke")


def call_id() -> str:
    return new_id(Kind.CALL)


def _attempts(outcome: str) -> float:
    return REGISTRY.get_sample_value("offhook_webhook_attempts_total", {"outcome": outcome}) or 0.0


def numbers(requests: list[Received], subject_id: str) -> list[int]:
    """The call sequences of one call, in order of arrival."""
    return [request.json["callSequence"] for request in requests if request.json["subjectId"] == subject_id]


async def test_given_an_endpoint_when_facts_happen_then_each_arrives_once_signed_and_whole(
    rig: Rig, sink: Sink
) -> None:
    _, secret = await rig.add_endpoint(sink.url("/hook"))
    call = call_id()
    before = _attempts("delivered"), _attempts("failed")
    async with rig.delivering():
        events = await rig.happen(call, 3)
        await rig.wait_for_states(DELIVERED=3)
    assert [request.webhook_id for request in sink.received] == [event.id for event in events]
    for request, event in zip(sink.received, events, strict=True):
        body = Webhook(secret).verify(request.body, dict(request.headers))
        assert body["type"] == "call.updated"
        assert body["id"] == event.id
        assert body["sequence"] == event.sequence
        assert body["data"]["call"]["id"] == call
        assert request.headers["content-type"] == "application/json"
    assert [request.headers["offhook-delivery-sequence"] for request in sink.received] == ["1", "2", "3"]
    assert (_attempts("delivered"), _attempts("failed")) == (before[0] + 3, before[1])


async def test_given_two_endpoints_when_a_fact_happens_then_both_get_the_same_bytes_under_their_own_signatures(
    rig: Rig, sink: Sink
) -> None:
    _, first = await rig.add_endpoint(sink.url("/first"))
    _, second = await rig.add_endpoint(sink.url("/second"))
    async with rig.delivering():
        await rig.happen(call_id())
        await sink.wait_for(2)
    (one,), (other,) = sink.at("/first"), sink.at("/second")
    assert one.body == other.body
    assert one.webhook_id == other.webhook_id
    Webhook(first).verify(one.body, dict(one.headers))
    Webhook(second).verify(other.body, dict(other.headers))
    assert one.headers["webhook-signature"] != other.headers["webhook-signature"]


async def test_given_an_endpoint_that_fails_once_when_the_retry_is_due_then_the_same_id_comes_with_a_fresh_signature(
    rig: Rig, sink: Sink
) -> None:
    _, secret = await rig.add_endpoint(sink.url())
    replies = [SERVER_ERROR]
    sink.behaviours["/"] = lambda _: replies.pop() if replies else Reply()
    async with rig.delivering() as deliverer:
        await rig.happen(call_id())
        await rig.wait_for_attempts(1)
        rig.clock.advance(3.9)  # 5 s less a fifth is the earliest
        deliverer.wake()
        rig.clock.advance(2.2)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=1)
    first, second = sink.received
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) in (6, 7)
    assert [request.headers["offhook-attempt"] for request in sink.received] == ["1", "2"]
    Webhook(secret).verify(second.body, dict(second.headers))


async def test_given_a_failed_attempt_when_it_is_not_due_yet_then_it_is_not_tried(rig: Rig, sink: Sink) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: SERVER_ERROR
    async with rig.delivering() as deliverer:
        await rig.happen(call_id())
        await rig.wait_for_attempts(1)
        rig.clock.advance(3.9)
        deliverer.wake()
        # Another endpoint's delivery proves that the worker has been round since.
        await rig.add_endpoint(sink.url("/witness"))
        await rig.happen(call_id())
        await sink.wait_for(1, "/witness")
    assert len({request.webhook_id for request in sink.at("/")}) == len(sink.at("/"))


async def test_given_ten_failures_over_days_when_the_last_is_over_then_it_is_exhausted_and_said_and_the_call_goes_on(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url("/bad"), "call.*")
    await rig.add_endpoint(sink.url("/watch"), "webhook.*")
    call = call_id()
    (doomed, _) = [*await rig.happen(call), *await rig.happen(call)]
    sink.behaviours["/bad"] = lambda request: SERVER_ERROR if request.webhook_id == doomed.id else Reply()
    async with rig.delivering() as deliverer:
        for number, wait in enumerate(WAITS, start=1):
            rig.clock.advance(wait * 1.2)
            deliverer.wake()
            await rig.wait_for_attempts(number)
        await sink.wait_for(1, "/watch")
        await sink.wait_for(11, "/bad")
        await rig.wait_for_states(EXHAUSTED=1, DELIVERED=2)
    assert [request.webhook_id for request in sink.at("/bad")][:10] == [doomed.id] * 10
    assert numbers(sink.at("/bad"), call) == [1] * 10 + [2]
    fact = sink.at("/watch")[0].json
    assert fact["type"] == "webhook.exhausted"
    assert fact["subjectId"] == endpoint_id
    assert fact["data"]["eventId"] == doomed.id
    assert fact["data"]["eventType"] == "call.updated"
    assert fact["data"]["attempts"] == 10
    assert kind_of(fact["data"]["deliveryId"]) is Kind.WEBHOOK_DELIVERY
    ((since,),) = await rig.fetch("SELECT failing_since FROM webhook_endpoint WHERE id = $1", endpoint_id)
    assert since is None  # the second event was a success


async def test_given_an_endpoint_that_fails_for_one_call_when_others_go_on_then_they_are_not_delayed_and_order_holds(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    stuck, *free = (call_id() for _ in range(6))
    sink.behaviours["/"] = lambda request: SERVER_ERROR if request.json["subjectId"] == stuck else Reply()
    async with rig.delivering() as deliverer:
        for _ in range(10):
            await rig.log.append([rig.draft(call) for call in (stuck, *free)])
        await rig.wait_for_states(DELIVERED=50, PENDING=10)
        for call in free:
            assert numbers(sink.received, call) == list(range(1, 11))
        assert set(numbers(sink.received, stuck)) == {1}
        sink.behaviours.clear()
        rig.clock.advance(7)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=60)
    assert numbers(sink.received, stuck)[-10:] == list(range(1, 11))


async def test_given_facts_behind_one_that_waits_when_more_happen_then_all_wait_as_long_and_none_is_looked_at_before(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: SERVER_ERROR
    call = call_id()
    await rig.happen(call, 2)
    async with rig.delivering():
        await rig.wait_for_attempts(1)
        await rig.happen(call)
    rows = await rig.fetch("SELECT next_attempt_at, leased_until FROM webhook_delivery ORDER BY event_sequence")
    assert len(set(rows)) == 1
    assert (rows[0][0] - rig.clock.now()).total_seconds() >= 4
    assert rows[0][1] is None


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500, 503])
async def test_given_any_answer_but_2xx_when_it_comes_then_it_is_a_failed_attempt_and_readable(
    rig: Rig, sink: Sink, status: int
) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(
        status=status, body=b"n" * 5000, headers={"location": sink.url("/elsewhere")}
    )
    async with rig.delivering():
        await rig.happen(call_id())
        await rig.wait_for_attempts(1)
    ((got, failure, excerpt, latency),) = await rig.fetch(
        "SELECT status, failure, response_excerpt, latency_seconds FROM webhook_attempt"
    )
    assert got == status
    assert str(status) in failure
    assert excerpt == "n" * EXCERPT_BYTES
    assert 0 < latency < 60
    assert [request.path for request in sink.received] == ["/"]
    assert await rig.states() == {"PENDING": 1}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_given_any_2xx_when_it_comes_then_it_is_delivered(rig: Rig, sink: Sink, status: int) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(status=status, body=b"")
    async with rig.delivering():
        await rig.happen(call_id())
        await rig.wait_for_states(DELIVERED=1)


@pytest.mark.parametrize("status", [429, 503])
async def test_given_retry_after_when_longer_than_the_schedule_then_it_is_kept_to(
    rig: Rig, sink: Sink, status: int
) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(status=status, headers={"Retry-After": "3600"})
    async with rig.delivering():
        await rig.happen(call_id())
        await rig.wait_for_attempts(1)
    ((due,),) = await rig.fetch("SELECT next_attempt_at FROM webhook_delivery")
    assert (due - rig.clock.now()).total_seconds() == pytest.approx(3600, abs=0.001)


async def test_given_an_endpoint_that_is_gone_when_it_says_410_then_it_is_disabled_said_and_its_events_are_kept(
    rig: Rig, sink: Sink
) -> None:
    gone, _ = await rig.add_endpoint(sink.url("/gone"))
    await rig.add_endpoint(sink.url("/watch"), "webhook.*")
    sink.behaviours["/gone"] = lambda _: Reply(status=410)
    first, second = call_id(), call_id()
    async with rig.delivering() as deliverer:
        await rig.log.append([rig.draft(first), rig.draft(first), rig.draft(second)])
        await sink.wait_for(1, "/watch")
        await rig.wait_for_attempts(3)
        assert sink.at("/watch")[0].json["type"] == "webhook.disabled"
        assert sink.at("/watch")[0].json["data"] == {"endpointId": gone, "reason": "The endpoint answered 410 Gone."}
        endpoint = await rig.endpoints.get(rig.account_id, gone)
        assert endpoint is not None
        assert not endpoint.is_enabled
        assert endpoint.disabled_reason == "The endpoint answered 410 Gone."
        so_far = len(sink.at("/gone"))
        await rig.happen(first)  # kept for when it is enabled
        rig.clock.advance(100_000)
        deliverer.wake()
        await rig.happen(second)
        assert await rig.states() == {"PENDING": 5, "DELIVERED": 1}
        assert len(sink.at("/gone")) == so_far
        sink.behaviours.clear()
        await rig.endpoints.update(rig.account_id, gone, is_enabled=True)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=6)
    assert numbers(sink.at("/gone")[so_far:], first) == [1, 2, 3]


async def test_given_410_at_the_very_last_attempt_when_enabled_again_then_there_is_a_whole_schedule_before_it(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda request: (
        Reply(status=410) if request.headers["offhook-attempt"] == "10" else SERVER_ERROR
    )
    async with rig.delivering() as deliverer:
        await rig.happen(call_id())
        for number, wait in enumerate(WAITS, start=1):
            rig.clock.advance(wait * 1.2)
            deliverer.wake()
            await rig.wait_for_attempts(number)
        assert await rig.states() == {"PENDING": 1}
        sink.behaviours["/"] = lambda _: SERVER_ERROR
        await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=True)
        for number, wait in enumerate(WAITS, start=1):
            rig.clock.advance(wait * 1.2)
            deliverer.wake()
            await rig.wait_for_attempts(10 + number)
        await rig.wait_for_states(EXHAUSTED=1)
    assert [request.headers["offhook-attempt"] for request in sink.received] == [str(n) for n in range(1, 21)]


async def test_given_an_endpoint_that_hangs_when_others_have_work_then_they_are_served(rig: Rig, sink: Sink) -> None:
    await rig.add_endpoint(sink.url("/hangs"))
    await rig.add_endpoint(sink.url("/well"))
    sink.behaviours["/hangs"] = lambda _: Reply(delay=60.0)
    async with asyncio.TaskGroup() as group:
        deliverer = rig.make_deliverer(concurrency=8)
        running = group.create_task(deliverer.run())
        await rig.log.append([rig.draft(call_id()) for _ in range(60)])
        await sink.wait_for(60, "/well")
        await sink.wait_for(2, "/hangs")
        assert len(sink.at("/hangs")) == 2  # a quarter of the places, and no more
        running.cancel()


async def test_given_a_timeout_when_the_endpoint_answers_later_then_it_was_a_failure(rig: Rig, sink: Sink) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(delay=60.0)
    rig.egress.timeout_seconds = 1.0
    async with rig.delivering():
        await rig.happen(call_id())
        await rig.wait_for_attempts(1)
    assert await rig.fetch("SELECT status, failure FROM webhook_attempt") == [(None, "no answer within 1 s")]


async def test_given_an_address_no_longer_permitted_when_delivered_then_the_attempt_says_so_and_nothing_is_sent(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    rig.egress._permits = {"http": lambda _: False, "https": lambda _: False}
    async with rig.delivering():
        await rig.happen(call_id())
        await rig.wait_for_attempts(1)
    assert sink.connections == 0
    assert await rig.fetch("SELECT failure FROM webhook_attempt") == [
        ("the host has no address that webhooks may reach",)
    ]


async def test_given_an_event_of_an_unknown_type_when_its_turn_comes_then_it_fails_alone(rig: Rig, sink: Sink) -> None:
    await rig.add_endpoint(sink.url())
    unknown, known = call_id(), call_id()
    await rig.log.append([rig.draft(unknown), rig.draft(known)])
    async with rig.database.acquire() as connection:
        await connection.execute("UPDATE event SET type = 'call.teleported' WHERE subject_id = $1", unknown)
        await connection.execute(
            "UPDATE webhook_delivery SET event_type = 'call.teleported' WHERE subject_id = $1", unknown
        )
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=1, PENDING=1)
        await rig.wait_for_attempts(2)
    assert await rig.fetch("SELECT failure FROM webhook_attempt WHERE failure IS NOT NULL") == [
        ("this version of Offhook cannot read the event",)
    ]


async def test_given_an_event_past_retention_when_its_turn_comes_then_it_is_dropped_and_the_call_goes_on(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    first, _ = await rig.happen(call_id(), 2)
    async with rig.database.acquire() as connection:
        await connection.execute("DELETE FROM event WHERE id = $1", first.id)
    async with rig.delivering():
        await rig.wait_for_states(DROPPED=1, DELIVERED=1)
    assert len(sink.received) == 1


async def test_given_the_schedule_was_made_shorter_when_a_delivery_has_had_its_attempts_then_it_is_exhausted_unsent(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(call_id())
    async with rig.database.acquire() as connection:
        await connection.execute("UPDATE webhook_delivery SET attempts = 12")
    before = REGISTRY.get_sample_value("offhook_webhook_deliveries_exhausted_total") or 0.0
    async with rig.delivering():
        await rig.wait_for_states(EXHAUSTED=1)
    assert REGISTRY.get_sample_value("offhook_webhook_deliveries_exhausted_total") == before + 1
    assert sink.received == []
    assert await rig.fetch("SELECT type FROM event ORDER BY sequence") == [("call.updated",), ("webhook.exhausted",)]


async def test_given_many_calls_and_several_workers_when_all_deliver_then_nothing_is_lost_doubled_or_out_of_order(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    calls = [call_id() for _ in range(30)]
    async with rig.delivering(), rig.delivering(), rig.delivering():
        for _ in range(10):
            await rig.log.append([rig.draft(call) for call in calls])
        await rig.wait_for_states(DELIVERED=300)
    assert len(sink.received) == 300
    for call in calls:
        assert numbers(sink.received, call) == list(range(1, 11))
    sequences = [int(request.headers["offhook-delivery-sequence"]) for request in sink.received]
    assert sorted(sequences) == list(range(1, 301))


async def test_given_the_database_goes_away_for_a_while_when_it_is_back_then_results_are_written_and_nothing_is_doubled(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.daemon.FIRST_BACKOFF_SECONDS", 0.01)
    refusals = 3

    @asynccontextmanager
    async def acquire() -> AsyncIterator[PooledConnection]:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise DatabaseUnavailableError("The database is not available (test).")
        async with real() as connection:
            yield connection

    real = rig.database.acquire
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(delay=1.0)
    async with rig.delivering() as deliverer:
        await rig.happen(call_id())
        await sink.wait_for(1)
        monkeypatch.setattr(rig.database, "acquire", acquire)
        await eventually(lambda: is_true(refusals < 0))
        await rig.wait_for_states(DELIVERED=1)
        await eventually(lambda: is_true(all(health.is_healthy for health in deliverer.healths)))
    assert len(sink.received) == 1
    assert await rig.fetch("SELECT count(*) FROM webhook_attempt") == [(1,)]


async def test_given_a_commit_whose_answer_was_lost_when_written_again_then_attempts_and_facts_are_not_doubled(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.daemon.FIRST_BACKOFF_SECONDS", 0.01)
    real = Settler._write
    lost = 0

    async def write_and_lose_the_answer(
        self: Settler, outcomes: Sequence[Outcome], releases: Sequence[Release]
    ) -> Appended | None:
        nonlocal lost
        appended = await real(self, outcomes, releases)
        if outcomes and not lost:
            lost += 1
            raise DatabaseUnavailableError("The connection was lost (test).")
        return appended

    monkeypatch.setattr(Settler, "_write", write_and_lose_the_answer)
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: SERVER_ERROR
    call = call_id()
    await rig.happen(call)
    async with rig.database.acquire() as connection:
        await connection.execute("UPDATE webhook_delivery SET attempts = 9")
    async with rig.delivering() as deliverer:
        await rig.wait_for_states(EXHAUSTED=1)
        await eventually(lambda: is_true(lost == 1 and deliverer.healths[1].consecutive_failures == 0))
    assert await rig.fetch("SELECT number FROM webhook_attempt") == [(10,)]
    assert await rig.fetch("SELECT count(*) FROM event WHERE type = 'webhook.exhausted'") == [(1,)]


async def is_true(value: bool) -> bool:
    return value
