"""A call centre in the sandbox: a queue, and the sandbox's phones as its agents."""

import asyncio
from dataclasses import dataclass
from typing import Any, Self, cast

from app.accounts.principal import Principal
from app.facts.queues import AgentState
from app.paging import PageRequest
from app.queues.standings import QueueStanding
from app.routing.groups import QueueChanges
from app.routing.model import Queue, QueueMember
from app.routing.words import QueueStrategy
from app.services import Services
from tests.rig.desk import PATIENCE_SECONDS, Desk, Fact, PlacedCall

#: A customer who answers soon, and stays until it is hung up.
PATIENT_CUSTOMER = "+15550100012"
_POLL_SECONDS = 0.05


@dataclass
class CallCentre:
    """``agents`` are ids by extension."""

    services: Services
    by: Principal
    agents: dict[str, str]
    queue: Queue

    @classmethod
    async def open(
        cls,
        services: Services,
        by: Principal,
        extensions: list[str],
        *,
        strategy: QueueStrategy = QueueStrategy.LONGEST_IDLE,
        **rules: Any,
    ) -> Self:
        """A queue served by the agents at these extensions, none of whom is available yet."""
        numbers = {
            one.id: one.number
            for one in (await services.routing.extensions.page(by.account_id, PageRequest(limit=100))).items
        }
        people = (await services.routing.agents.page(by.account_id, PageRequest(limit=100))).items
        seated = {numbers[one.extension_id]: one.id for one in people if one.extension_id in numbers}
        agents = {extension: seated[extension] for extension in extensions}
        values: dict[str, Any] = {
            "name": "support",
            "strategy": strategy,
            "music_class": "default",
            "ring_seconds": 20.0,
            "members": [QueueMember(agent_id=agent_id, penalty=0) for agent_id in agents.values()],
        }
        queue = await services.routing.queues.create(by, cast("QueueChanges", {**values, **rules}))
        return cls(services, by, agents, queue)

    async def say(self, state: AgentState, *extensions: str) -> None:
        """One after the other."""
        for extension in extensions:
            await self.services.agent_states.set_state(self.by, self.agents[extension], state)

    async def state_of(self, extension: str) -> tuple[AgentState, str | None]:
        agent_id = self.agents[extension]
        standing = (await self.services.agent_states.get_many(self.by.account_id, [agent_id]))[agent_id]
        return standing.state, standing.reason

    async def wait_until(self, extension: str, state: AgentState) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.state_of(extension))[0] is not state:
                await asyncio.sleep(_POLL_SECONDS)

    async def standing(self) -> QueueStanding:
        (found,) = await self.services.queue_standings.read(self.by.account_id, [self.queue.id])
        return found

    def extension_of(self, agent_id: str) -> str:
        return next(extension for extension, one in self.agents.items() if one == agent_id)


async def call_in(desk: Desk, centre: CallCentre, number: str = PATIENT_CUSTOMER, **fields: Any) -> PlacedCall:
    """A customer is called, and waits in the queue once it has answered."""
    return await desk.place_call(number, connect=None, connect_queue_id=centre.queue.id, **fields)


async def wait_until_served(desk: Desk, call_id: str) -> Fact:
    """The fact that an agent has answered."""
    await desk.wait_for(call_id, "call.connected")
    return await desk.wait_for(call_id, "queue.left")
