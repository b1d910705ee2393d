"""Every field that the document of the dialect CPAAS prints makes a difference by itself, and is told by its name.

Whoever drops one of them from the adapter finds a row here that fails.
"""

from pathlib import Path
from typing import Any, Final

import pytest

from app.dialects.cpaas import answers, campaigns, figures, records
from app.facts.vocabulary import CallKind, Disposition
from app.ids import Kind, new_id
from tests.api.conftest import Surface
from tests.dialects.conftest import budget_of
from tests.dialects.cpaas_client import Cpaas
from tests.dialects.test_cpaas_document import World
from tests.dialects.test_cpaas_words import _RECORD
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

_PAGE: Final = Path(__file__).parents[2] / "docs/dialects/cpaas.md"
_PARTIES: Final = {"agent_number": "2001", "destination_number": "15550104001"}
_PASSWORD: Final = {"customer_number": "15550104001", "otp": "1987"}


@pytest.fixture
async def world(surface: Surface) -> World:
    return World(await Cpaas.of(surface), surface)


async def _wanted(world: World, table: str, row_id: str) -> dict[str, Any]:
    async with world.surface.database.acquire() as connection:
        found: dict[str, Any] = await connection.fetchval(
            f"SELECT wanted FROM {table} WHERE id = $1",  # noqa: S608  # our own names
            row_id,
        )
    return found


@pytest.mark.parametrize(
    ("given", "agent", "customer", "shown"),
    [
        ({}, "2001", "+15550104001", ["+15550104001", "+15550100100"]),
        ({"caller_id": "15550100101"}, "2001", "+15550104001", ["+15550100101", "+15550100101"]),
        ({"agent_number": "15550104000"}, "+15550104000", "+15550104001", ["+15550100100", "+15550100100"]),
        # The document's ten digits are a national number of the account's region.
        (
            {"agent_number": "5550104000", "destination_number": "5550104002"},
            *("+15550104000", "+15550104002", ["+15550100100", "+15550100100"]),
        ),
        ({"destination_number": "2002"}, "2001", "2002", ["2002", "2001"]),
    ],
)
async def test_given_each_party_of_a_click_when_called_then_it_is_rung_and_sees_what_the_page_says(
    world: World, given: dict[str, str], agent: str, customer: str, shown: list[str]
) -> None:
    told = await world.cpaas.do("POST", "/api/click2call", {**_PARTIES, **given})
    actor = world.surface.registry.find(told["request_id"])
    assert actor is not None
    legs = actor.call.legs
    assert [leg.party.number or leg.party.extension for leg in legs] == [agent, customer]
    assert [leg.shown_number for leg in legs] == shown


_CALLBACK: Final = {**_PARTIES, "time_zone": "Asia/Kolkata"}


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"agent_number": "2002"}, {"connectExtension": "2002"}),
        ({"agent_number": "15550104000"}, {"connectExtension": None, "connectNumber": "+15550104000"}),
        ({"destination_number": "15550104002"}, {"destinationNumber": "+15550104002"}),
        ({"caller_id": "15550100101"}, {"callerId": "+15550100101", "agentDisplay": "CALLER_ID"}),
        ({"recording_option": "on"}, {"recordingMode": "BOTH"}),
        ({"recording_option": "customer"}, {"recordingMode": "CUSTOMER"}),
        ({"transcript": "on"}, {"recordingMode": "BOTH", "transcribe": True}),
    ],
)
async def test_given_one_field_of_a_callback_when_made_or_changed_then_that_is_so_and_all_others_stay(
    world: World, given: dict[str, str], changed: dict[str, Any]
) -> None:
    at = {"scheduled_at": world.later(days=2)}
    plain = (await world.cpaas.do("POST", "/api/callback", {**_CALLBACK, **at}))["request_id"]
    before = await _wanted(world, "callback", plain)
    made = (await world.cpaas.do("POST", "/api/callback", {**_CALLBACK, **at, **given}))["request_id"]
    await world.cpaas.do("PATCH", "/api/callback", {"request_id": plain, **given})
    for one in (made, plain):
        after = await _wanted(world, "callback", one)
        assert {
            name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        } == changed


