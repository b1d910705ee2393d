"""Placing, changing and ending calls."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.inputs import (
    HangupCallInput,
    OriginateCallInput,
    UpdateCallInput,
    given_announcement,
    given_dialplan,
    given_stream,
    given_text,
    read_pairs,
)
from app.api.mutations.shown_numbers import pick_caller_id
from app.api.types.call import Call
from app.api.types.dry_run import DryRun
from app.api.types.lookup import NumberLookup
from app.api.types.problem import Payload
from app.api.types.reputation import CallerIdUsed
from app.calls.planning.requests import UNSET, OriginateRequest, UpdateRequest, WaitOutcome
from app.errors import Problem, RefusedError


@strawberry.type(description="What came of placing a call.")
class OriginateCallPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call; null when it was refused.")
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had placed this call before; it is shown as it stands now."
    )
    wait_outcome: WaitOutcome | None = strawberry.field(
        default=None, description="Whether the call got as far as `waitFor` asked."
    )
    lookup: NumberLookup | None = strawberry.field(
        default=None, description="What is known about the dialled number; null for an extension."
    )
    caller_id: CallerIdUsed | None = strawberry.field(
        default=None, description="The number that the call shows outside, or would, and why that one."
    )
    dry_run: DryRun | None = strawberry.field(
        default=None, description="Of a dry run that nothing speaks against: what would be done."
    )


@strawberry.type(description="What came of changing a call.")
class UpdateCallPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type(description="What came of ending a call.")
class HangupCallPayload(Payload):
    call: Call | None = strawberry.field(
        default=None, description="The call: its end is decided, and its legs are being taken down."
    )


@strawberry.type
class CallMutations:
    @mutation(
        Scope.CALLS_ORIGINATE,
        OriginateCallPayload,
        "Place a call: dial one side, then the other, and connect them. It is placed exactly once for each "
        "idempotency key. A placed call always comes back as `call`, however it comes out; of a dry run, the plan as "
        "`dryRun`.",
    )
    async def originate_call(
        self,
        info: Info,
        input: Annotated[OriginateCallInput, strawberry.argument(description="The call.")],  # noqa: A002  # GraphQL's own word
    ) -> OriginateCallPayload:
        context = info.context
        outcome = await context.services.calls.originate(context.caller, _read_originate(input))
        if input.dry_run:
            return OriginateCallPayload(
                lookup=None if outcome.lookup is None else NumberLookup.of(outcome.lookup),
                caller_id=CallerIdUsed.of_optional(outcome.call, context.sight),
                dry_run=DryRun.of(outcome, context.sight),
            )
        return OriginateCallPayload(
            call=Call.of(outcome.call, context.sight),
            replayed=outcome.is_replayed,
            wait_outcome=outcome.wait_outcome,
            caller_id=CallerIdUsed.of_optional(outcome.call, context.sight),
            lookup=None if outcome.lookup is None else NumberLookup.of(outcome.lookup),
        )

    @mutation(
        Scope.CALLS_CONTROL,
        UpdateCallPayload,
        "Change your own data on a live call. `INVALID_STATE` when the call has ended.",
    )
    async def update_call(
        self,
        info: Info,
        input: Annotated[UpdateCallInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateCallPayload:
        context = info.context
        call = await context.services.calls.update(context.caller, _read_update(input))
        return UpdateCallPayload(call=Call.of(call, context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        HangupCallPayload,
        "End a live call, whatever its state; one that is ending already is left to end. "
        "`INVALID_STATE` when it has ended.",
    )
    async def hangup_call(
        self,
        info: Info,
        input: Annotated[HangupCallInput, strawberry.argument(description="The call.")],  # noqa: A002
    ) -> HangupCallPayload:
        context = info.context
        call = await context.services.calls.hang_up(context.caller, input.call_id)
        return HangupCallPayload(call=Call.of(call, context.sight))


def _read_originate(given: OriginateCallInput) -> OriginateRequest:
    return OriginateRequest(
        idempotency_key=given.idempotency_key,
        destination_number=given_text(given.destination.number),
        destination_extension=given_text(given.destination.extension),
        connect_agent_id=given_text(given.connect.agent_id),
        connect_extension=given_text(given.connect.extension),
        connect_number=given_text(given.connect.number),
        connect_ring_group_id=given_text(given.connect.ring_group_id),
        connect_queue_id=given_text(given.connect.queue_id),
        connect_call_flow_id=given_text(given.connect.call_flow_id),
        connect_announcement=given_announcement(given.connect),
        connect_media_stream=given_stream(given.connect),
        connect_dialplan=given_dialplan(given.connect),
        queue_priority=given.queue_priority,
        dial_first=given.dial_first,
        caller_id=pick_caller_id(given.caller_id, given.caller_id_pool_id),
        caller_id_name=given.caller_id_name,
        agent_display=given.agent_display,
        destination_name=given.destination_name,
        trunk_id=given.trunk_id,
        agent_ring_seconds=given.agent_ring_seconds,
        customer_ring_seconds=given.customer_ring_seconds,
        max_duration_seconds=given.max_duration_seconds,
        recording_mode=given.recording_mode,
        external_id=given.external_id,
        metadata=read_pairs(given.metadata),
        tags=tuple(given.tags),
        variables=read_pairs(given.variables),
        softphone_message=given.softphone_message,
        voice_pitch=given.voice_pitch,
        transcribe=given.transcribe,
        detect_machine=given.detect_machine,
        on_machine=given.on_machine,
        dry_run=given.dry_run,
        wait_for=given.wait_for,
    )


def _read_update(given: UpdateCallInput) -> UpdateRequest:
    for name, value in (("metadata", given.metadata), ("tags", given.tags)):
        if value is None:
            raise RefusedError(Problem("INVALID_INPUT", "This cannot be null; give [] to clear it.", (name,)))
    return UpdateRequest(
        call_id=given.call_id,
        external_id=UNSET if given.external_id is strawberry.UNSET else given.external_id,
        metadata=UNSET if not isinstance(given.metadata, list) else read_pairs(given.metadata),
        tags=UNSET if not isinstance(given.tags, list) else tuple(given.tags),
    )
