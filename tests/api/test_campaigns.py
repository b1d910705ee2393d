"""Campaigns as things that are made, changed, read and listed, over GraphQL."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.campaigns import figures
from app.campaigns.figures import Figure
from app.db.locks import CAMPAIGN_DIALING
from app.ids import Kind, new_id
from tests.api.campaign_desk import (
    do,
    done,
    make,
    make_dnc_list,
    make_list,
    put,
    read,
    refused,
    types_of_events,
    value,
)
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

_WAITING = f"""
SELECT FROM pg_locks
WHERE locktype = 'advisory' AND classid = {CAMPAIGN_DIALING} AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608  # our own number

SOON = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)


async def _row_of(surface: Surface, table: str, **columns: object) -> str:
    """A row of a table of routing."""
    names = ", ".join(columns)
    marks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    async with surface.database.acquire() as connection:
        await connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values())  # noqa: S608  # our own names
    return str(columns["id"])


async def _queue(surface: Surface) -> str:
    return await _row_of(
        surface,
        "queue",
        id=(queue_id := new_id(Kind.QUEUE)),
        account_id=surface.account.id,
        name=queue_id,
        strategy="LONGEST_IDLE",
        music_class="default",
        ring_seconds=20.0,
    )


async def _outbound_number(surface: Surface, number: str = "+12125550123") -> str:
    return await _row_of(
        surface,
        "outbound_number",
        id=new_id(Kind.OUTBOUND_NUMBER),
        account_id=surface.account.id,
        number=number,
        is_default=False,
    )


async def test_given_little_when_a_campaign_is_made_then_it_is_a_draft_with_every_default(surface: Surface) -> None:
    list_id = await make_list(surface)
    made = await done(
        surface,
        "createCampaign",
        {"name": "Spring", "content": {"announcement": {"text": "Hello {name}"}}, "contactListIds": [list_id]},
    )
    expected = {
        "name": "Spring",
        "description": None,
        "kind": "ANNOUNCEMENT",
        "state": "DRAFT",
        "version": 1,
        "sandbox": True,
        "contactListIds": [list_id],
        "dncListIds": [],
        "callsPerMinute": 60,
        "maxConcurrentCalls": 10,
        "windows": [{"from": "08:00", "to": "21:00", "weekdays": []}],
        "startAt": None,
        "endAt": None,
        "retryOn": ["BUSY", "NO_ANSWER", "CONGESTION"],
        "maxRetries": 0,
        "retryAfterSeconds": 3600.0,
        "maxCallsPerNumberPerDay": None,
        "breaker": {"failures": 10, "seconds": 60.0, "sharePercent": 50},
        "callerIds": [],
        "recordingMode": "OFF",
        "detectMachine": False,
        "onMachine": "HANG_UP",
        "startedAt": None,
        "archivedAt": None,
    }
    assert {name: made[name] for name in expected} == expected
    assert made["content"]["announcement"]["announcement"]["text"] == "Hello {name}"
    assert await read(surface, made["id"]) == made
    assert await types_of_events(surface, made["id"]) == ["campaign.created"]
    node = await surface.ask("query($id: ID!) { node(id: $id) { id ... on Campaign { name } } }", {"id": made["id"]})
    assert node["node"] == {"id": made["id"], "name": "Spring"}


