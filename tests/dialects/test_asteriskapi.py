"""The dialect ASTERISKAPI: what its document prints is answered as it says, plainly and inside JSON-RPC."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.accounts.dialects import Dialect
from app.calls.core import inputs
from app.dialects.asteriskapi import _tell
from app.facts.vocabulary import CallState, LegRole
from app.ids import Kind, new_id
from tests.api.conftest import until
from tests.api.silent_asterisk import move_leg
from tests.dialects.conftest import Client, become
from tests.security.hostile import Field, rows

pytestmark = pytest.mark.postgres

CALL: Final = "/api/v1/asteriskapi.pl"
FILES: Final = "/recorded/v1/find_phone_files.pl"
#: As it is printed, with the quotes repaired: blanks around names and all. The number is one of the sandbox's.
PRINTED: Final = {
    " extension ": "2001",
    " destination ": "15550100000",
    " voice_pitch ": "1",
    " call_in_out ": "dialer option",
    " msg ": "some text to be send to softphone application",
}
MISSING: Final = "Missing parameters: api-key, extension, or destination"
_RECORDING: Final = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, started_at, saved_at, customer_number,
    duration_seconds, object_key)
VALUES ($1, $2, $3, 'BOTH', $4, $5, $5, $5, $6, $7, $1)
"""


def _shown(client: Client, key: str = "") -> dict[str, str]:
    return {"api-key": key or client.secret}


async def test_given_the_printed_request_when_sent_then_the_call_is_made_and_every_documented_key_is_told(
    asteriskapi: Client,
) -> None:
    answer = await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=PRINTED)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "status": "true",
        "icon": "US",
        "message": "Success making a call",
        "phone_valid": "yes",
        "country_code": 1,
        "carrier": "",
        "caller_id": "15550100100",
        "check_spam": "true",
    }
    (row,) = await asteriskapi.calls()
    assert (row["extension"], row["dialled_number"], row["kind"]) == ("2001", "+15550100000", "CLICK_TO_CALL")
    actor = asteriskapi.surface.registry.find(row["id"])
    assert actor is not None
    assert actor.call.legs[0].role is LegRole.AGENT
    assert actor.call.actor.id == asteriskapi.issued.credential.id


@pytest.mark.parametrize(
    ("given", "first"),
    [("true", LegRole.AGENT), (True, LegRole.AGENT), ("false", LegRole.CUSTOMER), (False, LegRole.CUSTOMER)],
)
async def test_given_call_in_out_when_a_call_is_issued_then_it_says_who_is_called_first(
    asteriskapi: Client, given: object, first: LegRole
) -> None:
    body = {"extension": 2001, "destination": "+1 (555) 010-0000", "call_in_out": given, "voice_pitch": 0.5}
    answer = await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=body)
    assert answer.json()["status"] == "true", answer.text
    (row,) = await asteriskapi.calls()
    actor = asteriskapi.surface.registry.find(row["id"])
    assert actor is not None
    assert actor.call.legs[0].role is first


async def test_given_a_message_and_a_pitch_when_a_call_is_issued_then_the_call_has_both(asteriskapi: Client) -> None:
    body = {"extension": "2001", "destination": "15550100000", "voice_pitch": "1.5", "msg": "Renewal of 500"}
    answer = await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=body)
    assert answer.json()["status"] == "true", answer.text
    (row,) = await asteriskapi.calls()
    actor = asteriskapi.surface.registry.find(row["id"])
    assert actor is not None
    assert (actor.call.softphone_message, actor.call.voice_pitch) == ("Renewal of 500", 1.5)


def test_given_a_number_that_is_wrong_or_flagged_when_told_then_the_answer_says_so_in_the_documents_words() -> None:
    lookup = {"isValid": False, "country": None, "callingCode": None, "carrier": "X", "isFlaggedAsSpam": True}
    assert _tell({"lookup": lookup, "callerId": None}) == {
        "status": "true",
        "icon": "",
        "message": "Success making a call",
        "phone_valid": "no",
        "country_code": 0,
        "carrier": "X",
        "caller_id": "",
        "check_spam": "false",
    }
    unknown = _tell({"lookup": {**lookup, "isValid": True, "isFlaggedAsSpam": None}, "callerId": None})
    assert (unknown["phone_valid"], unknown["check_spam"]) == ("yes", "true")


