"""What agents say of themselves: kept in rows, changed in one statement each, so that all processes agree.

An agent says whether it is AVAILABLE, PAUSED or OFFLINE. That it is BUSY follows from the legs to its phones, which
are written with their calls; so it is never wrong for longer than a call is.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.events.log import LogTransaction
from app.facts.queues import AgentState
from app.queues.agent_rows import AgentRows, AgentStanding

#: What an agent can say of itself; the others follow from its calls.
SAYABLE: Final = frozenset({AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE})
LONGEST_REASON: Final = 100

_SAY: Final = """
INSERT INTO agent_state (agent_id, account_id, mode, reason, shown_at, idle_since)
SELECT id, account_id, $3, $4, $5, $5 FROM agent WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
ON CONFLICT (agent_id) DO UPDATE
SET mode = excluded.mode, reason = excluded.reason, misses = 0, rests_until = NULL,
    wraps_up_until = CASE WHEN excluded.mode = 'AVAILABLE' THEN NULL ELSE agent_state.wraps_up_until END
RETURNING agent_id
"""
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


async def tell_nobody(_account_id: str) -> None:
    """For whoever rings agents himself, and looks again anyway."""


class AgentStates:
    """Reads what agents do, and takes down what they say. Every method raises DatabaseUnavailableError.

    ``changed`` is awaited with the account once an agent has said something: somebody may be rung for it.
    """

    def __init__(self, rows: AgentRows, *, changed: Callable[[str], Awaitable[None]] = tell_nobody) -> None:
        self._rows = rows
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
        async with self._rows.changing(by.account_id) as transaction:
            connection = transaction.connection
            now = self._rows.clock.now()
            said = await connection.fetchval(_SAY, by.account_id, agent_id, state.value, reason, now)
            if said is None:
                raise _no_agent()
            await self._rows.show(transaction, by.account_id, tell=(agent_id,), by=by)
            standing = await self._rows.one(connection, by.account_id, agent_id)
        await self._changed(by.account_id)
        return standing

    async def join_queue(self, by: Principal, agent_id: str, queue_id: str, *, penalty: int = 0) -> AgentStanding:
        """Have an agent serve a queue; one that does has this penalty from now on.

        Raises:
            RefusedError: NOT_FOUND.
        """
        if not 0 <= penalty <= 1000:  # noqa: PLR2004  # as for the members of a queue
            raise RefusedError(Problem("INVALID_INPUT", "A penalty is 0 to 1000.", ("penalty",)))
        async with self._rows.changing(by.account_id) as transaction:
            connection = transaction.connection
            if await connection.fetchval(_JOIN, by.account_id, queue_id, agent_id, penalty) is None:
                await _refuse_missing(connection, by.account_id, agent_id, queue_id)
            await self._tell(transaction, by, agent_id)
            standing = await self._rows.one(connection, by.account_id, agent_id)
        await self._changed(by.account_id)
        return standing

    async def leave_queue(self, by: Principal, agent_id: str, queue_id: str) -> AgentStanding:
        """Have an agent serve a queue no longer; one that does not is left so. A call it is on goes on.

        Raises:
            RefusedError: NOT_FOUND.
        """
        async with self._rows.changing(by.account_id) as transaction:
            connection = transaction.connection
            await _refuse_missing(connection, by.account_id, agent_id, queue_id)
            if await connection.fetchval(_LEAVE, queue_id, agent_id) is not None:
                await self._tell(transaction, by, agent_id)
            standing = await self._rows.one(connection, by.account_id, agent_id)
        await self._changed(by.account_id)
        return standing

    async def of_account(self, account_id: str) -> list[AgentStanding]:
        """All agents that have ever said what they do, by id."""
        return await self._rows.read(account_id, None)

    async def get_many(self, account_id: str, agent_ids: Sequence[str]) -> dict[str, AgentStanding]:
        """By id; an agent that has said nothing is OFFLINE."""
        found = {one.agent_id: one for one in await self._rows.read(account_id, list(agent_ids))}
        return {agent_id: found.get(agent_id, AgentStanding(agent_id=agent_id)) for agent_id in agent_ids}

    async def _tell(self, transaction: LogTransaction, by: Principal, agent_id: str) -> None:
        await transaction.connection.execute(_BEGIN, agent_id, by.account_id)
        await self._rows.show(transaction, by.account_id, tell=(agent_id,), by=by)


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
