"""The events of callbacks and of one-time passwords, one type for each fact."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.callbacks import Callback
from app.api.types.event import Event
from app.api.types.otps import Otp
from app.api.types.values import MetadataPair, Party
from app.facts.callbacks import CallbackFailure
from app.facts.otps import OtpFailure
from app.facts.vocabulary import Disposition

if TYPE_CHECKING:
    from app.api.types.call import Call


@strawberry.interface(description="An event of a callback.")
class CallbackEvent(Event):
    callback_id: strawberry.ID = strawberry.field(description="The callback.")
    customer: Party = strawberry.field(description="Who is to be called back.")
    due_at: datetime = strawberry.field(description="When.")
    attempt: int = strawberry.field(description="How many calls were begun for it.")
    external_id: str | None = strawberry.field(description="Your own id for it.")
    metadata: list[MetadataPair] = strawberry.field(description="Your own key-value pairs.")
    tags: list[str] = strawberry.field(description="Your own tags.")

    @guarded_field(Scope.CALLBACKS, "The callback as it is now.")
    async def callback(self, info: Info) -> Callback | None:
        found = await info.context.services.callbacks.get(info.context.account_id, self.callback_id)
        return None if found is None else Callback.of(found, info.context.sight)


@strawberry.type(description="`callback.scheduled`: a call is to be placed at `dueAt`.")
class CallbackScheduledEvent(CallbackEvent):
    pass


@strawberry.type(description="`callback.updated`: it was changed, or is to be tried again.")
class CallbackUpdatedEvent(CallbackEvent):
    is_retry: bool = strawberry.field(description="Nobody changed it: its call connected nobody, and another is due.")


@strawberry.type(description="`callback.cancelled`: it was called off in time.")
class CallbackCancelledEvent(CallbackEvent):
    pass


@strawberry.type(description="`callback.started`: its call is being placed.")
class CallbackStartedEvent(CallbackEvent):
    call_id: strawberry.ID = strawberry.field(description="The call.")
    late_seconds: float = strawberry.field(description="How long after `dueAt`.")

    @guarded_field(Scope.CALLS_READ, "The call as it is now.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        from app.api.types.call import Call  # calls know events, and they this

        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


@strawberry.type(description="`callback.completed`: its call has ended, and both sides had been connected.")
class CallbackCompletedEvent(CallbackEvent):
    call_id: strawberry.ID = strawberry.field(description="The call.")
    talk_seconds: float = strawberry.field(description="How long both could talk.")


@strawberry.type(description="`callback.failed`: nothing more is tried.")
class CallbackFailedEvent(CallbackEvent):
    reason: CallbackFailure = strawberry.field(description="Why, for programs.")
    detail: str = strawberry.field(description="Why, for people.")
    call_id: strawberry.ID | None = strawberry.field(description="Its last call, if there was one.")
    disposition: Disposition | None = strawberry.field(
        description="How its last call came out; null when it failed for another reason than that call."
    )


@strawberry.interface(description="An event of a one-time password. No digit of it is in any.")
class OtpEvent(Event):
    otp_id: strawberry.ID = strawberry.field(description="The one-time password.")
    customer: Party = strawberry.field(description="Who is told.")
    external_id: str | None = strawberry.field(description="Your own id for it.")

    @guarded_field(Scope.OTP, "The one-time password as it is now.")
    async def otp(self, info: Info) -> Otp | None:
        found = await info.context.services.otps.get(info.context.account_id, self.otp_id)
        return None if found is None else Otp.of(found, info.context)


@strawberry.type(description="`otp.announced`: the call in which it was spoken has ended.")
class OtpAnnouncedEvent(OtpEvent):
    call_id: strawberry.ID = strawberry.field(description="The call.")
    heard_to_end: bool = strawberry.field(description="All of it was heard, at least once.")
    times_heard: int = strawberry.field(description="How often all of it was heard.")


@strawberry.type(description="`otp.failed`: nothing of it was spoken to anybody.")
class OtpFailedEvent(OtpEvent):
    reason: OtpFailure = strawberry.field(description="Why, for programs.")
    detail: str = strawberry.field(description="Why, for people.")
    call_id: strawberry.ID | None = strawberry.field(description="The call, if there was one.")
    disposition: Disposition | None = strawberry.field(
        description="How its call came out; null when there was none, or nobody knows."
    )


@strawberry.type(description="`otp.verified`: the right code was given in time.")
class OtpVerifiedEvent(OtpEvent):
    attempts: int = strawberry.field(description="How many codes were offered in all.")
