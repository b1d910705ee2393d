"""HTTP: what is taken, what is refused and how, ids and headers, the IDE page."""

import asyncio
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import httpx
import pytest

from app.accounts.scopes import Scope
from app.api.request_form import LARGEST_BODY
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

VIEWER = "{ viewer { keyId isTest scopes account { id name } } }"


async def test_given_a_key_when_the_viewer_is_asked_for_then_it_says_who_calls(surface: Surface) -> None:
    token = await surface.key({Scope.CALLS_READ, Scope.PII_READ})
    viewer = (await surface.ask(VIEWER, token=token))["viewer"]
    assert viewer["account"] == {"id": surface.account.id, "name": "sandbox"}
    assert viewer["scopes"] == ["CALLS_READ", "PII_READ"]
    assert viewer["isTest"] is True


async def test_given_no_key_when_a_field_is_asked_for_then_it_is_unauthenticated_with_401(surface: Surface) -> None:
    response = await surface.post(VIEWER, token=None)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["retryable"] is False
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    "header",
    ["Bearer ofk_live_wrong", "Bearer ", "Bearer", "Basic dXNlcjpwYXNz", "ofk_live_x", "Bearer a b", "Bearer é"],
)
async def test_given_a_wrong_key_when_anything_is_asked_for_then_it_is_unauthenticated_even_introspection(
    surface: Surface, header: str
) -> None:
    response = await surface.client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={b"authorization": header.encode()}
    )
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in response.json()


async def test_given_a_revoked_key_when_used_then_it_is_unauthenticated(surface: Surface) -> None:
    issued = await surface.services.keys.create(surface.account.id, name="x", scopes={Scope.CALLS_READ})
    await surface.ask(VIEWER, token=issued.token)
    await surface.services.keys.revoke(surface.account.id, issued.key.id)
    assert (await surface.refuse(VIEWER, token=issued.token))["code"] == "UNAUTHENTICATED"


async def test_given_no_key_when_the_schema_is_introspected_then_it_can_be_read(surface: Surface) -> None:
    response = await surface.post("{ __schema { queryType { name } } }", token=None)
    assert response.json()["data"] == {"__schema": {"queryType": {"name": "Query"}}}


FIELDS = {
    'call(id: "x") { id }': Scope.CALLS_READ,
    "calls { nodes { id } }": Scope.CALLS_READ,
    'event(id: "x") { id }': Scope.CALLS_READ,
    "events { nodes { id } }": Scope.CALLS_READ,
    'numberLookup(number: "+1") { isValid }': Scope.CALLS_READ,
    'cdr(id: "x") { id }': Scope.CDRS_READ,
    "cdrs { nodes { id } }": Scope.CDRS_READ,
    'recording(id: "x") { id }': Scope.RECORDINGS_READ,
    "recordings { nodes { id } }": Scope.RECORDINGS_READ,
    'webhookEndpoint(id: "x") { id }': Scope.WEBHOOKS_READ,
    "webhookEndpoints { nodes { id } }": Scope.WEBHOOKS_READ,
    'webhookDelivery(id: "x") { id }': Scope.WEBHOOKS_READ,
    "webhookDeliveries { nodes { id } }": Scope.WEBHOOKS_READ,
}
MUTATIONS = {
    'originateCall(input: {idempotencyKey: "k", destination: {number: "+1"}, '
    'connect: {number: "+1"}}) { replayed }': Scope.CALLS_ORIGINATE,
    'updateCall(input: {callId: "x"}) { userErrors { code } }': Scope.CALLS_CONTROL,
    'hangupCall(input: {callId: "x"}) { userErrors { code } }': Scope.CALLS_CONTROL,
    'createWebhookEndpoint(input: {url: "x"}) { secret }': Scope.WEBHOOKS_WRITE,
    'updateWebhookEndpoint(input: {id: "x"}) { userErrors { code } }': Scope.WEBHOOKS_WRITE,
    'deleteWebhookEndpoint(input: {id: "x"}) { deletedId }': Scope.WEBHOOKS_WRITE,
}


@pytest.mark.parametrize(
    ("operation", "scope"),
    [
        *((f"{{ {text} }}", scope) for text, scope in FIELDS.items()),
        *((f"mutation {{ {text} }}", scope) for text, scope in MUTATIONS.items()),
    ],
)
async def test_given_a_key_without_a_fields_scope_when_it_is_asked_for_then_it_is_forbidden(
    surface: Surface, operation: str, scope: Scope
) -> None:
    token = await surface.key(set(Scope) - {scope})
    response = await surface.post(operation, token=token)
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert scope.value in error["message"]
    assert (await surface.refuse(operation, token=None))["code"] == "UNAUTHENTICATED"
    only = await surface.key({scope})
    assert "FORBIDDEN" not in (await surface.post(operation, token=only)).text


