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

from app.calls.core import ending, flow_run, playing, queue_wait, setup, transfer
from app.calls.core.answering import take_seat
from app.calls.core.commands import CreateBridge, JoinBridge, StopMusic
from app.calls.core.inputs import AgentOffered, OverflowChosen, PositionKnown, QueueRefused
from app.calls.core.media import position_media
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.model.queue import MOST_QUEUES, QueueOffer, QueueStage, QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.errors import Problem, RefusedError
from app.facts.queues import QueueAbandoned, QueueLeaving, QueueOffered
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason, LegRole, LegState

#: Whoever's phone rang for so long, for a caller who may not be kept waiting, could have come.
IN_TIME_SECONDS = 1.0
#: How long somebody else has to be found for a caller who left the queue, before the call ends.
OVERFLOW_SECONDS = 20.0


def on_leg_answered(turn: Turn, leg: Leg) -> None:
    """The customer is there to wait, or somebody has answered for it."""
    wait = turn.call.queue
    if wait is not None and is_coming(turn.call, leg):
        take_seat(turn, leg)
        queue_wait.join(turn, leg, wait, since=leg.answered_at or turn.now)
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
    return call.queue is not None and call.queue.stage in stages and leg.id == call.leg_of(LegRole.CUSTOMER).id


def on_news(turn: Turn, event: AgentOffered | QueueRefused | OverflowChosen | PositionKnown) -> None:
    """What was decided for the caller elsewhere. Raises RefusedError: INVALID_STATE, for an offer that comes late."""
    match event:
        case AgentOffered():
            _on_offered(turn, event)
        case QueueRefused():
            _on_refused(turn, event)
        case OverflowChosen():
            _on_overflow_chosen(turn, event)
        case PositionKnown():
            _on_position_known(turn, event)
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


def _on_position_known(turn: Turn, event: PositionKnown) -> None:
    """Tell the caller its place, instead of the music; not while somebody is rung for it, or it hears a sound."""
    wait = turn.call.queue
    if wait is None or wait.stage is not QueueStage.WAITING or wait.queue_id != event.queue_id or wait.offers:
        return
    customer = turn.call.leg_of(LegRole.CUSTOMER)
    if turn.call.is_ending or customer.state is not LegState.UP or customer.is_leaving:
        return
    if playing.has_any(turn.call, customer):
        return
    queue_wait.change(turn, wait, told_at=turn.now)
    turn.ask(StopMusic(leg_id=customer.id))
    playing.begin(turn, event.playback_id, position_media(event.position), customer)


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
        another = msgspec.structs.replace(event.queue, queues=wait.queues + 1)
        queue_wait.join(turn, customer, another, since=turn.now)
        return
    if event.flow is not None and flow_run.may_follow(turn.call):
        queue_wait.end(turn)
        if turn.call.transfer is None:
            flow_run.send(turn, event.flow)
        else:
            transfer.lead(turn, turn.call.transfer, event.flow)
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
    )
    if not turn.call.has_bridge:
        turn.change(has_bridge=True)
        turn.ask(CreateBridge())
    turn.change_leg(customer.id, place=Place.TALK)
    playing.stop_for(turn, customer)
    turn.ask(JoinBridge(leg_id=leg.id), StopMusic(leg_id=customer.id), JoinBridge(leg_id=customer.id))
    if turn.call.transfer is None:
        setup.on_answered(turn, leg)
    else:
        transfer.on_served(turn, leg)


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
    # Who has talked before, and was transferred into the queue, was served once.
    ending.begin(turn, Disposition.ABANDONED if turn.call.connected_at is None else Disposition.ANSWERED, reason)


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
    then = turn.call.next_flow
    is_apology = then is not None and turn.call.connected_at is None and then.is_apology
    for offer in wait.offers:
        leg = turn.call.leg(offer.leg_id)
        release(turn, leg, HangupReason.NOT_IN_TIME if is_apology and _is_late(turn, leg) else HangupReason.NOT_WANTED)
    if then is not None and is_apology:
        # Whoever was called need not be looked for: it is known where they go.
        queue_wait.end(turn)
        turn.change(next_flow=None)
        flow_run.send(turn, then)
        return
    turn.set_timer(TimerName.QUEUE_OVERFLOW, OVERFLOW_SECONDS)


def _is_late(turn: Turn, leg: Leg) -> bool:
    since = leg.dialing_at or leg.created_at
    return since is not None and (turn.now - since).total_seconds() >= IN_TIME_SECONDS


def _give_up(turn: Turn) -> None:
    outcome = Disposition.NO_ANSWER, EndReason(code=EndCode.QUEUE_TIMEOUT, party=EndParty.SYSTEM)
    if turn.call.transfer is None:
        ending.begin(turn, *outcome)
    else:
        transfer.on_unserved(turn, *outcome)


def _refused(message: str, state: CallState) -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=state.value))
