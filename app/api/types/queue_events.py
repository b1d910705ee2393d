"""The events of queues and of agents' states, one type for each fact."""

from datetime import datetime

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.enums.describing import describe
from app.api.types.event import CallEvent, Event, EventLeg
from app.api.types.groups import Queue
from app.api.types.people import Agent
from app.facts.queues import AgentState, QueueLeaving

describe(
    QueueLeaving,
    "Why a caller no longer waits. Expect values you do not know: this list grows.",
    {
        "ANSWERED": "An agent answered.",
        "TIMEOUT": "It waited for as long as the queue lets anybody wait.",
        "FULL": "The queue had no room for it.",
        "NO_AGENTS": "Nobody serves the queue now, and it has an overflow.",
        "ABANDONED": "It hung up.",
        "ENDED": "The call was ended otherwise.",
    },
    name="QueueLeavingReason",
)


@strawberry.interface(description="An event of a caller who waits in a queue.")
class QueueEvent(CallEvent):
    queue_id: strawberry.ID = strawberry.field(description="The queue.")

    @guarded_field(Scope.ROUTING, "The queue as it is now; null once it is deleted.")
    async def queue(self, info: Info) -> Queue | None:
        found = await info.context.loaders.queue.load(self.queue_id)
        return None if found is None else Queue.of(found, info.context.sight)


@strawberry.type(description="`call.waiting`: the customer is on the line and waits for an agent.")
class CallWaitingEvent(QueueEvent):
    pass


@strawberry.type(description="`queue.joined`: the caller has joined a queue.")
class QueueJoinedEvent(QueueEvent):
    priority: int = strawberry.field(description="The caller's priority: the highest in the queue goes first.")
    joined_at: datetime = strawberry.field(description="Since when it waits.")


@strawberry.type(description="`queue.offered`: an agent is being rung for the caller.")
class QueueOfferedEvent(QueueEvent):
    leg: EventLeg = strawberry.field(description="The leg on which it is rung.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent; null for an overflow's target.")


@strawberry.type(description="`queue.left`: the caller no longer waits. Every wait ends with exactly one of these.")
class QueueLeftEvent(QueueEvent):
    reason: QueueLeaving = strawberry.field(description="Why.")
    wait_seconds: float = strawberry.field(description="How long it waited.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent who answered, if one did.")


@strawberry.type(description="`queue.abandoned`: the caller hung up while it waited.")
class QueueAbandonedEvent(QueueEvent):
    wait_seconds: float = strawberry.field(description="How long it waited.")


@strawberry.type(description="`agent.state_changed`: an agent does something else, or serves other queues.")
class AgentStateChangedEvent(Event):
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    state: AgentState = strawberry.field(description="What it does.")
    previous: AgentState = strawberry.field(description="What it did before.")
    since: datetime = strawberry.field(description="When the state began.")
    reason: str | None = strawberry.field(description="Why it is PAUSED; null otherwise.")
    wraps_up_until: datetime | None = strawberry.field(description="When its WRAP_UP ends; null otherwise.")
    queue_id: strawberry.ID | None = strawberry.field(
        description="The queue whose caller it is rung for or talks to, if there is one."
    )
    call_id: strawberry.ID | None = strawberry.field(description="The call of the queue's caller.")
    queue_ids: list[strawberry.ID] = strawberry.field(description="The queues that it serves.")

    @guarded_field(Scope.AGENTS, "The agent as it is now; null once it is deleted.")
    async def agent(self, info: Info) -> Agent | None:
        found = await info.context.loaders.agent.load(self.agent_id)
        return None if found is None else Agent.of(found)
