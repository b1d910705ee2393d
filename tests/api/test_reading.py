"""Reading: connections and cursors, filters, masks, nodes, recordings, and one query for a page of parents."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from app.accounts.scopes import Scope
from app.calls.core.model.call import Call
from app.calls.core.model.queue import QueueWait
from app.calls.keeping.rows import fill_recordings
from app.facts.catalogue import rfc3339
from app.facts.vocabulary import CallKind, Direction, Disposition, Errand, RecordingMode, RecordingState
from app.ids import Kind, new_id
from tests.api.conftest import Surface
from tests.calls.making import NOON, make_call
from tests.calls.rows import insert, insert_calls
from tests.cdrs.records import insert_cdrs, make_cdr

pytestmark = pytest.mark.postgres


async def _store(surface: Surface, count: int, **fields: Any) -> list[Call]:
    """Calls a minute apart, with a record and a saved recording each; oldest first."""
    calls = []
    for number in range(count):
        call = make_call(
            account_id=surface.account.id,
            created_at=NOON + timedelta(minutes=number),
            recording_mode=RecordingMode.BOTH,
            **fields,
        )
        saved = msgspec.structs.replace(
            call.recordings[0],
            state=RecordingState.SAVED,
            object_key="x",
            sha256="ab",
            size_bytes=3_000_000_000,
            duration_seconds=1.5,
            channels=2,
        )
        calls.append(msgspec.structs.replace(call, recordings=(saved,), dtmf="12#"))
    await insert_calls(surface.database, calls)
    await insert(
        surface.database, fill_recordings((call, recording) for call in calls for recording in call.recordings)
    )
    async with surface.database.acquire() as connection, connection.transaction():
        await insert_cdrs(
            connection,
            [(call.account_id, make_cdr(call.created_at, call_id=call.id, kind=call.kind)) for call in calls],
        )
    return calls


PAGE = """query Page($first: Int, $after: String, $last: Int, $before: String, $order: CallOrder! = CREATED_AT_DESC,
  $filter: CallFilterInput) {
  calls(first: $first, after: $after, last: $last, before: $before, order: $order, filter: $filter) {
    edges { cursor node { id } } nodes { id } totalCount { count precision }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def _ids(connection: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in connection["edges"]]


async def test_given_calls_when_paged_both_ways_then_each_comes_once_and_page_info_is_true(surface: Surface) -> None:
    calls = await _store(surface, 7)
    newest_first = [call.id for call in reversed(calls)]
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await surface.ask(PAGE, {"first": 3, "after": after}))["calls"]
        assert _ids(page) == [node["id"] for node in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        seen += _ids(page)
        after = page["pageInfo"]["endCursor"]
    assert seen == newest_first
    assert page["pageInfo"]["hasNextPage"] is False
    assert page["totalCount"] == {"count": 7, "precision": "EXACT"}
    last = (await surface.ask(PAGE, {"last": 2}))["calls"]
    assert _ids(last) == newest_first[-2:]
    before = (await surface.ask(PAGE, {"last": 2, "before": last["pageInfo"]["startCursor"]}))["calls"]
    assert _ids(before) == newest_first[-4:-2]
    oldest = (await surface.ask(PAGE, {"first": 2, "order": "CREATED_AT_ASC"}))["calls"]
    assert _ids(oldest) == newest_first[::-1][:2]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"first": 0}, "INVALID_INPUT"),
        ({"first": 201}, "INVALID_INPUT"),
        ({"first": -1}, "INVALID_INPUT"),
        ({"first": 1, "last": 1}, "INVALID_INPUT"),
        ({"first": 1, "before": "x"}, "INVALID_INPUT"),
        ({"after": "nonsense"}, "INVALID_CURSOR"),
        ({"after": ""}, "INVALID_CURSOR"),
        ({"after": "é"}, "INVALID_CURSOR"),
    ],
)
async def test_given_bad_page_arguments_when_asked_for_then_the_error_names_code_and_field(
    surface: Surface, variables: dict[str, Any], code: str
) -> None:
    extensions = await surface.refuse(PAGE, variables)
    assert extensions["code"] == code
    assert extensions["field"]


