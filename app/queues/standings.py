"""How queues stand: who waits where, for how long, who is rung for them, and what their agents do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.clock import Clock
from app.db.engine import Database
from app.facts.queues import AgentState
from app.queues.strategy import expected_wait_seconds, in_order, positions
from app.queues.waiting import WaitingRooms

_OFFERED: Final = """
SELECT call_id, array_agg(agent_id ORDER BY agent_id) AS agents FROM agent_state
WHERE account_id = $1 AND call_id = ANY($2::text[]) GROUP BY call_id
"""
_AGENTS_OF_QUEUES: Final = """
SELECT member.queue_id, coalesce(agent_state.shown, 'OFFLINE') AS state, count(*) AS agents
FROM queue JOIN queue_member AS member ON member.queue_id = queue.id
JOIN agent ON agent.id = member.agent_id AND agent.deleted_at IS NULL
LEFT JOIN agent_state ON agent_state.agent_id = agent.id
WHERE queue.account_id = $1 AND queue.deleted_at IS NULL AND ($2::text[] IS NULL OR queue.id = ANY($2))
GROUP BY 1, 2 ORDER BY 1, 2
"""
_AGENTS: Final = """
SELECT coalesce(agent_state.shown, 'OFFLINE') AS state, count(*) AS agents
FROM agent LEFT JOIN agent_state ON agent_state.agent_id = agent.id
WHERE agent.account_id = $1 AND agent.deleted_at IS NULL GROUP BY 1 ORDER BY 1
"""
_QUEUES: Final = """
SELECT id FROM queue WHERE account_id = $1 AND deleted_at IS NULL AND ($2::text[] IS NULL OR id = ANY($2))
ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A caller who waits; ``offered_to`` are the agents who are rung for it."""

    call_id: str
    position: int
    priority: int
    joined_at: datetime
    expected_wait_seconds: float | None
    offered_to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """A queue as it stands. ``waiting`` is in the order of serving; ``agents`` are its own, by state."""

    queue_id: str
    waiting: tuple[Waiting, ...]
    agents: Mapping[AgentState, int]
    read_at: datetime

    @property
    def longest_wait_seconds(self) -> float:
        """How long whoever waits longest has waited; 0 when nobody does."""
        first = min((one.joined_at for one in self.waiting), default=self.read_at)
        return max(0.0, round((self.read_at - first).total_seconds(), 3))


class QueueStandings:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, rooms: WaitingRooms, clock: Clock) -> None:
        self._database = database
        self._rooms = rooms
        self._clock = clock

    async def read(self, account_id: str, queue_ids: Sequence[str] | None = None) -> list[QueueStanding]:
        """The account's queues (or these of them), by id."""
        wanted = None if queue_ids is None else list(queue_ids)
        room = await self._rooms.read(account_id)
        places = positions(room.callers)
        async with self._database.acquire() as connection:
            found = [row["id"] for row in await connection.fetch(_QUEUES, account_id, wanted)]
            states = await connection.fetch(_AGENTS_OF_QUEUES, account_id, wanted)
            offered_rows = await connection.fetch(_OFFERED, account_id, [one.call_id for one in room.callers])
        offered = {row["call_id"]: tuple(row["agents"]) for row in offered_rows}
        busy = [queue_id for queue_id in found if any(one.queue_id == queue_id for one in room.callers)]
        handling = await self._rooms.handle_seconds(account_id, busy) if busy else {}
        agents: dict[str, dict[AgentState, int]] = {}
        for row in states:
            agents.setdefault(row["queue_id"], {})[AgentState(row["state"])] = row["agents"]
        standings: list[QueueStanding] = []
        for queue_id in found:
            serving = _serving(agents.get(queue_id, {}))
            waiting = tuple(
                Waiting(
                    call_id=one.call_id,
                    position=places[one.call_id],
                    priority=one.priority,
                    joined_at=one.joined_at,
                    expected_wait_seconds=expected_wait_seconds(places[one.call_id], serving, handling.get(queue_id)),
                    offered_to=offered.get(one.call_id, ()),
                )
                for one in in_order(room.callers)
                if one.queue_id == queue_id
            )
            standings.append(
                QueueStanding(
                    queue_id=queue_id,
                    waiting=waiting,
                    agents=agents.get(queue_id, {}),
                    read_at=self._clock.now(),
                )
            )
        return standings

    async def count_agents(self, account_id: str) -> dict[AgentState, int]:
        """The account's agents by what they do."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_AGENTS, account_id)
        return {AgentState(row["state"]): row["agents"] for row in rows}


def _serving(agents: Mapping[AgentState, int]) -> int:
    """How many agents take callers now, or will as soon as they have done with one."""
    return sum(agents.get(state, 0) for state in (AgentState.AVAILABLE, AgentState.BUSY, AgentState.WRAP_UP))
