"""How a wait changes: joined, left, taken back. Whatever else comes of that is for those who know."""

from datetime import datetime

import msgspec

from app.calls.core import playing
from app.calls.core.commands import JoinBridge, LeaveBridge, StartMusic, StopMusic, StopRingback
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.model.queue import QueueStage, QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.facts.calls import LegUnheld
from app.facts.queues import CallWaiting, QueueJoined, QueueLeaving, QueueLeft
from app.facts.vocabulary import CallState
from app.ids import LegId


def change(turn: Turn, wait: QueueWait, **fields: object) -> QueueWait:
    """Change fields of the wait; gives it as it is now."""
    changed = msgspec.structs.replace(wait, **fields)
    turn.change(queue=changed)
    return changed


def join(turn: Turn, leg: Leg, wait: QueueWait, *, since: datetime) -> None:
    """The leg's party waits, wherever it was: alone, with the queue's music."""
    wait = change(turn, wait, stage=QueueStage.WAITING, joined_at=since)
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK, TimerName.JOIN, TimerName.QUEUE_OVERFLOW)
    turn.set_timer(TimerName.QUEUE_WAIT, wait.max_wait_seconds, since=since)
    if leg.place is Place.HOLD and turn.call.state is CallState.CONNECTED:
        turn.say(LegUnheld(call=turn.call.ref, leg=leg.ref))  # to wait is something else
    turn.change_leg(leg.id, place=Place.HOLD, music_class=wait.music_class)
    turn.change(state=CallState.WAITING_IN_QUEUE)
    turn.say(CallWaiting(call=turn.call.ref, queue_id=wait.queue_id))
    turn.say(QueueJoined(call=turn.call.ref, queue_id=wait.queue_id, priority=wait.priority, joined_at=since))
    if leg.place is Place.HOLD and leg.music_class != wait.music_class:
        turn.ask(StopMusic(leg_id=leg.id))
    elif leg.place is Place.RINGBACK:
        turn.ask(StopRingback(leg_id=leg.id))
    elif turn.call.has_bridge:
        turn.ask(LeaveBridge(leg_id=leg.id))
    turn.ask(StartMusic(leg_id=leg.id, music_class=wait.music_class))


def take_back(turn: Turn, leg_id: LegId) -> None:
    """The leg's party waits no longer, though nobody there had it: it is in the talk, and whoever rings is let go."""
    wait = turn.call.queue
    if wait is None:
        return
    for offer in wait.offers:
        release(turn, turn.call.leg(offer.leg_id), HangupReason.NOT_WANTED)
    end(turn)
    leg = turn.change_leg(leg_id, place=Place.TALK, music_class=None)
    playing.stop_for(turn, leg)
    turn.change(state=CallState.CONNECTED)
    turn.ask(StopMusic(leg_id=leg_id), JoinBridge(leg_id=leg_id))


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
