"""The destination policy over GraphQL, and numbers that are shown to be the account's."""

from typing import Any

import pytest

from app.accounts.audit import AuditLog
from app.accounts.scopes import Scope
from app.numbers.policy import Rule
from app.otps.codes import Codes
from app.otps.proving import MOST_A_DAY
from app.routing.service import Routing
from tests.api.conftest import ALL_SCOPES, Surface

pytestmark = pytest.mark.postgres

_RULE = "destination prefix country action note"
_POLICY = f"destinationPolicy {{ version rules {{ {_RULE} }} granted {{ {_RULE} }} }}"
SET = f"""mutation($rules: [DestinationRuleInput!]) {{ setDestinationPolicy(input: {{rules: $rules}}) {{
  {_POLICY} userErrors {{ code field message }} }} }}"""
READ = f"query {{ {_POLICY} }}"
ASK = """query($number: PhoneNumber!) { destinationPolicy {
  verdict(number: $number) { isAllowed reason rule { destination } } } }"""
ORIGINATE = """mutation($number: PhoneNumber!, $key: String!) { originateCall(input: {
  destination: {number: $number}, connect: {extension: "2001"}, idempotencyKey: $key, dryRun: true}) {
  dryRun { allowedByPrefix } userErrors { code field } } }"""
VERIFY = """mutation($input: VerifyOutboundNumberInput!) { verifyOutboundNumber(input: $input) {
  outboundNumber { id isVerified verifiedAt } verdict otp { id state } replayed
  userErrors { code field currentState } } }"""


def allow(destination: str, **more: str) -> dict[str, str]:
    return {"destination": destination, "action": "ALLOW", **more}


def deny(destination: str) -> dict[str, str]:
    return {"destination": destination, "action": "DENY"}


async def grant(surface: Surface, *rules: Rule) -> None:
    await surface.services.routing.policies.set_rules(surface.account.id, rules)


async def change(surface: Surface, rules: list[dict[str, str]] | None) -> Any:
    return (await surface.ask(SET, {"rules": rules}))["setDestinationPolicy"]


async def verdict(surface: Surface, number: str) -> tuple[bool, str | None]:
    said = (await surface.ask(ASK, {"number": number}))["destinationPolicy"]["verdict"]
    return said["isAllowed"], said["reason"]


async def test_given_rules_of_its_own_when_an_account_sets_them_then_they_narrow_what_is_granted_and_are_shown(
    surface: Surface,
) -> None:
    await grant(surface, Rule("+1", is_allowed=True, note="home"), Rule("+44", is_allowed=True))
    assert await verdict(surface, "+442079460000") == (True, None)

    payload = await change(surface, [allow("US", note="ours"), deny("+1212")])

    assert payload["userErrors"] == []
    assert payload["destinationPolicy"]["rules"] == [
        {"destination": "US", "prefix": "+1", "country": "US", "action": "ALLOW", "note": "ours"},
        {"destination": "+1212", "prefix": "+1212", "country": None, "action": "DENY", "note": None},
    ]
    assert (await surface.ask(READ))["destinationPolicy"] == payload["destinationPolicy"]
    assert [one["destination"] for one in payload["destinationPolicy"]["granted"]] == ["+1", "+44"]
    assert await verdict(surface, "+14155552671") == (True, None)
    assert await verdict(surface, "+12125552671") == (False, "DENIED_BY_RULE")
    assert await verdict(surface, "+442079460000") == (False, "NOT_ALLOWED")
    assert await verdict(surface, "+16135550123") == (False, "NOT_ALLOWED")  # Canada

    narrow = payload["destinationPolicy"]["version"]
    again = (await change(surface, [deny("+1212"), allow("US")]))["destinationPolicy"]
    assert again["version"] == narrow  # neither their order nor their notes decide anything

    payload = await change(surface, None)

    assert payload["destinationPolicy"]["rules"] is None
    assert payload["destinationPolicy"]["version"] != narrow
    assert await verdict(surface, "+442079460000") == (True, None)


async def test_given_what_is_not_granted_when_an_account_allows_it_then_that_is_refused_or_has_no_effect(
    surface: Surface,
) -> None:
    await grant(surface, Rule("+1", is_allowed=True), Rule("+1900", is_allowed=False))
    for destination in ("+44", "GB", "+1900", "+8816", "+49"):
        payload = await change(surface, [allow("+1"), allow(destination)])
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
            ("DESTINATION_DENIED", ["rules", "1"])
        ], destination
        assert payload["destinationPolicy"] is None
    assert (await change(surface, [allow("+"), allow("+1976")]))["userErrors"] == []
    assert await verdict(surface, "+442079460000") == (False, "NOT_ALLOWED")
    assert await verdict(surface, "+19005551234") == (False, "DENIED_BY_RULE")
    # What is granted later narrows at once, whatever the account had allowed itself.
    await grant(surface, Rule("+44", is_allowed=True))
    assert await verdict(surface, "+14155552671") == (False, "NOT_ALLOWED")


