"""The call flow's part of the machine: the customer alone, led from step to step until it leaves.

::

    answered ─> flow.started ─> a step ─┬─ says, plays ──────────────> the next
                                  ^     ├─ gathers ─ digits ─────────> the step that they lead to
                                  │     │          └ none, or no fit > asked again, then no input / no match
                                  │     ├─ branches ─────────────────> the first case that holds
                                  │     ├─ records, takes a message ─> the next
                                  └─────┼─ reaches somebody ─ not had ─ the step for that, or the end
                                        │                   └ answers > CONNECTED
                                        ├─ queues, another flow ─────> the caller is theirs
                                        └─ hangs up ─────────────────> the end

Nothing here waits without a timer, and a caller who does nothing comes to an end: a flow is checked for that, counts
its steps, and has a time of its own. After a gap in which nobody watched, what was being said is said again, and digits
are asked for again; a recording has gone on; who was being looked up is looked up again.
"""

from typing import assert_never

from app.calls.core import (
    answering,
    ending,
    flow_gather,
    flow_prompt,
    flow_reach,
    flow_record,
    flow_run,
    flow_steps,
    holding,
    setup,
)
from app.calls.core.commands import FindTarget, PreparePrompt, VerifyLeg
from app.calls.core.inputs import LegGivenBack, PromptFailed, PromptReady, TargetFound
from app.calls.core.model.flow import LONGEST_SECONDS, FlowPurpose, FlowRun, FlowStage, Variable
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.flows import FlowEnding, FlowStarted
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason, LegRole, LegState
from app.flows.steps import Dialplan, Enqueue, Gather, Record, Transfer, Voicemail, sounds_of
from app.flows.words import ANSWERED_BY, CALLER, DIALLED
from app.ids import LegId

_TIMED_OUT = "it could not be made in time"
LASTING = frozenset({FlowPurpose.MEDIA_STREAM, FlowPurpose.DIALPLAN})


def on_leg_answered(turn: Turn, leg: Leg) -> None:
    """The customer is there, or somebody has answered for it."""
    run = flow_run.running(turn.call)
    if run is None:
        return
    if run.stage is FlowStage.COMING and leg.role is LegRole.CUSTOMER:
        begin(turn, run, leg)
    else:
        flow_reach.on_answered(turn, run, leg)


def on_leg_ended(turn: Turn, leg: Leg, decided: tuple[Disposition, EndReason] | None) -> None:
    """Whoever was in the flow is gone, or somebody who was rung for it."""
    run = flow_run.running(turn.call)
    if run is None:
        return
    if leg.id in run.offers:
        best = flow_reach.on_offer_ended(turn, run, leg, decided)
        if best is not None:
            flow_steps.on_nobody(turn, best)
    elif run.stage is FlowStage.COMING:
        setup.on_candidate_ended(turn, leg, decided)
    elif leg.id == run.leg_id:
        _on_caller_gone(turn, run, leg)


def begin(turn: Turn, run: FlowRun, leg: Leg) -> None:
    """The customer is there: it is in the flow."""
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK, TimerName.JOIN)
    if turn.call.customer_leg_id is None:
        answering.take_seat(turn, leg)
    holding.put_quietly(turn, turn.call.leg(leg.id), Place.ALONE)
    turn.change(state=CallState.ANSWERED)
    variables = (
        (CALLER, leg.party.number or leg.party.extension),
        (DIALLED, turn.call.dialled_number),
        (ANSWERED_BY, turn.call.answered_by),
    )
    run = flow_run.change(
        turn,
        run,
        stage=FlowStage.PLAYING,
        leg_id=leg.id,
        started_at=turn.now,
        variables=(*run.variables, *(Variable(name=name, held=value) for name, value in variables if value)),
    )
    # What is a talk lasts as long as talks may.
    turn.set_timer(TimerName.FLOW_LIMIT, turn.call.max_duration_seconds if run.purpose in LASTING else LONGEST_SECONDS)
    if run.is_told:
        turn.say(FlowStarted(call=turn.call.ref, flow_id=run.flow_id, version=run.version, name=run.name))
    flow_steps.enter(turn, run.start)


