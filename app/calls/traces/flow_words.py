"""The digits by which a call flow tells its callers apart, as placeholders in a trace. Pure.

Where they stood, the path that a caller took would tell what it pressed; and some are as good as a password. So each is
replaced by a sign that no telephone has a key for, alike wherever words begin alike: with these in the place of the
keys the flow goes the same ways, so that a trace can be done again.
"""

from typing import Final

import msgspec

from app.calls.core.model.flow import FlowRun
from app.flows.steps import Branch, Case, Gather, MediaStream, Option, Step, VariableIs

#: In the order of their coming: as many as there are keys.
SIGNS: Final = "ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟ"
_KEYS: Final = frozenset("0123456789ABCD*#")


def with_signs(flow: FlowRun) -> FlowRun:
    """The flow with signs for the digits that it asks for, and for those that it asks its variables about."""
    signs = _Signs()
    gathered = gathered_in(flow.steps)
    return msgspec.structs.replace(flow, steps=tuple(_replace(step, signs, gathered) for step in flow.steps))


def gathered_in(steps: tuple[Step, ...]) -> frozenset[str]:
    """The variables that hold nothing but what was pressed."""
    pressed = {step.variable for step in steps if isinstance(step, Gather) and step.variable is not None}
    return frozenset(pressed - {step.variable for step in steps if isinstance(step, MediaStream)})


class _Signs:
    """One sign for each key behind the same beginning."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counted: dict[str, int] = {}

    def of(self, word: str) -> str:
        if not _KEYS.issuperset(word):
            return word  # nobody can press it
        return "".join(self._sign(word[:place], key) for place, key in enumerate(word))

    def _sign(self, before: str, key: str) -> str:
        if (before, key) not in self._known:
            self._known[before, key] = SIGNS[self._counted.setdefault(before, 0)]
            self._counted[before] += 1
        return self._known[before, key]


def _replace(step: Step, signs: _Signs, gathered: frozenset[str]) -> Step:
    match step:
        case Gather(options=options) if options:
            words = tuple(Option(digits=signs.of(option.digits), next=option.next) for option in options)
            return msgspec.structs.replace(step, options=words)
        case Branch(cases=cases):
            return msgspec.structs.replace(step, cases=tuple(_replace_case(case, signs, gathered) for case in cases))
        case _:
            return step


def _replace_case(case: Case, signs: _Signs, gathered: frozenset[str]) -> Case:
    condition = case.condition
    if not isinstance(condition, VariableIs) or condition.variable not in gathered:
        return case
    asked = msgspec.structs.replace(
        condition,
        one_of=tuple(signs.of(word) for word in condition.one_of),
        starts_with=None if condition.starts_with is None else signs.of(condition.starts_with),
    )
    return msgspec.structs.replace(case, condition=asked)
