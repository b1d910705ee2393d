"""Every field, word and status of the dialects ASTERISKAPI, ORIGINATE_CALL and CLOUD_PBX that no other test looks at.

Whoever drops one of them from an adapter finds a row here that fails.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.calls.core.model.call import Call
from app.dialects import asteriskapi as api
from app.dialects import originate_call
from app.dialects.bodies import LARGEST_BODY
from app.errors import DatabaseUnavailableError
from app.facts.vocabulary import Direction, LegRole, RecordingMode
from app.ids import Kind, new_id
from tests.cdrs.records import insert_cdrs, make_cdr
from tests.dialects.conftest import Client, budget_of, make
from tests.dialects.test_originate_call import PLAIN, ask

pytestmark = pytest.mark.postgres

CALL: Final = "/api/v1/asteriskapi.pl"
FILES: Final = "/recorded/v1/find_phone_files.pl"
_BODY: Final = {"extension": "2001", "destination": "15550100000"}
_RECORDING: Final = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, started_at, saved_at, customer_number,
    duration_seconds, object_key)
VALUES ($1, $2, $3, 'BOTH', 'SAVED', $4, $4, $4, '+12127773456', 1, $1)
"""


def _key(client: Client) -> dict[str, str]:
    return {"api-key": client.secret}


async def _the_call(client: Client) -> Call:
    (row,) = await client.calls()
    actor = client.surface.registry.find(row["id"])
    assert actor is not None
    return actor.call


# The recordings' dialect.


async def test_given_the_printed_curl_when_sent_as_curl_sends_it_then_the_call_is_made_and_recorded(
    asteriskapi: Client,
) -> None:
    """``--data-raw`` without a content type is a form's; the table of the document writes ``Msg``."""
    headers = {**_key(asteriskapi), "content-type": "application/x-www-form-urlencoded"}
    content = json.dumps({**_BODY, "Msg": "Renewal"}).encode()
    answer = await asteriskapi.send("POST", CALL, headers=headers, content=content)
    assert answer.json()["status"] == "true", answer.text
    call = await _the_call(asteriskapi)
    assert (call.softphone_message, call.recording_mode, call.voice_pitch) == ("Renewal", RecordingMode.BOTH, None)


@pytest.mark.parametrize(
    ("pitch", "is_taken"), [("0.1", True), (2, True), (0.5, True), ("0.09", False), ("2.01", False), ("", True)]
)
async def test_given_a_pitch_at_the_documents_bounds_when_a_call_is_issued_then_it_is_taken_up_to_them(
    asteriskapi: Client, pitch: Any, *, is_taken: bool
) -> None:
    answer = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json={**_BODY, "voice_pitch": pitch})
    assert answer.status_code == (200 if is_taken else 400), answer.text
    assert len(await asteriskapi.calls()) == is_taken


@pytest.mark.parametrize("word", ["0", "no", "off", "FALSE", 0])
async def test_given_other_words_for_no_when_a_call_is_issued_then_the_lead_is_called_first(
    asteriskapi: Client, word: object
) -> None:
    await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json={**_BODY, "call_in_out": word})
    assert (await _the_call(asteriskapi)).legs[0].role is LegRole.CUSTOMER


@pytest.mark.parametrize("method", ["asteriskapi.pl", "asteriskapi", "issue_call"])
async def test_given_parameters_in_a_list_when_asked_by_json_rpc_then_each_is_what_the_table_has_in_its_place(
    asteriskapi: Client, method: str
) -> None:
    params = ["2002", "15550100000", "1.5", "false", "Renewal"]
    envelope = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1.5}
    answer = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json=envelope)
    assert (answer.json()["id"], answer.json()["result"]["status"]) == (1.5, "true")
    call = await _the_call(asteriskapi)
    shown = (call.legs[0].role, call.voice_pitch, call.softphone_message)
    assert shown == (LegRole.CUSTOMER, 1.5, "Renewal")


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        ({"method": "issue_call", "params": [1, 2, 3, 4, 5, 6], "id": 1}, -32602),
        ({"method": "issue_call", "id": "x" * 256}, -32600),
        ({"method": "issue_call", "id": True}, -32600),
        ({"method": 7, "id": 1}, -32600),
        ({"method": "find_phone_files.pl", "id": 1}, -32601),
    ],
)
async def test_given_an_envelope_that_is_wrong_when_asked_then_its_error_has_the_specifications_code(
    asteriskapi: Client, envelope: dict[str, Any], code: int
) -> None:
    answer = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json={"jsonrpc": "2.0", **envelope})
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, code)
    assert await asteriskapi.calls() == []