async def test_given_everything_when_a_campaign_is_made_then_it_is_kept_as_given(surface: Surface) -> None:
    queue_id = await _queue(surface)
    await _outbound_number(surface)
    trunk_id = await value(surface, "SELECT id FROM trunk LIMIT 1")
    lists = [await make_list(surface), await make_list(surface)]
    dnc_list_id = await make_dnc_list(surface, applies_to_all=False)
    given: dict[str, Any] = {
        "name": "Everything",
        "description": "All of it",
        "content": {
            "agent": {
                "queueId": queue_id,
                "mode": "PREDICTIVE",
                "abandonmentCapPercent": 2.5,
                "previewSeconds": 30,
                "message": {"text": "Sorry"},
            }
        },
        "contactListIds": lists,
        "dncListIds": [dnc_list_id],
        "callsPerMinute": 1200,
        "maxConcurrentCalls": 300,
        "windows": [{"from": "22:00", "to": "02:00", "weekdays": ["MONDAY"]}],
        "startAt": {"at": SOON.isoformat()},
        "endAt": {"local": {"dateTime": (SOON + timedelta(days=1)).isoformat()[:19], "timeZone": "Etc/UTC"}},
        "retryOn": ["NO_ANSWER"],
        "maxRetries": 2,
        "retryAfterSeconds": 90,
        "maxCallsPerNumberPerDay": 3,
        "breaker": {"failures": 5, "seconds": 30, "sharePercent": 20},
        "callerIds": ["+12125550123"],
        "callerIdName": "Us",
        "trunkId": trunk_id,
        "ringSeconds": 20,
        "maxDurationSeconds": 60,
        "recordingMode": "BOTH",
        "detectMachine": False,
        "onMachine": "HANG_UP",
        "metadata": [{"key": "team", "value": "north"}],
        "tags": ["spring"],
    }
    made = await done(surface, "createCampaign", given)
    shown = {
        **{name: made[name] for name in given},
        "startAt": {"at": datetime.fromisoformat(made["startAt"]).isoformat()},
        "callerIds": [one["number"] for one in made["callerIds"]],
        "content": {"agent": made["content"]["agent"]},
    }
    assert shown["content"]["agent"].pop("agentId") is None
    assert datetime.fromisoformat(made["endAt"]) == SOON + timedelta(days=1)
    assert shown == {**given, "endAt": made["endAt"]}
    assert made["kind"] == "AGENT"


async def test_given_a_key_to_opt_out_of_a_flow_or_a_message_when_a_campaign_is_made_then_it_is_shown(
    surface: Surface,
) -> None:
    queue_id = await _queue(surface)
    content = {"agent": {"queueId": queue_id, "mode": "PREDICTIVE", "optOutDigit": "#"}}
    made = await make(surface, content=content)
    assert made["content"]["optOut"] == {"digit": "#", "dncListId": None}


