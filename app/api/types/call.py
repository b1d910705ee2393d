"""Calls and their legs."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging
from app.api.types.callbacks import Callback
from app.api.types.campaign_links import find_campaign, find_contact
from app.api.types.cdr import Cdr
from app.api.types.diagnostics import Diagnostics
from app.api.types.media_streams import MediaStream
from app.api.types.node import Node
from app.api.types.otps import Otp
from app.api.types.recording import Recording
from app.api.types.transcript import Transcript
from app.api.types.values import Actor, EndReason, MetadataPair, Party, Quality
from app.calls.core import record
from app.calls.core.model.call import Call as LiveCall
from app.calls.core.model.guests import Supervision as LiveSupervision
from app.calls.core.model.leg import Leg as LiveLeg
from app.calls.reading.explain import explain
from app.facts import vocabulary
from app.facts.masking import Sight, mask_digits
from app.facts.vocabulary import (
    AnsweredBy,
    CallKind,
    CallState,
    CdrSource,
    Direction,
    Disposition,
    LegRole,
    LegState,
    MuteDirection,
    RecordingMode,
    SupervisionMode,
    SupervisionState,
    TransferKind,
    TransferMethod,
    TransferState,
)

if TYPE_CHECKING:
    from app.api.types.campaigns import Campaign
    from app.api.types.contacts import Contact
    from app.api.types.event import Event
    from app.api.types.groups import Queue


@strawberry.type(description="One side of a call: one channel in Asterisk.")
class Leg(Node):
    call_id: strawberry.ID = strawberry.field(description="The call that it is a side of.")
    role: LegRole = strawberry.field(description="Whom it reaches.")
    party: Party = strawberry.field(description="Who is at its far end.")
    state: LegState = strawberry.field(description="Where it stands.")
    is_on_hold: bool = strawberry.field(description="It hears music instead of the others.")
    is_muted: bool = strawberry.field(description="The others do not hear it.")
    muted: MuteDirection | None = strawberry.field(description="All that is silenced of it; null when nothing is.")
    voice_pitch: float | None = strawberry.field(
        description="How much higher (over 1) or lower everybody else hears it; null when that was never asked for."
    )
    channel_name: str | None = strawberry.field(description="The channel as Asterisk shows it, once there is one.")
    started_at: datetime | None = strawberry.field(description="When it was dialled; null before, and if it never was.")
    channel_created_at: datetime | None = strawberry.field(
        description="When its channel was made, a moment before it is dialled."
    )
    ringing_at: datetime | None = strawberry.field(description="When it began to ring.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")
    ended_at: datetime | None = strawberry.field(description="When it was gone.")
    hangup_cause: int | None = strawberry.field(description="The Q.850 cause of its end.")
    sip_code: int | None = strawberry.field(description="The far end's final SIP status, where it gave one.")
    failure: str | None = strawberry.field(
        description="Asterisk's own words, when it could not even make the channel: an unknown endpoint, say."
    )
    quality: Quality | None = strawberry.field(
        description="How it sounded; null until it has ended, and when nothing was counted."
    )

    @classmethod
    def of(cls, leg: LiveLeg, sight: Sight, *, call_id: str) -> Self:
        return cls(
            id=strawberry.ID(leg.id),
            call_id=strawberry.ID(call_id),
            role=leg.role,
            party=Party.of(leg.party, sight),
            state=leg.state,
            is_on_hold=leg.is_on_hold,
            is_muted=leg.muted in {MuteDirection.IN, MuteDirection.BOTH},
            muted=leg.muted,
            voice_pitch=leg.voice_pitch,
            channel_name=leg.channel_name,
            started_at=leg.dialing_at,
            channel_created_at=leg.created_at,
            ringing_at=leg.ringing_at,
            answered_at=leg.answered_at,
            ended_at=leg.ended_at,
            hangup_cause=leg.hangup_cause,
            sip_code=leg.sip_code,
            failure=leg.failure,
            quality=Quality.of(leg.quality),
        )


@strawberry.type(description="A transfer under way.")
class Transfer:
    id: strawberry.ID = strawberry.field(description="Its id, as its events have it.")
    kind: TransferKind = strawberry.field(description="Whether the target is spoken to first.")
    method: TransferMethod = strawberry.field(description="Who calls the target.")
    state: TransferState = strawberry.field(description="Where it stands.")
    by: Leg = strawberry.field(description="Who transfers.")
    transferee: Leg = strawberry.field(description="Who is transferred.")
    target: Party = strawberry.field(description="To whom.")
    started_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, call: LiveCall, sight: Sight) -> Self | None:
        transfer = call.transfer
        if transfer is None:
            return None
        return cls(
            id=strawberry.ID(transfer.id),
            kind=transfer.kind,
            method=transfer.method,
            state=transfer.state,
            by=Leg.of(call.leg(transfer.by), sight, call_id=call.id),
            transferee=Leg.of(call.leg(transfer.transferee), sight, call_id=call.id),
            target=Party.of(transfer.target_party, sight),
            started_at=transfer.started_at,
        )


@strawberry.type(description="Somebody who listens to a call.")
class Supervision:
    id: strawberry.ID = strawberry.field(description="Its id, as its events have it.")
    mode: SupervisionMode = strawberry.field(description="What the supervisor does with the talk.")
    state: SupervisionState = strawberry.field(description="Where it stands.")
    supervisor: Party = strawberry.field(description="Who listens.")
    leg_id: strawberry.ID = strawberry.field(description="The supervisor's leg.")
    listens_to_leg_id: strawberry.ID = strawberry.field(description="The agent's leg that is listened to.")
    created_at: datetime = strawberry.field(description="When it was asked for.")

    @classmethod
    def of(cls, call: LiveCall, supervision: LiveSupervision, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(supervision.id),
            mode=supervision.mode,
            state=supervision.state,
            supervisor=Party.of(call.leg(supervision.leg_id).party, sight),
            leg_id=strawberry.ID(supervision.leg_id),
            listens_to_leg_id=strawberry.ID(supervision.listens_to),
            created_at=supervision.asked_at,
        )


@strawberry.type(description="A call: its parties, where it stands, and what came of it. Durations are seconds.")
class Call(Node):
    state: CallState = strawberry.field(description="Where it stands.")
    kind: CallKind = strawberry.field(description="Why it exists.")
    direction: Direction = strawberry.field(description="Which way it goes.")
    disposition: Disposition | None = strawberry.field(
        description="How it came out; null until that is decided, a moment before it has ended."
    )
    end_reason: EndReason | None = strawberry.field(
        description="Why and on whose side it ended; null until that is decided."
    )
    legs: list[Leg] = strawberry.field(description="Its legs, in the order of dialling.")
    transfer: Transfer | None = strawberry.field(description="The transfer under way, if any.")
    supervisions: list[Supervision] = strawberry.field(description="Who listens to it, or is being called to.")
    media_streams: list[MediaStream] = strawberry.field(
        description="Which of its legs talk to programs, or are about to."
    )
    agent_party: Party | None = strawberry.field(
        description="Who is on the account's side; null while no leg of the call is on it, as with one that waits in a "
        "queue."
    )
    customer_party: Party | None = strawberry.field(
        description="Who is on the other side; null while no leg of the call is on it."
    )
    agent_id: strawberry.ID | None = strawberry.field(
        description="The agent; null when none was asked for and none is known."
    )
    agent_name: str | None = strawberry.field(description="The agent's name; null without an agent.")
    extension: str | None = strawberry.field(description="The agent's extension; null when it is at none.")
    dialled_number: Party | None = strawberry.field(
        description="What is dialled: an outside `number`, or one of the account's own as `extension`; null when "
        "nobody knows."
    )
    caller_id: Party | None = strawberry.field(
        description="What the customer sees calling; of an inbound call, the number that calls. Null when no number is "
        "shown."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        description="The trunk the call goes over; null when it stays inside."
    )
    external_id: str | None = strawberry.field(
        description="Your own id for it. Not unique: a lead may be called again."
    )
    metadata: list[MetadataPair] = strawberry.field(description="Your own key-value pairs, echoed in every event.")
    answered_by: AnsweredBy | None = strawberry.field(
        description="What has answered as the customer; null when that was not looked into, or not yet."
    )
    variables: list[MetadataPair] = strawberry.field(
        description="The channel variables that `originateCall` was given for it."
    )
    live: strawberry.Private[LiveCall]
    tags: list[str] = strawberry.field(description="Your own tags, echoed in every event.")
    dtmf: str | None = strawberry.field(
        description="The keys pressed so far, in order; each reads `x` without the scope `dtmf:read`. Null while none "
        "was pressed."
    )
    recording_mode: RecordingMode = strawberry.field(description="Whose voice is recorded.")
    max_duration_seconds: float = strawberry.field(
        description="How long both may talk, in seconds from the connection; then the call is ended."
    )
    created_at: datetime = strawberry.field(description="When it was accepted.")
    ringing_at: datetime | None = strawberry.field(description="When the first phone began to ring.")
    answered_at: datetime | None = strawberry.field(description="When the first party answered.")
    connected_at: datetime | None = strawberry.field(description="When both could talk.")
    ended_at: datetime | None = strawberry.field(description="When its last leg was gone.")
    ring_seconds: float | None = strawberry.field(
        description="Seconds from dialling the party that was tried last to its answer, else to its end; null until "
        "the call has ended."
    )
    talk_seconds: float | None = strawberry.field(
        description="How many seconds both could talk, 0 when they never could; null until it has ended."
    )
    duration_seconds: float | None = strawberry.field(
        description="Seconds from `createdAt` to `endedAt`; null until it has ended."
    )
    source: CdrSource = strawberry.field(
        description="`RECOVERED` once Offhook could not watch part of it; else `LIVE`."
    )
    unique_id: str = strawberry.field(description="The id of the first leg's channel in Asterisk.")
    actor: Actor = strawberry.field(description="Who placed it.")
    request_id: str | None = strawberry.field(description="The request that placed it; null when none did.")
    last_call_sequence: int = strawberry.field(description="The `callSequence` of its latest event.")
    sandbox: bool = strawberry.field(description="It stays in the sandbox.")
    campaign_id: strawberry.ID | None = strawberry.field(description="The campaign that placed it.")
    contact_id: strawberry.ID | None = strawberry.field(description="The contact it is for.")
    contact_list_id: strawberry.ID | None = strawberry.field(description="The contact's list.")
    queue_id: strawberry.ID | None = strawberry.field(
        description="The queue that its caller waits in, or waited in last; null when it was in none."
    )
    callback_id: strawberry.ID | None = strawberry.field(description="The callback it is.")
    otp_id: strawberry.ID | None = strawberry.field(description="The one-time password it tells.")
    quality: Quality | None = strawberry.field(
        description="How the leg sounded that sounded worst, of those that have ended; null when nothing was counted."
    )

    @classmethod
    def of(cls, call: LiveCall, sight: Sight) -> Self:
        ended_at = call.ended_at
        return cls(
            id=strawberry.ID(call.id),
            state=call.state,
            kind=call.kind,
            direction=call.direction,
            disposition=call.outcome,
            end_reason=None if call.end_reason is None else EndReason.of(call.end_reason),
            legs=[Leg.of(leg, sight, call_id=call.id) for leg in call.legs],
            transfer=Transfer.of(call, sight),
            supervisions=[Supervision.of(call, one, sight) for one in call.supervisions],
            media_streams=[MediaStream.of(one) for one in call.media_streams if not one.is_own],
            agent_party=_party_of(call, LegRole.AGENT, sight),
            customer_party=_party_of(call, LegRole.CUSTOMER, sight),
            agent_id=None if call.agent_id is None else strawberry.ID(call.agent_id),
            agent_name=call.agent_name,
            extension=call.extension,
            dialled_number=Party.of_dialled(call.dialled_number, sight),
            caller_id=Party.of_number(call.caller_id, sight, call.caller_id_name),
            trunk_id=None if call.trunk_id is None else strawberry.ID(call.trunk_id),
            external_id=call.external_id,
            metadata=MetadataPair.of_all(call.metadata),
            answered_by=call.answered_by,
            variables=MetadataPair.of_all(call.variables),
            live=call,
            tags=list(call.tags),
            dtmf=(call.dtmf if sight.has_digits else mask_digits(call.dtmf)) or None,
            recording_mode=call.recording_mode,
            max_duration_seconds=call.max_duration_seconds,
            created_at=call.created_at,
            ringing_at=min((leg.ringing_at for leg in call.legs if leg.ringing_at is not None), default=None),
            answered_at=min((leg.answered_at for leg in call.legs if leg.answered_at is not None), default=None),
            connected_at=call.connected_at,
            ended_at=ended_at,
            ring_seconds=None if ended_at is None else record.ring_seconds(call),
            talk_seconds=None if ended_at is None else record.talk_seconds(call),
            duration_seconds=None if ended_at is None else record.seconds_between(call.created_at, ended_at),
            source=call.source,
            unique_id=call.unique_id,
            actor=Actor.of(call.actor),
            request_id=call.request_id,
            last_call_sequence=call.sequence,
            sandbox=call.is_sandbox,
            campaign_id=None if call.errand is None else _id(call.errand.campaign_id),
            contact_id=None if call.errand is None else _id(call.errand.contact_id),
            contact_list_id=None if call.errand is None else _id(call.errand.contact_list_id),
            queue_id=None if call.queue is None else strawberry.ID(call.queue.queue_id),
            callback_id=None if call.errand is None else _id(call.errand.callback_id),
            otp_id=None if call.errand is None else _id(call.errand.otp_id),
            quality=Quality.of(record.worst_quality(call)),
        )

    @guarded_field(Scope.CAMPAIGNS_READ, "The campaign that placed it.")
    async def campaign(self, info: Info) -> Annotated["Campaign", strawberry.lazy("app.api.types.campaigns")] | None:
        return await find_campaign(info, self.campaign_id)

    @guarded_field(Scope.CONTACTS, "The contact it is for; null once it was removed.")
    async def contact(self, info: Info) -> Annotated["Contact", strawberry.lazy("app.api.types.contacts")] | None:
        return await find_contact(info, self.contact_id)

    @guarded_field(Scope.ROUTING, "The queue that its caller waits in, or waited in last; null once it was deleted.")
    async def queue(self, info: Info) -> Annotated["Queue", strawberry.lazy("app.api.types.groups")] | None:
        from app.api.types.groups import Queue  # groups know calls' targets, and they these

        found = None if self.queue_id is None else await info.context.loaders.queue.load(self.queue_id)
        return None if found is None else Queue.of(found, info.context.sight)

    @guarded_field(Scope.CALLBACKS, "The callback that it was placed for.")
    async def callback(self, info: Info) -> Callback | None:
        services, account_id = info.context.services, info.context.account_id
        found = None if self.callback_id is None else await services.callbacks.get(account_id, self.callback_id)
        return None if found is None else Callback.of(found, info.context.sight)

    @guarded_field(Scope.OTP, "The one-time password that is told in it.")
    async def otp(self, info: Info) -> Otp | None:
        services, account_id = info.context.services, info.context.account_id
        found = None if self.otp_id is None else await services.otps.get(account_id, self.otp_id)
        return None if found is None else Otp.of(found, info.context)

    @guarded_field(
        Scope.CALLS_READ,
        "Why it went as it did, or where it stands: sentences for people, in English. Programs read the other fields; "
        "the words change.",
    )
    async def explain(self) -> list[str] | None:
        return explain(self.live)

    @guarded_field(Scope.RECORDINGS_READ, "What was said in it: the newest transcript of its recordings.")
    async def transcript(self, info: Info) -> Transcript | None:
        found = await info.context.loaders.transcript_of_call.load(self.id)
        return None if found is None else Transcript.of(found)

    @guarded_field(Scope.RECORDINGS_READ, "Its recordings, oldest first.")
    async def recordings(self, info: Info) -> list[Recording] | None:
        found = await info.context.loaders.recordings_of_call.load(self.id)
        return [Recording.of(one, info.context.sight) for one in found]

    @guarded_field(Scope.CDRS_READ, "Its call detail record; null while it goes on.")
    async def cdr(self, info: Info) -> Cdr | None:
        found = await info.context.loaders.cdr_of_call.load(self.id)
        return None if found is None else Cdr.of(found, info.context.sight)

    @guarded_field(
        Scope.CALLS_READ,
        "How it went on the wire; null when its trace was not kept, or is deleted by now.",
    )
    async def diagnostics(self, info: Info) -> Diagnostics | None:
        context = info.context
        summary = await context.services.diagnostics.summary(context.caller, self.id)
        call = await context.loaders.call.load(self.id)
        if summary is None or call is None:
            return None
        return Diagnostics.of(summary, call, context.services.public_url)

    @guarded_field(Scope.CALLS_READ, "Everything that happened to it, oldest first.")
    async def events(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["Event", strawberry.lazy("app.api.types.event")]] | None:
        from app.api.types.event_list import connect_events  # events know calls
        from app.events.log import EventFilter

        return await connect_events(info.context, EventFilter(subject_id=self.id), Paging(first, after, last, before))


def _id(text: str | None) -> strawberry.ID | None:
    return None if text is None else strawberry.ID(text)


def _party_of(call: LiveCall, role: vocabulary.LegRole, sight: Sight) -> Party | None:
    return next((Party.of(leg.party, sight) for leg in call.legs if leg.role is role), None)
