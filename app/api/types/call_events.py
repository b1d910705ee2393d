"""The events of calls and legs, one type for each fact; fields have the facts' own names."""

from datetime import datetime

import strawberry

from app.api.types.cdr import Cdr
from app.api.types.event import CallEvent, LegEvent
from app.api.types.values import EndReason, Party
from app.facts.vocabulary import AnsweredBy, Disposition, EndParty, GreetingEnd, LegRole, MuteDirection, RecordingMode


@strawberry.type(description="`call.created`: the call was accepted and stored; nothing has rung yet.")
class CallCreatedEvent(CallEvent):
    agent: Party = strawberry.field(description="The account's side.")
    customer: Party = strawberry.field(description="The other side.")
    dial_first: LegRole = strawberry.field(description="Who is dialled first.")
    recording_mode: RecordingMode = strawberry.field(description="Whose voice is recorded.")


@strawberry.type(
    description="`call.updated`: external id, metadata, tags or the pitch of a voice were changed by request."
)
class CallUpdatedEvent(CallEvent):
    changed: list[str] = strawberry.field(description="The names of the fields that changed, such as `externalId`.")


@strawberry.type(description="`leg.dialing`: the leg is about to be dialled.")
class LegDialingEvent(LegEvent):
    pass


@strawberry.type(description="`leg.ringing`: the far end says that it rings.")
class LegRingingEvent(LegEvent):
    ringing_at: datetime | None = strawberry.field(
        description="Since when it has rung, by Asterisk; null where that was not kept."
    )


@strawberry.type(description="`machine.detection_finished`: it was looked into what has answered.")
class MachineDetectionFinishedEvent(LegEvent):
    answered_by: AnsweredBy = strawberry.field(description="What it is.")
    cause: str = strawberry.field(description="Asterisk's own word for why it thinks so.")
    is_after_beep: bool = strawberry.field(
        description="Of a machine that a call flow is for: its greeting and beep are over, and it records."
    )
    greeting_ended_by: GreetingEnd | None = strawberry.field(
        description="What told that a machine's greeting was over; null when none was heard to its end."
    )


@strawberry.type(description="`leg.answered`: the far end answered.")
class LegAnsweredEvent(LegEvent):
    answered_at: datetime | None = strawberry.field(
        description="When it answered, by Asterisk; null where that was not kept."
    )


@strawberry.type(description="`leg.held`: the leg was taken out of the talk and hears music.")
class LegHeldEvent(LegEvent):
    pass


@strawberry.type(description="`leg.unheld`: the leg is back in the talk.")
class LegUnheldEvent(LegEvent):
    pass


@strawberry.type(description="`leg.muted`: the leg was silenced.")
class LegMutedEvent(LegEvent):
    muted: MuteDirection = strawberry.field(description="All that is silenced now.")


@strawberry.type(description="`leg.unmuted`: the leg can be heard, or hears, again.")
class LegUnmutedEvent(LegEvent):
    muted: MuteDirection | None = strawberry.field(description="What is still silenced; null when nothing is.")


@strawberry.type(description="`leg.ended`: the leg is gone.")
class LegEndedEvent(LegEvent):
    ended_by: EndParty = strawberry.field(description="The side that hung up or refused; `SYSTEM` when Offhook did.")
    hangup_cause: int | None = strawberry.field(description="The Q.850 cause.")
    sip_code: int | None = strawberry.field(description="The far end's final SIP status, where it gave one.")
    talk_seconds: float = strawberry.field(description="How many seconds it could talk with the other party.")
    ended_at: datetime | None = strawberry.field(
        description="When it ended, by Asterisk; null where that was not kept."
    )
    answered_elsewhere: bool = strawberry.field(
        description="It rang together with other phones and another of them answered: nobody missed a call here."
    )


@strawberry.type(description="`call.connected`: both parties are bridged and can talk.")
class CallConnectedEvent(CallEvent):
    connected_at: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="`dtmf.received`: a party pressed a key.")
class DtmfReceivedEvent(LegEvent):
    digit: str = strawberry.field(description="The key; reads `x` without the scope `dtmf:read`.")
    duration_milliseconds: int = strawberry.field(description="How long it was pressed, in milliseconds.")


@strawberry.type(
    description="`call.recovered`: Offhook could not watch the call for a while, and found it or its end again."
)
class CallRecoveredEvent(CallEvent):
    blind_from: datetime = strawberry.field(description="Since when it had not been watched.")
    blind_until: datetime = strawberry.field(description="Until when it had not been watched.")


@strawberry.type(
    description="`call.ended`: the call is over, with its whole record. Every call ends with exactly one of these."
)
class CallEndedEvent(CallEvent):
    disposition: Disposition = strawberry.field(description="How it came out.")
    end_reason: EndReason = strawberry.field(description="Why and on whose side it ended.")
    duration_seconds: float = strawberry.field(description="Seconds from its creation to its end.")
    talk_seconds: float = strawberry.field(description="How many seconds both could talk; 0 when they never could.")
    cdr: Cdr = strawberry.field(description="The call detail record.")
