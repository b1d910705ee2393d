"""Contacts from a CSV file of a million rows, beside ``\\copy`` of the same rows into the same indexed table.

Offhook's side is the whole job: the file out of the store, its encoding and columns found out, numbers in E.164 and
their zones, duplicates in file and list, DNC lists asked, rows and the report's lines committed batch by batch, and the
report put into the store. The peer writes rows that are ready into a table with the same columns and indexes.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.clock import SystemClock
from app.contacts.import_plan import ImportOptions
from app.contacts.imports import ContactImport, Imports
from app.contacts.rows import NewEntry, write_entries
from app.contacts.words import DncSource
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.jobs import JobKind
from app.files.store import FileStore
from app.files.uploads import Uploads
from app.files.urls import SignedUrls
from app.jobs.model import Job
from app.jobs.service import Jobs
from app.jobs.worker import JobWorker
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn

_OFFHOOK: Final = "Offhook"
_COPY: Final = "\\copy"
_SECONDS: Final = 600.0
_SEED: Final = 20
_COLUMNS: Final = (
    *("id", "account_id", "list_id", "number", "name", "time_zone", "zones", "zone_source", "fields", "external_id"),
    *("created_at", "updated_at"),
)
_AREAS: Final = (
    *(212, 415, 646, 303, 702, 808, 917, 305, 773, 206, 617, 404, 512, 602, 313, 504, 801, 907, 213, 718),
    *(202, 214, 267, 301, 312, 321, 407, 410, 412, 503, 510, 602, 614, 619, 650, 703, 713, 716, 727, 732),
)


@dataclass(frozen=True, slots=True)
class _Bench:
    """One database with everything that both sides need."""

    database: Database
    account_id: str
    imports: Imports
    jobs: Jobs
    store: FileStore
    file: Path
    rows: Path
    count: int


async def run(context: Context) -> Result:
    count = context.count(1_000_000, 20_000)
    folder = context.make_folder("import")
    file = folder / "contacts.csv"
    await asyncio.to_thread(_write, file, count)
    async with _opened(await context.database(), folder, file, count) as bench:
        last: list[Job] = []

        async def by_offhook() -> float:
            job, seconds = await _import(bench)
            last[:] = [job]
            return count / seconds

        async def by_copy() -> float:
            return count / await _copy(bench)

        context.say(f"{count:,} rows, {file.stat().st_size / 1e6:.0f} MB")
        # The rows to be copied are those that a first import has made.
        first, _ = await _import(bench)
        await _save_rows(bench)
        rates = await in_turn(context, {_OFFHOOK: by_offhook, _COPY: by_copy})
        checked = await _check(bench, first, last[0])
    series = {name: Series.of("rows/s", values) for name, values in rates.items()}
    return Result(
        value=series[_OFFHOOK].median / series[_COPY].median,
        unit="×",
        sides=series,
        checked=checked,
        details={"rows": count, "fileBytes": file.stat().st_size if file.exists() else 0},
    )


def _write(path: Path, count: int) -> None:
    """Numbers of three countries, some of them twice and some of them none, with a name, an id and two fields."""
    dice = random.Random(_SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Phone,Name,Customer ID,City,Plan\r\n")
        for row in range(count):
            (country,) = dice.choices(("US", "DE", "GB", ""), (70, 15, 14, 1))
            match country:
                case "US":
                    number = f"+1{dice.choice(_AREAS)}{dice.randint(200, 999)}{dice.randint(0, 9999):04}"
                case "DE":
                    number = f"+4930{dice.randint(2_000_000, 99_999_999)}"
                case "GB":
                    number = f"+4420{dice.choice('378')}{dice.randint(0, 9_999_999):07}"
                case _:
                    number = f"+1900{dice.randint(0, 999)}"
            file.write(f'{number},"Müller, Person {row}",c{row},City{row % 100},gold\r\n')


@asynccontextmanager
async def _opened(dsn: str, folder: Path, file: Path, count: int) -> AsyncIterator[_Bench]:
    database = await Database.connect(dsn, pool_size=5, command_timeout=60.0)
    try:
        audit, clock, log = AuditLog(database), SystemClock(), EventLog(database)
        account = await Accounts(database, audit).create("bench", display_name="Bench")
        store = FileStore.open(None, folder)
        jobs, uploads = Jobs(database, log, _Nobody(), clock), Uploads(database, store, SignedUrls(bytes(32)), clock)
        worker = JobWorker(
            *(database, log, store, _Nobody(), clock, [ContactImport(database, store, uploads)]), folder=folder / "jobs"
        )
        jobs.on_enqueued(worker.wake)
        bench = _Bench(
            database,
            account.id,
            Imports(database, audit, jobs, uploads, store),
            jobs,
            store,
            file,
            folder / "rows.copy",
            count,
        )
        await _prepare(bench)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(worker.run())
            try:
                yield bench
            finally:
                task.cancel()
    finally:
        await database.aclose()


class _Nobody:
    """Carries no news: there is one process."""

    def on(self, channel: str, handler: object) -> None:
        pass

    async def publish(self, channel: str, payload: str) -> None:
        pass


async def _prepare(bench: _Bench) -> None:
    """A DNC list with some of the numbers, and the peer's table."""
    dice = random.Random(_SEED + 1)
    numbers = {f"+1{dice.choice(_AREAS)}{dice.randint(200, 999)}{dice.randint(0, 9999):04}" for _ in range(10_000)}
    async with bench.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO dnc_list (id, account_id, name) VALUES ('dnc_1', $1, 'Never')", bench.account_id
        )
        entries = [NewEntry(number, None) for number in sorted(numbers)]
        at = await connection.fetchval("SELECT now()")
        await write_entries(connection, bench.account_id, "dnc_1", entries, at=at, source=DncSource.API)
        await connection.execute("CREATE TABLE copied (LIKE contact INCLUDING ALL)")


