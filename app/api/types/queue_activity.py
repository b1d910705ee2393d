"""How queues stand."""

from datetime import datetime
from typing import Annotated, Final, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.agent_activity import AgentStateCount
from app.api.types.call import Call
from app.api.types.groups import Queue
from app.queues.standings import QueueStanding, Waiting

#: How many of those who wait are shown one by one.
MOST_SHOWN: Final = 200


@strawberry.type(description="A caller who waits in a queue.")
class WaitingCaller:
    call_id: strawberry.ID = strawberry.field(description="The caller's call.")
    position: int = strawberry.field(description="Its place in the queue, from 1. Whoever is offered keeps its place.")
    priority: int = strawberry.field(description="The caller's priority: the highest in the queue goes first.")
    joined_at: datetime = strawberry.field(description="Since when it waits.")
    expected_wait_seconds: float | None = strawberry.field(
        description="How long it has yet to wait, as it was lately: its place, times the mean of talk and wrap-up of "
        "the queue's last calls, over the agents who work. Null when nobody does, or nobody was served yet."
    )
    offered_agent_ids: list[strawberry.ID] = strawberry.field(description="The agents who are being rung for it.")

    @classmethod
    def of(cls, waiting: Waiting) -> Self:
        return cls(
            call_id=strawberry.ID(waiting.call_id),
            position=waiting.position,
            priority=waiting.priority,
            joined_at=waiting.joined_at,
            expected_wait_seconds=waiting.expected_wait_seconds,
            offered_agent_ids=[strawberry.ID(one) for one in waiting.offered_to],
        )

    @guarded_field(Scope.CALLS_READ, "The caller's call as it is now.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("app.api.types.call")] | None:
        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


@strawberry.type(description="A queue as it stands.")
class QueueActivity:
    queue_id: strawberry.ID = strawberry.field(description="The queue.")
    waiting_count: int = strawberry.field(description="How many callers wait.")
    longest_wait_seconds: float = strawberry.field(
        description="How long whoever waits longest has waited, as of now; 0 when nobody waits."
    )
    waiting: list[WaitingCaller] = strawberry.field(
        description=f"Who waits, in the order of serving; the first {MOST_SHOWN}."
    )
    agents: list[AgentStateCount] = strawberry.field(description="What the agents do who serve it.")

    @classmethod
    def of(cls, standing: QueueStanding) -> Self:
        return cls(
            queue_id=strawberry.ID(standing.queue_id),
            waiting_count=len(standing.waiting),
            longest_wait_seconds=standing.longest_wait_seconds,
            waiting=[WaitingCaller.of(one) for one in standing.waiting[:MOST_SHOWN]],
            agents=[AgentStateCount(state=state, agents=agents) for state, agents in standing.agents.items()],
        )

    @guarded_field(Scope.ROUTING, "The queue as it is now; null once it is deleted.")
    async def queue(self, info: Info) -> Queue | None:
        found = await info.context.loaders.queue.load(self.queue_id)
        return None if found is None else Queue.of(found, info.context.sight)
