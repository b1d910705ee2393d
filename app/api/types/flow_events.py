"""The events of callers in call flows, one type for each fact."""

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.event import CallEvent
from app.api.types.recording import Recording
from app.api.types.values import Party
from app.facts.flows import FlowEnding, GatherResult


@strawberry.interface(description="An event of a customer who is led through a call flow.")
class FlowEvent(CallEvent):
    flow_id: strawberry.ID = strawberry.field(description="The call flow.")


@strawberry.type(description="`flow.started`: the customer is in a call flow.")
class FlowStartedEvent(FlowEvent):
    version: int = strawberry.field(description="Its version, which this call keeps.")
    name: str = strawberry.field(description="The flow's name.")


@strawberry.type(description="`flow.step_entered`: the flow has come to a step.")
class FlowStepEnteredEvent(FlowEvent):
    step: str = strawberry.field(description="The step's name.")
    step_kind: str = strawberry.field(description="What the step does, such as `gather`.")


@strawberry.type(description="`flow.gathered`: a step has asked for digits.")
class FlowGatheredEvent(FlowEvent):
    step: str = strawberry.field(description="The step's name.")
    attempt: int = strawberry.field(description="For which time it asked, from 1.")
    result: GatherResult = strawberry.field(description="What came of it.")
    digits: str = strawberry.field(description="What was pressed; each key reads `x` without the scope `dtmf:read`.")


@strawberry.type(
    description="`flow.ended`: the customer has left the flow. Every `flow.started` is followed by exactly one."
)
class FlowEndedEvent(FlowEvent):
    version: int = strawberry.field(description="The flow's version.")
    ending: FlowEnding = strawberry.field(description="How.")
    last_step: str | None = strawberry.field(description="The last step.")
    steps: int = strawberry.field(description="How many steps it came to.")
    duration_seconds: float = strawberry.field(description="How long it took.")
    failure: str | None = strawberry.field(description="Why it is `FAILED`.")


@strawberry.type(description="`voicemail.received`: a message was left, and can be fetched.")
class VoicemailReceivedEvent(CallEvent):
    recording_id: strawberry.ID = strawberry.field(description="The recording that has it.")
    caller: Party = strawberry.field(description="Who left it.")
    duration_seconds: float = strawberry.field(description="How long it is.")
    flow_id: strawberry.ID = strawberry.field(description="The call flow.")
    step: str = strawberry.field(description="The flow's step that took it.")

    @guarded_field(Scope.RECORDINGS_READ, "The message, with a signed address to fetch it from.")
    async def recording(self, info: Info) -> Recording | None:
        found = await info.context.loaders.recording.load(self.recording_id)
        return None if found is None else Recording.of(found, info.context.sight)
