"""What is wrong with a flow, all of it at once, each at the field that is to blame. Pure.

Whether the agents, queues and so on are there that it leads to, the database knows: see ``app.routing.flows``.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, assert_never

from app.errors import Problem
from app.flows import limits
from app.flows.check_parts import (
    Path,
    check_condition,
    check_digits_wanted,
    check_message,
    check_sounds,
    check_stream,
    check_wait,
)
from app.flows.speaking import variables_in
from app.flows.steps import (
    Branch,
    Dialplan,
    Enqueue,
    Flow,
    Gather,
    HangUp,
    MediaStream,
    Play,
    PlaySpeech,
    Record,
    Speak,
    Step,
    Target,
    Transfer,
    VariableIs,
    Voicemail,
    flow_as_json,
    kind_of_step,
    sounds_of,
)
from app.flows.words import BUILT_IN, is_name, is_variable

_STEPS: Final = "steps"
_FIELDS: Final = "fields"


class Edge(NamedTuple):
    """From one step to another. ``takes_input``: only a caller that pressed something goes this way."""

    path: Path
    next: str
    takes_input: bool


def check_flow(flow: Flow) -> list[Problem]:
    """Everything that can be told from the flow alone; nothing when it can be run."""
    problems = _check_size(flow)
    if problems:
        return problems
    for place, step in enumerate(flow.steps):
        problems += _check_step(step, path_of(place, step), flow)
    problems += _check_names(flow)
    problems += _check_fields(flow)
    if not problems:  # what leads where makes sense only among steps that are there
        problems = _check_ways(flow)
    return problems


def path_of(place: int, step: Step) -> Path:
    """The field of the input that holds a step."""
    return (_STEPS, str(place), kind_of_step(step))


def edges_of(step: Step) -> Iterator[Edge]:
    """The steps that may come after a step, with the field (in the step) that says so."""
    match step:
        case Speak() | Play():
            yield Edge(("next",), step.next, takes_input=False)
            if step.failed is not None:
                yield Edge(("failed",), step.failed, takes_input=False)
        case Gather():
            for place, option in enumerate(step.options):
                yield Edge(("options", str(place), "next"), option.next, takes_input=True)
            if step.next is not None:
                yield Edge(("next",), step.next, takes_input=True)
            if step.no_match is not None:
                yield Edge(("noMatch",), step.no_match, takes_input=True)
            yield Edge(("noInput",), step.no_input, takes_input=False)
        case Branch():
            for place, case in enumerate(step.cases):
                yield Edge(("cases", str(place), "next"), case.next, takes_input=False)
            yield Edge(("otherwise",), step.otherwise, takes_input=False)
        case Record():
            yield Edge(("next",), step.next, takes_input=False)
            if step.no_message is not None:
                yield Edge(("noMessage",), step.no_message, takes_input=False)
        case Transfer() | Enqueue():
            if step.failed is not None:
                yield Edge(("failed",), step.failed, takes_input=False)
        case Voicemail():
            if step.next is not None:
                yield Edge(("next",), step.next, takes_input=False)
        case MediaStream():
            for field, after in (("next", step.next), ("failed", step.failed)):
                if after is not None:
                    yield Edge((field,), after, takes_input=False)
        case HangUp() | Dialplan():
            pass
        case _:
            assert_never(step)


def _check_size(flow: Flow) -> list[Problem]:
    if not 1 <= len(flow.steps) <= limits.MOST_STEPS:
        return [Problem("INVALID_INPUT", f"A flow has 1 to {limits.MOST_STEPS} steps.", (_STEPS,))]
    size = len(flow_as_json(flow).encode())
    if size > limits.LARGEST_FLOW_BYTES:
        message = f"The flow takes {size:,} bytes; {limits.LARGEST_FLOW_BYTES:,} are the most. Shorten its texts."
        return [Problem("INVALID_INPUT", message, (_STEPS,))]
    return []


def _check_step(step: Step, path: Path, flow: Flow) -> list[Problem]:
    problems: list[Problem] = []
    if not is_name(step.name):
        message = f"A step's name has 1 to {limits.LONGEST_NAME} letters, digits, '_', '-', '.' or spaces."
        problems.append(Problem("INVALID_INPUT", message, (*path, "name")))
    match step:
        case Speak(speech=speech):
            # The step's own fields are those of the speech.
            problems += check_sounds((speech,), path, is_flat=True)
        case Play(sounds=sounds):
            problems += check_sounds(sounds, (*path, "sounds"), least=1)
        case Gather():
            problems += check_sounds(step.prompt, (*path, "prompt"))
            problems += check_digits_wanted(step, path)
        case Branch():
            problems += _check_branch(step, path, flow)
        case Record():
            problems += check_message(step, path)
        case Voicemail():
            problems += check_sounds(step.greeting, (*path, "greeting"))
            problems += check_message(step, path)
        case Transfer():
            problems += _check_transfer(step, path)
        case Enqueue():
            if not 0 <= step.priority <= limits.HIGHEST_PRIORITY:
                message = f"A priority is 0 to {limits.HIGHEST_PRIORITY}."
                problems.append(Problem("INVALID_INPUT", message, (*path, "priority")))
        case MediaStream():
            problems += check_stream(step, path)
        case HangUp() | Dialplan():
            pass
        case _:
            assert_never(step)
    return problems


def _check_branch(step: Branch, path: Path, flow: Flow) -> list[Problem]:
    if not 1 <= len(step.cases) <= limits.MOST_CASES:
        return [Problem("INVALID_INPUT", f"Give 1 to {limits.MOST_CASES} cases.", (*path, "cases"))]
    problems: list[Problem] = []
    known = _variables(flow)
    for place, case in enumerate(step.cases):
        where = (*path, "cases", str(place), "when")
        problems += check_condition(case.condition, where)
        if isinstance(case.condition, VariableIs) and case.condition.variable not in known:
            message = f"No step gathers a variable {case.condition.variable!r}, and no field is called so."
            problems.append(Problem("NOT_FOUND", message, (*where, "variable", "variable")))
    return problems


def _check_transfer(step: Transfer, path: Path) -> list[Problem]:
    problems = check_wait(
        step.ring_seconds,
        (*path, "ringSeconds"),
        least=limits.SHORTEST_RING_SECONDS,
        most=limits.LONGEST_RING_SECONDS,
    )
    if _is_unclear(step.target):
        problems.append(Problem("REQUIRED", "Name exactly one target.", (*path, "target")))
    return problems


def _is_unclear(target: Target) -> bool:
    return sum(getattr(target, name) is not None for name in target.__struct_fields__) != 1


def _variables(flow: Flow) -> set[str]:
    """All that may ever be set."""
    setting = (step.variable for step in flow.steps if isinstance(step, Gather | MediaStream))
    return {name for name in setting if name is not None} | set(flow.fields) | BUILT_IN


def _check_fields(flow: Flow) -> list[Problem]:
    if len(flow.fields) > limits.MOST_FIELDS:
        return [Problem("INVALID_INPUT", f"Give at most {limits.MOST_FIELDS}.", (_FIELDS,))]
    problems: list[Problem] = []
    for place, name in enumerate(flow.fields):
        path = (_FIELDS, str(place))
        if not is_variable(name):
            message = "A field's name is a small letter and up to 31 letters, digits or '_'."
            problems.append(Problem("INVALID_INPUT", message, path))
        elif name in BUILT_IN:
            problems.append(Problem("INVALID_INPUT", f"{name!r} is set by the call itself.", path))
        elif name in flow.fields[:place]:
            problems.append(Problem("ALREADY_EXISTS", f"There is a field {name!r} already.", path))
    return problems


def _check_names(flow: Flow) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    known = _variables(flow)
    for place, step in enumerate(flow.steps):
        path = path_of(place, step)
        if step.name in seen:
            message = f"There is a step {step.name!r} already."
            problems.append(Problem("ALREADY_EXISTS", message, (*path, "name")))
        seen.add(step.name)
        if isinstance(step, Gather | MediaStream) and step.variable is not None:
            if not is_variable(step.variable):
                message = "A variable's name is a small letter and up to 31 letters, digits or '_'."
                problems.append(Problem("INVALID_INPUT", message, (*path, "variable")))
            elif step.variable in BUILT_IN:
                message = f"{step.variable!r} is set by the call itself."
                problems.append(Problem("INVALID_INPUT", message, (*path, "variable")))
        problems += _check_texts(step, path, known)
    return problems


def _check_texts(step: Step, path: Path, known: set[str]) -> list[Problem]:
    return [
        Problem("NOT_FOUND", f"No step gathers a variable {name!r}, and no field is called so.", (*path, "text"))
        for sound in sounds_of(step)
        for name in (variables_in(sound.text) if isinstance(sound, PlaySpeech) else ())
        if name not in known
    ]


def _check_ways(flow: Flow) -> list[Problem]:
    names = {step.name for step in flow.steps}
    problems: list[Problem] = []
    if flow.start not in names:
        problems.append(Problem("UNKNOWN_STEP", f"There is no step {flow.start!r}.", ("start",)))
    for place, step in enumerate(flow.steps):
        for edge in edges_of(step):
            if edge.next not in names:
                message = f"There is no step {edge.next!r}."
                problems.append(Problem("UNKNOWN_STEP", message, (*path_of(place, step), *edge.path)))
    if problems:
        return problems
    return _check_reach(flow) + _check_loops(flow)


def _check_reach(flow: Flow) -> list[Problem]:
    ways = {step.name: [edge.next for edge in edges_of(step)] for step in flow.steps}
    reached, waiting = {flow.start}, [flow.start]
    while waiting:
        for name in ways[waiting.pop()]:
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return [
        Problem("UNREACHABLE_STEP", f"No way leads to the step {step.name!r}.", path_of(place, step))
        for place, step in enumerate(flow.steps)
        if step.name not in reached
    ]


def _check_loops(flow: Flow) -> list[Problem]:
    """A caller who does nothing must come to an end: no way round may be without something that it pressed."""
    ways = {step.name: [edge.next for edge in edges_of(step) if not edge.takes_input] for step in flow.steps}
    while True:
        ends = [name for name, after in ways.items() if not any(one in ways for one in after)]
        if not ends:
            break
        for name in ends:
            del ways[name]
    left = [(place, step) for place, step in enumerate(flow.steps) if step.name in ways]
    if not left:
        return []
    place, step = left[0]
    names = ", ".join(one.name for _, one in left)
    message = f"A caller who presses nothing goes round and round here without end: {names}."
    return [Problem("ENDLESS_LOOP", message, path_of(place, step))]
