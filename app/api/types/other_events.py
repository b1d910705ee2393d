"""The events of recordings and of webhook endpoints, one type for each fact."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.scalars import Long
from app.api.types.enums.events import EventType
from app.api.types.event import CallEvent, Event
from app.api.types.recording import Recording
from app.facts.recordings import DeletionReason
from app.facts.vocabulary import PauseMode, RecordingMode

if TYPE_CHECKING:
    from app.api.types.webhook import WebhookEndpoint


@strawberry.interface(description="An event of a recording. It carries no address, since addresses expire.")
class RecordingEvent(CallEvent):
    recording_id: strawberry.ID = strawberry.field(description="The recording.")
    mode: RecordingMode = strawberry.field(description="Whose voice is recorded.")

    @guarded_field(Scope.RECORDINGS_READ, "The recording as it is now.")
    async def recording(self, info: Info) -> Recording | None:
        found = await info.context.loaders.recording.load(self.recording_id)
        return None if found is None else Recording.of(found, info.context.sight)


@strawberry.type(description="`recording.started`: Asterisk is writing the recording.")
class RecordingStartedEvent(RecordingEvent):
    pass


@strawberry.type(description="`recording.paused`: nothing of what is said from now on gets into the recording.")
class RecordingPausedEvent(RecordingEvent):
    pause_mode: PauseMode = strawberry.field(description="What the file has of the pause.")
    paused_at: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="`recording.resumed`: what is said is recorded again.")
class RecordingResumedEvent(RecordingEvent):
    pause_mode: PauseMode = strawberry.field(description="What the file has of the pause.")
    paused_at: datetime = strawberry.field(description="When the pause began.")
    resumed_at: datetime = strawberry.field(description="When it ended.")


@strawberry.type(description="`recording.saved`: the recording is in Offhook's store, whole.")
class RecordingSavedEvent(RecordingEvent):
    duration_seconds: float = strawberry.field(description="Length in seconds, counted from the samples.")
    size_bytes: Long = strawberry.field(description="Size of the file in bytes, its header included.")
    channels: int = strawberry.field(description="1 for one side, 2 for both.")
    sha256: str = strawberry.field(description="SHA-256 of the file, in hex.")
    lost_seconds: float | None = strawberry.field(
        description="Seconds of sound that are missing because Asterisk had no time to write them, of the leg of which "
        "most is missing: 0 when it wrote all. Null when that is not known."
    )


@strawberry.type(description="`recording.failed`: no recording came of it.")
class RecordingFailedEvent(RecordingEvent):
    reason: str = strawberry.field(description="Why.")


@strawberry.type(
    description="`recording.deleted`: the file can no longer be fetched. It is about the recording, not its call."
)
class RecordingDeletedEvent(Event):
    recording_id: strawberry.ID = strawberry.field(description="The recording, of which the record stays.")
    call_id: strawberry.ID = strawberry.field(description="The call that was recorded.")
    mode: RecordingMode = strawberry.field(description="Whose voice was recorded.")
    is_expired: bool = strawberry.field(description="Its time was over; nobody asked for it.")
    reason: DeletionReason | None = strawberry.field(description="Why it was deleted; null where that was not kept.")


@strawberry.interface(description="An event of a webhook endpoint.")
class WebhookEvent(Event):
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint.")

    @guarded_field(Scope.WEBHOOKS_READ, "The endpoint as it is now.")
    async def endpoint(
        self, info: Info
    ) -> Annotated["WebhookEndpoint", strawberry.lazy("app.api.types.webhook")] | None:
        from app.api.types.webhook import WebhookEndpoint  # endpoints know events

        found = await info.context.services.webhooks.get(info.context.account_id, self.endpoint_id)
        return None if found is None else WebhookEndpoint.of(found)


@strawberry.type(description="`webhook.test`: a test that a person asked for.")
class WebhookTestEvent(WebhookEvent):
    pass


@strawberry.type(
    description="`webhook.triggered`: somebody asked for a test (`triggerEvent`). Endpoints get a sample of that type."
)
class WebhookTriggeredEvent(Event):
    event_type: EventType = strawberry.field(description="What a sample was sent of.")


@strawberry.type(description="`webhook.exhausted`: the last attempt at a delivery failed; the event stays in the log.")
class WebhookExhaustedEvent(WebhookEvent):
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")
    event_id: strawberry.ID = strawberry.field(description="The event that was to be delivered.")
    event_type: EventType = strawberry.field(description="Its type.")
    attempts: int = strawberry.field(description="How often it was tried.")


@strawberry.type(description="`webhook.disabled`: the endpoint gets nothing more until it is enabled again.")
class WebhookDisabledEvent(WebhookEvent):
    reason: str = strawberry.field(description="Why.")
