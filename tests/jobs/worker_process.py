"""A worker as a process of its own, to be killed: it writes the rows 1, 2, 3 … in batches of five.

The third argument is the row behind which it writes a batch that it never commits; without one it writes all.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from app.clock import SystemClock
from app.db.engine import Database
from app.events.bus import Bus
from app.events.log import EventLog
from app.facts.jobs import Counts, JobKind
from app.files.store import FileStore
from app.jobs.model import Done, Job, ReportName
from app.jobs.progress import Progress
from app.jobs.runner import Runner
from app.jobs.worker import JobWorker

BATCH = 5


class RowWriter(Runner):
    kind = JobKind.EXPORT

    def __init__(self, database: Database, stall_after: int | None) -> None:
        self.database = database
        self.stall_after = stall_after

    async def run(self, job: Job, progress: Progress) -> Done:
        rows = msgspec.json.decode(job.payload)["rows"]
        row = 0 if progress.checkpoint is None else int(progress.checkpoint)
        while row < rows:
            async with self.database.acquire() as connection, connection.transaction():
                counts = Counts(total=rows, processed=row + BATCH, added=row + BATCH)
                await progress.save_in(connection, checkpoint=row + BATCH, counts=counts, report=b"x" * BATCH)
                await connection.execute(
                    "INSERT INTO written SELECT * FROM generate_series($1::int, $2::int)", row + 1, row + BATCH
                )
                if row == self.stall_after:
                    await asyncio.Event().wait()
            row += BATCH
        return Done(report=ReportName("rows", "text/plain"))


async def main(dsn: str, folder: Path, stall_after: int | None) -> None:
    database = await Database.connect(dsn, pool_size=3)
    log = EventLog(database)
    store = FileStore.open(f"file://{folder}/store", folder)
    worker = JobWorker(
        *(database, log, store, Bus(database), SystemClock()),
        runners=[RowWriter(database, stall_after)],
        folder=folder / "jobs",
        lease_seconds=1.0,
    )
    worker.poll_seconds = 0.1
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None))
