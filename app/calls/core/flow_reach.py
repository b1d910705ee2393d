"""Whom a flow leads to: looked up outside the machine, then rung, or the caller waits in a queue or gets another flow.

Those who are rung are in no bridge with the caller before one of them answers: the caller hears ringing, or music.
"""

import msgspec

from app.calls.core import answering, flow_run, holding, lifetimes, queue_wait, setup, waves
from app.calls.core.commands import CreateBridge, FindTarget, KeepChannel
from app.calls.core.inputs import TargetFound
from app.calls.core.model.call import Outcome
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.model.queue import MOST_QUEUES, QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.outcome import outcome_of_target
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.facts.flows import FlowEnding
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason
from app.flows.steps import Enqueue, Transfer, target_of

#: How long it may take to look somebody up.
FIND_SECONDS = 20.0

#: How it comes out with somebody who is not there at all.
NOBODY = Outcome(
    disposition=Disposition.UNREACHABLE, end_reason=EndReason(code=EndCode.UNREACHABLE, party=EndParty.SYSTEM)
)


def find(turn: Turn, run: FlowRun, step: Transfer | Enqueue) -> None:
    """Have it looked up whom the step means."""
    run = flow_run.change(turn, run, stage=FlowStage.FINDING, number=run.number + 1)
    turn.set_timer(TimerName.FLOW, FIND_SECONDS)
    target = target_of(step)
    if target is None:
        return  # every such step has one
    turn.ask(
        FindTarget(
            number=run.number,
            target=target,
            ring_seconds=step.ring_seconds if isinstance(step, Transfer) else None,
            priority=step.priority if isinstance(step, Enqueue) else 0,
        )
    )


def on_found(turn: Turn, run: FlowRun, event: TargetFound, step: Transfer | Enqueue, caller: Leg) -> Outcome | None:
    """It is known who that is: go there; or how it came out, when there is nobody."""
    turn.clear_timers(TimerName.FLOW)
    if event.legs:
        _ring(turn, run, event, step, caller)
        return None
    return None if _hand_over(turn, event.queue, event.flow, caller) else NOBODY


def go_further(turn: Turn, run: FlowRun, caller: Leg) -> bool:
    """Nobody of those who were rung was had: whether there is a queue or a flow for that."""
    return _hand_over(turn, run.then_queue, run.then_flow, caller)


def _hand_over(turn: Turn, queue: QueueWait | None, flow: FlowRun | None, caller: Leg) -> bool:
    """The caller is the queue's, or the other flow's, unless it has been in too many."""
    queues = 0 if turn.call.queue is None else turn.call.queue.queues
    if queue is not None and queues < MOST_QUEUES:
        flow_run.end(turn, FlowEnding.QUEUED)
        wait = msgspec.structs.replace(queue, queues=queues + 1)
        if lifetimes.allowed_seconds(turn.call, caller) is None:
            turn.ask(KeepChannel(leg_id=caller.id, lifetime_seconds=setup.lifetime_seconds(turn.call, wait)))
        queue_wait.join(turn, caller, wait, since=turn.now)
        return True
    if flow is not None and flow_run.may_follow(turn.call):
        flow_run.end(turn, FlowEnding.HANDED_ON)
        flow_run.send(turn, flow)
        return True
    return False


def _ring(turn: Turn, run: FlowRun, event: TargetFound, step: Transfer | Enqueue, caller: Leg) -> None:
    legs = tuple(turn.add_leg(leg) for leg in event.legs)
    flow_run.change(
        turn,
        run,
        stage=FlowStage.RINGING,
        offers=tuple(leg.id for leg in legs),
        agent_id=event.agent_id,
        then_queue=event.queue,
        then_flow=event.flow,
    )
    turn.change(best_failure=None)
    with_music = isinstance(step, Transfer) and step.with_music
    holding.put_quietly(turn, caller, Place.HOLD if with_music else Place.RINGBACK)
    setup.ring(turn, legs, presenting=_presented(caller))


def on_answered(turn: Turn, run: FlowRun, leg: Leg) -> None:
    """Somebody who was rung has answered: they talk, and the flow is over."""
    caller = flow_run.caller_in(turn.call, run)
    if caller is None or leg.hangup_reason is not None or leg.id not in run.offers:
        release(turn, leg, leg.hangup_reason or HangupReason.NOT_WANTED)
        return
    if not turn.call.has_bridge:
        turn.change(has_bridge=True)
        turn.ask(CreateBridge())
    holding.put_quietly(turn, caller, Place.TALK)
    turn.change(
        agent_id=leg.agent_id or (run.agent_id if len(run.offers) == 1 else None),
        agent_name=leg.party.display,
        extension=leg.party.extension,
    )
    if turn.call.connected_at is None:
        setup.on_answered(turn, leg)
    else:  # it has talked before, and was given to the flow: the talk counts from then
        turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK)
        answering.take_seat(turn, leg)
        turn.change(state=CallState.CONNECTED)
    flow_run.end(turn, FlowEnding.CONNECTED)


def on_offer_ended(turn: Turn, run: FlowRun, leg: Leg, decided: tuple[Disposition, EndReason] | None) -> Outcome | None:
    """Somebody who was rung is gone: others ring on, or ring now; or how it came out, when nobody is left."""
    caller = flow_run.caller_in(turn.call, run)
    if run.stage is not FlowStage.RINGING or caller is None:
        return None
    best = setup.ring_on(turn, leg, decided or outcome_of_target(leg), presenting=_presented(caller))
    if best is not None:
        stop_ringing(turn, run)
    return best


def stop_ringing(turn: Turn, run: FlowRun) -> FlowRun:
    """Whoever rings for the caller is let go."""
    waves.let_go(turn, [turn.call.leg(leg_id) for leg_id in run.offers], HangupReason.NOT_WANTED)
    turn.clear_timers(TimerName.SETUP, TimerName.RING, TimerName.DIAL_CHECK)
    run = flow_run.change(turn, run, offers=(), agent_id=None)
    setup.time_phones(turn)
    return run


def _presented(caller: Leg) -> tuple[str | None, str | None]:
    return caller.shown_number, caller.shown_name
