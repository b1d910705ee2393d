"""Targets that lead the customer on alone, announcements, programs, the dialplan: asked for, refused, shown."""

import uuid
from typing import Any

import pytest

from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

PLACE = """
mutation ($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id } replayed
    dryRun { legs { role party { number } } callFlowId queueId }
    userErrors { code field }
  }
}
"""
ROUTE = """
mutation ($input: CreateInboundRouteInput!) {
  createInboundRoute(input: $input) {
    inboundRoute {
      target {
        kind
        announcement {
          text templateId fields { name value } audioFileId repeat pauseSeconds
          voice { languageCode engineType rate }
        }
        mediaStream { url sampleRate parameters { name value } }
        dialplan { context extension }
      }
    }
    userErrors { code field }
  }
}
"""
TEMPLATE = """
mutation ($input: CreateAnnouncementTemplateInput!) {
  createAnnouncementTemplate(input: $input) { announcementTemplate { id } userErrors { code } }
}
"""
ENDPOINT = """
mutation ($input: CreateMediaEndpointInput!) { createMediaEndpoint(input: $input) { userErrors { code } } }
"""
NUMBER = "+15550100000"
GONE = "tmpl_00000000000000000000000000"


def given(connect: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"idempotencyKey": uuid.uuid4().hex, "destination": {"number": NUMBER}, "connect": connect, **fields}


async def place(surface: Surface, connect: dict[str, Any], **fields: Any) -> Any:
    return (await surface.ask(PLACE, {"input": given(connect, **fields)}))["originateCall"]


async def make_template(surface: Surface) -> str:
    values = {"name": "Appointment", "text": "Hello {name}, come at {time}."}
    made = (await surface.ask(TEMPLATE, {"input": values}))["createAnnouncementTemplate"]
    return str(made["announcementTemplate"]["id"])


async def test_given_an_announcement_when_a_dry_run_is_asked_then_only_the_customer_would_be_dialled(
    surface: Surface,
) -> None:
    payload = await place(surface, {"announcement": {"text": "Your order is ready."}}, dryRun=True)
    assert payload["userErrors"] == []
    assert payload["dryRun"] == {
        "legs": [{"role": "CUSTOMER", "party": {"number": NUMBER}}],
        "callFlowId": None,
        "queueId": None,
    }


async def test_given_a_template_with_its_fields_when_a_call_is_placed_then_the_same_key_finds_it_again(
    surface: Surface,
) -> None:
    template = await make_template(surface)
    fields = [{"name": "name", "value": "Ann"}, {"name": "time", "value": "nine"}]
    asked = given({"announcement": {"templateId": template, "fields": fields, "repeat": 2}})
    first = (await surface.ask(PLACE, {"input": asked}))["originateCall"]
    assert first["userErrors"] == []
    again = (await surface.ask(PLACE, {"input": asked}))["originateCall"]
    assert (again["replayed"], again["call"]["id"]) == (True, first["call"]["id"])
    asked["connect"]["announcement"]["fields"][0]["value"] = "Bob"
    other = (await surface.ask(PLACE, {"input": asked}))["originateCall"]
    assert [one["code"] for one in other["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize(
    ("announcement", "code", "field"),
    [
        ({}, "REQUIRED", []),
        ({"text": "Hello.", "audioFileId": "audio_1"}, "REQUIRED", []),
        ({"text": "Hello.", "templateId": GONE}, "REQUIRED", []),
        ({"text": "…"}, "INVALID_INPUT", ["text"]),
        ({"text": "<speak>Hello.</speak>"}, "INVALID_INPUT", ["text"]),
        ({"templateId": GONE}, "NOT_FOUND", ["templateId"]),
        ({"audioFileId": "audio_00000000000000000000000000"}, "NOT_FOUND", ["audioFileId"]),
        ({"text": "Hello.", "voice": {"id": "Nobody"}}, "NOT_FOUND", ["voice", "id"]),
        ({"text": "Hello.", "repeat": 0}, "INVALID_INPUT", ["repeat"]),
        ({"text": "Hello.", "repeat": 11}, "INVALID_INPUT", ["repeat"]),
        ({"text": "Hello.", "pauseSeconds": 60.0}, "INVALID_INPUT", ["pauseSeconds"]),
        ({"text": "Hello.", "pauseSeconds": -1.0}, "INVALID_INPUT", ["pauseSeconds"]),
    ],
)
async def test_given_an_announcement_that_cannot_be_said_when_asked_for_then_it_is_refused_at_its_field(
    surface: Surface, announcement: dict[str, Any], code: str, field: list[str]
) -> None:
    payload = await place(surface, {"announcement": announcement})
    assert payload["call"] is None
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
        (code, ["connect", "announcement", *field])
    ]


