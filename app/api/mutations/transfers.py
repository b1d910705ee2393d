"""Giving a party of a call to somebody else."""

from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.mutations.inputs import (
    CallTarget,
    given_announcement,
    given_dialplan,
    given_stream,
    given_text,
    key_field,
)
from app.api.types.call import Call
from app.api.types.problem import Payload
from app.calls import texts
from app.calls.core import verbs
from app.calls.planning.transfer_plan import CONSULT_SECONDS, LONGEST_CONSULT_SECONDS
from app.facts.vocabulary import TransferKind, TransferMethod
from app.ids import LegId

_RING: Final = f"{texts.SHORTEST_RING_SECONDS:g} to {texts.LONGEST_RING_SECONDS:g} seconds"


@strawberry.input(description="A party to be given to somebody else. Durations are seconds.")
class TransferCallInput:
    idempotency_key: str = key_field()
    call_id: strawberry.ID = strawberry.field(description="The call; it must be CONNECTED.")
    kind: TransferKind = strawberry.field(description="Whether the target is spoken to first.")
    target: CallTarget = strawberry.field(
        description="To whom. The rules are those of a new call. In a queue the customer waits for an agent; such a "
        "transfer is BLIND."
    )
    leg_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Who transfers: this leg, and the other party is transferred. When left out, the agent.",
    )
    ring_seconds: float | None = strawberry.field(
        default=None, description=f"How long the target may ring: {_RING}; when left out, as in a new call."
    )
    consult_seconds: float | None = strawberry.field(
        default=None,
        description="How long the consultation of an ATTENDED transfer may last before it is taken back: at most "
        f"{LONGEST_CONSULT_SECONDS:.0f} seconds; when left out, {CONSULT_SECONDS:.0f}.",
    )
    recall: bool = strawberry.field(
        default=True,
        description="Should a BLIND transfer fail, call back whoever transferred. Without it the call ends then, "
        "and so it does when a caller from outside has transferred.",
    )
    method: TransferMethod = strawberry.field(
        default=TransferMethod.BRIDGE,
        description="How the target is called. REFER is for a BLIND transfer, to a number, of a party behind a trunk "
        "that follows such requests; many do not. Its end is the end of the call.",
    )
    music: bool = strawberry.field(
        default=False, description="During a BLIND transfer the transferee hears music, not the target's ringing."
    )


@strawberry.input(description="The attended transfer of a call, to be completed.")
class CompleteTransferInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")


@strawberry.input(description="The transfer of a call, to be taken back.")
class CancelTransferInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")


@strawberry.type(description="What came of a transfer that was asked for.")
class TransferCallPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had started this transfer before."
    )


@strawberry.type(description="What came of completing a transfer.")
class CompleteTransferPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type(description="What came of taking a transfer back.")
class CancelTransferPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type
class TransferMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        TransferCallPayload,
        "Give one party of a CONNECTED call to somebody else. What comes of it is told by `transfer.completed`, "
        "`transfer.cancelled` or `transfer.failed`. `INVALID_STATE` when the call is not `CONNECTED`, a transfer is "
        "under way (`TRANSFER_…`), there are participants (`CONFERENCE`), one of the two who talk is on the way out, "
        "or it has been in as many call flows as it may; or the call is ending or has ended, or tells a one-time "
        "password.",
    )
    async def transfer_call(
        self,
        info: Info,
        input: Annotated[TransferCallInput, strawberry.argument(description="The transfer.")],  # noqa: A002  # GraphQL's own word
    ) -> TransferCallPayload:
        verb = verbs.StartTransfer(
            idempotency_key=input.idempotency_key,
            kind=input.kind,
            target=verbs.Target(
                agent_id=given_text(input.target.agent_id),
                extension=given_text(input.target.extension),
                number=given_text(input.target.number),
                ring_group_id=given_text(input.target.ring_group_id),
                queue_id=given_text(input.target.queue_id),
                call_flow_id=given_text(input.target.call_flow_id),
                announcement=given_announcement(input.target),
                media_stream=given_stream(input.target),
                dialplan=given_dialplan(input.target),
            ),
            by=None if input.leg_id is None else LegId(input.leg_id),
            ring_seconds=input.ring_seconds,
            consult_seconds=input.consult_seconds,
            recalls=input.recall,
            with_music=input.music,
            method=input.method,
        )
        acted = await act(info, input.call_id, verb)
        return TransferCallPayload(call=Call.of(acted.call, info.context.sight), replayed=acted.is_replayed)

    @mutation(
        Scope.CALLS_CONTROL,
        CompleteTransferPayload,
        "Complete an ATTENDED transfer: transferee and target talk, whoever transferred is let go. While the target "
        "still rings, it goes on as a BLIND one. `INVALID_STATE` when none is under way, it is a `BLIND` one, which "
        "completes by itself, or a device was told to call the target (`REFER`); or the call is ending or has ended, "
        "or tells a one-time password.",
    )
    async def complete_transfer(
        self,
        info: Info,
        input: Annotated[CompleteTransferInput, strawberry.argument(description="The call.")],  # noqa: A002
    ) -> CompleteTransferPayload:
        acted = await act(info, input.call_id, verbs.CompleteTransfer())
        return CompleteTransferPayload(call=Call.of(acted.call, info.context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        CancelTransferPayload,
        "Take a transfer back: the target is let go. After an ATTENDED one the parties talk again; after a BLIND one "
        "whoever transferred is called back. `INVALID_STATE` when none is under way, whoever transferred is being "
        "called back already (`TRANSFER_RECALLING`) or, after a `BLIND` one, came in from outside and cannot be called "
        "back, or a device was told to call the target (`REFER`); or the call is ending or has ended, or tells a "
        "one-time password.",
    )
    async def cancel_transfer(
        self,
        info: Info,
        input: Annotated[CancelTransferInput, strawberry.argument(description="The call.")],  # noqa: A002
    ) -> CancelTransferPayload:
        acted = await act(info, input.call_id, verbs.CancelTransfer())
        return CancelTransferPayload(call=Call.of(acted.call, info.context.sight))
