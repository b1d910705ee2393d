"""A caller's wait for an agent."""

from datetime import datetime
from enum import StrEnum

from app.facts.queues import QueueLeaving
from app.facts.vocabulary import Words
from app.ids import LegId

#: From one full queue to the next so often, and then the call ends.
MOST_QUEUES = 5


class QueueStage(StrEnum):
    """Where a caller's wait stands: not begun, waiting, on the way elsewhere (with whoever can be had), or over."""

    COMING = "COMING"
    WAITING = "WAITING"
    OVERFLOWING = "OVERFLOWING"
    OVER = "OVER"


class QueueOffer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """An agent who is rung for the caller, on the leg ``leg_id``."""

    leg_id: LegId
    agent_id: str | None = None
    agent_name: str | None = None


class QueueWait(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The wait of a call's customer in a queue.

    ``offers`` are the legs that ring for it now. ``joined_at`` counts for its place, whatever is offered meanwhile.
    ``offered`` counts all that ever rang, ``queues`` the queues that the caller has been in. ``left_at`` and
    ``leaving`` tell how the wait ended; ``overflowed_at`` is when somebody else was rung after that. ``told_at`` is
    when the caller heard last at which place it is.
    """

    queue_id: str
    max_wait_seconds: float
    priority: int = 0
    music_class: str = "default"
    stage: QueueStage = QueueStage.COMING
    joined_at: datetime | None = None
    offers: tuple[QueueOffer, ...] = ()
    offered: int = 0
    queues: int = 1
    overflowed_at: datetime | None = None
    left_at: datetime | None = None
    leaving: QueueLeaving | None = None
    told_at: datetime | None = None

    def offer_of(self, leg_id: LegId) -> QueueOffer | None:
        """The offer behind a leg that rings, if it is one."""
        return next((one for one in self.offers if one.leg_id == leg_id), None)

    @property
    def wait_seconds(self) -> float | None:
        """How long the caller waited in this queue; None while it does."""
        if self.joined_at is None or self.left_at is None:
            return None
        return round((self.left_at - self.joined_at).total_seconds(), 3)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        return self.stage is QueueStage.OVER