async def test_given_a_template_when_a_field_is_missing_or_unknown_then_it_is_refused_at_that_field(
    surface: Surface,
) -> None:
    template = await make_template(surface)
    given_fields = [{"name": "name", "value": "Ann"}, {"name": "colour", "value": "blue"}]
    payload = await place(surface, {"announcement": {"templateId": template, "fields": given_fields}})
    at = ["connect", "announcement", "fields"]
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("INVALID_INPUT", [*at, "colour"])]
    payload = await place(surface, {"announcement": {"templateId": template, "fields": given_fields[:1]}})
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("FIELD_MISSING", [*at, "time"])]


async def test_given_a_program_when_asked_for_then_only_one_of_the_accounts_is_connected(surface: Surface) -> None:
    program = {"mediaStream": {"url": "ws://127.0.0.1:9999/talk"}}
    payload = await place(surface, program)
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
        ("URL_NOT_ALLOWED", ["connect", "mediaStream", "url"])
    ]
    made = await surface.ask(ENDPOINT, {"input": {"url": "ws://127.0.0.1:9999/talk"}})
    assert made["createMediaEndpoint"]["userErrors"] == []
    assert (await place(surface, program))["userErrors"] == []


async def test_given_a_place_in_the_dialplan_when_asked_for_then_only_a_context_of_the_setting_is_taken(
    surface: Surface,
) -> None:
    assert (await place(surface, {"dialplan": {"context": "house-menus", "extension": "main"}}))["userErrors"] == []
    for context in ("other", "offhook-amd", "a b"):
        payload = await place(surface, {"dialplan": {"context": context, "extension": "main"}})
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
            ("DIALPLAN_NOT_ALLOWED", ["connect", "dialplan", "context"])
        ]
    payload = await place(surface, {"dialplan": {"context": "house-menus", "extension": "x,1)"}})
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
        ("INVALID_INPUT", ["connect", "dialplan", "extension"])
    ]


async def test_given_a_wish_for_machines_without_detection_when_asked_for_then_it_is_refused(surface: Surface) -> None:
    for action in ("HANG_UP", "GO_ON", "CONNECT"):
        payload = await place(surface, {"extension": "2001"}, onMachine=action)
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("INVALID_INPUT", ["onMachine"])]


@pytest.mark.parametrize(
    ("target", "taken"),
    [
        ({"extension": "2001"}, {"HANG_UP", "CONNECT"}),
        ({"announcement": {"text": "Your parcel is here."}}, {"HANG_UP", "GO_ON"}),
        ({"dialplan": {"context": "house-menus", "extension": "main"}}, {"HANG_UP", "GO_ON"}),
    ],
)
async def test_given_a_target_when_it_is_said_what_a_machine_gets_then_what_does_not_fit_it_is_refused(
    surface: Surface, target: dict[str, Any], taken: set[str]
) -> None:
    for action in ("HANG_UP", "GO_ON", "CONNECT"):
        payload = await place(surface, target, detectMachine=True, onMachine=action)
        told = [(one["code"], one["field"]) for one in payload["userErrors"]]
        assert told == ([] if action in taken else [("INVALID_INPUT", ["onMachine"])]), action


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (
            {"announcement": {"text": "Closed.", "repeat": 2, "voice": {"languageCode": "en-US", "rate": "SLOW"}}},
            {
                "kind": "ANNOUNCEMENT",
                "announcement": {
                    "text": "Closed.",
                    "templateId": None,
                    "fields": [],
                    "audioFileId": None,
                    "repeat": 2,
                    "pauseSeconds": 1.0,
                    "voice": {"languageCode": "en-US", "engineType": "STANDARD", "rate": "SLOW"},
                },
                "mediaStream": None,
                "dialplan": None,
            },
        ),
        (
            {"dialplan": {"context": "house-menus", "extension": "main"}},
            {
                "kind": "DIALPLAN",
                "announcement": None,
                "mediaStream": None,
                "dialplan": {"context": "house-menus", "extension": "main"},
            },
        ),
        (
            {"mediaStream": {"url": "wss://bot.example/a", "parameters": [{"name": "a", "value": "b"}]}},
            {
                "kind": "MEDIA_STREAM",
                "announcement": None,
                "mediaStream": {
                    "url": "wss://bot.example/a",
                    "sampleRate": 8000,
                    "parameters": [{"name": "a", "value": "b"}],
                },
                "dialplan": None,
            },
        ),
    ],
)
async def test_given_a_route_to_such_a_target_when_made_then_it_is_shown_as_it_was_given(
    surface: Surface, target: dict[str, Any], shown: dict[str, Any]
) -> None:
    await surface.ask(ENDPOINT, {"input": {"url": "wss://bot.example/"}})
    payload = (await surface.ask(ROUTE, {"input": {"pattern": "+15550119999", "target": target}}))["createInboundRoute"]
    assert payload["userErrors"] == []
    assert payload["inboundRoute"]["target"] == shown


async def test_given_a_route_to_a_template_that_is_not_there_when_made_then_it_is_refused(surface: Surface) -> None:
    target = {"announcement": {"templateId": GONE}}
    payload = (await surface.ask(ROUTE, {"input": {"pattern": "+15550119999", "target": target}}))["createInboundRoute"]
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
        ("NOT_FOUND", ["target", "announcement", "templateId"])
    ]
