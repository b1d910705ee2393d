"""A process that imports a small file and then a large one, and says by how much the second has made it grow."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from app.contacts.import_plan import ImportOptions
from app.contacts.importing import ContactTarget, import_csv
from app.contacts.numbers import NumberReader
from app.db.engine import Database, PooledConnection
from app.facts.jobs import Counts

AT = datetime(2026, 3, 1, tzinfo=UTC)
READER = NumberReader(default_region="US", account_zone="America/New_York")


class Report:
    """Keeps an import's report, and nothing to go on from."""

    def __init__(self) -> None:
        self.checkpoint: bytes | None = None
        self.counts = Counts()
        self.report = b""

    async def save_in(
        self,
        connection: PooledConnection,
        *,
        checkpoint: Any = None,
        counts: Counts | None = None,
        fraction: float | None = None,
        report: bytes = b"",
    ) -> None:
        del connection, checkpoint, counts, fraction
        self.report += report


def most_kib() -> int:
    """The most memory that this process has ever had (proc(5)); getrusage counts its parent's as well."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


async def main(dsn: str, small: Path, large: Path) -> None:
    database = await Database.connect(dsn, pool_size=1)
    before, counts, saving = 0, Counts(), Report()
    for day, path in enumerate((small, large)):
        before, saving = most_kib(), Report()
        target = ContactTarget(account_id="acc_1", list_id="list_1", at=AT + timedelta(days=day))
        counts = await import_csv(path, ImportOptions(), database=database, target=target, reader=READER, saving=saving)
    told = {"grown_kib": most_kib() - before, "counts": counts, "report": saving.report.decode()}
    sys.stdout.write(msgspec.json.encode(told).decode())
    await database.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