async def test_given_premium_numbers_when_granted_by_name_then_an_accounts_own_rules_must_name_them_as_well(
    surface: Surface,
) -> None:
    await grant(surface, Rule("+1", is_allowed=True))
    assert await verdict(surface, "+19005551234") == (False, "PREMIUM_RATE")
    await grant(surface, Rule("+1", is_allowed=True), Rule("+1900", is_allowed=True))
    assert await verdict(surface, "+19005551234") == (True, None)
    await change(surface, [allow("+1")])
    assert await verdict(surface, "+19005551234") == (False, "PREMIUM_RATE")
    await change(surface, [allow("+1900")])
    assert await verdict(surface, "+19005551234") == (True, None)
    assert await verdict(surface, "+14155552671") == (False, "NOT_ALLOWED")


async def test_given_rules_that_are_none_when_set_then_they_are_refused_and_the_former_stay(surface: Surface) -> None:
    await grant(surface, Rule("+", is_allowed=True))
    await change(surface, [allow("+1")])
    wrong: list[tuple[list[dict[str, str]], str, list[str]]] = [
        ([], "REQUIRED", ["rules"]),
        ([allow("+1"), allow("+1")], "INVALID_INPUT", ["rules", "1", "prefix"]),
        ([allow("+1", note="a\r\nb")], "INVALID_INPUT", ["rules", "0", "note"]),
        ([allow("+1")] * 1001, "INVALID_INPUT", ["rules"]),
        *(
            ([allow(one)], "INVALID_INPUT", ["rules", "0", "destination"])
            for one in ("", "1", "++1", "+1 ", "+１", "us", "XX", "USA", "+" + "1" * 16, "%", "US\n", "x" * 100_000)
        ),
    ]
    for rules, code, field in wrong:
        payload = await change(surface, rules)
        assert [(one["code"], one["field"]) for one in payload["userErrors"]][:1] == [(code, field)], rules[:2]
    policy = (await surface.ask(READ))["destinationPolicy"]
    assert [one["destination"] for one in policy["rules"]] == ["+1"]


async def test_given_the_accounts_own_rules_when_a_call_is_asked_for_then_they_hold_for_it(surface: Surface) -> None:
    await grant(surface, Rule("+155501", is_allowed=True))
    await change(surface, [allow("+1555011")])
    good = await surface.ask(ORIGINATE, {"number": "+15550110000", "key": "a"})
    assert good["originateCall"]["dryRun"] == {"allowedByPrefix": "+1555011"}
    bad = await surface.ask(ORIGINATE, {"number": "+15550120000", "key": "b"})
    assert bad["originateCall"]["userErrors"] == [{"code": "DESTINATION_DENIED", "field": ["destination", "number"]}]


async def test_given_a_key_without_the_scope_or_of_another_account_when_used_then_nothing_is_changed(
    surface: Surface,
) -> None:
    await grant(surface, Rule("+1", is_allowed=True))
    token = await surface.key(ALL_SCOPES - {Scope.KEYS})
    response = await surface.post(SET, {"rules": [deny("+")]}, token=token)
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    other = await surface.accounts.create("rival")
    await surface.services.routing.policies.set_rules(other.id, [Rule("+44", is_allowed=True)])
    theirs = await surface.key(account=other)
    assert (await surface.ask(SET, {"rules": [deny("+")]}, token=theirs))["setDestinationPolicy"]["userErrors"] == []
    assert await verdict(surface, "+14155552671") == (True, None)


async def hear(surface: Surface, otp_id: str, state: str, times_heard: int | None) -> None:
    """As if its call had come so far."""
    async with surface.database.acquire() as connection:
        await connection.execute(
            "UPDATE otp SET state = $2, times_heard = $3 WHERE id = $1", otp_id, state, times_heard
        )


async def attempts_of(surface: Surface, otp_id: str) -> int:
    async with surface.database.acquire() as connection:
        found: int = await connection.fetchval("SELECT attempts FROM otp WHERE id = $1", otp_id)
    return found


async def test_given_a_number_that_was_called_five_times_today_when_a_proof_is_asked_for_then_it_is_refused(
    surface: Surface,
) -> None:
    account = await surface.accounts.create("acme")
    token = await surface.key(account=account)
    await surface.services.routing.policies.set_rules(account.id, [Rule("+1", is_allowed=True)])
    routing = Routing(surface.database, AuditLog(surface.database))
    await routing.create_trunk(account.id, "main", is_default=True)
    await routing.create_outbound_number(account.id, "+12125550100")
    make = """mutation { createOutboundNumber(input: {number: "+12125550123"}) { outboundNumber { id } } }"""
    made = (await surface.ask(make, token=token))["createOutboundNumber"]["outboundNumber"]

    async def begin(key: str) -> list[Any]:
        given = {"id": made["id"], "idempotencyKey": key}
        found: list[Any] = (await surface.ask(VERIFY, {"input": given}, token=token))["verifyOutboundNumber"][
            "userErrors"
        ]
        # Out of the window that holds for all one-time passwords.
        async with surface.database.acquire() as connection:
            await connection.execute("UPDATE otp SET created_at = created_at - interval '1 hour'")
        return found

    assert [await begin(str(number)) for number in range(MOST_A_DAY)] == [[]] * MOST_A_DAY
    assert [(one["code"], one["field"]) for one in await begin("more")] == [("RATE_LIMITED", ["number"])]
    assert await begin("0") == [], "what was asked for before is answered as before"
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE otp SET created_at = created_at - interval '1 day'")
    assert await begin("tomorrow") == []