async def test_given_the_scope_of_one_part_missing_when_a_call_is_read_then_only_that_part_is_null(
    surface: Surface,
) -> None:
    placed = await surface.ask(
        'mutation { originateCall(input: {idempotencyKey: "k", destination: {number: "+15550100000"}, '
        'connect: {extension: "2001"}}) { call { id } } }'
    )
    call_id = placed["originateCall"]["call"]["id"]
    token = await surface.key({Scope.CALLS_READ})
    query = "query($id: ID!) { call(id: $id) { id recordings { id } cdr { id } } node(id: $id) { id } }"
    body = (await surface.post(query, {"id": call_id}, token=token)).json()
    assert body["data"] == {"call": {"id": call_id, "recordings": None, "cdr": None}, "node": {"id": call_id}}
    assert sorted(tuple(error["path"]) for error in body["errors"]) == [("call", "cdr"), ("call", "recordings")]
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_given_another_method_when_an_operation_is_sent_then_it_is_refused_with_405(
    surface: Surface, method: str
) -> None:
    response = await surface.client.request(
        method, "/graphql", params={"query": VIEWER}, headers={"accept": "text/html, */*"}
    )
    assert response.status_code == 405
    assert "POST" in response.headers["allow"]
    if method != "HEAD":
        assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/graphql", ""],
)
async def test_given_another_type_when_an_operation_is_sent_then_it_is_refused_with_415(
    surface: Surface, content_type: str
) -> None:
    response = await surface.client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415
    assert response.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"text"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": "  "}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b"\xff\xfe",
        b'{"query": "{ a }", "variables": {"a": NaN}}',
        b'{"query": "\\ud800"}',
    ],
)
async def test_given_a_malformed_body_when_sent_then_it_is_a_bad_request_and_no_fault(
    surface: Surface, body: bytes
) -> None:
    response = await surface.client.post(
        "/graphql", content=body, headers={"content-type": "application/json; charset=utf-8"}
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_given_a_text_that_goes_over_lines_when_sent_then_the_place_is_told(surface: Surface) -> None:
    response = await surface.client.post(
        "/graphql", content=b'{\n "query": "{\n viewer }"}', headers={"content-type": "application/json"}
    )
    assert response.json()["errors"][0]["message"] == (
        "The body is not JSON: unexpected control character in string (line 2, column 13)."
    )


async def test_given_a_body_over_the_limit_when_sent_whole_or_in_pieces_then_it_is_refused_with_413(
    surface: Surface,
) -> None:
    async def pieces() -> Any:
        for _ in range(LARGEST_BODY // 65536 + 1):
            yield b" " * 65536

    for content in (b" " * (LARGEST_BODY + 1), pieces()):
        response = await surface.client.post("/graphql", content=content, headers={"content-type": "application/json"})
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ viewer { ", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { call(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("query($id: ID!) { call(id: $id) { id } }", {"id": {"a": 1}}, "BAD_USER_INPUT"),
        (
            'query { calls(filter: {created: {from: {at: "yesterday"}}}) { nodes { id } } }',
            None,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription { events { __typename } }", None, "BAD_REQUEST"),
        ("query A { __typename } query B { __typename }", None, "BAD_REQUEST"),
        ("fragment F on Query { __typename }", None, "BAD_REQUEST"),
    ],
)
async def test_given_an_operation_that_cannot_be_executed_when_sent_then_its_code_says_why(
    surface: Surface, query: str, variables: dict[str, Any] | None, code: str
) -> None:
    response = await surface.post(query, variables)
    body = response.json()
    assert response.status_code == 200
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == code
    modern = await surface.post(query, variables, headers={"accept": "application/graphql-response+json"})
    assert modern.status_code == 400
    assert modern.headers["content-type"].startswith("application/graphql-response+json")


async def test_given_an_operation_name_when_a_document_has_several_then_that_one_is_executed(surface: Surface) -> None:
    response = await surface.client.post(
        "/graphql",
        json={"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"},
    )
    assert response.json()["data"] == {"b": "Query"}


@pytest.mark.parametrize(
    ("sent", "is_kept"), [("crm-7f3a:1", True), ("x" * 129, False), ("a b\tc-12345", False), ("short", False)]
)
async def test_given_a_request_id_when_it_is_well_formed_then_it_is_kept_else_a_new_one_is_given(
    surface: Surface, sent: str, is_kept: bool
) -> None:
    response = await surface.client.post("/graphql", json={"query": "{ a }"}, headers={"x-request-id": sent})
    given = response.headers["x-request-id"]
    assert (given == sent) is is_kept
    assert response.json()["errors"][0]["extensions"]["requestId"] == given


async def test_given_any_answer_when_looked_at_then_it_carries_the_security_headers(surface: Surface) -> None:
    for path in ("/graphql", "/healthz", "/nothing", "/recordings/rec_1"):
        response = await surface.client.get(path)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["strict-transport-security"].startswith("max-age=")
        assert "server" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/recordings/rec_1", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/recordings/rec_1", 403, "URL_SIGNATURE_INVALID"),
    ],
)
async def test_given_a_wrong_address_when_asked_for_then_the_error_is_json_with_a_code(
    surface: Surface, method: str, path: str, status: int, code: str
) -> None:
    response = await surface.client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


