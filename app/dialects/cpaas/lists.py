"""Lists of contacts, and of numbers that must not be called."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.again import describe, made_before
from app.dialects.cpaas.given import Given, GivenRefusedError
from app.dialects.desk import AskRefusedError, Desk
from app.ids import Kind, kind_of

_CREATE: Final = """mutation CpaasList($input: CreateContactListInput!) {
  createContactList(input: $input) {
    contactList { id } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_CREATE_DND: Final = """mutation CpaasDndList($input: CreateDncListInput!) {
  createDncList(input: $input) { dncList { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_LISTS: Final = """query CpaasLists($first: Int!, $after: String) {
  contactLists(first: $first, after: $after) { nodes { id description } pageInfo { hasNextPage endCursor } }
}"""
_DND_LISTS: Final = """query CpaasDndLists($first: Int!, $after: String) {
  dncLists(first: $first, after: $after) { nodes { id description } pageInfo { hasNextPage endCursor } }
}"""
_ADD: Final = """mutation CpaasContacts($input: AddContactsInput!) {
  addContacts(input: $input) {
    addedCount updatedCount userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_ADD_DND: Final = """mutation CpaasDndContacts($input: AddDncEntriesInput!) {
  addDncEntries(input: $input) {
    entries { __typename } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_IMPORT: Final = """mutation CpaasImport($input: ImportContactsInput!) {
  importContacts(input: $input) {
    job { id } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_IMPORT_DND: Final = """mutation CpaasDndImport($input: ImportDncEntriesInput!) {
  importDncEntries(input: $input) {
    job { id } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_JOB: Final = """query CpaasJob($id: ID!) {
  job(id: $id) { state failure counts { added updated existing } }
}"""

#: How many are put into a list at once; the schema's own limit.
_AT_ONCE: Final = 1000
#: How long an answer waits for an import. What takes longer goes on by itself.
_WAIT_SECONDS: Final = 25.0
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_UNDER_WAY: Final = frozenset({"QUEUED", "RUNNING"})


async def create_list(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Make a list of contacts. The same request again gives the same list, whose id its client may not have got."""
    wanted = {"name": given.needed("list_name"), "description": describe(key)}
    try:
        made = (await desk.ask(_CREATE, {"input": wanted}))["createContactList"]["contactList"]["id"]
    except AskRefusedError as refused:
        made = await made_before(desk, refused, _LISTS, key)
    return answers.succeed(list_id=made)


async def create_dnd_list(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Make a list of numbers that must not be called by campaigns that name it. The same again is the same list."""
    wanted = {"name": given.needed("dnd_list_name"), "description": describe(key), "appliesToAll": False}
    try:
        made = (await desk.ask(_CREATE_DND, {"input": wanted}))["createDncList"]["dncList"]["id"]
    except AskRefusedError as refused:
        made = await made_before(desk, refused, _DND_LISTS, key)
    return answers.succeed(dnd_list_id=made)


async def add_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Put contacts into a list, a thousand at a time, each thousand all or none. Of equal numbers the last counts."""
    list_id = given.needed("list_id")
    contacts = [
        {
            "number": one.needed("contact_number"),
            "name": one.text("contact_name"),
            "fields": one.pairs("contact_fields"),
        }
        for one in given.items("contacts")
    ]
    count = 0
    for begin, part in _parts(contacts):
        with _counting_from(begin):
            done = await _add(desk, (_ADD, "addContacts", "contacts"), list_id, part)
        count += done["addedCount"] + done["updatedCount"]
    return answers.succeed(message=f"({count}) contacts imported successfully")


async def add_dnd_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Put numbers on a list of those that must not be called, as above. A contact's name is the entry's reason."""
    list_id = given.needed("dnd_list_id")
    entries = [
        {"number": one.needed("dnd_contact_number"), "reason": one.text("dnd_contact_name")}
        for one in given.items("dnd_contacts")
    ]
    count = 0
    for begin, part in _parts(entries):
        with _counting_from(begin):
            done = await _add(desk, (_ADD_DND, "addDncEntries", "entries"), list_id, part)
        count += len(done["entries"])
    return answers.succeed(message=f"({count}) DND contacts imported successfully")


async def import_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Read a CSV file into a list of contacts."""
    wanted = {"listId": given.needed("list_id"), "source": _source(given.needed("csv_name"))}
    job_id = (await desk.ask(_IMPORT, {"input": wanted}))["importContacts"]["job"]["id"]
    return await _wait(desk, job_id, "contacts", "csv_name")


async def import_dnd_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Read a CSV file onto a list of numbers that must not be called."""
    wanted = {"listId": given.needed("dnd_list_id"), "source": _source(given.needed("dnd_csv_name"))}
    job_id = (await desk.ask(_IMPORT_DND, {"input": wanted}))["importDncEntries"]["job"]["id"]
    return await _wait(desk, job_id, "DND contacts", "dnd_csv_name")


async def _add(desk: Desk, way: tuple[str, str, str], list_id: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Put items into a list; ``way`` is the document, the mutation's name and that of its items.

    Which numbers are equal is the schema's to say. It names all but the first of them, so it is asked for these the
    other way round, and then for the items without them.

    Raises:
        AskRefusedError: an item's place in ``field`` is that among these items.
    """
    document, mutation, name = way

    async def ask(asked: list[dict[str, Any]]) -> dict[str, Any]:
        done: dict[str, Any] = (await desk.ask(document, {"input": {"listId": list_id, name: asked}}))[mutation]
        return done

    try:
        return await ask(items)
    except AskRefusedError as refused:
        if not _find_repeated(refused, mutation):
            raise
    try:
        return await ask(items[::-1])
    except AskRefusedError as refused:
        repeated = {len(items) - 1 - place for place in _find_repeated(refused, mutation)}
        if not repeated:
            raise
    places = [place for place in range(len(items)) if place not in repeated]
    try:
        return await ask([items[place] for place in places])
    except AskRefusedError as refused:
        raise _move(refused, lambda place: places[place]) from refused


def _find_repeated(refused: AskRefusedError, mutation: str) -> set[int]:
    """The places of numbers that were there already: whatever else is wrong with a number has a code of its own."""
    problems = (refused.data.get(mutation) or {}).get("userErrors") or ()
    fields = [one["field"] for one in problems if one["code"] == "INVALID_INPUT"]
    return {int(field[1]) for field in fields if len(field) == 3 and field[2] == "number"}  # noqa: PLR2004  # of paths


def _move(refused: AskRefusedError, place_of: Callable[[int], int]) -> AskRefusedError:
    """The same of an item at another place; of what is about none, as it was."""
    field = refused.field
    if len(field) > 1 and field[1].isdigit():
        field = (field[0], str(place_of(int(field[1]))), *field[2:])
    return AskRefusedError(refused.code, refused.message, field=field, extensions=refused.extensions, data=refused.data)


def _parts(items: list[dict[str, Any]]) -> list[tuple[int, list[dict[str, Any]]]]:
    return [(begin, items[begin : begin + _AT_ONCE]) for begin in range(0, len(items), _AT_ONCE)]


@contextmanager
def _counting_from(begin: int) -> Iterator[None]:
    """What is refused in a part has its place in the whole list."""
    try:
        yield
    except AskRefusedError as refused:
        raise _move(refused, lambda place: begin + place) from refused


def _source(name: str) -> dict[str, str]:
    """The file: an upload by its id, else an object in the account's own folder of the store."""
    return {"uploadId": name} if kind_of(name) is Kind.UPLOAD else {"objectName": name}


async def _wait(desk: Desk, job_id: str, what: str, field: str) -> dict[str, Any]:
    """Wait for an import, and tell what came of it; of one that takes long, that it goes on.

    Raises:
        GivenRefusedError: the file was refused as a whole.
    """
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + _WAIT_SECONDS, _FIRST_PAUSE_SECONDS
    while (job := (await desk.ask(_JOB, {"id": job_id}))["job"])["state"] in _UNDER_WAY and loop.time() < until:
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    if job["state"] in _UNDER_WAY:
        return answers.succeed(message=f"{what} import goes on", job_id=job_id)
    if job["state"] != "FINISHED":
        raise GivenRefusedError(field, job["failure"] or "the import was cancelled.")
    # Those that a list of numbers not to be called has already stay as they are, and are on it: as when added by hand.
    count = sum(job["counts"].values())
    return answers.succeed(message=f"({count}) {what} imported successfully", job_id=job_id)
