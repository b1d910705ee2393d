"""The audit log: one line for each thing that was done or refused, whoever asked, and no secret in any."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.api.auditing import action_of
from tests.api.conftest import Surface
from tests.security.conftest import Tenant
from tests.security.generated import document_for, roots

pytestmark = pytest.mark.postgres

_ACTION = re.compile(r"[a-z0-9_]+(\.[a-z_]+)?")


async def lines_of(surface: Surface, request_id: str) -> list[Any]:
    """What was written under a request."""
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        return list(await connection.fetch("SELECT * FROM audit_line WHERE request_id = $1 ORDER BY id", request_id))


async def ask(surface: Surface, token: str | None, document: str, variables: dict[str, Any] | None = None) -> Any:
    return await surface.post(document, variables, token=token)


def outcome_of(body: dict[str, Any]) -> str:
    if body.get("errors"):
        return str(body["errors"][0]["extensions"]["code"])
    errors: Sequence[dict[str, Any]] = body["data"]["answer"]["userErrors"]
    return str(errors[0]["code"]) if errors else "OK"


async def test_given_every_mutation_when_asked_with_every_scope_then_it_leaves_one_line_with_what_came_of_it(
    tenant_a: Tenant, surface: Surface
) -> None:
    wrong = []
    for root in roots("mutation"):
        token = await tenant_a.key()  # its own: some of them end the very key they come with
        response = await ask(surface, token, *document_for(root))
        lines = await lines_of(surface, response.headers["x-request-id"])
        outcome = outcome_of(response.json())
        if [line["outcome"] for line in lines] != [outcome]:
            wrong.append(f"{root}: {outcome}, and in the log {[(line['action'], line['outcome']) for line in lines]}")
        elif lines[0]["account_id"] != tenant_a.account.id or not _ACTION.fullmatch(lines[0]["action"]):
            wrong.append(f"{root}: {dict(lines[0])}")
    assert wrong == []


@pytest.mark.parametrize("operation", ["query", "mutation"])
async def test_given_every_field_when_asked_without_its_scope_then_the_refusal_is_one_line(
    tenant_a: Tenant, surface: Surface, operation: str
) -> None:
    keys = {scope: await tenant_a.key(scope) for scope in (Scope.DTMF_READ, Scope.PII_READ)}
    wrong = []
    for root in roots(operation):
        if root.scope is None:
            continue
        token = keys[Scope.PII_READ if root.scope is Scope.DTMF_READ else Scope.DTMF_READ]
        response = await ask(surface, token, *document_for(root))
        lines = await lines_of(surface, response.headers["x-request-id"])
        if [line["outcome"] for line in lines] != ["FORBIDDEN"]:
            wrong.append(f"{root}: {[(line['action'], line['outcome']) for line in lines]}")
    assert wrong == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ viewer { account ", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ calls(after: "forged") { nodes { id } } }', "INVALID_CURSOR"),
        ('{ a: calls(after: "x") { nodes { id } } b: calls(after: "y") { nodes { id } } }', "INVALID_CURSOR"),
        ("query ($n: PhoneNumber!) { numberLookup(number: $n) { isValid } }", "BAD_USER_INPUT"),
        ("{ " + " ".join(f"a{number}: viewer {{ isTest }}" for number in range(100)) + " }", "QUERY_TOO_COMPLEX"),
    ],
    ids=["syntax", "no such field", "a forged cursor", "two of them", "a missing variable", "too many aliases"],
)
async def test_given_an_operation_that_is_refused_when_asked_then_it_is_one_line(
    tenant_a: Tenant, surface: Surface, document: str, code: str
) -> None:
    response = await ask(surface, tenant_a.token, document)
    assert response.json()["errors"][0]["extensions"]["code"] == code
    (line,) = await lines_of(surface, response.headers["x-request-id"])
    assert (line["outcome"], line["account_id"]) == (code, tenant_a.account.id)
    assert line["action"] in {"graphql.query", "graphql.operation", "graphql.request"}


async def test_given_a_stranger_when_refused_then_it_is_a_line_and_knocking_on_adds_none(surface: Surface) -> None:
    first = await ask(surface, "ofk_live_wrong", "{ viewer { isTest } }")
    assert first.status_code == 401
    (line,) = await lines_of(surface, first.headers["x-request-id"])
    assert (line["action"], line["outcome"], line["account_id"]) == ("api_key.use", "UNAUTHENTICATED", None)
    again = await ask(surface, "ofk_live_wrong", "{ viewer { isTest } }")
    assert await lines_of(surface, again.headers["x-request-id"]) == []


async def test_given_a_revoked_key_when_used_then_its_account_sees_one_line_and_the_answer_is_a_strangers(
    tenant_a: Tenant, surface: Surface
) -> None:
    issued = await surface.services.keys.create(tenant_a.account.id, name="leaked", scopes={Scope.CALLS_READ})
    await surface.services.keys.revoke(tenant_a.account.id, issued.key.id)
    document = "{ viewer { isTest } }"

    revoked = [await ask(surface, issued.token, document) for _ in range(20)]
    unknown = await ask(surface, "ofk_live_" + "A" * 40, document)

    def told_of(response: Any) -> tuple[int, str, dict[str, str]]:
        own = response.headers["x-request-id"]
        headers = {name: value.replace(own, "") for name, value in response.headers.items() if name != "date"}
        return response.status_code, response.text.replace(own, ""), headers

    assert unknown.status_code == 401
    assert [told_of(one) for one in revoked] == [told_of(unknown)] * 20
    await surface.services.access.audit.flush()
    told = await tenant_a.ask(_EVENTS, {"filter": {"subjectId": issued.key.id, "actions": ["api_key.use"]}})
    (line,) = told["auditEvents"]["nodes"]
    assert (line["outcome"], line["details"]) == ("UNAUTHENTICATED", [{"name": "reason", "value": "REVOKED"}])
    assert line["requestId"] == revoked[0].headers["x-request-id"]


@pytest.mark.parametrize(
    "sent",
    [
        {"method": "GET"},
        {"method": "POST", "content": b"query={viewer}", "headers": {"content-type": "text/plain"}},
        {"method": "POST", "content": b"[{}]", "headers": {"content-type": "application/json"}},
        {"method": "PUT", "json": {"query": "{ __typename }"}},
    ],
    ids=["GET", "text", "a batch", "PUT"],
)
async def test_given_a_request_that_holds_no_operation_when_refused_then_it_is_one_line(
    surface: Surface, sent: dict[str, Any]
) -> None:
    response = await surface.client.request(url="/graphql", **sent)
    assert response.status_code >= 400
    (line,) = await lines_of(surface, response.headers["x-request-id"])
    assert (line["action"], line["outcome"]) == ("graphql.request", response.json()["errors"][0]["extensions"]["code"])


async def test_given_two_authorization_headers_when_sent_then_nobody_is_let_in(
    tenant_a: Tenant, surface: Surface
) -> None:
    response = await surface.client.post(
        "/graphql",
        json={"query": "{ viewer { isTest } }"},
        headers=[("authorization", f"Bearer {tenant_a.token}"), ("authorization", "Bearer ofk_live_other")],
    )
    assert response.status_code == 401
    (line,) = await lines_of(surface, response.headers["x-request-id"])
    assert line["outcome"] == "UNAUTHENTICATED"


async def test_given_a_key_in_the_address_when_asked_then_it_is_as_good_as_none(
    tenant_a: Tenant, surface: Surface
) -> None:
    for name in ("access_token", "authorization", "token", "key"):
        response = await surface.client.post(
            "/graphql", params={name: tenant_a.token}, json={"query": "{ viewer { isTest } }"}
        )
        assert response.status_code == 401


async def test_given_secrets_in_answers_when_the_log_is_read_then_none_of_them_is_in_it(
    tenant_a: Tenant, surface: Surface
) -> None:
    secrets = []
    made = await tenant_a.ask(
        'mutation { createApiKey(input: {name: "k", scopes: [CALLS_READ], isTest: true}) { token apiKey { id hint } } }'
    )
    secrets.append(made["createApiKey"]["token"])
    rotated = await tenant_a.ask(
        "mutation ($id: ID!) { rotateApiKey(input: {id: $id}) { token userErrors { code } } }",
        {"id": made["createApiKey"]["apiKey"]["id"]},
    )
    secrets.append(rotated["rotateApiKey"]["token"])
    token = await tenant_a.ask(
        'mutation { createAccessToken(input: {scopes: [CALLS_READ], allowedOrigins: ["https://a.example"]}) { token } }'
    )
    secrets.append(token["createAccessToken"]["token"])
    assert all(secrets)
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        rows = await connection.fetch("SELECT row_to_json(audit_line)::text AS line FROM audit_line")
        kept = await connection.fetch(
            "SELECT row_to_json(api_key)::text AS line FROM api_key UNION ALL "
            "SELECT row_to_json(access_token)::text FROM access_token"
        )
    text = "\n".join(row["line"] for row in (*rows, *kept))
    for secret in secrets:
        assert secret.rpartition("_")[2] not in text


_EVENTS = """
query ($filter: AuditEventFilterInput, $first: Int, $after: String) {
  auditEvents(filter: $filter, first: $first, after: $after) {
    nodes { at action outcome subjectId requestId remoteAddress actor { kind id } details { name value } }
    pageInfo { hasNextPage endCursor }
    totalCount { count precision }
  }
}
"""


async def test_given_things_done_and_refused_when_the_log_is_asked_then_filters_find_them_newest_first(
    tenant_a: Tenant, surface: Surface
) -> None:
    made = await tenant_a.ask(
        'mutation { createApiKey(input: {name: "k", scopes: [CALLS_READ], isTest: true}) { apiKey { id } } }'
    )
    key_id = made["createApiKey"]["apiKey"]["id"]
    await tenant_a.ask("mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { id } } }", {"id": key_id})
    await surface.refuse("{ apiKeys { nodes { id } } }", token=await tenant_a.key(Scope.CALLS_READ))

    async def found(**where: Any) -> list[Any]:
        nodes: list[Any] = (await tenant_a.ask(_EVENTS, {"filter": where}))["auditEvents"]["nodes"]
        return nodes

    of_key = await found(subjectId=key_id)
    assert [(one["action"], one["outcome"]) for one in of_key] == [("api_key.revoke", "OK"), ("api_key.create", "OK")]
    assert of_key[0]["actor"]["kind"] == "API_KEY"
    assert [one["subjectId"] for one in await found(actions=["api_key.revoke"])] == [key_id]
    assert {one["action"] for one in await found(actions=["api_key.*"])} >= {"api_key.create", "api_key.revoke"}
    (refused,) = await found(isRefused=True)
    assert (refused["action"], refused["outcome"]) == ("graphql.query", "FORBIDDEN")
    assert refused["details"] == [{"name": "fields", "value": "apiKeys"}]
    assert await found(occurred={"to": {"at": "2020-01-01T00:00:00Z"}}) == []
    assert [one["requestId"] for one in await found(requestId=of_key[0]["requestId"])] == [of_key[0]["requestId"]]
    page = (await tenant_a.ask(_EVENTS, {"filter": {"subjectId": key_id}, "first": 1}))["auditEvents"]
    assert page["pageInfo"]["hasNextPage"] is True
    assert page["totalCount"] == {"count": 2, "precision": "EXACT"}
    after = {"filter": {"subjectId": key_id}, "first": 1, "after": page["pageInfo"]["endCursor"]}
    assert (await tenant_a.ask(_EVENTS, after))["auditEvents"]["nodes"] == [of_key[1]]


async def test_given_another_accounts_lines_when_asked_then_there_are_none_and_its_cursor_is_foreign(
    tenant_a: Tenant, tenant_b: Tenant
) -> None:
    await tenant_a.ask('mutation { createApiKey(input: {name: "k", scopes: [KEYS], isTest: true}) { apiKey { id } } }')
    of_a = (await tenant_a.ask(_EVENTS, {}))["auditEvents"]
    assert of_a["nodes"]
    key_id = of_a["nodes"][0]["subjectId"]
    assert (await tenant_b.ask(_EVENTS, {"filter": {"subjectId": key_id}}))["auditEvents"]["nodes"] == []
    refused = await tenant_b.refuse(_EVENTS, {"after": of_a["pageInfo"]["endCursor"]})
    assert refused["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize(
    ("field", "action"),
    [
        ("create_api_key", "api_key.create"),
        ("hangupCall", "call.hangup"),
        ("setAgentState", "agent_state.set"),
        ("speak", "speak"),
    ],
)
def test_given_a_mutations_name_when_it_is_logged_then_it_reads_as_noun_and_verb(field: str, action: str) -> None:
    assert action_of(field) == action
