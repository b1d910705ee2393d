"""What all events have in common: the envelope, and the call and leg that they are about."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.scalars import Long
from app.api.types.call import Call
from app.api.types.enums.events import EventType
from app.api.types.node import Node
from app.api.types.values import Actor, MetadataPair, Party
from app.facts.calls import LegRef
from app.facts.masking import Sight
from app.facts.vocabulary import CallKind, Direction, LegRole


@strawberry.interface(
    description="Something that happened, in the same words as in webhooks. Each type of event has its own GraphQL "
    "type: `call.connected` is `CallConnectedEvent`. Types are added over time. Some names have another "
    "GraphQL type in one type of event than in another (`campaignId` is `ID` in a `CallEvent`, `ID!` in a "
    "`CampaignEvent`): who reads several in one operation gives those an alias, such as `callCampaignId: "
    "campaignId`."
)
class Event(Node):
    cursor: str = strawberry.field(
        description="Its place in the account's log: for `events(after:)`, the query as well as the subscription, "
        "with whatever filter."
    )
    type: EventType = strawberry.field(description="What happened.")
    timestamp: datetime = strawberry.field(
        description="When it was taken down; it never runs backwards within a call. What Asterisk told late happened "
        "earlier: fields such as `answeredAt` say when."
    )
    sequence: Long = strawberry.field(description="Orders the log: it strictly increases, and may have holes.")
    subject_id: strawberry.ID = strawberry.field(
        description="The id of what it is about: a call, a contact, a campaign, a job, a list or an endpoint, say."
    )
    call_sequence: int | None = strawberry.field(
        description="Counts 1, 2, 3 … within a call, without holes; null for other subjects."
    )
    actor: Actor = strawberry.field(description="Who set it in motion.")
    request_id: str | None = strawberry.field(description="The request that set it in motion; null when none did.")
    sandbox: bool = strawberry.field(description="It happened in the sandbox.")


@strawberry.interface(
    description="An event of a call. The fields tell the call as it was then; `call` is the call as it is now."
)
class CallEvent(Event):
    call_id: strawberry.ID = strawberry.field(description="The call.")
    kind: CallKind = strawberry.field(description="Why the call exists.")
    direction: Direction = strawberry.field(description="Which way it goes.")
    unique_id: str = strawberry.field(description="The id of the first leg's channel in Asterisk.")
    dialled_number: Party | None = strawberry.field(
        description="What is dialled: an outside `number`, or one of the account's own as `extension`."
    )
    extension: str | None = strawberry.field(description="The agent's extension.")
    caller_id: Party | None = strawberry.field(description="What the customer sees calling.")
    external_id: str | None = strawberry.field(description="Your own id for the call.")
    metadata: list[MetadataPair] = strawberry.field(description="Your own key-value pairs.")
    tags: list[str] = strawberry.field(description="Your own tags.")
    campaign_id: strawberry.ID | None = strawberry.field(description="The campaign that placed the call.")
    contact_id: strawberry.ID | None = strawberry.field(description="The contact it is for.")
    contact_list_id: strawberry.ID | None = strawberry.field(description="The contact's list.")
    callback_id: strawberry.ID | None = strawberry.field(description="The callback it is.")
    otp_id: strawberry.ID | None = strawberry.field(description="The one-time password it tells.")

    @guarded_field(Scope.CALLS_READ, "The call as it is now.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


@strawberry.type(description="The leg that an event is about, as it was then. `node(id)` gives the leg as it is now.")
class EventLeg:
    id: strawberry.ID = strawberry.field(description="The leg's id.")
    role: LegRole = strawberry.field(description="Whom it reaches.")
    party: Party = strawberry.field(description="Who is at its far end.")
    channel_name: str | None = strawberry.field(description="The channel as Asterisk shows it, once known.")

    @classmethod
    def of(cls, leg: LegRef, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(leg.id), role=leg.role, party=Party.of(leg.party, sight), channel_name=leg.channel_name
        )


@strawberry.interface(description="An event of one leg of a call.")
class LegEvent(CallEvent):
    leg: EventLeg = strawberry.field(description="The leg.")
