"""Facts about agents' states and about callers who wait in queues."""

from datetime import datetime
from enum import StrEnum

from app.facts.calls import CallFact, Fact, LegFact


class AgentState(StrEnum):
    """What an agent does, for queues."""

    AVAILABLE = "AVAILABLE"
    PAUSED = "PAUSED"
    WRAP_UP = "WRAP_UP"
    BUSY = "BUSY"
    OFFLINE = "OFFLINE"


class QueueLeaving(StrEnum):
    """Why a caller no longer waits."""

    ANSWERED = "ANSWERED"
    TIMEOUT = "TIMEOUT"
    FULL = "FULL"
    NO_AGENTS = "NO_AGENTS"
    ABANDONED = "ABANDONED"
    ENDED = "ENDED"


class AgentStateChanged(Fact, frozen=True, kw_only=True):
    """What an agent does has changed, or which queues it serves (``queue_ids``). ``since`` is when the state began.

    ``call_id`` and ``queue_id`` are those of a queue's caller that it is rung for or talks to.
    """

    type = "agent.state_changed"
    agent_id: str
    state: AgentState
    previous: AgentState
    since: datetime
    reason: str | None = None
    wraps_up_until: datetime | None = None
    queue_id: str | None = None
    call_id: str | None = None
    queue_ids: tuple[str, ...] = ()


class CallWaiting(CallFact, frozen=True, kw_only=True):
    """The customer has answered, or has come, and waits for an agent."""

    type = "call.waiting"
    queue_id: str


class QueueJoined(CallFact, frozen=True, kw_only=True):
    """The caller has joined a queue; of those who wait the highest ``priority`` goes first."""

    type = "queue.joined"
    queue_id: str
    priority: int
    joined_at: datetime


class QueueOffered(LegFact, frozen=True, kw_only=True):
    """An agent is being rung for the caller."""

    type = "queue.offered"
    queue_id: str
    agent_id: str | None = None


class QueueLeft(CallFact, frozen=True, kw_only=True):
    """The caller no longer waits; ``agent_id`` has answered, if somebody has."""

    type = "queue.left"
    queue_id: str
    reason: QueueLeaving
    wait_seconds: float
    agent_id: str | None = None


class QueueAbandoned(CallFact, frozen=True, kw_only=True):
    """The caller hung up while it waited. ``queue.left`` comes with it."""

    type = "queue.abandoned"
    queue_id: str
    wait_seconds: float
