"""The events of jobs, one type for each fact."""

import strawberry

from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.event import Event
from app.api.types.job import Job, JobCounts
from app.facts.jobs import JobKind


@strawberry.interface(description="An event of a job.")
class JobEvent(Event):
    job_id: strawberry.ID = strawberry.field(description="The job.")
    kind: JobKind = strawberry.field(description="What it did.")
    job_subject_id: strawberry.ID | None = strawberry.field(description="What it was about: a list, a recording.")
    counts: JobCounts = strawberry.field(description="How far it had come.")
    has_report: bool = strawberry.field(description="Whether there is a file to fetch.")

    @guarded_field(None, "The job as it is; null once it is deleted, and for keys without the scope of its kind.")
    async def job(self, info: Info) -> Job | None:
        context = info.context
        found = await context.services.jobs.get(context.account_id, self.job_id, context.caller.scopes)
        return None if found is None else Job.of(found)


@strawberry.type(description="`job.finished`: the job has done all of its work.")
class JobFinishedEvent(JobEvent):
    pass


@strawberry.type(description="`job.failed`: the job was given up. What it had done until then stays done.")
class JobFailedEvent(JobEvent):
    reason: str = strawberry.field(description="Why.")


@strawberry.type(description="`job.cancelled`: the job was cancelled. What it had done until then stays done.")
class JobCancelledEvent(JobEvent):
    pass
