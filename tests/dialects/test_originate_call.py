"""The dialect ORIGINATE_CALL: what its document prints is answered as it says, when it is signed as PHP signs it."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx
import pytest

from app.accounts.dialects import Dialect
from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.dialects.originate_call import _NotYetError, _tell
from app.dialects.php_query import build_query
from app.facts.vocabulary import LegRole
from app.flows.announcement import DialplanTarget, handing_over
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg
from tests.dialects.conftest import Client, become, make

pytestmark = pytest.mark.postgres

PATH: Final = "/api/originate-call"
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
#: As it is printed; the name, the password and the signature are the account's own.
PRINTED: Final = {
    "project_id": 1,
    "caller_id": "0123456789",
    "caller_id_name": "John Doe",
    "type": "queue",
    "destination": "test-queue",
    "external_id": "asdf1234",
    "async": 1,
    "outbound_number": "+40212345678",
    "outbound_trunk": "default-trunk",
    "vars": {
        "SKIP_WELCOME": 1,
        "SKIP_WE_ARE_RECORDING": 1,
        "SKIP_ENTER_QUEUE": 0,
        "BACKEND_LINK": "https://[YOUR-EXTERNAL-CRM-URL]/?change_this_url=1234",
    },
}
#: The same in the sandbox, for a user.
PLAIN: Final = {
    "project_id": "7",
    "caller_id": "15550100000",
    "caller_id_name": "John Doe",
    "type": "user",
    "destination": "2001",
    "external_id": "lead-1",
}
TRUST: Final = "UPDATE outbound_number SET verified_at = now() WHERE account_id = $1"
ALLOW: Final = "INSERT INTO destination_rule (account_id, prefix, is_allowed) VALUES ($1, '+33', true)"


def signed(client: Client, data: Mapping[str, Any], *, key: str = "") -> dict[str, Any]:
    """All parameters, with the signature last, as the document makes it."""
    params: dict[str, Any] = {"api_username": client.name, "api_password": client.secret, "data": data}
    text = build_query(params) + (key or client.signing_key)
    params["api_hash"] = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return params


async def ask(client: Client, data: Mapping[str, Any]) -> httpx.Response:
    """A form by POST."""
    return await client.send("POST", PATH, content=build_query(signed(client, data)), headers=FORM)


@pytest.fixture
async def parisian(surface: Surface) -> Client:
    """An account in which everything that the document names exists, and 0123456789 is a number of Paris."""
    account = await surface.accounts.create("paris", default_region="FR")
    token = await surface.key(frozenset(Scope), account=account)
    trunk_id = await make(surface, token, "createTrunk", "trunk", name="defaulttrunk", host="192.0.2.9")
    shown = {"number": "+40212345678", "trunkId": trunk_id}
    await make(surface, token, "createOutboundNumber", "outboundNumber", **shown)
    await make(surface, token, "createQueue", "queue", name="test-queue", strategy="LONGEST_IDLE")
    async with surface.database.acquire() as connection:
        await connection.execute(TRUST, account.id)
        await connection.execute(ALLOW, account.id)
    return await become(surface, account, Dialect.ORIGINATE_CALL)


@pytest.mark.parametrize("form", ["post", "get", "json"])
async def test_given_the_printed_parameters_when_sent_then_the_printed_answer_comes_and_the_call_is_made(
    parisian: Client, form: str
) -> None:
    params = signed(parisian, PRINTED)
    query = build_query(params)
    match form:
        case "post":
            answer = await parisian.send("POST", PATH, content=query, headers=FORM)
        case "get":
            answer = await parisian.send("GET", f"{PATH}?{query}")
        case _:
            answer = await parisian.send("POST", PATH, json=params)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "has_error": False,
        "messages": [],
        "results": ["Call successfully originated for queue: test-queue"],
    }
    (row,) = await parisian.calls()
    assert (row["dialled_number"], row["caller_id"], row["external_id"]) == ("+33123456789", "+40212345678", "asdf1234")
    assert row["tags"] == ["project:1"]
    assert row["queue_id"] is not None
    actor = parisian.surface.registry.find(row["id"])
    assert actor is not None
    assert {pair.key: pair.value for pair in actor.call.metadata} == {
        name: str(value)
        for name, value in PRINTED["vars"].items()  # type: ignore[attr-defined]  # a map
    }
    assert actor.call.variables == ()  # the server lists none of them


async def test_given_a_variable_that_the_server_lists_when_sent_then_it_is_set_on_the_channels(
    originating: Client,
) -> None:
    answer = await ask(originating, {**PLAIN, "vars": {"SKIP_WELCOME": "1", "CRM_LEAD": "l-9"}})
    assert answer.json()["has_error"] is False, answer.text
    (row,) = await originating.calls()
    actor = originating.surface.registry.find(row["id"])
    assert actor is not None
    assert [(pair.key, pair.value) for pair in actor.call.variables] == [("CRM_LEAD", "l-9")]
    assert [pair.key for pair in actor.call.metadata] == ["SKIP_WELCOME", "CRM_LEAD"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "queue", "destination": "no-such"}, "Invalid Queue. Check if pbx queue exists"),
        ({"type": "user", "destination": "9999"}, "Invalid User. Check if pbx user exists"),
        ({"type": "user", "destination": "Nobody Known"}, "Invalid User. Check if pbx user exists"),
        ({"type": "context", "destination": "default"}, "Invalid Context. Check if pbx context exists"),
        ({"type": "context", "destination": "../x"}, "Invalid Context. Check if pbx context exists"),
        ({"type": "robot"}, "Invalid type. Use user, queue or context"),
        ({"outbound_trunk": "no-such"}, "Invalid Trunk. Check if pbx trunk exists"),
        ({"external_id": ""}, "Missing parameters: external_id"),
        ({"project_id": None, "caller_id": ""}, "Missing parameters: project_id, caller_id"),
        ({"async": "maybe"}, "Invalid async. Use 1 or 0"),
        ({"caller_id": {"a": "1"}}, "Invalid caller_id. Use a text or a number"),
        ({"vars": "x"}, "Invalid vars. Use an array of names and values"),
        ({"vars": {"FILE(/etc/passwd)": "x"}}, "Invalid vars. A name is letters, digits and _"),
        (
            {"outbound_number": "+15550109999"},
            "The caller id is not one of the account's outbound numbers that this trunk may show.",
        ),
    ],
)
async def test_given_what_cannot_be_done_when_asked_then_the_error_comes_in_the_documents_form(
    originating: Client, changes: dict[str, Any], message: str
) -> None:
    answer = await ask(originating, {**PLAIN, **changes})
    assert answer.status_code == 200
    assert answer.json() == {"has_error": True, "messages": [message], "results": []}
    assert await originating.calls() == []


async def test_given_no_data_when_asked_then_all_that_is_mandatory_is_named(originating: Client) -> None:
    answer = await originating.send("POST", PATH, json=signed(originating, {}))
    assert answer.json()["messages"] == [
        "Missing parameters: project_id, caller_id, caller_id_name, type, destination, external_id"
    ]


async def test_given_a_user_by_name_when_asked_then_the_agent_is_connected(originating: Client) -> None:
    answer = await ask(originating, {**PLAIN, "destination": "bruno castellanos"})
    assert answer.json()["results"] == ["Call successfully originated for user: bruno castellanos"]
    (row,) = await originating.calls()
    assert row["extension"] == "2002"


async def test_given_a_context_that_is_open_to_calls_when_asked_then_the_customer_is_led_there(
    originating: Client,
) -> None:
    answer = await ask(originating, {**PLAIN, "type": "context", "destination": "house-menus"})
    assert answer.json()["results"] == ["Call successfully originated for context: house-menus"]
    (row,) = await originating.calls()
    actor = originating.surface.registry.find(row["id"])
    assert actor is not None
    run = actor.call.flow or actor.call.next_flow
    assert run is not None
    assert run.steps == handing_over(DialplanTarget(context="house-menus", extension="s")).steps


async def test_given_a_user_without_a_phone_that_is_there_when_asked_at_once_then_it_is_refused(
    parisian: Client,
) -> None:
    surface = parisian.surface
    token = await surface.key(frozenset(Scope), account=parisian.account)
    extension_id = await make(surface, token, "createExtension", "extension", number="4001")
    data = {**PLAIN, "caller_id": "0123456789", "destination": "4001", "outbound_number": "+40212345678"}
    offline = "The user is not online. Check that a phone of the user's is registered"
    for _ in range(2):
        answer = await ask(parisian, data)
        assert answer.json() == {"has_error": True, "messages": [offline], "results": []}
        # A phone that has never registered changes nothing.
        await make(surface, token, "createDevice", "device", extensionId=extension_id)
    assert await parisian.calls() == []


@pytest.mark.parametrize(
    ("cause", "sip_code", "message"),
    [
        (None, None, None),
        (21, 603, "The user rejected the call"),
        (17, 486, "The user is busy"),
        (19, 480, "Timeout. The user did not answer"),
    ],
)
async def test_given_async_is_off_when_asked_then_the_answer_waits_for_what_the_user_does(
    originating: Client, cause: int | None, sip_code: int | None, message: str | None
) -> None:
    surface = originating.surface
    asking = asyncio.create_task(ask(originating, {**PLAIN, "async": 0}))

    async def is_there() -> bool:
        return bool(await originating.calls())

    await until(is_there)
    (row,) = await originating.calls()
    actor = surface.registry.find(row["id"])
    assert actor is not None
    await actor.wait_until(lambda call: call.leg_of(LegRole.AGENT).dialing_at is not None)
    move_leg(surface.registry, row["id"], LegRole.AGENT, inputs.LegRinging)
    await actor.wait_until(lambda call: call.leg_of(LegRole.AGENT).ringing_at is not None)
    assert not asking.done()
    again = asyncio.create_task(ask(originating, {**PLAIN, "async": 0}))
    if cause is None:
        move_leg(surface.registry, row["id"], LegRole.AGENT, inputs.LegAnswered)
    else:
        leg_id = actor.call.leg_of(LegRole.AGENT).id
        actor.post(inputs.LegDestroyed(leg_id=leg_id, cause=cause, sip_code=sip_code))
    expected = (
        {"has_error": False, "messages": [], "results": ["Call successfully originated for user: 2001"]}
        if message is None
        else {"has_error": True, "messages": [message], "results": []}
    )
    # Whoever asked the same meanwhile waited for the same call.
    assert (await asking).json() == (await again).json() == expected
    assert len(await originating.calls()) == 1


async def test_given_a_customer_who_rejects_when_a_queue_waits_for_it_then_the_answer_says_whose_doing_it_was(
    originating: Client,
) -> None:
    surface = originating.surface
    await make(surface, surface.token, "createQueue", "queue", name="Help", strategy="LONGEST_IDLE")
    asking = asyncio.create_task(ask(originating, {**PLAIN, "type": "queue", "destination": "Help", "async": "0"}))

    async def is_there() -> bool:
        return bool(await originating.calls())

    await until(is_there)
    (row,) = await originating.calls()
    actor = surface.registry.find(row["id"])
    assert actor is not None
    await actor.wait_until(lambda call: call.leg_of(LegRole.CUSTOMER).dialing_at is not None)
    leg_id = actor.call.leg_of(LegRole.CUSTOMER).id
    actor.post(inputs.LegDestroyed(leg_id=leg_id, cause=21, sip_code=603))
    told = (await asking).json()
    assert told == {"has_error": True, "messages": ["The customer rejected the call"], "results": []}


async def test_given_the_same_external_id_when_asked_again_later_then_it_is_another_call(originating: Client) -> None:
    for _ in range(3):
        assert (await ask(originating, PLAIN)).json()["has_error"] is False
    assert len(await originating.calls()) == 1
    async with originating.surface.database.acquire() as connection:
        await connection.execute("UPDATE dialect_request SET until = until - interval '2 hours'")
    await ask(originating, PLAIN)
    assert [row["external_id"] for row in await originating.calls()] == ["lead-1", "lead-1"]


@pytest.mark.parametrize("spoiled", ["name", "password", "key", "order", "value", "no hash", "no name", "nothing"])
async def test_given_a_request_that_is_not_signed_as_it_must_be_when_asked_then_it_is_401(
    originating: Client, spoiled: str
) -> None:
    params = signed(originating, PLAIN, key="ofs_wrong" if spoiled == "key" else "")
    match spoiled:
        case "name":
            params["api_username"] += "x"
        case "password":
            params["api_password"] += "x"
        case "order":
            params = {"data": params["data"], **params}
        case "value":
            params["data"] = {**params["data"], "caller_id": "15550100012"}
        case "no hash":
            del params["api_hash"]
        case "no name":
            del params["api_username"]
        case "nothing":
            params = {}
        case _:
            pass
    answer = await originating.send("POST", PATH, content=build_query(params), headers=FORM)
    assert answer.status_code == 401
    assert (answer.json()["has_error"], answer.json()["results"]) == (True, [])
    assert await originating.calls() == []


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "application/json"}, b"{"),
        ({"content-type": "application/json"}, b"[]"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\nno end"),
        (FORM, b"&".join(b"a%d=1" % index for index in range(1001))),
        (FORM, b"data=1&data[x]=2"),
        (FORM, b"a" * (1024 * 1024 + 1)),
    ],
)
async def test_given_a_body_that_cannot_be_read_when_asked_then_the_error_comes_in_the_documents_form(
    originating: Client, headers: dict[str, str], content: bytes
) -> None:
    answer = await originating.send("POST", PATH, content=content, headers=headers)
    assert answer.status_code in {400, 401, 413, 415}
    assert set(answer.json()) == {"has_error", "messages", "results"}
    assert json.loads(answer.content)["has_error"] is True


@pytest.mark.parametrize("form", ["post", "get"])
async def test_given_a_name_in_another_charset_when_the_request_is_signed_over_it_then_the_call_is_made(
    originating: Client, form: str
) -> None:
    latin = {**PLAIN, "caller_id_name": b"Jos\xe9".decode("utf-8", "surrogateescape")}
    query = build_query(signed(originating, latin))
    assert "Jos%E9" in query
    if form == "post":
        answer = await originating.send("POST", PATH, content=query, headers=FORM)
    else:
        answer = await originating.send("GET", f"{PATH}?{query}")
    assert (answer.status_code, answer.json()["has_error"]) == (200, False), answer.text
    (row,) = await originating.calls()
    actor = originating.surface.registry.find(row["id"])
    assert actor is not None
    assert actor.call.leg_of(LegRole.CUSTOMER).party.display == "Jos\ufffd"


async def test_given_a_password_of_bytes_that_are_no_text_when_asked_then_it_is_401(originating: Client) -> None:
    query = build_query(signed(originating, PLAIN)).replace("api_username=", "api_username=%E9")
    answer = await originating.send("POST", PATH, content=query, headers=FORM)
    assert (answer.status_code, answer.json()["has_error"]) == (401, True)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('SC "ACME" SRL', "SC 'ACME' SRL"),
        ('"A" and "B"', "'A' and 'B'"),
        ('SC "ACME SRL', None),
        ('"Bob" <+1900>', None),
    ],
)
async def test_given_a_companys_name_with_quotes_when_asked_then_it_is_shown_with_single_ones(
    originating: Client, name: str, shown: str | None
) -> None:
    answer = await ask(originating, {**PLAIN, "caller_id_name": name})
    assert answer.json()["has_error"] is (shown is None), answer.text
    names = []
    for row in await originating.calls():
        actor = originating.surface.registry.find(row["id"])
        assert actor is not None
        names.append(actor.call.leg_of(LegRole.CUSTOMER).party.display)
    assert names == ([] if shown is None else [shown])


async def test_given_long_values_of_variables_that_the_server_does_not_list_when_asked_then_they_are_data_of_the_call(
    originating: Client,
) -> None:
    answer = await ask(originating, {**PLAIN, "vars": {"BACKEND_LINK": "x" * 900, "CRM_LEAD": "l-9"}})
    assert answer.json()["has_error"] is False, answer.text
    (row,) = await originating.calls()
    actor = originating.surface.registry.find(row["id"])
    assert actor is not None
    assert [(pair.key, len(pair.value)) for pair in actor.call.metadata] == [("BACKEND_LINK", 900), ("CRM_LEAD", 3)]
    assert [pair.key for pair in actor.call.variables] == ["CRM_LEAD"]
    for values in ({"BACKEND_LINK": "x" * 1001}, {"BACKEND_LINK": "x", "CRM_LEAD": "x" * 256}):
        refused = await ask(originating, {**PLAIN, "vars": values})
        assert (refused.status_code, refused.json()["has_error"]) == (200, True)
    assert len(await originating.calls()) == 1


async def test_given_a_variable_that_is_null_when_sent_as_json_then_it_is_left_out_as_of_a_query(
    originating: Client,
) -> None:
    params = signed(originating, {**PLAIN, "vars": {"CRM_LEAD": None, "CRM_TEAM": "a"}})
    answer = await originating.send("POST", PATH, json=params)
    assert answer.json()["has_error"] is False, answer.text
    (row,) = await originating.calls()
    actor = originating.surface.registry.find(row["id"])
    assert actor is not None
    assert [pair.key for pair in actor.call.variables] == ["CRM_TEAM"]


async def test_given_a_name_that_two_agents_have_when_asked_for_then_nobody_is_rung(originating: Client) -> None:
    surface = originating.surface
    for name in ("ana-1", "ana-2"):
        await make(surface, surface.token, "createAgent", "agent", name=name, displayName="Ana Pop")
    for written in ("Ana Pop", "ana pop"):
        answer = await ask(originating, {**PLAIN, "destination": written})
        assert answer.json()["messages"] == ["Invalid User. Check if pbx user exists"]
    assert await originating.calls() == []


@pytest.mark.parametrize(
    ("kind", "outcome", "message"),
    [
        ("user", "TIMED_OUT", "Timeout. The user did not answer"),
        ("context", "TIMED_OUT", "Timeout. The customer did not answer"),
        ("queue", "TIMED_OUT", None),
        ("context", "REACHED", None),
    ],
)
def test_given_nobody_answered_while_it_was_waited_for_when_told_then_it_is_an_error_but_of_a_queue(
    kind: str, outcome: str, message: str | None
) -> None:
    placed = {"waitOutcome": outcome, "call": {}}
    if message is None:
        assert _tell(placed, kind, "x", is_waited_for=True) == f"Call successfully originated for {kind}: x"
        return
    with pytest.raises(_NotYetError, match=message):
        _tell(placed, kind, "x", is_waited_for=True)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_given_another_method_when_sent_then_it_is_405_in_the_documents_form(
    originating: Client, method: str
) -> None:
    answer = await originating.send(method, f"{PATH}?{build_query(signed(originating, PLAIN))}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    if method != "HEAD":
        told = {"has_error": True, "messages": ["This address takes GET, POST."], "results": []}
        assert answer.json() == told
    assert await originating.calls() == []
