"""Callbacks and one-time passwords over GraphQL: what may be asked, by whom, and what is shown of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.accounts.scopes import Scope
from tests.api.conftest import ALL_SCOPES, Surface

pytestmark = pytest.mark.postgres

CALLBACK = """id state dueAt local { dateTime timeZone resolution } customer { number isMasked }
  connect { agentId extension number { number } ringGroupId queueId callFlowId } dialFirst callerId { number }
  recordingMode externalId metadata { key value } tags graceSeconds maxAttempts retryAfterSeconds attemptCount callId
  failure detail sandbox attempts { number } call { id }"""
SCHEDULE = f"""mutation($input: ScheduleCallbackInput!) {{ scheduleCallback(input: $input) {{
  callback {{ {CALLBACK} }} replayed userErrors {{ code field message }} }} }}"""
UPDATE = f"""mutation($input: UpdateCallbackInput!) {{ updateCallback(input: $input) {{
  callback {{ {CALLBACK} }} userErrors {{ code field currentState }} }} }}"""
CANCEL = f"""mutation($input: CancelCallbackInput!) {{ cancelCallback(input: $input) {{
  callback {{ {CALLBACK} }} userErrors {{ code field currentState }} }} }}"""
LIST = """query($filter: CallbackFilterInput, $first: Int, $after: String) {
  callbacks(filter: $filter, first: $first, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor } totalCount { count precision } } }"""
OTP = """id state customer { number isMasked } text repeat heardToEnd timesHeard isExpired codesTried
  maxAttempts attemptsLeft verifiedAt callId failure externalId metadata { key value } tags sandbox call { id }"""
ANNOUNCE = f"""mutation($input: AnnounceOtpInput!) {{ announceOtp(input: $input) {{
  otp {{ {OTP} }} replayed userErrors {{ code field retryAfterSeconds }} }} }}"""
VERIFY = f"""mutation($input: VerifyOtpInput!) {{ verifyOtp(input: $input) {{
  verdict isVerified otp {{ {OTP} }} userErrors {{ code field }} }} }}"""
SETTINGS = """agentDisplay agentRingSeconds customerRingSeconds callerIdName destinationName maxDurationSeconds
  softphoneMessage transcribe trunkId"""

NUMBER = "+15550100000"
LOCAL = {"local": {"dateTime": "2027-03-28T02:30:00", "timeZone": "Europe/Berlin"}}


@pytest.fixture(autouse=True)
def at_the_new_year(monkeypatch: pytest.MonkeyPatch, surface: Surface) -> None:
    """Not later than a year before what these tests schedule."""

    class NewYear:
        def now(self) -> datetime:
            return datetime(2027, 1, 1, tzinfo=UTC)

        def monotonic(self) -> float:
            return 0.0

    monkeypatch.setattr(surface.services.callbacks, "_clock", NewYear())


async def _schedule(surface: Surface, **fields: Any) -> Any:
    given = {
        "idempotencyKey": "k",
        "at": LOCAL,
        "destination": {"number": NUMBER},
        "connect": {"extension": "2001"},
        **fields,
    }
    return (await surface.ask(SCHEDULE, {"input": given}))["scheduleCallback"]


async def _announce(surface: Surface, **fields: Any) -> Any:
    given = {"idempotencyKey": "k", "number": NUMBER, "code": "4719", **fields}
    return (await surface.ask(ANNOUNCE, {"input": given}))["announceOtp"]


async def test_given_a_callback_in_the_gap_of_a_clock_when_scheduled_then_all_of_it_is_shown(surface: Surface) -> None:
    payload = await _schedule(
        surface,
        recordingMode="BOTH",
        externalId="lead 7",
        metadata=[{"key": "a", "value": "b"}],
        tags=["vip"],
        maxAttempts=3,
        retryAfterSeconds=60.0,
        graceSeconds=30.0,
        dialFirst="CUSTOMER",
    )
    assert payload["userErrors"] == []
    callback = payload["callback"]
    assert (callback["state"], callback["dueAt"]) == ("SCHEDULED", "2027-03-28T01:30:00.000000Z")
    assert callback["local"] == {
        "dateTime": "2027-03-28T02:30:00",
        "timeZone": "Europe/Berlin",
        "resolution": "MOVED_ON",
    }
    assert callback["customer"] == {"number": NUMBER, "isMasked": False}
    assert callback["connect"]["extension"] == "2001"
    assert [callback[name] for name in ("recordingMode", "externalId", "tags", "maxAttempts", "sandbox")] == [
        *("BOTH", "lead 7", ["vip"], 3, True),
    ]
    again = await _schedule(
        surface,
        recordingMode="BOTH",
        externalId="lead 7",
        metadata=[{"key": "a", "value": "b"}],
        tags=["vip"],
        maxAttempts=3,
        retryAfterSeconds=60.0,
        graceSeconds=30.0,
        dialFirst="CUSTOMER",
    )
    assert (again["callback"], again["replayed"]) == (callback, True)
    assert (await _schedule(surface))["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"
    events = await surface.ask(
        "{ events(filter: {types: [CALLBACK_SCHEDULED]}) { nodes { ... on CallbackScheduledEvent"
        " { callbackId dueAt customer { number } attempt callback { id } } } } }"
    )
    assert events["events"]["nodes"] == [
        {
            "callbackId": callback["id"],
            "dueAt": callback["dueAt"],
            "customer": {"number": NUMBER},
            "attempt": 0,
            "callback": {"id": callback["id"]},
        }
    ]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"at": {"at": "2026-12-31T00:00:00Z"}}, "INVALID_INPUT", ["at"]),
        ({"at": {"local": {**LOCAL["local"], "timeZone": "Nowhere"}}}, "INVALID_INPUT", ["at", "local", "timeZone"]),
        ({"maxAttempts": 99}, "INVALID_INPUT", ["maxAttempts"]),
        ({"connect": {"agentId": "agent_none"}}, "NOT_FOUND", ["connect", "agentId"]),
        ({"connect": {"extension": "2999"}}, "NOT_FOUND", ["connect", "extension"]),
        ({"callerId": "+12125550999"}, "CALLER_ID_NOT_OWNED", ["callerId"]),
        ({"tags": ["x" * 500]}, "INVALID_INPUT", ["tags", "0"]),
        ({"idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
    ],
)
async def test_given_what_cannot_be_when_scheduled_then_it_is_refused_by_its_path(
    surface: Surface, fields: dict[str, Any], code: str, field: list[str]
) -> None:
    payload = await _schedule(surface, **fields)
    assert payload["callback"] is None
    assert (payload["userErrors"][0]["code"], payload["userErrors"][0]["field"]) == (code, field)
    assert (await surface.ask(LIST))["callbacks"]["nodes"] == []


async def test_given_a_callback_when_changed_then_what_is_left_out_stays_and_null_clears_what_may_be_clear(
    surface: Surface,
) -> None:
    made = (await _schedule(surface, externalId="lead 7", tags=["vip"], recordingMode="BOTH"))["callback"]
    given = {"id": made["id"], "externalId": None, "connect": {"extension": "2002"}, "maxAttempts": 2}
    changed = (await surface.ask(UPDATE, {"input": given}))["updateCallback"]
    assert changed["userErrors"] == []
    expected = {**made, "externalId": None, "maxAttempts": 2, "connect": {**made["connect"], "extension": "2002"}}
    assert changed["callback"] == expected
    for name in ("at", "destination", "connect", "tags", "maxAttempts", "recordingMode"):
        refused = (await surface.ask(UPDATE, {"input": {"id": made["id"], name: None}}))["updateCallback"]
        assert (refused["userErrors"][0]["code"], refused["userErrors"][0]["field"]) == ("INVALID_INPUT", [name])
    moved = {"id": made["id"], "at": {"at": "2027-02-01T10:00:00Z"}, "tags": []}
    changed = (await surface.ask(UPDATE, {"input": moved}))["updateCallback"]["callback"]
    assert (changed["dueAt"], changed["local"], changed["tags"]) == ("2027-02-01T10:00:00.000000Z", None, [])


async def test_given_every_setting_of_a_callback_when_given_and_cleared_then_it_can_be_read_back(
    surface: Surface,
) -> None:
    trunks = await surface.ask("{ trunks { nodes { id } } }")
    given = {
        "agentDisplay": "CUSTOM",
        "agentRingSeconds": 21.0,
        "customerRingSeconds": 22.0,
        "callerIdName": "Acme",
        "destinationName": "Grace",
        "maxDurationSeconds": 600.0,
        "softphoneMessage": "Grace, about her invoice",
        "transcribe": True,
        "trunkId": trunks["trunks"]["nodes"][0]["id"],
    }
    made = (await _schedule(surface, recordingMode="BOTH", **given))["callback"]
    query = f"query($id: ID!) {{ callback(id: $id) {{ {SETTINGS} }} }}"
    assert (await surface.ask(query, {"id": made["id"]}))["callback"] == given
    token = await surface.key(ALL_SCOPES - {Scope.PII_READ})
    masked = (await surface.ask(query, {"id": made["id"]}, token=token))["callback"]
    hidden = {"callerIdName": None, "destinationName": None, "softphoneMessage": "*"}
    assert masked == {**given, **hidden}
    cleared = {name: None for name in given if name not in {"agentDisplay", "transcribe"}}
    plain = {**cleared, "agentDisplay": "DESTINATION", "transcribe": False}
    changed = await surface.ask(UPDATE, {"input": {"id": made["id"], **plain}})
    assert changed["updateCallback"]["userErrors"] == []
    assert (await surface.ask(query, {"id": made["id"]}, token=token))["callback"] == plain


async def test_given_a_callback_when_called_off_then_it_stays_so_and_can_be_changed_no_more(surface: Surface) -> None:
    made = (await _schedule(surface))["callback"]
    for _ in range(2):
        payload = (await surface.ask(CANCEL, {"input": {"id": made["id"]}}))["cancelCallback"]
        assert (payload["callback"]["state"], payload["userErrors"]) == ("CANCELLED", [])
    refused = (await surface.ask(UPDATE, {"input": {"id": made["id"], "maxAttempts": 2}}))["updateCallback"]
    assert refused["userErrors"] == [{"code": "INVALID_STATE", "field": ["id"], "currentState": "CANCELLED"}]


async def test_given_callbacks_when_listed_and_looked_for_then_each_is_found_in_every_way(surface: Surface) -> None:
    ids = []
    for day in (3, 1, 2):
        at = {"at": f"2027-02-0{day}T10:00:00Z"}
        ids.append((await _schedule(surface, idempotencyKey=f"k{day}", at=at))["callback"]["id"])
    page = (await surface.ask(LIST, {"first": 2}))["callbacks"]
    assert [node["id"] for node in page["nodes"]] == [ids[1], ids[2]]
    assert page["totalCount"] == {"count": 3, "precision": "EXACT"}
    rest = (await surface.ask(LIST, {"after": page["pageInfo"]["endCursor"]}))["callbacks"]
    assert [node["id"] for node in rest["nodes"]] == [ids[0]]
    for given, expected in (
        ({"states": ["CANCELLED"]}, []),
        ({"due": {"from": {"at": "2027-02-02T10:00:00Z"}}}, [ids[2], ids[0]]),
        ({"customerNumber": NUMBER, "states": []}, [ids[1], ids[2], ids[0]]),
    ):
        found = (await surface.ask(LIST, {"filter": given}))["callbacks"]["nodes"]
        assert [node["id"] for node in found] == expected
    for query in ("query($id: ID!) { node(id: $id) { id } }", "query($id: ID!) { callback(id: $id) { id } }"):
        assert list((await surface.ask(query, {"id": ids[0]})).values()) == [{"id": ids[0]}]


async def test_given_a_code_when_it_is_to_be_told_then_all_is_shown_but_the_code(surface: Surface) -> None:
    fields = {"externalId": "user 7", "tags": ["login"], "announcement": {"text": "Sign in with {code}."}, "repeat": 3}
    payload = await _announce(surface, **fields)
    assert payload["userErrors"] == []
    otp = payload["otp"]
    assert (otp["state"], otp["text"], otp["repeat"], otp["maxAttempts"], otp["attemptsLeft"]) == (
        *("PENDING", "Sign in with {code}.", 3, 5, 5),
    )
    assert (otp["customer"], otp["sandbox"], otp["call"]) == ({"number": NUMBER, "isMasked": False}, True, None)
    again = await _announce(surface, **fields)
    assert (again["otp"], again["replayed"]) == (otp, True)
    assert (await _announce(surface, code="4718", **fields))["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"
    wrong = (await surface.ask(VERIFY, {"input": {"id": otp["id"], "code": "0000"}}))["verifyOtp"]
    assert (wrong["verdict"], wrong["isVerified"], wrong["otp"]["attemptsLeft"]) == ("WRONG", False, 4)
    right = (await surface.ask(VERIFY, {"input": {"id": otp["id"], "code": "4719"}}))["verifyOtp"]
    assert (right["verdict"], right["isVerified"], right["otp"]["attemptsLeft"]) == ("VERIFIED", True, 0)
    for query in ("query($id: ID!) { node(id: $id) { id } }", "query($id: ID!) { otp(id: $id) { id } }"):
        assert list((await surface.ask(query, {"id": otp["id"]})).values()) == [{"id": otp["id"]}]
    listed = await surface.ask("{ otps(filter: {states: [PENDING]}) { nodes { id } totalCount { count } } }")
    assert listed["otps"] == {"nodes": [{"id": otp["id"]}], "totalCount": {"count": 1}}


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"code": "12"}, "INVALID_INPUT", ["code"]),
        ({"number": "+12"}, "INVALID_NUMBER", ["number"]),
        ({"announcement": {"text": "no place"}}, "INVALID_INPUT", ["announcement", "text"]),
        ({"announcement": {"template": {"id": "tmpl_none"}}}, "NOT_FOUND", ["announcement", "template", "id"]),
        ({"voice": {"id": "nobody"}}, "NOT_FOUND", ["voice", "id"]),
        ({"ttlSeconds": 1.0}, "INVALID_INPUT", ["ttlSeconds"]),
        ({"callerId": "+12125550999"}, "CALLER_ID_NOT_OWNED", ["callerId"]),
    ],
)
async def test_given_what_cannot_be_when_a_code_is_to_be_told_then_it_is_refused_by_its_path(
    surface: Surface, fields: dict[str, Any], code: str, field: list[str]
) -> None:
    payload = await _announce(surface, **fields)
    assert payload["otp"] is None
    assert payload["userErrors"][0] == {"code": code, "field": field, "retryAfterSeconds": None}


async def test_given_too_many_for_one_number_when_asked_again_then_the_refusal_says_when(surface: Surface) -> None:
    for number in range(5):
        assert (await _announce(surface, idempotencyKey=f"k{number}"))["userErrors"] == []
    (error,) = (await _announce(surface, idempotencyKey="more"))["userErrors"]
    assert (error["code"], error["field"]) == ("RATE_LIMITED", ["number"])
    assert 590 < error["retryAfterSeconds"] <= 600


async def test_given_another_account_when_it_asks_then_there_is_nothing(surface: Surface) -> None:
    callback, otp = (await _schedule(surface))["callback"]["id"], (await _announce(surface))["otp"]["id"]
    stranger = await surface.key(account=await surface.accounts.create("other"))
    for query, subject in (
        ("query($id: ID!) { callback(id: $id) { id } }", callback),
        ("query($id: ID!) { otp(id: $id) { id } }", otp),
        ("query($id: ID!) { node(id: $id) { id } }", callback),
        ("query($id: ID!) { node(id: $id) { id } }", otp),
    ):
        assert list((await surface.ask(query, {"id": subject}, token=stranger)).values()) == [None]
    assert (await surface.ask(LIST, token=stranger))["callbacks"]["nodes"] == []
    assert (await surface.ask("{ otps { nodes { id } } }", token=stranger))["otps"]["nodes"] == []
    for query, given in (
        (CANCEL, {"id": callback}),
        (UPDATE, {"id": callback, "maxAttempts": 2}),
        (VERIFY, {"id": otp, "code": "4719"}),
    ):
        (payload,) = (await surface.ask(query, {"input": given}, token=stranger)).values()
        assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
    found = await surface.ask("query($id: ID!) { otp(id: $id) { codesTried verifiedAt } }", {"id": otp})
    assert found["otp"] == {"codesTried": 0, "verifiedAt": None}


async def test_given_a_key_that_may_not_see_numbers_when_it_reads_then_they_are_masked(surface: Surface) -> None:
    callback, otp = (await _schedule(surface))["callback"]["id"], (await _announce(surface))["otp"]["id"]
    token = await surface.key(ALL_SCOPES - {Scope.PII_READ})
    for query, subject in (
        ("query($id: ID!) { callback(id: $id) { customer { number isMasked } } }", callback),
        ("query($id: ID!) { otp(id: $id) { customer { number isMasked } } }", otp),
    ):
        (found,) = (await surface.ask(query, {"id": subject}, token=token)).values()
        assert found["customer"]["isMasked"]
        assert "*" in found["customer"]["number"]


@pytest.mark.parametrize(
    ("scope", "query"),
    [
        (Scope.CALLBACKS, "{ callbacks { nodes { id } } }"),
        (Scope.CALLBACKS, '{ callback(id: "back_1") { id } }'),
        (Scope.CALLBACKS, 'mutation { cancelCallback(input: {id: "back_1"}) { userErrors { code } } }'),
        (Scope.OTP, "{ otps { nodes { id } } }"),
        (Scope.OTP, '{ otp(id: "otp_1") { id } }'),
        (Scope.OTP, 'mutation { verifyOtp(input: {id: "otp_1", code: "1"}) { userErrors { code } } }'),
    ],
)
async def test_given_a_key_without_the_scope_when_it_asks_then_the_scope_is_named(
    surface: Surface, scope: Scope, query: str
) -> None:
    token = await surface.key(ALL_SCOPES - {scope})
    assert (await surface.refuse(query, token=token))["code"] == "FORBIDDEN"
