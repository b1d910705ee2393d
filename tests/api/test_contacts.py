"""Contact lists, DNC lists and imports over GraphQL."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app import failpoints
from app.accounts.scopes import Scope
from app.contacts.import_batches import BATCH_ROWS
from app.contacts.imports import object_folder
from app.failpoints import Armed, Effect, Failpoint
from app.ids import Kind, new_id, part_id
from tests.api.conftest import ALL_SCOPES, Surface
from tests.api.lists_desk import (
    CONTACT,
    DEADLINE_SECONDS,
    do,
    fetch_report,
    finished,
    make_dnc_list,
    make_list,
    mutation_of,
    refused,
    upload,
    working,
)
from tests.api.test_websocket import opened

pytestmark = pytest.mark.postgres

CONTACTS = f"""
query($id: ID!, $filter: ContactFilterInput, $first: Int, $after: String) {{
  contacts(listId: $id, filter: $filter, first: $first, after: $after) {{
    nodes {{ {CONTACT} }} pageInfo {{ hasNextPage endCursor }} totalCount {{ count precision }} }} }}
"""
ENTRIES = """
query($id: ID!, $number: PhoneNumber) { dncEntries(listId: $id, number: $number) {
    nodes { party { number isMasked } reason source } edges { cursor } totalCount { count } } }
