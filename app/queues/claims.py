"""Claims: an agent is taken for a caller before its phone is asked for, so that nobody else rings it meanwhile.

Whoever comes second finds the row taken. What a claim came to is read off the leg it is for (``settle``), by whichever
process comes by, so nothing is lost with one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.queues.agent_rows import BUSY, AgentRows

#: The reason of an agent that was paused because it let too many callers ring.
NO_ANSWER: Final = "NO_ANSWER"
#: How long a claim may be without its leg: between the two there is one commit of the call.
CLAIM_SECONDS: Final = 15.0

# Who let a caller go that rang, or lost it to somebody else, has missed nothing. Who came too late has, also when it
# did pick up.
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
            bool_or(
                leg.answered_at IS NOT NULL AND why.word NOT IN ('NOT_WANTED', 'NOT_IN_TIME', 'ANSWERED_ELSEWHERE')
            ) AS has_served,
            bool_and(
                (leg.answered_at IS NULL OR why.word = 'NOT_IN_TIME')
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
_CLAIM: Final = f"""
WITH {BUSY},
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
            SELECT FROM busy
            LEFT JOIN agent ON agent.id = wish.agent_id
            LEFT JOIN extension ON extension.id = agent.extension_id
            WHERE busy.extension = extension.number OR busy.agent_id = wish.agent_id
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """This agent is to be rung on this leg for this caller, and for nobody else meanwhile."""

    agent_id: str
    leg_id: str
    call_id: str
    queue_id: str


class AgentClaims:
    """Takes agents for callers, and frees them. Every method raises DatabaseUnavailableError.

    ``misses_allowed``: after so many offers in a row that it let ring, an agent is paused. ``rest_seconds``: how long
    it is left alone after each.
    """

    def __init__(self, rows: AgentRows, *, misses_allowed: int = 3, rest_seconds: float = 5.0) -> None:
        self._rows = rows
        self._misses_allowed = misses_allowed
        self._rest_seconds = rest_seconds

    async def settle(self, account_id: str) -> datetime | None:
        """Free whose calls are over, and tell of every agent that does something else than was told last.

        Gives when to do it again though nothing was heard: a wrap-up, a rest or a claim's time ends then.
        """
        async with self._rows.changing(account_id) as transaction:
            connection = transaction.connection
            now = self._rows.clock.now()
            await connection.execute(_SETTLE, account_id, now, self._rest_seconds, self._misses_allowed, NO_ANSWER)
            await connection.execute(_FREE_LOST, account_id, now, CLAIM_SECONDS)
            await self._rows.show(transaction, account_id)
            due: datetime | None = await connection.fetchval(_NEXT, account_id, now, CLAIM_SECONDS)
        return due

    async def accounts(self) -> list[str]:
        """All accounts with agents that have ever said what they do."""
        async with self._rows.database.acquire() as connection:
            return [row["account_id"] for row in await connection.fetch("SELECT DISTINCT account_id FROM agent_state")]

    async def claim(self, account_id: str, claims: Sequence[Claim]) -> frozenset[str]:
        """Take agents for callers; gives the legs of those that could be had: available, and nobody else's."""
        async with self._rows.changing(account_id) as transaction:
            connection = transaction.connection
            rows = await connection.fetch(
                _CLAIM,
                account_id,
                self._rows.clock.now(),
                [claim.agent_id for claim in claims],
                [claim.leg_id for claim in claims],
                [claim.call_id for claim in claims],
                [claim.queue_id for claim in claims],
            )
            await self._rows.show(transaction, account_id)
        return frozenset(row["leg_id"] for row in rows)

    async def add_legs(self, account_id: str, leg_id: str, leg_ids: Sequence[str]) -> bool:
        """The agent has several phones: all these legs are of the claim with this one. False when it is no more."""
        async with self._rows.database.acquire() as connection:
            return await connection.fetchval(_ADD_LEGS, account_id, leg_id, list(leg_ids)) is not None

    async def release(self, account_id: str, leg_ids: Sequence[str]) -> None:
        """Give claims back whose legs came to nothing: the caller had gone, or the agent cannot be reached."""
        async with self._rows.changing(account_id) as transaction:
            connection = transaction.connection
            await connection.execute(_RELEASE, account_id, list(leg_ids), self._rows.clock.now(), self._rest_seconds)
            await self._rows.show(transaction, account_id)
