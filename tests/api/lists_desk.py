"""What tests of lists, imports and exports do over GraphQL, and a worker that does their jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from app.cdrs.queries import CdrQueries
from app.clock import SystemClock
from app.contacts.imports import ContactImport, DncImport
from app.exports.exporting import ExportRunner
from app.files.store import FileStore
from app.jobs.service import JOBS_CHANGED
from app.jobs.worker import JobWorker
from app.recordings.queries import RecordingQueries
from tests.api.conftest import Surface
from tests.jobs.world import NearBus

DEADLINE_SECONDS: Final = 60.0
CONTACT: Final = (
    "id listId party { number display isMasked } timeZone zones zoneSource fields { name value } externalId"
)
JOB: Final = """
id kind state failure subjectId counts { processed added updated skipped rejected } report { url fileName contentType }
"""
PAYLOADS: Final = {
    "createContactList": "contactList { id name description columns version }",
    "updateContactList": "contactList { id name description columns version }",
    "deleteContactList": "deletedId",
    "addContacts": f"addedCount updatedCount contacts {{ {CONTACT} }}",
    "updateContact": f"contact {{ {CONTACT} }}",
    "removeContacts": "removedIds",
    "importContacts": f"job {{ {JOB} }}",
    "createDncList": "dncList { id name description appliesToAll version }",
    "updateDncList": "dncList { id name description appliesToAll version }",
    "deleteDncList": "deletedId",
    "addDncEntries": "entries { listId party { number } reason source }",
    "removeDncEntries": "removedCount",
    "importDncEntries": f"job {{ {JOB} }}",
    "createUpload": "upload { id url contentType sizeBytes }",
    "createExport": f"job {{ {JOB} }}",
}


def mutation_of(name: str) -> str:
    """A mutation's whole operation."""
    head = f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input)"
    return f"{head} {{ {PAYLOADS[name]} userErrors {{ code field message currentState }} }} }}"


async def do(surface: Surface, name: str, /, *, token: str = "", **given: Any) -> Any:
    """A mutation's payload, which has no errors."""
    payload = (await surface.ask(mutation_of(name), {"input": given}, token=token))[name]
    assert payload.pop("userErrors") == []
    return payload


async def refused(surface: Surface, name: str, /, *, token: str = "", **given: Any) -> list[tuple[str, str]]:
    """Codes and fields of a mutation's errors."""
    payload = (await surface.ask(mutation_of(name), {"input": given}, token=token))[name]
    return [(error["code"], ".".join(error["field"] or [])) for error in payload["userErrors"]]


async def make_list(surface: Surface, name: str = "March", **more: Any) -> str:
    list_id: str = (await do(surface, "createContactList", name=name, **more))["contactList"]["id"]
    return list_id


async def make_dnc_list(surface: Surface, name: str = "Never", **more: Any) -> str:
    list_id: str = (await do(surface, "createDncList", name=name, **more))["dncList"]["id"]
    return list_id


async def upload(surface: Surface, content: bytes, content_type: str = "text/csv", *, token: str = "") -> str:
    """A file that was put; its upload's id."""
    made = (await do(surface, "createUpload", token=token, contentType=content_type, sizeBytes=len(content)))["upload"]
    address = urlsplit(made["url"])
    answer = await surface.client.put(
        f"{address.path}?{address.query}", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code == 201
    upload_id: str = made["id"]
    return upload_id


@asynccontextmanager
async def working(surface: Surface, folder: Path) -> AsyncIterator[None]:
    """A worker that does imports and exports, for the block."""
    bus, store = NearBus(), FileStore.open(None, folder)
    bus.on(JOBS_CHANGED, surface.services.jobs._hear)
    uploads, contacts = surface.services.speech.uploads, surface.services.contacts
    runners = [
        ContactImport(surface.database, store, uploads),
        DncImport(surface.database, store, uploads),
        ExportRunner(CdrQueries(surface.database), RecordingQueries(surface.database), surface.log, contacts),
    ]
    worker = JobWorker(*(surface.database, surface.log, store, bus, SystemClock(), runners), folder=folder / "jobs")
    surface.services.jobs.on_enqueued(worker.wake)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(worker.run())
        try:
            yield
        finally:
            task.cancel()


async def finished(surface: Surface, job_id: str, *, token: str = "") -> Any:
    """The job, once it is over."""
    query = f"query($id: ID!) {{ job(id: $id) {{ {JOB} }} }}"
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            job = (await surface.ask(query, {"id": job_id}, token=token))["job"]
            if job["state"] in {"FINISHED", "FAILED", "CANCELLED"}:
                return job
            await asyncio.sleep(0.02)


async def fetch_report(surface: Surface, job: Any) -> str:
    """A job's file."""
    answer = await surface.client.get(job["report"]["url"].removeprefix("https://offhook.example"))
    assert answer.status_code == 200
    return answer.text
