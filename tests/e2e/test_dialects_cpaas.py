"""The dialect CPAAS on the real Asterisk: what its requests do, and that its records and GraphQL's tell the same."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.accounts.dialects import Dialect
from app.config import Settings
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.live import speaking_settings
from tests.dialects.cpaas_client import Cpaas
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

STAYS, HANGS_UP, IS_BUSY, FORBIDDEN, PRESSES = "15550100000", "15550100008", "15550100001", "15550110000", "15550100007"
CALLER_ID = "15550100101"
_CDR = """id callId kind disposition uniqueId answeredAt endedAt durationSeconds dtmf isDnc otpId callbackId
  contactListId dialledNumber { number extension } agentParty { number extension } callerId { number }"""


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


@dataclass(frozen=True, slots=True)
class Crm:
    """A program that speaks the dialect; what the operator does beside it goes over GraphQL."""

    cpaas: Cpaas
    offhook: RunningOffhook

    async def ask(self, query: str, **variables: Any) -> Any:
        """The one field of a GraphQL operation."""
        headers = {"Authorization": f"Bearer {self.offhook.token}"}
        body = {"query": query, "variables": variables}
        answer = (await self.cpaas.client.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, answer["errors"]
        (payload,) = answer["data"].values()
        assert not isinstance(payload, dict) or not payload.get("userErrors"), payload
        return payload

    async def do(self, path: str, **body: Any) -> dict[str, Any]:
        return await self.cpaas.do("POST", path, body)

    async def records(self, path: str, count: int, **body: Any) -> list[dict[str, Any]]:
        """So many records, once they are there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found := (await self.do(path, **body))["result"]) < count:
                await asyncio.sleep(0.2)
        assert len(found) == count, found
        return list(found)

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():
                await asyncio.sleep(0.1)

    async def legs(self, call_id: str) -> list[dict[str, Any]]:
        """The legs that are alive, in the order in which they came."""
        query = "query($id: ID!) { call(id: $id) { legs { id channelName answeredAt endedAt party { extension } } } }"
        return [one for one in (await self.ask(query, id=call_id))["legs"] if one["answeredAt"] and not one["endedAt"]]


@pytest.fixture
async def crm(served_offhook: RunningOffhook) -> Any:
    assert served_offhook.url is not None
    issued = await served_offhook.service.services.dialects.credentials.create(
        served_offhook.principal.account_id, dialect=Dialect.CPAAS, name="crm"
    )
    assert issued.credential.user_name is not None
    async with httpx.AsyncClient(base_url=served_offhook.url, timeout=PATIENCE_SECONDS) as client:
        yield Crm(Cpaas(client, issued.credential.user_name, issued.secret), served_offhook)


def assert_same(told: dict[str, Any], record: dict[str, Any]) -> None:
    """The dialect's record and GraphQL's are of one call, and say the same of it."""
    numbers = {"dialed_number": "dialledNumber", "agent_number": "agentParty", "caller_id": "callerId"}
    for name, party in numbers.items():
        shown = record[party] or {}
        assert told[name] == (shown.get("number") or shown.get("extension") or "").removeprefix("+"), name
    assert told["uniqueid"] == record["uniqueId"]
    assert told["call_duration"] == pytest.approx(record["durationSeconds"], abs=1e-3)
    for name, instant in (("answer", "answeredAt"), ("end", "endedAt")):
        assert (told[name] == "") == (record[instant] is None)
        if told[name]:
            meant = datetime.fromisoformat(record[instant])
            assert parsedate_to_datetime(told[name]) == meant.replace(microsecond=0)


async def test_given_a_click_a_password_and_a_callback_when_over_then_each_is_in_both_records(crm: Crm) -> None:
    template = {"name": "AN2222314c96", "text": "Your code is {code}."}
    create = (
        "mutation($input: CreateAnnouncementTemplateInput!) { createAnnouncementTemplate(input: $input) "
        "{ userErrors { code } } }"
    )
    await crm.ask(create, input=template)
    click = {"agent_number": STAYS, "caller_id": CALLER_ID, "destination_number": HANGS_UP, "recording_option": "on"}
    clicked = (await crm.do("/api/click2call", **click))["request_id"]
    assert (await crm.do("/api/click2call", **click))["request_id"] == clicked
    password = {"customer_number": STAYS, "otp": "1987", "announce_template_id": "AN2222314c96", "repeat": "1"}
    told = (await crm.do("/api/outbound_call", **password, voice="Raveena", volume="soft", rate="fast"))["request_id"]
    due = datetime.now(UTC) + timedelta(seconds=5)
    back = {"agent_number": "2001", "destination_number": HANGS_UP, "time_zone": "UTC"}
    called_back = (await crm.do("/api/callback", **back, scheduled_at=f"{due:%Y-%m-%d %H:%M:%S}"))["request_id"]
    shown = {
        request_id: (await crm.records("/api/get_cdr_by_request_id", 1, request_id=request_id))[0]
        for request_id in (clicked, told, called_back)
    }
    assert [
        (one["destination_context"], one["dial_status"], one["call_status"], one["call_direction"], one["request_id"])
        for one in shown.values()
    ] == [
        ("click2call", "ANSWER", "ANSWERED", "outbound-api", clicked),
        ("local_call", "ANSWER", "ANSWERED", "outbound-api", told),
        ("callback", "ANSWER", "ANSWERED", "outbound-api", called_back),
    ]
    assert shown[clicked]["recording_name"] != ""
    assert all(one["billsec"] > 0 for one in shown.values())
    nodes = (await crm.ask(f"{{ cdrs {{ nodes {{ {_CDR} }} }} }}"))["nodes"]
    records = {one["otpId"] or one["callbackId"] or one["callId"]: one for one in nodes}
    assert set(records) == set(shown)
    for request_id, one in shown.items():
        assert_same(one, records[request_id])
    today, tomorrow = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (-1, 1))
    dated = await crm.records("/api/get_cdr_by_date", 3, start_call_date=today, end_call_date=tomorrow)
    assert {one["request_id"]: one for one in dated} == shown
    figures = (await crm.cpaas.do("GET", "/api/get_cdr_statistics"))["result"]
    assert (figures["answer_calls"], figures["total_calls"]) == ([3], [3])


