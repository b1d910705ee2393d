"""Access tokens for browsers: narrower than their key, short-lived, for their own pages, renewed on the open socket."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from websockets.typing import Origin

from app.accounts.scopes import Scope
from tests.api.conftest import Surface, until
from tests.api.test_subscriptions import append, fact
from tests.api.test_websocket import opened
from tests.security.conftest import Tenant
from tests.security.test_sockets_end import following, told_until_closed

pytestmark = pytest.mark.postgres

_PAGE = "https://crm.example"
_CREATE = """
mutation ($input: CreateAccessTokenInput!) {
  createAccessToken(input: $input) {
    token
    accessToken { id keyId agentId hint scopes allowedOrigins expiresAt revokedAt }
    userErrors { code field message }
  }
}
"""
_WHO = "{ viewer { accessTokenId agentId expiresAt scopes isTest } }"


async def create(tenant: Tenant, **given: Any) -> dict[str, Any]:
    asked = {"scopes": ["CALLS_READ"], "allowedOrigins": [_PAGE], **given}
    made: dict[str, Any] = (await tenant.ask(_CREATE, {"input": asked}))["createAccessToken"]
    return made


async def token_of(tenant: Tenant, **given: Any) -> str:
    made = await create(tenant, **given)
    assert made["userErrors"] == []
    token: str = made["token"]
    return token


async def status_of(tenant: Tenant, token: str, origin: str | None) -> int:
    headers = {} if origin is None else {"origin": origin}
    return (await tenant.surface.post(_WHO, token=token, headers=headers)).status_code


async def test_given_a_token_when_its_page_asks_then_it_is_known_and_has_its_scopes_alone(tenant_a: Tenant) -> None:
    made = await create(tenant_a, scopes=["CALLS_READ", "PII_READ"], ttlSeconds=60)
    assert made["token"].startswith("oft_")
    assert made["token"][4:-4] not in str(made["accessToken"])

    response = await tenant_a.surface.post(_WHO, token=made["token"], headers={"origin": _PAGE})

    who = response.json()["data"]["viewer"]
    assert who["accessTokenId"] == made["accessToken"]["id"]
    assert who["scopes"] == ["CALLS_READ", "PII_READ"]
    assert who["expiresAt"] == made["accessToken"]["expiresAt"]
    assert response.headers["access-control-allow-origin"] == _PAGE
    refused = await tenant_a.surface.post("{ agents { nodes { id } } }", token=made["token"], headers={"origin": _PAGE})
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://evil.example",
        "http://crm.example",
        "https://crm.example:8443",
        "https://crm.example.evil",
        "null",
    ],
)
async def test_given_another_page_when_it_asks_then_it_is_answered_401(tenant_a: Tenant, origin: str | None) -> None:
    token = await token_of(tenant_a)
    assert await status_of(tenant_a, token, origin) == 401
    assert await status_of(tenant_a, token, _PAGE) == 200


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"scopes": []}, "REQUIRED", ["scopes"]),
        ({"scopes": ["KEYS"]}, "INVALID_INPUT", ["scopes"]),
        ({"allowedOrigins": []}, "REQUIRED", ["allowedOrigins"]),
        ({"allowedOrigins": ["*"]}, "INVALID_INPUT", ["allowedOrigins", "0"]),
        ({"allowedOrigins": ["https://*.crm.example"]}, "INVALID_INPUT", ["allowedOrigins", "0"]),
        ({"allowedOrigins": [_PAGE, "https://crm.example/page"]}, "INVALID_INPUT", ["allowedOrigins", "1"]),
        ({"allowedOrigins": ["null"]}, "INVALID_INPUT", ["allowedOrigins", "0"]),
        ({"allowedOrigins": ["https://crm.example\r\nX-A: b"]}, "INVALID_INPUT", ["allowedOrigins", "0"]),
        (
            {"allowedOrigins": [f"https://p{number}.example" for number in range(21)]},
            "INVALID_INPUT",
            ["allowedOrigins"],
        ),
        ({"ttlSeconds": 0}, "INVALID_INPUT", ["ttlSeconds"]),
        ({"ttlSeconds": -1}, "INVALID_INPUT", ["ttlSeconds"]),
        ({"ttlSeconds": 86_401}, "INVALID_INPUT", ["ttlSeconds"]),
        ({"agentId": "agent_00000000000000000000000000"}, "NOT_FOUND", ["agentId"]),
    ],
)
async def test_given_a_token_that_cannot_be_when_asked_for_then_it_is_refused(
    tenant_a: Tenant, given: dict[str, Any], code: str, field: list[str]
) -> None:
    refused = await create(tenant_a, **given)
    assert refused["token"] is None
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [(code, field)]


@pytest.mark.parametrize("origin", ["http://crm_web:3000", "https://_dev.crm_1.example", "http://crm_"])
async def test_given_a_host_name_with_an_underscore_when_a_token_is_made_for_its_pages_then_they_may_use_it(
    tenant_a: Tenant, origin: str
) -> None:
    token = await token_of(tenant_a, allowedOrigins=[origin])
    assert await status_of(tenant_a, token, origin) == 200
    assert await status_of(tenant_a, token, origin.replace("_", "-")) == 401


async def test_given_a_key_with_few_scopes_when_it_makes_a_token_then_it_gives_none_that_it_lacks(
    tenant_a: Tenant, surface: Surface
) -> None:
    narrow = await tenant_a.key(Scope.KEYS, Scope.CALLS_READ)
    answer = await surface.ask(
        _CREATE, {"input": {"scopes": ["CALLS_READ", "PII_READ"], "allowedOrigins": [_PAGE]}}, token=narrow
    )
    assert answer["createAccessToken"]["userErrors"][0]["code"] == "INVALID_INPUT"


async def test_given_another_accounts_agent_when_a_token_is_made_for_it_then_it_is_not_found(
    tenant_a: Tenant, tenant_b: Tenant
) -> None:
    (agent, *_) = (await tenant_a.ask("{ agents(first: 1) { nodes { id } } }"))["agents"]["nodes"]
    refused = await create(tenant_b, agentId=agent["id"])
    assert [one["code"] for one in refused["userErrors"]] == ["NOT_FOUND"]


async def test_given_an_agents_token_when_it_acts_for_another_then_it_is_refused_and_for_its_own_taken(
    tenant_a: Tenant, surface: Surface
) -> None:
    own, other, *_ = (await tenant_a.ask("{ agents(first: 2) { nodes { id } } }"))["agents"]["nodes"]
    token = await token_of(tenant_a, scopes=["AGENTS", "CALLS_ORIGINATE"], agentId=own["id"])
    headers = {"origin": _PAGE}
    state = "mutation ($id: ID!) { setAgentState(input: {agentId: $id, state: PAUSED}) { userErrors { code field } } }"
    call = (
        'mutation ($id: ID!) { originateCall(input: {idempotencyKey: "k", dryRun: true, '
        'destination: {number: "+15550100000"}, connect: {agentId: $id}}) { userErrors { code field } } }'
    )

    async def errors_of(query: str, agent_id: str) -> list[dict[str, Any]]:
        body = (await surface.post(query, {"id": agent_id}, token=token, headers=headers)).json()
        (payload,) = body["data"].values()
        found: list[dict[str, Any]] = payload["userErrors"]
        return found

    assert await errors_of(state, other["id"]) == [{"code": "INVALID_INPUT", "field": ["agentId"]}]
    assert await errors_of(call, other["id"]) == [{"code": "INVALID_INPUT", "field": ["connect", "agentId"]}]
    assert await errors_of(state, own["id"]) == []
    who = (await surface.post(_WHO, token=token, headers=headers)).json()["data"]["viewer"]
    assert who["agentId"] == own["id"]


_SEATS = "{ agents(first: 2) { nodes { id extension { number } } } }"
_BY_EXTENSION: dict[str, dict[str, Any]] = {
    "originateCall": {
        "idempotencyKey": "k",
        "dryRun": True,
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "?"},
    },
    "startSupervision": {
        "idempotencyKey": "k",
        "callId": "call_00000000000000000000000000",
        "mode": "MONITOR",
        "supervisor": {"extension": "?"},
    },
    "scheduleCallback": {
        "idempotencyKey": "k",
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "?"},
        "at": {"at": "2030-01-01T09:00:00Z"},
    },
    "updateCallback": {"id": "callback_00000000000000000000000000", "connect": {"extension": "?"}},
}


@pytest.mark.parametrize("mutation", _BY_EXTENSION)
async def test_given_an_agents_token_when_it_rings_the_telephone_of_another_as_its_own_then_it_is_refused(
    tenant_a: Tenant, surface: Surface, mutation: str
) -> None:
    own, other, *_ = (await tenant_a.ask(_SEATS))["agents"]["nodes"]
    scopes = ["AGENTS", "CALLS_ORIGINATE", "CALLS_CONTROL", "SUPERVISE", "CALLBACKS"]
    token = await token_of(tenant_a, scopes=scopes, agentId=own["id"])
    kind = mutation[0].upper() + mutation[1:]
    query = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ userErrors {{ code field message }} }} }}"
    place = "supervisor" if mutation == "startSupervision" else "connect"

    async def errors_of(extension: str) -> list[dict[str, Any]]:
        given = {**_BY_EXTENSION[mutation], place: {"extension": extension}}
        body = (await surface.post(query, {"input": given}, token=token, headers={"origin": _PAGE})).json()
        found: list[dict[str, Any]] = body["data"][mutation]["userErrors"]
        return found

    def is_anothers(errors: list[dict[str, Any]]) -> bool:
        return any("stands for another agent" in one["message"] for one in errors)

    (refused,) = await errors_of(other["extension"]["number"])
    assert (refused["code"], refused["field"], is_anothers([refused])) == ("INVALID_INPUT", [place, "extension"], True)
    (nobodys,) = await errors_of("9999")
    assert is_anothers([nobodys])
    assert not is_anothers(await errors_of(own["extension"]["number"]))


async def test_given_an_agents_token_when_it_moves_another_into_or_out_of_a_queue_then_it_is_refused_and_itself_not(
    tenant_a: Tenant, surface: Surface
) -> None:
    own, other, *_ = (await tenant_a.ask(_SEATS))["agents"]["nodes"]
    made = await tenant_a.ask(
        'mutation ($id: ID!) { createQueue(input: {name: "q", strategy: ROUND_ROBIN, members: [{agentId: $id}]}) '
        "{ queue { id } userErrors { code } } }",
        {"id": other["id"]},
    )
    queue_id = made["createQueue"]["queue"]["id"]
    token = await token_of(tenant_a, scopes=["ROUTING"], agentId=own["id"])
    query = "mutation ($input: UpdateQueueInput!) { updateQueue(input: $input) { userErrors { code field } } }"

    async def fields_of(**given: Any) -> list[list[str]]:
        body = (
            await surface.post(query, {"input": {"id": queue_id, **given}}, token=token, headers={"origin": _PAGE})
        ).json()
        return [one["field"] for one in body["data"]["updateQueue"]["userErrors"]]

    mine, others = {"agentId": own["id"]}, {"agentId": other["id"]}
    assert await fields_of(addMembers=[mine, others]) == [["addMembers", "1"]]
    assert await fields_of(removeAgentIds=[other["id"]]) == [["removeAgentIds", "0"]]
    assert await fields_of(members=[mine]) == [["members"]]
    assert await fields_of(addMembers=[mine]) == []
    assert await fields_of(removeAgentIds=[own["id"]]) == []


async def test_given_a_revoked_token_or_key_when_used_then_it_is_answered_401(
    tenant_a: Tenant, surface: Surface
) -> None:
    first, second = await create(tenant_a), await token_of(tenant_a)
    revoked = await tenant_a.ask(
        "mutation ($id: ID!) { revokeAccessToken(input: {id: $id}) { accessToken { revokedAt } userErrors { code } } }",
        {"id": first["accessToken"]["id"]},
    )
    assert revoked["revokeAccessToken"]["accessToken"]["revokedAt"]
    assert await status_of(tenant_a, first["token"], _PAGE) == 401
    assert await status_of(tenant_a, second, _PAGE) == 200
    await surface.services.keys.revoke(tenant_a.account.id, first["accessToken"]["keyId"])
    assert await status_of(tenant_a, second, _PAGE) == 401


async def test_given_a_token_when_it_ends_itself_then_it_is_over_and_it_cannot_end_another(
    tenant_a: Tenant, surface: Surface
) -> None:
    mine, other = await token_of(tenant_a), await create(tenant_a)
    headers = {"origin": _PAGE}
    end = "mutation ($id: ID) { revokeAccessToken(input: {id: $id}) { accessToken { id } userErrors { code } } }"
    refused = await surface.post(end, {"id": other["accessToken"]["id"]}, token=mine, headers=headers)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    taken = await surface.post(end, {}, token=mine, headers=headers)
    assert taken.json()["data"]["revokeAccessToken"]["userErrors"] == []
    assert await status_of(tenant_a, mine, _PAGE) == 401
    with_key = await tenant_a.ask(end, {})
    assert with_key["revokeAccessToken"]["userErrors"] == [{"code": "REQUIRED"}]


async def test_given_a_key_that_expires_when_it_makes_a_token_then_the_token_ends_no_later(
    tenant_a: Tenant, surface: Surface
) -> None:
    expires_at = surface.services.clock.now() + timedelta(minutes=5)
    issued = await surface.services.keys.create(
        tenant_a.account.id, name="k", scopes={Scope.KEYS, Scope.CALLS_READ}, expires_at=expires_at
    )
    made = (
        await surface.ask(
            _CREATE,
            {"input": {"scopes": ["CALLS_READ"], "allowedOrigins": [_PAGE], "ttlSeconds": 86_400}},
            token=issued.token,
        )
    )["createAccessToken"]
    assert made["accessToken"]["expiresAt"][:19] == expires_at.isoformat()[:19]


async def test_given_a_page_elsewhere_when_its_browser_asks_first_then_only_a_named_origin_is_let_in(
    tenant_a: Tenant, surface: Surface
) -> None:
    await token_of(tenant_a, allowedOrigins=["HTTPS://Desk.Example:443"])

    async def preflight(origin: str) -> Any:
        headers = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        return await surface.client.options("/graphql", headers=headers)

    yes, no = await preflight("https://desk.example"), await preflight("https://evil.example")
    assert yes.status_code == 204
    assert yes.headers["access-control-allow-origin"] == "https://desk.example"
    assert "authorization" in yes.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in yes.headers
    assert no.status_code == 405
    assert "access-control-allow-origin" not in no.headers


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
async def test_given_another_page_when_it_opens_a_websocket_then_it_closes_with_4401(
    tenant_a: Tenant, port: int, origin: str | None
) -> None:
    token = await token_of(tenant_a)
    async with opened(port, origin=None if origin is None else Origin(origin)) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert (await socket.close_code())[0] == 4401


async def test_given_a_socket_when_its_token_is_renewed_by_a_ping_then_it_goes_on_past_the_first_ones_end(
    tenant_a: Tenant, surface: Surface, port: int
) -> None:
    made = await create(tenant_a, ttlSeconds=3)
    longer = await token_of(tenant_a, ttlSeconds=600)
    async with following(port, made["token"], origin=Origin(_PAGE)) as (socket,):
        await socket.send(type="ping", payload={"authorization": f"Bearer {longer}"})
        pong = await socket.receive()
        assert pong["type"] == "pong"
        assert pong["payload"]["authorization"] == "accepted"
        # Renewed, nothing hangs on the first any more.
        await surface.services.access.tokens.revoke(
            await surface.services.keys.authenticate(tenant_a.token, None), made["accessToken"]["id"]
        )
        end = surface.services.clock.now() + timedelta(seconds=3.2)
        await until(lambda: surface.services.clock.now() >= end)
        await append(surface, [fact(1)], account_id=tenant_a.account.id)
        assert (await socket.receive())["payload"]["data"]["events"]["__typename"] == "EventDelivered"


@pytest.mark.parametrize("change", ["UPDATE access_token SET revoked_at = now() WHERE id = $1", None])
async def test_given_a_token_that_is_being_looked_up_when_it_is_renewed_meanwhile_then_what_is_found_does_not_count(
    tenant_a: Tenant, surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch, change: str | None
) -> None:
    made, longer = await create(tenant_a, ttlSeconds=300), await token_of(tenant_a, ttlSeconds=600)
    credentials = surface.services.keys.credentials
    first, look_up = credentials._hash(made["token"]), credentials._look_up
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def look_up_slowly(hashed: bytes, *, is_access: bool) -> Any:
        if hashed == first:
            is_asked.set()
            await may_answer.wait()
        return await look_up(hashed, is_access=is_access)

    async with following(port, made["token"], origin=Origin(_PAGE)) as (socket,):
        session: Any
        (session,) = surface.services.sessions._open[tenant_a.account.id]
        monkeypatch.setattr(credentials, "_look_up", look_up_slowly)
        credentials.forget(tenant_a.account.id)
        async with asyncio.TaskGroup() as group:
            checking = group.create_task(session.check())
            await is_asked.wait()
            if change is not None:
                async with surface.database.acquire() as connection:
                    await connection.execute(change, made["accessToken"]["id"])
            await socket.send(type="ping", payload={"authorization": f"Bearer {longer}"})
            assert (await socket.receive())["payload"]["authorization"] == "accepted"
            ends_at = session._outbox.ends_at
            may_answer.set()
            await checking
        assert session._outbox.ends_at == ends_at
        await append(surface, [fact(1)], account_id=tenant_a.account.id)
        assert (await socket.receive())["payload"]["data"]["events"]["__typename"] == "EventDelivered"


async def test_given_a_socket_when_its_token_expires_then_it_closes_with_4403(tenant_a: Tenant, port: int) -> None:
    token = await token_of(tenant_a, ttlSeconds=2)
    async with following(port, token, origin=Origin(_PAGE)) as (socket,):
        assert await told_until_closed(socket) == ([], 4403)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"scopes": ["CALLS_READ", "PII_READ"]}, 4403), ({"allowedOrigins": ["https://desk.example"]}, 4401)],
    ids=["other scopes", "another page's"],
)
async def test_given_a_socket_when_it_is_renewed_with_a_token_that_is_another_then_it_closes(
    tenant_a: Tenant, port: int, given: dict[str, Any], code: int
) -> None:
    first, second = await token_of(tenant_a), await token_of(tenant_a, **given)
    async with following(port, first, origin=Origin(_PAGE)) as (socket,):
        await socket.send(type="ping", payload={"authorization": f"Bearer {second}"})
        assert (await socket.close_code())[0] == code


async def test_given_a_plain_ping_when_sent_then_it_is_answered_plainly(tenant_a: Tenant, port: int) -> None:
    async with following(port, tenant_a.token) as (socket,):
        await socket.send(type="ping", payload={"anything": 1})
        assert await socket.receive() == {"type": "pong"}


async def test_given_a_token_in_use_when_it_asks_again_and_again_then_the_database_is_not_asked_each_time(
    tenant_a: Tenant, surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    await surface.services.access.allow_lists.set(tenant_a.account.id, ["127.0.0.0/8"])
    made = await tenant_a.surface.services.access.tokens.create(
        await _caller(tenant_a), scopes={Scope.CALLS_READ}, allowed_origins=[_PAGE]
    )
    credentials = surface.services.keys.credentials
    look_up, count = credentials._look_up, 0

    async def counted(hashed: bytes, *, is_access: bool) -> Any:
        nonlocal count
        count += 1
        return await look_up(hashed, is_access=is_access)

    monkeypatch.setattr(credentials, "_look_up", counted)
    await asyncio.gather(*(credentials.authenticate(made.secret, "127.0.0.1", origin=_PAGE) for _ in range(200)))
    assert count == 1


async def _caller(tenant: Tenant) -> Any:
    return await tenant.surface.services.keys.authenticate(tenant.token, "127.0.0.1")


_LIST = "{ accessTokens { nodes { id hint keyId } totalCount { count } } }"


async def test_given_tokens_when_listed_then_those_that_live_are_there_for_their_account_and_the_scope_keys_alone(
    tenant_a: Tenant, tenant_b: Tenant
) -> None:
    living, ended, over = [await create(tenant_a) for _ in range(3)]
    async with tenant_a.surface.database.acquire() as connection:
        await connection.execute("UPDATE access_token SET revoked_at = now() WHERE id = $1", ended["accessToken"]["id"])
        await connection.execute("UPDATE access_token SET expires_at = now() WHERE id = $1", over["accessToken"]["id"])

    listed = (await tenant_a.ask(_LIST))["accessTokens"]

    mine = living["accessToken"]
    assert listed == {
        "nodes": [{"id": mine["id"], "hint": mine["hint"], "keyId": mine["keyId"]}],
        "totalCount": {"count": 1},
    }
    assert (await tenant_b.ask(_LIST))["accessTokens"]["nodes"] == []
    weak = await tenant_a.surface.key({Scope.CALLS_READ}, account=tenant_a.account)
    refused = (await tenant_a.surface.post(_LIST, token=weak)).json()
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_given_a_token_whose_id_nobody_kept_when_found_in_the_list_then_it_can_be_ended(
    tenant_a: Tenant,
) -> None:
    token = await token_of(tenant_a)
    (found,) = (await tenant_a.ask(_LIST))["accessTokens"]["nodes"]
    assert found["hint"].endswith(token[-4:])
    await tenant_a.ask(
        "mutation ($id: ID!) { revokeAccessToken(input: {id: $id}) { userErrors { code } } }", {"id": found["id"]}
    )
    assert (await tenant_a.ask(_LIST))["accessTokens"]["nodes"] == []
    assert await status_of(tenant_a, token, _PAGE) == 401
