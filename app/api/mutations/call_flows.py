"""Making, changing, deleting and trying out call flows."""

from typing import Annotated, Final

import msgspec
import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import mutation
from app.api.instants import TimeInput, read_time
from app.api.mutations.call_flow_inputs import CallFlowStepInput
from app.api.mutations.call_flow_reading import read_flow
from app.api.mutations.changes import Identified, read_given
from app.api.scalars import PhoneNumber
from app.api.types.call_flows import CallFlow, FlowSound
from app.api.types.call_target import RoutingTarget
from app.api.types.problem import DeletionPayload, Payload
from app.calls.core.model.flow import FlowRun
from app.calls.leading import flow_trial
from app.calls.planning.flow_plan import run_of
from app.calls.texts import is_plain_text
from app.errors import Problem, RefusedError
from app.facts.flows import FlowEnding, GatherResult
from app.facts.masking import Sight
from app.facts.vocabulary import Disposition, Party
from app.flows import limits
from app.flows.steps import Flow
from app.media.protocol import LONGEST_OUTCOME
from app.numbers.parse import parse_destination
from app.routing.flows import FlowChanges, call_target_of

_LONGEST_ACTION_DIGITS: Final = 64
_LONGEST_DIALLED: Final = 64
_LONGEST_SPEECH_SECONDS: Final = 3600.0
_FIELDS: Final = (
    f"Up to {limits.MOST_FIELDS} variables for texts and branches that are set before the flow begins: in "
    "a campaign to the contact's fields, its `name` and its `number`. Elsewhere they are empty."
)


@strawberry.input(description="A call flow to be made.")
class CreateCallFlowInput:
    name: str = strawberry.field(description="The name, 1 to 100 characters.")
    start: str | None = strawberry.field(default=None, description="The step to begin with; when left out, the first.")
    steps: list[CallFlowStepInput] = strawberry.field(
        description="All steps. No step may be out of reach, and a caller who presses nothing must come to an end."
    )
    fields: list[str] = strawberry.field(default_factory=list, description=_FIELDS)


@strawberry.input(description="Changes of a call flow, which make its next version. What is left out stays.")
class UpdateCallFlowInput(Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name, 1 to 100 characters. Null is refused."
    )
    start: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The step to begin with; when left out, the first of new steps, else it stays. Null is refused.",
    )
    steps: list[CallFlowStepInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All steps anew. Null is refused."
    )
    fields: list[str] | None = strawberry.field(default=strawberry.UNSET, description=f"{_FIELDS} Null is refused.")


@strawberry.input(description="A call flow to be deleted.")
class DeleteCallFlowInput(Identified):
    pass


@strawberry.input(one_of=True, description="What the caller does next: exactly one of these.")
class CallerActionInput:
    press: str | None = strawberry.field(default=strawberry.UNSET, description="It presses these keys.")
    wait: bool | None = strawberry.field(
        default=strawberry.UNSET, description="It presses nothing, or says nothing, for as long as it is waited for."
    )
    speak_seconds: float | None = strawberry.field(
        default=strawberry.UNSET, description="It speaks for so long, where it is recorded."
    )
    hang_up: bool | None = strawberry.field(default=strawberry.UNSET, description="It hangs up.")
    answered: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether somebody whom the flow rings answers."
    )
    program_ends: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The program of a media stream is done, and this is its `outcome`: up to "
        f"{LONGEST_OUTCOME} characters, empty for none.",
    )
    program_fails: bool | None = strawberry.field(
        default=strawberry.UNSET, description="The program of a media stream cannot be had."
    )


@strawberry.input(description="A call flow to be tried out: one that is kept, or steps that are not.")
class TestCallFlowInput:
    call_flow_id: strawberry.ID | None = strawberry.field(default=None, description="A flow that is kept.")
    version: int | None = strawberry.field(default=None, description="Which of its versions; by default the latest.")
    start: str | None = strawberry.field(default=None, description="With `steps`: the step to begin with.")
    steps: list[CallFlowStepInput] | None = strawberry.field(default=None, description="Steps, instead of a flow.")
    fields: list[str] = strawberry.field(default_factory=list, description="With `steps`: its fields. They are empty.")
    caller: PhoneNumber | None = strawberry.field(default=None, description="Who calls; anonymous when left out.")
    dialled: str | None = strawberry.field(default=None, description="What was dialled.")
    at: TimeInput | None = strawberry.field(default=None, description="When it calls; now when left out.")
    actions: list[CallerActionInput] = strawberry.field(
        default_factory=list,
        description=f"What the caller does, one after the other, at most {flow_trial.MOST_ACTIONS}. Each is done when "
        "the flow waits for something of its kind; after the last the caller does nothing, and nobody answers.",
    )


