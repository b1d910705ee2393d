"""Campaigns, and what would become of one's contacts."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect_filtered
from app.api.types.campaign_figures import CampaignPreview
from app.api.types.campaigns import Campaign
from app.campaigns.core.words import CampaignKind, CampaignState
from app.campaigns.queries import CampaignFilter


@strawberry.input(description="Which campaigns; everything that is given must hold. An empty list holds for all.")
class CampaignFilterInput:
    states: list[CampaignState] | None = strawberry.field(default=None, description="Is in one of these states.")
    kinds: list[CampaignKind] | None = strawberry.field(default=None, description="Is of one of these kinds.")
    with_archived: bool = strawberry.field(default=False, description="Archived ones as well.")


@strawberry.type
class CampaignQueries:
    @guarded_field(Scope.CAMPAIGNS_READ, "One campaign; null when there is none.")
    async def campaign(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id.")],  # noqa: A002  # the argument's public name
    ) -> Campaign | None:
        found = await info.context.services.campaigns.queries.get(info.context.account_id, id)
        return None if found is None else Campaign.of(found, info.context.sight)

    @guarded_field(Scope.CAMPAIGNS_READ, "The account's campaigns, newest first.")
    async def campaigns(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002  # the argument's public name
            CampaignFilterInput | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Campaign]:
        queries = info.context.services.campaigns.queries
        return await connect_filtered(
            info.context,
            "campaigns",
            CampaignFilter()
            if filter is None
            else CampaignFilter(
                states=tuple(filter.states or ()), kinds=tuple(filter.kinds or ()), with_archived=filter.with_archived
            ),
            load=queries.page,
            count=queries.count,
            make=Campaign.of,
            paging=Paging(first, after, last, before),
        )

    @guarded_field(
        Scope.CAMPAIGNS_READ,
        "What the rules would decide now for every contact of a campaign's lists: the same rules as at the instant of "
        "dialling, but for the caps on concurrent calls. Counts for at most 8 seconds, and says whether that was all; "
        "null when there is no such campaign.",
    )
    async def preview_campaign(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The campaign.")],  # noqa: A002  # the argument's public name
    ) -> CampaignPreview | None:
        services = info.context.services.campaigns
        found = await services.queries.get(info.context.account_id, id)
        return None if found is None else CampaignPreview.of(await services.forecaster.count(found))
