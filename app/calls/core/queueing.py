"""The queue's part of the machine: the customer waits with music, and agents are rung for it until one answers.

::

    answered ─> WAITING_IN_QUEUE ─┬─ agent offered ─┬─ answers ────────────> CONNECTED
                    ^             │                 └─ not had ─> waits on, in its place
                    │             ├─ hangs up ─────────────────> abandoned
                    │             └─ limit, full, nobody there ─> overflow ─┬─ somebody answers ─> CONNECTED
                    └──────────────────── another queue ────────────────────┤
                                                                            └─ nobody ───────────> the end

Who is offered is decided elsewhere: of all who wait, over all calls. Here it only arrives, and may come too late.
"""

from typing import assert_never

import msgspec

from app.calls.core import ending, queue_wait, setup
from app.calls.core.commands import CreateBridge, JoinBridge, StartMusic, StopMusic
from app.calls.core.inputs import AgentOffered, OverflowChosen, QueueRefused
from app.calls.core.model import Call, HangupReason, Leg, Place, TimerName
from app.calls.core.queue_model import MOST_QUEUES, QueueOffer, QueueStage, QueueWait
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.errors import Problem, RefusedError
from app.facts.queues import CallWaiting, QueueAbandoned, QueueJoined, QueueLeaving, QueueOffered
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason, LegRole, LegState

#: How long somebody else has to be found for a caller who left the queue, before the call ends.
OVERFLOW_SECONDS = 20.0


def on_leg_answered(turn: Turn, leg: Leg) -> None:
    """The customer is there to wait, or somebody has answered for it."""
    if is_coming(turn.call, leg):
        join(turn, leg)
    else:
        on_answered(turn, leg)


def on_leg_ended(turn: Turn, leg: Leg, decided: tuple[Disposition, EndReason] | None) -> None:
    """Whoever waited is gone, or somebody who was rung for it."""
    if is_offered(turn.call, leg):
        on_offer_ended(turn, leg)
    elif is_waiting(turn.call, leg):
        on_caller_gone(turn, leg)
    else:
        setup.on_candidate_ended(turn, leg, decided)


def is_coming(call: Call, leg: Leg) -> bool:
    """Whether the leg is a caller's whose wait begins when it is answered."""
    return call.queue is not None and call.queue.stage is QueueStage.COMING and leg.role is LegRole.CUSTOMER


def is_offered(call: Call, leg: Leg) -> bool:
    """Whether the leg is one that rings for the caller."""
    return call.queue is not None and call.queue.offer_of(leg.id) is not None


def is_waiting(call: Call, leg: Leg) -> bool:
    """Whether the leg is a caller's who waits, or is on the way elsewhere."""
    stages = {QueueStage.WAITING, QueueStage.OVERFLOWING}
    return call.queue is not None and call.queue.stage in stages and leg.role is LegRole.CUSTOMER


def join(turn: Turn, leg: Leg) -> None:
    """The customer is there: it waits, since it answered."""
    wait = turn.call.queue
    if wait is None:
        return
    joined_at = turn.now if wait.queues > 1 else leg.answered_at or turn.now
    wait = queue_wait.change(turn, wait, stage=QueueStage.WAITING, joined_at=joined_at)
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK, TimerName.JOIN, TimerName.QUEUE_OVERFLOW)
    turn.set_timer(TimerName.QUEUE_WAIT, wait.max_wait_seconds, since=joined_at)
    turn.change_leg(leg.id, place=Place.HOLD, music_class=wait.music_class)
    turn.change(state=CallState.WAITING_IN_QUEUE)
    turn.say(CallWaiting(call=turn.call.ref, queue_id=wait.queue_id))
    turn.say(QueueJoined(call=turn.call.ref, queue_id=wait.queue_id, priority=wait.priority, joined_at=joined_at))
    turn.ask(StartMusic(leg_id=leg.id, music_class=wait.music_class))


