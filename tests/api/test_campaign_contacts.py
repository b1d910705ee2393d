"""What becomes of a campaign's contacts, as GraphQL tells it: states, stories, figures, forecasts, records."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from orjson import Fragment

from app.accounts.scopes import Scope
from app.campaigns import figures
from app.campaigns.core.explain import Attempted
from app.campaigns.core.retries import Retry
from app.campaigns.core.rules import Basis, Decision, Dial, Outcome, Skip, Version
from app.campaigns.core.words import SkipReason
from app.campaigns.figures import Figure
from app.campaigns.forecast import Forecaster
from app.campaigns.questions import CONTACT_COLUMNS, read_contact
from app.campaigns.store import get_campaigns
from app.campaigns.undialled import write_dnc_records
from app.facts.vocabulary import Disposition
from app.ids import Kind, new_id, part_id
from app.numbers.zones import Zones, ZoneSource
from tests.api.campaign_desk import (
    CONTACTS,
    FORBIDDEN,
    HUMAN,
    NOON,
    OTHER,
    count_figures,
    done,
    make,
    make_dnc_list,
    make_list,
    put,
    read,
    take_up,
    take_up_three,
    types_of_events,
    value,
)
from tests.api.conftest import Surface
from tests.api.test_websocket import opened

pytestmark = pytest.mark.postgres


async def test_given_contacts_when_they_are_listed_then_each_says_where_it_stands_and_filters_hold(
    surface: Surface,
) -> None:
    campaign_id = (await make(surface))["id"]
    waiting, reached, forbidden = await take_up_three(surface, campaign_id)

    async def listed(**where: object) -> list[Any]:
        data = await surface.ask(CONTACTS, {"id": campaign_id, "filter": where or None})
        nodes: list[Any] = data["campaign"]["contacts"]["nodes"]
        return nodes

    by_id = {one["contactId"]: one for one in await listed()}
    assert set(by_id) == {waiting, reached, forbidden}
    assert by_id[waiting]["delayReason"] == "OUTSIDE_WINDOW"
    assert datetime.fromisoformat(by_id[waiting]["dueAt"]) == NOON
    assert by_id[reached] == {
        "contactId": reached,
        "party": {"number": HUMAN, "isMasked": False},
        "state": "FINISHED",
        "attempts": 2,
        "dueAt": None,
        "skipReason": None,
        "delayReason": None,
        "finishReason": "ANSWERED",
        "disposition": "ANSWERED",
        "callId": "call_1",
        "answers": [{"key": "choice", "value": "12"}],
    }
    assert (by_id[forbidden]["skipReason"], by_id[forbidden]["finishReason"]) == ("DNC", None)
    for where, expected in (
        ({"states": ["FINISHED", "SKIPPED"]}, {reached, forbidden}),
        ({"skipReasons": ["DNC"]}, {forbidden}),
        ({"skipReasons": ["DNC"], "delayReasons": ["OUTSIDE_WINDOW"]}, {forbidden, waiting}),
        ({"dispositions": ["ANSWERED"]}, {reached}),
        ({"dispositions": ["BUSY"]}, set()),
        ({"number": OTHER}, {waiting}),
    ):
        assert {one["contactId"] for one in await listed(**where)} == expected
    # One word may be said of two states: only those of the state that is asked for are meant.
    let_go = await take_up(surface, campaign_id, "+15550100011", state="SKIPPED", reason="CAMPAIGN_OVER")
    over = await take_up(
        surface, campaign_id, "+15550100012", state="FINISHED", reason="CAMPAIGN_OVER", disposition="BUSY"
    )
    unheard = await take_up(surface, campaign_id, "+15550100013", state="WAITING", reason="CALL_FAILED")
    failed = await take_up(surface, campaign_id, "+15550100014", state="SKIPPED", reason="CALL_FAILED")
    everybody = set(by_id) | {let_go, over, unheard, failed}
    by_reason: tuple[tuple[dict[str, list[str]], set[str]], ...] = (
        ({"skipReasons": ["CAMPAIGN_OVER"]}, {let_go}),
        ({"finishReasons": ["CAMPAIGN_OVER"]}, {over}),
        ({"finishReasons": ["CAMPAIGN_OVER", "ANSWERED"]}, {over, reached}),
        ({"finishReasons": ["CAMPAIGN_OVER"], "dispositions": ["ANSWERED"]}, set()),
        ({"skipReasons": ["CALL_FAILED"]}, {failed}),
        ({"delayReasons": ["CALL_FAILED"]}, {unheard}),
        ({"skipReasons": ["CALL_FAILED"], "delayReasons": ["CALL_FAILED"]}, {failed, unheard}),
        ({"skipReasons": ["DNC"], "finishReasons": ["CAMPAIGN_OVER"]}, {forbidden, over}),
        ({"skipReasons": ["DNC"], "delayReasons": ["CALL_FAILED"], "states": ["WAITING"]}, {unheard}),
        ({"skipReasons": [], "delayReasons": [], "finishReasons": []}, everybody),
    )
    for words, expected in by_reason:
        assert {one["contactId"] for one in await listed(**words)} == expected, words
    by_id = {one["contactId"]: one for one in await listed()}
    first = (await surface.ask(CONTACTS, {"id": campaign_id, "first": 2}))["campaign"]["contacts"]
    assert first["totalCount"] == {"count": 7}
    rest = await surface.ask(CONTACTS, {"id": campaign_id, "first": 5, "after": first["pageInfo"]["endCursor"]})
    ids = [one["contactId"] for one in first["nodes"] + rest["campaign"]["contacts"]["nodes"]]
    assert ids == sorted(by_id)


async def test_given_a_key_that_sees_no_numbers_when_contacts_are_listed_then_numbers_and_answers_are_hidden(
    surface: Surface,
) -> None:
    campaign_id = (await make(surface))["id"]
    _, reached, _ = await take_up_three(surface, campaign_id)
    token = await surface.key([Scope.CAMPAIGNS_READ])
    data = await surface.ask(CONTACTS, {"id": campaign_id, "filter": {"states": ["FINISHED"]}}, token=token)
    [node] = data["campaign"]["contacts"]["nodes"]
    assert node["contactId"] == reached
    assert node["party"] == {"number": "+1********07", "isMasked": True}
    assert node["answers"] == [{"key": "choice", "value": "xx"}]


def _decided(outcome: Outcome, at: datetime, *, campaign_id: str) -> bytes:
    basis = Basis(
        decided_at=at,
        zones=Zones(names=("Europe/Berlin",), source=ZoneSource.GIVEN),
        campaign=Version(id=campaign_id, version=3),
        dnc_lists=(Version(id="dnc_1", version=7),),
    )
    return msgspec.json.encode(Decision(outcome=outcome, basis=basis))


async def test_given_decisions_that_were_stored_when_a_contact_is_explained_then_they_are_told_in_order(
    surface: Surface,
) -> None:
    campaign_id = (await make(surface))["id"]
    contact_id = await take_up(surface, campaign_id, HUMAN, state="SKIPPED", reason="DNC", attempts=1)
    later = NOON + timedelta(hours=1)
    attempted = Attempted(
        attempt=1,
        ended_at=NOON + timedelta(minutes=1),
        disposition=Disposition.BUSY,
        follows=Retry(at=later, attempt=2),
    )
    async with surface.database.acquire() as connection:
        for n, outcome, at, ended in (
            (1, Dial(), NOON, attempted),
            (2, Skip(reason=SkipReason.DNC, dnc_list_ids=("dnc_1",)), later, None),
        ):
            await connection.execute(
                "INSERT INTO campaign_decision (campaign_id, contact_id, n, decided_at, decision, outcome) "
                "VALUES ($1, $2, $3, $4, $5, $6)",
                *(campaign_id, contact_id, n, at, Fragment(_decided(outcome, at, campaign_id=campaign_id))),
                None if ended is None else Fragment(msgspec.json.encode(ended)),
            )
    fields = f'contact(contactId: "{contact_id}") {{ state explain }}'
    told = (await read(surface, campaign_id, fields))["contact"]["explain"]
    grounds = "Decided on campaign version 3, do-not-call list dnc_1 version 7, time zone Europe/Berlin (given with the"
    assert [one.split(" Decided")[0] for one in told] == [
        "2026-06-01 14:00:00 Europe/Berlin: dialled; nothing forbade it.",
        (
            "2026-06-01 14:01:00 Europe/Berlin: attempt 1 came out as BUSY; "
            "attempt 2 from 2026-06-01 15:00:00 Europe/Berlin on."
        ),
        "2026-06-01 15:00:00 Europe/Berlin: skipped, because the number is on a do-not-call list (dnc_1).",
    ]
    assert grounds in told[0]
    assert await read(surface, campaign_id, 'contact(contactId: "cont_none") { state }') == {"contact": None}


STATISTICS = (
    "total dialled answered busy noAnswer cancelled unreachable congestion machine abandoned abandonedPercent dnc "
    "skipped finished talkSeconds attempts { disposition attempts } skips { reason contacts }"
)


async def test_given_counts_when_statistics_are_asked_for_then_totals_days_and_ranges_agree(surface: Surface) -> None:
    campaign_id, now = (await make(surface))["id"], datetime.now(UTC)
    long_ago, days_ago = now - timedelta(days=40), now - timedelta(days=3)
    answered, busy = figures.of_disposition(Disposition.ANSWERED), figures.of_disposition(Disposition.BUSY)
    await count_figures(surface, campaign_id, long_ago, {Figure.DIALLED: 5, Figure.ENDED: 5, busy: 5})
    await count_figures(surface, campaign_id, days_ago, {Figure.DIALLED: 3, Figure.ENDED: 3, answered: 3})
    await count_figures(
        surface,
        campaign_id,
        now - timedelta(minutes=5),
        {
            Figure.DIALLED: 2,
            Figure.ENDED: 2,
            answered: 2,
            Figure.ANSWERED_BY_PERSON: 2,
            Figure.ABANDONED: 1,
            Figure.SKIPPED: 4,
            figures.of_skip(SkipReason.DNC): 3,
            figures.of_skip(SkipReason.ZONE_UNKNOWN): 1,
            Figure.TALK_SECONDS: 61,
        },
    )
    seen = await read(
        surface,
        campaign_id,
        f"statistics {{ {STATISTICS} }} last24Hours {{ {STATISTICS} }} last30Days {{ {STATISTICS} }}",
    )
    total, day, month = seen["statistics"], seen["last24Hours"], seen["last30Days"]
    assert (total["dialled"], month["dialled"], day["dialled"]) == (10, 5, 2)
    assert (total["total"], month["total"], day["total"]) == (13, 8, 5)
    assert day == {
        **dict.fromkeys(("busy", "noAnswer", "cancelled", "unreachable", "congestion", "machine", "finished"), 0),
        "total": 5,
        "dialled": 2,
        "answered": 2,
        "abandoned": 1,
        "abandonedPercent": 50.0,
        "dnc": 3,
        "skipped": 4,
        "talkSeconds": 61.0,
        "attempts": [{"disposition": "ANSWERED", "attempts": 2}],
        "skips": [{"reason": "DNC", "contacts": 3}, {"reason": "ZONE_UNKNOWN", "contacts": 1}],
    }
    assert (total["busy"], total["abandonedPercent"]) == (5, 50.0)
    ranged = (
        f'statistics(range: {{from: {{at: "{(days_ago - timedelta(minutes=2)).isoformat()}"}}, '
        f'to: {{at: "{(days_ago + timedelta(minutes=2)).isoformat()}"}}}}) {{ dialled answered }}'
    )
    assert (await read(surface, campaign_id, ranged))["statistics"] == {"dialled": 3, "answered": 3}
    other = (await make(surface))["id"]
    assert (await read(surface, other, "statistics { total abandonedPercent }"))["statistics"] == {
        "total": 0,
        "abandonedPercent": 0.0,
    }


async def test_given_a_campaign_that_began_days_ago_when_its_periods_are_asked_for_then_they_are_those_of_the_dialer(
    surface: Surface,
) -> None:
    campaign_id, now = (await make(surface))["id"], datetime.now(UTC)
    asked = "abandonmentPeriods { hours from to answeredByPerson abandoned abandonedPercent }"
    assert await read(surface, campaign_id, asked) == {"abandonmentPeriods": []}
    # The day began five hours ago, so what was counted ten hours ago belongs to the day before.
    began_at = (now - timedelta(days=2, hours=5)).replace(second=0, microsecond=0)
    await put(surface, campaign_id, state="RUNNING", began_at=began_at + timedelta(seconds=30))
    for hours, answered, abandoned in ((1, 40, 1), (10, 60, 4)):
        counts: dict[str, int] = {Figure.ANSWERED_BY_PERSON: answered, Figure.ABANDONED: abandoned}
        await count_figures(surface, campaign_id, now - timedelta(hours=hours), counts)
    day, month = (await read(surface, campaign_id, asked))["abandonmentPeriods"]
    assert datetime.fromisoformat(day.pop("from")) == began_at + timedelta(days=2)
    assert datetime.fromisoformat(day.pop("to")) == began_at + timedelta(days=3)
    assert datetime.fromisoformat(month.pop("from")) == began_at
    assert datetime.fromisoformat(month.pop("to")) == began_at + timedelta(days=30)
    assert day == {"hours": 24, "answeredByPerson": 40, "abandoned": 1, "abandonedPercent": 2.5}
    assert month == {"hours": 720, "answeredByPerson": 100, "abandoned": 5, "abandonedPercent": 5.0}


PREVIEW = (
    "query($id: ID!) { previewCampaign(id: $id) { isComplete counted dial skip delay duplicates "
    "skips { reason contacts } delays { reason contacts } } }"
)


async def _preview(surface: Surface, campaign_id: str) -> Any:
    return (await surface.ask(PREVIEW, {"id": campaign_id}))["previewCampaign"]


async def test_given_lists_when_a_campaign_is_previewed_then_every_contact_is_counted_by_what_the_rules_say(
    surface: Surface,
) -> None:
    first = await make_list(surface, [HUMAN, OTHER, FORBIDDEN])
    second = await make_list(surface, [HUMAN, "+442079460000"])
    nowhere = await make_list(surface, ["+15550100002"], zones=())
    await make_dnc_list(surface, [FORBIDDEN])
    own = await make_dnc_list(surface, [OTHER], applies_to_all=False)
    campaign = await make(surface, contactListIds=[first, second, nowhere])
    assert await _preview(surface, campaign["id"]) == {
        "isComplete": True,
        "counted": 6,
        "dial": 2,
        "skip": 3,
        "delay": 0,
        "duplicates": 1,
        "skips": [
            {"reason": "DNC", "contacts": 1},
            {"reason": "DESTINATION_DENIED", "contacts": 1},
            {"reason": "ZONE_UNKNOWN", "contacts": 1},
        ],
        "delays": [],
    }
    later = datetime.now(UTC) + timedelta(hours=6)
    closed = {"from": f"{later:%H}:00", "to": f"{later + timedelta(hours=1):%H}:00"}
    await done(surface, "updateCampaign", {"id": campaign["id"], "dncListIds": [own], "windows": [closed]})
    seen = await _preview(surface, campaign["id"])
    assert seen["skips"][0] == {"reason": "DNC", "contacts": 2}
    assert (seen["dial"], seen["delays"]) == (0, [{"reason": "OUTSIDE_WINDOW", "contacts": 1}])
    # Who was removed, and whole lists that were, count no more.
    async with surface.database.acquire() as connection:
        await connection.execute(
            "UPDATE contact SET deleted_at = now() WHERE number = $1 AND list_id = $2", OTHER, first
        )
        await connection.execute("UPDATE contact_list SET deleted_at = now() WHERE id = $1", nowhere)
    assert (await _preview(surface, campaign["id"]))["counted"] == 4
    assert await types_of_events(surface, campaign["id"]) == ["campaign.created"]
    assert await value(surface, "SELECT count(*) FROM campaign_contact") == 0


async def test_given_no_time_when_a_long_list_is_previewed_then_it_says_that_this_is_not_all(surface: Surface) -> None:
    numbers = [f"+1555011{number:04}" for number in range(450)]
    campaign_id = (await make(surface, contactListIds=[await make_list(surface, numbers)]))["id"]
    async with surface.database.acquire() as connection:
        [campaign] = await get_campaigns(connection, surface.account.id, [campaign_id])
    hurried = Forecaster(surface.database, surface.services.clock, longest_seconds=0.0)
    seen = await hurried.count(campaign)
    assert (seen.is_complete, seen.counted, seen.dial) == (False, 200, 200)
    whole = await surface.services.campaigns.forecaster.count(campaign)
    assert (whole.is_complete, whole.counted, whole.dial) == (True, 450, 450)


async def test_given_a_contact_that_must_not_be_called_when_it_is_skipped_then_there_is_one_record_without_a_call(
    surface: Surface,
) -> None:
    list_id = await make_list(surface, [FORBIDDEN])
    campaign_id = (await make(surface, contactListIds=[list_id], tags=["spring"]))["id"]
    async with surface.database.acquire() as connection:
        [campaign] = await get_campaigns(connection, surface.account.id, [campaign_id])
        row = await connection.fetchrow(f"SELECT {CONTACT_COLUMNS} FROM contact WHERE list_id = $1", list_id)  # noqa: S608  # our own names
        assert row is not None
        contact = read_contact(row)
        for _ in range(2):  # once more after `retryContacts`
            async with connection.transaction():
                await write_dnc_records(connection, campaign, [contact], datetime.now(UTC))
    query = (
        "query($filter: CallFilterInput) { cdrs(filter: $filter) { nodes { callId call { id } recordings { id } "
        "campaign { id } contact { id } kind direction disposition isDnc campaignId contactId contactListId "
        "talkSeconds tags dialledNumber { number } endReason { code party } } } }"
    )
    expected = {
        "callId": None,
        "call": None,
        "recordings": [],
        "campaign": {"id": campaign_id},
        "contact": {"id": contact.id},
        "kind": "CAMPAIGN",
        "direction": "OUTBOUND",
        "disposition": "DNC",
        "isDnc": True,
        "campaignId": campaign_id,
        "contactId": contact.id,
        "contactListId": list_id,
        "talkSeconds": 0.0,
        "tags": ["spring"],
        "dialledNumber": {"number": FORBIDDEN},
        "endReason": {"code": "DNC", "party": "SYSTEM"},
    }
    for where in ({"campaignId": campaign_id}, {"dispositions": ["DNC"]}, None):
        assert (await surface.ask(query, {"filter": where}))["cdrs"]["nodes"] == [expected]
    objects = {"call", "recordings", "campaign", "contact"}
    # The same without the objects' fields, which is read another way.
    plain = query.replace("call { id } recordings { id } campaign { id } contact { id }", "")
    [node] = (await surface.ask(plain, {"filter": {"campaignId": campaign_id}}))["cdrs"]["nodes"]
    assert node == {name: held for name, held in expected.items() if name not in objects}
    assert (await surface.ask(query, {"filter": {"campaignId": "camp_none"}}))["cdrs"]["nodes"] == []
    statistics = (
        "query($from: DateTime!, $to: DateTime!) { cdrStatistics(range: {from: {at: $from}, to: {at: $to}}, "
        "groupBy: [DISPOSITION]) { groups { disposition calls } } }"
    )
    now = datetime.now(UTC)
    around = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    groups = (await surface.ask(statistics, around))["cdrStatistics"]["groups"]
    assert [(one["disposition"], one["calls"]) for one in groups] == [("DNC", 1)]


async def test_given_a_campaign_when_it_is_followed_then_it_is_told_at_once_on_change_and_to_its_end(
    surface: Surface, port: int
) -> None:
    campaign_id = (await make(surface))["id"]
    await put(surface, campaign_id, state="RUNNING")
    query = (
        f'subscription {{ campaignProgress(id: "{campaign_id}") {{ ... on CampaignProgressChanged {{ cursor progress '
        "{ campaignId state contactsTaken waiting inFlight finished skipped statistics { dialled } } } } }"
    )
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(query)

        async def told() -> Any:
            return (await socket.receive())["payload"]["data"]["campaignProgress"]["progress"]

        assert await told() == {
            "campaignId": campaign_id,
            "state": "RUNNING",
            **dict.fromkeys(("contactsTaken", "waiting", "inFlight", "finished", "skipped"), 0),
            "statistics": {"dialled": 0},
        }
        contact_id = await take_up(surface, campaign_id, HUMAN, state="DIALING")
        await count_figures(
            surface, campaign_id, datetime.now(UTC), {Figure.TAKEN: 3, Figure.DIALLED: 1, Figure.SKIPPED: 1}
        )
        # Both may be seen one after the other: what counts is what is told in the end.
        while (seen := await told())["contactsTaken"] != 3:
            pass
        assert (seen["waiting"], seen["inFlight"], seen["skipped"]) == (1, 1, 1)
        await done(surface, "stopCampaign", {"id": campaign_id})
        # It is told to its end, when every contact has its outcome.
        stopped = await told()
        assert (stopped["state"], stopped["inFlight"]) == ("STOPPED", 1)
        async with surface.database.acquire() as connection:
            await connection.execute(
                "WITH ended AS (UPDATE campaign_contact SET state = 'FINISHED' WHERE contact_id = $1) "
                "UPDATE campaign SET settled_at = now() WHERE id = $2",
                contact_id,
                campaign_id,
            )
        assert (await told())["inFlight"] == 0
        assert (await socket.receive())["type"] == "complete"


async def test_given_no_such_campaign_when_it_is_followed_then_that_is_said(surface: Surface, port: int) -> None:
    query = f'subscription {{ campaignProgress(id: "{new_id(Kind.CAMPAIGN)}") {{ __typename }} }}'
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(query)
        message = await socket.receive()
        assert message["type"] in {"error", "next"}
        assert "NOT_FOUND" in str(message["payload"])


async def test_given_a_contact_of_a_campaign_when_asked_for_by_its_id_then_it_is_found_by_those_who_may_see_it(
    surface: Surface,
) -> None:
    campaign_id = (await make(surface))["id"]
    contact_id = await take_up(surface, campaign_id, OTHER, due_at=NOON, reason="OUTSIDE_WINDOW")
    listed = await surface.ask(
        "query($id: ID!) { campaign(id: $id) { contacts { nodes { id contactId } } } }", {"id": campaign_id}
    )
    (node,) = listed["campaign"]["contacts"]["nodes"]
    assert node["contactId"] == contact_id
    query = "query($id: ID!) { node(id: $id) { id ... on CampaignContact { contactId campaignId delayReason } } }"
    assert (await surface.ask(query, {"id": node["id"]}))["node"] == {
        "id": node["id"],
        "contactId": contact_id,
        "campaignId": campaign_id,
        "delayReason": "OUTSIDE_WINDOW",
    }
    other = (await make(surface))["id"]
    elsewhere = part_id(Kind.CAMPAIGN_CONTACT, other, contact_id)
    assert (await surface.ask(query, {"id": elsewhere}))["node"] is None
    stranger = await surface.key(account=await surface.accounts.create("others"))
    assert (await surface.ask(query, {"id": node["id"]}, token=stranger))["node"] is None
    without = await surface.key({Scope.CALLS_READ})
    assert (await surface.refuse(query, {"id": node["id"]}, token=without))["code"] == "FORBIDDEN"
