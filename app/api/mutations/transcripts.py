"""Having recordings transcribed."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.types.job import Job
from app.api.types.problem import Payload
from app.api.types.transcript import Transcript
from app.transcripts.service import LONGEST_PHRASE, MOST_PHRASES


@strawberry.input(description="A recording to be transcribed.")
class TranscribeInput:
    recording_id: strawberry.ID = strawberry.field(description="The recording; it must be `SAVED`.")
    language_code: str | None = strawberry.field(
        default=None, description="What is spoken, such as `en-US`. By default, what the operator has set."
    )
    phrases: list[str] | None = strawberry.field(
        default=None,
        description=f"What is likely said, at most {MOST_PHRASES} of {LONGEST_PHRASE} characters. The local recogniser "
        "then hears nothing but these; a service takes them as a hint.",
    )


@strawberry.type(description="What came of having a recording transcribed.")
class TranscribePayload(Payload):
    transcript: Transcript | None = strawberry.field(default=None, description="The transcript that is to be.")
    job: Job | None = strawberry.field(default=None, description="The job that makes it.")


@strawberry.type
class TranscriptMutations:
    @mutation(
        Scope.RECORDINGS_READ,
        TranscribePayload,
        "Have what is said in a recording written down, by a job. The new transcript takes the old one's place. While "
        "one is under way, another request gives that one. `transcript.ready` and `transcript.failed` tell the end. "
        "`INVALID_STATE` unless the recording is `SAVED`, and when too many jobs are unfinished (`FULL`).",
    )
    async def transcribe(
        self,
        info: Info,
        input: Annotated[TranscribeInput, strawberry.argument(description="The recording.")],  # noqa: A002  # GraphQL's own word
    ) -> TranscribePayload:
        begun = await info.context.services.transcripts.transcribe(
            info.context.caller, input.recording_id, language=input.language_code, phrases=input.phrases or ()
        )
        return TranscribePayload(transcript=Transcript.of(begun.transcript), job=Job.of(begun.job))