async def test_given_a_time_or_a_zone_alone_when_a_callback_is_changed_then_the_other_stays(world: World) -> None:
    at, later = world.later(days=2), world.later(days=3)
    request_id = (await world.cpaas.do("POST", "/api/callback", {**_CALLBACK, "scheduled_at": at}))["request_id"]
    query = "query($id: ID!) { callback(id: $id) { local { dateTime timeZone } } }"
    for given, expected in (
        ({"scheduled_at": later}, (later, "Asia/Kolkata")),
        ({"time_zone": "US/Eastern"}, (later, "US/Eastern")),
        ({"scheduled_at": at, "time_zone": "Europe/Berlin"}, (at, "Europe/Berlin")),
    ):
        await world.cpaas.do("PATCH", "/api/callback", {"request_id": request_id, **given})
        local = (await world.surface.ask(query, {"id": request_id}))["callback"]["local"]
        assert (local["dateTime"].replace("T", " "), local["timeZone"]) == expected
    # Without a zone it is UTC's clock.
    bare = await world.cpaas.do("POST", "/api/callback", {**_PARTIES, "scheduled_at": at})
    local = (await world.surface.ask(query, {"id": bare["request_id"]}))["callback"]["local"]
    assert local["timeZone"] == "UTC"


async def test_given_the_fields_of_a_password_when_it_is_to_be_told_then_its_call_has_them(world: World) -> None:
    told = await world.cpaas.do("POST", "/api/outbound_call", _PASSWORD)
    assert await _wanted(world, "otp", told["request_id"]) == {"number": "+15550104001"}
    shown = {"caller_id": "15550100101"}
    told = await world.cpaas.do("POST", "/api/outbound_call", {**_PASSWORD, **shown})
    assert (await _wanted(world, "otp", told["request_id"]))["callerId"].removeprefix("+") == "15550100101"
    verify = """mutation($input: VerifyOtpInput!) { verifyOtp(input: $input) { isVerified userErrors { code } } }"""
    given = {"id": told["request_id"], "code": "1987"}
    assert (await world.surface.ask(verify, {"input": given}))["verifyOtp"]["isVerified"] is True


@pytest.mark.parametrize(
    ("given", "spoken"),
    [
        ({"voice": "HIGH"}, {"voice": "high"}),
        ({"voice": "Raveena", "language_code": "de"}, {"language": "de"}),
        ({"language_code": "en-GB", "tts_engine_type": "neural"}, {"language": "en-GB", "engineType": "NEURAL"}),
        ({"language_code": "en-US", "tts_engine_type": "neural"}, {"language": "en-US"}),
        ({"tts_engine_type": "standard"}, {}),
        ({"volume": "silent"}, {"volume": "SILENT"}),
        ({"rate": "x- fast"}, {"rate": "X_FAST"}),
        ({"pitch": "x- low"}, {"pitch": "X_LOW"}),
        ({"repeat": "3"}, {"repeat": 3}),
    ],
)
async def test_given_one_field_of_how_it_is_spoken_when_a_password_is_to_be_told_then_that_alone_is_so(
    world: World, given: dict[str, str], spoken: dict[str, Any]
) -> None:
    async def spoken_of(**more: str) -> dict[str, Any]:
        told = await world.cpaas.do("POST", "/api/outbound_call", {**_PASSWORD, **more})
        async with world.surface.database.acquire() as connection:
            found: dict[str, Any] = await connection.fetchval(
                "SELECT spoken FROM otp WHERE id = $1", told["request_id"]
            )
        return found

    plain = await spoken_of()
    assert await spoken_of(**given) == {**plain, **spoken}


async def test_given_dnd_contacts_when_added_then_their_list_is_for_campaigns_that_name_it_and_names_are_reasons(
    world: World,
) -> None:
    made = await world.cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "never"})
    contacts = [{"dnd_contact_name": "ankit", "dnd_contact_number": "15550104001"}]
    asked = {"dnd_list_id": made["dnd_list_id"], "dnd_contacts": contacts}
    for _ in range(2):  # what is on it already is on it
        told = await world.cpaas.do("POST", "/api/add_dnd_contact_to_list", asked)
        assert told == {"message": "(1) DND contacts imported successfully"}
    query = """query($id: ID!) { dncList(id: $id) { name appliesToAll }
        dncEntries(listId: $id) { nodes { reason party { number } } } }"""
    assert await world.surface.ask(query, {"id": made["dnd_list_id"]}) == {
        "dncList": {"name": "never", "appliesToAll": False},
        "dncEntries": {"nodes": [{"reason": "ankit", "party": {"number": "+15550104001"}}]},
    }


_FLOW_ID: Final = "query($id: ID!) { campaign(id: $id) { content { callFlowId } } }"
_FLOW: Final = """query($id: ID!) { callFlow(id: $id) { id fields steps {
    ... on PlayStep { name next sounds { text languageCode } }
    ... on TransferStep { name target { callFlowId } }
} } }"""


