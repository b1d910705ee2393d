"""Webhook endpoints, deliveries and attempts."""

from datetime import datetime
from typing import Self

import strawberry

from app.api.context import Info
from app.api.fields import field
from app.api.scalars import Long
from app.api.types.enums.describing import describe
from app.api.types.enums.events import EventType
from app.api.types.node import Node
from app.webhooks import model
from app.webhooks.model import DeliveryState, Format

describe(
    Format,
    "What the bodies of webhooks look like. Expect values you do not know: this list grows.",
    {
        "STANDARD": "The event as everywhere else: an envelope with the fact under `data`. JSON Schemas are at "
        "`/schemas/events`.",
        "CLASSIC": "Flat bodies for CRMs that know no others: `call.connected` as the dialled number, extension, "
        "caller id and unique id; `call.ended` with the duration besides, in whole seconds of talk, 0 when it never "
        "connected. Digits without `+`. Nothing else is sent. The headers and signatures are those of all webhooks.",
    },
    name="WebhookFormat",
)


@strawberry.type(description="Where the account's events are sent, signed after Standard Webhooks.")
class WebhookEndpoint(Node):
    url: str = strawberry.field(description="The address.")
    event_types: list[str] = strawberry.field(
        description="What is sent: public names with `*` for anything, such as `call.*`."
    )
    description: str | None = strawberry.field(description="Your own words about it.")
    api_version: str = strawberry.field(
        description="The version of the bodies: what is sent keeps its form, whatever newer versions bring."
    )
    format: Format = strawberry.field(description="What the bodies look like.")
    include_personal_data: bool = strawberry.field(
        description="Whether events tell telephone numbers and names whole; else they come masked."
    )
    include_dtmf: bool = strawberry.field(description="Whether events tell which keys were pressed; else each is `x`.")
    include_recording_urls: bool = strawberry.field(
        description="Whether `recording.saved` comes with a signed address (`signedUrl`), made anew for each attempt."
    )
    previous_secret_expires_at: datetime | None = strawberry.field(
        description="Until when secrets that were rotated out sign beside the present one; null when none does."
    )
    is_enabled: bool = strawberry.field(
        description="Whether anything is sent. What happens while it is disabled is kept for 30 days, and sent once it "
        "is enabled."
    )
    disabled_reason: str | None = strawberry.field(
        description="Why Offhook disabled the endpoint; null when it did not."
    )
    disabled_at: datetime | None = strawberry.field(description="Since when it is disabled.")
    failing_since: datetime | None = strawberry.field(description="Since when no attempt has succeeded.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, endpoint: model.Endpoint) -> Self:
        return cls(
            id=strawberry.ID(endpoint.id),
            url=endpoint.url,
            event_types=list(endpoint.event_types),
            description=endpoint.description,
            api_version=endpoint.api_version,
            format=endpoint.format,
            include_personal_data=endpoint.reads_pii,
            include_dtmf=endpoint.reads_dtmf,
            include_recording_urls=endpoint.reads_recordings,
            previous_secret_expires_at=endpoint.previous_secret_until,
            is_enabled=endpoint.is_enabled,
            disabled_reason=endpoint.disabled_reason,
            disabled_at=endpoint.disabled_at,
            failing_since=endpoint.failing_since,
            created_at=endpoint.created_at,
        )


@strawberry.type(description="One request to an endpoint, and what came back.")
class WebhookAttempt:
    id: strawberry.ID = strawberry.field(description="Its id.")
    number: int = strawberry.field(description="Counts 1, 2, 3 … within the delivery.")
    started_at: datetime = strawberry.field(description="When it was sent.")
    latency_seconds: float = strawberry.field(description="How many seconds the answer took.")
    status: int | None = strawberry.field(description="The HTTP status; null when there was no answer.")
    failure: str | None = strawberry.field(description="Why it does not count as delivered; null when it does.")
    response_excerpt: str | None = strawberry.field(
        description="The first 2 KB of the answer; null when there was none."
    )

    @classmethod
    def of(cls, attempt: model.Attempt) -> Self:
        return cls(
            id=strawberry.ID(attempt.id),
            number=attempt.number,
            started_at=attempt.started_at,
            latency_seconds=attempt.latency_seconds,
            status=attempt.status,
            failure=attempt.failure,
            response_excerpt=attempt.response_excerpt,
        )


@strawberry.type(description="One event on its way to one endpoint. Its `webhook-id` header is `eventId`.")
class WebhookDelivery(Node):
    endpoint_id: strawberry.ID = strawberry.field(description="Where to.")
    event_id: strawberry.ID | None = strawberry.field(description="The event; null once it is no longer in the log.")
    event_type: EventType = strawberry.field(description="The event's type.")
    event_sequence: Long = strawberry.field(description="The event's `sequence`.")
    subject_id: strawberry.ID = strawberry.field(description="What the event is about; order holds per subject.")
    delivery_sequence: Long = strawberry.field(
        description="Counts 1, 2, 3 … within the endpoint, so that a gap shows at the receiver."
    )
    state: DeliveryState = strawberry.field(description="Where it stands.")
    attempt_count: int = strawberry.field(description="How often it was tried, before and after replays.")
    is_replay: bool = strawberry.field(description="It was replayed; it comes with the header `offhook-replay: true`.")
    is_test_event: bool = strawberry.field(
        description="It is a test that somebody asked for (`testWebhookEndpoint`, `triggerEvent`), and tried once."
    )
    created_at: datetime = strawberry.field(description="When it was put in line.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried next, while `PENDING`.")
    finished_at: datetime | None = strawberry.field(description="When it was delivered or given up.")

    @classmethod
    def of(cls, delivery: model.Delivery) -> Self:
        return cls(
            id=strawberry.ID(delivery.id),
            endpoint_id=strawberry.ID(delivery.endpoint_id),
            event_id=None if delivery.event_id is None else strawberry.ID(delivery.event_id),
            event_type=EventType(delivery.event_type),
            event_sequence=Long(delivery.event_sequence),
            subject_id=strawberry.ID(delivery.subject_id),
            delivery_sequence=Long(delivery.delivery_sequence),
            state=delivery.state,
            attempt_count=delivery.attempts,
            is_replay=delivery.is_replay,
            is_test_event=delivery.is_test,
            created_at=delivery.created_at,
            next_attempt_at=delivery.next_attempt_at,
            finished_at=delivery.finished_at,
        )

    @field("Every attempt, oldest first.")
    async def attempts(self, info: Info) -> list[WebhookAttempt]:
        return [WebhookAttempt.of(one) for one in await info.context.loaders.attempts_of_delivery.load(self.id)]