async def test_given_a_cursor_when_used_with_another_filter_order_list_or_account_then_it_is_invalid(
    surface: Surface,
) -> None:
    await _store(surface, 3)
    page = (await surface.ask(PAGE, {"first": 1}))["calls"]
    cursor = page["pageInfo"]["endCursor"]
    stranger = await surface.key(account=await surface.accounts.create("rival"))
    for variables, token in (
        ({"after": cursor, "order": "CREATED_AT_ASC"}, ""),
        ({"after": cursor, "filter": {"tag": "spring"}}, ""),
        ({"after": cursor}, stranger),
    ):
        assert (await surface.refuse(PAGE, variables, token=token))["code"] == "INVALID_CURSOR"
    for name in ("cdrs", "recordings", "events", "webhookDeliveries"):
        query = f"query($after: String) {{ {name}(after: $after) {{ nodes {{ id }} }} }}"
        assert (await surface.refuse(query, {"after": cursor}))["code"] == "INVALID_CURSOR"


async def test_given_an_empty_list_when_asked_for_then_the_page_is_empty_and_has_no_cursors(surface: Surface) -> None:
    page = (await surface.ask(PAGE))["calls"]
    assert (page["edges"], page["nodes"]) == ([], [])
    assert page["pageInfo"] == {
        "hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None,
    }  # fmt: skip


async def test_given_filters_when_calls_and_records_are_asked_for_then_each_holds(surface: Surface) -> None:
    calls = await _store(surface, 4)
    other = (await _store(surface, 1, number="+15550100003", tags=("vip",), external_id="lead-9"))[0]
    everything = {call.id for call in [*calls, other]}
    minute = {"local": {"dateTime": "2026-03-02T13:02:00", "timeZone": "Europe/Berlin"}}
    for condition, expected in (
        ({"dialledNumber": "+1 555 010-0003"}, {other.id}),
        ({"tag": "vip"}, {other.id}),
        ({"externalId": "lead-9"}, {other.id}),
        ({"created": {"from": {"at": "2026-03-02T12:02:00Z"}}}, {calls[2].id, calls[3].id}),
        ({"created": {"from": minute}}, {calls[2].id, calls[3].id}),
        ({"created": {"to": minute}}, {calls[0].id, calls[1].id, other.id}),
        ({"kinds": ["CLICK_TO_CALL"], "directions": ["OUTBOUND"], "extensions": ["2001"]}, everything),
        ({"kinds": ["INBOUND"]}, set()),
        ({"states": ["ENDED"]}, set()),
        ({"states": []}, everything),
        ({"agentIds": ["agent_1"]}, everything),
    ):
        assert set(_ids((await surface.ask(PAGE, {"filter": condition}))["calls"])) == expected, condition
    refused = await surface.refuse(PAGE, {"filter": {"dialledNumber": "nonsense"}})
    assert (refused["code"], refused["field"]) == ("INVALID_NUMBER", ["filter", "dialledNumber"])
    cdrs = await surface.ask(
        "{ cdrs(filter: {dispositions: [ANSWERED]}, order: TALK_DESC, first: 2) { nodes { callId disposition } "
        "totalCount { count } pageInfo { endCursor } } }"
    )
    assert {node["disposition"] for node in cdrs["cdrs"]["nodes"]} == {Disposition.ANSWERED}
    assert cdrs["cdrs"]["totalCount"] == {"count": 5}