async def test_given_a_browser_when_it_gets_graphql_then_the_page_needs_nobody_else_and_its_policy_allows_just_it(
    surface: Surface,
) -> None:
    response = await surface.client.get("/graphql", headers={"accept": "text/html,application/xhtml+xml"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for element in ("script", "style"):
        for text in re.findall(f"<{element}>(.*?)</{element}>", response.text, re.DOTALL):
            assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    outside = re.findall(r"""(?:src|href|url\(|from|import)\s*[=(]?\s*["']?(https?:|//)[^"')\s]*""", response.text)
    assert outside == []
    assert re.search(r"\son\w+=\"|\sstyle=\"", response.text) is None


async def test_given_curl_at_the_front_door_when_it_is_told_addresses_then_each_is_one_and_the_api_is_among_them(
    surface: Surface,
) -> None:
    response = await surface.client.get("/", headers={"accept": "*/*"})
    assert response.status_code == 200
    told = re.findall(r"^(/\S*) ", response.text, re.MULTILINE)
    assert set(told) >= {"/graphql", "/healthz", "/readyz"}
    for address in told:
        assert (await surface.client.get(address, headers={"accept": "text/html"})).status_code == 200, address


async def test_given_a_database_that_is_away_when_a_key_is_checked_then_it_is_a_retryable_503(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.errors import DatabaseUnavailableError

    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError("The database is not available.")

    monkeypatch.setattr(type(surface.services.keys), "authenticate", fail)
    response = await surface.post(VIEWER)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    extensions = response.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["retryable"]) == ("DATABASE_UNAVAILABLE", True)


async def test_given_many_requests_at_once_when_answered_then_each_has_its_own_id_and_account(surface: Surface) -> None:
    rival = await surface.accounts.create("rival")
    tokens = {surface.account.id: surface.token, rival.id: await surface.key(account=rival)}

    async def ask(account_id: str) -> httpx.Response:
        response = await surface.post(VIEWER, token=tokens[account_id])
        assert response.json()["data"]["viewer"]["account"]["id"] == account_id
        return response

    responses = await asyncio.gather(*(ask(one) for one in [*tokens] * 20))
    assert len({response.headers["x-request-id"] for response in responses}) == 40


@pytest.mark.parametrize("token", ["", None, "ofk_test_wrong"])
async def test_given_an_answer_when_curl_prints_it_then_the_shells_prompt_stands_on_a_line_of_its_own(
    surface: Surface, token: str | None
) -> None:
    response = await surface.post("{ viewer { isTest } }", token=token)
    assert response.content.endswith(b"}\n")
    assert response.content.count(b"\n") == 1
    if token != "":  # which is a good one
        assert "`offhook key create" in response.json()["errors"][0]["message"]


async def test_given_a_pages_placeholder_in_the_header_when_curl_sends_it_then_the_answer_says_that_it_is_one(
    port: int,
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"http://127.0.0.1:{port}/graphql",
            json={"query": VIEWER},
            headers={b"Authorization": "Bearer ofk_test_…".encode()},
        )
    assert answer.status_code == 401
    (error,) = answer.json()["errors"]
    assert error["message"] == "This is the placeholder for an API key; send the key that was printed."
