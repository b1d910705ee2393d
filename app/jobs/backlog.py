"""How jobs stand over all accounts, for ``/metrics``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.db.engine import Database
from app.db.kept import read_by_index
from app.facts.jobs import JobKind, JobState

_BACKLOG: Final = """
SELECT kind, state, count(*) AS number, min(due_at) FILTER (WHERE state = 'QUEUED' AND due_at <= $1) AS oldest_due_at
FROM job WHERE state IN ('QUEUED', 'RUNNING')
GROUP BY kind, state
"""


@dataclass(frozen=True, slots=True)
class JobBacklog:
    """Jobs that are not over, by kind and state, and since when the one that has waited longest may be taken.

    A job that is put off until its next try does not wait before that.
    """

    numbers: Mapping[tuple[JobKind, JobState], int]
    oldest_due_at: datetime | None


async def read_backlog(database: Database, now: datetime) -> JobBacklog:
    """Look; cheap, it reads the partial index of what is not over.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    async with database.acquire() as connection, connection.transaction(readonly=True):
        await read_by_index(connection)
        rows = await connection.fetch(_BACKLOG, now)
    due = [row["oldest_due_at"] for row in rows if row["oldest_due_at"] is not None]
    return JobBacklog(
        numbers={(JobKind(row["kind"]), JobState(row["state"])): row["number"] for row in rows},
        oldest_due_at=min(due, default=None),
    )