async def test_given_calls_both_ways_when_asked_for_by_the_customers_number_then_both_are_found_and_no_other(
    surface: Surface,
) -> None:
    out, other = await _store(surface, 2, number="+15550100003")
    came = msgspec.structs.replace(
        make_call(account_id=surface.account.id),
        direction=Direction.INBOUND,
        kind=CallKind.INBOUND,
        dialled_number="+15550100000",
        caller_id="+15550100003",
        trunk_id="trunk_in",
    )
    await insert_calls(surface.database, [came])
    async with surface.database.acquire() as connection, connection.transaction():
        record = make_cdr(
            call_id=came.id, direction=came.direction, dialled_number=came.dialled_number, caller_id=came.caller_id
        )
        await insert_cdrs(connection, [(surface.account.id, record)])
    conditions = {"customerNumber": "+1 555 010-0003"}
    assert set(_ids((await surface.ask(PAGE, {"filter": conditions}))["calls"])) == {out.id, other.id, came.id}
    inbound = {"customerNumber": "+15550100003", "trunkIds": ["trunk_in"], "queueIds": []}
    assert _ids((await surface.ask(PAGE, {"filter": inbound}))["calls"]) == [came.id]
    assert _ids((await surface.ask(PAGE, {"filter": {"dialledNumber": "+15550100000"}}))["calls"]) == [came.id]
    listed = await surface.ask(
        '{ cdrs(filter: {customerNumber: "+15550100003"}) { nodes { callId } } '
        'none: cdrs(filter: {customerNumber: "+15550100003", queueIds: ["queue_9"]}) { nodes { callId } } }'
    )
    assert listed == {"cdrs": {"nodes": [{"callId": came.id}]}, "none": {"nodes": []}}
    refused = await surface.refuse(PAGE, {"filter": {"customerNumber": "nonsense"}})
    assert (refused["code"], refused["field"]) == ("INVALID_NUMBER", ["filter", "customerNumber"])


async def test_given_calls_of_a_callback_and_of_a_contact_when_asked_for_then_each_finds_its_own_accounts_alone(
    surface: Surface,
) -> None:
    called, contacted, _ = await _store(surface, 3)
    account = surface.account.id
    async with surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO callback (id, account_id, state, due_at, try_at, wanted, asked_by, grace_seconds,"
            " max_attempts, retry_after_seconds, created_at, updated_at)"
            " VALUES ('cb_1', $1, 'STARTED', now(), now(), '{}', '{}', 1, 1, 1, now(), now())",
            account,
        )
        await connection.execute(
            "INSERT INTO callback_attempt (callback_id, attempt, call_id, due_at, started_at)"
            " VALUES ('cb_1', 1, $1, now(), now())",
            called.id,
        )
        await connection.execute(
            "INSERT INTO campaign (id, account_id, name, kind, definition) VALUES ('cmp_1', $1, 'x', 'AGENT', '{}')",
            account,
        )
        await connection.execute(
            "INSERT INTO campaign_decision (campaign_id, contact_id, n, decided_at, decision, call_id)"
            " VALUES ('cmp_1', 'con_1', 1, now(), '{}', $1)",
            contacted.id,
        )
        await connection.execute("UPDATE cdr SET contact_id = 'con_1' WHERE call_id = $1", contacted.id)
    stranger = await surface.key(account=await surface.accounts.create("rival"))
    query = (
        "query($filter: CallFilterInput) { calls(filter: $filter) { nodes { id } } "
        "cdrs(filter: $filter) { nodes { callId } } }"
    )
    for condition, call in (({"callbackId": "cb_1"}, called), ({"contactId": "con_1"}, contacted)):
        found = await surface.ask(query, {"filter": condition})
        assert found == {"calls": {"nodes": [{"id": call.id}]}, "cdrs": {"nodes": [{"callId": call.id}]}}
        nothing = await surface.ask(query, {"filter": condition}, token=stranger)
        assert nothing == {"calls": {"nodes": []}, "cdrs": {"nodes": []}}


ALL_OF_A_CALL = """query($id: ID!) {
  call(id: $id) { id kind customerParty { number display extension isMasked } agentParty { display extension isMasked }
    dialledNumber { number } callerId { number display isMasked } dtmf legs { party { number } }
    recordings { id sizeBytes customerParty { number } url { url expiresAt } call { id } }
    cdr { customerParty { number display } dialledNumber { number } callerId { number display } dtmf
      metadata { key value } } } }"""


