"""How a wait changes: joined, left. Whatever else comes of that is for those who know."""

from datetime import datetime

import msgspec

from app.calls.core.model import TimerName
from app.calls.core.queue_model import QueueStage, QueueWait
from app.calls.core.turn import Turn
from app.facts.queues import QueueLeaving, QueueLeft


def change(turn: Turn, wait: QueueWait, **fields: object) -> QueueWait:
    """Change fields of the wait; gives it as it is now."""
    changed = msgspec.structs.replace(wait, **fields)
    turn.change(queue=changed)
    return changed


def leave(
    turn: Turn,
    wait: QueueWait,
    reason: QueueLeaving,
    *,
    stage: QueueStage = QueueStage.OVER,
    agent_id: str | None = None,
    at: datetime | None = None,
) -> QueueWait:
    """Nobody waits any more, since ``at`` (or now); said once for each wait."""
    turn.clear_timers(TimerName.QUEUE_WAIT)
    if wait.stage is not QueueStage.WAITING or wait.joined_at is None:
        return change(turn, wait, stage=stage)
    left_at = max(wait.joined_at, at or turn.at)
    wait = change(turn, wait, stage=stage, left_at=left_at, leaving=reason)
    turn.say(
        QueueLeft(
            call=turn.call.ref,
            queue_id=wait.queue_id,
            reason=reason,
            wait_seconds=wait.wait_seconds or 0.0,
            agent_id=agent_id,
        )
    )
    return wait


def end(turn: Turn) -> None:
    """The call ends, whatever of it waited."""
    wait = turn.call.queue
    if wait is not None and not wait.is_over:
        leave(turn, wait, QueueLeaving.ENDED)
    turn.clear_timers(TimerName.QUEUE_OVERFLOW)
