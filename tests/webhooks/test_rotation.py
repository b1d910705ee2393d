"""New secrets, and the old ones beside them for a while."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.errors import RefusedError
from app.ids import Kind, new_id
from app.webhooks.rotation import LONGEST_GRACE, MOST_RETIRED
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Received, Reply, Sink

pytestmark = pytest.mark.postgres
HOUR = timedelta(hours=1)


def verifies(request: Received, secret: str) -> bool:
    try:
        Webhook(secret).verify(request.body, dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


async def deliver_one(rig: Rig, sink: Sink) -> Received:
    await rig.happen(new_id(Kind.CALL))
    async with rig.delivering():
        await sink.wait_for(len(sink.received) + 1)
        await rig.wait_for_states(DELIVERED=len(sink.received))
    return sink.received[-1]


async def test_given_a_rotated_secret_when_delivered_then_both_sign_until_the_grace_is_over(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library looks at the machine's clock; here an hour passes in a moment.
    monkeypatch.setattr(
        "standardwebhooks.webhooks.Webhook._Webhook__verify_timestamp",
        lambda _, text: datetime.fromtimestamp(float(text), UTC),
    )
    endpoint_id, old = await rig.add_endpoint(sink.url())
    rotated = await rig.endpoints.rotate_secret(rig.account_id, endpoint_id, grace=HOUR)
    new = rotated.secret
    assert new != old
    assert rotated.endpoint.previous_secret_until == rig.clock.now() + HOUR
    during = await deliver_one(rig, sink)
    signatures = during.headers["webhook-signature"].split(" ")
    assert len(signatures) == 2
    assert all(one.startswith("v1,") for one in signatures)
    assert verifies(during, old)
    assert verifies(during, new)
    rig.clock.advance(3601)
    after = await deliver_one(rig, sink)
    assert " " not in after.headers["webhook-signature"]
    assert not verifies(after, old)
    assert verifies(after, new)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert endpoint.previous_secret_until is None


async def test_given_a_retry_when_the_secret_was_rotated_in_between_then_it_is_signed_with_what_is_good_now(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, old = await rig.add_endpoint(sink.url())
    replies = [Reply(status=500)]
    sink.behaviours["/"] = lambda _: replies.pop() if replies else Reply()
    async with rig.delivering() as deliverer:
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(1)
        new = (await rig.endpoints.rotate_secret(rig.account_id, endpoint_id, grace=timedelta())).secret
        rig.clock.advance(7)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=1)
    first, second = sink.received
    assert verifies(first, old)
    assert not verifies(second, old)
    assert verifies(second, new)


async def test_given_several_rotations_within_the_grace_when_delivered_then_every_secret_still_verifies(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, first = await rig.add_endpoint(sink.url())
    rotated = [await rig.endpoints.rotate_secret(rig.account_id, endpoint_id) for _ in range(MOST_RETIRED)]
    secrets = [first, *(one.secret for one in rotated)]
    one = await deliver_one(rig, sink)
    assert all(verifies(one, secret) for secret in secrets)
    with pytest.raises(RefusedError) as refusal:
        await rig.endpoints.rotate_secret(rig.account_id, endpoint_id)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.field, problem.current_state) == ("INVALID_STATE", ("id",), "ROTATING")
    # One has leaked: from now on only the newest is good.
    last = (await rig.endpoints.rotate_secret(rig.account_id, endpoint_id, grace=timedelta())).secret
    other = await deliver_one(rig, sink)
    assert [verifies(other, secret) for secret in (*secrets, last)] == [False] * len(secrets) + [True]


async def test_given_a_short_grace_when_rotated_after_a_long_one_then_no_older_secret_outlives_it(rig: Rig) -> None:
    endpoint_id, _ = await rig.add_endpoint("http://127.0.0.1:9999/")
    await rig.endpoints.rotate_secret(rig.account_id, endpoint_id, grace=LONGEST_GRACE)
    rotated = await rig.endpoints.rotate_secret(rig.account_id, endpoint_id, grace=HOUR)
    assert rotated.endpoint.previous_secret_until == rig.clock.now() + HOUR


async def test_given_another_accounts_endpoint_or_an_impossible_grace_when_rotated_then_it_is_refused(
    rig: Rig,
) -> None:
    endpoint_id, _ = await rig.add_endpoint("http://127.0.0.1:9999/")
    other = await rig.add_account("other")
    for account_id, grace, code in (
        (other, HOUR, "NOT_FOUND"),
        (rig.account_id, timedelta(seconds=-1), "INVALID_INPUT"),
        (rig.account_id, LONGEST_GRACE + timedelta(seconds=1), "INVALID_INPUT"),
    ):
        with pytest.raises(RefusedError) as refusal:
            await rig.endpoints.rotate_secret(account_id, endpoint_id, grace=grace)
        assert refusal.value.problems[0].code == code
    ((everything,),) = await rig.fetch("SELECT retired_secrets FROM webhook_endpoint")
    assert everything == []
