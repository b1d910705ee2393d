"""What the account's agents do: all of them, then whatever changes."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import subscription
from app.api.subscriptions.events import Gap, present_gap, write_cursor
from app.api.types.event_list import event_signer
from app.api.types.people import Agent
from app.events import feed
from app.events.log import EventFilter
from app.facts.queues import AgentStateChanged
from app.paging import PageRequest

#: How many agents one part of a snapshot has at most.
CHUNK_SIZE: Final = 100

ABOUT_AGENTS: Final = EventFilter(types=(AgentStateChanged.type,))


@strawberry.type(
    description="All agents, in parts. When part 1 comes, forget every agent that you had; when the last part has "
    "come, you have them all as they were then. It comes first, and again after a `Gap`. What is made, renamed or "
    "deleted later is not in it."
)
class AgentSnapshot:
    cursor: str = strawberry.field(description="The place in the log that it was read at.")
    chunk: int = strawberry.field(description="Which part this is, counted from 1.")
    is_last: bool = strawberry.field(description="No further part follows; what follows are changes.")
    agents: list[Agent] = strawberry.field(
        description=f"At most {CHUNK_SIZE} agents as they are now, oldest first. Ask for their `activity`."
    )


@strawberry.type(description="An agent does something else, or serves other queues.")
class AgentChanged:
    cursor: str = strawberry.field(description="The place in the log of the change.")
    agent: Agent = strawberry.field(description="The agent as it is now, and its `activity`.")


AgentActivityMessage = Annotated[
    AgentSnapshot | AgentChanged | Gap,
    strawberry.union(
        "AgentActivityMessage", description="What the subscription `agentActivity` says. Expect further types."
    ),
]


async def _take_snapshot(context: Context, cursor: str) -> AsyncIterator[AgentSnapshot]:
    agents, position, chunk, is_last = context.services.routing.agents, None, 0, False
    while not is_last:
        chunk += 1
        page = await agents.page(context.account_id, PageRequest(limit=CHUNK_SIZE, position=position))
        is_last = not page.has_next
        yield AgentSnapshot(cursor=cursor, chunk=chunk, is_last=is_last, agents=[Agent.of(one) for one in page.items])
        position = page.positions[-1] if page.positions else None


@strawberry.type
class AgentActivitySubscriptions:
    @subscription(
        Scope.AGENTS,
        "Follow what the account's agents do: first an `AgentSnapshot` of all, in parts, then `AgentChanged` with the "
        "whole agent after each of its events. What happens while a snapshot is taken is told again after it. That an "
        "agent is made, renamed or deleted is no such event: it shows with that agent's next one, or never. Subscribe "
        "again when agents were changed, or from time to time. After a disconnection, subscribe again: it begins with "
        "a new snapshot.",
    )
    async def agent_activity(self, info: Info) -> AsyncIterator[AgentActivityMessage]:
        context = info.context
        signer = event_signer(context)
        items = context.follow(info, where=ABOUT_AGENTS, is_refilled=False)
        async with aclosing(items):
            async for item in items:
                context.forget_loaded()
                match item:
                    case feed.CaughtUp():
                        async for part in _take_snapshot(context, write_cursor(signer, item.sequence)):
                            yield part
                    case feed.Gap():
                        yield present_gap(item, signer)
                    case _:
                        agent = await context.services.routing.agents.get(context.account_id, item.subject_id)
                        if agent is not None:
                            yield AgentChanged(cursor=write_cursor(signer, item.sequence), agent=Agent.of(agent))
