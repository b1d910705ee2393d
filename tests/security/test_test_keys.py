"""A test key in an account with live ones: it looks at what it may, and changes nothing but what is the sandbox's.

What there is to change is read off the schema: each mutation is asked with the account's own ids, in every place that
takes one. Afterwards every row that was there is as it was.
"""

from typing import Any, Final

import pytest

from app.accounts.scopes import Scope
from app.api.staying_in_sandbox import LOOKED_AT
from app.ids import Kind
from app.numbers.policy import Rule
from tests.api.conftest import Surface
from tests.security.belongings import Belongings, fill
from tests.security.conftest import Tenant
from tests.security.generated import Path, document_for, document_of_many, id_places, kind_wanted, roots, unknown_id

pytestmark = pytest.mark.postgres

#: Where a test key may add rows: what it makes is the sandbox's, or a job that reads for it.
_ADDS_TO: Final = {
    *("api_key", "access_token", "campaign", "campaign_list", "job", "idempotency_key"),
    *("event", "webhook_delivery"),
}
#: Mutations in one request; more that place calls than this may not be.
_AT_ONCE: Final = 10
#: Written beside the work.
_NOT_KEPT: Final = {"audit_line"}


@pytest.fixture
async def live(tenant_b: Tenant) -> Belongings:
    """One of each kind in an account with live keys."""
    policies = tenant_b.surface.services.routing.policies
    await policies.set_rules(tenant_b.account.id, [Rule("+1", is_allowed=True)])
    return await fill(tenant_b, "+12125550123", "+12125550199")


@pytest.fixture
async def test_token(live: Belongings, surface: Surface) -> str:
    issued = await surface.services.keys.create(
        live.tenant.account.id, name="try", scopes=frozenset(Scope), is_test=True
    )
    assert issued.token.startswith("ofk_test_")
    return issued.token


async def rows_of(surface: Surface, account_id: str) -> dict[str, set[str]]:
    """Every table's rows of an account, as texts; of keys the live ones."""
    async with surface.database.acquire() as connection:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'account_id' AND table_schema = current_schema() ORDER BY table_name"
        )
        found = {}
        for (table,) in tables:
            if table in _NOT_KEPT:
                continue
            which = " AND NOT is_test" if table in {"api_key", "dialect_credential"} else ""
            one = "(to_jsonb(one) - 'next_delivery_sequence')::text"
            rows = await connection.fetch(
                f"SELECT {one} AS text FROM {table} one WHERE account_id = $1{which}",  # noqa: S608  # of the catalogue
                account_id,
            )
            found[table] = {row["text"] for row in rows}
        return found


async def test_given_a_test_key_when_it_asks_for_every_change_of_what_is_live_then_all_of_it_is_as_it_was(
    live: Belongings, surface: Surface, test_token: str
) -> None:
    before = await rows_of(surface, live.tenant.account.id)
    assert all(before[table] for table in ("call", "callback", "otp", "campaign", "agent", "trunk", "access_token"))
    let_through = []

    def own_id(path: Path) -> str:
        wanted = kind_wanted(path)
        return unknown_id(path) if wanted is None else live.ids.get(wanted, unknown_id(path))

    for root in roots("mutation"):
        asked = []
        for place in id_places(root) or [()]:
            for kind in [None] if place == () or kind_wanted(place) is not None else list(live.ids):

                def make_id(path: Path, at: Path = place, kind: Kind | None = kind) -> str:
                    return live.ids[kind] if kind is not None and path == at else own_id(path)

                asked.append((place, document_for(root, make_id, through=place)[1]))
        at_once = 1 if root.name in LOOKED_AT else _AT_ONCE
        for start in range(0, len(asked), at_once):
            some = asked[start : start + at_once]
            body = (await surface.post(*document_of_many(root, [given for _, given in some]), token=test_token)).json()
            for number, (place, given) in enumerate(some):
                payload = (body.get("data") or {}).get(f"a{number}")
                codes = [] if payload is None else [one["code"] for one in payload["userErrors"]]
                if root.name not in LOOKED_AT and codes != ["SANDBOX_ONLY"]:
                    let_through.append((root.name, place, given, payload, body.get("errors")))

    assert let_through == []
    after = await rows_of(surface, live.tenant.account.id)
    changed = {table: before[table] - after[table] for table in before if before[table] - after[table]}
    assert changed == {}
    added = {table for table in after if after[table] - before[table]}
    assert added <= _ADDS_TO, {table: after[table] - before[table] for table in added - _ADDS_TO}


