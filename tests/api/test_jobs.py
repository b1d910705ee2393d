"""Jobs over GraphQL: read, listed, followed, cancelled, their reports fetched, each by keys of its scope alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.clock import SystemClock
from app.facts.jobs import Counts, JobKind
from app.files.store import FileStore
from app.jobs.model import Done, Job, NewJob, ReportName
from app.jobs.progress import Progress
from app.jobs.service import JOBS_CHANGED
from app.jobs.worker import JobWorker
from tests.api.conftest import Surface
from tests.api.test_websocket import opened
from tests.jobs.world import NearBus, ToldRunner

pytestmark = pytest.mark.postgres

FIELDS = """
    id kind state subjectId progress failure createdAt startedAt finishedAt actor { kind }
    counts { total processed added updated skipped rejected }
    report { url fileName contentType sizeBytes expiresAt }
"""
GET = f"query($id: ID!) {{ job(id: $id) {{ {FIELDS} }} node(id: $id) {{ id ... on Job {{ state }} }} }}"
LIST = """
query($filter: JobFilterInput) { jobs(filter: $filter) { nodes { id } totalCount { count precision } } }
"""
CANCEL = """
mutation($input: CancelJobInput!) {
  cancelJob(input: $input) { job { id state } userErrors { code field currentState } }
}
"""
FOLLOW = """
subscription($id: ID!) {
  jobProgress(id: $id) { __typename ... on JobChanged { cursor job { id state progress counts { processed } } } }
}
"""
EVENTS = """
{ events(first: 50) { nodes { type subjectId
    ... on JobEvent { jobId kind jobSubjectId hasReport counts { processed rejected } job { state } }
    ... on JobFailedEvent { reason } } } }
