"""Every request that the document of the dialect CPAAS prints, as printed, and the answers with its keys and types.

Repaired are quotes, line breaks and blanks that a page has put in; times lie in the future, numbers are the sandbox's,
and ids are those that were given before.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.contacts.imports import object_folder
from app.dialects.cpaas import lists
from app.facts.vocabulary import CallState, LegRole, LegState
from app.files.store import FileStore
from app.ids import Kind, kind_of, new_id
from tests.api.conftest import Surface, until
from tests.api.lists_desk import working
from tests.api.silent_asterisk import move_leg
from tests.dialects.cpaas_client import Cpaas

pytestmark = pytest.mark.postgres

AGENT, CUSTOMER, CALLER_ID = "15550104000", "15550104001", "15168148111"
_DYNAMIC_CSV: Final = (
    "contact_name,contact_number,field1,field2,field3\n"
    f"ankit,{CUSTOMER},Ankit,Jayswal,500\nabc,15550104002,abc,xyz,100\n"
)
_DND_CSV: Final = f"dnd_contact_name,dnd_contact_number\nankit,{CUSTOMER}\nabc,15550104002\n"
_AUDIO_FILE: Final = """
INSERT INTO audio_file (id, account_id, name, format, channels, sample_rate, duration_seconds)
VALUES ($1, $2, 'quality_training-8khz.wav', 'WAV', 1, 8000, 1.5)
"""
_MADE: Final = (
    "mutation($input: {kind}!) {{ {name}(input: $input) {{ {part} {{ id }} userErrors {{ code message }} }} }}"
)


@dataclass(frozen=True, slots=True)
class World:
    """A client, and the service it speaks to."""

    cpaas: Cpaas
    surface: Surface

    async def make(self, name: str, part: str, given: dict[str, Any]) -> str:
        """Something that the operator makes over GraphQL, since the document has no request for it."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        payload = (await self.surface.ask(_MADE.format(kind=kind, name=name, part=part), {"input": given}))[name]
        assert payload["userErrors"] == []
        made: str = payload[part]["id"]
        return made

    def later(self, **by: float) -> str:
        """A time to come, as clients write it."""
        return f"{self.surface.services.clock.now() + timedelta(**by):%Y-%m-%d %H:%M:%S}"

    async def talk(self) -> Call:
        """Two extensions that talk."""
        given = {"destination": {"extension": "2002"}, "connect": {"extension": "2001"}, "idempotencyKey": "talk"}
        call_id = await self.make("originateCall", "call", given)
        actor = self.surface.registry.find(call_id)
        assert actor is not None
        for role in (LegRole.AGENT, LegRole.CUSTOMER):
            await until(
                lambda role=role: actor.call.leg_of(role).state not in {LegState.PLANNED, LegState.CREATING}  # type: ignore[misc]
            )
            move_leg(self.surface.registry, call_id, role, inputs.LegAnswered)
        await until(lambda: actor.call.state is CallState.CONNECTED)
        return actor.call