async def test_given_scopes_when_a_call_is_read_then_all_numbers_names_and_keys_are_shown_or_none(
    surface: Surface,
) -> None:
    (call,) = await _store(surface, 1)
    seen = (await surface.ask(ALL_OF_A_CALL, {"id": call.id}))["call"]
    assert seen["customerParty"] == {
        "number": "+15550100000", "display": "Grace", "extension": None, "isMasked": False,
    }  # fmt: skip
    assert (seen["dtmf"], seen["cdr"]["dtmf"]) == ("12#", "12#")
    assert seen["cdr"]["callerId"] == {"number": "+15550199999", "display": "Acme"}
    token = await surface.key(set(Scope) - {Scope.PII_READ, Scope.DTMF_READ})
    response = await surface.post(ALL_OF_A_CALL, {"id": call.id}, token=token)
    masked = response.json()["data"]["call"]
    assert masked["customerParty"] == {
        "number": "+1********00", "display": None, "extension": None, "isMasked": True,
    }  # fmt: skip
    assert masked["agentParty"] == {"display": "Ada", "extension": "2001", "isMasked": False}
    assert (masked["dtmf"], masked["cdr"]["dtmf"]) == ("xxx", "xxx")
    assert masked["recordings"][0]["customerParty"]["number"] == "+1********00"
    assert "5550100" not in response.text
    assert "Grace" not in response.text


async def test_given_a_saved_recording_when_its_address_is_asked_for_then_it_is_absolute_signed_and_expires(
    surface: Surface,
) -> None:
    (call,) = await _store(surface, 1)
    recording = (await surface.ask(ALL_OF_A_CALL, {"id": call.id}))["call"]["recordings"][0]
    assert recording["sizeBytes"] == 3_000_000_000
    assert recording["call"] == {"id": call.id}
    url = urlsplit(recording["url"]["url"])
    assert (url.scheme, url.netloc, url.path) == ("https", "offhook.example", f"/recordings/{recording['id']}")
    assert recording["url"]["expiresAt"].endswith(".000000Z")
    # The signature is good: the row is found, and only the file is not there.
    response = await surface.client.get(f"{url.path}?{url.query}")
    assert response.json()["error"]["code"] not in {"URL_SIGNATURE_INVALID", "URL_EXPIRED"}
    listed = await surface.ask(
        'query($id: ID!) { recordings(filter: {callId: $id, customerNumber: "+15550100000"}) { nodes { id state } } '
        'none: recordings(filter: {customerNumber: "+15550100001"}) { nodes { id } } }',
        {"id": call.id},
    )
    assert listed == {"recordings": {"nodes": [{"id": recording["id"], "state": "SAVED"}]}, "none": {"nodes": []}}
    told_apart = await surface.ask(
        "{ voicemails: recordings(filter: {kinds: [VOICEMAIL]}) { nodes { id } } "
        "talks: recordings(filter: {kinds: [CALL, MESSAGE], states: [SAVED]}) { nodes { id } } "
        "failed: recordings(filter: {states: [FAILED, DELETED]}) { nodes { id } } "
        'extension: recordings(filter: {extensions: ["2001"]}) { nodes { id } } }'
    )
    assert told_apart["talks"]["nodes"] == told_apart["extension"]["nodes"] == [{"id": recording["id"]}]
    assert (told_apart["voicemails"]["nodes"], told_apart["failed"]["nodes"]) == ([], [])


async def test_given_a_recording_that_is_not_saved_when_its_address_is_asked_for_then_there_is_none(
    surface: Surface,
) -> None:
    (call,) = await _store(surface, 1)
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE recording SET state = 'COLLECTING'")
    recording = (await surface.ask(ALL_OF_A_CALL, {"id": call.id}))["call"]["recordings"][0]
    assert recording["url"] is None


async def test_given_ids_of_every_kind_when_nodes_are_asked_for_then_each_is_found_in_order_and_strangers_see_none(
    surface: Surface,
) -> None:
    (call,) = await _store(surface, 1)
    cdr_id = (await surface.ask("query($id: ID!) { call(id: $id) { cdr { id } } }", {"id": call.id}))["call"]["cdr"][
        "id"
    ]
    ids = [call.id, call.legs[1].id, cdr_id, call.recordings[0].id, new_id(Kind.CALL), "nonsense", surface.account.id]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = (await surface.ask(query, {"ids": ids}))["nodes"]
    assert [one and one["__typename"] for one in found] == ["Call", "Leg", "Cdr", "Recording", None, None, None]
    assert [one["id"] for one in found[:4]] == ids[:4]
    stranger = await surface.key(account=await surface.accounts.create("rival"))
    assert (await surface.ask(query, {"ids": ids}, token=stranger))["nodes"] == [None] * len(ids)
    assert (await surface.refuse(query, {"ids": [call.id] * 101}))["code"] == "INVALID_INPUT"


