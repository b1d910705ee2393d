"""What may be done about jobs."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.fields import mutation
from app.api.types.job import Job
from app.api.types.problem import Payload


@strawberry.input(description="A job to be cancelled.")
class CancelJobInput:
    id: strawberry.ID = strawberry.field(description="The job.")


@strawberry.type(description="What came of cancelling a job.")
class CancelJobPayload(Payload):
    job: Job | None = strawberry.field(default=None, description="The job, cancelled.")


@strawberry.type
class JobMutations:
    @mutation(
        None,
        CancelJobPayload,
        "Cancel a job: once this has answered it writes nothing more, and what it had done until then stays done. It "
        "takes the scope of the job's kind. "
        "`INVALID_STATE` when it is `FINISHED` or `FAILED`; one that is cancelled is left so.",
    )
    async def cancel_job(
        self,
        info: Info,
        input: Annotated[CancelJobInput, strawberry.argument(description="The job.")],  # noqa: A002  # GraphQL's own word
    ) -> CancelJobPayload:
        caller = info.context.caller
        job = await info.context.services.jobs.cancel(
            caller.account_id, input.id, caller.scopes, actor=caller.actor, request_id=caller.request_id
        )
        return CancelJobPayload(job=Job.of(job))