def follow(turn: Turn) -> None:
    """Have the flow keep up with the call: looked at after every input."""
    run = flow_run.running(turn.call)
    if run is None or turn.call.is_ending:
        return
    if run.stage is FlowStage.COMING:
        _begin_if_there(turn, run)
    elif flow_prompt.is_heard(turn, run):
        if not flow_prompt.go_on(turn, run):
            flow_steps.after_prompt(turn)
    elif run.stage is FlowStage.STREAMING:
        flow_steps.after_stream(turn, run)
    elif flow_record.is_over(turn, run):
        flow_record.wait_a_moment(turn, run)


def _begin_if_there(turn: Turn, run: FlowRun) -> None:
    """Somebody who talked, or waited, was sent here: it is there already."""
    call = turn.call
    customer = call.seats[1]
    is_elsewhere = call.transfer is not None or (call.queue is not None and not call.queue.is_over)
    is_elsewhere = is_elsewhere or call.detecting_until is not None
    if customer is None or is_elsewhere or customer.state is not LegState.UP or customer.hangup_reason is not None:
        return
    begin(turn, run, customer)


def on_digit(turn: Turn, leg: Leg, digit: str) -> None:
    """The caller pressed a key."""
    run = flow_run.running(turn.call)
    if run is None or leg.id != run.leg_id or turn.call.is_ending:
        return
    step = run.current
    match step:
        case Gather() if run.stage in {FlowStage.PREPARING, FlowStage.PLAYING, FlowStage.COLLECTING}:
            run = flow_prompt.stop(turn, run)
            if flow_gather.press(turn, run, step, digit):
                flow_steps.decide(turn, step)
        case Voicemail() | Record() if run.stage is FlowStage.RECORDING and digit == step.ends_on:
            flow_steps.finish_recording(turn, run)
        case _:
            pass  # nobody asked


def on_news(turn: Turn, event: PromptReady | PromptFailed | TargetFound) -> None:
    """What was asked for outside the machine is there, or is not to be had."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    if run is None or step is None or turn.call.is_ending:
        return
    match event:
        case PromptReady():
            flow_prompt.on_ready(turn, run, event, sounds_of(step))
        case PromptFailed():
            if flow_prompt.on_failed(turn, run, event):
                flow_steps.after_failed_prompt(turn, step)
        case TargetFound():
            caller = flow_run.caller_in(turn.call, run)
            is_awaited = run.stage is FlowStage.FINDING and run.number == event.number and caller is not None
            if not is_awaited or caller is None or not isinstance(step, Transfer | Enqueue):
                return
            best = flow_reach.on_found(turn, run, event, step, caller)
            if best is not None:
                flow_steps.on_nobody(turn, best)
        case _:
            assert_never(event)


def on_not_asked(turn: Turn, command: PreparePrompt | FindTarget, detail: str) -> None:
    """What was to be asked outside the machine could not be: the same as a no."""
    match command:
        case PreparePrompt(number=number):
            on_news(turn, PromptFailed(number=number, reason=detail))
        case FindTarget(number=number):
            on_news(turn, TargetFound(number=number))
        case _:
            assert_never(command)


def on_timer(turn: Turn) -> None:
    """What the flow waits for has not come in time."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    if run is None or step is None or turn.call.is_ending:
        return
    match run.stage:
        case FlowStage.PREPARING:
            flow_prompt.give_up(turn, run, _TIMED_OUT)
            flow_steps.after_failed_prompt(turn, step)
        case FlowStage.PLAYING:
            if not flow_prompt.on_timer(turn, run):
                flow_steps.after_prompt(turn)
        case FlowStage.COLLECTING if isinstance(step, Gather):
            flow_steps.decide(turn, step)
        case FlowStage.RECORDING:
            flow_steps.finish_recording(turn, run)
        case FlowStage.FINDING:
            flow_steps.on_nobody(turn, flow_reach.NOBODY)
        case FlowStage.AWAY if run.leg_id is not None:
            turn.ask(VerifyLeg(leg_id=run.leg_id))
            turn.set_timer(TimerName.FLOW, flow_steps.LOOK_SECONDS)
        case _:
            pass


