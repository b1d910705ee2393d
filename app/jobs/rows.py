"""The rows of jobs: how they are read, and what a worker may change of one that it holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from app.accounts.scopes import Scope
from app.facts.calls import Fact
from app.facts.event import Actor, ActorKind, Draft
from app.facts.jobs import Counts, JobCancelled, JobFact, JobFailed, JobFinished, JobKind, JobState
from app.ids import Kind, new_id
from app.jobs.model import Job, JobReport

NAMES: Final = (
    *("id", "account_id", "kind", "state", "subject_id", "scope", "payload", "counts", "fraction", "attempts"),
    *("error", "report_name", "report_type", "report_bytes", "report_key", "actor_kind", "actor_id", "request_id"),
    *("is_sandbox", "created_at", "updated_at", "started_at", "finished_at"),
)
_AS_TEXT: Final = frozenset({"payload", "counts"})
COLUMNS: Final = ", ".join(f"{name}::text AS {name}" if name in _AS_TEXT else name for name in NAMES)
#: As COLUMNS, where ``job`` is one of several tables.
OF_JOB: Final = ", ".join(f"job.{name}::text AS {name}" if name in _AS_TEXT else f"job.{name}" for name in NAMES)

_COUNTS: Final = msgspec.json.Decoder(Counts)


def read_job(row: asyncpg.Record) -> Job:
    """A job of a row that has COLUMNS, and perhaps more."""
    report = None
    if row["report_key"] is not None:
        report = JobReport(
            file_name=row["report_name"],
            content_type=row["report_type"],
            size_bytes=row["report_bytes"],
            object_key=row["report_key"],
        )
    return Job(
        id=row["id"],
        account_id=row["account_id"],
        kind=JobKind(row["kind"]),
        state=JobState(row["state"]),
        subject_id=row["subject_id"],
        scope=Scope(row["scope"]),
        payload=row["payload"].encode(),
        counts=_COUNTS.decode(row["counts"]),
        fraction=row["fraction"],
        attempts=row["attempts"],
        error=row["error"],
        report=report,
        actor=Actor(kind=ActorKind(row["actor_kind"]), id=row["actor_id"]),
        request_id=row["request_id"],
        is_sandbox=row["is_sandbox"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def draft_of(job: Job, fact: Fact, at: datetime, *, actor: Actor | None = None, subject_id: str | None = None) -> Draft:
    """What the log is told of a job, or (with ``subject_id``) of what it is about."""
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=job.account_id,
        subject_id=subject_id or job.id,
        occurred_at=at,
        fact=fact,
        actor=job.actor if actor is None else actor,
        request_id=job.request_id,
        is_sandbox=job.is_sandbox,
    )


def fact_of(job: Job, *, has_report: bool) -> JobFact:
    """What is said of a job that is over."""
    match job.state:
        case JobState.FINISHED:
            return JobFinished(
                job_id=job.id,
                kind=job.kind,
                job_subject_id=job.subject_id,
                counts=job.counts,
                has_report=has_report,
            )
        case JobState.FAILED:
            return JobFailed(
                job_id=job.id,
                kind=job.kind,
                job_subject_id=job.subject_id,
                counts=job.counts,
                has_report=has_report,
                reason=job.error or "",
            )
        case _:
            return JobCancelled(
                job_id=job.id,
                kind=job.kind,
                job_subject_id=job.subject_id,
                counts=job.counts,
                has_report=has_report,
            )


def read_jobs(rows: Sequence[asyncpg.Record]) -> list[Job]:
    """The jobs of some rows."""
    return [read_job(row) for row in rows]
