"""Samples that developers ask for: who is sent them, as what, and that nobody takes them for what happened."""

from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from app.accounts.scopes import Scope
from app.api.staying_in_sandbox import LOOKED_AT
from app.facts.catalogue import FACT_TYPES
from tests.api.conftest import Surface, until
from tests.api.test_webhook_operations import delivering, make
from tests.webhooks.sink import Reply, running_sink

pytestmark = pytest.mark.postgres

TRIGGER = """mutation($type: EventType!) { triggerEvent(input: {type: $type}) {
  event { __typename id type sandbox ... on WebhookTriggeredEvent { eventType } }
  webhookDeliveries { id endpointId eventType isTestEvent state } userErrors { code message field } } }"""
DELIVERIES = "{ webhookDeliveries { nodes { endpointId state isTestEvent attemptCount } } }"


async def trigger(surface: Surface, event_type: str) -> Any:
    return (await surface.ask(TRIGGER, {"type": event_type}))["triggerEvent"]


async def test_given_endpoints_when_a_sample_is_triggered_then_those_that_ask_for_such_get_it_signed_as_a_test(
    surface: Surface,
) -> None:
    async with running_sink() as sink, delivering(surface):
        asks = await make(surface, url=sink.url("/asks"), eventTypes=["call.*"], includePersonalData=True)
        masked = await make(surface, url=sink.url("/masked"), eventTypes=["call.ended"])
        await make(surface, url=sink.url("/other"), eventTypes=["leg.*", "webhook.*"])
        classic = await make(surface, url=sink.url("/classic"), format="CLASSIC")
        done = await trigger(surface, "CALL_ENDED")
        await sink.wait_for(3)
    assert done["userErrors"] == []
    assert (done["event"]["__typename"], done["event"]["eventType"]) == ("WebhookTriggeredEvent", "CALL_ENDED")
    assert {one["endpointId"] for one in done["webhookDeliveries"]} == {
        one["webhookEndpoint"]["id"] for one in (asks, masked, classic)
    }
    assert all((one["eventType"], one["isTestEvent"]) == ("CALL_ENDED", True) for one in done["webhookDeliveries"])
    (request,) = sink.at("/asks")
    body = Webhook(asks["secret"]).verify(request.body, dict(request.headers))
    assert request.headers["offhook-test"] == "true"
    assert (body["id"], body["type"], body["test"], body["sandbox"]) == (
        *(done["event"]["id"], "call.ended"),
        *(True, True),
    )
    assert body["id"] == request.webhook_id
    assert (body["data"]["cdr"]["dialledNumber"], body["actor"]["kind"]) == ("+15550100000", "API_KEY")
    assert sink.at("/masked")[0].json["data"]["cdr"]["dialledNumber"] == "+1********00"
    flat = sink.at("/classic")[0].json
    nobody = {"dialed_number": "", "extension": "", "caller_id": ""}  # it has no place for a mark
    assert flat == {**nobody, "uniqueid": done["event"]["id"], "duration": 0}


async def test_given_a_sample_that_is_not_taken_when_triggered_then_it_is_tried_once_and_nothing_is_said_of_it(
    surface: Surface,
) -> None:
    async with running_sink() as sink, delivering(surface):
        sink.behaviours["/"] = lambda _: Reply(status=500)
        await make(surface, url=sink.url())
        await trigger(surface, "CALL_CONNECTED")

        async def is_given_up() -> bool:
            (delivery,) = (await surface.ask(DELIVERIES))["webhookDeliveries"]["nodes"]
            return bool(delivery["state"] == "EXHAUSTED")

        await until(is_given_up)
    (delivery,) = (await surface.ask(DELIVERIES))["webhookDeliveries"]["nodes"]
    assert (delivery["attemptCount"], delivery["isTestEvent"]) == (1, True)
    told = await surface.ask("{ events { nodes { type } } }")
    assert [one["type"] for one in told["events"]["nodes"]] == ["WEBHOOK_TRIGGERED"]


async def test_given_a_disabled_endpoint_when_a_sample_is_triggered_then_none_is_kept_for_it(surface: Surface) -> None:
    endpoint = (await make(surface, url="http://127.0.0.1:9999/hook"))["webhookEndpoint"]
    await surface.services.webhooks.update(surface.account.id, endpoint["id"], is_enabled=False)
    assert (await trigger(surface, "CALL_ENDED"))["webhookDeliveries"] == []


async def test_given_samples_of_calls_when_triggered_then_there_is_no_call_no_record_and_nothing_counted(
    surface: Surface,
) -> None:
    for event_type in ("CALL_CREATED", "CALL_CONNECTED", "CALL_ENDED", "RECORDING_SAVED"):
        await trigger(surface, event_type)
    found = await surface.ask("{ calls { nodes { id } } cdrs { nodes { id } } recordings { nodes { id } } }")
    assert [found[name]["nodes"] for name in ("calls", "cdrs", "recordings")] == [[], [], []]


async def test_given_every_type_when_triggered_then_only_the_trigger_itself_has_no_sample(surface: Surface) -> None:
    for event_type in FACT_TYPES:
        done = await trigger(surface, event_type.replace(".", "_").upper())
        expected = (
            [{"code": "INVALID_INPUT", "message": "There are no samples of this type.", "field": ["type"]}]
            if event_type == "webhook.triggered"
            else []
        )
        assert done["userErrors"] == expected, event_type


async def test_given_a_key_that_may_not_change_webhooks_when_it_triggers_then_it_is_refused(surface: Surface) -> None:
    token = await surface.key([Scope.WEBHOOKS_READ, Scope.CALLS_READ])
    answer = (await surface.post(TRIGGER, {"type": "CALL_ENDED"}, token=token)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "triggerEvent" in LOOKED_AT  # a test key of an account with live ones may: it is a test wherever it goes