async def test_given_a_template_and_a_voice_when_a_campaign_is_made_then_it_keeps_the_text_of_now(
    surface: Surface,
) -> None:
    query = (
        "mutation($input: CreateAnnouncementTemplateInput!) { createAnnouncementTemplate(input: $input) "
        "{ announcementTemplate { id } } }"
    )
    template = (await surface.ask(query, {"input": {"name": "T", "text": "Dear {name}"}}))[
        "createAnnouncementTemplate"
    ]["announcementTemplate"]["id"]
    made = await make(surface, content={"announcement": {"templateId": template, "repeat": 3, "pauseSeconds": 2}})
    said = made["content"]["announcement"]["announcement"]
    assert (said["text"], said["repeat"], said["pauseSeconds"]) == ("Dear {name}", 3, 2.0)
    [problem] = await refused(
        surface,
        "updateCampaign",
        {"id": made["id"], "content": {"announcement": {"text": "Hello", "voice": {"id": "nobody"}}}},
    )
    assert problem[0] in {"NOT_FOUND", "INVALID_INPUT"}
    assert problem[1].startswith("content.announcement.voice")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, ("REQUIRED", "name")),
        ({"contactListIds": ["list_none"]}, ("NOT_FOUND", "contactListIds.0")),
        ({"contactListIds": []}, ("INVALID_INPUT", "contactListIds")),
        ({"dncListIds": ["dnc_none"]}, ("NOT_FOUND", "dncListIds.0")),
        ({"content": {"announcement": {"text": "Owe {day}"}}}, ("FIELD_MISSING", "content.announcement.text")),
        ({"content": {"announcement": {}}}, ("REQUIRED", "content.announcement")),
        (
            {"content": {"announcement": {"text": "Hi", "audioFileId": "audio_none"}}},
            ("REQUIRED", "content.announcement"),
        ),
        (
            {"content": {"announcement": {"audioFileId": "audio_none"}}},
            ("NOT_FOUND", "content.announcement.audioFileId"),
        ),
        ({"content": {"announcement": {"templateId": "tmpl_none"}}}, ("NOT_FOUND", "content.announcement.templateId")),
        (
            {"content": {"announcement": {"text": "Hi", "optOutDncListId": "dnc_none"}}},
            ("REQUIRED", "content.announcement.optOutDigit"),
        ),
        (
            {"content": {"announcement": {"text": "Hi", "optOutDigit": "9", "optOutDncListId": "dnc_none"}}},
            ("NOT_FOUND", "content.announcement.optOutDncListId"),
        ),
        ({"content": {"callFlowId": "flow_none"}}, ("NOT_FOUND", "content.callFlowId")),
        (
            {"content": {"callFlow": {"callFlowId": "flow_none", "optOutDigit": "9"}}},
            ("NOT_FOUND", "content.callFlow.callFlowId"),
        ),
        (
            {"content": {"callFlow": {"callFlowId": "flow_none", "optOutDigit": "99"}}},
            ("INVALID_INPUT", "content.callFlow.optOutDigit"),
        ),
        (
            {"content": {"agent": {"queueId": "queue_none", "optOutDncListId": "dnc_none"}}},
            ("REQUIRED", "content.agent.optOutDigit"),
        ),
        ({"content": {"agent": {"queueId": "queue_none"}}}, ("NOT_FOUND", "content.agent.queueId")),
        ({"content": {"agent": {"agentId": "agent_none"}}}, ("NOT_FOUND", "content.agent.agentId")),
        ({"content": {"agent": {}}}, ("REQUIRED", "content.agent")),
        ({"trunkId": "trunk_none"}, ("NOT_FOUND", "trunkId")),
        ({"callerIdPoolId": "pool_none"}, ("NOT_FOUND", "callerIdPoolId")),
        ({"callerIds": ["+12125559999"]}, ("CALLER_ID_NOT_OWNED", "callerIds.0")),
        ({"callsPerMinute": None}, ("INVALID_INPUT", "callsPerMinute")),
        ({"retryOn": ["ANSWERED"]}, ("INVALID_INPUT", "retryOn.0")),
        ({"endAt": {"at": "2020-01-01T00:00:00Z"}}, ("INVALID_INPUT", "endAt")),
        (
            {"startAt": {"local": {"dateTime": "2030-01-01T00:00:00", "timeZone": "Mars/Base"}}},
            ("INVALID_INPUT", "startAt"),
        ),
        ({"windows": [{"from": "25:00", "to": "24:00"}]}, ("INVALID_INPUT", "windows.0.from")),
    ],
    ids=lambda one: one[1] if isinstance(one, tuple) else "",
)
async def test_given_something_wrong_when_a_campaign_is_made_then_the_field_is_named_and_nothing_is_kept(
    surface: Surface, fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    given = {
        "name": "Spring",
        "content": {"announcement": {"text": "Hello {name}"}},
        "contactListIds": [await make_list(surface)],
        **fields,
    }
    assert await refused(surface, "createCampaign", given) == [problem]
    assert await value(surface, "SELECT count(*) FROM campaign") == 0
    assert await value(surface, "SELECT count(*) FROM event WHERE type = 'campaign.created'") == 0


async def test_given_a_campaign_when_it_is_changed_then_the_version_grows_and_the_rest_stays(surface: Surface) -> None:
    first, second = await make_list(surface), await make_list(surface)
    made = await make(surface, contactListIds=[first], maxCallsPerNumberPerDay=2, callsPerMinute=7)
    changes = {
        "id": made["id"],
        "name": "Autumn",
        "maxConcurrentCalls": 5,
        "maxCallsPerNumberPerDay": None,
        "breaker": None,
        "contactListIds": [second, first],
    }
    changed = await done(surface, "updateCampaign", changes)
    expected = {**made, **changes, "version": 2}
    assert changed == expected
    assert await read(surface, made["id"]) == expected
    async with surface.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT list_id FROM campaign_list WHERE campaign_id = $1 ORDER BY place", made["id"]
        )
    assert [row["list_id"] for row in rows] == [second, first]
    assert await done(surface, "updateCampaign", {"id": made["id"]}) == expected


async def test_given_a_campaign_when_a_list_is_taken_out_and_put_in_again_then_others_keep_their_place(
    surface: Surface,
) -> None:
    first, second = await make_list(surface), await make_list(surface)
    made = await make(surface, contactListIds=[first, second])
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE campaign_list SET cursor = 7 WHERE campaign_id = $1", made["id"])
    await done(surface, "updateCampaign", {"id": made["id"], "contactListIds": [second]})
    await done(surface, "updateCampaign", {"id": made["id"], "contactListIds": [second, first]})
    async with surface.database.acquire() as connection:
        rows = await connection.fetch("SELECT list_id, cursor FROM campaign_list ORDER BY place")
    assert [(row["list_id"], row["cursor"]) for row in rows] == [(second, 7), (first, 0)]


