"""What agents do: kept in rows, changed in one statement each, so that all processes agree.

An agent says whether it is AVAILABLE, PAUSED or OFFLINE. That it is BUSY follows from the legs at its extension, which
are written with their calls; so it is never wrong for longer than a call is. A queue that rings an agent takes the row
first (``claim``): whoever comes second finds it taken. What a claim came to is read off the leg it is for (``settle``),
by whichever process comes by, so nothing is lost with one.

All of an account's changes wait for each other.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from app.accounts.principal import Principal
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.db.locks import AGENT_STATES
from app.errors import Problem, RefusedError
from app.events.log import Appended, EventLog
from app.facts.event import SYSTEM, Actor, Draft
from app.facts.queues import AgentState, AgentStateChanged
from app.ids import Kind, new_id

#: What an agent can say of itself; the others follow from its calls.
SAYABLE: Final = frozenset({AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE})
#: The reason of an agent that was paused because it let too many callers ring.
NO_ANSWER: Final = "NO_ANSWER"
LONGEST_REASON: Final = 100
#: How long a claim may be without its leg: between the two there is one commit of the call.
CLAIM_SECONDS: Final = 15.0

_LOCK: Final = f"SELECT pg_advisory_xact_lock({AGENT_STATES}, hashtext($1))"
_BUSY: Final = """
busy AS (
    SELECT DISTINCT leg.extension
    FROM call JOIN leg ON leg.call_id = call.id
    WHERE call.account_id = $1 AND NOT call.is_settled AND call.state <> 'ENDED'
        AND leg.extension IS NOT NULL AND leg.state IN ('CREATING', 'DIALING', 'RINGING', 'UP')
)"""
_SAY: Final = """
INSERT INTO agent_state (agent_id, account_id, mode, reason, shown_at, idle_since)
SELECT id, account_id, $3, $4, $5, $5 FROM agent WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
ON CONFLICT (agent_id) DO UPDATE
SET mode = excluded.mode, reason = excluded.reason, misses = 0, rests_until = NULL,
    wraps_up_until = CASE WHEN excluded.mode = 'AVAILABLE' THEN NULL ELSE agent_state.wraps_up_until END
RETURNING agent_id
"""
# Who let a caller go that rang, or lost it to somebody else, has missed nothing.
_SETTLE: Final = """
WITH over AS (
    SELECT state.agent_id, state.queue_id, legs.has_served, legs.is_missed AND NOT legs.has_served AS has_missed,
        coalesce(legs.ended_at, $2) AS ended_at,
        coalesce(agent.wrap_up_seconds, queue.wrap_up_seconds, 0) AS wrap_up
    FROM agent_state AS state
    JOIN agent ON agent.id = state.agent_id
    LEFT JOIN queue ON queue.id = state.queue_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS legs, bool_and(leg.state = 'ENDED') AS are_ended, max(leg.ended_at) AS ended_at,
            bool_or(leg.answered_at IS NOT NULL AND why.word NOT IN ('NOT_WANTED', 'ANSWERED_ELSEWHERE')) AS has_served,
            bool_and(
                leg.answered_at IS NULL
                AND why.word NOT IN ('NOT_WANTED', 'ANSWERED_ELSEWHERE', 'CALL_OVER', 'TRANSFERRED')
            ) AS is_missed
        FROM leg JOIN call ON call.id = leg.call_id
        CROSS JOIN LATERAL (
            SELECT coalesce((
                SELECT one->>'hangupReason' FROM json_array_elements(call.snapshot->'legs') AS one
                WHERE one->>'id' = leg.id
            ), '') AS word
        ) AS why
        WHERE leg.id = ANY(state.leg_ids)
    ) AS legs
    WHERE state.account_id = $1 AND state.leg_id IS NOT NULL AND legs.legs > 0 AND legs.are_ended
),
counted AS (
    UPDATE queue_member SET calls_taken = calls_taken + 1 FROM over
    WHERE queue_member.agent_id = over.agent_id AND queue_member.queue_id = over.queue_id AND over.has_served
)
UPDATE agent_state
SET leg_id = NULL, leg_ids = '{}', call_id = NULL, queue_id = NULL, claimed_at = NULL, freed_at = over.ended_at,
    wraps_up_until = CASE WHEN has_served AND wrap_up > 0 THEN over.ended_at + make_interval(secs => wrap_up) END,
    rests_until = CASE WHEN has_missed THEN $2 + make_interval(secs => $3) END,
    misses = CASE WHEN has_served THEN 0 WHEN has_missed THEN misses + 1 ELSE misses END,
    mode = CASE WHEN has_missed AND misses + 1 >= $4 AND mode = 'AVAILABLE' THEN 'PAUSED' ELSE mode END,
    reason = CASE WHEN has_missed AND misses + 1 >= $4 AND mode = 'AVAILABLE' THEN $5 ELSE reason END
