"""The steps of a call flow: what each does, and which comes after it. :mod:`~app.calls.core.flow` calls these."""

from typing import Final, assert_never
from urllib.parse import urlsplit

from app.calls.core import ending, flow_gather, flow_prompt, flow_reach, flow_record, flow_run, holding, streams
from app.calls.core.commands import EnterDialplan
from app.calls.core.model.call import Outcome
from app.calls.core.model.flow import LONGEST_PATH, MOST_ENTERED, FlowPurpose, FlowRun, FlowStage
from app.calls.core.model.leg import Place
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.flows import FlowEnding, FlowStepEntered
from app.facts.vocabulary import Disposition, EndCode, EndParty, EndReason
from app.flows.conditions import holds
from app.flows.steps import (
    Branch,
    Dialplan,
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
from app.ids import Kind, LegId, MediaStreamId

#: How a call ends with what its caller was led through: well, and badly.
_CODES: Final = {
    FlowPurpose.FLOW: (EndCode.FLOW_ENDED, EndCode.FLOW_FAILED),
    FlowPurpose.ANNOUNCEMENT: (EndCode.ANNOUNCEMENT_ENDED, EndCode.ANNOUNCEMENT_FAILED),
    FlowPurpose.MEDIA_STREAM: (EndCode.MEDIA_STREAM_ENDED, EndCode.MEDIA_STREAM_FAILED),
    FlowPurpose.DIALPLAN: (EndCode.DIALPLAN_ENDED, EndCode.DIALPLAN_FAILED),
}
#: How often it is looked whether a leg is in the dialplan still.
LOOK_SECONDS: Final = 10.0


def enter(turn: Turn, name: str | None) -> None:
    """Go to a step, and on from it, until something has to be waited for."""
    while name is not None and not turn.call.is_ending:
        run = flow_run.running(turn.call)
        step = None if run is None else next((one for one in run.steps if one.name == name), None)
        if run is None:
            return
        if step is None or run.entered >= MOST_ENTERED:
            fail(turn, f"there is no step {name!r}" if step is None else f"it came to {MOST_ENTERED} steps")
            return
        path = (*run.path, name)[-LONGEST_PATH:]
        run = flow_run.change(turn, run, step=name, entered=run.entered + 1, path=path, attempt=1, digits="")
        if run.is_told:
            turn.say(FlowStepEntered(call=turn.call.ref, flow_id=run.flow_id, step=name, step_kind=kind_of_step(step)))
        name = _do(turn, run, step)


def _do(turn: Turn, run: FlowRun, step: Step) -> str | None:
    """Do a step; the one that comes at once after it, if any does."""
    match step:
        case Speak() | Play() | Gather() | Record() | Voicemail():
            say(turn, run, step)
        case Branch():
            found = (case.next for case in step.cases if holds(case.condition, run.values, turn.now))
            return next(found, step.otherwise)
        case Transfer() | Enqueue():
            flow_reach.find(turn, run, step)
        case HangUp():
            complete(turn)
        case MediaStream():
            _begin_stream(turn, run, step)
        case Dialplan():
            _hand_over(turn, run, step)
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


def _hand_over(turn: Turn, run: FlowRun, step: Dialplan) -> None:
    caller = flow_run.caller_in(turn.call, run)
    if caller is None:
        return
    flow_run.change(turn, run, stage=FlowStage.AWAY)
    turn.change_leg(caller.id, place=Place.AWAY)
    hand_over_again(turn, caller.id, step)


def hand_over_again(turn: Turn, leg_id: LegId, step: Dialplan) -> None:
    """Have the leg in the dialplan; one that is there is left there. Its end is looked for, in case nobody tells."""
    turn.ask(EnterDialplan(leg_id=leg_id, context=step.context, extension=step.extension))
    turn.set_timer(TimerName.FLOW, LOOK_SECONDS)


def after_stream(turn: Turn, run: FlowRun) -> None:
    """The program is done, or could not be had; until then there is nothing to do."""
    step, result = run.current, run.stream_end
    if result is None or not isinstance(step, MediaStream):
        return
    run = flow_run.change(turn, run, stream_id=None, stream_end=None, has_failed=not result.was_connected)
    if step.variable is not None and result.outcome is not None:
        flow_run.keep(turn, run, step.variable, result.outcome)
    after = step.next if result.was_connected or step.failed is None else step.failed
    if after is None:
        complete(turn)
    else:
        enter(turn, after)


def say(turn: Turn, run: FlowRun, step: Step) -> None:
    """Say what the step says, and go on at once where that is nothing."""
    if not flow_prompt.begin(turn, run, sounds_of(step)):
        after_prompt(turn)


def after_prompt(turn: Turn) -> None:
    """All of the step's sounds have been heard, or cannot be."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    if run is None or step is None:
        return
    match step:
        case Speak() | Play():
            enter(turn, step.failed if run.has_failed and step.failed is not None else step.next)
        case Gather():
            flow_gather.begin(turn, run, step)
        case Record() | Voicemail():
            caller = flow_run.caller_in(turn.call, run)
            if caller is not None:
                flow_record.begin(turn, run, step, caller)
        case _:
            pass  # the others say nothing


def after_failed_prompt(turn: Turn, step: Step) -> None:
    """A greeting that cannot be made keeps nobody from leaving a message: the beep is there."""
    run = flow_run.running(turn.call)
    if run is not None and isinstance(step, Voicemail) and step.greeting:
        flow_prompt.begin(turn, run, sounds_of(step)[-1:])
    else:
        after_prompt(turn)


def decide(turn: Turn, step: Gather) -> None:
    """No more digits will come: go where they lead, or ask again."""
    run = flow_run.running(turn.call)
    if run is None:
        return
    found = flow_gather.decide(turn, run, step)
    run = flow_run.running(turn.call)
    if found is not None:
        enter(turn, found)
    elif run is not None:
        say(turn, flow_run.change(turn, run, attempt=run.attempt + 1, digits=""), step)


def finish_recording(turn: Turn, run: FlowRun) -> None:
    """No more will be said: go on, with a message or without."""
    step = run.current
    is_kept = flow_record.finish(turn, run)
    match step:
        case Record():
            enter(turn, step.next if is_kept or step.no_message is None else step.no_message)
        case Voicemail(next=None):
            complete(turn)
        case Voicemail():
            enter(turn, step.next)
        case _:
            pass  # the others record nothing


def on_nobody(turn: Turn, best: Outcome) -> None:
    """Whoever the step was to reach was not had."""
    run = flow_run.running(turn.call)
    step = None if run is None else run.current
    caller = None if run is None else flow_run.caller_in(turn.call, run)
    if run is None or caller is None or flow_reach.go_further(turn, run, caller):
        return
    if isinstance(step, Transfer | Enqueue) and step.failed is not None:
        flow_run.change(turn, run, then_queue=None, then_flow=None)
        holding.put_quietly(turn, caller, Place.ALONE)
        enter(turn, step.failed)
        return
    flow_run.end(turn, FlowEnding.FAILED, "nobody was reached")
    has_talked = turn.call.connected_at is not None
    ending.begin(turn, Disposition.ANSWERED if has_talked else best.disposition, best.end_reason)


def complete(turn: Turn) -> None:
    """The flow has come to its end, and with it the call."""
    run = flow_run.running(turn.call)
    flow_run.end(turn, FlowEnding.COMPLETED)
    _end_call(turn, run, has_failed=run is not None and not run.is_told and run.has_failed)


def fail(turn: Turn, reason: str) -> None:
    """The flow cannot go on, and with it the call."""
    run = flow_run.running(turn.call)
    flow_run.end(turn, FlowEnding.FAILED, reason)
    _end_call(turn, run, has_failed=True)


def _end_call(turn: Turn, run: FlowRun | None, *, has_failed: bool) -> None:
    """A flow that fails has talked to its caller; what was made for one purpose, and failed in it, has not."""
    purpose = FlowPurpose.FLOW if run is None else run.purpose
    has_said_nothing = has_failed and purpose is not FlowPurpose.FLOW and turn.call.connected_at is None
    is_apology = run is not None and run.is_apology
    outcome = Disposition.FAILED if has_said_nothing and not is_apology else disposition(turn)
    ending.begin(turn, outcome, EndReason(code=_CODES[purpose][has_failed], party=EndParty.SYSTEM))


def disposition(turn: Turn) -> Disposition:
    """A caller who talked to a flow was answered; one that left a message, by voicemail; one that an agent should have
    talked to was abandoned.
    """
    if turn.call.flow is not None and turn.call.flow.is_apology and turn.call.connected_at is None:
        return Disposition.ABANDONED
    is_voicemail = turn.call.connected_at is None and flow_run.has_message(turn.call)
    return Disposition.VOICEMAIL if is_voicemail else Disposition.ANSWERED