async def test_given_a_campaign_when_its_kind_would_change_then_that_is_refused(surface: Surface) -> None:
    made = await make(surface)
    changes = {"id": made["id"], "content": {"agent": {"queueId": await _queue(surface)}}}
    assert await refused(surface, "updateCampaign", changes) == [("INVALID_INPUT", "content")]
    assert await read(surface, made["id"]) == made


async def test_given_a_campaign_when_its_name_is_given_again_then_it_is_taken_until_it_is_archived(
    surface: Surface,
) -> None:
    made, other = await make(surface, name="Spring"), await make(surface, name="Autumn")
    list_id = await make_list(surface)
    again = {"name": "Spring", "content": {"announcement": {"text": "Hi"}}, "contactListIds": [list_id]}
    assert await refused(surface, "createCampaign", again) == [("ALREADY_EXISTS", "name")]
    assert await refused(surface, "updateCampaign", {"id": other["id"], "name": "Spring"}) == [
        ("ALREADY_EXISTS", "name")
    ]
    archived = await done(surface, "archiveCampaign", {"id": made["id"]})
    assert archived["archivedAt"] is not None
    assert (await done(surface, "createCampaign", again))["name"] == "Spring"
    # It is still found by its id.
    assert (await read(surface, made["id"]))["archivedAt"] == archived["archivedAt"]


async def test_given_campaigns_when_they_are_listed_then_newest_come_first_filtered_and_page_by_page(
    surface: Surface,
) -> None:
    made = [(await make(surface))["id"] for _ in range(5)]
    await put(surface, made[1], state="RUNNING")
    await done(surface, "archiveCampaign", {"id": made[4]})
    query = (
        "query($filter: CampaignFilterInput, $first: Int, $after: String) { campaigns(filter: $filter, first: $first, "
        "after: $after) { nodes { id } pageInfo { hasNextPage endCursor } totalCount { count precision } } }"
    )
    page = (await surface.ask(query, {"first": 3}))["campaigns"]
    assert [one["id"] for one in page["nodes"]] == [made[3], made[2], made[1]]
    assert page["totalCount"] == {"count": 4, "precision": "EXACT"}
    rest = (await surface.ask(query, {"first": 3, "after": page["pageInfo"]["endCursor"]}))["campaigns"]
    assert [one["id"] for one in rest["nodes"]] == [made[0]]
    assert rest["pageInfo"]["hasNextPage"] is False

    async def ids(**where: object) -> list[str]:
        found = (await surface.ask(query, {"filter": where}))["campaigns"]["nodes"]
        return [one["id"] for one in found]

    assert await ids(states=["RUNNING"]) == [made[1]]
    assert await ids(states=["RUNNING", "PAUSED"], kinds=["FLOW"]) == []
    assert await ids(withArchived=True) == made[::-1]
    foreign = (await surface.ask(query, {"filter": {"states": ["DRAFT"]}, "first": 1}))["campaigns"]["pageInfo"]
    error = await surface.refuse(query, {"after": foreign["endCursor"]})
    assert error["code"] == "INVALID_CURSOR"


async def test_given_another_account_when_it_asks_then_the_campaign_is_not_there(surface: Surface) -> None:
    made = await make(surface)
    other = await surface.accounts.create("other")
    token = await surface.key(account=other)
    assert await read(surface, made["id"], token=token) is None
    nodes = await surface.ask("{ campaigns { nodes { id } } }", token=token)
    assert nodes["campaigns"]["nodes"] == []
    preview = await surface.ask(
        "query($id: ID!) { previewCampaign(id: $id) { counted } node(id: $id) { id } }", {"id": made["id"]}, token=token
    )
    assert preview == {"previewCampaign": None, "node": None}
    again: dict[str, Any] = {"idempotencyKey": "k", "dispositions": ["BUSY"]}
    none: dict[str, Any] = {}
    by_id = dict.fromkeys(("updateCampaign", "pauseCampaign", "stopCampaign", "archiveCampaign"), ("id", none))
    for name, (its_id, more) in {**by_id, "retryContacts": ("campaignId", again)}.items():
        there = await do(surface, name, {its_id: made["id"], **more}, token=token)
        nowhere = await do(surface, name, {its_id: new_id(Kind.CAMPAIGN), **more}, token=token)
        assert there == nowhere
        assert [(one["code"], one["field"]) for one in there["userErrors"]] == [("NOT_FOUND", [its_id])]
    for name in ("startCampaign", "resumeCampaign"):
        given = {"id": made["id"], "idempotencyKey": "k"}
        assert await refused(surface, name, given, token=token) == [("NOT_FOUND", "id")]
    # Nor can it call this account's lists, or ask them.
    foreign = {"name": "x", "content": {"announcement": {"text": "Hi"}}, "contactListIds": made["contactListIds"]}
    assert await refused(surface, "createCampaign", foreign, token=token) == [("NOT_FOUND", "contactListIds.0")]
    assert (await read(surface, made["id"])) == made


