"""Webhook endpoints over GraphQL."""

import pytest

from app.accounts.scopes import Scope
from app.facts.event import Draft
from app.facts.webhooks import WebhookTest
from app.ids import Kind, new_id
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

CREATE = """mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
  webhookEndpoint { id url eventTypes description isEnabled apiVersion } secret userErrors { code field } } }"""
UPDATE = """mutation($input: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $input) {
  webhookEndpoint { url eventTypes description isEnabled } userErrors { code field } } }"""
DELETE = "mutation($id: ID!) { deleteWebhookEndpoint(input: {id: $id}) { deletedId userErrors { code field } } }"
URL = "http://127.0.0.1:9999/hook"


async def test_given_an_endpoint_when_made_changed_listed_and_deleted_then_each_shows(surface: Surface) -> None:
    made = (await surface.ask(CREATE, {"input": {"url": URL, "description": "CRM"}}))["createWebhookEndpoint"]
    endpoint_id = made["webhookEndpoint"]["id"]
    assert made["secret"].startswith("whsec_")
    assert made["webhookEndpoint"] == {
        "id": endpoint_id, "url": URL, "eventTypes": ["*"], "description": "CRM", "isEnabled": True, "apiVersion": "1",
    }  # fmt: skip
    changed = await surface.ask(
        UPDATE, {"input": {"id": endpoint_id, "eventTypes": ["call.*"], "description": None, "isEnabled": False}}
    )
    assert changed["updateWebhookEndpoint"]["webhookEndpoint"] == {
        "url": URL, "eventTypes": ["call.*"], "description": None, "isEnabled": False,
    }  # fmt: skip
    listed = await surface.ask("{ webhookEndpoints { nodes { id } totalCount { count } } }")
    assert listed["webhookEndpoints"] == {"nodes": [{"id": endpoint_id}], "totalCount": {"count": 1}}
    found = await surface.ask("query($id: ID!) { node(id: $id) { __typename id } }", {"id": endpoint_id})
    assert found["node"] == {"__typename": "WebhookEndpoint", "id": endpoint_id}
    deleted = await surface.ask(DELETE, {"id": endpoint_id})
    assert deleted["deleteWebhookEndpoint"] == {"deletedId": endpoint_id, "userErrors": []}
    again = await surface.ask(DELETE, {"id": endpoint_id})
    assert again["deleteWebhookEndpoint"] == {
        "deletedId": None,
        "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}],
    }


async def test_given_scopes_when_an_endpoint_is_to_see_numbers_or_keys_then_only_keys_that_see_them_may_let_it(
    surface: Surface,
) -> None:
    query = """mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
      webhookEndpoint { id includePersonalData includeDtmf } userErrors { code } } }"""
    plain = (await surface.ask(query, {"input": {"url": URL}}))["createWebhookEndpoint"]["webhookEndpoint"]
    assert (plain["includePersonalData"], plain["includeDtmf"]) == (False, False)
    seeing = (await surface.ask(query, {"input": {"url": URL, "includePersonalData": True, "includeDtmf": True}}))[
        "createWebhookEndpoint"
    ]["webhookEndpoint"]
    assert (seeing["includePersonalData"], seeing["includeDtmf"]) == (True, True)

    blind = await surface.key({Scope.WEBHOOKS_WRITE, Scope.DTMF_READ})
    for asked, refused in (
        (query, {"url": URL, "includePersonalData": True}),
        (UPDATE, {"id": plain["id"], "includePersonalData": True}),
        (UPDATE, {"id": seeing["id"], "url": URL + "/mine"}),
    ):
        response = await surface.post(asked, {"input": refused}, token=blind)
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "pii:read" in error["message"]
    await surface.ask(UPDATE, {"input": {"id": plain["id"], "includeDtmf": True}}, token=blind)
    await surface.ask(UPDATE, {"input": {"id": seeing["id"], "includePersonalData": False}}, token=blind)
    listed = await surface.ask("{ webhookEndpoints { nodes { id includePersonalData includeDtmf } } }")
    assert listed["webhookEndpoints"]["nodes"] == [
        {"id": plain["id"], "includePersonalData": False, "includeDtmf": True},
        {"id": seeing["id"], "includePersonalData": False, "includeDtmf": True},
    ]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"url": "http://169.254.169.254/"}, "URL_NOT_ALLOWED", ["url"]),
        ({"url": URL, "eventTypes": ["no.such"]}, "INVALID_INPUT", ["eventTypes", "0"]),
        ({"url": URL, "eventTypes": []}, "INVALID_INPUT", ["eventTypes"]),
    ],
)
async def test_given_a_bad_endpoint_when_made_then_user_errors_say_why(
    surface: Surface, fields: dict[str, object], code: str, field: list[str]
) -> None:
    made = (await surface.ask(CREATE, {"input": fields}))["createWebhookEndpoint"]
    assert (made["webhookEndpoint"], made["secret"]) == (None, None)
    assert made["userErrors"][0] == {"code": code, "field": field}


async def test_given_nulls_where_nothing_can_be_cleared_when_updated_then_each_is_refused(surface: Surface) -> None:
    changed = await surface.ask(
        UPDATE,
        {
            "input": {
                "id": "whe_x",
                "url": None,
                "eventTypes": None,
                "isEnabled": None,
                "includePersonalData": None,
                "includeDtmf": None,
            }
        },
    )
    assert [one["field"] for one in changed["updateWebhookEndpoint"]["userErrors"]] == [
        ["url"],
        ["eventTypes"],
        ["isEnabled"],
        ["includePersonalData"],
        ["includeDtmf"],
    ]


async def test_given_a_delivery_when_listed_then_it_names_event_endpoint_and_attempts(surface: Surface) -> None:
    endpoint_id = (await surface.ask(CREATE, {"input": {"url": URL}}))["createWebhookEndpoint"]["webhookEndpoint"]["id"]
    (event,) = await surface.log.append(
        [
            Draft(
                id=new_id(Kind.EVENT),
                account_id=surface.account.id,
                subject_id=endpoint_id,
                occurred_at=surface.services.clock.now(),
                fact=WebhookTest(endpoint_id=endpoint_id),
            )
        ]
    )
    data = await surface.ask(
        "query($id: ID!) { webhookDeliveries(filter: {endpointId: $id, states: [PENDING]}) { nodes { id endpointId "
        "eventId eventType eventSequence deliverySequence state attemptCount attempts { id } } } }",
        {"id": endpoint_id},
    )
    (delivery,) = data["webhookDeliveries"]["nodes"]
    assert delivery["eventId"] == event.id
    assert (delivery["endpointId"], delivery["eventType"], delivery["state"]) == (
        endpoint_id,
        "WEBHOOK_TEST",
        "PENDING",
    )
    assert (delivery["eventSequence"], delivery["deliverySequence"], delivery["attempts"]) == (event.sequence, 1, [])
    nobody = await surface.ask("{ webhookDeliveries(filter: {states: [EXHAUSTED]}) { nodes { id } } }")
    assert nobody["webhookDeliveries"]["nodes"] == []
    one = await surface.ask(
        "query($id: ID!) { webhookDelivery(id: $id) { id } node(id: $id) { __typename } }", {"id": delivery["id"]}
    )
    assert one == {"webhookDelivery": {"id": delivery["id"]}, "node": {"__typename": "WebhookDelivery"}}
    events = await surface.ask(
        "{ events { nodes { __typename ... on WebhookTestEvent { endpointId endpoint { url } } } } }"
    )
    assert events["events"]["nodes"] == [
        {"__typename": "WebhookTestEvent", "endpointId": endpoint_id, "endpoint": {"url": URL}}
    ]
