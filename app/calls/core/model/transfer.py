"""A transfer under way."""

from datetime import datetime

from app.calls.core.model.flow import FlowRun
from app.calls.core.model.queue import QueueWait
from app.facts.vocabulary import Party, TransferKind, TransferMethod, TransferState, Words
from app.ids import LegId, TransferId


class Transfer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A transfer under way: ``by`` gives ``transferee`` to the party behind ``target``, the leg that is dialled for it.

    ``or_targets`` are further legs that ring for it, until one has answered: that is ``target`` then.
    ``recalls``: should a blind transfer fail, whoever transferred is called back on
    ``recall_leg``, and on ``or_recall_legs`` if it has more phones; these are then the targets.
    ``with_music``: during a blind transfer the transferee hears music, not the target's ringing.
    ``queue`` is where the transferee of a blind transfer waits once no leg is left that rings for it, or from the start
    when there is none (``target`` is None). ``flow`` likewise is what leads it then.
    With ``method`` REFER the transferee's own device calls the target: no leg of ours does.
    """

    id: TransferId
    kind: TransferKind
    by: LegId
    transferee: LegId
    target_party: Party
    started_at: datetime
    recall_leg: LegId
    consult_seconds: float
    target: LegId | None = None
    state: TransferState = TransferState.DIALING
    recalls: bool = False
    with_music: bool = False
    agent_id: str | None = None
    agent_name: str | None = None
    or_targets: tuple[LegId, ...] = ()
    queue: QueueWait | None = None
    flow: FlowRun | None = None
    or_recall_legs: tuple[LegId, ...] = ()
    method: TransferMethod = TransferMethod.BRIDGE

    @property
    def is_referred(self) -> bool:
        """Whether the transferee's device has been told, and has not said how it came out."""
        return self.method is TransferMethod.REFER and self.state is TransferState.DIALING

    @property
    def targets(self) -> tuple[LegId, ...]:
        """All legs that are dialled for it."""
        return () if self.target is None else (self.target, *self.or_targets)

    @property
    def queue_id(self) -> str | None:
        """The queue in which the transferee waits, or is about to, as nobody is rung for it by the transfer itself."""
        is_the_queues = self.state is TransferState.WAITING or self.target is None
        return self.queue.queue_id if self.queue is not None and is_the_queues else None
