"""What the dialect CPAAS refuses, in its own form: whoever is not let in, whatever is malformed, and hostile input."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.accounts.dialects import Dialect
from app.dialects.cpaas import routes
from app.dialects.cpaas.routes import ADDRESSES
from app.errors import DatabaseUnavailableError
from app.numbers.parse import SANDBOX_PREFIX
from app.numbers.policy import Rule
from tests.api.conftest import Surface
from tests.dialects.cpaas_client import Cpaas
from tests.security.hostile import Field, Row, rows
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

_SOON: Final = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d %H:%M:%S}"
_LARGEST: Final = 1024 * 1024
_CLICK: Final = {"agent_number": "2001", "destination_number": "15550104001"}
_LATER: Final = {**_CLICK, "scheduled_at": _SOON, "time_zone": "UTC"}
_PASSWORD: Final = {"customer_number": "15550104001", "otp": "1987"}
_CAMPAIGN: Final = {
    "campaign_type": "0",
    "dynamic_announcement": "1",
    "announcement_text": "Hello.",
    "campaign_start_date": _SOON,
}
_LEFT: Final = """
SELECT (SELECT count(*) FROM call) AS calls, (SELECT count(*) FROM callback) AS callbacks,
    (SELECT count(*) FROM otp) AS otps, (SELECT count(*) FROM campaign) AS campaigns,
    (SELECT count(*) FROM contact) AS contacts, (SELECT count(*) FROM dnc_entry) AS entries,
    (SELECT count(*) FROM job) AS jobs, (SELECT count(*) FROM call_flow) AS flows
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a request: its name, or its path inside; ``skipped`` are classes that mean something good here."""

    path: str
    given: dict[str, Any]
    name: str
    field: Field
    method: str = "POST"
    skipped: tuple[str, ...] = ()

    def body(self, sample: Any) -> dict[str, Any]:
        return {**self.given, self.name: sample}


def _places(list_id: str, dnd_list_id: str) -> Iterator[Place]:
    campaign = {**_CAMPAIGN, "list_id": list_id, "campaign_name": "hostile"}
    for name in ("agent_number", "destination_number"):
        yield Place("/api/click2call", _CLICK, name, Field.NUMBER)
        yield Place("/api/callback", _LATER, name, Field.NUMBER)
    yield Place("/api/outbound_call", _PASSWORD, "customer_number", Field.NUMBER)
    yield Place("/api/click2call", _CLICK, "caller_id", Field.CALLER_ID, skipped=("no such pool",))
    yield Place("/api/outbound_call", _PASSWORD, "caller_id", Field.CALLER_ID, skipped=("no such pool",))
    yield Place("/api/create_campaign", campaign, "campaign_caller_id", Field.CALLER_ID, skipped=("no such pool",))
    yield Place("/api/outbound_call", _PASSWORD, "otp", Field.OTP_CODE)
    yield Place("/api/outbound_call", _PASSWORD, "repeat", Field.COUNT)
    yield Place("/api/outbound_call", _PASSWORD, "announce_template_id", Field.ID)
    yield Place("/api/outbound_call", _PASSWORD, "voice", Field.VOICE_NAME)
    yield Place("/api/outbound_call", _PASSWORD, "language_code", Field.LANGUAGE)
    yield Place("/api/callback", _LATER, "time_zone", Field.ZONE)
    yield Place("/api/callback", {}, "request_id", Field.ID, method="DELETE")
    yield Place("/api/callback", {"agent_number": "2001"}, "request_id", Field.ID, method="PATCH")
    yield Place("/api/create_campaign", {**campaign, "list_id": ""}, "list_id", Field.ID)
    yield Place("/api/create_campaign", campaign, "calls_per_minute", Field.COUNT)
    yield Place("/api/create_campaign", campaign, "max_retries", Field.COUNT)
    yield Place("/api/create_campaign", campaign, "time_zone", Field.ZONE)
    yield Place("/api/create_campaign", campaign, "announcement_text", Field.TEMPLATE)
    yield Place("/api/create_campaign", {**campaign, "campaign_type": "1"}, "call_flow_id", Field.ID)
    yield Place("/api/stop_campaign", {}, "campaign_id", Field.ID)
    yield Place("/api/get_campaign_cdr_statistics", {}, "campaign_id", Field.ID)
    yield Place("/api/modify_call", {"modify_type": "2"}, "channel", Field.ID)
    yield Place("/api/import_broadcast_contacts_csv", {"list_id": list_id}, "csv_name", Field.FILE_NAME)
    yield Place("/api/import_dnd_contacts_csv", {"dnd_list_id": dnd_list_id}, "dnd_csv_name", Field.FILE_NAME)


#: What this dialect means nothing bad by: an empty value is one that was left out, a number may be a string, and a
#: voice of another service's is any voice.
_HARMLESS: Final = ("", " ", "   ", "3", "nobody", 2**31 - 1)


def _samples(place: Place) -> list[Row]:
    found = [row for row in rows(place.field) if row.kind not in place.skipped and _is_sent(row.sample)]
    if place.field is not Field.NUMBER:
        return found
    kinds: dict[str, list[Row]] = {}
    for row in found:
        kinds.setdefault(row.kind, []).append(row)
    return [row for of in kinds.values() for row in (*of[:6], *of[-2:])]


def _is_sent(sample: Any) -> bool:
    """What is too large for a body is another test's; a whole number of 40 digits is none of JSON's here."""
    is_short = not isinstance(sample, str) or len(sample) < _LARGEST
    return (is_short and sample not in _HARMLESS) or sample is True


@pytest.fixture
async def cpaas(surface: Surface) -> Cpaas:
    return await Cpaas.of(surface)


async def _rows(surface: Surface) -> dict[str, int]:
    async with surface.database.acquire() as connection:
        return dict(await connection.fetchrow(_LEFT) or {})


async def test_given_hostile_input_in_any_field_when_sent_then_it_is_refused_in_the_dialects_form_and_leaves_nothing(
    cpaas: Cpaas, surface: Surface
) -> None:
    rules = [Rule("+", is_allowed=True), Rule(SANDBOX_PREFIX, is_allowed=True)]
    await surface.services.routing.policies.set_rules(surface.account.id, rules)
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    dnd_list_id = (await cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "B"}))["dnd_list_id"]
    before, wrong, count = await _rows(surface), [], 0
    for place in _places(list_id, dnd_list_id):
        for row in _samples(place):
            answer = await cpaas.send(place.method, place.path, place.body(row.sample))
            count += 1
            told = answer.json()["response"]
            is_right = 400 <= answer.status_code < 500 and told["success"] == "false"
            is_right = is_right and told["error_code"] not in {"ALREADY_EXISTS", "RATE_LIMITED"}
            if not is_right or INSIDES.search(answer.text) or len(answer.content) > 2_000:
                wrong.append(f"{place.path} {place.name} {row}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert count > 1_000
    assert await _rows(surface) == before
    assert len(surface.registry) == 0


async def test_given_hostile_numbers_in_lists_when_added_then_none_of_the_list_is_taken(
    cpaas: Cpaas, surface: Surface
) -> None:
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    samples: tuple[Any, ...] = (
        "",
        "911",
        "300&PJSIP/1900@trunk",
        "+1555011\r\n4001",
        "${EXTEN}",
        None,
        ["15550104001"],
        {},
        True,
    )
    for sample in samples:
        contacts = [{"contact_name": "good", "contact_number": "15550104001"}, {"contact_number": sample}]
        status, code, message = await cpaas.refused(
            "POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts}
        )
        assert (status, code in {"INVALID_NUMBER", "INVALID_INPUT"}) == (400, True), message
    none: tuple[Any, ...] = ([], {}, "15550104001", ["15550104001"], None)
    for one in none:
        answer = await cpaas.refused("POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": one})
        assert answer[:2] == (400, "INVALID_INPUT")
    assert (await _rows(surface))["contacts"] == 0


async def test_given_bodies_that_are_none_when_sent_to_any_address_then_each_says_so_in_the_dialects_form(
    cpaas: Cpaas,
) -> None:
    bodies = (b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"agent_number=1", b'{"a":' * 5_000, b'{"a":"\\u0000"}')
    for path, methods in ADDRESSES.items():
        for method in methods:
            if method == "GET":
                continue
            for body in bodies:
                status, code, _ = await cpaas.refused(method, path, body)
                assert (status, code) == (400, "BAD_REQUEST"), (path, body[:20])
            status, code, _ = await cpaas.refused(method, path, b'{"a":"' + b"x" * _LARGEST + b'"}')
            assert (status, code) == (413, "BAD_REQUEST")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods):
            status, code, message = await cpaas.refused(method, path, {})
            assert (status, code) == (405, "BAD_REQUEST")
            assert message == f"This address takes {', '.join(methods)}."


async def test_given_nothing_in_a_body_when_sent_to_any_address_then_what_is_missing_is_named(cpaas: Cpaas) -> None:
    missing = {}
    for path, methods in ADDRESSES.items():
        for method in set(methods) - {"GET"}:
            status, code, message = await cpaas.refused(method, path, {})
            assert (status, code) == (400, "INVALID_INPUT")
            missing[method, path] = message
    assert missing["POST", "/api/click2call"] == "agent_number: this is required."
    assert missing["DELETE", "/api/callback"] == "request_id: this is required."
    assert all(": " in message for message in missing.values())


async def test_given_no_credential_or_a_wrong_one_when_anything_is_asked_then_it_is_401_and_nothing_is_told(
    cpaas: Cpaas, surface: Surface
) -> None:
    other = await surface.services.dialects.credentials.create(
        surface.account.id, dialect=Dialect.ORIGINATE_CALL, name="another dialect's"
    )
    shown = (
        {"account": "", "auth": ""},
        {"account": cpaas.account, "auth": "wrong"},
        {"account": "account_1", "auth": cpaas.auth},
        {"account": other.credential.user_name or "", "auth": other.secret},
        {"account": cpaas.account, "auth": cpaas.auth + "x" * 5_000},
    )
    told = set()
    for headers in shown:
        told.add(await cpaas.refused("POST", "/api/click2call", b"{", **headers))
    for path in ADDRESSES:
        told.add(await cpaas.refused("POST", path, b"{", auth="wrong"))
    assert {(status, code) for status, code, _ in told} == {(401, "UNAUTHENTICATED")}
    assert len(told) == 1
    await surface.services.dialects.credentials.revoke(surface.account.id, (await _only(surface)))
    assert (await cpaas.refused("GET", "/api/get_cdr_statistics"))[:2] == (401, "UNAUTHENTICATED")


async def _only(surface: Surface) -> str:
    async with surface.database.acquire() as connection:
        found: str = await connection.fetchval("SELECT id FROM dialect_credential WHERE dialect = 'CPAAS'")
    return found


async def test_given_the_same_request_many_times_at_once_when_sent_then_one_call_is_placed_and_a_changed_one_is_new(
    cpaas: Cpaas, surface: Surface
) -> None:
    one = json.dumps(_CLICK).encode()
    reordered = json.dumps(dict(reversed(_CLICK.items())), indent=1).encode()
    answers = await asyncio.gather(
        *(cpaas.send("POST", "/api/click2call", body) for body in (one, reordered, one, one, reordered))
    )
    assert len({answer.text for answer in answers}) == 1
    changed = await cpaas.do("POST", "/api/click2call", {**_CLICK, "recording_option": "both"})
    assert changed["request_id"] not in answers[0].text
    assert (await _rows(surface))["calls"] == 2


async def test_given_the_same_campaign_twice_when_made_then_it_is_one_and_another_of_its_name_is_refused(
    cpaas: Cpaas, surface: Surface
) -> None:
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    body = {**_CAMPAIGN, "list_id": list_id, "campaign_name": "spring"}
    first, second = await asyncio.gather(*(cpaas.do("POST", "/api/create_campaign", body) for _ in range(2)))
    assert first == second
    status, code, _ = await cpaas.refused("POST", "/api/create_campaign", {**body, "repeat": "2"})
    assert (status, code) == (409, "ALREADY_EXISTS")
    assert (await _rows(surface))["campaigns"] == 1


async def test_given_a_draft_that_nobody_started_when_a_campaign_of_its_name_is_made_then_it_makes_room(
    cpaas: Cpaas, surface: Surface
) -> None:
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    content = {"announcement": {"text": "Hello."}}
    left = {"name": "spring", "description": "Made by request cpaas-0", "contactListIds": [list_id], "content": content}
    document = "mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { userErrors { code } } }"
    assert (await surface.ask(document, {"input": left}))["createCampaign"]["userErrors"] == []
    told = await cpaas.do("POST", "/api/create_campaign", {**_CAMPAIGN, "list_id": list_id, "campaign_name": "spring"})
    query = "query($id: ID!) { campaign(id: $id) { state } campaigns { nodes { id } } }"
    data = await surface.ask(query, {"id": told["campaign_id"]})
    assert data == {"campaign": {"state": "SCHEDULED"}, "campaigns": {"nodes": [{"id": told["campaign_id"]}]}}


async def test_given_refusals_of_the_dialect_and_of_the_schema_when_audited_then_each_has_one_line(
    cpaas: Cpaas, surface: Surface
) -> None:
    bodies: tuple[tuple[Any, str], ...] = (
        (b"{", "BAD_REQUEST"),
        ({}, "INVALID_INPUT"),
        ({**_CLICK, "destination_number": "911"}, "NOT_FOUND"),
        ({**_CLICK, "caller_id": "12125550123"}, "CALLER_ID_NOT_OWNED"),
    )
    requests = {}
    for body, code in bodies:
        answer = await cpaas.send("POST", "/api/click2call", body)
        assert answer.json()["response"]["error_code"] == code
        requests[answer.headers["x-request-id"]] = code
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        found = await connection.fetch("SELECT request_id, outcome FROM audit_line")
    lines = [(line["request_id"], line["outcome"]) for line in found if line["request_id"] in requests]
    assert sorted(lines) == sorted(requests.items())


async def test_given_an_outage_or_no_time_left_when_asked_then_the_dialect_says_so_and_nothing_is_placed(
    cpaas: Cpaas, surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    surface.ready.why_not_ready = "Asterisk does not answer."
    assert (await cpaas.refused("POST", "/api/click2call", _CLICK))[:2] == (503, "ASTERISK_UNAVAILABLE")
    surface.ready.why_not_ready = None
    with monkeypatch.context() as patch:
        patch.setattr(routes, "_SECONDS", 0.0)
        assert (await cpaas.refused("POST", "/api/click2call", _CLICK))[:2] == (504, "TIMEOUT")

    async def fail(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(surface.services.dialects.keys, "authenticate", fail)
        status, code, _ = await cpaas.refused("GET", "/api/get_cdr_statistics")
        assert (status, code) == (503, DatabaseUnavailableError.code)
    assert (await _rows(surface))["calls"] == 0