@strawberry.type(description="What came of asking for digits.")
class TestedGathering:
    attempt: int = strawberry.field(description="For which time it asked.")
    result: GatherResult = strawberry.field(description="What came of it.")
    digits: str = strawberry.field(description="What was pressed.")


@strawberry.type(description="A step that the flow came to.")
class TestedStep:
    step: str = strawberry.field(description="Its name.")
    kind: str = strawberry.field(description="What it does, such as `gather`.")
    at_seconds: float = strawberry.field(description="When, from the beginning; a sound is taken to last 3 seconds.")
    hears: list[FlowSound] = strawberry.field(description="What the caller hears there, with variables filled in.")
    gathered: list[TestedGathering] = strawberry.field(description="What came of asking for digits, each time.")
    reaches: RoutingTarget | None = strawberry.field(description="Whom it would ring, or where it would lead.")
    records: bool = strawberry.field(description="The caller would be recorded.")


@strawberry.type(description="What came of making a call flow.")
class CreateCallFlowPayload(Payload):
    call_flow: CallFlow | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of changing a call flow.")
class UpdateCallFlowPayload(Payload):
    call_flow: CallFlow | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of deleting a call flow.")
class DeleteCallFlowPayload(DeletionPayload):
    pass


@strawberry.type(description="What came of trying out a call flow. Nothing was dialled or played.")
class TestCallFlowPayload(Payload):
    path: list[TestedStep] | None = strawberry.field(default=None, description="The steps, in order.")
    ending: FlowEnding | None = strawberry.field(
        default=None, description="How the caller left the flow; null when it went on for too long to be followed."
    )
    failure: str | None = strawberry.field(default=None, description="Why it is `FAILED`.")
    disposition: Disposition | None = strawberry.field(
        default=None, description="How the call came out, where it ended with the flow."
    )
    seconds: float | None = strawberry.field(default=None, description="How long it took.")
    unused_actions: int | None = strawberry.field(default=None, description="How many actions were left.")


