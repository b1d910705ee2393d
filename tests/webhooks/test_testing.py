"""Tests that a person asks for: the whole way, once, and what came of it."""

import pytest
from standardwebhooks.webhooks import Webhook

from app.errors import RefusedError
from app.facts.event import Actor, ActorKind
from app.webhooks.model import DeliveryState
from app.webhooks.testing import WebhookTests
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.postgres


def trials(rig: Rig, wait_seconds: float = 60.0) -> WebhookTests:
    return WebhookTests(rig.endpoints, rig.queries, rig.log, rig.clock, wait_seconds=wait_seconds)


async def test_given_an_endpoint_that_is_well_when_tested_then_its_answer_is_told_and_it_got_a_real_webhook(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, secret = await rig.add_endpoint(sink.url(), "call.ended")
    await rig.add_endpoint(sink.url("/other"))
    sink.behaviours["/"] = lambda _: Reply(status=202, body=b"thanks")
    actor = Actor(kind=ActorKind.API_KEY, id="key_1")
    async with rig.delivering():
        tested = await trials(rig).test(rig.account_id, endpoint_id, actor=actor, request_id="req_1")
    assert tested.attempt is not None
    assert (tested.attempt.status, tested.attempt.failure, tested.attempt.response_excerpt) == (202, None, "thanks")
    assert 0 < tested.attempt.latency_seconds < 60
    assert (tested.delivery.state, tested.delivery.event_type) == (DeliveryState.DELIVERED, "webhook.test")
    (request,) = sink.received
    body = Webhook(secret).verify(request.body, dict(request.headers))
    assert (body["type"], body["data"], body["requestId"]) == ("webhook.test", {"endpointId": endpoint_id}, "req_1")
    assert body["actor"] == {"kind": "API_KEY", "id": "key_1"}


async def test_given_an_endpoint_that_fails_when_tested_then_it_is_told_why_tried_once_and_the_next_is_not_held_up(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(status=503, headers={"retry-after": "3600"}, body=b"later")
    async with rig.delivering() as deliverer:
        first = await trials(rig).test(rig.account_id, endpoint_id)
        assert first.attempt is not None
        assert (first.attempt.status, first.attempt.failure) == (503, "answered 503")
        assert first.delivery.state is DeliveryState.EXHAUSTED
        sink.behaviours.clear()
        second = await trials(rig).test(rig.account_id, endpoint_id)
        assert second.attempt is not None
        assert second.attempt.failure is None
        rig.clock.advance(100_000)
        deliverer.wake()
        third = await trials(rig).test(rig.account_id, endpoint_id)
        assert third.attempt is not None
    assert len(sink.received) == 3
    # Whoever asked for it was told; there is nothing to say to others.
    assert await rig.fetch("SELECT count(*) FROM event WHERE type <> 'webhook.test'") == [(0,)]


async def test_given_nobody_who_delivers_when_tested_then_it_says_after_a_while_that_nothing_came(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    tested = await trials(rig, wait_seconds=0.1).test(rig.account_id, endpoint_id)
    assert tested.attempt is None
    assert tested.delivery.state is DeliveryState.PENDING


async def test_given_an_endpoint_that_is_not_there_or_disabled_when_tested_then_it_is_refused_and_nothing_happens(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    other = await rig.add_account("other")
    await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=False)
    for account_id, tested, code, state in (
        (other, endpoint_id, "NOT_FOUND", None),
        (rig.account_id, "whe_unknown", "NOT_FOUND", None),
        (rig.account_id, endpoint_id, "INVALID_STATE", "DISABLED"),
    ):
        with pytest.raises(RefusedError) as refusal:
            await trials(rig).test(account_id, tested)
        assert [(one.code, one.current_state) for one in refusal.value.problems] == [(code, state)]
    assert await rig.fetch("SELECT count(*) FROM event") == [(0,)]
