"""kill -9 of the worker in the middle of an import: no row is there half, twice or not at all."""

import asyncio
import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.clock import SystemClock
from app.config import Settings
from app.contacts.import_plan import ImportOptions
from app.contacts.imports import Imports
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.jobs import JobKind, JobState
from app.failpoints import Failpoint
from app.files.store import FileStore
from app.files.uploads import Uploads
from app.files.urls import SignedUrls
from app.jobs.model import Job
from app.jobs.service import Jobs
from tests.jobs.world import NearBus
from tests.rig.service_process import service_process

pytestmark = pytest.mark.postgres

ROWS = 20_000
#: With a batch's rows in a transaction that never commits; and with a batch that nobody was told of.
PLACES = (Failpoint.IMPORT_BATCH_WRITTEN, Failpoint.IMPORT_BATCH_COMMITTED)
PATIENCE_SECONDS = 90.0


def _write(path: Path) -> list[str]:
    """Numbers, each twice with half of the file between, and some rows that are none."""
    numbers = [f"+1212{200 + one // 10_000}{one % 10_000:04}" for one in range(ROWS // 2)]
    with path.open("w") as file:
        file.write("phone,name,city\n")
        file.writelines(f"{number},N,Rome\n" for number in numbers)
        file.writelines(f"{number},again,Rome\n" for number in numbers)
        file.write("1900,bad,Rome\n")
    return numbers


async def _lease_for(database: Database, job: Job, seconds: float) -> None:
    """Whoever had the job is dead; the next one may have it so much later."""
    async with database.acquire() as connection:
        left = await connection.execute(
            "UPDATE job SET leased_until = now() + make_interval(secs => $2) WHERE id = $1 AND state = 'RUNNING'",
            job.id,
            seconds,
        )
    assert left == "UPDATE 1"


async def _until_over(jobs: Jobs, job: Job) -> Job:
    """The job, once it is over."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await jobs.get(job.account_id, job.id, (job.scope,))
            assert found is not None
            if found.is_over:
                return found
            await asyncio.sleep(0.05)


async def test_given_a_worker_that_is_killed_in_the_middle_of_an_import_then_each_row_is_there_and_told_once(
    database_dsn: str, database: Database, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=SecretStr(database_dsn))
    audit, clock = AuditLog(database), SystemClock()
    account = await Accounts(database, audit).create("acme", display_name="Acme")
    store = FileStore.open(settings.recordings_url, settings.data_dir)
    jobs = Jobs(database, EventLog(database), NearBus(), clock)
    imports = Imports(database, audit, jobs, Uploads(database, store, SignedUrls(bytes(32)), clock), store)
    numbers = _write(tmp_path / "leads.csv")

    job: Job | None = None
    for kill, place in enumerate(PLACES):
        async with service_process(
            settings, tmp_path, name=f"worker-{kill}", roles="worker", failpoint=f"{place.value}:kill:3"
        ) as process:
            # Only now is there anything for it to do: it must not die before it has said that it is ready.
            if job is None:
                job = await imports.begin_local(
                    account.id,
                    JobKind.CONTACT_IMPORT,
                    "March",
                    ImportOptions(),
                    tmp_path / "leads.csv",
                    may_create=True,
                )
            else:
                await _lease_for(database, job, 0.0)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await process.process.wait()
        await _lease_for(database, job, 3600.0)
    assert job is not None
    async with service_process(settings, tmp_path, name="worker", roles="worker"):
        await _lease_for(database, job, 0.0)
        done = await _until_over(jobs, job)

    assert (done.state, done.error) == (JobState.FINISHED, None)
    counts = done.counts
    assert (counts.added, counts.updated, counts.skipped, counts.rejected) == (ROWS // 2, 0, ROWS // 2, 1)
    async with database.acquire() as connection:
        rows = await connection.fetch("SELECT number, name, fields FROM contact ORDER BY position")
    assert [row["number"] for row in rows] == numbers
    assert {(row["name"], row["fields"]["city"]) for row in rows} == {("N", "Rome")}
    assert done.report is not None
    report = b"".join([block async for block in store.read(done.report.object_key, 0, done.report.size_bytes)])
    lines = list(csv.DictReader(io.StringIO(report.decode(), newline="")))
    assert [int(line["row"]) for line in lines] == list(range(2, ROWS + 3))
    assert Counter(line["outcome"] for line in lines) == {"ADDED": ROWS // 2, "SKIPPED": ROWS // 2, "REJECTED": 1}