async def test_given_a_number_that_nobody_verified_when_a_call_is_to_show_it_then_it_is_refused_until_somebody_did(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = AuditLog(surface.database)
    routing = Routing(surface.database, audit)
    account = await surface.accounts.create("acme")
    token = await surface.key(account=account)
    await surface.services.routing.policies.set_rules(account.id, [Rule("+1", is_allowed=True)])
    await routing.create_extension(account.id, "2001")
    trunk = await routing.create_trunk(account.id, "main", is_default=True)
    extension = (await routing.list_extensions(account.id))[0]
    await routing.create_device(account.id, extension.id)
    await routing.create_outbound_number(account.id, "+12125550100")
    make = """mutation { createOutboundNumber(input: {number: "+12125550123"}) { outboundNumber { id isVerified } } }"""
    made = (await surface.ask(make, token=token))["createOutboundNumber"]["outboundNumber"]
    assert made["isVerified"] is False
    dry = """mutation { originateCall(input: {destination: {number: "+14155552671"}, connect: {extension: "2001"},
      callerId: "+12125550123", idempotencyKey: "k", dryRun: true}) { userErrors { code field } } }"""

    async def refusals() -> list[str]:
        answer = await surface.ask(dry, token=token)
        return [one["code"] for one in answer["originateCall"]["userErrors"]]

    async def verify(**given: Any) -> Any:
        answer = await surface.ask(VERIFY, {"input": {"id": made["id"], **given}}, token=token)
        return answer["verifyOutboundNumber"]

    assert await refusals() == ["CALLER_ID_NOT_OWNED"]
    # Over a trunk that the account made for itself the call would go wherever it likes.
    own = await surface.ask(
        'mutation { createTrunk(input: {name: "own", host: "192.0.2.7"}) { trunk { id } } }', token=token
    )
    refused = await verify(idempotencyKey="a", trunkId=own["createTrunk"]["trunk"]["id"])
    assert [one["code"] for one in refused["userErrors"]] == ["NOT_SUPPORTED"]
    assert [one["code"] for one in (await verify(code="123456"))["userErrors"]] == ["INVALID_STATE"]
    assert [one["code"] for one in (await verify())["userErrors"]] == ["REQUIRED"]
    assert [one["code"] for one in (await verify(code="1", idempotencyKey="a"))["userErrors"]] == ["REQUIRED"]
    # A code that the account chose itself shows nothing.
    announce = """mutation { announceOtp(input: {number: "+12125550123", code: "4711", idempotencyKey: "x"}) {
      otp { id } userErrors { code } } }"""
    assert (await surface.ask(announce, token=token))["announceOtp"]["userErrors"] == []
    assert [one["code"] for one in (await verify(code="4711"))["userErrors"]] == ["INVALID_STATE"]

    monkeypatch.setattr(Codes, "make", lambda _codes, length: f"{length}3579024")  # its first digit is how many
    begun = await verify(idempotencyKey="first", trunkId=trunk.id)
    assert (begun["userErrors"], begun["replayed"]) == ([], False)
    assert begun["outboundNumber"]["isVerified"] is False
    again = await verify(idempotencyKey="first", trunkId=trunk.id)
    assert (again["otp"]["id"], again["replayed"]) == (begun["otp"]["id"], True)
    for key in ("é", "tab\t", "x" * 256):
        (bad,) = (await verify(idempotencyKey=key))["userErrors"]
        assert (bad["code"], bad["field"]) == ("INVALID_INPUT", ["idempotencyKey"])
    # Who offers a code that nobody can have heard yet guesses; it is not looked at, and counts for nothing.
    otp_id = begun["otp"]["id"]
    for state, times_heard in (("PENDING", None), ("CALLING", None), ("FAILED", None), ("ANNOUNCED", 0)):
        await hear(surface, otp_id, state, times_heard)
        (early,) = (await verify(code="83579024"))["userErrors"]
        assert (early["code"], early["field"], early["currentState"]) == ("INVALID_STATE", ["code"], state)
    await hear(surface, otp_id, "ANNOUNCED", 1)
    wrong = await verify(code="4711")
    assert (wrong["verdict"], wrong["outboundNumber"]["isVerified"]) == ("WRONG", False)
    assert await attempts_of(surface, otp_id) == 1
    assert await refusals() == ["CALLER_ID_NOT_OWNED"]

    right = await verify(code="83 57 90 24")
    assert (right["verdict"], right["outboundNumber"]["isVerified"]) == ("VERIFIED", True)
    assert await refusals() == []
    refused = await verify(idempotencyKey="late")
    assert [(one["code"], one["currentState"]) for one in refused["userErrors"]] == [("INVALID_STATE", "VERIFIED")]
