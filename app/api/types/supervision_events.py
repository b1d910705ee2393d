"""The events of supervisions and participants, one type for each fact."""

import strawberry

from app.api.types.event import CallEvent, EventLeg, LegEvent
from app.api.types.values import Party
from app.facts.vocabulary import Disposition, SupervisionEnd, SupervisionMode


@strawberry.interface(description="An event of a supervision.")
class SupervisionEvent(CallEvent):
    supervision_id: strawberry.ID = strawberry.field(description="The supervision.")
    mode: SupervisionMode = strawberry.field(description="What the supervisor does with the talk.")
    supervisor: Party = strawberry.field(description="Who supervises.")
    leg_id: strawberry.ID = strawberry.field(description="The supervisor's leg.")


@strawberry.type(description="`supervision.started`: the supervisor has answered and hears the talk.")
class SupervisionStartedEvent(SupervisionEvent):
    listens_to: EventLeg = strawberry.field(description="The agent's leg.")


@strawberry.type(
    description="`supervision.changed`: another mode, or somebody else sits in the agent's place after a transfer."
)
class SupervisionChangedEvent(SupervisionEvent):
    listens_to: EventLeg = strawberry.field(description="The agent's leg.")


@strawberry.type(
    description="`supervision.ended`: it is over, or never began. Exactly one for each that was asked for."
)
class SupervisionEndedEvent(SupervisionEvent):
    reason: SupervisionEnd = strawberry.field(description="Why.")
    disposition: Disposition | None = strawberry.field(
        description="How it came out with a supervisor who was not reached; null otherwise."
    )


@strawberry.type(description="`participant.joined`: somebody who was called into the talk has answered, and talks.")
class ParticipantJoinedEvent(LegEvent):
    pass


@strawberry.type(description="`participant.left`: a person has left the conference.")
class ParticipantLeftEvent(LegEvent):
    taken_by: EventLeg | None = strawberry.field(
        description="Who sits in its place from here on, if it was the agent's or the customer's."
    )
