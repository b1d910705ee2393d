"""The events of campaigns and their contacts, one type for each fact."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.campaign_links import find_campaign
from app.api.types.event import Event
from app.api.types.values import Party
from app.facts.campaigns import CampaignKind, FinishReason, GivenUp, PauseReason, SkipReason
from app.facts.vocabulary import Disposition

if TYPE_CHECKING:
    from app.api.types.campaigns import Campaign


@strawberry.interface(description="An event of a campaign.")
class CampaignEvent(Event):
    campaign_id: strawberry.ID = strawberry.field(description="The campaign.")
    name: str = strawberry.field(description="Its name.")

    @guarded_field(Scope.CAMPAIGNS_READ, "The campaign as it is now.")
    async def campaign(self, info: Info) -> Annotated["Campaign", strawberry.lazy("app.api.types.campaigns")] | None:
        return await find_campaign(info, self.campaign_id)


@strawberry.type(description="`campaign.created`: a campaign was made. It calls nobody before it is started.")
class CampaignCreatedEvent(CampaignEvent):
    campaign_kind: CampaignKind = strawberry.field(description="What whoever answers gets.")


@strawberry.type(description="`campaign.started`: the campaign has begun to call.")
class CampaignStartedEvent(CampaignEvent):
    campaign_kind: CampaignKind = strawberry.field(description="What whoever answers gets.")
    version: int = strawberry.field(description="The campaign's version then.")


@strawberry.type(description="`campaign.paused`: no call of the campaign begins until it is resumed.")
class CampaignPausedEvent(CampaignEvent):
    reason: PauseReason = strawberry.field(description="Why.")


@strawberry.type(description="`campaign.resumed`: the campaign calls again.")
class CampaignResumedEvent(CampaignEvent):
    version: int = strawberry.field(description="The campaign's version then.")


@strawberry.type(description="`campaign.stopped`: no call of the campaign begins any more, for good.")
class CampaignStoppedEvent(CampaignEvent):
    pass


@strawberry.type(description="`campaign.finished`: the campaign is over by itself.")
class CampaignFinishedEvent(CampaignEvent):
    reason: FinishReason = strawberry.field(description="Why.")
    attempts: int = strawberry.field(description="How many calls it has begun.")
    finished: int = strawberry.field(description="How many contacts were called and have their outcome.")
    skipped: int = strawberry.field(description="How many contacts were skipped.")


@strawberry.interface(description="An event of a contact of a campaign.")
class CampaignContactEvent(Event):
    campaign_id: strawberry.ID = strawberry.field(description="The campaign.")
    contact_id: strawberry.ID = strawberry.field(description="The contact, which the event is about.")
    contact_list_id: strawberry.ID = strawberry.field(description="The contact's list.")
    contact: Party = strawberry.field(description="Its number and name.")
    contact_external_id: str | None = strawberry.field(description="Your own id for it.")


@strawberry.type(description="`contact.attempted`: a call to the contact has ended.")
class ContactAttemptedEvent(CampaignContactEvent):
    call_id: strawberry.ID = strawberry.field(description="The call.")
    attempt: int = strawberry.field(description="Which attempt it was, from 1.")
    disposition: Disposition = strawberry.field(description="How it came out.")
    next_at: datetime | None = strawberry.field(description="When it is tried again; null when it is not.")


@strawberry.type(description="`contact.skipped`: the campaign does not call the contact.")
class ContactSkippedEvent(CampaignContactEvent):
    reason: SkipReason = strawberry.field(description="Why.")
    attempts: int = strawberry.field(description="How often it was called before that was known.")
    dnc_list_ids: list[strawberry.ID] = strawberry.field(description="The do-not-call lists that have its number.")


@strawberry.type(description="`contact.finished`: the contact has its outcome, and is not called again.")
class ContactFinishedEvent(CampaignContactEvent):
    disposition: Disposition = strawberry.field(description="How the last call came out.")
    reason: GivenUp = strawberry.field(description="Why it is not tried again.")
    attempts: int = strawberry.field(description="How often it was called.")
    call_id: strawberry.ID | None = strawberry.field(description="The last call.")
