"""One job, followed to its end."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.fields import subscription
from app.api.subscriptions.events import write_cursor
from app.api.types.event_list import event_signer
from app.api.types.job import Job


@strawberry.type(description="A job as it is now.")
class JobChanged:
    cursor: str = strawberry.field(description="The place in the log that it was read at.")
    job: Job = strawberry.field(description="The whole job, so that a client's cache can take it by its id.")


JobMessage = Annotated[
    JobChanged,
    strawberry.union("JobMessage", description="What the subscription `jobProgress` says. Expect further types."),
]


@strawberry.type
class JobSubscriptions:
    @subscription(
        None,
        "Follow one job: at once as it is, then whenever it has come further, about once a second at most. Completes "
        "when the job is over. It takes the scope of the job's kind. After a disconnection, subscribe again: it begins "
        "with the job as it is. There is none, it is deleted meanwhile, or the key lacks the scope: a `NOT_FOUND` in "
        "`errors`.",
    )
    async def job_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The job.")],  # noqa: A002  # the argument's public name
    ) -> AsyncIterator[JobMessage]:
        context = info.context
        signer, services = event_signer(context), context.services
        followed = services.jobs.follow(context.account_id, id, context.caller.scopes)
        async with aclosing(followed):
            async for job in followed:
                yield JobChanged(cursor=write_cursor(signer, await services.feed.head()), job=Job.of(job))
