"""The events of sounds that are played into a call."""

import strawberry

from app.api.types.event import CallEvent, EventLeg


@strawberry.interface(description="An event of a sound that is played into a call.")
class PlaybackEvent(CallEvent):
    playback_id: strawberry.ID = strawberry.field(description="The playback, as `playAudio` gave it.")
    heard_by: EventLeg | None = strawberry.field(description="The leg that hears it; null when all do.")


@strawberry.type(description="`playback.started`: it can be heard.")
class PlaybackStartedEvent(PlaybackEvent):
    pass


@strawberry.type(description="`playback.finished`: it was heard to its end, or stopped.")
class PlaybackFinishedEvent(PlaybackEvent):
    is_stopped: bool = strawberry.field(description="It was stopped before its end.")


@strawberry.type(description="`playback.failed`: it could not be played, or not to its end.")
class PlaybackFailedEvent(PlaybackEvent):
    reason: str = strawberry.field(description="Why.")
