"""What is said in recordings, as text."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import field, guarded_field
from app.api.types.job import Job
from app.api.types.node import Node
from app.facts.vocabulary import LegRole
from app.transcripts import model
from app.transcripts.model import TranscriptEngine, TranscriptState

if TYPE_CHECKING:
    from app.api.types.recording import Recording


@strawberry.type(description="Something that was said without a long pause.")
class TranscriptSegment:
    channel: int = strawberry.field(description="The channel of the recording's file, counted from 1.")
    role: LegRole = strawberry.field(description="Whose voice that channel has.")
    start_seconds: float = strawberry.field(description="When it begins, from the start of the file.")
    end_seconds: float = strawberry.field(description="When it ends, from the start of the file.")
    text: str = strawberry.field(description="What was said.")
    confidence: float | None = strawberry.field(
        description="How sure the engine is, 0 to 1 by its own measure; null where it does not say."
    )

    @classmethod
    def of(cls, segment: model.TranscriptSegment) -> Self:
        return cls(
            channel=segment.channel,
            role=segment.role,
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            text=segment.text,
            confidence=segment.confidence,
        )


@strawberry.type(
    description="What is said in a recording. A recording has one transcript, the newest. It is deleted with the "
    "recording's file."
)
class Transcript(Node):
    recording_id: strawberry.ID = strawberry.field(description="The recording.")
    call_id: strawberry.ID = strawberry.field(description="The call that was recorded.")
    job_id: strawberry.ID = strawberry.field(description="The job that makes it.")
    state: TranscriptState = strawberry.field(description="Where it stands.")
    language_code: str = strawberry.field(description="What was listened for, such as `en-US`.")
    engine: TranscriptEngine | None = strawberry.field(description="Who writes it down; null until that has begun.")
    segments: list[TranscriptSegment] | None = strawberry.field(
        description="What was said, in the order of its beginning over all channels. Null until it is `READY`."
    )
    failure: str | None = strawberry.field(description="Why there is none, when it is `FAILED`.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it was `READY` or `FAILED`.")

    @classmethod
    def of(cls, transcript: model.Transcript) -> Self:
        return cls(
            id=strawberry.ID(transcript.id),
            recording_id=strawberry.ID(transcript.recording_id),
            call_id=strawberry.ID(transcript.call_id),
            job_id=strawberry.ID(transcript.job_id),
            state=transcript.state,
            language_code=transcript.language,
            engine=transcript.engine,
            segments=None
            if transcript.segments is None
            else [TranscriptSegment.of(segment) for segment in transcript.segments],
            failure=transcript.failure,
            created_at=transcript.created_at,
            finished_at=transcript.finished_at,
        )

    @field("All of it, a line for each segment that begins with whose voice it is. Null until it is `READY`.")
    def text(self) -> str | None:
        if self.segments is None:
            return None
        return "\n".join(f"{one.role.value}: {one.text}" for one in self.segments)

    @guarded_field(Scope.RECORDINGS_READ, "The job that makes it; null once that is deleted.")
    async def job(self, info: Info) -> Job | None:
        context = info.context
        found = await context.services.jobs.get(context.account_id, self.job_id, context.caller.scopes)
        return None if found is None else Job.of(found)

    @guarded_field(Scope.RECORDINGS_READ, "The recording.")
    async def recording(self, info: Info) -> Annotated["Recording", strawberry.lazy("app.api.types.recording")] | None:
        from app.api.types.recording import Recording  # the two types know each other

        found = await info.context.loaders.recording.load(self.recording_id)
        return None if found is None else Recording.of(found, info.context.sight)