async def test_given_keys_of_few_scopes_when_they_ask_then_reading_and_writing_are_told_apart(surface: Surface) -> None:
    made = await make(surface)
    reads, writes = await surface.key([Scope.CAMPAIGNS_READ]), await surface.key([Scope.CAMPAIGNS_WRITE])
    assert (await read(surface, made["id"], "id", token=reads)) == {"id": made["id"]}
    query = f'mutation {{ pauseCampaign(input: {{id: "{made["id"]}"}}) {{ userErrors {{ code }} }} }}'
    assert (await surface.refuse(query, token=reads))["code"] == "FORBIDDEN"
    assert (await surface.refuse("{ campaigns { nodes { id } } }", token=writes))["code"] == "FORBIDDEN"
    assert (await surface.ask(query, token=writes))["pauseCampaign"]["userErrors"] == [{"code": "INVALID_STATE"}]
    masked = await make(surface, callerIds=[await _number(surface)])
    seen = await read(surface, masked["id"], "callerIds { number isMasked }", token=reads)
    assert seen == {"callerIds": [{"number": "+1********23", "isMasked": True}]}


async def _number(surface: Surface) -> str:
    await _outbound_number(surface)
    return "+12125550123"


async def test_given_a_test_key_when_it_reaches_for_a_campaign_that_calls_for_real_then_it_is_refused(
    surface: Surface,
) -> None:
    account = await surface.accounts.create("earnest")
    real = await surface.key(account=account)
    issued = await surface.services.keys.create(account.id, name="t", scopes=frozenset(Scope), is_test=True)
    list_id = await make_list(surface, account_id=account.id)
    made = await make(surface, token=real, contactListIds=[list_id])
    assert made["sandbox"] is False
    given = {"id": made["id"], "idempotencyKey": "k"}
    assert await refused(surface, "startCampaign", given, token=issued.token) == [("SANDBOX_ONLY", "id")]
    assert await refused(surface, "pauseCampaign", {"id": made["id"]}, token=issued.token) == [("SANDBOX_ONLY", "id")]
    sandboxed = await make(surface, token=issued.token, contactListIds=[list_id])
    assert sandboxed["sandbox"] is True
    async with surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox) "
            "VALUES ('trunk_real', $1, 'real', 'real-trunk', '{digits}', false, false)",
            account.id,
        )
    changes = {"id": sandboxed["id"], "trunkId": "trunk_real"}
    assert await refused(surface, "updateCampaign", changes, token=real) == [("SANDBOX_ONLY", "trunkId")]
    assert (await done(surface, "startCampaign", {"id": sandboxed["id"], "idempotencyKey": "k"}, token=real))["sandbox"]


async def test_given_changes_when_they_are_made_then_the_audit_names_each(surface: Surface) -> None:
    made = await make(surface)
    campaign_id = made["id"]
    await done(surface, "updateCampaign", {"id": campaign_id, "tags": ["a"]})
    await done(surface, "startCampaign", {"id": campaign_id, "idempotencyKey": "k"})
    await done(surface, "pauseCampaign", {"id": campaign_id})
    await done(surface, "resumeCampaign", {"id": campaign_id, "idempotencyKey": "k"})
    await done(surface, "stopCampaign", {"id": campaign_id})
    await done(surface, "archiveCampaign", {"id": campaign_id})
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        rows = await connection.fetch("SELECT action FROM audit_line WHERE subject_id = $1 ORDER BY id", campaign_id)
    assert [row["action"].removeprefix("campaign.") for row in rows] == [
        *("create", "update", "start", "pause", "resume", "stop", "archive")
    ]
    events = await types_of_events(surface, campaign_id)
    assert events == [
        *("campaign.created", "campaign.started", "campaign.paused", "campaign.resumed", "campaign.stopped")
    ]