@pytest.mark.parametrize("lacking", ["api-key", "extension", "destination"])
async def test_given_a_parameter_is_missing_when_a_call_is_issued_then_the_documented_400_is_answered(
    asteriskapi: Client, lacking: str
) -> None:
    body = {name: value for name, value in PRINTED.items() if name.strip() != lacking}
    headers = {} if lacking == "api-key" else _shown(asteriskapi)
    answer = await asteriskapi.send("POST", CALL, headers=headers, json=body)
    shown = {"extension": "2001", "destination": "15550100000", lacking: ""}
    assert answer.status_code == 400
    assert answer.json() == {
        "status": "400 Bad Request",
        "icon": "error",
        "error": MISSING,
        "message": f"We fail on making a call. caller : {shown['extension']}, callee : {shown['destination']}",
    }


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"x"', b"\xff", b'{"extension": "2001"', b"[" * 100_000])
async def test_given_no_json_object_when_a_call_is_issued_then_it_is_refused_in_the_documents_form(
    asteriskapi: Client, content: bytes
) -> None:
    answer = await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), content=content)
    body = answer.json()
    assert answer.status_code in {200, 400}
    assert body.get("icon") == "error" or body["error"]["code"] == -32600
    assert "-32700" not in answer.text
    assert await asteriskapi.calls() == []


async def test_given_a_wrong_key_when_asked_then_nothing_is_told_and_nothing_done(asteriskapi: Client) -> None:
    for path, body in ((CALL, PRINTED), (FILES, {"phone": "15550100000"})):
        answer = await asteriskapi.send("POST", path, headers=_shown(asteriskapi, "ofd_test_wrong"), json=body)
        assert (answer.status_code, answer.json()["status"]) == (401, "401 Unauthorized")
        assert answer.json()["icon"] == "error"
    two = [("api-key", asteriskapi.secret), ("api-key", asteriskapi.secret)]
    answer = await asteriskapi.surface.client.post(CALL, headers=two, json=PRINTED)
    assert answer.status_code == 401
    assert await asteriskapi.calls() == []


async def test_given_the_same_request_at_once_when_answered_then_there_is_one_call_and_later_another(
    asteriskapi: Client,
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=PRINTED))
            for _ in range(8)
        ]
    assert {task.result().json()["status"] for task in tasks} == {"true"}
    assert len(await asteriskapi.calls()) == 1

    async with asteriskapi.surface.database.acquire() as connection:
        await connection.execute("UPDATE dialect_request SET until = until - interval '2 hours'")
    await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=PRINTED)
    await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json={**PRINTED, " msg ": "other"})
    assert len(await asteriskapi.calls()) == 3


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"extension": "9999"}, "There is no such extension."),
        ({"destination": "911"}, None),
        ({"destination": "12127773456"}, None),
        ({"voice_pitch": "2.1"}, "voicePitch is between 0.1 and 2; 1 is the voice as it is."),
        ({"voice_pitch": "deep"}, "voice_pitch is a number from 0.1 to 2.0"),
        ({"voice_pitch": "nan"}, "voice_pitch is a number from 0.1 to 2.0"),
        ({"voice_pitch": True}, "voice_pitch is a number from 0.1 to 2.0"),
        ({"msg": 7}, "msg is a text"),
    ],
)
async def test_given_what_cannot_be_done_when_a_call_is_issued_then_the_error_says_why(
    asteriskapi: Client, changes: dict[str, Any], error: str | None
) -> None:
    body = {"extension": "2001", "destination": "15550100000", **changes}
    answer = await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=body)
    told = answer.json()
    assert (answer.status_code, told["status"], told["icon"]) == (400, "400 Bad Request", "error")
    assert error is None or told["error"] == error
    assert told["message"].startswith("We fail on making a call. caller : ")
    assert await asteriskapi.calls() == []