@strawberry.type
class CallFlowMutations:
    @mutation(Scope.ROUTING, CreateCallFlowPayload, "Make a call flow.")
    async def create_call_flow(
        self,
        info: Info,
        input: Annotated[CreateCallFlowInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateCallFlowPayload:
        flow = read_flow(input.steps, input.start, info.context, fields=input.fields)
        made = await info.context.services.routing.flows.create(
            info.context.caller, FlowChanges(name=input.name, flow=flow)
        )
        return CreateCallFlowPayload(call_flow=CallFlow.of(made, info.context.sight))

    @mutation(
        Scope.ROUTING, UpdateCallFlowPayload, "Make the next version of a call flow. Calls in it go on as before."
    )
    async def update_call_flow(
        self,
        info: Info,
        input: Annotated[UpdateCallFlowInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateCallFlowPayload:
        given = read_given(input)
        changes = FlowChanges()
        if "name" in given:
            changes["name"] = given["name"]
        flow = read_flow(given["steps"], given.get("start"), info.context) if "steps" in given else None
        if flow is not None or given.keys() & {"start", "fields"}:
            before = await info.context.services.routing.flows.get(info.context.account_id, input.id)
            if before is not None:  # otherwise the update says so
                flow = flow or Flow(start=given.get("start", before.flow.start), steps=before.flow.steps)
                fields = tuple(given.get("fields", before.flow.fields))
                changes["flow"] = msgspec.structs.replace(flow, fields=fields)
        changed = await info.context.services.routing.flows.update(info.context.caller, input.id, changes)
        return UpdateCallFlowPayload(call_flow=CallFlow.of(changed, info.context.sight))

    @mutation(
        Scope.ROUTING,
        DeleteCallFlowPayload,
        "Delete a call flow, unless calls are sent to it. Calls that are in it go on. "
        "`INVALID_STATE` while calls are sent to it (`IN_USE`).",
    )
    async def delete_call_flow(
        self,
        info: Info,
        input: Annotated[DeleteCallFlowInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteCallFlowPayload:
        await info.context.services.routing.flows.delete(info.context.caller, input.id)
        return DeleteCallFlowPayload(deleted_id=input.id)

    @mutation(
        Scope.ROUTING,
        TestCallFlowPayload,
        "Try out a call flow with a caller made of words: the path it takes, what it would hear, and whom it would "
        "reach. Nothing is dialled or played, and no call is made.",
    )
    async def test_call_flow(
        self,
        info: Info,
        input: Annotated[TestCallFlowInput, strawberry.argument(description="What to try out.")],  # noqa: A002
    ) -> TestCallFlowPayload:
        _check_dialled(input.dialled)
        actions = _read_actions(input.actions)
        run = await _tested(input, info.context)
        caller = Party(is_anonymous=True) if input.caller is None else Party(number=_number(input, info.context))
        at = read_time(input.at, field=("at",)) or info.context.services.clock.now()
        trial = flow_trial.try_flow(run, actions, at=at, caller=caller, dialled=input.dialled)
        return _shown(trial, info.context.sight)


def _check_dialled(dialled: str | None) -> None:
    if dialled is not None and not (1 <= len(dialled) <= _LONGEST_DIALLED and is_plain_text(dialled)):
        message = f"Give 1 to {_LONGEST_DIALLED} characters, none of them a control character."
        raise RefusedError(Problem("INVALID_INPUT", message, ("dialled",)))


def _number(given: TestCallFlowInput, context: Context) -> str:
    region = context.caller.default_region
    number = str(given.caller)
    return parse_destination(number, default_region=region, is_sandbox=True, field=("caller",))


async def _tested(given: TestCallFlowInput, context: Context) -> FlowRun:
    flows = context.services.routing.flows
    if (given.call_flow_id is None) is (given.steps is None):
        raise RefusedError(Problem("REQUIRED", "Give a call flow or steps, one of them.", ("callFlowId",)))
    if given.steps is not None:
        flow = read_flow(given.steps, given.start, context, fields=given.fields)
        await flows.check(context.caller, flow)
        return FlowRun(flow_id="", version=0, name="", start=flow.start, steps=flow.steps)
    flow_id = str(given.call_flow_id)
    if given.version is None:
        found = await flows.get(context.account_id, flow_id)
    else:
        found = await flows.get_version(context.account_id, flow_id, given.version)
    if found is None:
        field = "callFlowId" if given.version is None else "version"
        raise RefusedError(Problem("NOT_FOUND", "There is no such call flow, or version of it.", (field,)))
    return run_of(found)


def _read_actions(given: list[CallerActionInput]) -> list[flow_trial.Action]:
    if len(given) > flow_trial.MOST_ACTIONS:
        raise RefusedError(Problem("INVALID_INPUT", f"Give at most {flow_trial.MOST_ACTIONS}.", ("actions",)))
    read: list[flow_trial.Action] = []
    problems: list[Problem] = []
    for place, one in enumerate(given):
        if isinstance(one.press, str):
            if not 1 <= len(one.press) <= _LONGEST_ACTION_DIGITS or set(one.press) - set("0123456789ABCD*#"):
                message = f"Give 1 to {_LONGEST_ACTION_DIGITS} of 0-9, A-D, * and #."
                problems.append(Problem("INVALID_INPUT", message, ("actions", str(place), "press")))
            read.append(flow_trial.Presses(one.press))
        elif isinstance(one.speak_seconds, float):
            if not 0 <= one.speak_seconds <= _LONGEST_SPEECH_SECONDS:
                message = f"Give 0 to {_LONGEST_SPEECH_SECONDS:g} seconds."
                problems.append(Problem("INVALID_INPUT", message, ("actions", str(place), "speakSeconds")))
            read.append(flow_trial.Speaks(one.speak_seconds))
        elif isinstance(one.program_ends, str):
            if len(one.program_ends) > LONGEST_OUTCOME:
                message = f"Give at most {LONGEST_OUTCOME} characters."
                problems.append(Problem("INVALID_INPUT", message, ("actions", str(place), "programEnds")))
            read.append(flow_trial.ProgramEnds(one.program_ends or None))
        elif one.program_fails is True:
            read.append(flow_trial.ProgramFails())
        elif isinstance(one.answered, bool):
            read.append(flow_trial.IsReached(one.answered))
        else:
            read.append(flow_trial.HangsUp() if one.hang_up is True else flow_trial.Waits())
    if problems:
        raise RefusedError(problems)
    return read


def _shown(trial: flow_trial.Trial, sight: Sight) -> TestCallFlowPayload:
    return TestCallFlowPayload(
        path=[
            TestedStep(
                step=one.step,
                kind=one.kind,
                at_seconds=round(one.at_seconds, 3),
                hears=FlowSound.of_all(tuple(one.hears)),
                gathered=[
                    TestedGathering(attempt=fact.attempt, result=fact.result, digits=fact.digits)
                    for fact in one.gathered
                ],
                reaches=None if one.reaches is None else RoutingTarget.of(call_target_of(one.reaches), sight),
                records=one.records,
            )
            for one in trial.path
        ],
        ending=None if trial.ended is None else trial.ended.ending,
        failure=None if trial.ended is None else trial.ended.failure,
        disposition=trial.disposition,
        seconds=round(trial.seconds, 3),
        unused_actions=trial.unused_actions,
    )
