"""What originateCall takes besides whom to connect: variables, a message, a pitch; and asking only what it would do."""

import uuid
from typing import Any

import pytest

from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

PLACE = """
mutation ($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id state variables { key value } legs { role voicePitch } }
    dryRun {
      legs { role party { number extension } shown { number } trunkId otherTrunkIds ringSeconds wave }
      allowedByPrefix queueId callFlowId maxDurationSeconds
    }
    replayed waitOutcome lookup { isValid e164 }
    userErrors { code field }
  }
}
"""
CALLS = "query { calls { nodes { id } } }"
NUMBER = "+15550100000"


def given(**fields: object) -> dict[str, object]:
    return {
        "idempotencyKey": uuid.uuid4().hex,
        "destination": {"number": NUMBER},
        "connect": {"extension": "2001"},
        **fields,
    }


async def place(surface: Surface, fields: dict[str, object]) -> Any:
    return (await surface.ask(PLACE, {"input": fields}))["originateCall"]


async def refusals(surface: Surface, **fields: object) -> list[tuple[str, list[str]]]:
    payload = await place(surface, given(**fields))
    assert payload["call"] is None
    return [(one["code"], one["field"]) for one in payload["userErrors"]]


async def test_given_a_dry_run_when_asked_then_the_plan_comes_back_and_nothing_is_dialled_or_kept(
    surface: Surface,
) -> None:
    asked = given(dryRun=True, agentRingSeconds=12, maxDurationSeconds=90, waitFor="CONNECTED")
    payload = await place(surface, asked)
    assert payload["userErrors"] == []
    assert (payload["call"], payload["waitOutcome"], payload["replayed"]) == (None, None, False)
    assert payload["lookup"] == {"isValid": True, "e164": NUMBER}
    plan = payload["dryRun"]
    agent, customer = plan["legs"]
    assert (agent["role"], agent["party"]["extension"], agent["trunkId"]) == ("AGENT", "2001", None)
    assert (agent["ringSeconds"], agent["wave"], agent["shown"]["number"]) == (12, 0, NUMBER)
    assert (customer["role"], customer["party"]["number"], customer["ringSeconds"]) == ("CUSTOMER", NUMBER, 45)
    assert customer["trunkId"].startswith("trunk_")
    assert (plan["allowedByPrefix"], plan["maxDurationSeconds"]) == ("+155501", 90)
    assert len(surface.registry) == 0
    assert (await surface.ask(CALLS))["calls"]["nodes"] == []


async def test_given_a_dry_run_with_a_key_when_a_call_is_placed_with_that_key_then_it_is_placed_anew(
    surface: Surface,
) -> None:
    asked = given()
    await place(surface, {**asked, "dryRun": True})
    placed = await place(surface, {**asked, "tags": ["other"]})
    assert (placed["userErrors"], placed["replayed"]) == ([], False)
    again = await place(surface, {**asked, "dryRun": True})
    assert (again["call"], again["userErrors"]) == (None, [])
    assert again["dryRun"] is not None


async def test_given_what_would_be_refused_when_a_dry_run_is_asked_then_it_is_refused_alike(surface: Surface) -> None:
    assert await refusals(surface, dryRun=True, destination={"number": "+4930123456"}) == await refusals(
        surface, destination={"number": "+4930123456"}
    )
    assert await refusals(surface, dryRun=True, connect={"extension": "2999"}) == [
        ("NOT_FOUND", ["connect", "extension"])
    ]


async def test_given_allowed_variables_when_a_call_is_placed_then_it_shows_them_and_its_key_stands_for_them(
    surface: Surface,
) -> None:
    pairs = [{"key": "CRM_LEAD", "value": "7; ${EVIL} 'x'"}, {"key": "CRM_TEAM", "value": ""}]
    asked = given(variables=pairs)
    placed = await place(surface, asked)
    assert (placed["userErrors"], placed["call"]["variables"]) == ([], pairs)
    assert (await place(surface, asked))["replayed"] is True
    other = await place(surface, {**asked, "variables": pairs[:1]})
    assert [one["code"] for one in other["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("LANGUAGE", "de", "key"),
        ("crm_lead", "7", "key"),
        ("CRM_LEAD)", "7", "key"),
        ("PITCH_SHIFT(rx)", "2", "key"),
        ("__CRM_LEAD", "7", "key"),
        ("TIMEOUT(absolute)", "0", "key"),
        ("CRM_LEAD", "7\r\nVia: x", "value"),
        ("CRM_LEAD", "\x1b[2J", "value"),
        ("CRM_LEAD", "x" * 256, "value"),
    ],
)
async def test_given_a_variable_that_is_not_allowed_when_a_call_is_placed_then_it_is_refused(
    surface: Surface, key: str, value: str, field: str
) -> None:
    pairs = [{"key": "CRM_TEAM", "value": "a"}, {"key": key, "value": value}]
    assert await refusals(surface, variables=pairs) == [("INVALID_INPUT", ["variables", "1", field])]


async def test_given_a_variable_twice_when_a_call_is_placed_then_it_is_refused(surface: Surface) -> None:
    pairs = [{"key": "CRM_TEAM", "value": "a"}, {"key": "CRM_TEAM", "value": "b"}]
    assert await refusals(surface, variables=pairs) == [("INVALID_INPUT", ["variables"])]


@pytest.mark.parametrize("pitch", [0.09, 2.01, -1, 0, 1e300])
async def test_given_a_pitch_out_of_range_when_a_call_is_placed_then_it_is_refused(
    surface: Surface, pitch: float
) -> None:
    assert await refusals(surface, voicePitch=pitch) == [("INVALID_INPUT", ["voicePitch"])]


@pytest.mark.parametrize("text", ["", " \n", "a\rb", "\x1b[2J", "ü" * 401])
async def test_given_a_message_that_no_phone_should_get_when_a_call_is_placed_then_it_is_refused(
    surface: Surface, text: str
) -> None:
    assert await refusals(surface, softphoneMessage=text) == [("INVALID_INPUT", ["softphoneMessage"])]


async def test_given_the_ends_of_the_range_when_a_call_is_placed_with_them_then_it_is_placed(surface: Surface) -> None:
    for pitch in (0.1, 2.0):
        placed = await place(surface, given(voicePitch=pitch, softphoneMessage="ü" * 400))
        assert placed["userErrors"] == []
