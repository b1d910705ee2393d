"""The dialects ASTERISKAPI, ORIGINATE_CALL and CLOUD_PBX on the real Asterisk: calls, their records, a recording."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.accounts.dialect_rows import IssuedCredential
from app.accounts.dialects import Dialect
from app.dialects.php_query import build_query
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.far_end import FarEnd
from tests.rig.graphql_line import GraphQLLine
from tests.rig.office import furnish
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

HANGS_UP = "15550100008"
_CALLS = """query ($number: PhoneNumber!) {
  calls(filter: {dialledNumber: $number}, order: CREATED_AT_ASC) { nodes { id extension externalId } }
}"""
_RECORDS = """query ($number: PhoneNumber!) {
  cdrs(filter: {dialledNumber: $number}, order: CREATED_AT_ASC) {
    nodes { callId disposition extension durationSeconds externalId dialledNumber { number } }
  }
}"""


@dataclass(frozen=True, slots=True)
class Crm:
    """Programs that speak the three dialects, and what GraphQL says of the same calls."""

    http: httpx.AsyncClient
    desk: Desk
    issued: dict[Dialect, IssuedCredential]

    async def ask(self, query: str, **variables: object) -> Any:
        assert isinstance(self.desk.line, GraphQLLine)
        (told,) = (await self.desk.line.ask(query, **variables)).values()
        return told["nodes"]

    async def originate(self, **data: object) -> Any:
        one = self.issued[Dialect.ORIGINATE_CALL]
        params: dict[str, Any] = {
            "api_username": one.credential.user_name,
            "api_password": one.secret,
            "data": {"project_id": 1, "caller_id": HANGS_UP, "caller_id_name": "John Doe", "type": "user", **data},
        }
        text = build_query(params) + (one.signing_key or "")
        params["api_hash"] = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await self.http.post("/api/originate-call", content=build_query(params), headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def show(self, method: str, path: str, dialect: Dialect, **given: Any) -> Any:
        answer = await self.http.request(method, path, headers={"api-key": self.issued[dialect].secret}, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def user_calls(self, users: str) -> list[dict[str, Any]]:
        """Of today, and of the day after: the account's day may end while the test runs."""
        today = datetime.now(UTC).date()
        query = {"users": users, "sort": "asc", "date": f"{today - timedelta(days=1)},{today + timedelta(days=1)}"}
        told: list[dict[str, Any]] = (await self.show("GET", "/api/calls/users", Dialect.CLOUD_PBX, params=query))[
            "calls"
        ]
        return told


@pytest.fixture
async def crm(served_offhook: RunningOffhook, graphql_desk: Desk) -> AsyncIterator[Crm]:
    assert served_offhook.url is not None
    credentials, account_id = served_offhook.service.services.dialects.credentials, served_offhook.principal.account_id
    issued = {
        dialect: await credentials.create(account_id, dialect=dialect, name="crm", ip_allow_list=("127.0.0.0/8",))
        for dialect in (Dialect.ASTERISKAPI, Dialect.ORIGINATE_CALL, Dialect.CLOUD_PBX)
    }
    async with httpx.AsyncClient(base_url=served_offhook.url, timeout=PATIENCE_SECONDS) as http:
        yield Crm(http, graphql_desk, issued)


async def test_given_originate_sync_and_async_when_the_user_takes_or_refuses_then_it_is_told_and_in_the_records(
    crm: Crm,
) -> None:
    told = await crm.originate(destination="2001", external_id="sync", **{"async": 0})
    assert told == {
        "has_error": False,
        "messages": [],
        "results": ["Call successfully originated for user: 2001"],
    }
    (call,) = await crm.ask(_CALLS, number=f"+{HANGS_UP}")
    # It was held until the agent had answered.
    await crm.desk.wait_for(call["id"], "leg.answered", "AGENT", seconds=1.0)
    await assert_is_whole(crm.desk, await crm.desk.wait_for_end(call["id"]))

    told = await crm.originate(destination="2009", external_id="busy", **{"async": 0})
    assert told == {"has_error": True, "messages": ["The user is busy"], "results": []}

    told = await crm.originate(destination="2002", external_id="async", **{"async": 1})
    assert told["results"] == ["Call successfully originated for user: 2002"]
    calls = await crm.ask(_CALLS, number=f"+{HANGS_UP}")
    assert [one["externalId"] for one in calls] == ["sync", "busy", "async"]
    for one in calls:
        await crm.desk.wait_for_end(one["id"])

    records = await crm.ask(_RECORDS, number=f"+{HANGS_UP}")
    assert [(one["extension"], one["disposition"], one["externalId"]) for one in records] == [
        ("2001", "ANSWERED", "sync"),
        ("2009", "BUSY", "busy"),
        ("2002", "ANSWERED", "async"),
    ]
    listed = await crm.user_calls("2001,2009,2002")
    assert [(one["id"], one["extension"], one["destination"]) for one in listed] == [
        (one["callId"], one["extension"], f"+{HANGS_UP}") for one in records
    ]
    assert [one["duration"] for one in listed] == [round(one["durationSeconds"]) for one in records]


