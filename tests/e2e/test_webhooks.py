"""What a CRM is told of a call: every fact once, signed, in order, in the log's own words."""

import pytest
from standardwebhooks.webhooks import Webhook

from app.facts.vocabulary import LegRole, RecordingMode
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.asterisk


async def test_given_an_endpoint_when_calls_are_made_then_each_fact_arrives_once_signed_and_in_order(
    offhook: RunningOffhook, desk: Desk, webhook_sink: Sink
) -> None:
    endpoint = await offhook.service.services.webhooks.create(
        offhook.principal.account_id, url=webhook_sink.url("/crm"), event_types=["call.*", "leg.*", "recording.*"]
    )
    failures = iter([Reply(500), Reply(503)])  # the first two attempts fail, and are made again
    webhook_sink.behaviours["/crm"] = lambda _: next(failures, Reply())
    busy = await desk.place_call("+15550100001", first=LegRole.CUSTOMER)
    talked = await desk.place_call("+15550100008", record=RecordingMode.BOTH)
    stories = [await desk.wait_for_end(call.id) for call in (busy, talked)]
    told = {fact.id: fact for story in stories for fact in story.facts}
    await webhook_sink.wait_until(lambda: {one.webhook_id for one in webhook_sink.at("/crm")} >= set(told))
    received = webhook_sink.at("/crm")
    secret = Webhook(endpoint.secret)
    for one in received:
        secret.verify(one.body, dict(one.headers))  # raises when it is not ours
    # Two attempts failed, so two ids came twice; everything else came once.
    ids = [one.webhook_id for one in received]
    assert len(ids) == len(told) + 2
    assert set(ids) == set(told)
    for story in stories:
        of_call = [name for name in dict.fromkeys(ids) if told[name].call_id == story.facts[0].call_id]
        assert of_call == [fact.id for fact in story.facts]
    ended = next(one.json for one in received if one.webhook_id == stories[0].ended.id)
    assert ended["type"] == "call.ended"
    assert ended["data"]["cdr"]["id"] == stories[0].record["id"]
    assert ended["data"]["disposition"] == "BUSY"