@pytest.fixture
async def world(surface: Surface, tmp_path: Path) -> AsyncIterator[World]:
    """An account with all that the document's requests name."""
    made = World(await Cpaas.of(surface), surface)
    number = await made.make("createOutboundNumber", "outboundNumber", {"number": f"+{CALLER_ID}"})
    await made.make(
        "createAnnouncementTemplate", "announcementTemplate", {"name": "AN2222314c96", "text": "It is {code}."}
    )
    await made.make("createCallFlow", "callFlow", {"name": "campaign_type_1", "steps": [{"hangUp": {"name": "end"}}]})
    folder = object_folder(surface.account.id)
    store = FileStore.open(None, tmp_path)
    for name, text in (("contacts_dynamic_announcement.csv", _DYNAMIC_CSV), ("dnd_contacts.csv", _DND_CSV)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        await store.put_file(folder + name, tmp_path / name, len(text))
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE outbound_number SET verified_at = now() WHERE id = $1", number)
        await connection.execute(_AUDIO_FILE, new_id(Kind.AUDIO_FILE), surface.account.id)
    async with working(surface, tmp_path):
        yield made


async def test_given_the_documents_requests_for_calls_when_sent_then_each_gives_a_request_id(world: World) -> None:
    click = {
        "agent_number": AGENT,
        "caller_id": CALLER_ID,
        "destination_number": CUSTOMER,
        "recording_option": "on",
        "transcript": "on",
    }
    told = await world.cpaas.do("POST", "/api/click2call", click)
    assert kind_of(told.pop("request_id")) is Kind.CALL
    assert told == {}
    password = {
        "customer_number": CUSTOMER,
        "otp": "1987",
        "announce_template_id": "AN2222314c96",
        "repeat ": "1",
        "caller_id": CALLER_ID,
        "voice": "Raveena",
        "volume": "soft",
        "rate": "slow",
        "pitch": "medium",
        "la nguage_code": "en-US",
        "tts_engine_type": "standard",
    }
    told = await world.cpaas.do("POST", "/api/outbound_call", password)
    assert kind_of(told.pop("request_id")) is Kind.OTP
    assert told == {}
    shown = (
        "{ otps { nodes { repeat text } } calls { nodes { kind recordingMode callerId { number } "
        "agentParty { number } customerParty { number } } } }"
    )
    data = await world.surface.ask(shown)
    assert data["otps"]["nodes"] == [{"repeat": 1, "text": "It is {code}."}]
    (call,) = data["calls"]["nodes"]
    assert call == {
        "kind": "CLICK_TO_CALL",
        "recordingMode": "BOTH",
        "callerId": {"number": f"+{CALLER_ID}"},
        "agentParty": {"number": f"+{AGENT}"},
        "customerParty": {"number": f"+{CUSTOMER}"},
    }


async def test_given_the_documents_requests_for_a_callback_when_sent_then_it_is_made_changed_and_taken_back(
    world: World,
) -> None:
    made = {
        "agent_number": AGENT,
        "caller_id": CALLER_ID,
        "destination_number": CUSTOMER,
        "recording_option": "off",
        "time_zone": "Asia/Kolkata",
        "scheduled_at": world.later(days=2),
    }
    told = await world.cpaas.do("POST", "/api/callback", made)
    request_id = told["request_id"]
    assert (kind_of(request_id), list(told)) == (Kind.CALLBACK, ["request_id"])
    moved = world.later(days=3)
    changed = {
        "request_id": request_id,
        "agent_number": AGENT,
        "caller_id": CALLER_ID,
        "destination_ number": CUSTOMER,
        "recording_option": "on",
        "scheduled_at": moved,
    }
    told = await world.cpaas.do("PATCH", "/api/callback", changed)
    assert told == {"message": "callback data modified successfully", "request_id": request_id}
    query = "query($id: ID!) { callback(id: $id) { state recordingMode local { dateTime timeZone } } }"
    kept = (await world.surface.ask(query, {"id": request_id}))["callback"]
    assert kept == {
        "state": "SCHEDULED",
        "recordingMode": "BOTH",
        "local": {"dateTime": moved.replace(" ", "T"), "timeZone": "Asia/Kolkata"},
    }
    told = await world.cpaas.do("DELETE", "/api/callback", {"request_id": request_id})
    assert told == {"message": "callback request deleted successfully", "request_id": request_id}
    status, code, _ = await world.cpaas.refused("PATCH", "/api/callback", changed)
    assert (status, code) == (409, "INVALID_STATE")


async def _lists(world: World) -> tuple[str, str]:
    list_id = (await world.cpaas.do("POST", "/api/create_campaign_list", {"list_name": "my_campaign_list"}))["list_id"]
    told = await world.cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "my_first_DND_list"})
    assert list(told) == ["dnd_list_id"]
    return list_id, told["dnd_list_id"]