async def test_given_a_phone_that_declines_when_originate_waits_for_it_then_the_error_says_so_and_so_do_the_records(
    crm: Crm, served_offhook: RunningOffhook, far_end: FarEnd
) -> None:
    await furnish(served_offhook, crm.desk, far_end)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(crm.originate(destination="3002", external_id="declined", **{"async": 0}))
        phone = await far_end.expect_call("3002")
        await phone.ring()
        await crm.desk.wait_for((await crm.ask(_CALLS, number=f"+{HANGS_UP}"))[0]["id"], "leg.ringing", "AGENT")
        assert not asking.done()
        await phone.reject(603)
    told = asking.result()
    assert told == {"has_error": True, "messages": ["The user rejected the call"], "results": []}
    (call,) = await crm.ask(_CALLS, number=f"+{HANGS_UP}")
    story = await crm.desk.wait_for_end(call["id"])
    await assert_is_whole(crm.desk, story)
    assert story.the("leg.ended", "AGENT").body["sipCode"] == 603
    (record,) = await crm.ask(_RECORDS, number=f"+{HANGS_UP}")
    assert (record["callId"], record["disposition"], record["externalId"]) == (call["id"], "REJECTED", "declined")
    (listed,) = await crm.user_calls("3002")
    assert (listed["id"], listed["extension"], listed["user"]) == (call["id"], "3002", "Paul Porter")


async def test_given_calls_by_key_when_issued_then_they_are_recorded_and_found_by_phone_and_in_the_records(
    crm: Crm,
) -> None:
    body = {"extension": "2003", "destination": HANGS_UP, "voice_pitch": "1", "call_in_out": "true", "msg": "Hello"}
    told = await crm.show("POST", "/api/v1/asteriskapi.pl", Dialect.ASTERISKAPI, json=body)
    assert (told["status"], told["phone_valid"], told["caller_id"]) == ("true", "yes", "15550100100")
    called = await crm.show("POST", "/api/calls", Dialect.CLOUD_PBX, json={"user": "2004", "number": f"+{HANGS_UP}"})
    calls = await crm.ask(_CALLS, number=f"+{HANGS_UP}")
    assert [(one["id"] == called["id"], one["extension"]) for one in calls] == [(False, "2003"), (True, "2004")]
    for one in calls:
        await assert_is_whole(crm.desk, await crm.desk.wait_for_end(one["id"]))

    records = await crm.ask(_RECORDS, number=f"+{HANGS_UP}")
    assert [(one["extension"], one["disposition"]) for one in records] == [("2003", "ANSWERED"), ("2004", "ANSWERED")]
    listed = await crm.user_calls("2003,2004")
    assert [one["id"] for one in listed] == [one["callId"] for one in records]
    assert [one["user"] for one in listed] == ["Chiara Lindqvist", "Dmitri Vance"]

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (
            found := await crm.show(
                "GET", "/recorded/v1/find_phone_files.pl", Dialect.ASTERISKAPI, params={"phone": HANGS_UP}
            )
        ):
            await asyncio.sleep(0.1)
    (one,) = found
    told_at = datetime.strptime(f"{one['date']} {one['time']}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
    assert datetime.now(UTC) - told_at < timedelta(hours=1)  # the account's clock is UTC
    fetched = await crm.http.get(one["url"])
    assert (fetched.status_code, fetched.content[:4], fetched.content[8:12]) == (200, b"RIFF", b"WAVE")