async def test_given_recordings_of_a_number_when_looked_for_then_their_addresses_days_and_times_are_told(
    asteriskapi: Client,
) -> None:
    database, account = asteriskapi.surface.database, asteriskapi.account
    began = datetime(2024, 7, 3, 20, 37, 42, tzinfo=UTC)
    rows = [
        (new_id(Kind.RECORDING), "+12127773456", began, 24.6, "SAVED"),
        (new_id(Kind.RECORDING), "+12127773456", began + timedelta(days=5), 918.0, "SAVED"),
        (new_id(Kind.RECORDING), "+12127773457", began, 1.0, "SAVED"),
        (new_id(Kind.RECORDING), "+12127773456", began, 1.0, "FAILED"),
    ]
    async with database.acquire() as connection:
        await connection.execute("UPDATE account SET time_zone = 'Asia/Kolkata' WHERE id = $1", account.id)
        for recording_id, number, at, seconds, state in rows:
            await connection.execute(
                _RECORDING, recording_id, account.id, new_id(Kind.CALL), state, at, number, seconds
            )
    printed = await asteriskapi.send("GET", FILES, headers=_shown(asteriskapi), json={"phone": "12127773456"})
    as_curl = await asteriskapi.send("POST", FILES, headers=_shown(asteriskapi), json={" phone ": "12127773456"})
    in_address = await asteriskapi.send("GET", f"{FILES}?phone=12127773456", headers=_shown(asteriskapi))
    assert printed.status_code == as_curl.status_code == in_address.status_code == 200
    for answer in (printed, as_curl, in_address):
        told = answer.json()
        assert [set(one) for one in told] == [{"url", "time", "duration", "date"}] * 2
        assert [(one["date"], one["time"], one["duration"]) for one in told] == [
            ("04/07/2024", "02:07:42", 25),  # in the account's zone it is the next morning
            ("09/07/2024", "02:07:42", 918),
        ]
        assert told[0]["url"].startswith(f"https://offhook.example/recordings/{rows[0][0]}?")
    others = await asteriskapi.send("GET", f"{FILES}?phone=12127773458", headers=_shown(asteriskapi))
    assert (others.status_code, others.json()) == (200, [])


@pytest.mark.parametrize(("headers", "body"), [({}, {"phone": "12127773456"}), (None, {}), (None, {"phone": ""})])
async def test_given_a_parameter_is_missing_when_recordings_are_looked_for_then_the_documented_400_is_answered(
    asteriskapi: Client, headers: dict[str, str] | None, body: dict[str, str]
) -> None:
    shown = _shown(asteriskapi) if headers is None else headers
    answer = await asteriskapi.send("GET", FILES, headers=shown, json=body)
    assert answer.status_code == 400
    assert answer.json() == {
        "status": "400 Bad Request",
        "icon": "error",
        "error": "Missing parameters: api-key or phone",
    }


async def test_given_json_rpc_when_asked_then_the_same_is_answered_inside_its_envelope(asteriskapi: Client) -> None:
    def ask(method: str, params: object, **more: object) -> dict[str, object]:
        return {"jsonrpc": "2.0", "method": method, "params": params, **more}

    named = await asteriskapi.send(
        "POST", CALL, headers=_shown(asteriskapi), json=ask("asteriskapi.pl", PRINTED, id="a1")
    )
    assert named.status_code == 200
    assert set(named.json()) == {"jsonrpc", "result", "id"}
    assert (named.json()["id"], named.json()["result"]["message"]) == ("a1", "Success making a call")

    placed = await asteriskapi.send(
        "POST", CALL, headers=_shown(asteriskapi), json=ask("issue_call", ["2002", "15550100000"], id=2)
    )
    assert placed.json()["result"]["status"] == "true"
    told = await asteriskapi.send(
        "POST", CALL, headers=_shown(asteriskapi), json=ask("issue_call", {"extension": "2003"}, id=None)
    )
    assert (told.status_code, told.json()["id"], told.json()["error"]["code"]) == (200, None, -32602)
    assert told.json()["error"]["data"]["error"] == MISSING
    silent = await asteriskapi.send(
        "POST", CALL, headers=_shown(asteriskapi), json=ask("issue_call", ["2003", "15550100000"])
    )
    assert (silent.status_code, silent.content) == (204, b"")
    assert len(await asteriskapi.calls()) == 3
    files = await asteriskapi.send(
        "POST", FILES, headers=_shown(asteriskapi), json=ask("find_phone_files.pl", ["15550100000"], id=7)
    )
    assert files.json() == {"jsonrpc": "2.0", "result": [], "id": 7}


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        ({"jsonrpc": "1.0", "method": "issue_call", "id": 1}, -32600),
        ({"jsonrpc": "2.0", "id": 1}, -32600),
        ({"jsonrpc": "2.0", "method": "issue_call", "id": {"a": 1}}, -32600),
        ({"jsonrpc": "2.0", "method": "find_phone_files", "id": 1}, -32601),
        ({"jsonrpc": "2.0", "method": "issue_call", "params": "x", "id": 1}, -32602),
        ([{"jsonrpc": "2.0", "method": "issue_call", "id": 1}], -32600),
    ],
)
async def test_given_an_envelope_that_is_wrong_when_asked_then_json_rpcs_own_error_is_answered(
    asteriskapi: Client, envelope: object, code: int
) -> None:
    answer = await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=envelope)
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, code)


