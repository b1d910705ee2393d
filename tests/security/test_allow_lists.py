"""From where an account and its keys may be used: set, refused, and who is believed about where somebody is."""

from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.accounts.scopes import Scope
from app.api.peers import PeerAddress, find_peer
from tests.api.conftest import Surface
from tests.security.conftest import Tenant

_SET = """
mutation ($input: SetIpAllowListInput!) {
  setIpAllowList(input: $input) { networks userErrors { code field message } }
}
"""
_WHO = "{ viewer { isTest } }"
_HERE = "127.0.0.1"  # where httpx's ASGI transport says that it comes from
_TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ff::/48"))


async def set_list(tenant: Tenant, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await tenant.ask(_SET, {"input": given}))["setIpAllowList"]
    return answer


@pytest.mark.postgres
async def test_given_an_account_list_when_it_leaves_out_where_we_are_then_every_key_is_answered_401(
    tenant_a: Tenant, tenant_b: Tenant
) -> None:
    narrow = await tenant_a.key(Scope.CALLS_READ)
    assert (await set_list(tenant_a, networks=[_HERE, "2001:DB8::/48"]))["networks"] == [f"{_HERE}/32", "2001:db8::/48"]
    assert (await tenant_a.ask("{ ipAllowList }"))["ipAllowList"] == [f"{_HERE}/32", "2001:db8::/48"]
    assert (await tenant_a.surface.post(_WHO, token=narrow)).status_code == 200
    assert (await set_list(tenant_a, networks=["203.0.113.0/24"]))["userErrors"] == []
    for token in (tenant_a.token, narrow):
        assert (await tenant_a.surface.post(_WHO, token=token)).status_code == 401
    assert (await tenant_b.post(_WHO)).status_code == 200
    await tenant_a.surface.services.access.allow_lists.set(tenant_a.account.id, [])
    assert (await tenant_a.post(_WHO)).status_code == 200


@pytest.mark.postgres
async def test_given_a_keys_list_when_it_leaves_out_where_we_are_then_that_key_alone_is_answered_401(
    tenant_a: Tenant, surface: Surface
) -> None:
    issued = await surface.services.keys.create(tenant_a.account.id, name="k", scopes={Scope.CALLS_READ})
    assert (await surface.post(_WHO, token=issued.token)).status_code == 200
    assert (await set_list(tenant_a, keyId=issued.key.id, networks=["203.0.113.7"]))["networks"] == ["203.0.113.7/32"]
    forged = {"x-forwarded-for": "203.0.113.7", "forwarded": "for=203.0.113.7", "x-real-ip": "203.0.113.7"}
    assert (await surface.post(_WHO, token=issued.token, headers=forged)).status_code == 401
    assert (await tenant_a.post(_WHO)).status_code == 200


@pytest.mark.postgres
@pytest.mark.parametrize(
    "network",
    [
        *("0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.0/33", "300.1.1.1", "10.0.0.0/-1", "", "localhost", "10.0.0.0/8 "),
        *(
            "010.0.0.1",
            "0x0a000001",
            "10.1",
            "10.0.0.0/255.0.0.0.0",
            "10.0.0.1\r\nX: y",
            "\uff11\uff10.0.0.1",
            "fe80::1%",
        ),
    ],
)
async def test_given_a_network_that_is_none_or_is_everything_when_set_then_it_is_refused_and_nothing_changes(
    tenant_a: Tenant, network: str
) -> None:
    if network == "10.0.0.0/8 ":  # the space is nobody's intent
        assert (await set_list(tenant_a, networks=[network, _HERE]))["networks"] == ["10.0.0.0/8", f"{_HERE}/32"]
        return
    refused = await set_list(tenant_a, networks=[_HERE, network])
    assert refused["networks"] is None
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [("INVALID_INPUT", ["networks", "1"])]
    assert (await tenant_a.ask("{ ipAllowList }"))["ipAllowList"] == []


@pytest.mark.postgres
async def test_given_too_many_networks_when_set_then_they_are_refused(tenant_a: Tenant) -> None:
    refused = await set_list(tenant_a, networks=[f"10.0.{number}.0/24" for number in range(101)])
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [("INVALID_INPUT", ["networks"])]


@pytest.mark.postgres
async def test_given_a_test_key_of_a_live_account_when_it_sets_lists_then_live_ones_are_none_of_its_business(
    tenant_b: Tenant, surface: Surface
) -> None:
    live = await surface.services.keys.create(tenant_b.account.id, name="live", scopes={Scope.CALLS_READ})
    test = await surface.services.keys.create(
        tenant_b.account.id, name="test", scopes={Scope.KEYS, Scope.CALLS_READ}, is_test=True
    )
    for given in ({"networks": [_HERE]}, {"networks": [_HERE], "keyId": live.key.id}):
        refused = (await surface.ask(_SET, {"input": given}, token=test.token))["setIpAllowList"]
        assert [one["code"] for one in refused["userErrors"]] == ["SANDBOX_ONLY"]


@pytest.mark.parametrize(
    ("forwarded", "peer"),
    [
        ("", "10.0.0.1"),
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7, 2001:db8:ff::1", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("203.0.113.7, unknown", None),
        ("203.0.113.7, <script>", None),
    ],
)
def test_given_a_trusted_proxy_when_it_says_for_whom_it_speaks_then_the_last_stranger_counts(
    forwarded: str, peer: str | None
) -> None:
    found = find_peer(("10.0.0.1", 4711), forwarded, _TRUSTED)
    assert (None if found is None else found[0]) == peer


@pytest.mark.parametrize(
    ("client", "seen"), [("10.0.0.1", "203.0.113.7"), ("192.0.2.1", "192.0.2.1"), ("203.0.113.9", "203.0.113.9")]
)
async def test_given_the_header_when_it_comes_from_anybody_else_then_it_is_not_read(client: str, seen: str) -> None:
    told = []

    async def app(scope: AsgiScope, _receive: Receive, send: Send) -> None:
        told.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    transport = httpx.ASGITransport(app=PeerAddress(app, trusted=_TRUSTED), client=(client, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://offhook.test") as asking:
        await asking.get("/", headers={"x-forwarded-for": "198.51.100.1, 203.0.113.7"})
    assert told == [seen]