@pytest.mark.parametrize("method", ["find_phone_files.pl", "find_phone_files"])
async def test_given_no_phone_when_asked_by_json_rpc_then_the_documents_error_is_inside(
    asteriskapi: Client, method: str
) -> None:
    envelope = {"jsonrpc": "2.0", "method": method, "params": {}, "id": 1}
    answer = await asteriskapi.send("POST", FILES, headers=_key(asteriskapi), json=envelope)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (
        200,
        -32602,
        "Missing parameters: api-key or phone",
    )
    assert error["data"] == {"status": "400 Bad Request", "icon": "error", "error": error["message"]}


async def test_given_a_notification_that_is_refused_when_sent_then_nobody_is_told_and_nothing_done(
    asteriskapi: Client,
) -> None:
    envelope = {"jsonrpc": "2.0", "method": "issue_call", "params": {"extension": "9999", "destination": "911"}}
    answer = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json=envelope)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await asteriskapi.calls() == []


async def test_given_an_outage_when_asked_by_json_rpc_then_it_is_503_with_the_servers_own_code_and_a_time(
    asteriskapi: Client,
) -> None:
    asteriskapi.surface.ready.why_not_ready = "Asterisk is away."
    envelope = {"jsonrpc": "2.0", "method": "issue_call", "params": _BODY, "id": 1}
    answer = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json=envelope)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, -32000)
    assert int(answer.headers["retry-after"]) >= 1


async def test_given_more_recordings_than_a_page_when_looked_for_then_all_come_and_at_most_the_newest(
    asteriskapi: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, account = datetime(2024, 7, 3, tzinfo=UTC), asteriskapi.account.id
    rows = [(new_id(Kind.RECORDING), account, new_id(Kind.CALL), began + timedelta(minutes=one)) for one in range(410)]
    async with asteriskapi.surface.database.acquire() as connection:
        await connection.executemany(_RECORDING, rows)

    async def look() -> list[str]:
        answer = await asteriskapi.send("GET", f"{FILES}?phone=12127773456", headers=_key(asteriskapi))
        assert answer.status_code == 200, answer.text
        return [one["url"].split("/recordings/")[1].split("?")[0] for one in answer.json()]

    ids = [row[0] for row in rows]
    assert await look() == ids
    monkeypatch.setattr(api, "_MOST_PAGES", 1)
    assert await look() == ids[-200:]


# Statuses that all three have.


async def test_given_too_large_a_body_when_sent_then_each_dialect_says_413_in_its_form(
    asteriskapi: Client, originating: Client, cloud_pbx: Client
) -> None:
    large = b'{"extension":"' + b"2" * LARGEST_BODY + b'"}'
    by_key = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), content=large)
    assert (by_key.status_code, by_key.json()["status"], by_key.json()["icon"]) == (
        413,
        "413 Payload Too Large",
        "error",
    )
    pbx = await cloud_pbx.send("POST", "/api/calls", headers=_key(cloud_pbx), content=large)
    assert (pbx.status_code, set(pbx.json())) == (413, {"error"})
    signed = await originating.send("POST", "/api/originate-call", content=large)
    assert (signed.status_code, signed.json()["has_error"], signed.json()["results"]) == (413, True, [])


