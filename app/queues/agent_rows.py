"""The rows of what agents do, changed by one at a time and told as they change: for those who change them.

All of an account's changes wait for each other.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from app.accounts.principal import Principal
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.db.locks import AGENT_STATES
from app.events.log import EventLog, LogTransaction
from app.facts.event import SYSTEM, Actor, Draft
from app.facts.queues import AgentState, AgentStateChanged
from app.ids import Kind, new_id

_LOCK: Final = f"SELECT pg_advisory_xact_lock({AGENT_STATES}, hashtext($1))"
#: Whose phones are on a call, or are rung: by the extension they are at, or by agent.
BUSY: Final = """
busy AS (
    SELECT DISTINCT leg.extension, leg.agent_id
    FROM call JOIN leg ON leg.call_id = call.id
    WHERE call.account_id = $1 AND NOT call.is_settled AND call.state <> 'ENDED'
        AND (leg.extension IS NOT NULL OR leg.agent_id IS NOT NULL)
        AND leg.state IN ('CREATING', 'DIALING', 'RINGING', 'UP')
)"""
_COLUMNS: Final = """
    agent_state.agent_id, agent_state.shown, agent_state.shown_at, agent_state.reason, agent_state.wraps_up_until,
    agent_state.queue_id, agent_state.call_id,
    ARRAY(SELECT member.queue_id FROM queue_member AS member JOIN queue ON queue.id = member.queue_id
          WHERE member.agent_id = agent_state.agent_id AND queue.deleted_at IS NULL ORDER BY 1) AS queue_ids
"""
# Who was on a call or wrapped up is idle since that was over, not since somebody noticed.
_SHOW: Final = f"""
WITH {BUSY},
wanted AS (
    SELECT state.agent_id, state.shown AS previous,
        CASE
            WHEN state.leg_id IS NOT NULL OR EXISTS (
                SELECT FROM busy WHERE busy.extension = extension.number OR busy.agent_id = state.agent_id
            ) THEN 'BUSY'
            WHEN state.mode <> 'OFFLINE' AND state.wraps_up_until > $2 THEN 'WRAP_UP'
            ELSE state.mode
        END AS state
    FROM agent_state AS state
    JOIN agent ON agent.id = state.agent_id AND agent.deleted_at IS NULL
    LEFT JOIN extension ON extension.id = agent.extension_id AND extension.deleted_at IS NULL
    WHERE state.account_id = $1
)
UPDATE agent_state
SET shown = wanted.state, shown_at = CASE WHEN shown = wanted.state THEN shown_at ELSE $2 END,
    idle_since = CASE
        WHEN wanted.state <> 'AVAILABLE' OR shown = 'AVAILABLE' THEN idle_since
        WHEN greatest(freed_at, wraps_up_until) > shown_at THEN least($2, greatest(freed_at, wraps_up_until))
        ELSE $2
    END
FROM wanted
WHERE agent_state.agent_id = wanted.agent_id
    AND (agent_state.shown <> wanted.state OR wanted.agent_id = ANY($3::text[]))
RETURNING wanted.previous, {_COLUMNS}
"""  # noqa: S608  # our own texts
_READ: Final = f"""
SELECT {_COLUMNS} FROM agent_state JOIN agent ON agent.id = agent_state.agent_id AND agent.deleted_at IS NULL
WHERE agent_state.account_id = $1 AND ($2::text[] IS NULL OR agent_state.agent_id = ANY($2)) ORDER BY 1
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStanding:
    """What an agent does. ``since`` is None for one that has never said anything; it is OFFLINE."""

    agent_id: str
    state: AgentState = AgentState.OFFLINE
    since: datetime | None = None
    reason: str | None = None
    wraps_up_until: datetime | None = None
    queue_id: str | None = None
    call_id: str | None = None
    queue_ids: tuple[str, ...] = ()


class AgentRows:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, log: EventLog, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self._log = log

    @asynccontextmanager
    async def changing(self, account_id: str) -> AsyncIterator[LogTransaction]:
        """A transaction in which nobody else changes the account's agents."""
        async with self._log.transaction() as transaction:
            await transaction.connection.execute(_LOCK, account_id)
            yield transaction

    async def show(
        self, transaction: LogTransaction, account_id: str, *, tell: Sequence[str] = (), by: Principal | None = None
    ) -> None:
        """Tell of whoever does something else than was told last, and of those to ``tell`` in any case."""
        now = self.clock.now()
        rows = await transaction.connection.fetch(_SHOW, account_id, now, list(tell))
        actor, request_id = (SYSTEM, None) if by is None else (by.actor, by.request_id)
        drafts = [_draft(account_id, row, now, actor, request_id) for row in rows]
        await transaction.append(drafts)

    async def read(self, account_id: str, agent_ids: list[str] | None) -> list[AgentStanding]:
        """Those of the agents that have ever said what they do, by id; None: all of the account."""
        async with self.database.acquire() as connection:
            return [_standing(row) for row in await connection.fetch(_READ, account_id, agent_ids)]

    async def one(self, connection: PooledConnection, account_id: str, agent_id: str) -> AgentStanding:
        """One agent; one that has said nothing is OFFLINE."""
        row = await connection.fetchrow(_READ, account_id, [agent_id])
        return AgentStanding(agent_id=agent_id) if row is None else _standing(row)


def _standing(row: asyncpg.Record) -> AgentStanding:
    state = AgentState(row["shown"])
    return AgentStanding(
        agent_id=row["agent_id"],
        state=state,
        since=row["shown_at"],
        reason=row["reason"] if state is AgentState.PAUSED else None,
        wraps_up_until=row["wraps_up_until"] if state is AgentState.WRAP_UP else None,
        queue_id=row["queue_id"],
        call_id=row["call_id"],
        queue_ids=tuple(row["queue_ids"]),
    )


def _draft(account_id: str, row: asyncpg.Record, now: datetime, actor: Actor, request_id: str | None) -> Draft:
    standing = _standing(row)
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=account_id,
        subject_id=standing.agent_id,
        occurred_at=now,
        fact=AgentStateChanged(
            agent_id=standing.agent_id,
            state=standing.state,
            previous=AgentState(row["previous"]),
            since=standing.since or now,
            reason=standing.reason,
            wraps_up_until=standing.wraps_up_until,
            queue_id=standing.queue_id,
            call_id=standing.call_id,
            queue_ids=standing.queue_ids,
        ),
        actor=actor,
        request_id=request_id,
    )