async def test_given_the_documents_requests_for_lists_when_sent_then_they_are_filled_by_hand_and_from_files(
    world: World,
) -> None:
    list_id, dnd_list_id = await _lists(world)
    assert (kind_of(list_id), kind_of(dnd_list_id)) == (Kind.CONTACT_LIST, Kind.DNC_LIST)
    first = {"field1": "Ankit", "field2": "Jayswal", "field3": "500"}
    second = {"field1": "abc", "field2": "xyz", "field3": "100"}
    contacts = [
        {"contact_name": "ankit", "contact_number": CUSTOMER, "co ntact_fields": first},
        {"contact_name": "abc", "contact_numb er": "15550104002", "contact_fields": second},
    ]
    told = await world.cpaas.do("POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts})
    assert told == {"message": "(2) contacts imported successfully"}
    file = {"list_id": list_id, "csv_name": "contacts_dynamic_announcement.csv"}
    told = await world.cpaas.do("POST", "/api/import_broadcast_contacts_csv", file)
    assert told.pop("message") == "(2) contacts imported successfully"
    assert kind_of(told.pop("job_id")) is Kind.JOB
    assert told == {}
    query = "query($id: ID!) { contacts(listId: $id) { nodes { party { number display } fields { name value } } } }"
    kept = (await world.surface.ask(query, {"id": list_id}))["contacts"]["nodes"]
    assert [one["party"]["number"] for one in kept] == [f"+{CUSTOMER}", "+15550104002"]
    assert {one["name"]: one["value"] for one in kept[0]["fields"]} == first
    dnd = [
        {"dnd_contact_name": "ankit", "dnd_contact_number": CUSTOMER},
        {"dnd_contact_name": "abc", "dnd_contact_number": "15550104002"},
    ]
    told = await world.cpaas.do(
        "POST", "/api/add_dnd_contact_to_list", {"dnd_list_id": dnd_list_id, "dnd_contacts": dnd}
    )
    assert told == {"message": "(2) DND contacts imported successfully"}
    other = (await world.cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "other"}))["dnd_list_id"]
    for one, count in ((other, 2), (dnd_list_id, 2)):  # those of the second are on it already, as by hand
        file = {"dnd_list_id": one, "dnd_csv_name": "dnd_contacts.csv"}
        told = await world.cpaas.do("POST", "/api/import_dnd_contacts_csv", file)
        assert kind_of(told.pop("job_id")) is Kind.JOB
        assert told == {"message": f"({count}) DND contacts imported successfully"}
    entries = "query($id: ID!) { dncEntries(listId: $id) { nodes { party { number } } } }"
    kept = (await world.surface.ask(entries, {"id": dnd_list_id}))["dncEntries"]["nodes"]
    assert sorted(one["party"]["number"] for one in kept) == [f"+{CUSTOMER}", "+15550104002"]


async def test_given_more_contacts_than_the_schema_takes_at_once_when_added_then_all_of_them_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_AT_ONCE", 2)
    list_id, dnd_list_id = await _lists(world)
    numbers = [f"1555010400{digit}" for digit in range(5)]
    contacts = [{"contact_number": one} for one in numbers]
    told = await world.cpaas.do("POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts})
    assert told == {"message": "(5) contacts imported successfully"}
    dnd = {"dnd_list_id": dnd_list_id, "dnd_contacts": [{"dnd_contact_number": one} for one in numbers]}
    told = await world.cpaas.do("POST", "/api/add_dnd_contact_to_list", dnd)
    assert told == {"message": "(5) DND contacts imported successfully"}
    contacts[3]["contact_number"] = "911"
    refused = await world.cpaas.refused("POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts})
    assert (refused[1], refused[2].partition(":")[0]) == ("INVALID_NUMBER", "contacts[3]")


async def test_given_a_file_without_numbers_or_none_at_all_when_imported_then_it_is_refused(
    world: World, tmp_path: Path
) -> None:
    list_id, dnd_list_id = await _lists(world)
    text = b"roses,red\nviolets,blue\n"
    (tmp_path / "poem.csv").write_bytes(text)
    store = FileStore.open(None, tmp_path)
    await store.put_file(f"{object_folder(world.surface.account.id)}poem.csv", tmp_path / "poem.csv", len(text))
    file = {"list_id": list_id, "csv_name": "poem.csv"}
    status, code, message = await world.cpaas.refused("POST", "/api/import_broadcast_contacts_csv", file)
    assert (status, code, message.partition(":")[0]) == (400, "INVALID_INPUT", "csv_name")
    file = {"dnd_list_id": dnd_list_id, "dnd_csv_name": "none.csv"}
    status, code, message = await world.cpaas.refused("POST", "/api/import_dnd_contacts_csv", file)
    assert (status, code, message.partition(":")[0]) == (404, "NOT_FOUND", "dnd_csv_name")
    file = {"dnd_list_id": dnd_list_id, "dnd_csv_name": "poem.csv"}
    status, code, message = await world.cpaas.refused("POST", "/api/import_dnd_contacts_csv", file)
    assert (status, code, message.partition(":")[0]) == (400, "INVALID_INPUT", "dnd_csv_name")


async def test_given_an_import_that_takes_long_when_asked_for_then_the_answer_does_not_wait_for_its_end(
    surface: Surface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_WAIT_SECONDS", 0.1)  # and here is no worker
    cpaas, text = await Cpaas.of(surface), b"contact_number\n15550104001\n"
    (tmp_path / "march.csv").write_bytes(text)
    store = FileStore.open(None, tmp_path)
    await store.put_file(f"{object_folder(surface.account.id)}march.csv", tmp_path / "march.csv", len(text))
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "March"}))["list_id"]
    file = {"list_id": list_id, "csv_name": "march.csv"}
    told = await cpaas.do("POST", "/api/import_broadcast_contacts_csv", file)
    assert (told["message"], kind_of(told["job_id"])) == ("contacts import goes on", Kind.JOB)


