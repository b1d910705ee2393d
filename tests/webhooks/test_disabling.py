"""Endpoints that fail for days: disabled, told, their events kept; and back again."""

import pytest

from app.ids import Kind, new_id
from app.webhooks.testing import WebhookTests
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.postgres
FAILS = Reply(status=500)
DAY = 86_400.0


async def test_given_an_endpoint_that_fails_for_five_days_when_tried_again_then_it_is_disabled_told_and_keeps_events(
    rig: Rig, sink: Sink
) -> None:
    down, _ = await rig.add_endpoint(sink.url("/down"), "call.*")
    await rig.add_endpoint(sink.url("/watch"), "webhook.disabled")
    sink.behaviours["/down"] = lambda _: FAILS
    calls = [new_id(Kind.CALL) for _ in range(7)]
    async with rig.delivering() as deliverer:
        for call in calls:  # one a day
            attempts = (await rig.fetch("SELECT count(*) FROM webhook_attempt"))[0][0]
            await rig.happen(call)
            await rig.wait_for_attempts(attempts + 1)
            for _ in range(12):
                rig.clock.advance(DAY / 12)
                deliverer.wake()
            endpoint = await rig.endpoints.get(rig.account_id, down)
            assert endpoint is not None
            if not endpoint.is_enabled:
                break
        await sink.wait_for(1, "/watch")
        assert endpoint is not None
        assert endpoint.disabled_reason == "No delivery succeeded for 5 days."
        assert endpoint.failing_since is not None
        assert endpoint.disabled_at is not None
        assert 5 * DAY <= (endpoint.disabled_at - endpoint.failing_since).total_seconds() < 6.5 * DAY
        fact = sink.at("/watch")[0].json
        assert fact["data"] == {"endpointId": down, "reason": "No delivery succeeded for 5 days."}
        assert len(sink.at("/watch")) == 1
        so_far = len(sink.at("/down"))
        await rig.happen(calls[0])
        rig.clock.advance(DAY)
        deliverer.wake()
        sink.behaviours.clear()
        kept = (await rig.states())["PENDING"]
        assert kept >= 2
        exhausted = (await rig.states()).get("EXHAUSTED", 0)
        await rig.endpoints.update(rig.account_id, down, is_enabled=True)
        deliverer.wake()
        states = {"DELIVERED": kept + 1, **({"EXHAUSTED": exhausted} if exhausted else {})}
        await rig.wait_for_states(**states)
    assert len(sink.at("/down")) == so_far + kept
    # Nothing vanished: each event was delivered, or given up and told.
    ids = {request.webhook_id for request in sink.at("/down")}
    assert len(ids) == kept + exhausted


async def test_given_one_failure_long_ago_and_quiet_since_when_one_attempt_fails_then_that_alone_disables_nothing(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: FAILS
    async with rig.delivering() as deliverer:
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(1)
        async with rig.database.acquire() as connection:  # it was given up, and nothing happened since
            await connection.execute(
                "UPDATE webhook_delivery SET state = 'EXHAUSTED', finished_at = now() WHERE state = 'PENDING'"
            )
        rig.clock.advance(30 * DAY)
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(2)
        endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
        assert endpoint is not None
        assert endpoint.is_enabled
        sink.behaviours.clear()
        rig.clock.advance(7)
        deliverer.wake()
        await rig.wait_for_states(EXHAUSTED=1, DELIVERED=1)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert endpoint.failing_since is None


async def test_given_failures_and_a_success_in_between_when_five_days_pass_then_it_stays_enabled(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    stuck, well = new_id(Kind.CALL), new_id(Kind.CALL)
    sink.behaviours["/"] = lambda request: FAILS if request.json["subjectId"] == stuck else Reply()
    async with rig.delivering() as deliverer:
        await rig.happen(stuck)
        attempts = 1
        await rig.wait_for_attempts(attempts)
        for _ in range(4):
            rig.clock.advance(1.4 * DAY)
            deliverer.wake()
            attempts += 1
            await rig.wait_for_attempts(attempts)
            await rig.happen(well)
            attempts += 1
            await rig.wait_for_attempts(attempts)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert endpoint.is_enabled


@pytest.mark.parametrize(("status", "days"), [(410, 0), (500, 6)])
async def test_given_a_sample_that_an_endpoint_refuses_when_it_ends_then_the_endpoint_stands_as_it_did(
    rig: Rig, sink: Sink, status: int, days: int
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url(), "call.ended")
    sink.behaviours["/"] = lambda _: Reply(status=status)
    trials = WebhookTests(rig.endpoints, rig.queries, rig.log, rig.clock)
    async with rig.delivering():
        await trials.trigger(rig.account_id, "call.ended", is_sandbox=True)
        await rig.wait_for_states(EXHAUSTED=1)
    async with rig.delivering():  # what the worker before had to write is written
        rig.clock.advance(days * DAY)
        await trials.trigger(rig.account_id, "call.ended", is_sandbox=True)
        await rig.wait_for_states(EXHAUSTED=2)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert (endpoint.is_enabled, endpoint.failing_since, endpoint.disabled_reason) == (True, None, None)
    assert await rig.fetch("SELECT count(*) FROM event WHERE type <> 'webhook.triggered'") == [(0,)]


async def test_given_an_endpoint_that_fails_when_a_sample_succeeds_then_it_is_still_known_to_fail(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url(), "call.*")
    sink.behaviours["/"] = lambda request: Reply() if "offhook-test" in request.headers else FAILS
    async with rig.delivering():
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(1)
    async with rig.delivering():
        await WebhookTests(rig.endpoints, rig.queries, rig.log, rig.clock).trigger(rig.account_id, "call.ended")
        await rig.wait_for_states(PENDING=1, DELIVERED=1)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert endpoint.failing_since is not None


async def test_given_an_endpoint_that_answers_a_test_with_410_when_tested_then_it_is_told_and_stands_as_it_did(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(status=410)
    async with rig.delivering():
        tested = await WebhookTests(rig.endpoints, rig.queries, rig.log, rig.clock).test(rig.account_id, endpoint_id)
    assert tested.attempt is not None
    assert tested.attempt.status == 410
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert (endpoint.is_enabled, endpoint.failing_since, endpoint.disabled_reason) == (True, None, None)
    assert await rig.states() == {"EXHAUSTED": 1}


async def test_given_an_endpoint_that_fails_when_a_test_succeeds_then_it_is_known_to_work_again(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url(), "call.*")
    sink.behaviours["/"] = lambda request: Reply() if request.json["type"] == "webhook.test" else FAILS
    async with rig.delivering():
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(1)
    async with rig.delivering():
        await WebhookTests(rig.endpoints, rig.queries, rig.log, rig.clock).test(rig.account_id, endpoint_id)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert endpoint.failing_since is None