FROM over WHERE agent_state.agent_id = over.agent_id
"""
_FREE_LOST: Final = """
UPDATE agent_state SET leg_id = NULL, leg_ids = '{}', call_id = NULL, queue_id = NULL, claimed_at = NULL
WHERE account_id = $1 AND leg_id IS NOT NULL AND claimed_at < $2::timestamptz - make_interval(secs => $3)
    AND NOT EXISTS (SELECT FROM leg WHERE leg.id = ANY(agent_state.leg_ids))
"""
_RELEASE: Final = """
UPDATE agent_state SET leg_id = NULL, leg_ids = '{}', call_id = NULL, queue_id = NULL, claimed_at = NULL,
    rests_until = $3::timestamptz + make_interval(secs => $4)
WHERE account_id = $1 AND leg_id = ANY($2::text[])
"""
_COLUMNS: Final = """
    agent_state.agent_id, agent_state.shown, agent_state.shown_at, agent_state.reason, agent_state.wraps_up_until,
    agent_state.queue_id, agent_state.call_id,
    ARRAY(SELECT member.queue_id FROM queue_member AS member JOIN queue ON queue.id = member.queue_id
          WHERE member.agent_id = agent_state.agent_id AND queue.deleted_at IS NULL ORDER BY 1) AS queue_ids
