"""Jobs. Each takes the scope of its kind: the others' do not exist for a key."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect_filtered
from app.api.types.job import Job
from app.facts.jobs import JobKind, JobState
from app.jobs.model import JobFilter


@strawberry.input(description="Which jobs; everything that is given must hold. An empty list holds for all.")
class JobFilterInput:
    kinds: list[JobKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    states: list[JobState] | None = strawberry.field(default=None, description="Stand at one of these.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="About this list or recording.")


@strawberry.type
class JobQueries:
    @guarded_field(
        None, "One job; null when there is none. It takes the scope of its kind, such as `contacts` for an import."
    )
    async def job(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The job's id.")],  # noqa: A002  # the argument's public name
    ) -> Job | None:
        context = info.context
        found = await context.services.jobs.get(context.account_id, id, context.caller.scopes)
        return None if found is None else Job.of(found)

    @guarded_field(None, "The account's jobs of those kinds that the key has the scopes for, newest first.")
    async def jobs(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002
            JobFilterInput | None, strawberry.argument(description="Which of them; all by default.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Job]:
        context, given = info.context, filter or JobFilterInput()
        jobs = context.services.jobs
        where = JobFilter(
            scopes=tuple(sorted(context.caller.scopes)),
            kinds=tuple(given.kinds or ()),
            states=tuple(given.states or ()),
            subject_id=given.subject_id,
        )
        return await connect_filtered(
            context,
            "jobs",
            where,
            load=jobs.page,
            count=jobs.count,
            make=lambda job, _: Job.of(job),
            paging=Paging(first, after, last, before),
        )