async def test_given_the_documents_requests_for_campaigns_when_sent_then_they_are_scheduled_listed_and_stopped(
    world: World,
) -> None:
    list_id, dnd_list_id = await _lists(world)
    file = {"list_id": list_id, "csv_name": "contacts_dynamic_announcement.csv"}
    await world.cpaas.do("POST", "/api/import_broadcast_contacts_csv", file)
    begin, end = world.later(days=1), world.later(days=2)
    common = {
        "list_id": list_id,
        "dnd_list_id": dnd_list_id,
        "campaign_caller_id": CALLER_ID,
        "campaign_start_date": begin,
        "campaign_end_date": end.replace(" ", ""),
        "time_zone": "Asia/Kolkata",
        "max_retries": "1",
        "retry_time": "60",
        "calls_per_min ute": "10",
    }
    voice = {"voice": "Matthew", "volume": "soft", "rate": "slow", "pitch": "medium"}
    said = "Dear, {field1} , {field2}, Your due balance is,, {field3},,INR only"
    dynamic = {
        "campaign_name": "test_broadcast_campaign _test_volume",
        "campaign_type": "0",
        "dynamic_announcement": " 1",
        "recorded_filename": "",
        "announcement_text": said,
        "repeat": "2",
        **voice,
        "language_code": "en- US",
        "tts_engine_type": "standard",
    }
    recorded = {
        "campaign_name": "test_broadcast_campaign _new1",
        "campaign_type": "0",
        "dynamic_announcement": "0",
        "rec orded_filename": "quality_training-8khz.wav",
        "announcement_text": "",
        "repeat": "3",
    }
    leading = {
        "campaign_name": "campaign_type_new_one_ new1",
        "campaign_type": "1",
        "dynamic_announcement": "1",
        "reco rded_filename": "",
        "announcement_text": "abc",
        "repeat": "1",
        "retry_on_statuses": "NOANSER, BUSY",
    }
    ids = []
    for one in (dynamic, recorded, leading):
        told = await world.cpaas.do("POST", "/api/create_campaign", {**common, **one})
        assert (kind_of(told["campaign_id"]), list(told)) == (Kind.CAMPAIGN, ["campaign_id"])
        ids.append(told["campaign_id"])
    query = (
        "query($id: ID!) { campaign(id: $id) { state kind retryOn "
        "content { announcement { announcement { text repeat } } } } }"
    )
    assert (await world.surface.ask(query, {"id": ids[0]}))["campaign"] == {
        "state": "SCHEDULED",
        "kind": "ANNOUNCEMENT",
        "retryOn": ["BUSY", "NO_ANSWER", "CONGESTION"],
        "content": {"announcement": {"announcement": {"text": said, "repeat": 2}}},
    }
    third = (await world.surface.ask(query, {"id": ids[2]}))["campaign"]
    assert (third["kind"], third["retryOn"]) == ("FLOW", ["NO_ANSWER", "BUSY"])
    told = await world.cpaas.do("GET", "/api/get_campaign_details")
    assert told.pop("message") == "campaign found"
    (rows,) = told.values()
    shown = {one["campaign_id"]: one for one in rows}
    assert set(shown) == set(ids)
    assert all(isinstance(value, str) for one in rows for value in one.values())
    first = shown[ids[0]]
    for name in ("campaign_start_date", "campaign_end_date"):
        assert first.pop(name).endswith(" GMT")
    assert first == {
        "calls_per_minute": "10",
        "campaign_caller_id": CALLER_ID,
        "campaign_id": ids[0],
        "campaign_name": "test_broadcast_campaign _test_volume",
        "campaign_status": "0",
        "campaign_type": "0",
        "max_retries": "1",
        "repeat_announcement_count": "2",
        "retry_time": "60",
    }
    assert (shown[ids[2]]["campaign_type"], shown[ids[1]]["repeat_announcement_count"]) == ("1", "3")
    for path, campaign_id in (("/stop_campaign", f" {ids[0]} "), ("/api/stop_campaign", ids[1])):
        told = await world.cpaas.do("POST", path, {"campaign_id": campaign_id})
        assert told == {"message": "campaign stopped successfully"}
    told = await world.cpaas.do("POST", "/api/get_campaign_cdr_statistics", {"campaign_id": f" {ids[0]} "})
    names = ["answer", "busy", "cancel", "chanunavail", "congestion", "dnd", "noanswer", "total"]
    assert told == {"result": {f"{name}_calls": [0] for name in names}}
    told = await world.cpaas.do("POST", "/api/get_cdr_by_campaign_id", {"campaign_id": ids[0]})
    assert told == {"message": "cdr not found", "result": []}