"""
FOLLOW = """
subscription($id: ID!) { jobProgress(id: $id) { ... on JobChanged { job { state progress counts { processed } } } } }
"""
LISTS = "{ contactLists { nodes { id name columns version } } dncLists { nodes { id name appliesToAll } } }"
EVE: dict[str, Any] = {
    "number": "+12125550123",
    "name": "Eva",
    "timeZone": "Europe/Berlin",
    "externalId": "crm-1",
    "fields": [{"name": "city", "value": "Berlin"}],
}


async def test_given_a_list_when_made_changed_and_deleted_then_it_is_listed_as_it_is(surface: Surface) -> None:
    made = (await do(surface, "createContactList", name="March", description="Leads", columns=["city"]))["contactList"]
    assert {**made, "id": ""} == {"id": "", "name": "March", "description": "Leads", "columns": ["city"], "version": 1}
    changed = await do(surface, "updateContactList", id=made["id"], name="April", description=None)
    assert changed["contactList"] == {**made, "name": "April", "description": None, "version": 2}
    dnc = await make_dnc_list(surface, appliesToAll=False)
    await do(surface, "updateDncList", id=dnc, appliesToAll=True)
    assert await surface.ask(LISTS) == {
        "contactLists": {"nodes": [{"id": made["id"], "name": "April", "columns": ["city"], "version": 2}]},
        "dncLists": {"nodes": [{"id": dnc, "name": "Never", "appliesToAll": True}]},
    }
    nodes = await surface.ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": [made["id"], dnc]})
    assert [one["__typename"] for one in nodes["nodes"]] == ["ContactList", "DncList"]
    await do(surface, "deleteContactList", id=made["id"])
    await do(surface, "deleteDncList", id=dnc)
    assert await surface.ask(LISTS) == {"contactLists": {"nodes": []}, "dncLists": {"nodes": []}}


async def test_given_contacts_when_added_found_changed_and_removed_then_the_list_has_them_once(
    surface: Surface,
) -> None:
    list_id = await make_list(surface)
    added = await do(surface, "addContacts", listId=list_id, contacts=[EVE, {"number": "(212) 555-0124"}])
    assert (added["addedCount"], added["updatedCount"]) == (2, 0)
    eve, bo = added["contacts"]
    assert {**eve, "id": ""} == {
        "id": "",
        "listId": list_id,
        "party": {"number": "+12125550123", "display": "Eva", "isMasked": False},
        "timeZone": "Europe/Berlin",
        "zones": ["Europe/Berlin"],
        "zoneSource": "GIVEN",
        "fields": [{"name": "city", "value": "Berlin"}],
        "externalId": "crm-1",
    }
    assert (bo["party"]["number"], bo["zones"], bo["zoneSource"]) == ("+12125550124", ["America/New_York"], "NUMBER")
    again = await do(surface, "addContacts", listId=list_id, contacts=[{"number": "+1 212 555 0123", "name": "Eve"}])
    assert (again["addedCount"], again["updatedCount"]) == (0, 1)
    assert again["contacts"] == [{**eve, "party": {**eve["party"], "display": "Eve"}}]

    fields = [{"name": "city", "value": None}, {"name": "plan", "value": "gold"}]
    changed = (await do(surface, "updateContact", id=eve["id"], name=None, timeZone=None, fields=fields))["contact"]
    assert (changed["party"]["display"], changed["zoneSource"]) == (None, "NUMBER")
    assert changed["fields"] == [{"name": "plan", "value": "gold"}]
    assert changed["externalId"] == "crm-1"

    page = (await surface.ask(CONTACTS, {"id": list_id, "first": 1}))["contacts"]
    assert [one["id"] for one in page["nodes"]] == [eve["id"]]
    assert page["totalCount"] == {"count": 2, "precision": "EXACT"}
    rest = (await surface.ask(CONTACTS, {"id": list_id, "after": page["pageInfo"]["endCursor"]}))["contacts"]
    assert [one["id"] for one in rest["nodes"]] == [bo["id"]]
    for where in ({"number": "212 555 0123"}, {"externalId": "crm-1"}):
        found = (await surface.ask(CONTACTS, {"id": list_id, "filter": where}))["contacts"]["nodes"]
        assert [one["id"] for one in found] == [eve["id"]]
    one = await surface.ask(f"query($id: ID!) {{ contact(id: $id) {{ {CONTACT} }} }}", {"id": bo["id"]})
    assert one["contact"] == bo

    removed = await do(surface, "removeContacts", ids=[eve["id"], eve["id"], new_id(Kind.CONTACT)])
    assert removed["removedIds"] == [eve["id"]]
    left = (await surface.ask(CONTACTS, {"id": list_id}))["contacts"]["nodes"]
    assert [one["id"] for one in left] == [bo["id"]]
    async with surface.database.acquire() as connection:
        kept = await connection.fetchrow(
            "SELECT number, name, fields, external_id FROM contact WHERE id = $1", eve["id"]
        )
    assert kept is not None
    assert tuple(kept) == ("+12125550123", None, {}, None)
    back = (await do(surface, "addContacts", listId=list_id, contacts=[{"number": "+12125550123"}]))["contacts"]
    assert (back[0]["id"], back[0]["party"]["display"]) == (eve["id"], None)
    order = (await surface.ask(CONTACTS, {"id": list_id}))["contacts"]["nodes"]
    assert [one["id"] for one in order] == [bo["id"], eve["id"]]


@pytest.mark.parametrize(
    ("contact", "error"),
    [
        ({"number": "300&PJSIP/1900@t"}, ("INVALID_NUMBER", "contacts.0.number")),
        ({"number": "911"}, ("INVALID_NUMBER", "contacts.0.number")),
        ({**EVE, "timeZone": "../etc/passwd"}, ("INVALID_INPUT", "contacts.0.timeZone")),
        ({**EVE, "name": "a\nb"}, ("INVALID_INPUT", "contacts.0.name")),
        ({**EVE, "externalId": "x" * 300}, ("INVALID_INPUT", "contacts.0.externalId")),
        ({**EVE, "fields": [{"name": "a b", "value": "x"}]}, ("INVALID_INPUT", "contacts.0.fields.0")),
        ({**EVE, "fields": [{"name": "a", "value": "\x07"}]}, ("INVALID_INPUT", "contacts.0.fields.a")),
        ({**EVE, "fields": [{"name": "a", "value": "1"}] * 2}, ("INVALID_INPUT", "contacts.0.fields")),
    ],
)
async def test_given_a_contact_that_is_malformed_when_added_then_nothing_is(
    surface: Surface, contact: dict[str, Any], error: tuple[str, str]
) -> None:
    list_id = await make_list(surface)
    others = [{"number": "+12125550199"}]
    assert await refused(surface, "addContacts", listId=list_id, contacts=[contact, *others]) == [error]
    assert (await surface.ask(CONTACTS, {"id": list_id}))["contacts"]["nodes"] == []


async def test_given_a_number_twice_or_too_many_when_added_then_it_is_refused(surface: Surface) -> None:
    list_id = await make_list(surface)
    twice = [{"number": "+12125550123"}, {"number": "212-555-0123"}]
    assert await refused(surface, "addContacts", listId=list_id, contacts=twice) == [
        ("INVALID_INPUT", "contacts.1.number")
    ]
    assert await refused(surface, "addContacts", listId=list_id, contacts=[]) == [("INVALID_INPUT", "contacts")]
    many = [{"number": "1"}] * 1001
    assert await refused(surface, "addContacts", listId=list_id, contacts=many) == [("INVALID_INPUT", "contacts")]


async def test_given_numbers_when_put_on_a_dnc_list_then_it_is_told_once_each_and_they_can_be_taken_off(
    surface: Surface,
) -> None:
    list_id = await make_dnc_list(surface)
    entries = [{"number": "+12125550123", "reason": "asked"}, {"number": "+12125550124"}]
    added = (await do(surface, "addDncEntries", listId=list_id, entries=entries))["entries"]
    assert [(one["party"]["number"], one["reason"], one["source"]) for one in added] == [
        ("+12125550123", "asked", "API"),
        ("+12125550124", None, "API"),
    ]
    again = (await do(surface, "addDncEntries", listId=list_id, entries=[{"number": "+12125550123"}]))["entries"]
    assert again == added[:1]
    query = (
        "{ events { nodes { type subjectId ... on DncEntryAddedEvent { listId party { number } source reason } } } }"
    )
    events = (await surface.ask(query))["events"]["nodes"]
    assert [(one["type"], one["listId"], one["party"]["number"], one["reason"]) for one in events] == [
        ("DNC_ENTRY_ADDED", list_id, "+12125550123", "asked"),
        ("DNC_ENTRY_ADDED", list_id, "+12125550124", None),
    ]
    found = (await surface.ask(ENTRIES, {"id": list_id, "number": "+12125550124"}))["dncEntries"]
    assert [one["party"]["number"] for one in found["nodes"]] == ["+12125550124"]
    removed = await do(surface, "removeDncEntries", listId=list_id, numbers=["+12125550124", "+12125550125"])
    assert removed == {"removedCount": 1}
    assert (await surface.ask(ENTRIES, {"id": list_id}))["dncEntries"]["totalCount"] == {"count": 1}
    for name, given in (("addDncEntries", {"entries": [{"number": "x"}]}), ("removeDncEntries", {"numbers": ["x"]})):
        ((code, _),) = await refused(surface, name, listId=list_id, **given)
        assert code == "INVALID_NUMBER"


async def test_given_a_key_that_may_not_see_numbers_when_it_reads_then_it_sees_no_number_and_no_name(
    surface: Surface,
) -> None:
    list_id, dnc_id = await make_list(surface), await make_dnc_list(surface)
    await do(surface, "addContacts", listId=list_id, contacts=[EVE])
    await do(surface, "addDncEntries", listId=dnc_id, entries=[{"number": "+12125550123"}])
    token = await surface.key(ALL_SCOPES - {Scope.PII_READ})
    ((contact),) = (await surface.ask(CONTACTS, {"id": list_id}, token=token))["contacts"]["nodes"]
    assert contact["party"] == {"number": "+1********23", "display": None, "isMasked": True}
    assert contact["fields"] == [{"name": "city", "value": "*"}]
    entries = (await surface.ask(ENTRIES, {"id": dnc_id}, token=token))["dncEntries"]
    assert entries["nodes"][0]["party"] == {"number": "+1********23", "isMasked": True}
    events = await surface.ask("{ events { nodes { ... on DncEntryAddedEvent { party { number } } } } }", token=token)
    assert events["events"]["nodes"] == [{"party": {"number": "+1********23"}}]


@pytest.mark.parametrize(
    ("name", "scope"),
    [("createContactList", "contacts"), ("createDncList", "dnc"), ("importContacts", "contacts")],
)
async def test_given_a_key_without_the_scope_when_it_asks_then_it_is_forbidden(
    surface: Surface, name: str, scope: str
) -> None:
    token = await surface.key(ALL_SCOPES - {Scope(scope)})
    given: dict[str, Any] = {"name": "x"}
    if name == "importContacts":
        given = {"listId": "x", "source": {"uploadId": "x"}}
    error = await surface.refuse(mutation_of(name), {"input": given}, token=token)
    assert error["code"] == "FORBIDDEN"


async def test_given_a_key_for_lists_alone_when_it_uploads_then_it_may_put_csv_and_no_sounds(surface: Surface) -> None:
    token = await surface.key({Scope.DNC})
    assert await upload(surface, b"number\n+12125550123\n", token=token)
    given = {"contentType": "audio/wav", "sizeBytes": 5}
    assert (await surface.refuse(mutation_of("createUpload"), {"input": given}, token=token))["code"] == "FORBIDDEN"
    token = await surface.key({Scope.ROUTING})
    given = {"contentType": "text/csv", "sizeBytes": 5}
    assert (await surface.refuse(mutation_of("createUpload"), {"input": given}, token=token))["code"] == "FORBIDDEN"


async def test_given_another_account_when_it_asks_for_these_lists_then_there_are_none(surface: Surface) -> None:
    list_id, dnc_id = await make_list(surface), await make_dnc_list(surface)
    contact_id = (await do(surface, "addContacts", listId=list_id, contacts=[EVE]))["contacts"][0]["id"]
    await do(surface, "addDncEntries", listId=dnc_id, entries=[{"number": "+12125550123"}])
    upload_id = await upload(surface, b"number\n+12125550123\n")
    other = await surface.key(account=await surface.accounts.create("other", display_name="Other"))

    async def refuse(name: str, /, **given: Any) -> list[tuple[str, str]]:
        return await refused(surface, name, token=other, **given)

    assert await refuse("updateContactList", id=list_id, name="x") == [("NOT_FOUND", "id")]
    assert await refuse("deleteContactList", id=list_id) == [("NOT_FOUND", "id")]
    assert await refuse("addContacts", listId=list_id, contacts=[EVE]) == [("NOT_FOUND", "listId")]
    assert await refuse("updateContact", id=contact_id, name="x") == [("NOT_FOUND", "id")]
    assert await refuse("updateDncList", id=dnc_id, name="x") == [("NOT_FOUND", "id")]
    assert await refuse("deleteDncList", id=dnc_id) == [("NOT_FOUND", "id")]
    assert await refuse("addDncEntries", listId=dnc_id, entries=[{"number": "+12125550124"}]) == [
        ("NOT_FOUND", "listId")
    ]
    assert await refuse("removeDncEntries", listId=dnc_id, numbers=["+12125550123"]) == [("NOT_FOUND", "listId")]
    assert await refuse("importContacts", listId=list_id, source={"uploadId": upload_id}) == [("NOT_FOUND", "uploadId")]
    assert await refuse("createExport", subject={"contacts": {"listId": list_id}}) == [("NOT_FOUND", "listId")]
    removed = await do(surface, "removeContacts", token=other, ids=[contact_id])
    assert removed == {"removedIds": []}
    nothing = await surface.ask(CONTACTS, {"id": list_id}, token=other)
    assert nothing["contacts"]["nodes"] == []
    assert (await surface.ask(ENTRIES, {"id": dnc_id}, token=other))["dncEntries"]["nodes"] == []
    assert (await surface.ask(LISTS, token=other))["contactLists"]["nodes"] == []
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    nodes = await surface.ask(query, {"ids": [list_id, contact_id, dnc_id]}, token=other)
    assert nodes["nodes"] == [None, None, None]
    assert len((await surface.ask(CONTACTS, {"id": list_id}))["contacts"]["nodes"]) == 1


async def test_given_an_uploaded_file_when_imported_then_the_job_tells_what_became_of_each_row(
    surface: Surface, tmp_path: Path
) -> None:
    list_id = await make_list(surface)
    content = "Telefon;Name;Stadt\r\n+12125550123;Müller;Köln\r\n+12125550123;x;\r\n1900;=1+1;\r\n".encode("cp1252")
    upload_id = await upload(surface, content)
    async with working(surface, tmp_path):
        asked = await do(surface, "importContacts", listId=list_id, source={"uploadId": upload_id})
        job = await finished(surface, asked["job"]["id"])
        assert (job["state"], job["subjectId"], job["failure"]) == ("FINISHED", list_id, None)
        assert job["counts"] == {"processed": 3, "added": 1, "updated": 0, "skipped": 1, "rejected": 1}
        report = (await fetch_report(surface, job)).splitlines()
        assert report[:3] == ["row,outcome,reason,detail", "2,ADDED,,", "3,SKIPPED,DUPLICATE_IN_FILE,"]
        assert report[3].startswith("4,REJECTED,NUMBER_INVALID,")
        (contact,) = (await surface.ask(CONTACTS, {"id": list_id}))["contacts"]["nodes"]
        assert (contact["party"]["display"], contact["fields"]) == ("Müller", [{"name": "stadt", "value": "Köln"}])
        again = await refused(surface, "importContacts", listId=list_id, source={"uploadId": upload_id})
        assert again == [("NOT_FOUND", "uploadId")]

        dnc_id = await make_dnc_list(surface)
        source = {"uploadId": await upload(surface, b"+12125550123\n+12125550124\n")}
        dnc = await do(surface, "importDncEntries", listId=dnc_id, source=source)
        assert (await finished(surface, dnc["job"]["id"]))["counts"]["added"] == 2
        assert (await surface.ask(ENTRIES, {"id": dnc_id}))["dncEntries"]["totalCount"] == {"count": 2}

        nonsense = {"uploadId": await upload(surface, b"name,city\nBob,Rome\n")}
        failed = await do(surface, "importContacts", listId=list_id, source=nonsense)
        job = await finished(surface, failed["job"]["id"])
        assert job["state"] == "FAILED"
        assert "telephone numbers" in job["failure"]
    assert await surface.services.speech.audio_files.remove_files() is False
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM upload") == 0


async def test_given_a_file_of_two_batches_when_its_import_is_followed_then_each_is_told_as_it_is_written(
    surface: Surface, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()

    async def reach(place: Failpoint) -> None:
        if place is Failpoint.IMPORT_BATCH_COMMITTED:
            await may_go_on.wait()

    monkeypatch.setattr(failpoints, "armed", Armed(Failpoint.IMPORT_BATCH_COMMITTED, Effect.SLEEP))
    monkeypatch.setattr(failpoints, "reach", reach)
    rows = BATCH_ROWS + BATCH_ROWS // 2
    list_id = await make_list(surface)
    # So wide that what is read ahead of a batch is little of it.
    content = "number,note\n" + "".join(f"+1212{2_000_000 + place},{'x' * 400}\n" for place in range(rows))
    upload_id = await upload(surface, content.encode())
    asked = await do(surface, "importContacts", listId=list_id, source={"uploadId": upload_id})
    told = []
    async with asyncio.timeout(DEADLINE_SECONDS), opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(FOLLOW, variables={"id": asked["job"]["id"]})
        first = (await socket.receive())["payload"]["data"]["jobProgress"]["job"]
        assert (first["state"], first["progress"], first["counts"]["processed"]) == ("QUEUED", None, 0)
        async with working(surface, tmp_path):
            while (message := await socket.receive())["type"] != "complete":
                job = message["payload"]["data"]["jobProgress"]["job"]
                told.append((job["state"], job["counts"]["processed"], job["progress"]))
                if job["counts"]["processed"] == BATCH_ROWS:
                    may_go_on.set()
    (half,) = {progress for state, processed, progress in told if (state, processed) == ("RUNNING", BATCH_ROWS)}
    assert BATCH_ROWS / rows <= half < 1.0
    assert told[-1] == ("FINISHED", rows, 1.0)


async def test_given_an_object_of_the_account_when_imported_then_it_is_read_and_stays(
    surface: Surface, tmp_path: Path
) -> None:
    list_id = await make_list(surface)
    path = tmp_path / "recordings" / object_folder(surface.account.id) / "2026" / "march.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"number\n+12125550123\n")
    async with working(surface, tmp_path):
        asked = await do(surface, "importContacts", listId=list_id, source={"objectName": "2026/march.csv"})
        assert (await finished(surface, asked["job"]["id"]))["counts"]["added"] == 1
    assert path.exists()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"source": {"objectName": "../../other/imports/x.csv"}}, ("INVALID_INPUT", "source.objectName")),
        ({"source": {"objectName": "/etc/passwd"}}, ("INVALID_INPUT", "source.objectName")),
        ({"source": {"objectName": "a/../b"}}, ("INVALID_INPUT", "source.objectName")),
        ({"source": {"objectName": "none.csv"}}, ("NOT_FOUND", "source.objectName")),
        ({"source": {"uploadId": "upl_x"}}, ("NOT_FOUND", "uploadId")),
        ({"columns": [{"role": "NUMBER"}]}, ("INVALID_INPUT", "columns.0")),
        ({"columns": [{"role": "NUMBER", "place": 1, "field": "x"}]}, ("INVALID_INPUT", "columns.0.field")),
        ({"columns": [{"role": "FIELD", "place": 1, "field": "x y"}]}, ("INVALID_INPUT", "columns.0.field")),
    ],
)
async def test_given_an_import_that_is_malformed_when_asked_for_then_there_is_no_job(
    surface: Surface, given: dict[str, Any], error: tuple[str, str]
) -> None:
    list_id = await make_list(surface)
    source = {"uploadId": await upload(surface, b"number\n+12125550123\n")}
    assert await refused(surface, "importContacts", **{"listId": list_id, "source": source, **given}) == [error]
    assert (await surface.ask("{ jobs { nodes { id } } }"))["jobs"]["nodes"] == []


async def test_given_a_sound_file_or_no_file_when_imported_then_it_is_refused(surface: Surface) -> None:
    list_id = await make_list(surface)
    sound = await upload(surface, b"RIFF", "audio/wav")
    assert await refused(surface, "importContacts", listId=list_id, source={"uploadId": sound}) == [
        ("INVALID_INPUT", "uploadId")
    ]
    waiting = (await do(surface, "createUpload", contentType="text/csv", sizeBytes=5))["upload"]["id"]
    assert await refused(surface, "importContacts", listId=list_id, source={"uploadId": waiting}) == [
        ("INVALID_STATE", "uploadId")
    ]


async def test_given_an_entry_of_a_list_when_asked_for_by_its_id_then_it_is_found_while_it_is_there(
    surface: Surface,
) -> None:
    list_id = await make_dnc_list(surface)
    add = "mutation($input: AddDncEntriesInput!) { addDncEntries(input: $input) { entries { id party { number } } } }"
    given = {"listId": list_id, "entries": [{"number": "+12125550123"}, {"number": "+12125550124"}]}
    entries = (await surface.ask(add, {"input": given}))["addDncEntries"]["entries"]
    assert len({one["id"] for one in entries}) == 2
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on DncEntry { listId party { number } } } }"
    ids = {"ids": [one["id"] for one in entries]}
    expected = [{"id": one["id"], "listId": list_id, "party": one["party"]} for one in entries]
    assert (await surface.ask(query, ids))["nodes"] == expected
    stranger = await surface.key(account=await surface.accounts.create("others"))
    assert (await surface.ask(query, ids, token=stranger))["nodes"] == [None, None]
    nobody = {"ids": [part_id(Kind.DNC_ENTRY, list_id, 2**63 - 1), part_id(Kind.DNC_ENTRY, list_id, 2**64)]}
    assert (await surface.ask(query, nobody))["nodes"] == [None, None]
    await do(surface, "removeDncEntries", listId=list_id, numbers=["+12125550123"])
    assert (await surface.ask(query, ids))["nodes"] == [None, expected[1]]
    await do(surface, "deleteDncList", id=list_id)
    assert (await surface.ask(query, ids))["nodes"] == [None, None]
