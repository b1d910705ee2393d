"""Limits, the ledger, the kill switch and many hang-ups over GraphQL."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.facts.usage import AccountResumed, AccountSuspended, UsageLimitReached
from app.usage.rates import Rate
from app.usage.service import LimitChanges
from tests.api.conftest import ALL_SCOPES, Surface
from tests.calls.standing_in import until

pytestmark = pytest.mark.postgres

LIMITS = """caps { callsPerSecond concurrentCalls dailySpend { amount currency } }
  granted { callsPerSecond concurrentCalls dailySpend { amount } }
  concurrentCalls spent { amount } reserved { amount } day timeZone rateCount
  suspendedAt suspendedBy suspensionReason"""
READ = f"{{ accountLimits {{ {LIMITS} }} }}"
SET = f"""mutation($input: SetAccountLimitsInput!) {{ setAccountLimits(input: $input) {{
  accountLimits {{ {LIMITS} }} userErrors {{ code field }} }} }}"""
SUSPEND = f"""mutation($input: SuspendAccountInput!) {{ suspendAccount(input: $input) {{
  accountLimits {{ {LIMITS} }} endedCallIds userErrors {{ code field }} }} }}"""
RESUME = """mutation { resumeAccount(input: {}) { accountLimits { suspendedAt } userErrors { code } } }"""
HANG_UP = """mutation($input: HangupCallsInput!) { hangupCalls(input: $input) {
  callIds failedCount hasMore userErrors { code field } } }"""
USAGE = """query($from: Date!, $to: Date!) { usage(from: $from, to: $to) {
  callCount seconds costs { amount currency } lines { day kind country callCount answeredCount cost { amount } } } }"""
ORIGINATE = """mutation($input: OriginateCallInput!) { originateCall(input: $input) {
  call { id state } userErrors { code field retryAfterSeconds } } }"""


async def place(surface: Surface, key: str, **fields: Any) -> Any:
    given = {
        "idempotencyKey": key,
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "2001"},
        **fields,
    }
    return (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]


async def change(surface: Surface, query: str, given: dict[str, Any], *, token: str = "") -> Any:
    (done,) = (await surface.ask(query, {"input": given}, token=token)).values()
    return done


async def codes(surface: Surface, query: str, given: dict[str, Any]) -> list[str]:
    return [error["code"] for error in (await change(surface, query, given))["userErrors"]]


async def grant(surface: Surface, **caps: int | None) -> None:
    await surface.services.usage.limits.grant(surface.account.id, LimitChanges(**caps))  # type: ignore[typeddict-item]


async def price(surface: Surface) -> None:
    rate = Rate(prefix="+1555", minute_micros=60_000)
    await surface.services.usage.limits.set_rates(surface.account.id, [rate])


async def test_given_an_account_without_limits_when_they_are_read_then_there_are_none(surface: Surface) -> None:
    limits = (await surface.ask(READ))["accountLimits"]
    assert limits["caps"] == {"callsPerSecond": None, "concurrentCalls": None, "dailySpend": None}
    assert (limits["concurrentCalls"], limits["spent"]["amount"], limits["suspendedAt"]) == (None, "0.00", None)


async def test_given_a_grant_when_a_key_sets_limits_then_it_may_go_below_and_back_but_never_above(
    surface: Surface,
) -> None:
    await grant(surface, calls_per_second=5, concurrent_calls=10, daily_spend_micros=25_000_000)
    lowered = await change(surface, SET, {"callsPerSecond": 2, "dailySpend": "10.50"})
    assert lowered["accountLimits"]["caps"] == {
        "callsPerSecond": 2,
        "concurrentCalls": 10,
        "dailySpend": {"amount": "10.50", "currency": "USD"},
    }
    assert lowered["accountLimits"]["granted"]["dailySpend"] == {"amount": "25.00"}
    refused = await change(surface, SET, {"callsPerSecond": 6, "concurrentCalls": 11, "dailySpend": "25.000001"})
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [
        ("LIMIT_ABOVE_GRANT", ["callsPerSecond"]),
        ("LIMIT_ABOVE_GRANT", ["concurrentCalls"]),
        ("LIMIT_ABOVE_GRANT", ["dailySpend"]),
    ]
    back = await change(surface, SET, {"callsPerSecond": 5, "dailySpend": None})
    assert back["accountLimits"]["caps"] == {
        "callsPerSecond": 5,
        "concurrentCalls": 10,
        "dailySpend": {"amount": "25.00", "currency": "USD"},
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"callsPerSecond": -1}, ["callsPerSecond"]),
        ({"concurrentCalls": 2**31 - 1}, ["concurrentCalls"]),
        ({"dailySpend": "-1"}, ["dailySpend"]),
        ({"dailySpend": "1e9"}, ["dailySpend"]),
        ({"dailySpend": ""}, ["dailySpend"]),
        ({"dailySpend": "9" * 1000}, ["dailySpend"]),
    ],
)
async def test_given_a_limit_that_means_nothing_when_it_is_set_then_it_is_refused(
    surface: Surface, given: dict[str, Any], field: list[str]
) -> None:
    done = await change(surface, SET, given)
    assert [(error["code"], error["field"]) for error in done["userErrors"]] == [("INVALID_INPUT", field)]
    assert done["accountLimits"] is None


async def test_given_two_hundred_at_once_when_six_calls_are_granted_then_exactly_six_are_placed(
    surface: Surface,
) -> None:
    await grant(surface, concurrent_calls=6)
    placed = await asyncio.gather(*(place(surface, f"key-{number}") for number in range(200)))
    said = Counter(error["code"] for one in placed for error in one["userErrors"])
    assert said == {"CONCURRENT_CALLS_REACHED": 194}
    assert sum(one["call"] is not None for one in placed) == 6
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM call") == 6
        # A refused request does not burn its key.
        assert await connection.fetchval("SELECT count(*) FROM request_key") == 6
    ended = await change(surface, HANG_UP, {"filter": {}})
    assert (len(ended["callIds"]), ended["failedCount"], ended["hasMore"]) == (6, 0, False)
    await _until_free(surface)
    again = await asyncio.gather(
        *(place(surface, f"key-{number}", maxDurationSeconds=60) for number in range(300, 310))
    )
    assert sum(one["call"] is not None for one in again) == 6


async def test_given_a_rate_when_it_is_exceeded_then_the_refusal_says_when_to_come_again(surface: Surface) -> None:
    await grant(surface, calls_per_second=1)
    placed = await asyncio.gather(*(place(surface, f"key-{number}") for number in range(60)))
    errors = [error for one in placed for error in one["userErrors"]]
    assert 0 < len(errors) < 60
    assert {error["code"] for error in errors} == {"RATE_LIMITED"}
    assert all(0 < error["retryAfterSeconds"] <= 1 for error in errors)


async def test_given_prices_and_a_spend_cap_when_calls_begin_and_end_then_money_is_reserved_and_settled(
    surface: Surface,
) -> None:
    await price(surface)
    await grant(surface, daily_spend_micros=400_000)
    one = await place(surface, "one", maxDurationSeconds=60)
    assert one["userErrors"] == []
    assert [e["code"] for e in (await place(surface, "two", maxDurationSeconds=3600))["userErrors"]] == [
        "SPEND_CAP_REACHED"
    ]
    assert [e["code"] for e in (await place(surface, "two", maxDurationSeconds=60))["userErrors"]] == []
    limits = (await surface.ask(READ))["accountLimits"]
    assert float(limits["reserved"]["amount"]) == pytest.approx(2 * 0.115, abs=0.02)
    await change(surface, HANG_UP, {"filter": {}})
    await _until_free(surface)
    limits = (await surface.ask(READ))["accountLimits"]
    assert (limits["reserved"]["amount"], limits["spent"]["amount"]) == ("0.00", "0.00")  # nobody had answered


async def test_given_a_cap_when_calls_are_refused_for_a_while_then_one_event_says_so(surface: Surface) -> None:
    await grant(surface, concurrent_calls=0)
    for number in range(3):
        await place(surface, f"key-{number}")
    facts = [event.fact for event in await surface.log.read_after(0, limit=100)]
    assert [fact.most for fact in facts if isinstance(fact, UsageLimitReached)] == [0]


async def test_given_a_suspended_account_when_anything_is_to_ring_then_it_is_refused_until_it_is_resumed(
    surface: Surface,
) -> None:
    call_id = (await place(surface, "live"))["call"]["id"]
    done = await change(surface, SUSPEND, {"reason": "a key has leaked"})
    assert done["accountLimits"]["suspendedBy"] == "ACCOUNT"
    assert (done["accountLimits"]["suspensionReason"], done["endedCallIds"]) == ("a key has leaked", [call_id])
    assert [e["code"] for e in (await place(surface, "next"))["userErrors"]] == ["ACCOUNT_SUSPENDED"]
    assert (await surface.ask(RESUME))["resumeAccount"] == {"accountLimits": {"suspendedAt": None}, "userErrors": []}
    assert (await place(surface, "next"))["userErrors"] == []
    facts = [event.fact for event in await surface.log.read_after(0, limit=100)]
    assert [type(fact) for fact in facts if isinstance(fact, AccountSuspended | AccountResumed)] == [
        AccountSuspended,
        AccountResumed,
    ]


async def test_given_live_calls_when_the_account_is_suspended_with_them_then_they_end(surface: Surface) -> None:
    ids = {(await place(surface, f"key-{number}"))["call"]["id"] for number in range(5)}
    done = await change(surface, SUSPEND, {"endCalls": True})
    assert set(done["endedCallIds"]) == ids
    await until(lambda: len(surface.registry) == 0)


async def test_given_an_account_that_the_operator_suspended_when_its_key_is_used_then_it_is_no_key(
    surface: Surface,
) -> None:
    await surface.services.usage.suspensions.suspend(None, surface.account.id, reason="fraud")
    response = await surface.post(READ)
    assert response.status_code == 401
    await surface.services.usage.suspensions.resume(None, surface.account.id)
    assert (await surface.ask(READ))["accountLimits"]["suspendedAt"] is None


async def test_given_an_account_that_suspended_itself_when_the_operator_does_as_well_then_its_keys_no_longer_resume_it(
    surface: Surface,
) -> None:
    await change(surface, SUSPEND, {})
    await surface.services.usage.suspensions.suspend(None, surface.account.id)
    assert (await surface.post(RESUME)).status_code == 401


@pytest.mark.parametrize("reason", ["", "x" * 201, "a\nb", "a\x1b[31mb"])
async def test_given_a_reason_that_is_no_line_when_an_account_is_suspended_then_it_is_refused(
    surface: Surface, reason: str
) -> None:
    (code,) = await codes(surface, SUSPEND, {"reason": reason})
    assert code in {"INVALID_INPUT", "REQUIRED"}
    assert (await surface.ask(READ))["accountLimits"]["suspendedAt"] is None


async def test_given_reasons_when_an_account_is_suspended_and_resumed_then_the_audit_log_has_them(
    surface: Surface,
) -> None:
    resume = """mutation ($input: ResumeAccountInput!) {
        resumeAccount(input: $input) { accountLimits { suspendedAt } userErrors { code field } } }"""
    await change(surface, SUSPEND, {"reason": "a key has leaked"})
    for wrong in ("", "x" * 201, "a\nb"):
        (error,) = (await surface.ask(resume, {"input": {"reason": wrong}}))["resumeAccount"]["userErrors"]
        assert error["field"] == ["reason"]
    done = (await surface.ask(resume, {"input": {"reason": "it was rotated"}}))["resumeAccount"]
    assert done == {"accountLimits": {"suspendedAt": None}, "userErrors": []}
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        lines = await connection.fetch(
            "SELECT action, details FROM audit_line WHERE outcome = 'OK' AND action = ANY($1) ORDER BY id",
            ["account.suspend", "account.resume"],
        )
    assert [(line["action"], line["details"]) for line in lines] == [
        ("account.suspend", {"reason": "a key has leaked"}),
        ("account.resume", {"reason": "it was rotated"}),
    ]


async def test_given_calls_when_some_are_hung_up_by_a_filter_then_only_those_end(surface: Surface) -> None:
    kept = (await place(surface, "kept", externalId="keep"))["call"]["id"]
    gone = (await place(surface, "gone", externalId="go", tags=["spring"]))["call"]["id"]
    for where in ({"externalId": "other"}, {"tag": "autumn"}, {"dispositions": ["ANSWERED"]}):
        assert (await change(surface, HANG_UP, {"filter": where}))["callIds"] == []
    assert (await change(surface, HANG_UP, {"filter": {"tag": "spring"}}))["callIds"] == [gone]
    await until(lambda: surface.registry.find(gone) is None)
    assert surface.registry.find(kept) is not None


async def test_given_a_list_of_nobody_when_calls_are_to_be_hung_up_then_it_is_refused_and_they_go_on(
    surface: Surface,
) -> None:
    lists = [
        *("agentIds", "extensions", "dispositions", "states", "directions", "kinds"),
        *("queueIds", "trunkIds", "ringGroupIds"),
    ]
    assert sorted(lists) == sorted(await _lists_of(surface, "CallFilterInput")), "all that are lists"
    kept = (await place(surface, "kept", tags=["spring"]))["call"]["id"]
    for name in lists:
        for more in ({}, {"tag": "spring"}):
            where: dict[str, Any] = {name: [], **more}
            done = await change(surface, HANG_UP, {"filter": where})
            assert done["userErrors"] == [{"code": "INVALID_INPUT", "field": ["filter", name]}]
            assert done["callIds"] == []
    done = await change(surface, HANG_UP, {"filter": {"agentIds": [], "queueIds": []}})
    assert [one["field"][1] for one in done["userErrors"]] == ["agentIds", "queueIds"]
    assert surface.registry.find(kept) is not None
    # What is not said, or null, is no list of nobody: all are meant.
    assert (await change(surface, HANG_UP, {"filter": {"agentIds": None}}))["callIds"] == [kept]


async def _lists_of(surface: Surface, name: str) -> list[str]:
    """The fields of an input type that are lists."""
    query = "query($name: String!) { __type(name: $name) { inputFields { name type { kind } } } }"
    fields = (await surface.ask(query, {"name": name}))["__type"]["inputFields"]
    return [one["name"] for one in fields if one["type"]["kind"] == "LIST"]


async def test_given_another_account_when_it_hangs_up_all_then_this_ones_calls_go_on(surface: Surface) -> None:
    await place(surface, "mine")
    other = await surface.accounts.create("other")
    done = await change(surface, HANG_UP, {"filter": {}}, token=await surface.key(account=other))
    assert done["callIds"] == []
    assert len(surface.registry) == 1


async def test_given_calls_that_ended_when_usage_is_read_then_they_are_in_it_by_country(surface: Surface) -> None:
    await price(surface)
    await place(surface, "outside")
    await place(surface, "inside", destination={"extension": "2002"})
    await change(surface, HANG_UP, {"filter": {}})
    await until(lambda: len(surface.registry) == 0)
    today = surface.services.clock.now().date()
    days = {"from": f"{today - timedelta(days=1)}", "to": f"{today + timedelta(days=2)}"}
    usage = (await surface.ask(USAGE, days))["usage"]
    # The one to an outside number was hung up before that was dialled, so it is no call of the network's.
    assert [(line["kind"], line["country"], line["callCount"]) for line in usage["lines"]] == [
        ("CLICK_TO_CALL", None, 1)
    ]
    assert usage["costs"] == [{"amount": "0.00", "currency": "USD"}]


@pytest.mark.parametrize(
    "days", [("2026-01-02", "2026-01-02"), ("2026-01-02", "2025-01-01"), ("2026-01-01", "2030-01-01")]
)
async def test_given_a_range_that_is_none_when_usage_is_asked_then_it_is_refused(
    surface: Surface, days: tuple[str, str]
) -> None:
    extensions = await surface.refuse(USAGE, {"from": days[0], "to": days[1]})
    assert extensions["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "day", ["", "2026-02-30", "20260101", "2026-W01-1", "2026-1-1", "9999-12-32", "x" * 1000, 5, None]
)
async def test_given_a_day_that_is_none_when_usage_is_asked_then_the_document_is_refused(
    surface: Surface, day: object
) -> None:
    assert (await surface.refuse(USAGE, {"from": day, "to": "2026-01-02"}))["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        (READ, Scope.USAGE),
        ('{ usage(from: "2026-01-01", to: "2026-01-02") { callCount } }', Scope.USAGE),
        ("mutation { setAccountLimits(input: {}) { userErrors { code } } }", Scope.USAGE),
        ("mutation { suspendAccount(input: {}) { userErrors { code } } }", Scope.KEYS),
        (RESUME, Scope.KEYS),
        ("mutation { hangupCalls(input: {filter: {}}) { userErrors { code } } }", Scope.CALLS_CONTROL),
    ],
)
async def test_given_a_key_without_the_scope_when_it_asks_then_it_is_forbidden(
    surface: Surface, query: str, scope: Scope
) -> None:
    assert (await surface.refuse(query, token=await surface.key(ALL_SCOPES - {scope})))["code"] == "FORBIDDEN"
    await surface.ask(query, token=await surface.key([scope]))


async def _until_free(surface: Surface) -> None:
    async def is_free() -> bool:
        return bool((await surface.services.usage.limits.read(surface.account.id)).concurrent_calls == 0)

    await until(is_free)


DRY_RUN = """mutation($input: OriginateCallInput!) { originateCall(input: $input) {
  dryRun { mostCost { amount currency } } userErrors { code } } }"""


async def test_given_prices_when_a_call_is_only_tried_then_it_says_what_it_could_cost_and_takes_nothing(
    surface: Surface,
) -> None:
    given = {
        "idempotencyKey": "dry",
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "2001"},
        "maxDurationSeconds": 60,
        "dryRun": True,
    }
    assert (await change(surface, DRY_RUN, given))["dryRun"] == {"mostCost": None}
    await price(surface)
    await grant(surface, daily_spend_micros=1_000_000)
    # A minute of talk, 45 seconds to ring, 10 to answer and hang up, at a thousandth a second.
    assert (await change(surface, DRY_RUN, given))["dryRun"] == {"mostCost": {"amount": "0.115", "currency": "USD"}}
    assert (await surface.ask(READ))["accountLimits"]["reserved"]["amount"] == "0.00"
    refused = await change(surface, DRY_RUN, {**given, "maxDurationSeconds": 3600})
    assert (refused["dryRun"], [one["code"] for one in refused["userErrors"]]) == (None, ["SPEND_CAP_REACHED"])
    await change(surface, SUSPEND, {})
    assert await codes(surface, DRY_RUN, given) == ["ACCOUNT_SUSPENDED"]