async def test_given_a_live_call_when_modified_by_channel_then_it_is_recorded_transferred_and_ended(
    world: World,
) -> None:
    call = await world.talk()
    agent, customer = (call.leg_of(role) for role in (LegRole.AGENT, LegRole.CUSTOMER))
    live = await world.cpaas.do("GET", "/api/get_live_call_statistics")
    kinds = ("live_calls_c2c", "live_calls_campaign", "live_calls_inbound", "live_calls_otp")
    assert live == {"result": dict.fromkeys(kinds, 0) | {"live_calls_c2c": 1}}
    recorded = {"channel": f" {customer.channel_name}", "modify_type": "3", "transfer_to": ""}
    told = await world.cpaas.do("POST", "/api/modify_call", recorded)
    assert told == {"message": "recording started successfully"}
    blind = {"channel": f" {agent.channel_name}", "modify_type": "0", "transfer_to": "2003"}
    told = await world.cpaas.do("POST", "/api/modify_call", blind)
    assert told == {"message": "blind transferred successfully"}
    query = "query($id: ID!) { call(id: $id) { state recordings { state } transfer { kind target { extension } } } }"
    shown = (await world.surface.ask(query, {"id": call.id}))["call"]
    assert shown["transfer"] == {"kind": "BLIND", "target": {"extension": "2003"}}
    assert len(shown["recordings"]) == 1
    told = await world.cpaas.do("POST", "/api/modify_call", {"channel": customer.channel_name, "modify_type": "2"})
    assert told == {"message": "call hangup successfully"}
    await until(lambda: world.surface.registry.find(call.id) is None)
    gone = {"channel": customer.channel_name, "modify_type": "3"}
    assert (await world.cpaas.refused("POST", "/api/modify_call", gone))[:2] == (404, "NOT_FOUND")


async def test_given_a_live_call_when_transferred_attended_by_the_customers_channel_then_the_agent_consults(
    world: World,
) -> None:
    call = await world.talk()
    customer = call.leg_of(LegRole.CUSTOMER)
    attended = {"channel": customer.channel_name, "modify_type": "1", "transfer_to": "2003"}
    told = await world.cpaas.do("POST", "/api/modify_call", attended)
    assert told == {"message": "attended transferred successfully"}
    again = await world.cpaas.do("POST", "/api/modify_call", attended)
    assert again == told
    query = "query($id: ID!) { call(id: $id) { legs { id } transfer { kind by { id } } } }"
    shown = (await world.surface.ask(query, {"id": call.id}))["call"]
    assert shown["transfer"] == {"kind": "ATTENDED", "by": {"id": call.leg_of(LegRole.AGENT).id}}
    assert len(shown["legs"]) == 3
    for named in (customer.id, call.id):
        ended = {"channel": named, "modify_type": "2"}
        assert await world.cpaas.do("POST", "/api/modify_call", ended) == {"message": "call hangup successfully"}