"""


async def _enqueue(surface: Surface, **more: Any) -> str:
    given = {"kind": JobKind.CONTACT_IMPORT, "subject_id": "list_1", **more}
    return (await surface.services.jobs.enqueue(NewJob(account_id=surface.account.id, **given))).id


@asynccontextmanager
async def _working(surface: Surface, folder: Path, runner: ToldRunner) -> AsyncIterator[JobWorker]:
    runner.kind = JobKind.CONTACT_IMPORT  # type: ignore[misc]  # this one does imports
    bus, store = NearBus(), FileStore.open(None, folder)
    bus.on(JOBS_CHANGED, surface.services.jobs._hear)
    worker = JobWorker(*(surface.database, surface.log, store, bus, SystemClock(), [runner]), folder=folder / "jobs")
    surface.services.jobs.on_enqueued(worker.wake)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(worker.run())
        try:
            yield worker
        finally:
            task.cancel()


async def test_given_a_job_when_followed_then_it_is_told_as_it_is_and_as_it_goes_on_and_its_report_can_be_fetched(
    surface: Surface, port: int, tmp_path: Path
) -> None:
    may_go_on = asyncio.Event()

    async def work(_job: Job, progress: Progress) -> Done:
        await progress.save(counts=Counts(total=4, processed=1, added=1), report=b"row,why\r\n")
        await may_go_on.wait()
        await progress.save(checkpoint=4, counts=Counts(total=4, processed=4, added=3, rejected=1), report=b"4,bad\r\n")
        return Done(report=ReportName("contacts.csv", "text/csv; charset=utf-8"))

    job_id = await _enqueue(surface)
    seen = []
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(FOLLOW, variables={"id": job_id})
        first = (await socket.receive())["payload"]["data"]["jobProgress"]
        assert (first["__typename"], first["job"]["state"], first["job"]["progress"]) == ("JobChanged", "QUEUED", None)
        async with _working(surface, tmp_path, ToldRunner(work)):
            while (message := await socket.receive())["type"] != "complete":
                job = message["payload"]["data"]["jobProgress"]["job"]
                seen.append((job["state"], job["progress"]))
                if job["counts"]["processed"] == 1:
                    may_go_on.set()
    assert ("RUNNING", 0.25) in seen
    assert seen[-1] == ("FINISHED", 1.0)
    data = await surface.ask(GET, {"id": job_id})
    job = data["job"]
    assert data["node"] == {"id": job_id, "state": "FINISHED"}
    assert job["counts"] == {"total": 4, "processed": 4, "added": 3, "updated": 0, "skipped": 0, "rejected": 1}
    assert (job["subjectId"], job["actor"], job["failure"]) == ("list_1", {"kind": "SYSTEM"}, None)
    assert (job["report"]["fileName"], job["report"]["sizeBytes"]) == ("contacts.csv", 16)
    url = job["report"]["url"]
    assert url.startswith(f"https://offhook.example/job-reports/{job_id}?expires=")
    fetched = await surface.client.get(url.removeprefix("https://offhook.example"))
    assert (fetched.status_code, fetched.content) == (200, b"row,why\r\n4,bad\r\n")
    assert fetched.headers["content-type"] == "text/csv; charset=utf-8"
    assert fetched.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    head = await surface.client.head(url.removeprefix("https://offhook.example"))
    assert (head.headers["content-length"], head.content) == ("16", b"")
    (event,) = (await surface.ask(EVENTS))["events"]["nodes"]
    assert event == {
        "type": "JOB_FINISHED",
        "subjectId": job_id,
        "jobId": job_id,
        "kind": "CONTACT_IMPORT",
        "jobSubjectId": "list_1",
        "hasReport": True,
        "counts": {"processed": 4, "rejected": 1},
        "job": {"state": "FINISHED"},
    }


async def test_given_an_address_of_a_report_when_it_was_changed_or_there_is_none_then_nothing_is_given(
    surface: Surface,
) -> None:
    job_id = await _enqueue(surface)
    now = surface.services.clock.now()
    path = surface.services.job_reports.sign(job_id, now, timedelta(minutes=1))
    none = await surface.client.get(path)
    assert (none.status_code, none.json()["error"]["code"]) == (404, "NOT_FOUND")
    forged = await surface.client.get(path.replace(job_id, await _enqueue(surface)))
    assert (forged.status_code, forged.json()["error"]["code"]) == (403, "URL_SIGNATURE_INVALID")
    of_recordings = surface.services.recording_urls.sign(job_id, now, timedelta(minutes=1))
    other = await surface.client.get(of_recordings.replace("/recordings/", "/job-reports/"))
    assert other.status_code == 403


async def test_given_a_key_without_the_scope_of_a_kind_when_it_asks_then_there_is_no_such_job(
    surface: Surface, port: int
) -> None:
    job_id = await _enqueue(surface)
    token = await surface.key({Scope.CDRS_READ, Scope.CALLS_READ})
    assert await surface.ask(GET, {"id": job_id}, token=token) == {"job": None, "node": None}
    listed = (await surface.ask(LIST, {}, token=token))["jobs"]
    assert (listed["nodes"], listed["totalCount"]["count"]) == ([], 0)
    payload = (await surface.ask(CANCEL, {"input": {"id": job_id}}, token=token))["cancelJob"]
    assert payload == {"job": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"], "currentState": None}]}
    async with opened(port) as socket:
        await socket.init(token)
        await socket.subscribe(FOLLOW, variables={"id": job_id})
        message = await socket.receive()
        assert "NOT_FOUND" in str(message), message
    allowed = await surface.key({Scope.CONTACTS})
    assert (await surface.ask(GET, {"id": job_id}, token=allowed))["job"]["state"] == "QUEUED"


async def test_given_no_key_when_jobs_are_asked_for_then_it_is_refused(surface: Surface) -> None:
    assert (await surface.refuse(LIST, {}, token=None))["code"] == "UNAUTHENTICATED"
    assert (await surface.refuse(CANCEL, {"input": {"id": "job_1"}}, token=None))["code"] == "UNAUTHENTICATED"


async def test_given_jobs_when_listed_and_cancelled_then_filters_hold_and_what_is_over_is_refused(
    surface: Surface, tmp_path: Path
) -> None:
    first = await _enqueue(surface)
    second = await _enqueue(surface, kind=JobKind.EXPORT, subject_id=None)
    all_of_them = (await surface.ask(LIST, {}))["jobs"]
    assert [one["id"] for one in all_of_them["nodes"]] == [second, first]
    assert all_of_them["totalCount"] == {"count": 2, "precision": "EXACT"}
    for given, found in (
        ({"kinds": ["EXPORT"]}, [second]),
        ({"subjectId": "list_1"}, [first]),
        ({"states": ["RUNNING", "FINISHED"]}, []),
        ({"states": ["QUEUED"], "kinds": []}, [second, first]),
    ):
        listed = (await surface.ask(LIST, {"filter": given}))["jobs"]["nodes"]
        assert [one["id"] for one in listed] == found
    for _ in range(2):
        payload = (await surface.ask(CANCEL, {"input": {"id": second}}))["cancelJob"]
        assert payload == {"job": {"id": second, "state": "CANCELLED"}, "userErrors": []}
    async with _working(surface, tmp_path, ToldRunner()):
        async with asyncio.timeout(60):
            while (await surface.ask(GET, {"id": first}))["job"]["state"] != "FINISHED":
                await asyncio.sleep(0.02)
    payload = (await surface.ask(CANCEL, {"input": {"id": first}}))["cancelJob"]
    assert payload["userErrors"] == [{"code": "INVALID_STATE", "field": ["id"], "currentState": "FINISHED"}]
