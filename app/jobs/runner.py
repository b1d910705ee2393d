"""What does the work of one kind of job."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from app.db.engine import PooledConnection
from app.facts.event import Draft
from app.facts.jobs import JobKind
from app.jobs.model import Done, Job, ReportName
from app.jobs.progress import Progress


class Runner(ABC):
    """Does jobs of one kind; one object serves all of them, at the same time.

    ``at_once``: so many in one worker. ``per_account``: so many of one account, over all workers. ``report``: how the
    report is called when the job is given up or cancelled and parts of one were saved.
    """

    kind: ClassVar[JobKind]
    at_once: int = 2
    per_account: int = 1
    report: ReportName | None = None

    @abstractmethod
    async def run(self, job: Job, progress: Progress) -> Done:
        """Do it, going on from ``progress.checkpoint``.

        It may be called again for the same job at any time: after a failure, and after a crash of the process. It is
        cancelled when the job is, or is no longer this worker's.

        Raises:
            JobFailedError, RefusedError: nothing can come of it.
            JobRetryError, UnavailableError, OSError, TimeoutError: it may work later.
            JobLostError: from ``progress``; let it pass.
        """

    async def ended(self, connection: PooledConnection, job: Job) -> Sequence[Draft]:
        """Do what follows when a job is FAILED or CANCELLED for good, in the transaction that says so; give facts."""
        del connection, job
        return ()