async def test_given_no_points_left_when_asked_then_each_dialect_says_429_in_its_form_and_when_to_ask_again(
    asteriskapi: Client, cloud_pbx: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = budget_of(asteriskapi.surface)
    monkeypatch.setattr(budget, "_monotonic", lambda: 0.0)
    for client in (asteriskapi, cloud_pbx):
        budget.spend(client.issued.credential.id, 1_000_000)
    by_key = await asteriskapi.send("POST", CALL, headers=_key(asteriskapi), json=_BODY)
    told = by_key.json()
    assert (by_key.status_code, told["status"], told["icon"]) == (429, "429 Too Many Requests", "error")
    assert told["message"] == "We fail on making a call. caller : 2001, callee : 15550100000"
    body = {"user": "2001", "number": "+15550100000"}
    pbx = await cloud_pbx.send("POST", "/api/calls", headers=_key(cloud_pbx), json=body)
    assert (pbx.status_code, set(pbx.json())) == (429, {"error"})
    assert all(int(one.headers["retry-after"]) >= 1 for one in (by_key, pbx))
    assert await asteriskapi.calls() == []


async def test_given_no_database_when_recordings_are_looked_for_then_it_is_503_in_the_documents_form(
    asteriskapi: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def be_away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("PostgreSQL is away.")

    monkeypatch.setattr(asteriskapi.surface.services.recordings, "page", be_away)
    answer = await asteriskapi.send("GET", f"{FILES}?phone=12127773456", headers=_key(asteriskapi))
    assert (answer.status_code, answer.json()["status"]) == (503, "503 Service Unavailable")


# What an originated call becomes.


@pytest.mark.parametrize(
    ("disposition", "party", "message"),
    [
        ("NO_ANSWER", "AGENT", "Timeout. The user did not answer"),
        ("BUSY", "AGENT", "The user is busy"),
        ("REJECTED", "AGENT", "The user rejected the call"),
        ("UNREACHABLE", "AGENT", "The user cannot be reached"),
        ("NO_ANSWER", "CUSTOMER", "Timeout. The customer did not answer"),
        ("BUSY", "CUSTOMER", "The customer is busy"),
        ("REJECTED", "CUSTOMER", "The customer rejected the call"),
        ("UNREACHABLE", "CUSTOMER", "The customer cannot be reached"),
        ("ABANDONED", "CUSTOMER", "The customer hung up"),
        ("CANCELLED", "SYSTEM", "The call was given up"),
        ("FAILED", "SYSTEM", "The call failed"),
        ("CONGESTION", "SYSTEM", "The call failed"),
    ],
)
def test_given_a_call_that_ended_while_it_was_waited_for_when_told_then_the_message_says_how_and_whose_doing_it_was(
    disposition: str, party: str, message: str
) -> None:
    placed = {"waitOutcome": "CALL_ENDED", "call": {"disposition": disposition, "endReason": {"party": party}}}
    with pytest.raises(originate_call._RefusedError) as refused:
        originate_call._tell(placed, "user", "2001", is_waited_for=True)
    assert refused.value.message == message
    # Whoever did not ask to wait is told that it was placed.
    told = originate_call._tell(placed, "user", "2001", is_waited_for=False)
    assert told == "Call successfully originated for user: 2001"


@pytest.mark.parametrize(
    ("word", "meant"),
    [(one, True) for one in ("1", "true", "YES", "on", None, "")]
    + [(one, False) for one in ("0", "false", "No", "off")],
)
def test_given_words_for_async_when_read_then_it_is_on_unless_one_says_otherwise(
    word: str | None, *, meant: bool
) -> None:
    assert originate_call._read_flag(word, "async", default=True) is meant


async def test_given_an_agent_when_asked_at_once_then_it_needs_a_phone_that_is_there_its_own_or_its_extensions(
    originating: Client,
) -> None:
    surface = originating.surface
    offline = ["The user is not online. Check that a phone of the user's is registered"]
    await make(surface, surface.token, "createAgent", "agent", name="nobody-there", displayName="No Body")
    for named in ("nobody-there", "No Body", "NO BODY"):
        answer = await ask(originating, {**PLAIN, "destination": named})
        assert answer.json() == {"has_error": True, "messages": offline, "results": []}
    assert await originating.calls() == []
    agents = (await surface.ask("{ agents { nodes { id name extensionId } } }"))["agents"]["nodes"]
    there = next(one for one in agents if one["extensionId"] is not None)
    for count, named in enumerate((there["id"], there["name"], there["name"].upper()), start=1):
        answer = await ask(originating, {**PLAIN, "destination": named})
        assert answer.json()["results"] == [f"Call successfully originated for user: {named}"]
        assert len(await originating.calls()) == count


async def test_given_numbers_of_php_as_numbers_when_sent_as_json_then_they_are_read_as_they_are_written(
    originating: Client,
) -> None:
    answer = await ask(originating, {**PLAIN, "project_id": 7, "external_id": 12.5, "caller_id": 15550100000})
    assert answer.json()["has_error"] is False, answer.text
    (row,) = await originating.calls()
    assert (row["tags"], row["external_id"], row["dialled_number"]) == (["project:7"], "12.5", "+15550100000")


@pytest.mark.parametrize("name", ["external_id", "project_id"])
@pytest.mark.parametrize(
    "sample", ["x" * 256, "x" * 70_000, "a\r\nVia: x", "a\x00b", "a\x7f", "a\tb", {"a": "1"}, ["1"]]
)
async def test_given_hostile_ids_of_the_clients_own_when_asked_then_they_are_refused_in_the_documents_form(
    originating: Client, name: str, sample: Any
) -> None:
    answer = await ask(originating, {**PLAIN, name: sample})
    told = answer.json()
    assert answer.status_code in {200, 400}, answer.text
    assert (told["has_error"], told["results"], len(told["messages"])) == (True, [], 1)
    assert len(answer.content) < 1_000
    assert await originating.calls() == []


# Lists of calls.

_DAY: Final = datetime(2026, 5, 1, 6, tzinfo=UTC)
_LIST: Final = {"date": "2026-05-01", "users": "2001"}


async def _ids(client: Client, path: str, query: dict[str, Any]) -> list[str]:
    answer = await client.send("GET", path, headers=_key(client), params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["calls"]]


@pytest.mark.parametrize(
    ("sort", "is_rising"),
    [("date", True), ("asc", True), ("oldest", True), ("-date", False), ("DESC", False), ("newest", False)],
)
async def test_given_each_word_for_an_order_when_calls_are_listed_then_they_come_so(
    cloud_pbx: Client, sort: str, *, is_rising: bool
) -> None:
    records = [make_cdr(_DAY + timedelta(minutes=one), extension="2001") for one in range(3)]
    async with cloud_pbx.surface.database.acquire() as connection:
        await insert_cdrs(connection, [(cloud_pbx.account.id, one) for one in records])
    ids = [one.call_id for one in records]
    assert await _ids(cloud_pbx, "/api/calls/users", {**_LIST, "sort": sort}) == ids[:: 1 if is_rising else -1]


async def test_given_other_ways_to_write_the_parameters_when_calls_are_listed_then_they_mean_the_same(
    cloud_pbx: Client,
) -> None:
    surface = cloud_pbx.surface
    queue = await make(surface, surface.token, "createQueue", "queue", name="Sales", strategy="LONGEST_IDLE")
    group = await make(
        *(surface, surface.token, "createRingGroup", "ringGroup"), name="Team", strategy="ALL", ringSeconds=20.0
    )
    one = make_cdr(_DAY, extension="2001", queue_id=queue, ring_group_id=group)
    async with surface.database.acquire() as connection:
        await insert_cdrs(connection, [(cloud_pbx.account.id, one)])
    day = {"date": "2026-05-01"}
    for path, query in (
        ("users", {**day, "user": "2001"}),
        ("users", {**day, "users[]": "2001"}),
        ("users", {**day, "users": "2001, 2002 ,2001"}),
        ("users", {"date_from": "2026-05-01", "date_to": "2026-05-02", "users": "2001"}),
        ("queues", {**day, "queue": queue}),
        ("queues", {**day, "queues": "SALES"}),
        ("ring-groups", {**day, "ring_group": group}),
        ("ring-groups", {**day, "ring-groups": "Team"}),
        ("ring-groups", {**day, "ring-group[]": "team"}),
    ):
        assert await _ids(cloud_pbx, f"/api/calls/{path}", query) == [one.call_id], (path, query)


async def test_given_a_call_inside_the_house_when_listed_then_its_caller_is_the_extension(cloud_pbx: Client) -> None:
    inside = make_cdr(_DAY, extension="2001", direction=Direction.INTERNAL, caller_id=None, dialled_number=None)
    async with cloud_pbx.surface.database.acquire() as connection:
        await insert_cdrs(connection, [(cloud_pbx.account.id, inside)])
    answer = await cloud_pbx.send("GET", "/api/calls/users", headers=_key(cloud_pbx), params=_LIST)
    (told,) = answer.json()["calls"]
    assert (told["type"], told["caller_id"], told["destination"], told["caller_name"]) == ("internal", "2001", "", "")
    types = {name: type(value) for name, value in told.items()}
    assert types == {**dict.fromkeys(told, str), "duration": int}


@pytest.mark.parametrize("name", ["number", "destination"])
async def test_given_either_name_for_the_number_when_called_for_a_user_then_it_is_dialled(
    cloud_pbx: Client, name: str
) -> None:
    body = {"user": 2001, name: 15550100000}
    answer = await cloud_pbx.send("POST", "/api/calls", headers=_key(cloud_pbx), json=body)
    assert (answer.status_code, answer.json()["destination"]) == (200, "+15550100000")
    assert (await _the_call(cloud_pbx)).recording_mode is RecordingMode.OFF
