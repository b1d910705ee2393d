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
from urllib.parse import urlsplit

from app.calls.core import (
    answering,
    ending,
    flow_gather,
    flow_prompt,
    flow_reach,
    flow_record,
    flow_run,
    holding,
    setup,
    streams,
)
from app.calls.core.commands import FindTarget, PreparePrompt
from app.calls.core.inputs import PromptFailed, PromptReady, TargetFound
from app.calls.core.model.call import Outcome
from app.calls.core.model.flow import LONGEST_PATH, LONGEST_SECONDS, MOST_ENTERED, FlowRun, FlowStage, Variable
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.flows import FlowEnding, FlowStarted, FlowStepEntered
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason, LegRole, LegState
from app.flows.conditions import holds
from app.flows.steps import (
    Branch,
    Enqueue,
    Gather,
    HangUp,
    MediaStream,
    Play,
    Record,
    Speak,
    Step,
    Transfer,
    Voicemail,
    kind_of_step,
    sounds_of,
)
from app.flows.words import ANSWERED_BY, CALLER, DIALLED
from app.ids import Kind, MediaStreamId

_TIMED_OUT = "it could not be made in time"


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
            _on_nobody(turn, best)
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
        variables=tuple(Variable(name=name, held=value) for name, value in variables if value),
    )
    turn.set_timer(TimerName.FLOW_LIMIT, LONGEST_SECONDS)
    turn.say(FlowStarted(call=turn.call.ref, flow_id=run.flow_id, version=run.version, name=run.name))
    _enter(turn, run.start)


def follow(turn: Turn) -> None:
    """Have the flow keep up with the call: looked at after every input."""
    run = flow_run.running(turn.call)
    if run is None or turn.call.is_ending:
        return
    if run.stage is FlowStage.COMING:
        _begin_if_there(turn, run)
    elif flow_prompt.is_heard(turn, run):
        if not flow_prompt.go_on(turn, run):
            _after_prompt(turn)
    elif run.stage is FlowStage.STREAMING:
        _after_stream(turn, run)
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
                _decide(turn, step)
        case Voicemail() | Record() if run.stage is FlowStage.RECORDING and digit == step.ends_on:
            _finish_recording(turn, run)
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
                _after_failed_prompt(turn, step)
        case TargetFound():
            caller = flow_run.caller_in(turn.call, run)
            is_awaited = run.stage is FlowStage.FINDING and run.number == event.number and caller is not None
            if not is_awaited or caller is None or not isinstance(step, Transfer | Enqueue):
                return
            best = flow_reach.on_found(turn, run, event, step, caller)
            if best is not None:
                _on_nobody(turn, best)
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
            _after_failed_prompt(turn, step)
        case FlowStage.PLAYING:
            if not flow_prompt.on_timer(turn, run):
                _after_prompt(turn)
        case FlowStage.COLLECTING if isinstance(step, Gather):
            _decide(turn, step)
        case FlowStage.RECORDING:
            _finish_recording(turn, run)
        case FlowStage.FINDING:
            _on_nobody(turn, flow_reach.NOBODY)
        case _:
            pass


def on_limit_timer(turn: Turn) -> None:
    """Nobody stays in a flow for ever."""
    _fail(turn, f"it went on for {LONGEST_SECONDS:g} s")


def remind(turn: Turn) -> None:
    """Nobody watched for a while: a sound may be over, keys may have been pressed, a question may never have left."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    if run is None or step is None:
        return
    match run.stage:
        case FlowStage.PREPARING | FlowStage.PLAYING | FlowStage.COLLECTING:
            run = flow_run.change(turn, flow_prompt.stop(turn, run), digits="")
            _say(turn, run, step)
        case FlowStage.FINDING if isinstance(step, Transfer | Enqueue):
            flow_reach.find(turn, run, step)
        case _:
            pass


def _enter(turn: Turn, name: str | None) -> None:
    """Go to a step, and on from it, until something has to be waited for."""
    while name is not None and not turn.call.is_ending:
        run = flow_run.running(turn.call)
        step = None if run is None else next((one for one in run.steps if one.name == name), None)
        if run is None:
            return
        if step is None or run.entered >= MOST_ENTERED:
            _fail(turn, f"there is no step {name!r}" if step is None else f"it came to {MOST_ENTERED} steps")
            return
        path = (*run.path, name)[-LONGEST_PATH:]
        run = flow_run.change(turn, run, step=name, entered=run.entered + 1, path=path, attempt=1, digits="")
        turn.say(FlowStepEntered(call=turn.call.ref, flow_id=run.flow_id, step=name, step_kind=kind_of_step(step)))
        name = _do(turn, run, step)


def _do(turn: Turn, run: FlowRun, step: Step) -> str | None:
    """Do a step; the one that comes at once after it, if any does."""
    match step:
        case Speak() | Play() | Gather() | Record() | Voicemail():
            _say(turn, run, step)
        case Branch():
            found = (case.next for case in step.cases if holds(case.condition, run.values, turn.now))
            return next(found, step.otherwise)
        case Transfer() | Enqueue():
            flow_reach.find(turn, run, step)
        case HangUp():
            _complete(turn)
        case MediaStream():
            _begin_stream(turn, run, step)
        case _:
            assert_never(step)
    return None


def _begin_stream(turn: Turn, run: FlowRun, step: MediaStream) -> None:
    caller = flow_run.caller_in(turn.call, run)
    if caller is None:
        return
    run, name = flow_run.name_next(turn, run, Kind.MEDIA_STREAM)
    stream_id = MediaStreamId(name)
    flow_run.change(turn, run, stage=FlowStage.STREAMING, stream_id=stream_id, stream_end=None)
    streams.begin(
        turn,
        caller,
        stream_id=stream_id,
        url=step.url,
        host=urlsplit(step.url).hostname or "",
        sample_rate=step.sample_rate,
        parameters=step.parameters,
    )


def _after_stream(turn: Turn, run: FlowRun) -> None:
    """The program is done, or could not be had; until then there is nothing to do."""
    step, result = run.current, run.stream_end
    if result is None or not isinstance(step, MediaStream):
        return
    run = flow_run.change(turn, run, stream_id=None, stream_end=None)
    if step.variable is not None and result.outcome is not None:
        flow_run.keep(turn, run, step.variable, result.outcome)
    after = step.next if result.was_connected or step.failed is None else step.failed
    if after is None:
        _complete(turn)
    else:
        _enter(turn, after)


def _say(turn: Turn, run: FlowRun, step: Step) -> None:
    if not flow_prompt.begin(turn, run, sounds_of(step)):
        _after_prompt(turn)


def _after_prompt(turn: Turn) -> None:
    """All of the step's sounds have been heard, or cannot be."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    if run is None or step is None:
        return
    match step:
        case Speak() | Play():
            _enter(turn, step.failed if run.has_failed and step.failed is not None else step.next)
        case Gather():
            flow_gather.begin(turn, run, step)
        case Record() | Voicemail():
            caller = flow_run.caller_in(turn.call, run)
            if caller is not None:
                flow_record.begin(turn, run, step, caller)
        case _:
            pass  # the others say nothing


