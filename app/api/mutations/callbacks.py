"""Callbacks: scheduled, changed, called off."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.instants import TimeInput
from app.api.mutations import shown_numbers
from app.api.mutations.changes import read_given
from app.api.mutations.inputs import (
    EXTERNAL_ID_FORM,
    MESSAGE_FORM,
    PAIRS_FORM,
    SHOWN_FORM,
    TAGS_FORM,
    TALK_FORM,
    CallDestination,
    MetadataPairInput,
    given_text,
    key_field,
    read_pairs,
)
from app.api.scalars import PhoneNumber
from app.api.types.callbacks import Callback
from app.api.types.problem import Payload
from app.callbacks import model
from app.calls import texts
from app.calls.planning.requests import UNSET
from app.errors import Problem, RefusedError
from app.facts.vocabulary import AgentDisplay, LegRole, RecordingMode
from app.hours.local_time import LocalTime

_RINGS = f"{texts.SHORTEST_RING_SECONDS:g} to {texts.LONGEST_RING_SECONDS:g} seconds"
_RING = f"{_RINGS}; when left out, the server's setting at that time."
_FIRST = "Who is dialled first, `AGENT` or `CUSTOMER`; other roles are refused."
_GRACE = (
    "How long after its time it is placed still, when nobody could place it before: 0 to "
    f"{model.LONGEST_GRACE_SECONDS:.0f} seconds. After that it has failed (`MISSED`)."
)
_ATTEMPTS = f"How many calls may be placed until one connects both sides: 1 to {model.MOST_ATTEMPTS}."
_RETRY = (
    "How long after a call that did not connect them the next is due: "
    f"{model.LEAST_RETRY_SECONDS:g} to {model.LONGEST_RETRY_SECONDS:.0f} seconds."
)
_AT = (
    f"When: at most {model.FURTHEST_DAYS} days ahead. A local time is kept as it was given; `local.resolution` tells "
    "how it became `dueAt`."
)
#: What null clears.
_CLEARED = (
    *("caller_id", "caller_id_pool_id", "caller_id_name", "destination_name", "trunk_id", "agent_ring_seconds"),
    *("customer_ring_seconds", "max_duration_seconds", "softphone_message", "external_id"),
)


@strawberry.input(one_of=True, description="Whom a customer who is called back is connected with: exactly one.")
class CallbackTargetInput:
    agent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An agent, at the extension where it sits then."
    )
    extension: str | None = strawberry.field(default=strawberry.UNSET, description="One of the account's extensions.")
    number: PhoneNumber | None = strawberry.field(
        default=strawberry.UNSET, description="An outside number, such as an agent's mobile phone."
    )
    ring_group_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A ring group.")
    queue_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A queue: the customer is dialled first, and waits in it."
    )
    call_flow_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A call flow.")


@strawberry.input(description="A call that is to be placed at a time. Durations are seconds.")
class ScheduleCallbackInput:
    idempotency_key: str = key_field()
    at: TimeInput = strawberry.field(description=_AT)
    destination: CallDestination = strawberry.field(description="Whom to call: the customer.")
    connect: CallbackTargetInput = strawberry.field(description="Whom to connect with the customer.")
    dial_first: LegRole = strawberry.field(default=LegRole.AGENT, description=_FIRST)
    caller_id: PhoneNumber | None = strawberry.field(
        default=None, description=shown_numbers.NUMBER + shown_numbers.DEFAULT
    )
    caller_id_pool_id: strawberry.ID | None = strawberry.field(default=None, description=shown_numbers.POOL)
    caller_id_name: str | None = strawberry.field(
        default=None, description=f"The name that the customer sees: {SHOWN_FORM}."
    )
    agent_display: AgentDisplay = strawberry.field(
        default=AgentDisplay.DESTINATION, description="What the agent's phone shows as the caller."
    )
    destination_name: str | None = strawberry.field(
        default=None, description=f"The name that the agent sees: {SHOWN_FORM}. `agentDisplay: CUSTOM` needs one."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The trunk to dial out over; when left out, the account's default one when its call is placed.",
    )
    agent_ring_seconds: float | None = strawberry.field(default=None, description=f"How long the agent rings: {_RING}")
    customer_ring_seconds: float | None = strawberry.field(
        default=None, description=f"How long the customer rings: {_RING}"
    )
    max_duration_seconds: float | None = strawberry.field(
        default=None,
        description=f"How long both may talk: {TALK_FORM}; when left out, the server's setting at that time.",
    )
    recording_mode: RecordingMode = strawberry.field(
        default=RecordingMode.OFF, description="Whose voice is recorded, from the connection on."
    )
    transcribe: bool = strawberry.field(
        default=False, description="Make a transcript of what was recorded; needs a `recordingMode`."
    )
    softphone_message: str | None = strawberry.field(
        default=None, description=f"A text that the phones of the agent's side get as they are dialled: {MESSAGE_FORM}."
    )
    external_id: str | None = strawberry.field(
        default=None, description=f"Your own id for it, which its calls get too: {EXTERNAL_ID_FORM}."
    )
    metadata: list[MetadataPairInput] = strawberry.field(
        default_factory=list,
        description=f"Your own key-value pairs, echoed in its events and those of its calls. {PAIRS_FORM}",
    )
    tags: list[str] = strawberry.field(
        default_factory=list, description=f"Your own tags, echoed in its events and those of its calls. {TAGS_FORM}"
    )
    grace_seconds: float | None = strawberry.field(
        default=None, description=f"{_GRACE} When left out, the server's `OFFHOOK_CALLBACK_GRACE_SECONDS` (900)."
    )
    max_attempts: int = strawberry.field(default=1, description=_ATTEMPTS)
    retry_after_seconds: float = strawberry.field(default=300.0, description=_RETRY)


@strawberry.input(description="Changes of a callback that has not begun. What is left out stays; lists replace.")
class UpdateCallbackInput:
    id: strawberry.ID = strawberry.field(description="The callback.")
    at: TimeInput | None = strawberry.field(default=strawberry.UNSET, description=f"{_AT} Null is refused.")
    destination: CallDestination | None = strawberry.field(
        default=strawberry.UNSET, description="Whom to call. Null is refused."
    )
    connect: CallbackTargetInput | None = strawberry.field(
        default=strawberry.UNSET, description="Whom to connect with the customer. Null is refused."
    )
    dial_first: LegRole | None = strawberry.field(default=strawberry.UNSET, description=f"{_FIRST} Null is refused.")
    caller_id: PhoneNumber | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"{shown_numbers.NUMBER} Null is the account's default number; so is a null pool.",
    )
    caller_id_pool_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description=shown_numbers.POOL)
    caller_id_name: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The name that the customer sees: {SHOWN_FORM}; null is none."
    )
    agent_display: AgentDisplay | None = strawberry.field(
        default=strawberry.UNSET, description="What the agent's phone shows as the caller. Null is refused."
    )
    destination_name: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The name that the agent sees: {SHOWN_FORM}; null is none."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The trunk to dial out over; null is the account's default one."
    )
    agent_ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How long the agent rings: {_RINGS}; null is the server's setting at that time.",
    )
    customer_ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How long the customer rings: {_RINGS}; null is the server's setting at that time.",
    )
    max_duration_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How long both may talk: {TALK_FORM}; null is the server's setting at that time.",
    )
    transcribe: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Make a transcript of what was recorded; needs a `recordingMode`. Null is refused.",
    )
    softphone_message: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"A text that the phones of the agent's side get as they are dialled: {MESSAGE_FORM}; null is "
        "none.",
    )
    recording_mode: RecordingMode | None = strawberry.field(
        default=strawberry.UNSET, description="Whose voice is recorded. Null is refused."
    )
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own id for it: {EXTERNAL_ID_FORM}; null clears it."
    )
    metadata: list[MetadataPairInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"All of your key-value pairs anew. {PAIRS_FORM} Null is refused, `[]` clears.",
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description=f"All of your tags anew. {TAGS_FORM} Null is refused, `[]` clears."
    )
    grace_seconds: float | None = strawberry.field(default=strawberry.UNSET, description=f"{_GRACE} Null is refused.")
    max_attempts: int | None = strawberry.field(default=strawberry.UNSET, description=f"{_ATTEMPTS} Null is refused.")
    retry_after_seconds: float | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_RETRY} Null is refused."
    )


@strawberry.input(description="A callback to be called off.")
class CancelCallbackInput:
    id: strawberry.ID = strawberry.field(description="The callback.")


@strawberry.type
class _CallbackPayload(Payload):
    callback: Callback | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of scheduling a callback.")
class ScheduleCallbackPayload(_CallbackPayload):
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had scheduled this one before; it is shown as it stands now."
    )


@strawberry.type(description="What came of changing a callback.")
class UpdateCallbackPayload(_CallbackPayload):
    pass


@strawberry.type(description="What came of calling a callback off.")
class CancelCallbackPayload(_CallbackPayload):
    pass


@strawberry.type
class CallbackMutations:
    @mutation(
        Scope.CALLBACKS,
        ScheduleCallbackPayload,
        "Schedule a call. It is checked now, as `originateCall` would, and again when it is placed, do-not-call lists "
        "included; an agent that is away now may be back by then. It is placed once, within a second of its time, "
        "also when everything was restarted meanwhile. Exactly one of `callback.completed`, `callback.failed` and "
        "`callback.cancelled` ends it.",
    )
    async def schedule_callback(
        self,
        info: Info,
        input: Annotated[ScheduleCallbackInput, strawberry.argument(description="The callback.")],  # noqa: A002  # GraphQL's own word
    ) -> ScheduleCallbackPayload:
        request = model.ScheduleRequest(
            idempotency_key=input.idempotency_key,
            when=_read_when(input.at),
            wanted=model.Wanted(**_read_wanted(input)),
            grace_seconds=input.grace_seconds,
            max_attempts=input.max_attempts,
            retry_after_seconds=input.retry_after_seconds,
        )
        scheduled = await info.context.services.callbacks.schedule(info.context.caller, request)
        return ScheduleCallbackPayload(
            callback=Callback.of(scheduled.callback, info.context.sight), replayed=scheduled.is_replayed
        )

    @mutation(
        Scope.CALLBACKS,
        UpdateCallbackPayload,
        "Change a callback that has not begun, or is to be tried again. `INVALID_STATE` unless it is `SCHEDULED`.",
    )
    async def update_callback(
        self,
        info: Info,
        input: Annotated[UpdateCallbackInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateCallbackPayload:
        given = read_given(input, nullable=_CLEARED)
        wanted = _read_wanted(input)
        request = model.UpdateCallbackRequest(
            callback_id=input.id,
            when=_read_when(given["at"]) if "at" in given else UNSET,
            wanted=wanted or UNSET,
            grace_seconds=given.get("grace_seconds", UNSET),
            max_attempts=given.get("max_attempts", UNSET),
            retry_after_seconds=given.get("retry_after_seconds", UNSET),
        )
        changed = await info.context.services.callbacks.update(info.context.caller, request)
        return UpdateCallbackPayload(callback=Callback.of(changed, info.context.sight))

    @mutation(
        Scope.CALLBACKS,
        CancelCallbackPayload,
        "Call off a callback that has not begun. Twice is as good as once. "
        "`INVALID_STATE` when it is `STARTED`, `COMPLETED` or `FAILED`.",
    )
    async def cancel_callback(
        self,
        info: Info,
        input: Annotated[CancelCallbackInput, strawberry.argument(description="The callback.")],  # noqa: A002
    ) -> CancelCallbackPayload:
        cancelled = await info.context.services.callbacks.cancel(info.context.caller, input.id)
        return CancelCallbackPayload(callback=Callback.of(cancelled, info.context.sight))


def _read_when(given: TimeInput) -> model.When:
    if isinstance(given.at, datetime):
        return given.at
    if not given.local:
        raise RefusedError(Problem("REQUIRED", "Give a time.", ("at",)))
    return LocalTime(date_time=given.local.date_time, time_zone=given.local.time_zone)


def _read_wanted(given: ScheduleCallbackInput | UpdateCallbackInput) -> dict[str, Any]:
    """The call's fields that the input has, as :class:`app.callbacks.model.Wanted` has them."""
    skipped = {
        *(
            "idempotency_key",
            "id",
            "at",
            "destination",
            "connect",
            "metadata",
            "tags",
            "caller_id",
            "caller_id_pool_id",
        ),
        *("grace_seconds", "max_attempts", "retry_after_seconds"),
    }
    fields = read_given(given, nullable=list(given.__dataclass_fields__), skipped=skipped)
    shown = (given.caller_id, given.caller_id_pool_id)
    if shown != (strawberry.UNSET, strawberry.UNSET):
        fields["caller_id"] = shown_numbers.pick_caller_id(given_text(shown[0]), given_text(shown[1]))
    destination, connect = given.destination, given.connect
    if destination:
        fields["destination_number"] = given_text(destination.number)
        fields["destination_extension"] = given_text(destination.extension)
    if connect:
        for name in ("agent_id", "extension", "number", "ring_group_id", "queue_id", "call_flow_id"):
            fields[f"connect_{name}"] = given_text(getattr(connect, name))
    if isinstance(given.metadata, list):
        fields["metadata"] = read_pairs(given.metadata)
    if isinstance(given.tags, list):
        fields["tags"] = tuple(given.tags)
    return fields
