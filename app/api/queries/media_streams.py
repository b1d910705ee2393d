"""The programs that an account allows."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.media_streams import MediaEndpoint


@strawberry.type
class MediaStreamQueries:
    @guarded_field(Scope.WEBHOOKS_READ, "One media endpoint; null when there is none.")
    async def media_endpoint(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The endpoint's id.")],  # noqa: A002  # the argument's public name
    ) -> MediaEndpoint | None:
        found = await info.context.services.media_endpoints.get(info.context.account_id, id)
        return None if found is None else MediaEndpoint.of(found)

    @guarded_field(Scope.WEBHOOKS_READ, "Where the account's legs may be streamed to, oldest first.")
    async def media_endpoints(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[MediaEndpoint]:
        context, account_id = info.context, info.context.account_id
        return await connect(
            signer_of(context, "mediaEndpoints", None),
            lambda page: context.services.media_endpoints.page(account_id, page),
            MediaEndpoint.of,
            lambda: context.services.media_endpoints.count(account_id),
            Paging(first, after, last, before),
        )
