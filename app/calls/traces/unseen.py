"""What may stand for a key that a trace has only masked, where a call flow goes on by it. Pure.

Nobody learns which key it was: whoever does a trace again tries what makes a difference to the flow, and keeps what
comes to what was recorded. A mask that stands for itself is a key that the flow has no word for.
"""

from collections.abc import Iterator
from itertools import islice, product
from typing import Final

import msgspec

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowRun, Variable
from app.calls.traces.masking import mask_said
from app.facts.masking import HIDDEN_DIGIT
from app.flows.steps import Branch, Gather, Record, Step, VariableIs, Voicemail
from app.flows.words import BUILT_IN

_MOST_BEGINNINGS: Final = 256


def keys_for(call: Call, event: Input) -> tuple[Input, ...]:
    """The input as it was recorded, and what else may be behind its mask."""
    flow = call.flow
    if not isinstance(event, inputs.DtmfReceived) or event.digit != HIDDEN_DIGIT or flow is None or flow.is_over:
        return (event,)
    return tuple(msgspec.structs.replace(event, digit=key) for key in dict.fromkeys((HIDDEN_DIGIT, *_keys(flow))))


def beginnings_for(call: Call) -> tuple[Call, ...]:
    """The call as it was recorded, and as it may have been: with digits that a flow had gathered before."""
    flow = call.flow
    if flow is None or flow.is_over:
        return (call,)
    variables = product(*(_held(flow, variable) for variable in flow.variables))
    found = (
        msgspec.structs.replace(call, flow=msgspec.structs.replace(flow, digits=digits, variables=held))
        for held in variables
        for digits in _pressed(flow)
    )
    return tuple(islice(found, _MOST_BEGINNINGS))


def _keys(flow: FlowRun) -> Iterator[str]:
    match flow.current:
        case Gather(terminator=terminator) as step:
            yield from (word[len(flow.digits)] for word in _words_after(flow, step))
            if terminator:
                yield terminator
        case Record(ends_on=key) | Voicemail(ends_on=key) if key:
            yield key
        case _:
            pass


def _pressed(flow: FlowRun) -> Iterator[str]:
    yield flow.digits
    step = flow.current
    if flow.digits and isinstance(step, Gather):
        count = len(flow.digits)
        yield from sorted({word[:count].ljust(count, HIDDEN_DIGIT) for word in _words(flow, step)})


def _held(flow: FlowRun, variable: Variable) -> Iterator[Variable]:
    yield variable
    if variable.name in BUILT_IN:
        return
    for word in sorted(_asked_of(flow.steps, variable.name)):
        whole = word + variable.held[len(word) :]
        if mask_said(whole) == variable.held and whole != variable.held:
            yield msgspec.structs.replace(variable, held=whole)


def _words_after(flow: FlowRun, step: Gather) -> list[str]:
    """The words of the flow that what was pressed so far is the beginning of."""
    return [word for word in _words(flow, step) if len(word) > len(flow.digits) and word.startswith(flow.digits)]


def _words(flow: FlowRun, step: Gather) -> list[str]:
    """Digits by which the flow tells callers apart: here, or later by what it keeps of them."""
    asked = set() if step.variable is None else _asked_of(flow.steps, step.variable)
    return sorted({option.digits for option in step.options} | asked)


def _asked_of(steps: tuple[Step, ...], variable: str) -> set[str]:
    conditions = [case.condition for step in steps if isinstance(step, Branch) for case in step.cases]
    asked = [one for one in conditions if isinstance(one, VariableIs) and one.variable == variable]
    return {word for one in asked for word in (*one.one_of, one.starts_with or "") if word}
