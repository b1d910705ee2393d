"""Jobs: long work, how far it is, and the file that came of it."""

import math
from datetime import UTC, datetime, timedelta
from typing import Self

import strawberry

from app.api.context import Info
from app.api.fields import field
from app.api.scalars import Long
from app.api.types.node import Node
from app.api.types.values import Actor
from app.exports.plan import may_fetch
from app.facts.jobs import Counts, JobKind, JobState
from app.jobs import model


@strawberry.type(description="How far a job has come, in rows or pieces.")
class JobCounts:
    total: Long | None = strawberry.field(
        description="How many rows or pieces there are in all; null while nobody knows."
    )
    processed: Long = strawberry.field(description="How many rows or pieces are done, in whatever way.")
    added: Long = strawberry.field(description="How many rows were new.")
    updated: Long = strawberry.field(description="How many rows changed what was there.")
    skipped: Long = strawberry.field(description="How many rows were fine and needed nothing, such as duplicates.")
    rejected: Long = strawberry.field(description="How many rows could not be used; the report says why.")
    existing: Long = strawberry.field(
        description="How many of the skipped rows have a number that was in the list before, and stayed as it was."
    )
    dnc: Long = strawberry.field(
        description="How many contacts, whatever became of them, have a number on a DNC list that applies to all."
    )

    @classmethod
    def of(cls, counts: Counts) -> Self:
        return cls(
            total=None if counts.total is None else Long(counts.total),
            processed=Long(counts.processed),
            added=Long(counts.added),
            updated=Long(counts.updated),
            skipped=Long(counts.skipped),
            rejected=Long(counts.rejected),
            existing=Long(counts.existing),
            dnc=Long(counts.dnc),
        )


@strawberry.type(description="A job's file.")
class JobReport:
    url: str = strawberry.field(description="Absolute, and signed anew each time. GET and HEAD; no key is needed.")
    expires_at: datetime = strawberry.field(description="When the address stops working. Ask again for a new one.")
    file_name: str = strawberry.field(description="What the file is called.")
    content_type: str = strawberry.field(description="What it is, as HTTP says it.")
    size_bytes: Long = strawberry.field(description="Its size in bytes.")


@strawberry.type(
    description="Long work that goes on by itself: an import, an export, a transcription. It survives restarts: "
    "another process goes on where the last one stopped. Jobs and their reports are deleted some time after they ended."
)
class Job(Node):
    row: strawberry.Private[model.Job]
    kind: JobKind = strawberry.field(description="What it does.")
    state: JobState = strawberry.field(description="Where it stands.")
    subject_id: strawberry.ID | None = strawberry.field(description="What it is about: a list, a recording.")
    progress: float | None = strawberry.field(
        description="How much of it is done, from 0 to 1; null while nobody knows."
    )
    counts: JobCounts = strawberry.field(description="How far it has come.")
    failure: str | None = strawberry.field(
        description="Why it is `FAILED`; while it is `QUEUED` again, why the last attempt did not work."
    )
    actor: Actor = strawberry.field(description="Who set it in motion.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When it was first begun.")
    finished_at: datetime | None = strawberry.field(description="When it was over, in whatever way.")

    @classmethod
    def of(cls, job: model.Job) -> Self:
        return cls(
            id=strawberry.ID(job.id),
            row=job,
            kind=job.kind,
            state=job.state,
            subject_id=None if job.subject_id is None else strawberry.ID(job.subject_id),
            progress=_progress(job),
            counts=JobCounts.of(job.counts),
            failure=job.error,
            actor=Actor.of(job.actor),
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )

    @field(
        "Its file, with a fresh signed address each time. Null until it is over, for jobs that write none, and for an "
        "export that shows more than this key may see."
    )
    def report(self, info: Info) -> JobReport | None:
        report = self.row.report
        if report is None:
            return None
        if self.kind is JobKind.EXPORT and not may_fetch(self.row.payload, info.context.sight):
            return None
        services, now = info.context.services, info.context.services.clock.now()
        lifetime = timedelta(seconds=services.recording_url_seconds)
        return JobReport(
            url=services.public_url.rstrip("/") + services.job_reports.sign(self.id, now, lifetime),
            # The signature holds to the full second, rounded up.
            expires_at=datetime.fromtimestamp(math.ceil((now + lifetime).timestamp()), UTC),
            file_name=report.file_name,
            content_type=report.content_type,
            size_bytes=Long(report.size_bytes),
        )


def _progress(job: model.Job) -> float | None:
    if job.fraction is not None:
        return min(1.0, max(0.0, job.fraction))
    return min(1.0, job.counts.processed / job.counts.total) if job.counts.total else None
