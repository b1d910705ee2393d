"""Facts about transfers. Each transfer has one that starts it, and exactly one of the others."""

from app.facts.calls import CallFact, LegRef
from app.facts.vocabulary import Disposition, EndReason, Party, TransferKind, TransferMethod


class TransferFact(CallFact, frozen=True, kw_only=True):
    """Base of a transfer's facts: ``by`` transfers ``transferee`` to ``target``, or to the queue ``queue_id``."""

    transfer_id: str
    kind: TransferKind
    by: LegRef
    transferee: LegRef
    target: Party
    queue_id: str | None = None
    method: TransferMethod = TransferMethod.BRIDGE


class TransferStarted(TransferFact, frozen=True, kw_only=True):
    """The target is about to be dialled."""

    type = "transfer.started"


class TransferCompleted(TransferFact, frozen=True, kw_only=True):
    """The transferee and the target talk; whoever transferred is let go. ``leg`` is the target's.

    With REFER they talk without us: there is no such leg, and the call ends.
    """

    type = "transfer.completed"
    leg: LegRef | None


class TransferCancelled(TransferFact, frozen=True, kw_only=True):
    """The transfer was taken back by request, or the transferee or the whole call ended before it was done."""

    type = "transfer.cancelled"


class TransferFailed(TransferFact, frozen=True, kw_only=True):
    """The target could not be had: how and why. ``is_recalled``: whoever transferred is called back."""

    type = "transfer.failed"
    disposition: Disposition
    end_reason: EndReason
    is_recalled: bool = False
