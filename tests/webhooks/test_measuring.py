"""How long it takes from an event to its webhook, as /metrics tells it."""

import pytest

from app import metrics
from app.ids import Kind, new_id
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.postgres

_NAME = "offhook_webhook_delivery_seconds"


def _measured(attempt: str) -> tuple[float, float]:
    labels = {"attempt": attempt}
    count = metrics.REGISTRY.get_sample_value(f"{_NAME}_count", labels) or 0.0
    return count, metrics.REGISTRY.get_sample_value(f"{_NAME}_sum", labels) or 0.0


async def test_given_a_first_attempt_and_a_retry_when_delivered_then_each_is_measured_from_its_event(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    replies = [Reply(status=500), Reply()]
    sink.behaviours["/"] = lambda _: replies.pop() if replies else Reply()
    first, retry = _measured("first"), _measured("retry")
    async with rig.delivering() as deliverer:
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_states(DELIVERED=1)
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(2)
        rig.clock.advance(60)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=2)
    assert _measured("first")[0] - first[0] == 1
    count, seconds = _measured("retry")
    assert count - retry[0] == 1
    assert seconds - retry[1] >= 50  # the rig's clock was put forward by a minute
