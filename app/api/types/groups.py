"""Ring groups and queues."""

from datetime import datetime
from typing import Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.call_target import RoutingTarget
from app.api.types.enums.describing import describe
from app.api.types.node import Node
from app.api.types.people import Agent, Extension
from app.facts.masking import Sight
from app.routing import model
from app.routing.words import QueueStrategy, RingStrategy

describe(
    RingStrategy,
    "How a ring group rings its members. Expect values you do not know: this list grows.",
    {
        "ALL": "All at once; the first to answer has the call.",
        "IN_ORDER": "One after the other, in the group's order.",
        "RANDOM": "One after the other, in a new order for each call.",
    },
)
describe(
    QueueStrategy,
    "Which free agent is offered a caller, among those with the lowest penalty. Expect values you do not know: this "
    "list grows.",
    {
        "LONGEST_IDLE": "Who has been without a call for longest.",
        "FEWEST_CALLS": "Who has taken the fewest calls of this queue.",
        "ROUND_ROBIN": "Whose turn it is.",
        "RING_ALL": "All at once; the first to answer has the call.",
    },
)


@strawberry.type(description="A member of a ring group: an agent or an extension.")
class RingGroupMember:
    agent_id: strawberry.ID | None = strawberry.field(description="The agent, if it is one.")
    extension_id: strawberry.ID | None = strawberry.field(description="The extension, if it is one.")

    @guarded_field(Scope.AGENTS, "The agent, if it is one.")
    async def agent(self, info: Info) -> Agent | None:
        found = None if self.agent_id is None else await info.context.loaders.agent.load(self.agent_id)
        return None if found is None else Agent.of(found)

    @guarded_field(Scope.ROUTING, "The extension, if it is one.")
    async def extension(self, info: Info) -> Extension | None:
        found = None if self.extension_id is None else await info.context.loaders.extension.load(self.extension_id)
        return None if found is None else Extension.of(found)


@strawberry.type(description="Several people behind one target, who are rung together or one after the other.")
class RingGroup(Node):
    name: str = strawberry.field(description="The name.")
    strategy: RingStrategy = strawberry.field(description="How its members are rung.")
    ring_seconds: float = strawberry.field(description="How long each member rings; with `ALL`, all of them.")
    members: list[RingGroupMember] = strawberry.field(description="Who is rung, in the group's order.")
    overflow: RoutingTarget | None = strawberry.field(
        description="Where the call goes when nobody answers; null ends it."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, group: model.RingGroup, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(group.id),
            name=group.name,
            strategy=group.strategy,
            ring_seconds=group.ring_seconds,
            members=[
                RingGroupMember(
                    agent_id=None if one.agent_id is None else strawberry.ID(one.agent_id),
                    extension_id=None if one.extension_id is None else strawberry.ID(one.extension_id),
                )
                for one in group.members
            ],
            overflow=RoutingTarget.of_optional(group.overflow, sight),
            created_at=group.created_at,
        )


@strawberry.type(description="An agent who serves a queue.")
class QueueMember:
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    penalty: int = strawberry.field(description="The lowest is asked first; the others when none of those is free.")

    @guarded_field(Scope.AGENTS, "The agent.")
    async def agent(self, info: Info) -> Agent | None:
        found = await info.context.loaders.agent.load(self.agent_id)
        return None if found is None else Agent.of(found)


@strawberry.type(description="Callers who wait for an agent. Durations are seconds; null is no limit.")
class Queue(Node):
    name: str = strawberry.field(description="The name.")
    strategy: QueueStrategy = strawberry.field(description="Which free agent is offered a caller.")
    music_class: str = strawberry.field(description="What waiting callers hear: a class of music in Asterisk.")
    announce_position_seconds: float | None = strawberry.field(
        description="How often callers hear at which place they wait; null is never."
    )
    max_wait_seconds: float | None = strawberry.field(description="How long a caller waits at most; null is no limit.")
    ring_seconds: float = strawberry.field(description="How long an agent rings before the next is tried.")
    wrap_up_seconds: float | None = strawberry.field(
        description="How long an agent is left alone after a call, when the agent's own time does not say; null is not "
        "at all."
    )
    max_length: int | None = strawberry.field(description="How many callers may wait at once; null is no limit.")
    members: list[QueueMember] = strawberry.field(description="Who serves it, lowest penalty first.")
    overflow: RoutingTarget | None = strawberry.field(
        description="Where callers go who have waited too long, or find it full; null ends the call."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, queue: model.Queue, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(queue.id),
            name=queue.name,
            strategy=queue.strategy,
            music_class=queue.music_class,
            announce_position_seconds=queue.announce_position_seconds,
            max_wait_seconds=queue.max_wait_seconds,
            ring_seconds=queue.ring_seconds,
            wrap_up_seconds=queue.wrap_up_seconds,
            max_length=queue.max_length,
            members=[QueueMember(agent_id=strawberry.ID(one.agent_id), penalty=one.penalty) for one in queue.members],
            overflow=RoutingTarget.of_optional(queue.overflow, sight),
            created_at=queue.created_at,
        )

    @guarded_field(Scope.CALLS_READ, "How many callers wait in it now.")
    async def waiting_count(self, info: Info) -> int | None:
        standing = await info.context.loaders.queue_standing.load(self.id)
        return 0 if standing is None else len(standing.waiting)

    @guarded_field(Scope.CALLS_READ, "How long whoever waits longest has waited; 0 when nobody waits.")
    async def longest_wait_seconds(self, info: Info) -> float | None:
        standing = await info.context.loaders.queue_standing.load(self.id)
        return 0.0 if standing is None else standing.longest_wait_seconds
