"""What agents do."""

from datetime import datetime
from typing import Self

import strawberry

from app.api.types.enums.describing import describe
from app.facts.queues import AgentState
from app.queues.agent_rows import AgentStanding

describe(
    AgentState,
    "What an agent does. Expect values you do not know: this list grows.",
    {
        "AVAILABLE": "Queues may ring it.",
        "PAUSED": "It takes no calls from queues for now; `reason` says why, `NO_ANSWER` when it let too many ring.",
        "WRAP_UP": "It has just ended a queue's call, and is left alone for a while.",
        "BUSY": (
            "A phone at its extension is on a call, or is being rung. Told of agents that have ever said what they do, "
            "or joined a queue."
        ),
        "OFFLINE": (
            "It takes no calls from queues. An agent that has never said anything nor joined a queue is OFFLINE, "
            "whatever its phones do: `liveCalls` has its calls."
        ),
    },
)


@strawberry.type(description="What an agent does, in full.")
class AgentActivity:
    state: AgentState = strawberry.field(description="What it does.")
    since: datetime | None = strawberry.field(description="Since when; null for an agent that has never said anything.")
    reason: str | None = strawberry.field(description="Why it is PAUSED; null otherwise.")
    wraps_up_until: datetime | None = strawberry.field(description="When its WRAP_UP ends; null otherwise.")
    queue_id: strawberry.ID | None = strawberry.field(
        description="The queue whose caller it is rung for or talks to, if there is one."
    )
    call_id: strawberry.ID | None = strawberry.field(description="The call of the queue's caller.")
    queue_ids: list[strawberry.ID] = strawberry.field(description="The queues that it serves.")

    @classmethod
    def of(cls, standing: AgentStanding) -> Self:
        return cls(
            state=standing.state,
            since=standing.since,
            reason=standing.reason,
            wraps_up_until=standing.wraps_up_until,
            queue_id=None if standing.queue_id is None else strawberry.ID(standing.queue_id),
            call_id=None if standing.call_id is None else strawberry.ID(standing.call_id),
            queue_ids=[strawberry.ID(one) for one in standing.queue_ids],
        )


@strawberry.type(description="How many agents do the same.")
class AgentStateCount:
    state: AgentState = strawberry.field(description="What they do.")
    agents: int = strawberry.field(description="How many; states without any are left out.")
