"""Where calls are sent, as it is shown; the input of the same form is ``CallTarget``."""

from enum import StrEnum
from typing import Self, assert_never

import strawberry

from app.api.types.enums.describing import describe
from app.api.types.values import Party
from app.facts.masking import Sight
from app.routing import targets


class TargetKind(StrEnum):
    """What a target is."""

    AGENT = "AGENT"
    EXTENSION = "EXTENSION"
    NUMBER = "NUMBER"
    RING_GROUP = "RING_GROUP"
    QUEUE = "QUEUE"
    CALL_FLOW = "CALL_FLOW"


describe(
    TargetKind,
    "What a target is. Expect values you do not know: this list grows.",
    {
        "AGENT": "An agent, wherever it sits.",
        "EXTENSION": "One of the account's extensions.",
        "NUMBER": "An outside number.",
        "RING_GROUP": "A ring group.",
        "QUEUE": "A queue.",
        "CALL_FLOW": "A call flow.",
    },
)


@strawberry.type(description="Where calls are sent: as it was given to `CallTarget`, one of the fields after `kind`.")
class RoutingTarget:
    kind: TargetKind = strawberry.field(description="Which of the fields below is there.")
    agent_id: strawberry.ID | None = strawberry.field(default=None, description="The agent.")
    extension: str | None = strawberry.field(default=None, description="The extension's number.")
    number: Party | None = strawberry.field(default=None, description="The outside number.")
    ring_group_id: strawberry.ID | None = strawberry.field(default=None, description="The ring group.")
    queue_id: strawberry.ID | None = strawberry.field(default=None, description="The queue.")
    call_flow_id: strawberry.ID | None = strawberry.field(default=None, description="The call flow.")

    @classmethod
    def of(cls, target: targets.CallTarget, sight: Sight) -> Self:
        match target:
            case targets.ToAgent(id=one):
                return cls(kind=TargetKind.AGENT, agent_id=strawberry.ID(one))
            case targets.ToExtension(number=number):
                return cls(kind=TargetKind.EXTENSION, extension=number)
            case targets.ToNumber(number=number):
                return cls(kind=TargetKind.NUMBER, number=Party.of_number(number, sight))
            case targets.ToRingGroup(id=one):
                return cls(kind=TargetKind.RING_GROUP, ring_group_id=strawberry.ID(one))
            case targets.ToQueue(id=one):
                return cls(kind=TargetKind.QUEUE, queue_id=strawberry.ID(one))
            case targets.ToCallFlow(id=one):
                return cls(kind=TargetKind.CALL_FLOW, call_flow_id=strawberry.ID(one))
            case _:
                assert_never(target)

    @classmethod
    def of_optional(cls, target: targets.CallTarget | None, sight: Sight) -> Self | None:
        return None if target is None else cls.of(target, sight)
