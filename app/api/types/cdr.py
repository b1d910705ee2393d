"""Call detail records."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.projection import Columns, Projection, column, instant, member, seconds, texts
from app.api.types.campaign_links import find_campaign, find_contact
from app.api.types.node import Node
from app.api.types.recording import Recording
from app.api.types.values import (
    END_REASON,
    QUALITY,
    EndReason,
    MetadataPair,
    Party,
    Quality,
    kept_metadata,
    kept_party,
    party_of_dialled,
    party_of_number,
)
from app.facts.calls import CdrRecord
from app.facts.masking import Sight, mask_digits
from app.facts.vocabulary import CallKind, CdrSource, Direction, Disposition

if TYPE_CHECKING:
    from app.api.types.call import Call
    from app.api.types.campaigns import Campaign
    from app.api.types.contacts import Contact


@strawberry.type(
    description="A call detail record: written once, when the call has ended, and never changed, except that "
    "`erasePersonalData` takes a person out of it; its instants, durations and outcome stay then."
)
class Cdr(Node):
    call_id: strawberry.ID | None = strawberry.field(
        description="The call it is the record of; null for a contact of a campaign that was not called (`DNC`)."
    )
    kind: CallKind = strawberry.field(description="Why the call existed.")
    direction: Direction = strawberry.field(description="Which way it went.")
    disposition: Disposition = strawberry.field(description="How it came out.")
    end_reason: EndReason = strawberry.field(description="Why and on whose side it ended.")
    source: CdrSource = strawberry.field(description="How the end was learnt.")
    unique_id: str = strawberry.field(
        description="The id of the first leg's channel in Asterisk; of a record without a call, its own."
    )
    created_at: datetime = strawberry.field(description="When the call was accepted.")
    ringing_at: datetime | None = strawberry.field(description="When the party that was tried last began to ring.")
    answered_at: datetime | None = strawberry.field(description="When that party answered.")
    connected_at: datetime | None = strawberry.field(description="When both could talk.")
    ended_at: datetime = strawberry.field(description="When the last leg was gone.")
    ring_seconds: float = strawberry.field(
        description="Seconds from dialling the party that was tried last to its answer, else to its end."
    )
    talk_seconds: float = strawberry.field(description="How many seconds both could talk; 0 when they never could.")
    duration_seconds: float = strawberry.field(description="Seconds from `createdAt` to `endedAt`.")
    agent_party: Party = strawberry.field(description="Who was on the account's side.")
    customer_party: Party = strawberry.field(description="Who was on the other side.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent; null when none was known.")
    agent_name: str | None = strawberry.field(description="The agent's name at that time; null when none was known.")
    extension: str | None = strawberry.field(description="The agent's extension.")
    dialled_number: Party | None = strawberry.field(
        description="What was dialled: an outside `number`, or one of the account's own as `extension`; null when "
        "nobody knows."
    )
    caller_id: Party | None = strawberry.field(
        description="What the customer saw calling; of an inbound call, the number that called. Null when no number "
        "was shown."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        description="The trunk the call went over; null when it stayed inside."
    )
    external_id: str | None = strawberry.field(description="Your own id for it.")
    request_id: str | None = strawberry.field(description="The request that placed the call; null when none did.")
    dtmf: str | None = strawberry.field(
        description="The keys that were pressed, in order; each reads `x` without the scope `dtmf:read`. Null when "
        "none was pressed."
    )
    recording_ids: list[strawberry.ID] = strawberry.field(description="The recordings that were made.")
    metadata: list[MetadataPair] = strawberry.field(description="Your own key-value pairs.")
    tags: list[str] = strawberry.field(description="Your own tags.")
    sandbox: bool = strawberry.field(description="The call stayed in the sandbox.")
    quality: Quality | None = strawberry.field(
        description="How the leg sounded that sounded worst; null when nothing was counted."
    )
    queue_id: strawberry.ID | None = strawberry.field(description="The queue that the customer waited in last, if any.")
    queue_wait_seconds: float | None = strawberry.field(
        description="How long the customer waited in the queue of `queueId`; null when it waited in none."
    )
    ring_group_id: strawberry.ID | None = strawberry.field(
        description="The ring group whose member answered last, else the one that was rung last; null for none."
    )
    campaign_id: strawberry.ID | None = strawberry.field(description="The campaign that placed it.")
    contact_id: strawberry.ID | None = strawberry.field(description="The contact it was for.")
    contact_list_id: strawberry.ID | None = strawberry.field(description="The contact's list.")
    is_dnc: bool = strawberry.field(
        description="The contact was not called, because its number is on a do-not-call list."
    )
    callback_id: strawberry.ID | None = strawberry.field(description="The callback it was.")
    otp_id: strawberry.ID | None = strawberry.field(description="The one-time password it told.")

    @classmethod
    def of(cls, record: CdrRecord, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            call_id=_id(record.call_id),
            kind=record.kind,
            direction=record.direction,
            disposition=record.disposition,
            end_reason=EndReason.of(record.end_reason),
            source=record.source,
            unique_id=record.unique_id,
            created_at=record.created_at,
            ringing_at=record.ringing_at,
            answered_at=record.answered_at,
            connected_at=record.connected_at,
            ended_at=record.ended_at,
            ring_seconds=record.ring_seconds,
            talk_seconds=record.talk_seconds,
            duration_seconds=record.duration_seconds,
            agent_party=Party.of(record.agent, sight),
            customer_party=Party.of(record.customer, sight),
            agent_id=None if record.agent_id is None else strawberry.ID(record.agent_id),
            agent_name=record.agent_name,
            extension=record.extension,
            dialled_number=Party.of_dialled(record.dialled_number, sight),
            caller_id=Party.of_number(record.caller_id, sight, record.caller_id_name),
            trunk_id=None if record.trunk_id is None else strawberry.ID(record.trunk_id),
            external_id=record.external_id,
            request_id=record.request_id,
            dtmf=record.dtmf if record.dtmf is None or sight.has_digits else mask_digits(record.dtmf),
            recording_ids=[strawberry.ID(one) for one in record.recording_ids],
            metadata=MetadataPair.of_all(record.metadata),
            tags=list(record.tags),
            sandbox=record.is_sandbox,
            quality=Quality.of(record.quality),
            queue_id=None if record.queue_id is None else strawberry.ID(record.queue_id),
            queue_wait_seconds=record.queue_wait_seconds,
            ring_group_id=_id(record.ring_group_id),
            campaign_id=None if record.errand is None else _id(record.errand.campaign_id),
            contact_id=None if record.errand is None else _id(record.errand.contact_id),
            contact_list_id=None if record.errand is None else _id(record.errand.contact_list_id),
            is_dnc=record.disposition is Disposition.DNC,
            callback_id=None if record.errand is None else _id(record.errand.callback_id),
            otp_id=None if record.errand is None else _id(record.errand.otp_id),
        )

    @guarded_field(Scope.RECORDINGS_READ, "The recordings that were made, oldest first.")
    async def recordings(self, info: Info) -> list[Recording] | None:
        if self.call_id is None:
            return []
        found = await info.context.loaders.recordings_of_call.load(self.call_id)
        return [Recording.of(one, info.context.sight) for one in found]

    @guarded_field(Scope.CAMPAIGNS_READ, "The campaign that placed it.")
    async def campaign(self, info: Info) -> Annotated["Campaign", strawberry.lazy("app.api.types.campaigns")] | None:
        return await find_campaign(info, self.campaign_id)

    @guarded_field(Scope.CONTACTS, "The contact it is for; null once it was removed.")
    async def contact(self, info: Info) -> Annotated["Contact", strawberry.lazy("app.api.types.contacts")] | None:
        return await find_contact(info, self.contact_id)

    @guarded_field(Scope.CALLS_READ, "The call it is the record of.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        from app.api.types.call import Call  # the two types know each other

        if self.call_id is None:
            return None
        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


def _id(text: str | None) -> strawberry.ID | None:
    return None if text is None else strawberry.ID(text)


def _read_dtmf(source: Columns, sight: Sight) -> Sequence[str | None]:
    values = source.column("dtmf")
    return values if sight.has_digits else [one if one is None else mask_digits(one) for one in values]


#: The same as ``Cdr.of``, from the columns of many records at once; both are kept in step by a test.
CDR: Final = Projection(
    {
        **{
            name: column(name)
            for name in (
                *("id", "call_id", "unique_id", "agent_id", "agent_name", "extension"),
                *("trunk_id", "external_id", "request_id", "queue_id", "queue_wait_seconds", "ring_group_id"),
                *("campaign_id", "contact_id", "contact_list_id", "callback_id", "otp_id"),
            )
        },
        **{name: instant(name) for name in ("created_at", "ringing_at", "answered_at", "connected_at", "ended_at")},
        **{name: seconds(name) for name in ("ring_seconds", "talk_seconds", "duration_seconds")},
        "kind": member("kind", CallKind),
        "direction": member("direction", Direction),
        "disposition": member("disposition", Disposition),
        "end_reason": END_REASON,
        "source": member("source", CdrSource),
        "agent_party": kept_party("agent_party"),
        "customer_party": kept_party("customer_party"),
        "dialled_number": party_of_dialled("dialled_number"),
        "caller_id": party_of_number("caller_id", "caller_id_name"),
        "dtmf": _read_dtmf,
        "recording_ids": texts("recording_ids"),
        "metadata": kept_metadata("metadata_pairs"),
        "tags": texts("tags"),
        "sandbox": column("is_sandbox"),
        "is_dnc": lambda source, _sight: [one == Disposition.DNC for one in source.column("disposition")],
        "quality": QUALITY,
    }
)