async def test_given_a_test_key_when_it_reaches_for_live_calls_then_each_says_that_it_is_not_the_sandboxs(
    live: Belongings, surface: Surface, test_token: str
) -> None:
    call_id, leg_id, recording_id = (live.ids[kind] for kind in (Kind.CALL, Kind.LEG, Kind.RECORDING))
    asked: list[tuple[str, dict[str, Any]]] = [
        ("hangupCall", {"callId": call_id}),
        ("updateCall", {"callId": call_id, "tags": ["mine"]}),
        ("holdCall", {"callId": call_id}),
        ("muteLeg", {"legId": leg_id}),
        ("stopRecording", {"recordingId": recording_id}),
        ("startSupervision", {
            "callId": call_id, "idempotencyKey": "t", "mode": "MONITOR", "supervisor": {"extension": "7303"},
        }),
        ("stopSupervision", {"supervisionId": live.ids[Kind.SUPERVISION]}),
        ("verifyOtp", {"id": live.ids[Kind.OTP], "code": "0000"}),
        ("cancelCallback", {"id": live.ids[Kind.CALLBACK]}),
        ("revokeAccessToken", {"id": live.ids[Kind.ACCESS_TOKEN]}),
        ("createDialectCredential", {"dialect": "ASTERISKAPI", "name": "x", "isTest": False}),
        ("pauseCampaign", {"id": live.ids[Kind.CAMPAIGN]}),
        ("suspendAccount", {}),
        ("resumeAccount", {}),
        ("setDestinationPolicy", {"rules": None}),
        ("setAccountLimits", {"concurrentCalls": 1}),
        ("deleteTrunk", {"id": live.ids[Kind.TRUNK]}),
    ]  # fmt: skip
    for name, given in asked:
        kind = name[0].upper() + name[1:]
        query = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        payload = (await surface.ask(query, {"input": given}, token=test_token))[name]
        assert payload["userErrors"] == [{"code": "SANDBOX_ONLY"}], name


async def test_given_a_test_key_when_it_hangs_up_many_calls_then_live_ones_are_not_among_them(
    live: Belongings, surface: Surface, test_token: str
) -> None:
    query = "mutation { hangupCalls(input: {filter: {}}) { callIds failedCount hasMore userErrors { code } } }"
    done = (await surface.ask(query, token=test_token))["hangupCalls"]
    assert done == {"callIds": [], "failedCount": 0, "hasMore": False, "userErrors": []}
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE call SET is_sandbox = true WHERE id = $1", live.ids[Kind.CALL])
    assert (await surface.ask(query, token=test_token))["hangupCalls"]["callIds"] == []
    assert (await surface.ask(query, token=live.tenant.token))["hangupCalls"]["callIds"] != []


async def test_given_a_test_key_when_a_call_is_the_sandboxs_then_it_places_it_and_acts_on_it(
    live: Belongings, surface: Surface, test_token: str
) -> None:
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE trunk SET is_sandbox = true WHERE id = $1", live.ids[Kind.TRUNK])
    place = """mutation { originateCall(input: {idempotencyKey: "try", destination: {extension: "7302"},
      connect: {extension: "7301"}}) { call { id } userErrors { code } } }"""
    placed = (await surface.ask(place, token=test_token))["originateCall"]
    assert placed["userErrors"] == []
    call_id = placed["call"]["id"]
    change = """mutation ($id: ID!) { updateCall(input: {callId: $id, tags: ["mine"]}) {
      call { tags } userErrors { code } } }"""
    changed = (await surface.ask(change, {"id": call_id}, token=test_token))["updateCall"]
    assert changed == {"call": {"tags": ["mine"]}, "userErrors": []}
    query = "mutation { hangupCalls(input: {filter: {}}) { callIds failedCount } }"
    done = (await surface.ask(query, token=test_token))["hangupCalls"]
    assert done == {"callIds": [call_id], "failedCount": 0}


async def test_given_a_test_key_when_it_reads_then_it_sees_what_a_live_key_sees(
    live: Belongings, surface: Surface, test_token: str
) -> None:
    query = "{ trunks { nodes { id } } agents { nodes { id } } viewer { isTest } }"
    seen = await surface.ask(query, token=test_token)
    assert seen == {**await surface.ask(query, token=live.tenant.token), "viewer": {"isTest": True}}


async def test_given_a_sandbox_account_when_its_test_keys_change_it_then_they_may(tenant_a: Tenant) -> None:
    query = """mutation {
      suspendAccount(input: {reason: "a try"}) { userErrors { code } }
      resumeAccount(input: {}) { userErrors { code } }
      createAgent(input: {name: "Kim"}) { userErrors { code } }
    }"""
    assert (await tenant_a.ask("{ viewer { isTest } }"))["viewer"] == {"isTest": True}
    done = await tenant_a.ask(query)
    assert [payload["userErrors"] for payload in done.values()] == [[], [], []]


async def test_given_the_mutations_that_look_for_themselves_when_compared_with_the_schema_then_each_is_there() -> None:
    assert {root.name for root in roots("mutation")} >= LOOKED_AT
