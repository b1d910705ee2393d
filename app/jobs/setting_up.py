"""All of jobs together, as the composition root starts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.events.log import EventLog
from app.jobs.ending import ReportStore
from app.jobs.runner import Runner
from app.jobs.serve import JobReports, SignedPaths
from app.jobs.service import Jobs, Notices
from app.jobs.worker import JobWorker


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStage:
    """The use cases, the files, and who does the work."""

    service: Jobs
    reports: JobReports
    worker: JobWorker


def open_jobs(
    settings: Settings,
    database: Database,
    log: EventLog,
    store: ReportStore,
    bus: Notices,
    paths: SignedPaths,
    clock: Clock,
) -> JobStage:
    """Runners are added with ``JobWorker.add`` before it runs: their stages may need the service first."""
    jobs = Jobs(database, log, bus, clock)
    days = settings.job_retention_days
    worker = JobWorker(
        *(database, log, store, bus, clock),
        runners=(),
        folder=settings.data_dir / "jobs",
        retention=timedelta(days=days) if days else None,
    )
    jobs.on_enqueued(worker.wake)
    return JobStage(service=jobs, reports=JobReports(jobs, store, paths, clock), worker=worker)


def add_runners(stage: JobStage, runners: Sequence[Runner]) -> None:
    """Have the worker do these kinds as well."""
    for runner in runners:
        stage.worker.add(runner)
