"""A whole campaign as a CRM runs one: lists, start, progress, outcomes and records, over the public API alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.live import speaking_settings
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

ANSWERS, IS_BUSY, UNKNOWN, FORBIDDEN = "+15550100008", "+15550100001", "+15550100004", "+15550100000"


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


async def _do(offhook: RunningOffhook, verb: str, wanted: str, **given: Any) -> Any:
    kind = f"{verb[0].upper()}{verb[1:]}Input!"
    query = f"mutation($input: {kind}) {{ {verb}(input: $input) {{ {wanted} userErrors {{ code message field }} }} }}"
    return await offhook.change(query, **given)


async def test_given_a_campaign_over_the_api_when_it_has_run_then_every_contact_has_one_outcome_that_is_explained(
    served_offhook: RunningOffhook,
) -> None:
    offhook = served_offhook
    list_id = (await _do(offhook, "createContactList", "contactList { id }", name="Leads", columns=["debt"]))[
        "contactList"
    ]["id"]
    contacts = [
        {"number": number, "name": f"No. {place}", "timeZone": "Etc/UTC", "fields": [{"name": "debt", "value": "12"}]}
        for place, number in enumerate((ANSWERS, IS_BUSY, UNKNOWN, FORBIDDEN))
    ]
    await _do(offhook, "addContacts", "", listId=list_id, contacts=contacts)
    dnc = (await _do(offhook, "createDncList", "dncList { id }", name="Never"))["dncList"]["id"]
    await _do(offhook, "addDncEntries", "", listId=dnc, entries=[{"number": FORBIDDEN}])
    campaign_id = (
        await _do(
            offhook,
            "createCampaign",
            "campaign { id }",
            name="Spring",
            content={"announcement": {"text": "{name}, you owe {debt}."}},
            contactListIds=[list_id],
            windows=[{"from": "00:00", "to": "24:00"}],
            callsPerMinute=600,
            retryOn=["BUSY"],
            maxRetries=1,
            retryAfterSeconds=1,
        )
    )["campaign"]["id"]
    preview = await offhook.ask(
        "query($id: ID!) { previewCampaign(id: $id) { isComplete counted dial skip } }", id=campaign_id
    )
    assert preview == {"isComplete": True, "counted": 4, "dial": 3, "skip": 1}
    started = await _do(
        offhook, "startCampaign", "replayed campaign { state }", id=campaign_id, idempotencyKey="spring"
    )
    assert started["campaign"]["state"] == "RUNNING"
    read = (
        "query($id: ID!) { campaign(id: $id) { state finishReason progress { contactsTaken waiting inFlight finished "
        "skipped } statistics { total dialled answered busy dnc attempts { disposition attempts } } "
        "contacts { nodes { party { number } state disposition skipReason finishReason attempts explain } } } }"
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (campaign := await offhook.ask(read, id=campaign_id))["state"] != "FINISHED":
            await asyncio.sleep(0.2)
    assert campaign["finishReason"] == "ALL_DONE"
    assert campaign["progress"] == {"contactsTaken": 4, "waiting": 0, "inFlight": 0, "finished": 3, "skipped": 1}
    outcomes = {
        one["party"]["number"]: (
            one["state"],
            one["disposition"],
            one["skipReason"] or one["finishReason"],
            one["attempts"],
        )
        for one in campaign["contacts"]["nodes"]
    }
    assert outcomes == {
        ANSWERS: ("FINISHED", "ANSWERED", "ANSWERED", 1),
        IS_BUSY: ("FINISHED", "BUSY", "NO_RETRIES_LEFT", 2),
        UNKNOWN: ("FINISHED", "INVALID_NUMBER", "NEVER_RETRIED", 1),
        FORBIDDEN: ("SKIPPED", None, "DNC", 0),
    }
    stories = {one["party"]["number"]: one["explain"] for one in campaign["contacts"]["nodes"]}
    assert [len(stories[one]) for one in (ANSWERS, IS_BUSY, UNKNOWN, FORBIDDEN)] == [2, 4, 2, 1]
    assert "do-not-call list" in stories[FORBIDDEN][0]
    statistics = campaign["statistics"]
    assert (statistics["total"], statistics["dialled"], statistics["answered"]) == (5, 4, 1)
    assert (statistics["busy"], statistics["dnc"]) == (2, 1)
    records = "query($id: ID!) { cdrs(filter: {campaignId: $id}) { nodes { callId disposition isDnc contactListId } } }"
    nodes = (await offhook.ask(records, id=campaign_id))["nodes"]
    assert sorted(one["disposition"] for one in nodes) == ["ANSWERED", "BUSY", "BUSY", "DNC", "INVALID_NUMBER"]
    assert {(one["callId"] is None, one["isDnc"]) for one in nodes} == {(False, False), (True, True)}
    assert {one["contactListId"] for one in nodes} == {list_id}
    events = await offhook.ask(
        "query($id: ID!) { events(filter: {subjectId: $id}) { nodes { type } } }",
        id=campaign_id,
    )
    assert [one["type"] for one in events["nodes"]] == ["CAMPAIGN_CREATED", "CAMPAIGN_STARTED", "CAMPAIGN_FINISHED"]