async def _import(bench: _Bench) -> tuple[Job, float]:
    async with bench.database.acquire() as connection:
        await connection.execute("TRUNCATE contact")
    began_at = time.perf_counter()
    job = await bench.imports.begin_local(
        bench.account_id, JobKind.CONTACT_IMPORT, "March", ImportOptions(), bench.file, may_create=True
    )
    async with asyncio.timeout(_SECONDS):
        while not job.is_over:
            await asyncio.sleep(0.05)
            found = await bench.jobs.get(bench.account_id, job.id, (job.scope,))
            assert found is not None
            job = found
    if job.error is not None:
        raise BenchError(f"the import failed: {job.error}")
    return job, time.perf_counter() - began_at


async def _save_rows(bench: _Bench) -> None:
    async with bench.database.acquire() as connection:
        query = f"SELECT {', '.join(_COLUMNS)} FROM contact ORDER BY position"  # noqa: S608 -- our own names
        await connection.copy_from_query(query, output=bench.rows)


async def _copy(bench: _Bench) -> float:
    async with bench.database.acquire() as connection:
        await connection.execute("TRUNCATE copied")
        began_at = time.perf_counter()
        await connection.copy_to_table("copied", source=bench.rows, columns=_COLUMNS, timeout=_SECONDS)
        return time.perf_counter() - began_at


async def _check(bench: _Bench, first: Job, last: Job) -> dict[str, object]:
    async with bench.database.acquire() as connection:
        imported = await connection.fetchval("SELECT count(*) FROM contact")
        copied = await connection.fetchval("SELECT count(*) FROM copied")
    if not imported == copied == first.counts.added == last.counts.added:
        raise BenchError(f"{imported} contacts were imported, {copied} were copied")
    if last.counts.processed != bench.count or last.report is None:
        raise BenchError(f"the report tells of {last.counts.processed} rows of {bench.count}")
    return {
        "contacts": imported,
        "duplicates": last.counts.skipped,
        "rejected": last.counts.rejected,
        "reportBytes": last.report.size_bytes,
    }


FIGURE: Final = Figure(
    name="import_ratio",
    description="contacts/s from a CSV file: parsed, E.164, zones, de-duplicated, DNC asked, a report of each row",
    beside="\\copy of the same rows into the same indexed table",
    better=Better.HIGHER,
    target=Goal(0.12),
    aim=Goal(0.5),
    run=run,
)
