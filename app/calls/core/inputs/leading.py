"""Where queues and call flows lead whoever waits."""

from app.calls.core.model.flow import FlowRun
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.facts.queues import QueueLeaving
from app.facts.vocabulary import Words
from app.ids import PlaybackId


class AgentOffered(Words, frozen=True, kw_only=True):
    """An agent is to be rung for the caller who waits: ``leg`` is ready to be dialled, and those to its other phones.

    ``is_with_others``: besides those who are rung already.
    """

    queue_id: str
    leg: Leg
    other_legs: tuple[Leg, ...] = ()
    agent_id: str
    is_with_others: bool = False


class QueueRefused(Words, frozen=True, kw_only=True):
    """The queue cannot have the caller: it is full, or nobody serves it."""

    queue_id: str
    reason: QueueLeaving


class PositionKnown(Words, frozen=True, kw_only=True):
    """The caller is to hear its place in the queue, which is ``position``, from 1."""

    queue_id: str
    playback_id: PlaybackId
    position: int


class OverflowChosen(Words, frozen=True, kw_only=True):
    """Where a caller goes who left its queue: to one of ``legs``, rung together, to another ``queue``, or to a
    ``flow``; else the call ends. ``agent_id`` is who sits there, where it is one.
    """

    legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    queue: QueueWait | None = None
    flow: FlowRun | None = None


class PromptReady(Words, frozen=True, kw_only=True):
    """The sounds of a prompt can be played: in Asterisk's words, one for each."""

    number: int
    media: tuple[str, ...]


class PromptFailed(Words, frozen=True, kw_only=True):
    """The sounds of a prompt cannot be made, for a reason fit to be shown."""

    number: int
    reason: str


class TargetFound(Words, frozen=True, kw_only=True):
    """Whom a flow leads to: one of ``legs``, rung in their waves; else to a ``queue``, another ``flow``, or nobody.

    ``agent_id`` is who sits at the legs, where that is one.
    """

    number: int
    legs: tuple[Leg, ...] = ()
    agent_id: str | None = None
    queue: QueueWait | None = None
    flow: FlowRun | None = None
