"""A real Asterisk, and a trunk whose far end logs each SIP message: what is dialled later, or beside a call, is no way
around either. Contacts of a campaign, callbacks whose hour comes, and supervisors; each beside one that is dialled.
"""

import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.facts.vocabulary import LegRole
from app.numbers.policy import Rule
from tests.rig.desk import Desk
from tests.rig.fixtures import SIPP_TRUNK
from tests.rig.load import STAYS
from tests.rig.sipp import SippServer
from tests.rig.story import assert_is_whole
from tests.rig.supervisor import seat
from tests.security.caller import ORDINARY, Caller
from tests.security.hostile import BEFORE_THE_FIELD, GOOD_NUMBER, Field, rows
from tests.security.test_no_invite import some

pytestmark = pytest.mark.asterisk

#: Premium and satellite: they may be called by a rule that names them, and no longer when that has gone.
_DEAR: Final = ("+19005550199", "+881612345678")
_SUPERVISOR: Final = f"+1555018097{STAYS}"
_NO_EXTENSION: Final = frozenset({"NOT_FOUND", "INVALID_INPUT", "INVALID_NUMBER"})


def _dialled(sipp: SippServer) -> set[str]:
    return {call.dialled for call in sipp.calls()}


async def test_given_contacts_that_may_not_be_dialled_when_their_campaign_runs_then_only_honest_ones_see_an_invite(
    caller: Caller, sipp: SippServer
) -> None:
    """Each number of the table stands in a file, and those that a list takes over the API are added to another list."""
    honest = f"+1555018096{STAYS}"
    lists = [
        (await caller.do("createContactList", "contactList { id }", name=name))["contactList"]["id"]
        for name in ("imported", "added")
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["number", "name"])
    writable = [row for row in rows(Field.NUMBER) if "\x00" not in row.sample and len(row.sample) < 1000]
    writer.writerows([row.sample, row.kind] for row in writable)
    writer.writerow([GOOD_NUMBER, "an honest one"])
    upload_id = await caller.upload(text.getvalue().encode())
    job = (await caller.do("importContacts", "job { id }", listId=lists[0], source={"uploadId": upload_id}))["job"]
    assert (await caller.until_over("job", job["id"], "kind"))["state"] == "FINISHED"
    added = [*(f"+1900555{place:04d}" for place in range(20)), *_DEAR, honest]
    await caller.do("addContacts", "addedCount", listId=lists[1], contacts=[{"number": one} for one in added])
    flow = {"name": "bye", "steps": [{"hangUp": {"name": "end"}}]}
    flow_id = (await caller.do("createCallFlow", "callFlow { id }", **flow))["callFlow"]["id"]
    made = await caller.do(
        "createCampaign",
        "campaign { id }",
        name="hostile",
        content={"callFlowId": flow_id},
        contactListIds=lists,
        trunkId=caller.offhook.trunks["sipp"],
        windows=[{"from": "00:00", "to": "24:00"}],
        callsPerMinute=6000,
        maxConcurrentCalls=100,
    )
    campaign_id = made["campaign"]["id"]
    await caller.do("startCampaign", "replayed", id=campaign_id, idempotencyKey="go")
    counted = "statistics { total dialled answered } progress { finished skipped }"
    campaign = await caller.until_over("campaign", campaign_id, counted)
    assert campaign["progress"]["finished"] == campaign["statistics"]["answered"] == 2
    assert campaign["progress"]["skipped"] >= len(added) - 1
    called = await sipp.wait_until_idle(2)
    assert sorted(call.dialled for call in called) == sorted([GOOD_NUMBER, honest])


async def test_given_callbacks_to_numbers_that_may_not_be_called_any_more_when_their_hour_comes_then_there_is_no_invite(
    caller: Caller, sipp: SippServer
) -> None:
    await caller.allow(*ORDINARY, *(Rule(number[:5], is_allowed=True) for number in _DEAR))
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    trunk = {"trunkId": caller.offhook.trunks["sipp"], "graceSeconds": 300.0}

    async def schedule(at: str, **parties: Any) -> str:
        given = {"idempotencyKey": str(uuid.uuid4()), "at": {"at": at}, **trunk, **parties}
        return str((await caller.do("scheduleCallback", "callback { id }", **given))["callback"]["id"])

    promised = [
        await schedule(later, **parties)
        for number in _DEAR
        for parties in (
            {"destination": {"number": number}, "connect": {"extension": "2001"}},
            {"destination": {"extension": "2002"}, "connect": {"number": number}},
        )
    ]
    await caller.allow(*ORDINARY)
    async with caller.offhook.service.database.acquire() as connection:  # an hour passes
        await connection.execute("UPDATE callback SET due_at = now(), try_at = now()")
    honest = "+15550180955"  # answers, and hangs up after a second
    kept = await schedule(datetime.now(UTC).isoformat(), destination={"number": honest}, connect={"extension": "2001"})
    over = [await caller.until_over("callback", one, "failure") for one in promised]
    assert [(one["state"], one["failure"]) for one in over] == [("FAILED", "REFUSED")] * len(promised)
    called_back = await caller.until_over("callback", kept, "failure detail attempts { disposition isConnected }")
    assert called_back["state"] == "COMPLETED", called_back
    assert [call.dialled for call in await sipp.wait_until_idle(1)] == [honest]


async def test_given_supervisors_that_are_no_extensions_when_asked_for_then_only_an_honest_one_sees_an_invite(
    caller: Caller, graphql_desk: Desk, sipp: SippServer
) -> None:
    desk, parties = graphql_desk, (f"+1555018094{STAYS}", f"+1555018093{STAYS}")
    await seat(caller.offhook.service.database, "2005", _SUPERVISOR, trunk=SIPP_TRUNK)
    placed = await desk.place_call(parties[0], connect_number=parties[1], trunk="sipp", first=LegRole.CUSTOMER)
    await desk.wait_for(placed.id, "call.connected")

    def wish(supervisor: dict[str, Any]) -> dict[str, Any]:
        return {
            "callId": placed.id,
            "mode": "MONITOR",
            "supervisor": supervisor,
            "idempotencyKey": str(uuid.uuid4()),
        }

    for field, name in ((Field.EXTENSION, "extension"), (Field.NUMBER, "extension"), (Field.ID, "agentId")):
        for row in some(rows(field)):
            if row.kind != "ten megabytes":
                codes = await caller.refuse("startSupervision", **wish({name: row.sample}))
                assert codes <= row.codes | BEFORE_THE_FIELD | _NO_EXTENSION, (row, codes)
    assert _dialled(sipp) == set(parties)
    await caller.do("startSupervision", "supervision { id }", **wish({"extension": "2005"}))
    await desk.wait_for(placed.id, "supervision.started")
    await desk.hang_up(placed.id)
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))
    assert {call.dialled for call in await sipp.wait_until_idle(3)} == {*parties, _SUPERVISOR}
