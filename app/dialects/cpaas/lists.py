"""Lists of contacts, and of numbers that must not be called."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from app.dialects.cpaas import answers
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
  job(id: $id) { state error counts { added updated } }
}"""

#: How many are put into a list at once; the schema's own limit.
_AT_ONCE: Final = 1000
#: How long an answer waits for an import. What takes longer goes on by itself.
_WAIT_SECONDS: Final = 25.0
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_UNDER_WAY: Final = frozenset({"QUEUED", "RUNNING"})


async def create_list(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Make a list of contacts."""
    data = await desk.ask(_CREATE, {"input": {"name": given.needed("list_name")}})
    return answers.succeed(list_id=data["createContactList"]["contactList"]["id"])


async def create_dnd_list(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Make a list of numbers that must not be called by campaigns that name it."""
    wanted = {"name": given.needed("dnd_list_name"), "appliesToAll": False}
    data = await desk.ask(_CREATE_DND, {"input": wanted})
    return answers.succeed(dnd_list_id=data["createDncList"]["dncList"]["id"])


async def add_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Put contacts into a list, a thousand at a time, each thousand all or none."""
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
            done = (await desk.ask(_ADD, {"input": {"listId": list_id, "contacts": part}}))["addContacts"]
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
            data = await desk.ask(_ADD_DND, {"input": {"listId": list_id, "entries": part}})
        count += len(data["addDncEntries"]["entries"])
    return answers.succeed(message=f"({count}) DND contacts imported successfully")


async def import_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Read a CSV file into a list of contacts."""
    wanted = {"listId": given.needed("list_id"), "source": _source(given.needed("csv_name"))}
    job_id = (await desk.ask(_IMPORT, {"input": wanted}))["importContacts"]["job"]["id"]
    return await _wait(desk, job_id, "contacts")


async def import_dnd_contacts(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Read a CSV file onto a list of numbers that must not be called."""
    wanted = {"listId": given.needed("dnd_list_id"), "source": _source(given.needed("dnd_csv_name"))}
    job_id = (await desk.ask(_IMPORT_DND, {"input": wanted}))["importDncEntries"]["job"]["id"]
    return await _wait(desk, job_id, "DND contacts")


def _parts(items: list[dict[str, Any]]) -> list[tuple[int, list[dict[str, Any]]]]:
    return [(begin, items[begin : begin + _AT_ONCE]) for begin in range(0, len(items), _AT_ONCE)]


@contextmanager
def _counting_from(begin: int) -> Iterator[None]:
    """What is refused in a part has its place in the whole list."""
    try:
        yield
    except AskRefusedError as refused:
        place = refused.field[1] if len(refused.field) > 1 else ""
        if not place.isdigit():
            raise
        field = (refused.field[0], str(begin + int(place)), *refused.field[2:])
        raise AskRefusedError(
            refused.code, refused.message, field=field, extensions=refused.extensions, data=refused.data
        ) from refused


def _source(name: str) -> dict[str, str]:
    """The file: an upload by its id, else an object in the account's own folder of the store."""
    return {"uploadId": name} if kind_of(name) is Kind.UPLOAD else {"objectName": name}


async def _wait(desk: Desk, job_id: str, what: str) -> dict[str, Any]:
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
        raise GivenRefusedError("csv_name", job["error"] or "the import was cancelled.")
    count = job["counts"]["added"] + job["counts"]["updated"]
    return answers.succeed(message=f"({count}) {what} imported successfully", job_id=job_id)