async def test_given_campaigns_of_both_types_when_begun_by_their_own_dates_then_each_contact_is_in_both_records(
    crm: Crm,
) -> None:
    # It may be night where the sandbox's numbers are, when nobody is called: there it is always noon.
    noon = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    lists = []
    for name, numbers in (("said", (HANGS_UP, IS_BUSY, FORBIDDEN)), ("led", (PRESSES,))):
        list_id = (await crm.do("/api/create_campaign_list", list_name=name))["list_id"]
        contacts = [
            {"contact_name": "x", "contact_number": one, "contact_fields": {"field1": "Ada"}} for one in numbers
        ]
        await crm.do("/api/add_contact_to_list", list_id=list_id, contacts=contacts)
        fields = [{"name": "field1", "value": "Ada"}]
        placed = [{"number": one, "fields": fields, "timeZone": noon} for one in numbers]
        await crm.ask(
            "mutation($input: AddContactsInput!) { addContacts(input: $input) { userErrors { code } } }",
            input={"listId": list_id, "contacts": placed},
        )
        lists.append(list_id)
    dnd = (await crm.do("/api/create_campaign_dnd_list", dnd_list_name="never"))["dnd_list_id"]
    entries = [{"dnd_contact_name": "x", "dnd_contact_number": FORBIDDEN}]
    await crm.do("/api/add_dnd_contact_to_list", dnd_list_id=dnd, dnd_contacts=entries)
    menu = {
        "name": "campaign_type_1",
        "steps": [
            {
                "gather": {
                    "name": "ask",
                    "firstDigitSeconds": 5,
                    "retries": 0,
                    "options": [{"digits": "1", "next": "bye"}],
                    "noInput": "bye",
                }
            },
            {"hangUp": {"name": "bye"}},
        ],
    }
    await crm.ask(
        "mutation($input: CreateCallFlowInput!) { createCallFlow(input: $input) { userErrors { code } } }", input=menu
    )
    common = {
        "campaign_caller_id": CALLER_ID,
        "dynamic_announcement": "1",
        "repeat": "1",
        "calls_per_minute": "600",
    }
    begin = datetime.now(ZoneInfo("Asia/Kolkata")).replace(microsecond=0) + timedelta(seconds=6)
    end = begin + timedelta(hours=5)
    there = {
        "campaign_start_date": f"{begin:%Y-%m-%d %H:%M:%S}",
        "campaign_end_date": f"{end:%Y-%m-%d %H:%M:%S}",
        "time_zone": "Asia/Kolkata",
    }
    said = await crm.do(
        "/api/create_campaign",
        **{**common, **there, "list_id": lists[0], "dnd_list_id": dnd, "campaign_name": "said", "campaign_type": "0"},
        announcement_text="Dear {field1}.",
    )
    # A start that has passed means at once.
    passed = {"campaign_start_date": "2023-12-18 10:00:00", "campaign_end_date": f"{end:%Y-%m-%d %H:%M:%S}"}
    led = await crm.do(
        "/api/create_campaign",
        **{**common, **passed, "list_id": lists[1], "campaign_name": "led", "campaign_type": "1"},
        announcement_text="Hello.",
    )
    rows = await crm.records("/api/get_cdr_by_campaign_id", 3, campaign_id=said["campaign_id"])
    rows += await crm.records("/api/get_cdr_by_campaign_id", 1, campaign_id=led["campaign_id"])
    shown = {one["dialed_number"]: one for one in rows}
    assert {
        number: (one["dial_status"], one["is_dnd"], one["destination_context"], one["list_id"])
        for number, one in shown.items()
    } == {
        HANGS_UP: ("ANSWER", "0", "local_call_campaign_type_0", lists[0]),
        IS_BUSY: ("BUSY", "0", "local_call_campaign_type_0", lists[0]),
        FORBIDDEN: ("DND", "1", "local_call_campaign_type_0", lists[0]),
        PRESSES: ("ANSWER", "0", "local_call_campaign_type_1", lists[1]),
    }
    assert shown[PRESSES]["dtmf_inputs"] == "1"
    nodes = (await crm.ask(f"{{ cdrs {{ nodes {{ {_CDR} }} }} }}"))["nodes"]
    records = {one["dialledNumber"]["number"].removeprefix("+"): one for one in nodes}
    assert set(records) == set(shown)
    for number in (HANGS_UP, IS_BUSY, PRESSES):
        assert_same(shown[number], records[number])
    assert (records[FORBIDDEN]["callId"], records[FORBIDDEN]["isDnc"]) == (None, True)
    figures = (await crm.do("/api/get_campaign_cdr_statistics", campaign_id=said["campaign_id"]))["result"]
    assert {name: count for name, (count,) in figures.items() if count} == {
        "answer_calls": 1,
        "busy_calls": 1,
        "dnd_calls": 1,
        "total_calls": 3,
    }

    async def is_over() -> bool:
        details = (await crm.cpaas.do("GET", "/api/get_campaign_details"))["result"]
        return [one["campaign_status"] for one in details] == ["3", "3"]

    await crm.until(is_over)
    details = {one["campaign_id"]: one for one in (await crm.cpaas.do("GET", "/api/get_campaign_details"))["result"]}
    shown_start = parsedate_to_datetime(details[said["campaign_id"]]["campaign_start_date"])
    query = "query($id: ID!) { campaign(id: $id) { startAt startedAt } }"
    kept = await crm.ask(query, id=said["campaign_id"])
    assert datetime.fromisoformat(kept["startAt"]) == shown_start == begin
    assert datetime.fromisoformat(kept["startedAt"]) >= begin
    # Nobody was called before, and nobody but the date has begun it.
    assert all(parsedate_to_datetime(shown[one]["call_date"]) >= begin for one in (HANGS_UP, IS_BUSY, FORBIDDEN))
    kept = await crm.ask(query, id=led["campaign_id"])
    assert (datetime.fromisoformat(kept["startAt"]).year, datetime.fromisoformat(kept["startedAt"]) < end) == (
        2023,
        True,
    )