def on_news(turn: Turn, event: AgentOffered | QueueRefused | OverflowChosen) -> None:
    """What was decided for the caller elsewhere. Raises RefusedError: INVALID_STATE, for an offer that comes late."""
    match event:
        case AgentOffered():
            _on_offered(turn, event)
        case QueueRefused():
            _on_refused(turn, event)
        case OverflowChosen():
            _on_overflow_chosen(turn, event)
        case _:
            assert_never(event)


def _on_offered(turn: Turn, event: AgentOffered) -> None:
    """Ring an agent for the caller.

    Raises:
        RefusedError: INVALID_STATE: nobody waits (any more), or somebody else is rung already.
    """
    wait, customer = _waiting(turn)
    if wait.stage is not QueueStage.WAITING or wait.queue_id != event.queue_id:
        raise _refused("Nobody waits in this queue.", turn.call.state)
    if wait.offers and not event.is_with_others:
        raise _refused("Somebody is rung for the caller already.", turn.call.state)
    wait = _offer(turn, wait, customer, event.leg, QueueOffer(leg_id=event.leg.id, agent_id=event.agent_id))
    turn.say(QueueOffered(call=turn.call.ref, leg=event.leg.ref, queue_id=wait.queue_id, agent_id=event.agent_id))
    for leg in event.other_legs:
        wait = _offer(turn, wait, customer, leg, QueueOffer(leg_id=leg.id, agent_id=event.agent_id))


def _on_refused(turn: Turn, event: QueueRefused) -> None:
    """The queue has no room, or nobody serves it."""
    wait = turn.call.queue
    if wait is not None and wait.stage is QueueStage.WAITING and wait.queue_id == event.queue_id and not wait.offers:
        _overflow(turn, wait, event.reason)


def on_wait_timer(turn: Turn) -> None:
    """The caller has waited for as long as it may."""
    wait = turn.call.queue
    if wait is not None and wait.stage is QueueStage.WAITING:
        _overflow(turn, wait, QueueLeaving.TIMEOUT)


def _on_overflow_chosen(turn: Turn, event: OverflowChosen) -> None:
    """It is known where a caller goes who left the queue: to these legs, to another queue, or nowhere."""
    wait = turn.call.queue
    if wait is None or wait.stage is not QueueStage.OVERFLOWING or wait.offers or turn.call.is_ending:
        return
    customer = turn.call.leg_of(LegRole.CUSTOMER)
    if event.queue is not None and wait.queues < MOST_QUEUES:
        turn.change(queue=msgspec.structs.replace(event.queue, queues=wait.queues + 1))
        join(turn, customer)
        return
    legs = event.legs if wait.overflowed_at is None else ()
    if not legs:
        _give_up(turn)
        return
    wait = queue_wait.change(turn, wait, overflowed_at=turn.now)
    turn.clear_timers(TimerName.QUEUE_OVERFLOW)
    for leg in legs:
        offer = QueueOffer(leg_id=leg.id, agent_id=event.agent_id, agent_name=leg.party.display)
        wait = _offer(turn, wait, customer, leg, offer)
        turn.say(QueueOffered(call=turn.call.ref, leg=leg.ref, queue_id=wait.queue_id, agent_id=offer.agent_id))


def on_overflow_timer(turn: Turn) -> None:
    """Nobody has said in time where the caller goes."""
    wait = turn.call.queue
    if wait is not None and wait.stage is QueueStage.OVERFLOWING and not wait.offers:
        _give_up(turn)


