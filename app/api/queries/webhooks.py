"""Webhook endpoints and what became of their deliveries."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.webhook import WebhookDelivery, WebhookEndpoint
from app.webhooks.model import DeliveryState


@strawberry.input(description="Which deliveries; everything that is given must hold. An empty list holds for all.")
class WebhookDeliveryFilterInput:
    endpoint_id: strawberry.ID | None = strawberry.field(default=None, description="To this endpoint.")
    states: list[DeliveryState] | None = strawberry.field(default=None, description="Stand at one of these.")


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
        endpoint_id = filter.endpoint_id if filter else None
        states = tuple(filter.states or ()) if filter else ()
        return await connect(
            signer_of(context, "webhookDeliveries", [endpoint_id, states]),
            lambda page: context.services.webhook_queries.page(
                account_id, page, endpoint_id=endpoint_id, states=states
            ),
            WebhookDelivery.of,
            lambda: context.services.webhook_queries.count(account_id, endpoint_id=endpoint_id, states=states),
            Paging(first, after, last, before),
        )