async def test_given_a_live_call_when_modified_by_channel_then_it_is_recorded_transferred_both_ways_and_ended(
    crm: Crm,
) -> None:
    click = {"agent_number": "2001", "destination_number": "2002"}
    call_id = (await crm.do("/api/click2call", **click))["request_id"]

    async def talk() -> bool:
        state: str = (await crm.ask("query($id: ID!) { call(id: $id) { state } }", id=call_id))["state"]
        return state == "CONNECTED"

    await crm.until(talk)
    agent, customer = await crm.legs(call_id)
    assert await crm.do("/api/modify_call", channel=customer["channelName"], modify_type="3") == {
        "message": "recording started successfully"
    }

    async def is_recorded() -> bool:
        query = "query($id: ID!) { call(id: $id) { recordings { state } } }"
        return [one["state"] for one in (await crm.ask(query, id=call_id))["recordings"]] == ["RECORDING"]

    await crm.until(is_recorded)
    blind = {"channel": f" {agent['channelName']}", "modify_type": "0", "transfer_to": "2003"}
    assert await crm.do("/api/modify_call", **blind) == {"message": "blind transferred successfully"}

    async def talks_to(*extensions: str) -> bool:
        return [one["party"]["extension"] for one in await crm.legs(call_id)] == list(extensions)

    await crm.until(lambda: talks_to("2002", "2003"))
    attended = {"channel": customer["channelName"], "modify_type": "1", "transfer_to": "2004"}

    async def is_taken() -> bool:
        answer = await crm.cpaas.send("POST", "/api/modify_call", attended)
        if answer.status_code == 409:
            return False  # the first transfer is not over before its last step is
        assert answer.json()["response"] == {"message": "attended transferred successfully", "success": "true"}
        return True

    await crm.until(is_taken)
    await crm.until(lambda: talks_to("2002", "2003", "2004"))
    target = (await crm.legs(call_id))[-1]
    assert await crm.do("/api/modify_call", channel=target["channelName"], modify_type="2") == {
        "message": "call hangup successfully"
    }
    (told,) = await crm.records("/api/get_cdr_by_request_id", 1, request_id=call_id)
    record = (await crm.ask(f"query($id: ID!) {{ call(id: $id) {{ cdr {{ {_CDR} }} }} }}", id=call_id))["cdr"]
    assert_same(told, record)
    assert (told["dial_status"], told["recording_name"].startswith("rec_")) == ("ANSWER", True)
    gone = await crm.cpaas.refused("POST", "/api/modify_call", {"channel": target["channelName"], "modify_type": "3"})
    assert gone[:2] == (404, "NOT_FOUND")
