"""The events of transcripts, one type for each fact."""

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.event import Event
from app.api.types.transcript import Transcript


@strawberry.interface(description="An event of a transcript. It carries no text.")
class TranscriptEvent(Event):
    transcript_id: strawberry.ID = strawberry.field(description="The transcript.")
    recording_id: strawberry.ID = strawberry.field(description="The recording.")
    call_id: strawberry.ID = strawberry.field(description="The call that was recorded.")
    job_id: strawberry.ID = strawberry.field(description="The job.")

    @guarded_field(
        Scope.RECORDINGS_READ, "The transcript as it is; null once it is deleted, or another took its place."
    )
    async def transcript(self, info: Info) -> Transcript | None:
        found = await info.context.services.transcript_queries.get(info.context.account_id, self.transcript_id)
        return None if found is None else Transcript.of(found)


@strawberry.type(description="`transcript.ready`: what is said in the recording was written down.")
class TranscriptReadyEvent(TranscriptEvent):
    language: str = strawberry.field(description="What was listened for.")
    segment_count: int = strawberry.field(description="How many segments it has.")


@strawberry.type(description="`transcript.failed`: the recording was not transcribed.")
class TranscriptFailedEvent(TranscriptEvent):
    reason: str = strawberry.field(description="Why.")
