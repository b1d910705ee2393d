"""Recordings, and the signed addresses they are fetched from."""

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.scalars import Long
from app.api.types.node import Node
from app.api.types.transcript import Transcript
from app.api.types.values import Party
from app.facts.masking import Sight
from app.facts.stretches import Segment
from app.facts.vocabulary import RecordingKind, RecordingMode, RecordingState, SegmentKind
from app.recordings import model

if TYPE_CHECKING:
    from app.api.types.call import Call


@strawberry.type(description="An address that works for whoever holds it, until it expires.")
class SignedUrl:
    url: str = strawberry.field(description="Absolute. GET and HEAD, with range requests; no key is needed.")
    expires_at: datetime = strawberry.field(description="When it stops working. Ask again for a new one.")


@strawberry.type(description="A stretch of a recording's file, and the time it tells of.")
class RecordingSegment:
    kind: SegmentKind = strawberry.field(description="What it is.")
    began_at: datetime = strawberry.field(description="When what it tells of began.")
    ended_at: datetime = strawberry.field(description="When that ended.")
    offset_seconds: float = strawberry.field(description="Where it begins in the file.")
    length_seconds: float = strawberry.field(description="How much of the file it takes; 0 for what was left out.")
    leg_ids: list[strawberry.ID] = strawberry.field(description="The legs whose voices it can hold.")

    @classmethod
    def of(cls, segment: Segment) -> Self:
        return cls(
            kind=segment.kind,
            began_at=segment.began_at,
            ended_at=segment.ended_at,
            offset_seconds=segment.offset_seconds,
            length_seconds=segment.length_seconds,
            leg_ids=[strawberry.ID(leg_id) for leg_id in segment.leg_ids],
        )


@strawberry.type(description="A recording of one call: a WAV file in Offhook's store.")
class Recording(Node):
    call_id: strawberry.ID = strawberry.field(description="The call that was recorded.")
    kind: RecordingKind = strawberry.field(description="What it is of.")
    mode: RecordingMode = strawberry.field(description="Whose voice it holds.")
    state: RecordingState = strawberry.field(description="Where it stands.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When Asterisk began to write.")
    saved_at: datetime | None = strawberry.field(description="When it was in the store, whole.")
    customer_party: Party | None = strawberry.field(
        description="The customer of the call, by number; null when it has none."
    )
    extension: str | None = strawberry.field(description="The agent's extension; null when there was none.")
    duration_seconds: float | None = strawberry.field(
        description="Length in seconds, counted from the samples; null unless it is `SAVED`."
    )
    size_bytes: Long | None = strawberry.field(
        description="Size of the file in bytes, its header included; null unless it is `SAVED`."
    )
    channels: int | None = strawberry.field(
        description="1 for one side, 2 for both (agent left, customer right); null unless it is `SAVED`."
    )
    sample_rate: int | None = strawberry.field(description="Samples a second, in Hz; null unless it is `SAVED`.")
    sha256: str | None = strawberry.field(description="SHA-256 of the file, in hex; null unless it is `SAVED`.")
    failure: str | None = strawberry.field(description="Why there is no recording, when it is `FAILED`.")
    leg_ids: list[strawberry.ID] = strawberry.field(
        description="The legs whose voices were recorded, in the order of their beginning."
    )
    segments: list[RecordingSegment] | None = strawberry.field(
        description="The map of the file, all of it in order: talk, silence, pauses. Null until it is `SAVED`, and "
        "where none was kept."
    )
    lost_seconds: float | None = strawberry.field(
        description="Seconds of sound that are missing because Asterisk had no time to write them, of the leg of which "
        "most is missing: 0 when it wrote all. Null when that is not known, and until it is `SAVED`."
    )
    deleted_at: datetime | None = strawberry.field(description="When it was deleted.")

    @classmethod
    def of(cls, recording: model.Recording, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(recording.id),
            call_id=strawberry.ID(recording.call_id),
            kind=recording.kind,
            mode=recording.mode,
            state=recording.state,
            created_at=recording.created_at,
            started_at=recording.started_at,
            saved_at=recording.saved_at,
            customer_party=Party.of_number(recording.customer_number, sight),
            extension=recording.extension,
            duration_seconds=recording.duration_seconds,
            size_bytes=None if recording.size_bytes is None else Long(recording.size_bytes),
            channels=recording.channels,
            sample_rate=recording.sample_rate,
            sha256=recording.sha256,
            failure=recording.failure,
            leg_ids=[strawberry.ID(leg_id) for leg_id in recording.leg_ids],
            segments=None
            if recording.segments is None
            else [RecordingSegment.of(segment) for segment in recording.segments],
            lost_seconds=recording.lost_seconds,
            deleted_at=recording.deleted_at,
        )

    @guarded_field(
        Scope.RECORDINGS_READ, "Where to fetch the file: a fresh signed address each time. Null until it is `SAVED`."
    )
    def url(self, info: Info) -> SignedUrl | None:
        if self.state is not RecordingState.SAVED:
            return None
        services, now = info.context.services, info.context.services.clock.now()
        lifetime = timedelta(seconds=services.recording_url_seconds)
        path = services.recording_urls.sign(self.id, now, lifetime)
        return SignedUrl(
            url=services.public_url.rstrip("/") + path,
            # The signature holds to the full second, rounded up.
            expires_at=datetime.fromtimestamp(math.ceil((now + lifetime).timestamp()), UTC),
        )

    @guarded_field(Scope.RECORDINGS_READ, "What is said in it; null unless `transcribe` was asked for.")
    async def transcript(self, info: Info) -> Transcript | None:
        found = await info.context.loaders.transcript_of_recording.load(self.id)
        return None if found is None else Transcript.of(found)

    @guarded_field(Scope.CALLS_READ, "The call that was recorded.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        from app.api.types.call import Call  # the two types know each other

        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)