def on_answered(turn: Turn, leg: Leg) -> None:
    """Somebody who was rung for the caller has answered: they talk, and whoever rings besides is let go."""
    wait = turn.call.queue
    offer = None if wait is None else wait.offer_of(leg.id)
    if wait is None or offer is None or leg.hangup_reason is not None:
        release(turn, leg, leg.hangup_reason or HangupReason.NOT_WANTED)
        return
    customer = turn.call.leg_of(LegRole.CUSTOMER)
    if customer.state is not LegState.UP or customer.hangup_reason is not None:
        release(turn, leg, HangupReason.NOT_WANTED)
        return
    for other in wait.offers:
        if other.leg_id != leg.id:
            release(turn, turn.call.leg(other.leg_id), HangupReason.ANSWERED_ELSEWHERE)
    wait = queue_wait.leave(turn, wait, QueueLeaving.ANSWERED, agent_id=offer.agent_id, at=leg.answered_at)
    queue_wait.change(turn, wait, offers=())
    turn.change(
        agent_leg_id=leg.id,
        agent_id=offer.agent_id,
        agent_name=leg.party.display,
        extension=leg.party.extension,
        has_bridge=True,
    )
    turn.change_leg(customer.id, place=Place.TALK)
    turn.ask(CreateBridge(), JoinBridge(leg_id=leg.id), StopMusic(leg_id=customer.id), JoinBridge(leg_id=customer.id))
    setup.on_answered(turn, leg)


def on_offer_ended(turn: Turn, leg: Leg) -> None:
    """Somebody who was rung is gone: the caller waits on, in its place; after an overflow that was the last hope."""
    wait = turn.call.queue
    if wait is None:
        return
    wait = queue_wait.change(turn, wait, offers=tuple(one for one in wait.offers if one.leg_id != leg.id))
    if wait.offers:
        return
    turn.clear_timers(TimerName.SETUP, TimerName.RING, TimerName.DIAL_CHECK)
    if wait.stage is QueueStage.OVERFLOWING and wait.overflowed_at is not None:
        _give_up(turn)


def on_caller_gone(turn: Turn, leg: Leg) -> None:
    """The caller hung up while it waited."""
    wait = turn.call.queue
    if wait is None:
        return
    is_abandoned = wait.stage is QueueStage.WAITING
    wait = queue_wait.leave(turn, wait, QueueLeaving.ABANDONED, at=leg.ended_at)
    if is_abandoned:
        turn.say(QueueAbandoned(call=turn.call.ref, queue_id=wait.queue_id, wait_seconds=wait.wait_seconds or 0.0))
    reason = EndReason(code=EndCode.HANGUP, party=EndParty.CUSTOMER, hangup_cause=leg.hangup_cause)
    ending.begin(turn, Disposition.ABANDONED, reason)


def _waiting(turn: Turn) -> tuple[QueueWait, Leg]:
    wait = turn.call.queue
    if wait is None or turn.call.is_ending:
        raise _refused("Nobody waits.", turn.call.state)
    customer = turn.call.leg_of(LegRole.CUSTOMER)
    if customer.state is not LegState.UP:
        raise _refused("The caller is on the way out.", turn.call.state)
    return wait, customer


def _offer(turn: Turn, wait: QueueWait, customer: Leg, leg: Leg, offer: QueueOffer) -> QueueWait:
    leg = turn.add_leg(leg)
    wait = queue_wait.change(turn, wait, offers=(*wait.offers, offer), offered=wait.offered + 1)
    setup.create(turn, leg, presenting=(customer.shown_number, customer.shown_name))
    return wait


def _overflow(turn: Turn, wait: QueueWait, reason: QueueLeaving) -> None:
    wait = queue_wait.leave(turn, wait, reason, stage=QueueStage.OVERFLOWING)
    for offer in wait.offers:
        release(turn, turn.call.leg(offer.leg_id), HangupReason.NOT_WANTED)
    turn.set_timer(TimerName.QUEUE_OVERFLOW, OVERFLOW_SECONDS)


def _give_up(turn: Turn) -> None:
    ending.begin(turn, Disposition.NO_ANSWER, EndReason(code=EndCode.QUEUE_TIMEOUT, party=EndParty.SYSTEM))


def _refused(message: str, state: CallState) -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=state.value))