async def test_given_a_campaign_of_type_1_when_made_then_its_words_are_said_so_often_and_the_flow_follows(
    world: World,
) -> None:
    list_id = (await world.cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    steps = [{"hangUp": {"name": "end"}}]
    survey, other = [
        await world.make("createCallFlow", "callFlow", {"name": name, "steps": steps})
        for name in ("campaign_type_1", "Another")
    ]
    common = {"list_id": list_id, "campaign_type": "1", "campaign_start_date": world.later(days=2)}
    said = {"announcement_text": "Dear {field1}.", "repeat": "2", "language_code": "en-US"}

    async def flow_of(name: str, **given: str) -> dict[str, Any]:
        made = await world.cpaas.do("POST", "/api/create_campaign", {**common, "campaign_name": name, **given})
        content = (await world.surface.ask(_FLOW_ID, {"id": made["campaign_id"]}))["campaign"]["content"]
        found: dict[str, Any] = (await world.surface.ask(_FLOW, {"id": content["callFlowId"]}))["callFlow"]
        return found

    first = await flow_of("said", **said)
    sound = {"text": "Dear {field1}.", "languageCode": "en-US"}
    assert (first["fields"], first["steps"]) == (
        ["field1"],
        [
            {"name": "announce", "next": "lead", "sounds": [sound, sound]},
            {"name": "lead", "target": {"callFlowId": survey}},
        ],
    )
    assert (await flow_of("the same words", **said))["id"] == first["id"]
    assert (await flow_of("other words", **{**said, "repeat": "1"}))["id"] != first["id"]
    assert (await flow_of("no words"))["id"] == survey
    assert (await flow_of("by name", call_flow_id="another"))["id"] == other
    assert (await flow_of("by id", call_flow_id=other))["id"] == other


@pytest.mark.parametrize(
    ("path", "given", "name"),
    [
        ("/api/click2call", _PARTIES, "recording_option"),
        ("/api/click2call", _PARTIES, "transcript"),
        ("/api/outbound_call", _PASSWORD, "volume"),
        ("/api/outbound_call", _PASSWORD, "rate"),
        ("/api/outbound_call", _PASSWORD, "pitch"),
        ("/api/outbound_call", _PASSWORD, "tts_engine_type"),
        ("/api/outbound_call", _PASSWORD, "announce_template_id"),
        ("/api/create_campaign", {"list_id": "x", "campaign_name": "x"}, "campaign_type"),
        ("/api/create_campaign", {"list_id": "x", "campaign_name": "x", "campaign_type": "0"}, "dynamic_announcement"),
        ("/api/create_campaign", {"list_id": "x", "campaign_name": "x", "campaign_type": "0"}, "retry_on_statuses"),
        (
            "/api/create_campaign",
            {"list_id": "x", "campaign_name": "x", "campaign_type": "0", "dynamic_announcement": "0"},
            "recorded_filename",
        ),
        ("/api/create_campaign", {"list_id": "x", "campaign_name": "x", "campaign_type": "1"}, "call_flow_id"),
        ("/api/modify_call", {"channel": "x", "transfer_to": "2002"}, "modify_type"),
    ],
)
async def test_given_a_word_that_the_document_does_not_have_when_sent_then_its_field_is_named(
    world: World, path: str, given: dict[str, str], name: str
) -> None:
    status, code, message = await world.cpaas.refused("POST", path, {**given, name: "louder than ever"})
    assert (status, code, message.partition(":")[0]) == (400, "INVALID_INPUT", name)


@pytest.mark.parametrize(
    ("path", "given", "code", "name"),
    [
        ("/api/click2call", {**_PARTIES, "agent_number": "911"}, "NOT_FOUND", "agent_number"),
        ("/api/click2call", {**_PARTIES, "destination_number": "1911"}, "NOT_FOUND", "destination_number"),
        ("/api/click2call", {**_PARTIES, "caller_id": "15559999999"}, "CALLER_ID_NOT_OWNED", "caller_id"),
        ("/api/outbound_call", {**_PASSWORD, "customer_number": "12"}, "INVALID_NUMBER", "customer_number"),
        ("/api/outbound_call", {**_PASSWORD, "otp": "a b"}, "INVALID_INPUT", "otp"),
        ("/api/outbound_call", {**_PASSWORD, "repeat": "999"}, "INVALID_INPUT", "repeat"),
        ("/api/outbound_call", {**_PASSWORD, "language_code": "xx-XX"}, "SPEECH_NOT_SUPPORTED", "voice"),
        ("/api/create_campaign", {"list_id": "x"}, "NOT_FOUND", "list_id"),
        ("/api/create_campaign", {"dnd_list_id": "x"}, "NOT_FOUND", "dnd_list_id"),
        ("/api/create_campaign", {"campaign_caller_id": "15559999999"}, "CALLER_ID_NOT_OWNED", "campaign_caller_id"),
        ("/api/create_campaign", {"campaign_end_date": "2001-01-01 00:00:00"}, "INVALID_INPUT", "campaign_end_date"),
        ("/api/create_campaign", {"max_retries": "21"}, "INVALID_INPUT", "max_retries"),
        ("/api/create_campaign", {"retry_time": "0"}, "INVALID_INPUT", "retry_time"),
        ("/api/create_campaign", {"calls_per_minute": "0"}, "INVALID_INPUT", "calls_per_minute"),
        ("/api/create_campaign", {"repeat": "99"}, "INVALID_INPUT", "repeat"),
        ("/api/create_campaign", {"announcement_text": "{nobody}"}, "FIELD_MISSING", "announcement_text"),
        ("/api/create_campaign", {"time_zone": "Nowhere/Land"}, "INVALID_INPUT", "campaign_start_date"),
        ("/api/click2call", {**_PARTIES, "recording_option": "off", "transcript": "on"}, "INVALID_INPUT", "transcript"),
        (
            "/api/create_campaign",
            {"dynamic_announcement": "0", "recorded_filename": new_id(Kind.AUDIO_FILE)},
            *("NOT_FOUND", "recorded_filename"),
        ),
        (
            "/api/create_campaign",
            {"campaign_type": "1", "announcement_text": "", "call_flow_id": new_id(Kind.CALL_FLOW)},
            *("NOT_FOUND", "call_flow_id"),
        ),
    ],
)
async def test_given_what_the_schema_refuses_when_sent_then_the_documents_field_is_named_and_no_other(
    world: World, path: str, given: dict[str, str], code: str, name: str
) -> None:
    if path == "/api/create_campaign":
        list_id = (await world.cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
        whole = {"campaign_name": "x", "campaign_type": "0", "announcement_text": "Hello.", "list_id": list_id}
        given = {**whole, "campaign_start_date": world.later(days=2), **given}
    _, told, message = await world.cpaas.refused("POST", path, given)
    assert (told, message.partition(":")[0]) == (code, name), message


_SAMPLES: Final[tuple[Any, ...]] = ("x" * 5_000, "a\x00b", "a\x1bb", True, 1.5, ["a"], {"a": {"b": "c"}})


@pytest.mark.parametrize(
    "name",
    [
        *("list_name", "dnd_list_name", "campaign_name", "contact_name", "dnd_contact_name"),
        *("contact_fields", "record_count", "offset", "start_call_date", "end_call_date"),
    ],
)
async def test_given_hostile_names_counts_and_days_when_sent_then_they_are_refused_in_the_dialects_form(
    world: World, name: str
) -> None:
    cpaas = world.cpaas
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    dnd_list_id = (await cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "B"}))["dnd_list_id"]
    days = {"start_call_date": "2026-06-13", "end_call_date": "2026-06-13"}
    said = {"campaign_type": "0", "announcement_text": "Hi.", "campaign_start_date": world.later(days=2)}
    for sample in (*_SAMPLES, {"due": ["1"]}):
        path, body = {
            "list_name": ("/api/create_campaign_list", {name: sample}),
            "dnd_list_name": ("/api/create_campaign_dnd_list", {name: sample}),
            "campaign_name": ("/api/create_campaign", {**said, "list_id": list_id, name: sample}),
            "contact_name": (
                "/api/add_contact_to_list",
                {"list_id": list_id, "contacts": [{"contact_number": "15550104001", name: sample}]},
            ),
            "contact_fields": (
                "/api/add_contact_to_list",
                {"list_id": list_id, "contacts": [{"contact_number": "15550104001", name: sample}]},
            ),
            "dnd_contact_name": (
                "/api/add_dnd_contact_to_list",
                {"dnd_list_id": dnd_list_id, "dnd_contacts": [{"dnd_contact_number": "15550104001", name: sample}]},
            ),
        }.get(name, ("/api/get_cdr_by_date", {**days, name: sample}))
        status, code, message = await cpaas.refused("POST", path, body)
        assert (status, code not in {"ALREADY_EXISTS", "RATE_LIMITED"}) == (400, True), (sample, message)
        assert INSIDES.search(message) is None
        assert len(message) < 1_000
    async with world.surface.database.acquire() as connection:
        left = await connection.fetchval(
            "SELECT (SELECT count(*) FROM campaign) + (SELECT count(*) FROM contact) + (SELECT count(*) FROM dnc_entry)"
        )
    assert left == 0


