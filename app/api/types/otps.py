"""One-time passwords that are told by telephone. No field has the code, nor anything that it could be found by."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.types.node import Node
from app.api.types.values import MetadataPair, Party
from app.facts.otps import OtpFailure
from app.facts.vocabulary import Disposition
from app.otps import model
from app.otps.model import OtpState

if TYPE_CHECKING:
    from app.api.types.call import Call


@strawberry.type(description="A one-time password that is told by telephone. The code itself cannot be read anywhere.")
class Otp(Node):
    state: OtpState = strawberry.field(description="Where the telling stands.")
    customer: Party = strawberry.field(description="Who is told.")
    text: str = strawberry.field(description="What is said, with `{code}` for the code.")
    repeat: int = strawberry.field(description="How often the text is said.")
    heard_to_end: bool | None = strawberry.field(
        description="All of it was heard, at least once; null until its call has ended, and when it failed."
    )
    times_heard: int | None = strawberry.field(
        description="How often all of it was heard; null until its call has ended, and when it failed."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be verified.")
    is_expired: bool = strawberry.field(description="The time in which it can be verified is over.")
    verified_at: datetime | None = strawberry.field(description="When the right code was given.")
    codes_tried: int = strawberry.field(description="How many codes were offered.")
    max_attempts: int = strawberry.field(description="How many codes may be offered in all.")
    attempts_left: int = strawberry.field(description="How many more may be offered; 0 once it is verified or expired.")
    call_id: strawberry.ID = strawberry.field(
        description="The id of its call; while it is `PENDING` there is no call of this id yet, and `call` is null."
    )
    failure: OtpFailure | None = strawberry.field(
        description="Why it failed, for programs; null unless it is `FAILED`."
    )
    detail: str | None = strawberry.field(description="Why it failed, for people; null unless it is `FAILED`.")
    disposition: Disposition | None = strawberry.field(
        description="How its call came out; null until it has ended, and when there was none."
    )
    external_id: str | None = strawberry.field(description="Your own id for it, which its call has too.")
    metadata: list[MetadataPair] = strawberry.field(description="Your own key-value pairs.")
    tags: list[str] = strawberry.field(description="Your own tags.")
    sandbox: bool = strawberry.field(description="It stays in the sandbox.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    ended_at: datetime | None = strawberry.field(description="When its telling was over.")

    @classmethod
    def of(cls, one: model.Otp, context: Context) -> Self:
        is_expired = context.services.clock.now() >= one.expires_at
        is_closed = is_expired or one.verified_at is not None
        return cls(
            id=strawberry.ID(one.id),
            state=one.state,
            customer=Party.of(one.customer, context.sight),
            text=one.spoken.text,
            repeat=one.spoken.repeat,
            heard_to_end=None if one.times_heard is None else one.times_heard > 0,
            times_heard=one.times_heard,
            expires_at=one.expires_at,
            is_expired=is_expired,
            verified_at=one.verified_at,
            codes_tried=one.attempts,
            max_attempts=one.max_attempts,
            attempts_left=0 if is_closed else max(0, one.max_attempts - one.attempts),
            call_id=strawberry.ID(one.call_id),
            failure=one.failure,
            detail=one.detail,
            disposition=one.disposition,
            external_id=one.call.external_id,
            metadata=MetadataPair.of_all(one.call.metadata),
            tags=list(one.call.tags),
            sandbox=one.is_sandbox,
            created_at=one.created_at,
            ended_at=one.ended_at,
        )

    @guarded_field(Scope.CALLS_READ, "Its call, once there is one.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        from app.api.types.call import Call  # calls know events, and they this

        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)
