"""A person asks to be forgotten."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.scalars import PhoneNumber
from app.api.types.job import Job
from app.api.types.problem import Payload
from app.erasure.person import FEWEST_LETTERS, LONGEST_NAME
from app.erasure.service import MOST_NAMES


@strawberry.input(description="A person who asks to be forgotten.")
class ErasePersonalDataInput:
    number: PhoneNumber = strawberry.field(description="The person's number.")
    names: list[str] = strawberry.field(
        default_factory=list,
        description="The person's names, which are to go as well, as whole words, from what people have written in the "
        f"rows in which the number is found: at most {MOST_NAMES}, each of {FEWEST_LETTERS} letters at least and "
        f"{LONGEST_NAME} characters at most. Everyday words, such as Customer, are refused with `INVALID_INPUT`. Names "
        "that stand beside the number are found without this.",
    )
    dry_run: bool = strawberry.field(
        default=False, description="Only count: the job's report tells what would be erased, and nothing changes."
    )


@strawberry.type(description="What came of asking for a person to be forgotten.")
class ErasePersonalDataPayload(Payload):
    job: Job | None = strawberry.field(
        default=None,
        description="The erasure; its `report` tells what was erased, by kind, once it is over. Null when refused.",
    )


@strawberry.type
class ErasureMutations:
    @mutation(
        Scope.RECORDINGS_DELETE,
        ErasePersonalDataPayload,
        "Remove what is held about a person, known by the telephone number: recordings with their transcripts and "
        "traces, contacts, exports and reports that name the person; and, in calls, records, events, callbacks, "
        "one-time passwords and everything else, the number, names, metadata and whatever was written or pressed. A "
        "pseudonym takes the number's place, so that counts and sums stay right; events keep their ids, types, "
        "sequences and times. Entries of DNC lists stay: they protect the person. Callbacks are cancelled and contacts "
        "removed at once; calls under way are waited for. It cannot be undone. Needs the scopes `contacts` and "
        "`pii:read` as well. Refused with `INVALID_STATE` while the account's own configuration has the number.",
    )
    async def erase_personal_data(
        self,
        info: Info,
        input: Annotated[ErasePersonalDataInput, strawberry.argument(description="Who is to be forgotten.")],  # noqa: A002  # GraphQL's own word
    ) -> ErasePersonalDataPayload:
        job = await info.context.services.erasures.begin(
            info.context.caller, input.number, names=input.names, is_dry_run=input.dry_run
        )
        return ErasePersonalDataPayload(job=Job.of(job))
