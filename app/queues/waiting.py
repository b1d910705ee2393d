"""Reads who waits and who serves, from the rows of calls, queues and agents, as the strategies need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from app.db.engine import Database
from app.queues.strategy import Caller, Line, Member, Server
from app.routing.targets import CallTarget, target_from_json
from app.routing.words import QueueStrategy

# Whoever is on the way out of a queue has no instant of joining any more.
_CALLERS: Final = """
SELECT call.id, call.queue_id, call.queue_priority, call.queue_joined_at, queue.max_wait_seconds,
    offered.call_id IS NOT NULL AS is_offered
FROM call
JOIN queue ON queue.id = call.queue_id
LEFT JOIN (SELECT DISTINCT call_id FROM agent_state WHERE account_id = $1 AND call_id IS NOT NULL) AS offered
    ON offered.call_id = call.id
WHERE call.account_id = $1 AND call.queue_id IS NOT NULL AND NOT call.is_settled
    AND call.state = 'WAITING_IN_QUEUE' AND call.queue_joined_at IS NOT NULL
"""
_LINES: Final = """
SELECT queue.id, queue.name, queue.strategy, queue.ring_seconds, queue.max_length, queue.overflow,
    queue.announce_position_seconds,
    array_agg(agent.id ORDER BY agent.id) FILTER (WHERE agent.id IS NOT NULL) AS agents,
    array_agg(member.penalty ORDER BY agent.id) FILTER (WHERE agent.id IS NOT NULL) AS penalties,
    array_agg(member.calls_taken ORDER BY agent.id) FILTER (WHERE agent.id IS NOT NULL) AS calls_taken,
    array_agg(member.offered_at ORDER BY agent.id) FILTER (WHERE agent.id IS NOT NULL) AS offered_at
FROM queue
LEFT JOIN queue_member AS member ON member.queue_id = queue.id
LEFT JOIN agent ON agent.id = member.agent_id AND agent.deleted_at IS NULL
WHERE queue.account_id = $1 AND queue.id = ANY($2::text[])
GROUP BY queue.id
"""
_SERVERS: Final = """
SELECT agent_state.agent_id, agent_state.mode, agent_state.shown, agent_state.leg_id, agent_state.idle_since,
    agent_state.rests_until, agent_state.wraps_up_until, agent_state.misses, agent.ring_seconds
FROM agent_state JOIN agent ON agent.id = agent_state.agent_id AND agent.deleted_at IS NULL
WHERE agent_state.account_id = $1
"""
# What an agent needs for a caller: the talk, and the wrap-up that the queue gives. The last ones tell it best.
_HANDLING: Final = """
SELECT avg(recent.talk_seconds + coalesce(queue.wrap_up_seconds, 0)) AS seconds, queue.id
FROM queue
CROSS JOIN LATERAL (
    SELECT cdr.talk_seconds FROM cdr
    WHERE cdr.account_id = $1 AND cdr.queue_id = queue.id AND cdr.connected_at IS NOT NULL
    ORDER BY cdr.created_at DESC, cdr.id DESC LIMIT 50
) AS recent
WHERE queue.account_id = $1 AND queue.id = ANY($2::text[])
GROUP BY queue.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """What a queue asks for beside its strategy. ``announce_seconds``: how often callers hear their place."""

    name: str
    ring_seconds: float
    max_length: int | None
    overflow: CallTarget | None
    announce_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRoom:
    """An account's queues in which somebody waits. ``present`` are agents that are not OFFLINE; ``ring_seconds`` is by
    agent, where it has a time of its own.
    """

    callers: tuple[Caller, ...]
    lines: Mapping[str, Line]
    rules: Mapping[str, QueueRules]
    servers: Mapping[str, Server]
    present: frozenset[str]
    ring_seconds: Mapping[str, float]


class WaitingRooms:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, account_id: str) -> WaitingRoom:
        """Who waits, and who could serve."""
        async with self._database.acquire() as connection:
            callers = tuple(_caller(row) for row in await connection.fetch(_CALLERS, account_id))
            queue_ids = list({caller.queue_id for caller in callers})
            lines = await connection.fetch(_LINES, account_id, queue_ids) if queue_ids else []
            servers = await connection.fetch(_SERVERS, account_id) if queue_ids else []
        return WaitingRoom(
            callers=callers,
            lines={row["id"]: _line(row) for row in lines},
            rules={row["id"]: _rules(row) for row in lines},
            servers={row["agent_id"]: _server(row) for row in servers},
            present=frozenset(row["agent_id"] for row in servers if row["mode"] != "OFFLINE"),
            ring_seconds={row["agent_id"]: row["ring_seconds"] for row in servers if row["ring_seconds"] is not None},
        )

    async def handle_seconds(self, account_id: str, queue_ids: list[str]) -> dict[str, float]:
        """How long an agent has for a caller, by queue: the mean of the last fifty that were served."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_HANDLING, account_id, queue_ids)
        return {row["id"]: float(row["seconds"]) for row in rows}


def _caller(row: asyncpg.Record) -> Caller:
    joined_at = row["queue_joined_at"]
    limit = row["max_wait_seconds"]
    return Caller(
        call_id=row["id"],
        queue_id=row["queue_id"],
        joined_at=joined_at,
        priority=row["queue_priority"] or 0,
        is_offered=row["is_offered"],
        leaves_at=None if limit is None else joined_at + timedelta(seconds=limit),
    )


def _line(row: asyncpg.Record) -> Line:
    columns = (row["agents"] or (), row["penalties"] or (), row["calls_taken"] or (), row["offered_at"] or ())
    return Line(
        queue_id=row["id"],
        strategy=QueueStrategy(row["strategy"]),
        members=tuple(
            Member(agent_id=agent_id, penalty=penalty, calls_taken=calls_taken, offered_at=offered_at)
            for agent_id, penalty, calls_taken, offered_at in zip(*columns, strict=True)
        ),
    )


def _rules(row: asyncpg.Record) -> QueueRules:
    return QueueRules(
        name=row["name"],
        ring_seconds=row["ring_seconds"],
        max_length=row["max_length"],
        overflow=None if row["overflow"] is None else target_from_json(row["overflow"]),
        announce_seconds=row["announce_position_seconds"],
    )


def _server(row: asyncpg.Record) -> Server:
    return Server(
        agent_id=row["agent_id"],
        is_free=row["mode"] == "AVAILABLE" and row["leg_id"] is None and row["shown"] != "BUSY",
        idle_since=row["idle_since"],
        rests_until=row["rests_until"],
        wraps_up_until=row["wraps_up_until"],
        has_missed=row["misses"] > 0,
    )
