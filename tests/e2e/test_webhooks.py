"""What a CRM is told of a call: every fact once, signed, in order, in the log's own words."""

import hashlib

import httpx
import pytest
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette

from app.facts.masking import Sight
from app.facts.vocabulary import LegRole, RecordingMode
from app.webhooks.model import Format
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


async def test_given_a_recorded_call_when_it_is_told_then_the_address_works_and_an_old_crm_gets_its_flat_bodies(
    offhook: RunningOffhook, desk: Desk, webhook_sink: Sink
) -> None:
    webhooks, account_id = offhook.service.services.webhooks, offhook.principal.account_id
    await webhooks.create(
        account_id,
        url=webhook_sink.url("/new"),
        event_types=["recording.saved"],
        reads_recordings=True,
        may_grant_recordings=True,
    )
    await webhooks.create(
        account_id,
        url=webhook_sink.url("/old"),
        format=Format.CLASSIC,
        reads_pii=True,
        granted=Sight(has_numbers=True),
    )
    talked = await desk.place_call("+15550100008", record=RecordingMode.BOTH)
    story = await desk.wait_for_end(talked.id)
    await webhook_sink.wait_for(2, "/old")
    await webhook_sink.wait_for(1, "/new")
    connect, hangup = (one.json for one in webhook_sink.at("/old"))
    assert connect["dialed_number"] == hangup["dialed_number"] == "15550100008"
    assert connect["uniqueid"] == hangup["uniqueid"] == story.record["uniqueId"]
    assert (set(hangup) - set(connect), hangup["duration"]) == (
        {"duration"},
        max(1, round(story.record["talkSeconds"])),
    )
    (saved,) = (one.json for one in webhook_sink.at("/new"))
    address = httpx.URL(saved["signedUrl"]["url"])
    app = Starlette(routes=offhook.service.recording_files.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://offhook") as client:
        answer = await client.get(address.raw_path.decode())
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == saved["data"]["sha256"]
