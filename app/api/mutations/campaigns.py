"""Making, changing, starting and stopping campaigns."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.campaign_inputs import (
    CreateCampaignInput,
    RetryContactsInput,
    UpdateCampaignInput,
    read_campaign,
)
from app.api.mutations.changes import Identified
from app.api.mutations.inputs import KEY_CHARACTERS
from app.api.types.campaigns import Campaign
from app.api.types.problem import Payload
from app.campaigns.retrying import MOST_AT_ONCE, RetryChoice

_KEY = (
    f"{KEY_CHARACTERS} The same key with the same input answers with the campaign as it stands, and `replayed: true`. "
    "Kept for good; a refused request does not burn its key."
)


@strawberry.input(description="A campaign to be started.")
class StartCampaignInput(Identified):
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="A campaign to be paused.")
class PauseCampaignInput(Identified):
    pass


@strawberry.input(description="A paused campaign that is to go on.")
class ResumeCampaignInput(Identified):
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="A campaign to be stopped for good.")
class StopCampaignInput(Identified):
    pass


@strawberry.input(description="A campaign to be put away.")
class ArchiveCampaignInput(Identified):
    pass


@strawberry.type
class _CampaignPayload(Payload):
    campaign: Campaign | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type
class _KeyedPayload(_CampaignPayload):
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had asked for this before; the campaign is shown as it stands."
    )


@strawberry.type(description="What came of making a campaign.")
class CreateCampaignPayload(_CampaignPayload):
    pass


@strawberry.type(description="What came of changing a campaign.")
class UpdateCampaignPayload(_CampaignPayload):
    pass


@strawberry.type(description="What came of starting a campaign.")
class StartCampaignPayload(_KeyedPayload):
    pass


@strawberry.type(description="What came of pausing a campaign.")
class PauseCampaignPayload(_CampaignPayload):
    pass


@strawberry.type(description="What came of resuming a campaign.")
class ResumeCampaignPayload(_KeyedPayload):
    pass


@strawberry.type(description="What came of stopping a campaign.")
class StopCampaignPayload(_CampaignPayload):
    pass


@strawberry.type(description="What came of archiving a campaign.")
class ArchiveCampaignPayload(_CampaignPayload):
    pass


@strawberry.type(description="What came of calling contacts again.")
class RetryContactsPayload(_CampaignPayload):
    retried_count: int = strawberry.field(default=0, description="How many contacts were put to the start again.")
    has_more: bool = strawberry.field(
        default=False,
        description=f"There may be more: {MOST_AT_ONCE:,} are the most at once. Ask again for the rest, under a key of "
        "its own.",
    )
    replayed: bool = strawberry.field(
        default=False,
        description="The idempotency key had asked for this before, and the counts are those of then: nobody was put "
        "back again. The campaign is shown as it stands.",
    )


@strawberry.type
class CampaignMutations:
    @mutation(
        Scope.CAMPAIGNS_WRITE,
        CreateCampaignPayload,
        "Make a campaign. It is a draft, and calls nobody before `startCampaign`. Its lists are not copied: whom it "
        "calls is read from them as it goes. "
        "`INVALID_STATE` when the account has as many as it may (`FULL`).",
    )
    async def create_campaign(
        self,
        info: Info,
        input: Annotated[CreateCampaignInput, strawberry.argument(description="The campaign.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateCampaignPayload:
        caller = info.context.caller
        made = await info.context.services.campaigns.campaigns.create(
            caller, read_campaign(input, caller.default_region)
        )
        return CreateCampaignPayload(campaign=Campaign.of(made, info.context.sight))

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        UpdateCampaignPayload,
        "Change a campaign that is not over. While it runs, that counts from the next decision on; what is under way "
        "goes on as it began. "
        "`INVALID_STATE` when it is `STOPPED`, `FINISHED` or archived (`ARCHIVED`).",
    )
    async def update_campaign(
        self,
        info: Info,
        input: Annotated[UpdateCampaignInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateCampaignPayload:
        caller = info.context.caller
        changed = await info.context.services.campaigns.campaigns.update(
            caller, input.id, read_campaign(input, caller.default_region)
        )
        return UpdateCampaignPayload(campaign=Campaign.of(changed, info.context.sight))

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        StartCampaignPayload,
        "Start a draft: it begins to call at once, or is scheduled when its `startAt` is yet to come. Everything in it "
        "is checked once more. "
        "`INVALID_STATE` unless it is a `DRAFT` that is not archived.",
    )
    async def start_campaign(
        self,
        info: Info,
        input: Annotated[StartCampaignInput, strawberry.argument(description="The campaign.")],  # noqa: A002
    ) -> StartCampaignPayload:
        context = info.context
        done = await context.services.campaigns.campaigns.start(context.caller, input.id, input.idempotency_key)
        return StartCampaignPayload(campaign=Campaign.of(done.campaign, context.sight), replayed=done.is_replayed)

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        PauseCampaignPayload,
        "Pause a running campaign: no call of it begins after this has answered. Calls that are under way go on. "
        "`INVALID_STATE` unless it is `RUNNING`.",
    )
    async def pause_campaign(
        self,
        info: Info,
        input: Annotated[PauseCampaignInput, strawberry.argument(description="The campaign.")],  # noqa: A002
    ) -> PauseCampaignPayload:
        context = info.context
        changed = await context.services.campaigns.campaigns.pause(context.caller, input.id)
        return PauseCampaignPayload(campaign=Campaign.of(changed, context.sight))

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        ResumeCampaignPayload,
        "Let a paused campaign go on. What it would have called meanwhile is not made up for in a burst. "
        "`INVALID_STATE` unless it is `PAUSED`.",
    )
    async def resume_campaign(
        self,
        info: Info,
        input: Annotated[ResumeCampaignInput, strawberry.argument(description="The campaign.")],  # noqa: A002
    ) -> ResumeCampaignPayload:
        context = info.context
        done = await context.services.campaigns.campaigns.resume(context.caller, input.id, input.idempotency_key)
        return ResumeCampaignPayload(campaign=Campaign.of(done.campaign, context.sight), replayed=done.is_replayed)

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        StopCampaignPayload,
        "Stop a campaign for good: no call of it begins after this has answered. Calls that are under way go on. "
        "`INVALID_STATE` unless it is `SCHEDULED`, `RUNNING` or `PAUSED`.",
    )
    async def stop_campaign(
        self,
        info: Info,
        input: Annotated[StopCampaignInput, strawberry.argument(description="The campaign.")],  # noqa: A002
    ) -> StopCampaignPayload:
        context = info.context
        changed = await context.services.campaigns.campaigns.stop(context.caller, input.id)
        return StopCampaignPayload(campaign=Campaign.of(changed, context.sight))

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        ArchiveCampaignPayload,
        "Put away a draft, or a campaign that is over: it is in no list any more unless that is asked for, and its "
        "name can be given again. `INVALID_STATE` while it is `SCHEDULED`, `RUNNING` or `PAUSED`, and when it is "
        "archived already (`ARCHIVED`).",
    )
    async def archive_campaign(
        self,
        info: Info,
        input: Annotated[ArchiveCampaignInput, strawberry.argument(description="The campaign.")],  # noqa: A002
    ) -> ArchiveCampaignPayload:
        context = info.context
        changed = await context.services.campaigns.campaigns.archive(context.caller, input.id)
        return ArchiveCampaignPayload(campaign=Campaign.of(changed, context.sight))

    @mutation(
        Scope.CAMPAIGNS_WRITE,
        RetryContactsPayload,
        "Put contacts of a running or paused campaign that have their outcome to the start again, with all their "
        "retries. The rules are asked anew, so who is on a do-not-call list is skipped again; whose number does not "
        "exist is left alone. Say which contacts: without any choice it is refused, with `REQUIRED`. "
        "`INVALID_STATE` unless the campaign is `RUNNING` or `PAUSED`.",
    )
    async def retry_contacts(
        self,
        info: Info,
        input: Annotated[RetryContactsInput, strawberry.argument(description="The contacts.")],  # noqa: A002
    ) -> RetryContactsPayload:
        context = info.context
        choice = RetryChoice(
            contact_ids=None if input.contact_ids is None else tuple(input.contact_ids),
            dispositions=None if input.dispositions is None else tuple(input.dispositions),
            skip_reasons=None if input.skip_reasons is None else tuple(input.skip_reasons),
        )
        campaign, retried = await context.services.campaigns.campaigns.retry_contacts(
            context.caller, input.campaign_id, choice, input.idempotency_key
        )
        return RetryContactsPayload(
            campaign=Campaign.of(campaign, context.sight),
            retried_count=retried.count,
            has_more=retried.has_more,
            replayed=retried.is_replayed,
        )