async def test_given_a_campaigns_call_that_waits_in_a_queue_when_read_then_queue_list_and_each_legs_call_are_told(
    surface: Surface,
) -> None:
    given = {"name": "Help", "strategy": "LONGEST_IDLE"}
    made = await surface.ask(
        "mutation($input: CreateQueueInput!) { createQueue(input: $input) { queue { id } } }", {"input": given}
    )
    queue_id = made["createQueue"]["queue"]["id"]
    waits = msgspec.structs.replace(
        make_call(account_id=surface.account.id),
        queue=QueueWait(queue_id=queue_id, max_wait_seconds=60.0),
        errand=Errand(contact_list_id=new_id(Kind.CONTACT_LIST)),
    )
    plain = make_call(account_id=surface.account.id)
    await insert_calls(surface.database, [waits, plain])
    query = """query($id: ID!, $leg: ID!) {
      call(id: $id) { queueId queue { id name } contactListId legs { callId } } node(id: $leg) { ... on Leg { callId } }
    }"""
    found = await surface.ask(query, {"id": waits.id, "leg": waits.legs[1].id})
    assert waits.errand is not None
    assert found["call"] == {
        "queueId": queue_id,
        "queue": {"id": queue_id, "name": "Help"},
        "contactListId": waits.errand.contact_list_id,
        "legs": [{"callId": waits.id}, {"callId": waits.id}],
    }
    assert found["node"] == {"callId": waits.id}
    other = (await surface.ask(query, {"id": plain.id, "leg": waits.legs[0].id}))["call"]
    assert (other["queueId"], other["queue"], other["contactListId"]) == (None, None, None)
    token = await surface.key(set(Scope) - {Scope.ROUTING})
    body = (
        await surface.post("query($id: ID!) { call(id: $id) { queueId queue { id } } }", {"id": waits.id}, token=token)
    ).json()
    assert body["data"]["call"] == {"queueId": queue_id, "queue": None}
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_given_a_key_a_template_and_a_sound_file_when_asked_for_one_by_one_then_only_their_account_sees_them(
    surface: Surface,
) -> None:
    key_id = (await surface.ask("{ viewer { keyId } }"))["viewer"]["keyId"]
    made = await surface.ask(
        "mutation($input: CreateAnnouncementTemplateInput!) "
        "{ createAnnouncementTemplate(input: $input) { announcementTemplate { id } } }",
        {"input": {"name": "Hello", "text": "Hello {name}"}},
    )
    template_id = made["createAnnouncementTemplate"]["announcementTemplate"]["id"]
    audio_id = new_id(Kind.AUDIO_FILE)
    async with surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO audio_file (id, account_id, name, format, channels, sample_rate, duration_seconds) "
            "VALUES ($1, $2, 'Welcome', 'WAV', 1, 8000, 1.5)",
            *(audio_id, surface.account.id),
        )
    query = """query($key: ID!, $template: ID!, $audio: ID!) {
      apiKey(id: $key) { id name } announcementTemplate(id: $template) { id text } audioFile(id: $audio) { id name }
      node(id: $key) { __typename id }
    }"""
    ids = {"key": key_id, "template": template_id, "audio": audio_id}
    assert await surface.ask(query, ids) == {
        "apiKey": {"id": key_id, "name": "all"},
        "announcementTemplate": {"id": template_id, "text": "Hello {name}"},
        "audioFile": {"id": audio_id, "name": "Welcome"},
        "node": {"__typename": "ApiKey", "id": key_id},
    }
    stranger = await surface.key(account=await surface.accounts.create("rival"))
    nothing = dict.fromkeys(("apiKey", "announcementTemplate", "audioFile", "node"))
    assert await surface.ask(query, ids, token=stranger) == nothing