def _after_failed_prompt(turn: Turn, step: Step) -> None:
    """A greeting that cannot be made keeps nobody from leaving a message: the beep is there."""
    run = flow_run.running(turn.call)
    if run is not None and isinstance(step, Voicemail) and step.greeting:
        flow_prompt.begin(turn, run, sounds_of(step)[-1:])
    else:
        _after_prompt(turn)


def _decide(turn: Turn, step: Gather) -> None:
    run = flow_run.running(turn.call)
    if run is None:
        return
    found = flow_gather.decide(turn, run, step)
    run = flow_run.running(turn.call)
    if found is not None:
        _enter(turn, found)
    elif run is not None:
        _say(turn, flow_run.change(turn, run, attempt=run.attempt + 1, digits=""), step)


def _finish_recording(turn: Turn, run: FlowRun) -> None:
    step = run.current
    is_kept = flow_record.finish(turn, run)
    match step:
        case Record():
            _enter(turn, step.next if is_kept or step.no_message is None else step.no_message)
        case Voicemail(next=None):
            _complete(turn)
        case Voicemail():
            _enter(turn, step.next)
        case _:
            pass  # the others record nothing


def _on_nobody(turn: Turn, best: Outcome) -> None:
    """Whoever the step was to reach was not had."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    caller = None if run is None else flow_run.caller_in(turn.call, run)
    if run is None or caller is None or flow_reach.go_further(turn, run, caller):
        return
    if isinstance(step, Transfer | Enqueue) and step.failed is not None:
        flow_run.change(turn, run, then_queue=None, then_flow=None)
        holding.put_quietly(turn, caller, Place.ALONE)
        _enter(turn, step.failed)
        return
    flow_run.end(turn, FlowEnding.FAILED, "nobody was reached")
    has_talked = turn.call.connected_at is not None
    ending.begin(turn, Disposition.ANSWERED if has_talked else best.disposition, best.end_reason)


def _on_caller_gone(turn: Turn, run: FlowRun, leg: Leg) -> None:
    is_cancelled = run.stage in {FlowStage.FINDING, FlowStage.RINGING} and turn.call.connected_at is None
    if run.stage is FlowStage.RECORDING:
        flow_record.finish(turn, run)
    flow_run.end(turn, FlowEnding.HANGUP)
    disposition = Disposition.CANCELLED if is_cancelled else _disposition(turn)
    reason = EndReason(code=EndCode.HANGUP, party=EndParty.CUSTOMER, hangup_cause=leg.hangup_cause)
    ending.begin(turn, disposition, reason)


def _complete(turn: Turn) -> None:
    flow_run.end(turn, FlowEnding.COMPLETED)
    ending.begin(turn, _disposition(turn), EndReason(code=EndCode.FLOW_ENDED, party=EndParty.SYSTEM))


def _fail(turn: Turn, reason: str) -> None:
    flow_run.end(turn, FlowEnding.FAILED, reason)
    ending.begin(turn, _disposition(turn), EndReason(code=EndCode.FLOW_FAILED, party=EndParty.SYSTEM))


def _disposition(turn: Turn) -> Disposition:
    """A caller who talked to a flow was answered; one that left a message, by voicemail."""
    is_voicemail = turn.call.connected_at is None and flow_run.has_message(turn.call)
    return Disposition.VOICEMAIL if is_voicemail else Disposition.ANSWERED