async def test_given_a_wrong_key_when_asked_by_json_rpc_then_it_is_401_with_its_error(asteriskapi: Client) -> None:
    envelope = {"jsonrpc": "2.0", "method": "issue_call", "params": PRINTED, "id": 1}
    answer = await asteriskapi.send("POST", CALL, headers={"api-key": "x"}, json=envelope)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, -32000)


async def test_given_another_account_when_it_looks_for_recordings_then_it_finds_its_own_alone(
    asteriskapi: Client,
) -> None:
    surface = asteriskapi.surface
    other = await become(surface, await surface.accounts.create("bravo"), Dialect.ASTERISKAPI)
    async with surface.database.acquire() as connection:
        await connection.execute(
            _RECORDING,
            *(new_id(Kind.RECORDING), asteriskapi.account.id, new_id(Kind.CALL), "SAVED"),
            *(datetime(2024, 7, 3, tzinfo=UTC), "+12127773456", 1.0),
        )
    assert (await other.send("GET", f"{FILES}?phone=12127773456", headers=_shown(other))).json() == []
    mine = await asteriskapi.send("GET", f"{FILES}?phone=12127773456", headers=_shown(asteriskapi))
    assert len(mine.json()) == 1


@pytest.mark.parametrize("phone", [row.sample for row in rows(Field.SEARCH)])
async def test_given_a_pattern_for_a_number_when_looked_for_then_no_recording_is_found_by_it(
    asteriskapi: Client, phone: str
) -> None:
    async with asteriskapi.surface.database.acquire() as connection:
        await connection.execute(
            _RECORDING,
            *(new_id(Kind.RECORDING), asteriskapi.account.id, new_id(Kind.CALL), "SAVED"),
            *(datetime(2024, 7, 3, tzinfo=UTC), "+15550100000", 1.0),
        )
    for number, count in ((phone, 0), ("15550100000", 1)):
        answer = await asteriskapi.send("POST", FILES, headers=_shown(asteriskapi), json={"phone": number})
        told = answer.json()
        is_refused = (answer.status_code, isinstance(told, dict) and told["icon"]) == (400, "error")
        assert (is_refused and count == 0) or (answer.status_code == 200 and len(told) == count), answer.text


async def test_given_a_call_through_the_dialect_when_it_ends_then_graphql_has_its_record(asteriskapi: Client) -> None:
    surface = asteriskapi.surface
    await asteriskapi.send("POST", CALL, headers=_shown(asteriskapi), json=PRINTED)
    (row,) = await asteriskapi.calls()
    actor = surface.registry.find(row["id"])
    assert actor is not None
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        await actor.wait_until(lambda call, role=role: call.leg_of(role).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, row["id"], role, inputs.LegAnswered)
    await actor.wait_until(lambda call: call.state is CallState.CONNECTED)
    move_leg(surface.registry, row["id"], LegRole.CUSTOMER, inputs.LegDestroyed)
    await until(lambda: actor.call.is_ended)
    asked = "query ($id: ID!) { call(id: $id) { cdr { disposition kind extension dialledNumber { number } } } }"
    told = await surface.ask(asked, {"id": row["id"]})
    assert told["call"]["cdr"] == {
        "disposition": "ANSWERED",
        "kind": "CLICK_TO_CALL",
        "extension": "2001",
        "dialledNumber": {"number": "+15550100000"},
    }


async def test_given_another_method_when_sent_then_it_is_405_in_the_documents_form(asteriskapi: Client) -> None:
    for method, path, taken in (("GET", CALL, "POST"), ("PUT", CALL, "POST"), ("DELETE", FILES, "GET, HEAD, POST")):
        answer = await asteriskapi.send(method, path, headers=_shown(asteriskapi))
        assert (answer.status_code, answer.headers["allow"]) == (405, taken)
        assert answer.json() == {
            "status": "405 Method Not Allowed",
            "icon": "error",
            "error": f"This address takes {taken}.",
        }