async def test_given_a_key_with_one_scope_when_nodes_of_several_kinds_are_asked_for_then_only_the_others_fail(
    surface: Surface,
) -> None:
    (call,) = await _store(surface, 1)
    token = await surface.key({Scope.CALLS_READ})
    body = (
        await surface.post(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            {"ids": [call.id, call.recordings[0].id]},
            token=token,
        )
    ).json()
    assert body["data"]["nodes"] == [{"id": call.id}, None]
    assert [(error["path"], error["extensions"]["code"]) for error in body["errors"]] == [(["nodes", 1], "FORBIDDEN")]


async def test_given_a_page_of_calls_when_everything_around_them_is_asked_for_then_each_kind_takes_one_query(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _store(surface, 20)
    counts: dict[str, int] = {}
    services = surface.services
    for owner, name in (
        (type(services.call_queries), "get_many"),
        (type(services.cdr_queries), "get_by_call"),
        (type(services.recordings), "of_calls"),
    ):
        _count(monkeypatch, owner, name, counts)
    data = await surface.ask(
        "{ calls(first: 20) { nodes { cdr { id call { id } recordings { id call { state } } } recordings { id } } } }"
    )
    assert len(data["calls"]["nodes"]) == 20
    assert all(node["cdr"]["call"] and node["recordings"] for node in data["calls"]["nodes"])
    assert counts == {"get_many": 1, "get_by_call": 1, "of_calls": 1}


def _count(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, counts: dict[str, int]) -> None:
    original = getattr(owner, name)

    async def counting(*arguments: Any) -> Any:
        counts[name] = counts.get(name, 0) + 1
        return await original(*arguments)

    monkeypatch.setattr(owner, name, counting)


async def test_given_a_list_when_total_count_is_not_asked_for_then_nobody_counts(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: dict[str, int] = {}
    _count(monkeypatch, type(surface.services.call_queries), "count", counts)
    await surface.ask("{ calls { nodes { id } } }")
    assert counts == {}
    await surface.ask("{ calls { totalCount { count } } }")
    assert counts == {"count": 1}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+442079460958", {"isValid": True, "country": "GB", "e164": "+442079460958", "invalidReason": None}),
        ("(212) 555-0123", {"isValid": True, "country": "US", "e164": "+12125550123", "invalidReason": None}),
        ("+15550100000", {"isValid": True, "country": "US", "e164": "+15550100000", "invalidReason": None}),
    ],
)
async def test_given_a_number_when_looked_up_then_what_is_known_comes_back(
    surface: Surface, number: str, expected: dict[str, Any]
) -> None:
    query = "query($n: PhoneNumber!) { numberLookup(number: $n) { isValid country e164 invalidReason } }"
    assert (await surface.ask(query, {"n": number}))["numberLookup"] == expected


async def test_given_no_number_when_looked_up_then_the_answer_says_why_and_is_no_error(surface: Surface) -> None:
    found = await surface.ask('{ numberLookup(number: "nonsense") { isValid invalidReason e164 zones lineType } }')
    assert found["numberLookup"]["isValid"] is False
    assert found["numberLookup"]["invalidReason"]
    assert (found["numberLookup"]["e164"], found["numberLookup"]["zones"]) == (None, [])


async def test_given_a_call_between_extensions_when_read_without_scopes_then_what_was_dialled_is_an_extension_and_told(
    surface: Surface,
) -> None:
    (call,) = await _store(surface, 1)
    inside = msgspec.structs.replace(call, id=new_id(Kind.CALL), dialled_number="2003", caller_id=None)
    failed = msgspec.structs.replace(
        inside.legs[0], id=new_id(Kind.LEG), dialing_at=NOON, failure="POST /channels/create: 500 Allocation failed"
    )
    inside = msgspec.structs.replace(inside, legs=(failed,), recordings=())
    await insert_calls(surface.database, [inside])
    token = await surface.key({Scope.CALLS_READ})
    query = """query($id: ID!) { call(id: $id) { dialledNumber { number extension isMasked }
      legs { startedAt channelCreatedAt failure } } }"""
    assert (await surface.ask(query, {"id": inside.id}, token=token))["call"] == {
        "dialledNumber": {"number": None, "extension": "2003", "isMasked": False},
        "legs": [
            {
                "startedAt": rfc3339(NOON),
                "channelCreatedAt": None,
                "failure": "POST /channels/create: 500 Allocation failed",
            }
        ],
    }
