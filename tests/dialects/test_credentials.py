"""Credentials of dialects: made and ended over GraphQL, and good for nothing but their own dialect."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

import httpx
import pytest

from app.accounts.dialects import SCOPES, Dialect
from app.accounts.scopes import Scope
from app.api.budget import POINTS_PER_MINUTE
from app.ids import Kind, kind_of
from tests.api.conftest import Surface
from tests.dialects.conftest import HOME, Client, become, budget_of
from tests.dialects.test_originate_call import PLAIN
from tests.dialects.test_originate_call import ask as originate

pytestmark = pytest.mark.postgres

CREATE: Final = """mutation ($input: CreateDialectCredentialInput!) {
  createDialectCredential(input: $input) {
    dialectCredential { id dialect name username hint isTest ipAllowList expiresAt revokedAt lastUsedAt }
    secret signingKey userErrors { code field message }
  }
}"""
REVOKE: Final = """mutation ($id: ID!) {
  revokeDialectCredential(input: {id: $id}) { dialectCredential { id revokedAt } userErrors { code field } }
}"""
LIST: Final = "{ dialectCredentials { nodes { id dialect name hint revokedAt lastUsedAt } totalCount { count } } }"
FILES: Final = "/recorded/v1/find_phone_files.pl?phone=15550100000"


async def _create(surface: Surface, *, token: str = "", **given: Any) -> Any:
    variables = {"input": {"name": "crm", "isTest": True, **given}}
    return (await surface.ask(CREATE, variables, token=token))["createDialectCredential"]


async def _knock(client: Client, secret: str = "") -> httpx.Response:
    return await client.send("GET", FILES, headers={"api-key": secret or client.secret})


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_given_a_dialect_when_a_credential_is_made_then_its_secrets_are_shown_this_once(
    surface: Surface, dialect: Dialect
) -> None:
    payload = await _create(surface, dialect=dialect.value)
    made = payload["dialectCredential"]
    assert payload["userErrors"] == []
    assert kind_of(made["id"]) is Kind.DIALECT_CREDENTIAL
    assert payload["secret"].startswith("ofd_test_")
    assert (payload["signingKey"] is not None) == (dialect is Dialect.ORIGINATE_CALL)
    assert (made["username"] is not None) == (dialect in {Dialect.ORIGINATE_CALL, Dialect.CPAAS})
    assert made["hint"] == f"ofd_test_…{payload['secret'][-4:]}"
    assert made["isTest"] is True  # in the sandbox's account there is nothing else
    async with surface.database.acquire() as connection:
        (row,) = await connection.fetch("SELECT * FROM dialect_credential WHERE id = $1", made["id"])
    kept = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert payload["secret"].encode() not in kept
    assert (payload["signingKey"] or "none at all").encode() not in kept
    listed = await surface.ask(LIST)
    assert [one["id"] for one in listed["dialectCredentials"]["nodes"]] == [made["id"]]


async def _call(by: Client, dialect: Dialect) -> httpx.Response:
    """A good request of a dialect, by whoever holds a credential of whichever."""
    key = {"api-key": by.secret}
    match dialect:
        case Dialect.ASTERISKAPI:
            body = {"extension": "2001", "destination": "15550100000"}
            return await by.send("POST", "/api/v1/asteriskapi.pl", headers=key, json=body)
        case Dialect.ORIGINATE_CALL:
            return await originate(by, PLAIN)
        case Dialect.CLOUD_PBX:
            return await by.send("POST", "/api/calls", headers=key, json={"user": "2001", "number": "+15550100000"})
        case Dialect.CPAAS:
            shown = {"account": by.name, "auth": by.secret}
            body = {"agent_number": "2001", "destination_number": "15550104001"}
            return await by.send("POST", "/api/click2call", headers=shown, json=body)
        case _:
            assert_never(dialect)


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_given_no_credential_of_a_dialect_when_it_is_asked_then_it_is_off_until_there_is_one(
    surface: Surface, dialect: Dialect
) -> None:
    others = [
        await become(surface, surface.account, one, ip_allow_list=(HOME,)) for one in Dialect if one is not dialect
    ]
    # One dialect's credential opens no other, and an API key none at all.
    api_key = replace(others[0], issued=replace(others[0].issued, secret=surface.token))
    for client in (*others, api_key):
        assert (await _call(client, dialect)).status_code == 401, client.issued.credential.dialect
    assert await others[0].calls() == []
    own = await become(surface, surface.account, dialect, ip_allow_list=(HOME,))
    assert (await _call(own, dialect)).status_code == 200
    assert len(await own.calls()) == 1


async def test_given_a_credential_when_used_and_ended_then_both_are_seen_and_it_opens_nothing_more(
    asteriskapi: Client,
) -> None:
    surface, credential_id = asteriskapi.surface, asteriskapi.issued.credential.id
    assert (await _knock(asteriskapi)).status_code == 200
    (listed,) = (await surface.ask(LIST))["dialectCredentials"]["nodes"]
    assert listed["lastUsedAt"] is not None
    for _ in range(2):
        payload = (await surface.ask(REVOKE, {"id": credential_id}))["revokeDialectCredential"]
        assert payload["userErrors"] == []
        assert payload["dialectCredential"]["revokedAt"] is not None
    assert (await _knock(asteriskapi)).status_code == 401
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        lines = await connection.fetch(
            "SELECT action, outcome, details FROM audit_line WHERE subject_id = $1 ORDER BY id", credential_id
        )
    assert [(one["action"], one["outcome"]) for one in lines] == [
        ("dialect_credential.create", "OK"),
        ("dialect_credential.revoke", "OK"),
        ("dialect_credential.revoke", "OK"),
        ("dialect_credential.use", "UNAUTHENTICATED"),
    ]
    assert lines[-1]["details"]["reason"] == "REVOKED"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET suspended_at = now(), suspended_by = 'OPERATOR' WHERE id = $1",
        "UPDATE dialect_credential SET expires_at = now() - interval '1 second' WHERE account_id = $1",
        "UPDATE account SET ip_allow_list = '{198.51.100.0/24}' WHERE id = $1",
        "UPDATE dialect_credential SET ip_allow_list = '{198.51.100.0/24}' WHERE account_id = $1",
    ],
    ids=["suspended", "expired", "account's list", "own list"],
)
async def test_given_a_credential_that_may_not_be_used_when_used_then_it_is_as_if_there_were_none(
    asteriskapi: Client, change: str
) -> None:
    async with asteriskapi.surface.database.acquire() as connection:
        await connection.execute(change, asteriskapi.account.id)
    refused, unknown = await _knock(asteriskapi), await _knock(asteriskapi, "ofd_test_unknown")
    assert refused.status_code == unknown.status_code == 401
    assert refused.content == unknown.content


async def test_given_a_key_that_may_less_when_it_makes_a_credential_then_it_is_refused(surface: Surface) -> None:
    weak = await surface.key({Scope.KEYS, Scope.CALLS_READ})
    payload = await _create(surface, token=weak, dialect="ASTERISKAPI", isTest=True)
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("INVALID_INPUT", ["dialect"])]
    enough = await surface.key({Scope.KEYS, *SCOPES[Dialect.ASTERISKAPI]})
    assert (await _create(surface, token=enough, dialect="ASTERISKAPI", isTest=True))["userErrors"] == []
    no_keys = await surface.key(frozenset(Scope) - {Scope.KEYS})
    refused = await surface.refuse(CREATE, {"input": {"dialect": "CPAAS", "name": "x"}}, token=no_keys)
    assert refused["code"] == "FORBIDDEN"


async def test_given_a_key_with_restrictions_when_it_makes_a_credential_then_that_has_them_too(
    surface: Surface,
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    issued = await surface.services.keys.create(
        surface.account.id, name="k", scopes=frozenset(Scope), ip_allow_list=("127.0.0.0/8",), expires_at=soon
    )
    given = {"dialect": "ASTERISKAPI", "isTest": True}
    payload = await _create(surface, token=issued.token, **given)
    assert [one["field"] for one in payload["userErrors"]] == [["expiresAt"], ["ipAllowList"]]
    bound = {"expiresAt": {"at": soon.isoformat()}, "ipAllowList": ["127.0.0.1"]}
    assert (await _create(surface, token=issued.token, **given, **bound))["userErrors"] == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"ipAllowList": ["0.0.0.0/0"]}, ["ipAllowList", "0"]),
        ({"ipAllowList": ["home"]}, ["ipAllowList", "0"]),
        ({"expiresAt": {"at": "2020-01-01T00:00:00Z"}}, ["expiresAt"]),
    ],
)
async def test_given_what_no_credential_may_be_when_made_then_the_field_is_named(
    surface: Surface, given: dict[str, Any], field: list[str]
) -> None:
    payload = await _create(surface, dialect="CPAAS", **given)
    assert [one["field"] for one in payload["userErrors"]] == [field]
    assert (payload["dialectCredential"], payload["secret"]) == (None, None)


async def test_given_a_live_account_when_its_test_key_acts_then_it_makes_and_ends_test_credentials_alone(
    surface: Surface,
) -> None:
    account = await surface.accounts.create("bravo")
    live = await become(surface, account, Dialect.ASTERISKAPI)
    assert live.secret.startswith("ofd_live_")
    issued = await surface.services.keys.create(account.id, name="t", scopes=frozenset(Scope), is_test=True)
    refused = await _create(surface, token=issued.token, dialect="ASTERISKAPI", isTest=False)
    assert [one["code"] for one in refused["userErrors"]] == ["SANDBOX_ONLY"]
    made = await _create(surface, token=issued.token, dialect="ASTERISKAPI", isTest=True)
    assert made["dialectCredential"]["isTest"] is True
    ended = await surface.ask(REVOKE, {"id": live.issued.credential.id}, token=issued.token)
    assert [one["code"] for one in ended["revokeDialectCredential"]["userErrors"]] == ["SANDBOX_ONLY"]
    # It reaches the sandbox only, of which this account has nothing.
    call = {"extension": "2001", "destination": "15550100000"}
    headers = {"api-key": made["secret"]}
    answer = await live.send("POST", "/api/v1/asteriskapi.pl", headers=headers, json=call)
    assert (answer.status_code, answer.json()["icon"]) == (400, "error")


async def test_given_another_accounts_credential_when_ended_then_there_is_none(asteriskapi: Client) -> None:
    surface = asteriskapi.surface
    token = await surface.key(account=await surface.accounts.create("bravo"))
    payload = await surface.ask(REVOKE, {"id": asteriskapi.issued.credential.id}, token=token)
    assert payload["revokeDialectCredential"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
    assert (await surface.ask(LIST, token=token))["dialectCredentials"]["nodes"] == []
    assert (await _knock(asteriskapi)).status_code == 200


async def test_given_many_wrong_secrets_when_they_go_on_then_it_is_429_and_a_right_one_is_still_good(
    asteriskapi: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget_of(asteriskapi.surface), "_monotonic", lambda: 0.0)  # however long this takes
    most = POINTS_PER_MINUTE // 10 // 1000
    statuses = [(await _knock(asteriskapi, f"ofd_test_{number}")).status_code for number in range(most + 20)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    limited = await _knock(asteriskapi, "ofd_test_more")
    assert int(limited.headers["retry-after"]) >= 1
    assert (await _knock(asteriskapi)).status_code == 200


async def test_given_equal_requests_when_keys_are_taken_at_once_then_all_have_one_and_others_have_others(
    surface: Surface,
) -> None:
    requests, account_id = surface.services.dialects.requests, surface.account.id
    other = await surface.accounts.create("bravo")

    async def take(parts: bytes, *, account: str = account_id, dialect: Dialect = Dialect.CPAAS) -> str:
        return await requests.take_key(account, dialect, parts, 5.0)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take(b"a")) for _ in range(20)]
    keys = {task.result() for task in tasks}
    assert len(keys) == 1
    keys |= {
        await take(b"b"),
        await take(b"a", account=other.id),
        await take(b"a", dialect=Dialect.ASTERISKAPI),
    }
    assert len(keys) == 4
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE dialect_request SET until = until - interval '5 seconds'")
    later = await take(b"a")
    assert later not in keys
    await requests.end_soon(account_id, Dialect.CPAAS, b"a", later, 0.0)
    assert await take(b"a") != later


async def test_given_requests_that_are_long_over_when_another_comes_then_they_are_forgotten(surface: Surface) -> None:
    requests, account_id = surface.services.dialects.requests, surface.account.id
    for number in range(10):
        await requests.take_key(account_id, Dialect.CPAAS, f"old {number}".encode(), 5.0)
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE dialect_request SET until = until - interval '2 minutes'")
    await requests.take_key(account_id, Dialect.CPAAS, b"new", 5.0)
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dialect_request") == 1