"""
# Who was on a call or wrapped up is idle since that was over, not since somebody noticed.
_SHOW: Final = f"""
WITH {_BUSY},
wanted AS (
    SELECT state.agent_id, state.shown AS previous,
        CASE
            WHEN state.leg_id IS NOT NULL OR extension.number IN (SELECT busy.extension FROM busy) THEN 'BUSY'
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
_CLAIM: Final = f"""
WITH {_BUSY},
taken AS (
    UPDATE agent_state
    SET leg_id = wish.leg_id, leg_ids = ARRAY[wish.leg_id], call_id = wish.call_id, queue_id = wish.queue_id,
        claimed_at = $2
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS wish (agent_id, leg_id, call_id, queue_id)
    WHERE agent_state.account_id = $1 AND agent_state.agent_id = wish.agent_id
        AND agent_state.mode = 'AVAILABLE' AND agent_state.leg_id IS NULL
        AND (agent_state.wraps_up_until IS NULL OR agent_state.wraps_up_until <= $2)
        AND (agent_state.rests_until IS NULL OR agent_state.rests_until <= $2)
        AND NOT EXISTS (
            SELECT FROM agent JOIN extension ON extension.id = agent.extension_id
            WHERE agent.id = wish.agent_id AND extension.number IN (SELECT busy.extension FROM busy)
        )
    RETURNING agent_state.agent_id, agent_state.leg_id, agent_state.queue_id
),
asked AS (
    UPDATE queue_member SET offered_at = $2 FROM taken
    WHERE queue_member.agent_id = taken.agent_id AND queue_member.queue_id = taken.queue_id
)
SELECT leg_id FROM taken
"""  # noqa: S608  # our own texts
_NEXT: Final = """
SELECT min(due) FROM (
    SELECT wraps_up_until AS due FROM agent_state WHERE account_id = $1 AND shown = 'WRAP_UP'
    UNION ALL SELECT rests_until FROM agent_state WHERE account_id = $1 AND rests_until > $2
    UNION ALL SELECT claimed_at + make_interval(secs => $3) FROM agent_state
        WHERE account_id = $1 AND leg_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM leg WHERE leg.id = ANY(agent_state.leg_ids))
) AS coming
"""
_ADD_LEGS: Final = (
    "UPDATE agent_state SET leg_ids = $3::text[] WHERE account_id = $1 AND leg_id = $2 RETURNING agent_id"
)
_READ: Final = f"""
SELECT {_COLUMNS} FROM agent_state JOIN agent ON agent.id = agent_state.agent_id AND agent.deleted_at IS NULL
WHERE agent_state.account_id = $1 AND ($2::text[] IS NULL OR agent_state.agent_id = ANY($2)) ORDER BY 1
"""  # noqa: S608  # our own texts
_JOIN: Final = """
INSERT INTO queue_member (queue_id, agent_id, penalty)
SELECT queue.id, agent.id, $4 FROM queue, agent
WHERE queue.account_id = $1 AND queue.id = $2 AND queue.deleted_at IS NULL
    AND agent.account_id = $1 AND agent.id = $3 AND agent.deleted_at IS NULL
ON CONFLICT (queue_id, agent_id) DO UPDATE SET penalty = excluded.penalty
RETURNING agent_id
"""
_LEAVE: Final = "DELETE FROM queue_member WHERE queue_id = $1 AND agent_id = $2 RETURNING agent_id"
_HAS: Final = """
SELECT EXISTS (SELECT FROM agent WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL) AS has_agent,
       EXISTS (SELECT FROM queue WHERE account_id = $1 AND id = $3 AND deleted_at IS NULL) AS has_queue
"""
_BEGIN: Final = "INSERT INTO agent_state (agent_id, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """This agent is to be rung on this leg for this caller, and for nobody else meanwhile."""

    agent_id: str
    leg_id: str
    call_id: str
    queue_id: str


async def tell_nobody(_account_id: str) -> None:
    """For whoever rings agents himself, and looks again anyway."""


class AgentStates:
    """Reads and changes what agents do. Every method raises DatabaseUnavailableError when the database is away.

    ``changed`` is awaited with the account once an agent has said something: somebody may be rung for it.

    ``misses_allowed``: after so many offers in a row that it let ring, an agent is paused. ``rest_seconds``: how long
    it is left alone after each.
    """

    def __init__(
        self,
        database: Database,
        log: EventLog,
        clock: Clock,
        *,
        misses_allowed: int = 3,
        rest_seconds: float = 5.0,
        changed: Callable[[str], Awaitable[None]] = tell_nobody,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._misses_allowed = misses_allowed
        self._rest_seconds = rest_seconds
        self._changed = changed

    async def set_state(
        self, by: Principal, agent_id: str, state: AgentState, reason: str | None = None
    ) -> AgentStanding:
        """Take down what an agent says of itself.

        An agent on a call stays BUSY until that is over; AVAILABLE ends a wrap-up.

        Raises:
            RefusedError: NOT_FOUND; INVALID_INPUT for BUSY and WRAP_UP, which nobody says, and for a reason that is
                too long, or that goes with anything but PAUSED.
        """
        _check_said(state, reason)
        async with self._changing(by.account_id) as (connection, appended):
            now = self._clock.now()
            said = await connection.fetchval(_SAY, by.account_id, agent_id, state.value, reason, now)
            if said is None:
                raise _no_agent()
            appended.append(await self._show(connection, by.account_id, tell=(agent_id,), by=by))
            standing = await self._one(connection, by.account_id, agent_id)
        await self._changed(by.account_id)
        return standing

    async def join_queue(self, by: Principal, agent_id: str, queue_id: str, *, penalty: int = 0) -> AgentStanding:
        """Have an agent serve a queue; one that does has this penalty from now on.

        Raises:
            RefusedError: NOT_FOUND.
        """
        if not 0 <= penalty <= 1000:  # noqa: PLR2004  # as for the members of a queue
            raise RefusedError(Problem("INVALID_INPUT", "A penalty is 0 to 1000.", ("penalty",)))
        async with self._changing(by.account_id) as (connection, appended):
            if await connection.fetchval(_JOIN, by.account_id, queue_id, agent_id, penalty) is None:
                await _refuse_missing(connection, by.account_id, agent_id, queue_id)
            appended.append(await self._tell(connection, by, agent_id))
            standing = await self._one(connection, by.account_id, agent_id)
        await self._changed(by.account_id)
        return standing

    async def leave_queue(self, by: Principal, agent_id: str, queue_id: str) -> AgentStanding:
        """Have an agent serve a queue no longer; one that does not is left so. A call it is on goes on.

        Raises:
            RefusedError: NOT_FOUND.
        """
        async with self._changing(by.account_id) as (connection, appended):
            await _refuse_missing(connection, by.account_id, agent_id, queue_id)
            if await connection.fetchval(_LEAVE, queue_id, agent_id) is not None:
                appended.append(await self._tell(connection, by, agent_id))
            standing = await self._one(connection, by.account_id, agent_id)
        await self._changed(by.account_id)
        return standing

    async def settle(self, account_id: str) -> datetime | None:
        """Free whose calls are over, and tell of every agent that does something else than was told last.

        Gives when to do it again though nothing was heard: a wrap-up, a rest or a claim's time ends then.
        """
        async with self._changing(account_id) as (connection, appended):
            now = self._clock.now()
            await connection.execute(_SETTLE, account_id, now, self._rest_seconds, self._misses_allowed, NO_ANSWER)
            await connection.execute(_FREE_LOST, account_id, now, CLAIM_SECONDS)
            appended.append(await self._show(connection, account_id))
            due: datetime | None = await connection.fetchval(_NEXT, account_id, now, CLAIM_SECONDS)
        return due

    async def accounts(self) -> list[str]:
        """All accounts with agents that have ever said what they do."""
        async with self._database.acquire() as connection:
            return [row["account_id"] for row in await connection.fetch("SELECT DISTINCT account_id FROM agent_state")]

    async def claim(self, account_id: str, claims: Sequence[Claim]) -> frozenset[str]:
        """Take agents for callers; gives the legs of those that could be had: available, and nobody else's."""
        async with self._changing(account_id) as (connection, appended):
            rows = await connection.fetch(
                _CLAIM,
                account_id,
                self._clock.now(),
                [claim.agent_id for claim in claims],
                [claim.leg_id for claim in claims],
                [claim.call_id for claim in claims],
                [claim.queue_id for claim in claims],
            )
            appended.append(await self._show(connection, account_id))
        return frozenset(row["leg_id"] for row in rows)

    async def add_legs(self, account_id: str, leg_id: str, leg_ids: Sequence[str]) -> bool:
        """The agent has several phones: all these legs are of the claim with this one. False when it is no more."""
        async with self._database.acquire() as connection:
            return await connection.fetchval(_ADD_LEGS, account_id, leg_id, list(leg_ids)) is not None

    async def release(self, account_id: str, leg_ids: Sequence[str]) -> None:
        """Give claims back whose legs came to nothing: the caller had gone, or the agent cannot be reached."""
        async with self._changing(account_id) as (connection, appended):
            await connection.execute(_RELEASE, account_id, list(leg_ids), self._clock.now(), self._rest_seconds)
            appended.append(await self._show(connection, account_id))

    async def of_account(self, account_id: str) -> list[AgentStanding]:
        """All agents that have ever said what they do, by id."""
        return await self._read(account_id, None)

    async def get_many(self, account_id: str, agent_ids: Sequence[str]) -> dict[str, AgentStanding]:
        """By id; an agent that has said nothing is OFFLINE."""
        found = {one.agent_id: one for one in await self._read(account_id, list(agent_ids))}
        return {agent_id: found.get(agent_id, AgentStanding(agent_id=agent_id)) for agent_id in agent_ids}

    async def _read(self, account_id: str, agent_ids: list[str] | None) -> list[AgentStanding]:
        async with self._database.acquire() as connection:
            return [_standing(row) for row in await connection.fetch(_READ, account_id, agent_ids)]

    async def _one(self, connection: PooledConnection, account_id: str, agent_id: str) -> AgentStanding:
        row = await connection.fetchrow(_READ, account_id, [agent_id])
        return AgentStanding(agent_id=agent_id) if row is None else _standing(row)

    @asynccontextmanager
    async def _changing(self, account_id: str) -> AsyncIterator[tuple[PooledConnection, list[Appended]]]:
        """A transaction in which nobody else changes the account's agents; what was appended in it is announced."""
        appended: list[Appended] = []
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    await connection.execute(_LOCK, account_id)
                    yield connection, appended
        for one in appended:
            self._log.announce(one)

    async def _tell(self, connection: PooledConnection, by: Principal, agent_id: str) -> Appended:
        await connection.execute(_BEGIN, agent_id, by.account_id)
        return await self._show(connection, by.account_id, tell=(agent_id,), by=by)

    async def _show(
        self, connection: PooledConnection, account_id: str, *, tell: Sequence[str] = (), by: Principal | None = None
    ) -> Appended:
        """Tell of whoever does something else than was told last, and of those to ``tell`` in any case."""
        now = self._clock.now()
        rows = await connection.fetch(_SHOW, account_id, now, list(tell))
        actor, request_id = (SYSTEM, None) if by is None else (by.actor, by.request_id)
        drafts = [_draft(account_id, row, now, actor, request_id) for row in rows]
        return await self._log.append_in(connection, drafts)


def _check_said(state: AgentState, reason: str | None) -> None:
    if state not in SAYABLE:
        raise RefusedError(Problem("INVALID_INPUT", f"{state} follows from calls; nobody sets it.", ("state",)))
    if reason is not None and state is not AgentState.PAUSED:
        raise RefusedError(Problem("INVALID_INPUT", "A reason goes with PAUSED alone.", ("reason",)))
    if reason is not None and not (0 < len(reason) <= LONGEST_REASON and reason.isprintable()):
        message = f"A reason is 1 to {LONGEST_REASON} printable characters."
        raise RefusedError(Problem("INVALID_INPUT", message, ("reason",)))


async def _refuse_missing(connection: PooledConnection, account_id: str, agent_id: str, queue_id: str) -> None:
    row = await connection.fetchrow(_HAS, account_id, agent_id, queue_id)
    assert row is not None  # it selects no table
    if not row["has_agent"]:
        raise _no_agent()
    if not row["has_queue"]:
        raise RefusedError(Problem("NOT_FOUND", "There is no such queue.", ("queueId",)))


def _no_agent() -> RefusedError:
    return RefusedError(Problem("NOT_FOUND", "There is no such agent.", ("agentId",)))


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
