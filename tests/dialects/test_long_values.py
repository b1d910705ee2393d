"""Values that are of none of the schema's types: each dialect says so in its own words, and none speaks of GraphQL."""

from typing import Any, Final

import httpx
import pytest
from graphql import GraphQLError

from app.dialects.cpaas import lists
from app.dialects.variables import read_variable_error
from tests.api.conftest import Surface
from tests.dialects.conftest import Client
from tests.dialects.cpaas_client import Cpaas
from tests.dialects.test_originate_call import PLAIN, ask

pytestmark = pytest.mark.postgres

_LONG: Final = "1" * 65
_TOLD: Final = "A telephone number is a string of at most 64 characters."
_PARTIES: Final = {"agent_number": "15550104000", "destination_number": "15550104001"}
_PASSWORD: Final = {"customer_number": "15550104001", "otp": "1987"}

#: The address, what is sent there, and the field that is too long: its name is told.
_OF_CPAAS: Final[tuple[tuple[str, dict[str, Any], str], ...]] = (
    ("/api/click2call", _PARTIES, "agent_number"),
    ("/api/click2call", _PARTIES, "destination_number"),
    ("/api/click2call", _PARTIES, "caller_id"),
    ("/api/callback", {**_PARTIES, "scheduled_at": "2999-01-01 00:00:00"}, "agent_number"),
    ("/api/callback", {**_PARTIES, "scheduled_at": "2999-01-01 00:00:00"}, "destination_number"),
    ("/api/outbound_call", _PASSWORD, "customer_number"),
    ("/api/outbound_call", _PASSWORD, "caller_id"),
)


@pytest.mark.parametrize(("path", "body", "name"), _OF_CPAAS)
async def test_given_a_number_that_is_too_long_when_sent_to_cpaas_then_its_field_is_named(
    surface: Surface, path: str, body: dict[str, Any], name: str
) -> None:
    cpaas = await Cpaas.of(surface)
    told = await cpaas.refused("POST", path, {**body, name: _LONG})
    assert told == (400, "INVALID_INPUT", f"{name}: {_TOLD}")


async def test_given_a_number_that_is_too_long_when_put_on_a_list_then_its_place_in_the_whole_list_is_told(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_AT_ONCE", 2)
    cpaas = await Cpaas.of(surface)
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    dnd_list_id = (await cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "B"}))["dnd_list_id"]
    numbers = ["15550104001", "15550104002", "15550104003", _LONG]
    given: dict[str, Any] = {"list_id": list_id, "contacts": [{"contact_number": one} for one in numbers]}
    told = await cpaas.refused("POST", "/api/add_contact_to_list", given)
    assert told == (400, "INVALID_INPUT", f"contacts[3]: {_TOLD}")
    given = {"dnd_list_id": dnd_list_id, "dnd_contacts": [{"dnd_contact_number": one} for one in numbers]}
    told = await cpaas.refused("POST", "/api/add_dnd_contact_to_list", given)
    assert told == (400, "INVALID_INPUT", f"dnd_contacts[3]: {_TOLD}")


async def test_given_a_number_that_is_too_long_when_sent_to_the_other_dialects_then_each_says_so_in_its_form(
    asteriskapi: Client, originating: Client, cloud_pbx: Client
) -> None:
    async def by_key(path: str, client: Client, body: dict[str, str]) -> httpx.Response:
        return await client.send("POST", path, headers={"api-key": client.secret}, json=body)

    call = {"extension": "2001", "destination": _LONG}
    answer = await by_key("/api/v1/asteriskapi.pl", asteriskapi, call)
    told = f"We fail on making a call. caller : 2001, callee : {_LONG[:64]}"
    refused = {"status": "400 Bad Request", "icon": "error", "error": _TOLD}
    assert (answer.status_code, answer.json()) == (400, {**refused, "message": told})
    answer = await by_key("/recorded/v1/find_phone_files.pl", asteriskapi, {"phone": _LONG})
    assert (answer.status_code, answer.json()) == (400, refused)
    for name in ("caller_id", "outbound_number"):
        answer = await ask(originating, {**PLAIN, name: _LONG})
        assert (answer.status_code, answer.json()["messages"]) == (200, [_TOLD])
    answer = await by_key("/api/calls", cloud_pbx, {"user": "2001", "number": _LONG})
    assert (answer.status_code, answer.json()) == (400, {"error": _TOLD})


def test_given_errors_of_graphql_when_read_then_only_those_of_variables_are_and_a_value_inside_changes_nothing() -> (
    None
):
    cause = GraphQLError("no")
    inner = "Variable '$input' has invalid value at .entries[12].number: x: Variable '$y' has invalid value at .z: no"
    assert read_variable_error(GraphQLError(inner, original_error=cause)) == (
        "x: Variable '$y' has invalid value at .z: no",
        ("entries", "12", "number"),
    )
    assert read_variable_error(GraphQLError("Variable '$n' has invalid value: no", original_error=cause)) == ("no", ())
    assert read_variable_error(GraphQLError("Variable '$n' has invalid value: no")) is None
    assert read_variable_error(GraphQLError("no", original_error=cause)) is None