def on_given_back(turn: Turn, event: LegGivenBack) -> None:
    """The dialplan is done with the leg: it comes back, and is hung up."""
    run = flow_run.running(turn.call)
    if run is None or run.stage is not FlowStage.AWAY or run.leg_id != event.leg_id or turn.call.is_ending:
        return
    turn.change_leg(event.leg_id, place=Place.ALONE)
    flow_steps.complete(turn)


def on_not_handed_over(turn: Turn, leg_id: LegId) -> None:
    """The dialplan did not get the leg."""
    run = flow_run.running(turn.call)
    if run is None or run.stage is not FlowStage.AWAY or run.leg_id != leg_id or turn.call.is_ending:
        return
    turn.change_leg(leg_id, place=Place.ALONE)
    flow_steps.fail(turn, "the dialplan did not take the call")


def on_limit_timer(turn: Turn) -> None:
    """Nobody stays in a flow for ever."""
    run = flow_run.running(turn.call)
    if run is not None and run.purpose in LASTING:
        flow_run.end(turn, FlowEnding.STOPPED)
        reason = EndReason(code=EndCode.MAX_DURATION, party=EndParty.SYSTEM)
        ending.begin(turn, flow_steps.disposition(turn), reason)
        return
    flow_steps.fail(turn, f"it went on for {LONGEST_SECONDS:g} s")


def on_duration_timer(turn: Turn) -> None:
    """The call has had the time that it may last. Who is in a flow by then was answered by that."""
    run = flow_run.running(turn.call)
    if run is None or run.stage is FlowStage.COMING or turn.call.connected_at is not None:
        ending.begin_by_system(turn, EndCode.MAX_DURATION)
        return
    reason = EndReason(code=EndCode.MAX_DURATION, party=EndParty.SYSTEM)
    ending.begin(turn, flow_steps.disposition(turn), reason)


def remind(turn: Turn) -> None:
    """Nobody watched for a while: a sound may be over, keys may have been pressed, a question may never have left."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    if run is None or step is None:
        return
    match run.stage:
        case FlowStage.PREPARING | FlowStage.PLAYING | FlowStage.COLLECTING:
            run = flow_run.change(turn, flow_prompt.stop(turn, run), digits="")
            flow_steps.say(turn, run, step)
        case FlowStage.FINDING if isinstance(step, Transfer | Enqueue):
            flow_reach.find(turn, run, step)
        case FlowStage.AWAY if isinstance(step, Dialplan) and run.leg_id is not None:
            flow_steps.hand_over_again(turn, run.leg_id, step)
        case _:
            pass


def _on_caller_gone(turn: Turn, run: FlowRun, leg: Leg) -> None:
    is_cancelled = run.stage in {FlowStage.FINDING, FlowStage.RINGING} and turn.call.connected_at is None
    if run.stage is FlowStage.RECORDING:
        flow_record.finish(turn, run)
    flow_run.end(turn, FlowEnding.HANGUP)
    disposition = Disposition.CANCELLED if is_cancelled else flow_steps.disposition(turn)
    reason = EndReason(code=EndCode.HANGUP, party=EndParty.CUSTOMER, hangup_cause=leg.hangup_cause)
    if run.stage is FlowStage.AWAY:  # the dialplan may have hung up as well: Asterisk says the same of both
        reason = EndReason(code=EndCode.DIALPLAN_ENDED, party=EndParty.SYSTEM, hangup_cause=leg.hangup_cause)
    ending.begin(turn, disposition, reason)
