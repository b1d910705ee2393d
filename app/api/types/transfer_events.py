"""The events of transfers, one type for each fact."""

import strawberry

from app.api.types.event import CallEvent, EventLeg
from app.api.types.values import EndReason, Party
from app.facts.vocabulary import Disposition, TransferKind, TransferMethod


@strawberry.interface(
    description="An event of a transfer. Each has a `transfer.started` and exactly one of the others."
)
class TransferEvent(CallEvent):
    transfer_id: strawberry.ID = strawberry.field(description="The transfer.")
    transfer_kind: TransferKind = strawberry.field(description="Whether the target is spoken to first.")
    by: EventLeg = strawberry.field(description="Who transfers.")
    transferee: EventLeg = strawberry.field(description="Who is transferred.")
    method: TransferMethod = strawberry.field(description="Who calls the target.")
    target: Party = strawberry.field(description="To whom; a queue is shown by its name until somebody answers.")
    queue_id: strawberry.ID | None = strawberry.field(description="The queue the transferee is given to, if it is.")


@strawberry.type(description="`transfer.started`: the target is about to be dialled.")
class TransferStartedEvent(TransferEvent):
    pass


@strawberry.type(description="`transfer.completed`: transferee and target talk; whoever transferred is let go.")
class TransferCompletedEvent(TransferEvent):
    leg: EventLeg | None = strawberry.field(
        name="targetLeg",
        description="The target's leg; none after REFER, when transferee and target talk without Offhook.",
    )


@strawberry.type(description="`transfer.cancelled`: it was taken back, or the call ended before it was done.")
class TransferCancelledEvent(TransferEvent):
    pass


@strawberry.type(description="`transfer.failed`: the target could not be had.")
class TransferFailedEvent(TransferEvent):
    disposition: Disposition = strawberry.field(description="How it came out with the target.")
    end_reason: EndReason = strawberry.field(description="Why, and on whose side that lay.")
    is_recalled: bool = strawberry.field(description="Whoever transferred is called back.")
