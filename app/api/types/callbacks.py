"""Callbacks: calls that are placed at a time that was agreed on."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.scalars import LocalDateTime
from app.api.types.node import Node
from app.api.types.values import MetadataPair, Party
from app.callbacks import model
from app.callbacks.model import CallbackState
from app.facts.callbacks import CallbackFailure
from app.facts.masking import Sight, hide_text
from app.facts.vocabulary import AgentDisplay, Disposition, LegRole, RecordingMode
from app.hours.local_time import Resolution
from app.ids import kind_of

if TYPE_CHECKING:
    from app.api.types.call import Call


@strawberry.type(description="The wall clock's time that a callback was scheduled for.")
class CallbackLocalTime:
    date_time: LocalDateTime = strawberry.field(description="What the clock shows.")
    time_zone: str = strawberry.field(description="Where: an IANA zone.")
    resolution: Resolution = strawberry.field(description="How `dueAt` was found.")


@strawberry.type(description="Whom the customer is connected with: exactly one of these is there, the others are null.")
class CallbackConnect:
    agent_id: strawberry.ID | None = strawberry.field(description="An agent, wherever it sits then.")
    extension: str | None = strawberry.field(description="One of the account's extensions.")
    number: Party | None = strawberry.field(description="An outside number.")
    ring_group_id: strawberry.ID | None = strawberry.field(description="A ring group.")
    queue_id: strawberry.ID | None = strawberry.field(description="A queue.")
    call_flow_id: strawberry.ID | None = strawberry.field(description="A call flow.")


@strawberry.type(description="One call of a callback.")
class CallbackAttempt:
    number: int = strawberry.field(description="Which attempt it was, from 1.")
    call_id: strawberry.ID = strawberry.field(description="The call.")
    due_at: datetime = strawberry.field(description="When it was due.")
    started_at: datetime = strawberry.field(description="When it was placed.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")
    disposition: Disposition | None = strawberry.field(
        description="How it came out, once it has ended; null then when it was lost before anybody's phone rang."
    )
    is_connected: bool | None = strawberry.field(description="Both sides were connected; null until it has ended.")

    @guarded_field(Scope.CALLS_READ, "The call.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        from app.api.types.call import Call  # calls know events, and they this

        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


@strawberry.type(description="A call that is placed at a time that was agreed on, once.")
class Callback(Node):
    state: CallbackState = strawberry.field(description="Where it stands.")
    due_at: datetime = strawberry.field(description="When its call is, or was, due; of a retry, when that is.")
    local: CallbackLocalTime | None = strawberry.field(
        description="The local time it was scheduled for; null when it was an instant, and for a retry."
    )
    customer: Party = strawberry.field(description="Who is called back.")
    connect: CallbackConnect = strawberry.field(description="Whom the customer is connected with.")
    dial_first: LegRole = strawberry.field(description="Who is dialled first.")
    caller_id: Party | None = strawberry.field(
        description="What the customer sees; null is the account's default, or a number of `callerIdPoolId`."
    )
    caller_id_pool_id: strawberry.ID | None = strawberry.field(
        description="The pool that the number the customer sees is taken from; null where it is none."
    )
    caller_id_name: str | None = strawberry.field(
        description="The name that the customer sees; null is none, and without the scope `pii:read` so is any."
    )
    agent_display: AgentDisplay = strawberry.field(description="What the agent's phone shows as the caller.")
    destination_name: str | None = strawberry.field(
        description="The name that the agent sees; null is none, and without the scope `pii:read` so is any."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        description="The trunk to dial out over; null is the account's default one when its call is placed."
    )
    agent_ring_seconds: float | None = strawberry.field(
        description="How long the agent rings; null is the server's setting when its call is placed."
    )
    customer_ring_seconds: float | None = strawberry.field(
        description="How long the customer rings; null is the server's setting when its call is placed."
    )
    max_duration_seconds: float | None = strawberry.field(
        description="How long both may talk; null is the server's setting when its call is placed."
    )
    recording_mode: RecordingMode = strawberry.field(description="Whose voice is recorded.")
    transcribe: bool = strawberry.field(description="A transcript is made of what was recorded.")
    softphone_message: str | None = strawberry.field(
        description="A text that the phones of the agent's side get as they are dialled; null is none. It reads `*` "
        "without the scope `pii:read`."
    )
    external_id: str | None = strawberry.field(description="Your own id for it, which its calls have too.")
    metadata: list[MetadataPair] = strawberry.field(description="Your own key-value pairs.")
    tags: list[str] = strawberry.field(description="Your own tags.")
    grace_seconds: float = strawberry.field(description="So long after `dueAt` it is placed still; then it has failed.")
    max_attempts: int = strawberry.field(description="So many calls are placed at most, until one connects.")
    retry_after_seconds: float = strawberry.field(
        description="How long after a call that did not connect both sides the next call is due."
    )
    attempt_count: int = strawberry.field(description="How many calls were begun.")
    call_id: strawberry.ID | None = strawberry.field(description="Its latest call; null before there is one.")
    failure: CallbackFailure | None = strawberry.field(
        description="Why it failed, for programs; null unless it is `FAILED`."
    )
    detail: str | None = strawberry.field(description="Why it failed, for people; null unless it is `FAILED`.")
    sandbox: bool = strawberry.field(description="It stays in the sandbox.")
    created_at: datetime = strawberry.field(description="When it was scheduled.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    started_at: datetime | None = strawberry.field(description="When its first call was placed.")
    ended_at: datetime | None = strawberry.field(description="When it was over.")

    @classmethod
    def of(cls, one: model.Callback, sight: Sight) -> Self:
        wanted, local = one.wanted, one.local
        pool_id = wanted.caller_id if wanted.caller_id and kind_of(wanted.caller_id) else None
        return cls(
            id=strawberry.ID(one.id),
            state=one.state,
            due_at=one.due_at,
            local=None
            if local is None or one.resolution is None
            else CallbackLocalTime(
                date_time=LocalDateTime(local.date_time), time_zone=local.time_zone, resolution=one.resolution
            ),
            customer=Party.of(wanted.customer, sight),
            connect=CallbackConnect(
                agent_id=_id(wanted.connect_agent_id),
                extension=wanted.connect_extension,
                number=Party.of_number(wanted.connect_number, sight),
                ring_group_id=_id(wanted.connect_ring_group_id),
                queue_id=_id(wanted.connect_queue_id),
                call_flow_id=_id(wanted.connect_call_flow_id),
            ),
            dial_first=wanted.dial_first,
            caller_id=None if pool_id else Party.of_number(wanted.caller_id, sight),
            caller_id_pool_id=_id(pool_id),
            caller_id_name=wanted.caller_id_name if sight.has_numbers else None,
            agent_display=wanted.agent_display,
            destination_name=wanted.destination_name if sight.has_numbers else None,
            trunk_id=_id(wanted.trunk_id),
            agent_ring_seconds=wanted.agent_ring_seconds,
            customer_ring_seconds=wanted.customer_ring_seconds,
            max_duration_seconds=wanted.max_duration_seconds,
            recording_mode=wanted.recording_mode,
            transcribe=wanted.transcribe,
            softphone_message=hide_text(wanted.softphone_message, sight),
            external_id=wanted.external_id,
            metadata=MetadataPair.of_all(wanted.metadata),
            tags=list(wanted.tags),
            grace_seconds=one.grace_seconds,
            max_attempts=one.max_attempts,
            retry_after_seconds=one.retry_after_seconds,
            attempt_count=one.attempt,
            call_id=_id(one.call_id),
            failure=one.failure,
            detail=one.detail,
            sandbox=one.is_sandbox,
            created_at=one.created_at,
            updated_at=one.updated_at,
            started_at=one.started_at,
            ended_at=one.ended_at,
        )

    @guarded_field(Scope.CALLBACKS, "Its calls, first to last.")
    async def attempts(self, info: Info) -> list[CallbackAttempt] | None:
        return [
            CallbackAttempt(
                number=one.number,
                call_id=strawberry.ID(one.call_id),
                due_at=one.due_at,
                started_at=one.started_at,
                ended_at=one.ended_at,
                disposition=one.disposition,
                is_connected=one.is_connected,
            )
            for one in await info.context.services.callbacks.attempts(self.id)
        ]

    @guarded_field(Scope.CALLS_READ, "Its latest call.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        from app.api.types.call import Call  # calls know events, and they this

        found = None if self.call_id is None else await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


def _id(text: str | None) -> strawberry.ID | None:
    return None if text is None else strawberry.ID(text)
