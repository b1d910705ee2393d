"""From a queue as the account has it to a caller's wait in it, and to the legs that ring for the caller. Pure."""

from collections.abc import Callable
from typing import Final

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.facts.vocabulary import LegRole, Party
from app.ids import Kind, LegId
from app.routing.model import ExtensionTarget, Queue

#: How long a caller waits at most in a queue without a limit of its own.
LONGEST_WAIT_SECONDS: Final = 86_400.0
LEAST_PRIORITY: Final = 0
HIGHEST_PRIORITY: Final = 1000


def wait_in(queue: Queue, *, priority: int = LEAST_PRIORITY) -> QueueWait:
    """A wait that begins as soon as the caller is there."""
    return QueueWait(
        queue_id=queue.id,
        max_wait_seconds=min(queue.max_wait_seconds or LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS),
        priority=priority,
        music_class=queue.music_class,
    )


def legs_to(
    call: Call,
    target: ExtensionTarget,
    *,
    ring_seconds: float,
    make_id: Callable[[Kind], str],
    first_id: str | None = None,
) -> tuple[Leg, ...]:
    """A leg to each phone of an extension, for a caller who waits; the phones show who that is."""
    caller = call.leg_of(LegRole.CUSTOMER).party
    return tuple(
        Leg(
            id=LegId(first_id if first_id is not None and place == 0 else make_id(Kind.LEG)),
            role=LegRole.AGENT,
            party=Party(extension=target.number, display=target.agent_name),
            endpoint=f"PJSIP/{endpoint}",
            ring_seconds=ring_seconds,
            shown_number=caller.number or caller.extension,
            shown_name=caller.display,
            agent_id=target.agent_id,
        )
        for place, endpoint in enumerate(target.endpoints)
    )
