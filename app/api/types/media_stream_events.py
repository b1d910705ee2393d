"""The events of media streams, one type for each fact."""

import strawberry

from app.api.types.event import CallEvent, EventLeg
from app.facts.vocabulary import MediaStreamEnd


@strawberry.interface(description="An event of a media stream.")
class MediastreamEvent(CallEvent):
    stream_id: strawberry.ID = strawberry.field(description="The media stream.")
    leg: EventLeg = strawberry.field(description="The leg that talks to the program.")
    host: str = strawberry.field(description="Where the program is: the URL's host.")


@strawberry.type(description="`mediastream.connected`: the leg and the program hear each other.")
class MediastreamConnectedEvent(MediastreamEvent):
    sample_rate: int = strawberry.field(description="Samples a second.")


@strawberry.type(description="`mediastream.ended`: the leg is back. Exactly one for each that was connected.")
class MediastreamEndedEvent(MediastreamEvent):
    reason: MediaStreamEnd = strawberry.field(description="Why.")
    duration_seconds: float = strawberry.field(description="How many seconds they heard each other.")
    detail: str | None = strawberry.field(description="What happened, for people; null when the reason says it.")
    outcome: str | None = strawberry.field(description="The program's own word for how it went, if it gave one.")


@strawberry.type(description="`mediastream.failed`: it did not come about. Instead of the other two.")
class MediastreamFailedEvent(MediastreamEvent):
    reason: MediaStreamEnd = strawberry.field(description="Why.")
    detail: str | None = strawberry.field(description="What happened, for people; null when the reason says it.")
