"""What agents say of themselves, and which queues they serve."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import mutation
from app.api.types.people import Agent
from app.api.types.problem import Payload
from app.facts.queues import AgentState
from app.queues.agents import LONGEST_REASON


@strawberry.input(description="What an agent does from now on.")
class SetAgentStateInput:
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    state: AgentState = strawberry.field(
        description="`AVAILABLE`, `PAUSED` or `OFFLINE`; the others follow from calls. An agent on a call stays `BUSY` "
        "until that is over. `AVAILABLE` ends a wrap-up."
    )
    reason: str | None = strawberry.field(
        default=None, description=f"Why it is `PAUSED`: 1 to {LONGEST_REASON} printable characters."
    )


@strawberry.input(description="An agent is to serve a queue.")
class JoinQueueInput:
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    queue_id: strawberry.ID = strawberry.field(description="The queue.")
    penalty: int = strawberry.field(
        default=0, description="0 to 1000: the lowest is asked first. An agent that serves it already gets this one."
    )


@strawberry.input(description="An agent is to serve a queue no longer.")
class LeaveQueueInput:
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    queue_id: strawberry.ID = strawberry.field(description="The queue.")


@strawberry.type(description="What came of setting an agent's state.")
class SetAgentStatePayload(Payload):
    agent: Agent | None = strawberry.field(default=None, description="The agent, and its `activity`.")


@strawberry.type(description="What came of joining a queue.")
class JoinQueuePayload(Payload):
    agent: Agent | None = strawberry.field(default=None, description="The agent, and its `activity`.")


@strawberry.type(description="What came of leaving a queue.")
class LeaveQueuePayload(Payload):
    agent: Agent | None = strawberry.field(default=None, description="The agent, and its `activity`.")


@strawberry.type
class AgentStateMutations:
    @mutation(Scope.AGENTS, SetAgentStatePayload, "Say what an agent does, for queues.")
    async def set_agent_state(
        self,
        info: Info,
        input: Annotated[SetAgentStateInput, strawberry.argument(description="The state.")],  # noqa: A002  # GraphQL's own word
    ) -> SetAgentStatePayload:
        context = info.context
        await context.services.agent_states.set_state(context.caller, input.agent_id, input.state, input.reason)
        return SetAgentStatePayload(agent=await _agent(context, input.agent_id))

    @mutation(Scope.AGENTS, JoinQueuePayload, "Have an agent serve a queue.")
    async def join_queue(
        self,
        info: Info,
        input: Annotated[JoinQueueInput, strawberry.argument(description="Who, and where.")],  # noqa: A002
    ) -> JoinQueuePayload:
        context = info.context
        await context.services.agent_states.join_queue(
            context.caller, input.agent_id, input.queue_id, penalty=input.penalty
        )
        return JoinQueuePayload(agent=await _agent(context, input.agent_id))

    @mutation(
        Scope.AGENTS,
        LeaveQueuePayload,
        "Have an agent serve a queue no longer; one that does not is left so. A call it is on goes on.",
    )
    async def leave_queue(
        self,
        info: Info,
        input: Annotated[LeaveQueueInput, strawberry.argument(description="Who, and where.")],  # noqa: A002
    ) -> LeaveQueuePayload:
        context = info.context
        await context.services.agent_states.leave_queue(context.caller, input.agent_id, input.queue_id)
        return LeaveQueuePayload(agent=await _agent(context, input.agent_id))


async def _agent(context: Context, agent_id: str) -> Agent | None:
    found = await context.services.routing.agents.get(context.account_id, agent_id)
    return None if found is None else Agent.of(found)
