"""Webhook endpoints and what became of their deliveries."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.instants import TimeRangeInput, read_range
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.enums.events import EventType
from app.api.types.webhook import WebhookDelivery, WebhookEndpoint
from app.webhooks.model import EVERY_DELIVERY, DeliveryFilter, DeliveryState


@strawberry.input(description="Which deliveries; everything that is given must hold. An empty list holds for all.")
class WebhookDeliveryFilterInput:
    endpoint_id: strawberry.ID | None = strawberry.field(default=None, description="To this endpoint.")
    states: list[DeliveryState] | None = strawberry.field(default=None, description="Stand at one of these.")
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of events about this: a call's id, mostly."
    )
    event_types: list[EventType] | None = strawberry.field(default=None, description="Of events of these types.")
    created: TimeRangeInput | None = strawberry.field(
        default=None, description="When they were put in line, which is when the event was written."
    )


def read_delivery_filter(given: WebhookDeliveryFilterInput | None) -> DeliveryFilter:
    """Raises RefusedError: INVALID_INPUT."""
    if given is None:
        return EVERY_DELIVERY
    created_from, created_to = read_range(given.created, field=("filter", "created"))
    return DeliveryFilter(
        endpoint_id=given.endpoint_id,
        states=tuple(given.states or ()),
        subject_id=given.subject_id,
        event_types=tuple(one.value for one in given.event_types or ()),
        created_from=created_from,
        created_to=created_to,
    )


@strawberry.type
class WebhookQueries:
    @guarded_field(Scope.WEBHOOKS_READ, "One webhook endpoint; null when there is none.")
    async def webhook_endpoint(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The endpoint's id.")],  # noqa: A002  # the argument's public name
    ) -> WebhookEndpoint | None:
        found = await info.context.services.webhooks.get(info.context.account_id, id)
        return None if found is None else WebhookEndpoint.of(found)

    @guarded_field(Scope.WEBHOOKS_READ, "The account's webhook endpoints, oldest first.")
    async def webhook_endpoints(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WebhookEndpoint]:
        context, account_id = info.context, info.context.account_id
        return await connect(
            signer_of(context, "webhookEndpoints", None),
            lambda page: context.services.webhooks.page(account_id, page),
            WebhookEndpoint.of,
            lambda: context.services.webhooks.count(account_id),
            Paging(first, after, last, before),
        )

    @guarded_field(Scope.WEBHOOKS_READ, "One webhook delivery; null when there is none.")
    async def webhook_delivery(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The delivery's id.")],  # noqa: A002
    ) -> WebhookDelivery | None:
        found = await info.context.services.webhook_queries.get(info.context.account_id, id)
        return None if found is None else WebhookDelivery.of(found)

    @guarded_field(Scope.WEBHOOKS_READ, "What was sent to the account's endpoints, newest first.")
    async def webhook_deliveries(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002
            WebhookDeliveryFilterInput | None, strawberry.argument(description="Which of them; all by default.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[WebhookDelivery]:
        context, account_id = info.context, info.context.account_id
        where = read_delivery_filter(filter)
        return await connect(
            signer_of(context, "webhookDeliveries", where),
            lambda page: context.services.webhook_queries.page(account_id, page, where),
            WebhookDelivery.of,
            lambda: context.services.webhook_queries.count(account_id, where),
            Paging(first, after, last, before),
        )
