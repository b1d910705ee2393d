"""The digits that a flow asks for: when they are all in, whether they fit, and where they lead."""

from app.calls.core import flow_run
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.flows import FlowGathered, GatherResult
from app.flows.steps import Gather


def begin(turn: Turn, run: FlowRun, step: Gather) -> None:
    """The prompt is over, and nothing was pressed yet: wait for the first digit."""
    flow_run.change(turn, run, stage=FlowStage.COLLECTING, digits="")
    turn.set_timer(TimerName.FLOW, step.first_digit_seconds)


def press(turn: Turn, run: FlowRun, step: Gather, digit: str) -> bool:
    """Take a digit; whether all are in."""
    if digit == step.terminator:
        flow_run.change(turn, run, stage=FlowStage.COLLECTING)
        return True
    run = flow_run.change(turn, run, stage=FlowStage.COLLECTING, digits=run.digits + digit)
    turn.set_timer(TimerName.FLOW, step.inter_digit_seconds)
    return len(run.digits) >= step.max_digits


def decide(turn: Turn, run: FlowRun, step: Gather) -> str | None:
    """All digits are in that will come: the step that they lead to; None when they are to be asked for again."""
    turn.clear_timers(TimerName.FLOW)
    digits = run.digits
    found = next((one.next for one in step.options if one.digits == digits), step.next)
    fits = len(digits) >= step.min_digits and found is not None
    result = GatherResult.NO_INPUT if not digits else GatherResult.MATCHED if fits else GatherResult.NO_MATCH
    if run.is_told:
        turn.say(
            FlowGathered(
                call=turn.call.ref,
                flow_id=run.flow_id,
                step=step.name,
                attempt=run.attempt,
                result=result,
                digits=digits,
            )
        )
    if fits:
        if step.variable is not None:
            flow_run.keep(turn, run, step.variable, digits)
        return found
    if run.attempt <= step.retries:
        return None
    return step.no_input if result is GatherResult.NO_INPUT or step.no_match is None else step.no_match
