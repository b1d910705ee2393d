"""What agents do with campaigns: serve them, and look at a contact before it is called."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.inputs import KEY_CHARACTERS
from app.api.types.campaigns import Campaign, CampaignContact
from app.api.types.problem import Payload


@strawberry.input
class _Attending:
    campaign_id: strawberry.ID = strawberry.field(description="The campaign, one that connects to agents.")
    agent_id: strawberry.ID = strawberry.field(description="The agent.")


@strawberry.input(description="An agent is to serve a campaign.")
class JoinCampaignInput(_Attending):
    pass


@strawberry.input(description="An agent is to serve a campaign no longer.")
class LeaveCampaignInput(_Attending):
    pass


@strawberry.input(description="An agent wants to look at the next contact.")
class TakePreviewContactInput(_Attending):
    pass


@strawberry.input(description="The contact that an agent looks at is to be called.")
class DialPreviewContactInput(_Attending):
    idempotency_key: str = strawberry.field(
        description=f"{KEY_CHARACTERS} The same key with the same input calls nobody again, and answers with "
        "`replayed: true`. Kept for good; a refused request does not burn its key."
    )


@strawberry.input(description="The contact that an agent looks at is not to be called now.")
class SkipPreviewContactInput(_Attending):
    pass


@strawberry.type(description="What came of joining a campaign.")
class JoinCampaignPayload(Payload):
    campaign: Campaign | None = strawberry.field(default=None, description="The campaign; null when refused.")


@strawberry.type(description="What came of leaving a campaign.")
class LeaveCampaignPayload(Payload):
    campaign: Campaign | None = strawberry.field(default=None, description="The campaign; null when refused.")


@strawberry.type(description="The contact that the agent looks at.")
class TakePreviewContactPayload(Payload):
    contact: CampaignContact | None = strawberry.field(
        default=None, description="The contact; null when none may be called just now."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Until when nobody else gets it: `previewSeconds` of the campaign."
    )


@strawberry.type(description="What came of asking for the contact to be called.")
class DialPreviewContactPayload(Payload):
    contact: CampaignContact | None = strawberry.field(default=None, description="The contact; null when refused.")
    call_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The call that is about to begin, unless a rule has come to forbid it since the contact was taken: "
        "`contact` tells then.",
    )
    replayed: bool = strawberry.field(default=False, description="The idempotency key had asked for this before.")


@strawberry.type(description="What came of leaving a contact for later.")
class SkipPreviewContactPayload(Payload):
    contact: CampaignContact | None = strawberry.field(default=None, description="The contact; null when refused.")


@strawberry.type
class CampaignAgentMutations:
    @mutation(
        Scope.AGENTS,
        JoinCampaignPayload,
        "Have an agent serve a campaign: calls are placed for it while it is `AVAILABLE` (`setAgentState`), or it "
        "takes its contacts itself (`PREVIEW`). Of a campaign that connects to a queue it has to be the queue's member "
        "too. `INVALID_STATE` when no agents serve the campaign (its kind), it is over, or the agent serves another "
        "one (`SERVING`).",
    )
    async def join_campaign(
        self,
        info: Info,
        input: Annotated[JoinCampaignInput, strawberry.argument(description="Who, and which.")],  # noqa: A002  # GraphQL's own word
    ) -> JoinCampaignPayload:
        context = info.context
        joined = await context.services.campaigns.agents.join(context.caller, input.campaign_id, input.agent_id)
        return JoinCampaignPayload(campaign=Campaign.of(joined, context.sight))

    @mutation(
        Scope.AGENTS,
        LeaveCampaignPayload,
        "Have an agent serve a campaign no longer. Refused while a call rings that only this agent could take. "
        "`INVALID_STATE` then (`RINGING`), and when no agents serve the campaign (its kind).",
    )
    async def leave_campaign(
        self,
        info: Info,
        input: Annotated[LeaveCampaignInput, strawberry.argument(description="Who, and which.")],  # noqa: A002
    ) -> LeaveCampaignPayload:
        context = info.context
        left = await context.services.campaigns.agents.leave(context.caller, input.campaign_id, input.agent_id)
        return LeaveCampaignPayload(campaign=Campaign.of(left, context.sight))

    @mutation(
        Scope.AGENTS,
        TakePreviewContactPayload,
        "Give an agent of a `PREVIEW` campaign the next contact to look at: the same again until it was dialled or "
        "skipped, or its time is up. `INVALID_STATE` when the campaign is of another mode, the agent does not serve it "
        "(`NOT_SERVING`), or it does not run.",
    )
    async def take_preview_contact(
        self,
        info: Info,
        input: Annotated[TakePreviewContactInput, strawberry.argument(description="Who, and of which.")],  # noqa: A002
    ) -> TakePreviewContactPayload:
        context = info.context
        preview = await context.services.campaigns.agents.take(context.caller, input.campaign_id, input.agent_id)
        contact = None if preview.contact is None else CampaignContact.of(preview.contact, context.sight)
        return TakePreviewContactPayload(contact=contact, until=preview.until)

    @mutation(
        Scope.CALLS_ORIGINATE,
        DialPreviewContactPayload,
        "Have the contact called that the agent looks at: first the agent's phone rings, then the contact's. The rules "
        "are asked once more at that instant. `INVALID_STATE` when the campaign is of another mode, the agent does not "
        "serve it (`NOT_SERVING`) or looks at no contact (`NO_CONTACT`), or the campaign does not run.",
    )
    async def dial_preview_contact(
        self,
        info: Info,
        input: Annotated[DialPreviewContactInput, strawberry.argument(description="Who, and of which.")],  # noqa: A002
    ) -> DialPreviewContactPayload:
        context = info.context
        asked = await context.services.campaigns.agents.dial(
            context.caller, input.campaign_id, input.agent_id, input.idempotency_key
        )
        return DialPreviewContactPayload(
            contact=CampaignContact.of(asked.contact, context.sight),
            call_id=strawberry.ID(asked.call_id),
            replayed=asked.is_replayed,
        )

    @mutation(
        Scope.AGENTS,
        SkipPreviewContactPayload,
        "Leave the contact that the agent looks at for later: it comes again after `retryAfterSeconds`. "
        "`INVALID_STATE` when the campaign is of another mode, or the agent does not serve it (`NOT_SERVING`) or looks "
        "at no contact (`NO_CONTACT`).",
    )
    async def skip_preview_contact(
        self,
        info: Info,
        input: Annotated[SkipPreviewContactInput, strawberry.argument(description="Who, and of which.")],  # noqa: A002
    ) -> SkipPreviewContactPayload:
        context = info.context
        skipped = await context.services.campaigns.agents.skip(context.caller, input.campaign_id, input.agent_id)
        return SkipPreviewContactPayload(contact=CampaignContact.of(skipped, context.sight))
