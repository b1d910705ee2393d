"""One campaign, followed to its end."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import subscription
from app.api.subscriptions.events import write_cursor
from app.api.types.campaign_figures import CampaignProgress
from app.api.types.event_list import event_signer


@strawberry.type(description="How far a campaign has come by now.")
class CampaignProgressChanged:
    cursor: str = strawberry.field(description="A place in the log; what was before it is counted.")
    progress: CampaignProgress = strawberry.field(description="All of it, as it is now.")


CampaignProgressMessage = Annotated[
    CampaignProgressChanged,
    strawberry.union(
        "CampaignProgressMessage",
        description="What the subscription `campaignProgress` says. Expect further types.",
    ),
]


@strawberry.type
class CampaignSubscriptions:
    @subscription(
        Scope.CAMPAIGNS_READ,
        "Follow how far a campaign has come: at once as it stands, then whenever that has changed, at most once a "
        "second. What lies between is left out: each message says all. Completes when the campaign is over and the "
        "last of its calls has ended. After a disconnection, subscribe again: it begins with how it stands. There is "
        "no such campaign: a `NOT_FOUND` in `errors`.",
    )
    async def campaign_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The campaign.")],  # noqa: A002  # the argument's public name
    ) -> AsyncIterator[CampaignProgressMessage]:
        context = info.context
        signer, services = event_signer(context), context.services
        # Read before the campaign is, so that nothing before it can be missing.
        head = await services.feed.head()
        followed = services.campaigns.queries.follow(context.account_id, id)
        async with aclosing(followed):
            async for standing in followed:
                yield CampaignProgressChanged(cursor=write_cursor(signer, head), progress=CampaignProgress.of(standing))
                head = await services.feed.head()