async def test_given_a_queue_that_a_campaign_uses_when_it_is_deleted_then_the_campaign_is_named(
    surface: Surface,
) -> None:
    queue_id = await _queue(surface)
    made = await make(surface, name="Uses it", content={"agent": {"queueId": queue_id}})
    query = "mutation($id: ID!) { deleteQueue(input: {id: $id}) { userErrors { code message } } }"
    [error] = (await surface.ask(query, {"id": queue_id}))["deleteQueue"]["userErrors"]
    assert error["code"] == "INVALID_STATE"
    assert "campaign Uses it" in error["message"]
    await done(surface, "archiveCampaign", {"id": made["id"]})
    assert (await surface.ask(query, {"id": queue_id}))["deleteQueue"]["userErrors"] == []


async def test_given_windows_when_they_are_left_out_of_a_change_then_they_stay(surface: Surface) -> None:
    made = await make(surface, windows=[{"from": "10:00", "to": "12:00"}])
    changed = await done(surface, "updateCampaign", {"id": made["id"], "endAt": {"at": SOON.isoformat()}})
    assert changed["windows"] == made["windows"]
    assert datetime.fromisoformat(changed["endAt"]) == SOON
    assert (await done(surface, "updateCampaign", {"id": made["id"], "endAt": None}))["endAt"] is None


@pytest.mark.parametrize("step", ["pauseCampaign", "stopCampaign"])
async def test_given_somebody_who_dials_when_a_campaign_is_taken_out_of_running_then_it_waits_and_holds_up_no_append(
    surface: Surface, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    campaign_id = (await make(surface))["id"]
    await done(surface, "startCampaign", {"id": campaign_id, "idempotencyKey": "go"})
    in_flight: list[str] = []
    appending = surface.log.in_flight

    @contextmanager
    def counting() -> Iterator[None]:
        with appending():
            in_flight.append(step)
            yield
            in_flight.clear()

    monkeypatch.setattr(surface.log, "in_flight", counting)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        async with surface.database.acquire() as connection, connection.transaction():
            await connection.execute(
                f"SELECT pg_advisory_xact_lock_shared({CAMPAIGN_DIALING}, hashtext($1))", campaign_id
            )
            taking = group.create_task(done(surface, step, {"id": campaign_id}))
            while not await value(surface, f"SELECT count(*) FROM ({_WAITING}) AS one"):  # noqa: S608  # our own text
                assert not taking.done()
            assert not in_flight, "whoever makes a webhook endpoint would wait for it"
        await taking
    assert taking.result()["state"] == ("PAUSED" if step == "pauseCampaign" else "STOPPED")


async def test_given_a_page_of_campaigns_when_all_around_them_is_asked_for_then_each_kind_takes_one_query(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    dnc_list_id = await make_dnc_list(surface)
    made = [await make(surface, dncListIds=[dnc_list_id]) for _ in range(5)]
    begun = datetime.now(UTC) - timedelta(hours=2)
    async with surface.database.acquire() as connection, connection.transaction():
        for number, one in enumerate(made):
            await figures.count(connection, one["id"], begun, {Figure.DIALLED: number, Figure.TAKEN: number})
    counts: Counter[str] = Counter()
    queries, lists = surface.services.campaigns.queries, surface.services.contacts.lists
    for owner, name in ((type(queries), "figures"), (type(queries), "stand"), (type(lists), "get_many")):
        _count(monkeypatch, owner, name, counts)
    data = await surface.ask(
        "{ campaigns(first: 5) { nodes { id statistics { dialled } last24Hours { dialled } last30Days { dialled } "
        "progress { contactsTaken } contactLists { id } dncLists { id } } } }"
    )
    nodes = {one["id"]: one for one in data["campaigns"]["nodes"]}
    for number, one in enumerate(made):
        node = nodes[one["id"]]
        told = [node[name]["dialled"] for name in ("statistics", "last24Hours", "last30Days")]
        assert told == [number] * 3
        assert node["progress"]["contactsTaken"] == number
        assert [kept["id"] for kept in node["contactLists"]] == one["contactListIds"]
        assert [kept["id"] for kept in node["dncLists"]] == [dnc_list_id]
    # Ever, a day and a month; a minute that begins meanwhile makes it two of the latter.
    assert counts["figures"] in {3, 4, 5}
    assert (counts["stand"], counts["get_many"]) == (1, 1)


def _count(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, counts: Counter[str]) -> None:
    original = getattr(owner, name)

    async def counting(*arguments: Any) -> Any:
        counts[name] += 1
        return await original(*arguments)

    monkeypatch.setattr(owner, name, counting)