def test_given_the_pages_table_of_dispositions_when_compared_then_it_says_what_records_say() -> None:
    told: dict[str, tuple[str, str | None]] = {}
    lines = _PAGE.read_text("utf-8").split("| disposition | `dial_status` | `call_status` |")[1].splitlines()
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        dispositions, dial, call = (cell.strip() for cell in line.strip("|").split("|"))
        for one in dispositions.split(","):
            told[one.strip().strip("`")] = dial.strip("`"), None if call == "null" else call.strip("`")
    assert told == {
        one.value: (answers.DIAL_STATUSES[one], answers.CALL_STATUSES.get(answers.DIAL_STATUSES[one]))
        for one in Disposition
    }


def test_given_keys_pressed_recordings_and_what_it_was_asked_with_when_told_then_a_record_has_them() -> None:
    told = {"dtmf": "12#", "recordingIds": ["rec_1", "rec_2"], "otpId": None, "callbackId": "back_1"}
    written = records.write_record({**_RECORD, **told}, "account_1")
    shown = [written[name] for name in ("dtmf_inputs", "recording_name", "request_id")]
    assert shown == ["12#", "rec_1,rec_2", "back_1"]
    assert "is_dnd" not in written


async def test_given_no_points_left_or_a_header_twice_when_asked_then_it_is_429_with_a_time_or_401(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpaas = world.cpaas
    for name in ("account", "auth"):
        shown = [("account", cpaas.account), ("auth", cpaas.auth), (name, getattr(cpaas, name))]
        answer = await cpaas.client.post("/api/click2call", headers=shown, json=_PARTIES)
        assert (answer.status_code, answer.json()["response"]["error_code"]) == (401, "UNAUTHENTICATED")
    budget = budget_of(world.surface)
    monkeypatch.setattr(budget, "_monotonic", lambda: 0.0)
    async with world.surface.database.acquire() as connection:
        budget.spend(await connection.fetchval("SELECT id FROM dialect_credential"), 1_000_000)
    answer = await cpaas.send("POST", "/api/click2call", _PARTIES)
    told = answer.json()["response"]
    assert (answer.status_code, told["error_code"], told["success"]) == (429, "RATE_LIMITED", "false")
    assert int(answer.headers["retry-after"]) >= 1


def test_given_every_kind_and_state_when_told_then_each_has_the_documents_word() -> None:
    assert {kind: records._DIRECTIONS[kind] for kind in CallKind} == {
        CallKind.CLICK_TO_CALL: "outbound-api",
        CallKind.OTP: "outbound-api",
        CallKind.CALLBACK: "outbound-api",
        CallKind.CAMPAIGN: "outbound-campaign",
        CallKind.INBOUND: "inbound",
        CallKind.INTERNAL: "internal",
    }
    assert {kind: records._CONTEXTS.get(kind) for kind in CallKind} == {
        CallKind.CLICK_TO_CALL: "click2call",
        CallKind.OTP: "local_call",
        CallKind.CALLBACK: "callback",
        CallKind.CAMPAIGN: None,  # that of its campaign
        CallKind.INBOUND: "inbound",
        CallKind.INTERNAL: "internal",
    }
    words = {**campaigns._STATES, **figures._LIVE}
    assert words == {
        "DRAFT": "0",
        "SCHEDULED": "0",
        "RUNNING": "1",
        "PAUSED": "2",
        "STOPPED": "3",
        "FINISHED": "3",
        "CLICK_TO_CALL": "live_calls_c2c",
        "CALLBACK": "live_calls_c2c",
        "CAMPAIGN": "live_calls_campaign",
        "INBOUND": "live_calls_inbound",
        "OTP": "live_calls_otp",
    }


@pytest.mark.parametrize(
    ("path", "given", "asked"),
    [
        ("/api/get_cdr_by_date", {"start_call_date": "2023-06-13", "end_call_date": "2023-06-17"}, (0, 1000)),
        (
            "/api/get_cdr_by_date",
            {"start_call_date": "2023-06-13", "end_call_date": "2023-06-17", "record_count": "5", "offset": "1"},
            (1, 5),
        ),
        ("/api/get_cdr_by_campaign_id", {"campaign_id": "CM39139118b8"}, (0, 10_000)),
    ],
)
async def test_given_no_count_when_records_are_asked_for_then_it_is_the_documents_default(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str, given: dict[str, str], asked: tuple[int, int]
) -> None:
    seen = []

    async def look(*_: Any, offset: int, count: int) -> list[dict[str, Any]]:
        seen.append((offset, count))
        return []

    monkeypatch.setattr(records, "read_slice", look)
    assert await world.cpaas.do("POST", path, given) == {"message": "cdr not found", "result": []}
    assert seen == [asked]
