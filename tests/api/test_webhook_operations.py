"""Rotating, testing and replaying over GraphQL, and the filters of deliveries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from app.accounts.scopes import Scope
from app.egress.requests import Egress
from app.facts.event import Draft
from app.facts.webhooks import WebhookTest
from app.ids import Kind, new_id
from app.secrets.sealing import Sealer
from app.webhooks.deliver import Deliverer
from app.webhooks.schedule import Schedule
from tests.api.conftest import Surface, until
from tests.webhooks.sink import Reply, Sink, running_sink

pytestmark = pytest.mark.postgres

CREATE = """mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
  webhookEndpoint { id apiVersion format includeRecordingUrls disabledAt previousSecretExpiresAt }
  secret userErrors { code field } } }"""
ROTATE = """mutation($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) {
  webhookEndpoint { id previousSecretExpiresAt } secret userErrors { code field } } }"""
TEST = """mutation($id: ID!) { testWebhookEndpoint(input: {id: $id}) {
  webhookDelivery { id state eventType } attempt { status failure latencySeconds responseExcerpt }
  userErrors { code field currentState } } }"""
REPLAY = """mutation($input: ReplayWebhooksInput!) { replayWebhooks(input: $input) {
  replayedCount skippedCount hasMore endCursor replayed userErrors { code field } } }"""
DELIVERIES = """query($filter: WebhookDeliveryFilterInput!) { webhookDeliveries(filter: $filter) {
  nodes { id state isReplay attemptCount subjectId } totalCount { count } } }"""
URL = "http://127.0.0.1:9999/hook"


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with running_sink() as running:
        yield running


@asynccontextmanager
async def delivering(surface: Surface) -> AsyncIterator[Deliverer]:
    egress = Egress(allow_networks=(IPv4Network("127.0.0.0/8"),))
    deliverer = Deliverer(
        surface.database, surface.log, egress, Sealer(bytes(32)), surface.services.clock, Schedule((0.0, 5.0))
    )
    surface.log.on_appended(lambda _: deliverer.wake())
    async with asyncio.TaskGroup() as group:
        group.create_task(deliverer.run())
        try:
            yield deliverer
        finally:
            deliverer.stop()
    await egress.aclose()


async def make(surface: Surface, **fields: Any) -> Any:
    return (await surface.ask(CREATE, {"input": {"url": URL, **fields}}))["createWebhookEndpoint"]


async def happen(surface: Surface, endpoint_id: str, count: int = 1) -> None:
    """Events that go to this endpoint, whatever it asks for."""
    await surface.log.append(
        [
            Draft(
                id=new_id(Kind.EVENT),
                account_id=surface.account.id,
                subject_id=endpoint_id,
                occurred_at=surface.services.clock.now(),
                fact=WebhookTest(endpoint_id=endpoint_id),
            )
            for _ in range(count)
        ]
    )


async def test_given_format_version_and_addresses_when_made_and_changed_then_each_shows(surface: Surface) -> None:
    plain = (await make(surface))["webhookEndpoint"]
    assert {name: plain[name] for name in ("apiVersion", "format", "includeRecordingUrls", "disabledAt")} == {
        "apiVersion": "1",
        "format": "STANDARD",
        "includeRecordingUrls": True,  # this key may fetch recordings
        "disabledAt": None,
    }
    classic = await make(surface, format="CLASSIC", includeRecordingUrls=False)
    assert (classic["webhookEndpoint"]["format"], classic["webhookEndpoint"]["includeRecordingUrls"]) == (
        "CLASSIC",
        False,
    )
    for fields, field in (
        ({"apiVersion": "7"}, ["apiVersion"]),
        ({"format": "CLASSIC", "eventTypes": ["leg.*"]}, None),
    ):
        refused = await make(surface, **fields)
        assert refused["webhookEndpoint"] is None
        assert refused["userErrors"] == [{"code": "INVALID_INPUT", "field": field or ["eventTypes"]}]
    update = """mutation($input: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $input) {
      webhookEndpoint { format includeRecordingUrls isEnabled disabledAt } userErrors { code field } } }"""
    changed = (
        await surface.ask(
            update,
            {
                "input": {
                    "id": plain["id"],
                    "format": "CLASSIC",
                    "apiVersion": "1",
                    "isEnabled": False,
                    "includeRecordingUrls": False,
                }
            },
        )
    )["updateWebhookEndpoint"]
    assert changed["userErrors"] == []
    assert changed["webhookEndpoint"]["format"] == "CLASSIC"
    assert changed["webhookEndpoint"]["includeRecordingUrls"] is False
    assert changed["webhookEndpoint"]["disabledAt"] is not None
    nulls = {"id": plain["id"], "format": None, "apiVersion": None, "includeRecordingUrls": None}
    refused = (await surface.ask(update, {"input": nulls}))["updateWebhookEndpoint"]
    assert [one["field"] for one in refused["userErrors"]] == [["includeRecordingUrls"], ["apiVersion"], ["format"]]


async def test_given_a_key_that_may_not_fetch_recordings_when_it_makes_an_endpoint_then_it_gets_no_addresses(
    surface: Surface,
) -> None:
    token = await surface.key({Scope.WEBHOOKS_WRITE})
    made = await surface.ask(CREATE, {"input": {"url": URL}}, token=token)
    assert made["createWebhookEndpoint"]["webhookEndpoint"]["includeRecordingUrls"] is False
    error = await surface.refuse(CREATE, {"input": {"url": URL, "includeRecordingUrls": True}}, token=token)
    assert error["code"] == "FORBIDDEN"


async def test_given_an_endpoint_when_its_secret_is_rotated_then_the_new_one_is_shown_once_and_both_sign(
    surface: Surface, sink: Sink
) -> None:
    made = await make(surface, url=sink.url())
    endpoint_id = made["webhookEndpoint"]["id"]
    rotated = (await surface.ask(ROTATE, {"input": {"id": endpoint_id, "graceSeconds": 60}}))["rotateWebhookSecret"]
    assert rotated["userErrors"] == []
    assert rotated["webhookEndpoint"]["previousSecretExpiresAt"] is not None
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    async with delivering(surface):
        await happen(surface, endpoint_id)
        await sink.wait_for(1)
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(sink.received[0].body, dict(sink.received[0].headers))
    for given, code, field in (
        ({"id": "whe_unknown"}, "NOT_FOUND", ["id"]),
        ({"id": endpoint_id, "graceSeconds": -1}, "INVALID_INPUT", ["graceSeconds"]),
        ({"id": endpoint_id, "graceSeconds": 2_000_000_000}, "INVALID_INPUT", ["graceSeconds"]),
        ({"id": endpoint_id, "graceSeconds": 1e300}, "INVALID_INPUT", ["graceSeconds"]),
    ):
        refused = (await surface.ask(ROTATE, {"input": given}))["rotateWebhookSecret"]
        assert (refused["webhookEndpoint"], refused["secret"]) == (None, None)
        assert refused["userErrors"] == [{"code": code, "field": field}]


async def test_given_an_endpoint_when_tested_then_status_latency_and_answer_are_told(
    surface: Surface, sink: Sink
) -> None:
    endpoint_id = (await make(surface, url=sink.url(), eventTypes=["call.ended"]))["webhookEndpoint"]["id"]
    sink.behaviours["/"] = lambda _: Reply(status=418, body=b"no coffee")
    async with delivering(surface):
        tested = (await surface.ask(TEST, {"id": endpoint_id}))["testWebhookEndpoint"]
    assert tested["userErrors"] == []
    assert (tested["webhookDelivery"]["state"], tested["webhookDelivery"]["eventType"]) == (
        "EXHAUSTED",
        "WEBHOOK_TEST",
    )
    assert tested["attempt"].pop("latencySeconds") > 0
    assert tested["attempt"] == {"status": 418, "failure": "answered 418", "responseExcerpt": "no coffee"}
    event = sink.received[0].json
    assert event["actor"]["kind"] == "API_KEY"
    await surface.services.webhooks.update(surface.account.id, endpoint_id, is_enabled=False)
    for given, code, state in ((endpoint_id, "INVALID_STATE", "DISABLED"), ("whe_unknown", "NOT_FOUND", None)):
        refused = (await surface.ask(TEST, {"id": given}))["testWebhookEndpoint"]
        assert (refused["webhookDelivery"], refused["attempt"]) == (None, None)
        assert refused["userErrors"] == [{"code": code, "field": ["id"], "currentState": state}]


async def test_given_deliveries_that_were_given_up_when_replayed_then_they_are_counted_found_and_sent(
    surface: Surface, sink: Sink
) -> None:
    endpoint_id = (await make(surface, url=sink.url()))["webhookEndpoint"]["id"]
    sink.behaviours["/"] = lambda _: Reply(status=500)

    async def states(**condition: Any) -> list[tuple[str, bool]]:
        found = await surface.ask(DELIVERIES, {"filter": {"endpointId": endpoint_id, **condition}})
        assert found["webhookDeliveries"]["totalCount"]["count"] == len(found["webhookDeliveries"]["nodes"])
        return [(one["state"], one["isReplay"]) for one in found["webhookDeliveries"]["nodes"]]

    async with delivering(surface) as deliverer:
        await happen(surface, endpoint_id, 3)
        await until(lambda: _is(states(), [("EXHAUSTED", False)] * 3))
        sink.behaviours.clear()
        replay = {"endpointId": endpoint_id, "states": ["EXHAUSTED"], "idempotencyKey": "monday"}
        done = (await surface.ask(REPLAY, {"input": replay}))["replayWebhooks"]
        assert done == {
            "replayedCount": 3, "skippedCount": 0, "hasMore": False, "endCursor": None, "replayed": False,
            "userErrors": [],
        }  # fmt: skip
        deliverer.wake()
        await until(lambda: _is(states(), [("DELIVERED", True)] * 3))
        again = await surface.ask(REPLAY, {"input": {**replay, "states": ["DELIVERED", "EXHAUSTED"]}})
        assert again["replayWebhooks"]["replayedCount"] == 3  # another condition, so another replay
        assert again["replayWebhooks"]["replayed"] is False
        await until(lambda: _is(states(), [("DELIVERED", True)] * 3))
        repeated = await surface.ask(REPLAY, {"input": {**replay, "states": ["DELIVERED", "EXHAUSTED"]}})
        assert (repeated["replayWebhooks"]["replayedCount"], repeated["replayWebhooks"]["skippedCount"]) == (0, 3)
        assert repeated["replayWebhooks"]["replayed"] is True
    now = surface.services.clock.now()
    whole = {"from": {"at": (now - timedelta(hours=1)).isoformat()}, "to": {"at": now.isoformat()}}
    later = {"from": {"at": (now + timedelta(hours=1)).isoformat()}}
    assert await states(created=whole, subjectId=endpoint_id, eventTypes=["WEBHOOK_TEST"]) == [("DELIVERED", True)] * 3
    assert await states(created=later) == []
    assert await states(subjectId="call_x") == []
    assert await states(eventTypes=["CALL_ENDED"]) == []


async def _is(found: Any, expected: object) -> bool:
    return bool(await found == expected)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({}, "REQUIRED", None),
        ({"states": ["PENDING"]}, "INVALID_INPUT", ["states", "0"]),
        ({"endpointId": "whe_unknown", "subjectId": "call_x"}, "NOT_FOUND", ["endpointId"]),
        ({"subjectId": "call_x", "idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"subjectId": "call_x", "idempotencyKey": "a\nb"}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"subjectId": "call_x", "idempotencyKey": "k" * 256}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"subjectId": "call_x", "idempotencyKey": "é"}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"subjectId": "call_x", "after": "AAAA"}, "INVALID_CURSOR", ["after"]),
        ({"deliveryIds": []}, "REQUIRED", None),
        ({"deliveryIds": ["whd_x"] * 201}, "INVALID_INPUT", ["deliveryIds"]),
        (
            {"created": {"from": {"at": "2026-02-01T00:00:00Z"}, "to": {"at": "2026-01-01T00:00:00Z"}}},
            "INVALID_INPUT",
            ["created"],
        ),
    ],
)
async def test_given_a_replay_that_cannot_be_when_asked_for_then_user_errors_say_why(
    surface: Surface, given: dict[str, Any], code: str, field: list[str] | None
) -> None:
    refused = (await surface.ask(REPLAY, {"input": given}))["replayWebhooks"]
    assert (refused["replayedCount"], refused["hasMore"]) == (None, None)
    assert refused["userErrors"] == [{"code": code, "field": field}]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (ROTATE, {"input": {"id": "whe_x"}}),
        (TEST, {"id": "whe_x"}),
        (REPLAY, {"input": {"subjectId": "call_x"}}),
    ],
)
async def test_given_a_key_that_only_reads_when_it_operates_then_the_scope_is_named(
    surface: Surface, query: str, variables: dict[str, Any]
) -> None:
    token = await surface.key({Scope.WEBHOOKS_READ})
    assert (await surface.refuse(query, variables, token=token))["code"] == "FORBIDDEN"
