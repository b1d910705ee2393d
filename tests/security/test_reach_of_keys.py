"""How far a key reaches: no further than what it was given, and nothing of another account's, by whatever handle."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest

from app.accounts.scopes import Scope
from app.files.urls import report_urls
from app.ids import Kind, new_id
from app.numbers.policy import Rule
from app.speech.urls import MediaUrls
from tests.api.conftest import Surface
from tests.security.belongings import Belongings, fill
from tests.security.conftest import Tenant
from tests.security.derived_places import Spot, spots
from tests.security.generated import Path, kind_wanted, nobodys_id
from tests.security.raw_socket import message, raw_socket

pytestmark = pytest.mark.postgres

_NOT_COMPARED: Final = re.compile(rb'"requestId":"[^"]*"|"extensions":\{"cost":\{[^}]*\}\}|"remaining":\d+')
_MINUTE: Final = timedelta(minutes=1)
_UPDATE: Final = """
mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { apiKey { scopes } userErrors { code field } } }
"""


@pytest.fixture
async def both(tenant_a: Tenant, tenant_b: Tenant) -> tuple[Belongings, Belongings]:
    """What A has, and what B has: one of each kind. Both use the same idempotency keys."""
    policies = tenant_b.surface.services.routing.policies
    await policies.set_rules(tenant_b.account.id, [Rule("+1", is_allowed=True)])
    return (
        await fill(tenant_a, "+15550100000", "+15550100001"),
        await fill(tenant_b, "+12125550123", "+12125550199"),
    )


# A key's own scopes


@pytest.mark.parametrize("more", sorted(set(Scope) - {Scope.KEYS, Scope.CALLS_READ}), ids=str)
async def test_given_a_key_when_it_gives_itself_a_scope_that_it_lacks_then_it_is_refused_and_stays_as_it_was(
    tenant_b: Tenant, surface: Surface, more: Scope
) -> None:
    own = frozenset({Scope.KEYS, Scope.CALLS_READ})
    issued = await surface.services.keys.create(tenant_b.account.id, name="own", scopes=own)
    given = {"id": issued.key.id, "scopes": [one.name for one in (*own, more)]}

    answer = (await surface.ask(_UPDATE, {"input": given}, token=issued.token))["updateApiKey"]

    assert [(error["code"], error["field"][0]) for error in answer["userErrors"]] == [("INVALID_INPUT", "scopes")]
    kept = await surface.services.keys.get(tenant_b.account.id, issued.key.id)
    assert kept is not None
    assert frozenset(kept.scopes) == own


async def test_given_a_key_when_it_gives_itself_fewer_scopes_then_it_may_and_cannot_take_them_back(
    tenant_b: Tenant, surface: Surface
) -> None:
    issued = await surface.services.keys.create(
        tenant_b.account.id, name="own", scopes={Scope.KEYS, Scope.CALLS_READ, Scope.ROUTING}
    )

    async def update(*scopes: Scope) -> Any:
        given = {"id": issued.key.id, "scopes": [one.name for one in scopes]}
        return (await surface.ask(_UPDATE, {"input": given}, token=issued.token))["updateApiKey"]

    assert sorted((await update(Scope.KEYS, Scope.CALLS_READ))["apiKey"]["scopes"]) == ["CALLS_READ", "KEYS"]
    assert (await update(Scope.KEYS, Scope.CALLS_READ, Scope.ROUTING))["userErrors"][0]["code"] == "INVALID_INPUT"


# Handles that are no ids

_HANDLES: Final = {"String": frozenset({"extension"}), "PhoneNumber": frozenset({"callerId", "callerIds"})}
#: What A has and B has not, and what nobody has.
_OF_A: Final = {"String": ("2001", "2999"), "PhoneNumber": ("+15550100100", "+15550109999")}


def _handle_spots() -> list[Spot]:
    return [spot for spot in spots("query", "mutation") if spot.path[-1] in _HANDLES.get(spot.kind, ())]


async def test_given_each_handle_of_a_when_b_names_it_in_every_place_then_it_is_as_if_it_did_not_exist(
    both: tuple[Belongings, Belongings],
) -> None:
    _, b = both

    def make_id(path: Path) -> str:
        wanted = kind_wanted(path)
        return b.ids.get(wanted, _NOBODYS) if wanted is not None else _NOBODYS

    async def answer(spot: Spot, handle: str, marker: str) -> bytes:
        document, variables = spot.asked_with(handle, make_id)
        _set_key(variables, marker)
        content = (await b.tenant.post(document, variables)).content
        return _NOT_COMPARED.sub(b"", content.replace(handle.encode(), b"<handle>"))

    found, differing = _handle_spots(), []
    assert len(found) > 10
    for place, spot in enumerate(found):
        theirs, nobodys = _OF_A[spot.kind]
        told = await answer(spot, theirs, f"theirs-{place}"), await answer(spot, nobodys, f"nobodys-{place}")
        if _without_names(told[0]) != _without_names(told[1]):
            differing.append((str(spot), *told))
    assert differing == []


_NOBODYS: Final = new_id(Kind.CALL)


def _without_names(told: bytes) -> bytes:
    return re.sub(rb"derived-\d+", b"<name>", told)


def _set_key(value: Any, key: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "idempotencyKey":
                value[name] = key
            else:
                _set_key(inner, key)


# One idempotency key, two accounts


async def test_given_an_idempotency_key_of_a_when_b_uses_it_then_b_has_a_thing_of_its_own(
    both: tuple[Belongings, Belongings],
) -> None:
    a, b = both
    for kind in (Kind.CALLBACK, Kind.OTP, Kind.SUPERVISION, Kind.TRANSFER):  # asked for with the same keys
        assert a.ids[kind] != b.ids[kind]
    extensions = {"destination": {"extension": "7302"}, "connect": {"extension": "7301"}}
    key = "one key, two accounts"
    first = await a.do("originateCall", {"idempotencyKey": key, **extensions}, "call { id }")
    # The same key and another body: of A that would be refused.
    other = {**extensions, "callerIdName": "Bravo"}
    second = await b.do("originateCall", {"idempotencyKey": key, **other}, "call { id }")
    again = await a.do("originateCall", {"idempotencyKey": key, **extensions}, "call { id }")

    assert first["call"]["id"] == again["call"]["id"] != second["call"]["id"]
    document = "query ($id: ID!) { call(id: $id) { id } }"
    assert (await b.tenant.ask(document, {"id": first["call"]["id"]}))["call"] is None
    assert (await a.tenant.ask(document, {"id": second["call"]["id"]}))["call"] is None


# Subscriptions


@pytest.mark.parametrize("spot", [one for one in spots("subscription") if one.kind == "ID"], ids=str)
async def test_given_each_id_of_a_when_b_subscribes_with_it_then_it_is_told_what_it_is_told_of_what_is_not(
    both: tuple[Belongings, Belongings], port: int, spot: Spot
) -> None:
    a, b = both
    async with raw_socket(port, token=b.tenant.token) as socket:
        for place, (kind, theirs) in enumerate(sorted(a.ids.items(), key=str)):
            told = []
            for side, asked_for in (("a", theirs), ("nobody", nobodys_id(kind))):
                document, variables = spot.asked_with(asked_for, lambda _: _NOBODYS)
                asked, payload = f"{place}-{side}", {"query": document, "variables": variables}
                await socket.send(message(type="subscribe", id=asked, payload=payload))
                answer = await socket.receive()
                while answer["id"] != asked:
                    answer = await socket.receive()
                text = re.sub(r"'requestId': '[^']*'", "", str(answer)).replace(asked_for, "<id>")
                told.append(text.replace(asked, "<asked>"))
                await socket.send(message(type="complete", id=asked))
            assert told[0] == told[1], (spot, kind)


# Files


async def test_given_an_address_that_was_signed_for_b_when_it_names_a_s_file_then_it_opens_nothing(
    both: tuple[Belongings, Belongings],
) -> None:
    a, b = both
    surface, now = a.tenant.surface, a.tenant.surface.services.clock.now()
    signed = {
        Kind.RECORDING: surface.services.recording_urls.sign(b.ids[Kind.RECORDING], now, _MINUTE),
        Kind.JOB: report_urls(bytes(32)).sign(b.ids[Kind.JOB], now, _MINUTE),
    }
    uri = MediaUrls(bytes(32), "http://offhook.test").media(b.ids[Kind.AUDIO_FILE], 8_000, now)
    signed[Kind.AUDIO_FILE] = uri.removeprefix("sound:http://offhook.test")
    for kind, address in signed.items():
        own = await surface.client.get(address)
        theirs = await surface.client.get(address.replace(b.ids[kind], a.ids[kind]))
        assert own.status_code != 403, kind
        assert theirs.status_code == 403, kind
