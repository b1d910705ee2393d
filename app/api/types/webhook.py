"""Webhook endpoints, deliveries and attempts."""

from datetime import datetime
from typing import Self

import strawberry

from app.api.context import Info
from app.api.fields import field
from app.api.scalars import Long
from app.api.types.enums import EventType
from app.api.types.node import Node
from app.webhooks import model
from app.webhooks.model import DeliveryState


@strawberry.type(description="Where the account's events are sent, signed after Standard Webhooks.")
class WebhookEndpoint(Node):
    url: str = strawberry.field(description="The address.")
    event_types: list[str] = strawberry.field(
        description="What is sent: public names with `*` for anything, such as `call.*`."
    )
    description: str | None = strawberry.field(description="Your own words about it.")
    api_version: str = strawberry.field(description="The version of the bodies, pinned when it was made.")
    include_personal_data: bool = strawberry.field(
        description="Whether events tell telephone numbers and names whole; else they come masked."
    )
    include_dtmf: bool = strawberry.field(description="Whether events tell which keys were pressed; else each is `x`.")
    is_enabled: bool = strawberry.field(description="Whether anything is sent; what is not is kept.")
    disabled_reason: str | None = strawberry.field(description="Why not, when Offhook disabled it.")
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
            include_personal_data=endpoint.reads_pii,
            include_dtmf=endpoint.reads_dtmf,
            is_enabled=endpoint.is_enabled,
            disabled_reason=endpoint.disabled_reason,
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
    response_excerpt: str | None = strawberry.field(description="The first 2 KB of the answer.")

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
    event_id: strawberry.ID | None = strawberry.field(description="The event; null once it is past retention.")
    event_type: EventType = strawberry.field(description="The event's type.")
    event_sequence: Long = strawberry.field(description="The event's `sequence`.")
    subject_id: strawberry.ID = strawberry.field(description="What the event is about; order holds per subject.")
    delivery_sequence: Long = strawberry.field(
        description="Counts 1, 2, 3 … within the endpoint, so that a gap shows at the receiver."
    )
    state: DeliveryState = strawberry.field(description="Where it stands.")
    attempt_count: int = strawberry.field(description="How often it was tried.")
    created_at: datetime = strawberry.field(description="When it was put in line.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried next, while `PENDING`.")
    finished_at: datetime | None = strawberry.field(description="When it was delivered or given up.")

    @classmethod
    def of(cls, delivery: model.Delivery) -> Self:
        event_id: str | None = delivery.event_id
        return cls(
            id=strawberry.ID(delivery.id),
            endpoint_id=strawberry.ID(delivery.endpoint_id),
            event_id=None if event_id is None else strawberry.ID(event_id),
            event_type=EventType(delivery.event_type),
            event_sequence=Long(delivery.event_sequence),
            subject_id=strawberry.ID(delivery.subject_id),
            delivery_sequence=Long(delivery.delivery_sequence),
            state=delivery.state,
            attempt_count=delivery.attempts,
            created_at=delivery.created_at,
            next_attempt_at=delivery.next_attempt_at,
            finished_at=delivery.finished_at,
        )

    @field("Every attempt, oldest first.")
    async def attempts(self, info: Info) -> list[WebhookAttempt]:
        return [WebhookAttempt.of(one) for one in await info.context.loaders.attempts_of_delivery.load(self.id)]
