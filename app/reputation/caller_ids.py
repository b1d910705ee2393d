"""The caller id for a call that names a pool: the account's rows, and ``choosing`` over them."""

from datetime import timedelta
from typing import Final

from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.ids import Kind, kind_of
from app.numbers.parse import E164
from app.reputation.choosing import Candidate, Chosen, choose

# With the row locked, two calls that begin at once take turns: the second sees what the first has used.
_LOCK: Final = """
SELECT true FROM outbound_number_pool
WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""
_FIND: Final = "SELECT true FROM outbound_number_pool WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL"

# As the directory does for a single number: what the trunk's policy lets it show.
_CANDIDATES: Final = """
SELECT one.id AS number_id, one.number, use.used_at AS last_used_at,
    coalesce(standing.verdict = 'FLAGGED', false) AS is_flagged
FROM outbound_number_pool_member AS member
JOIN outbound_number AS one ON one.id = member.number_id
LEFT JOIN number_reputation AS standing ON standing.account_id = one.account_id AND standing.number = one.number
LEFT JOIN number_use AS use ON use.account_id = one.account_id AND use.number = one.number
LEFT JOIN trunk ON trunk.id = $3
WHERE member.pool_id = $1 AND one.account_id = $2 AND one.deleted_at IS NULL AND 'CALLER_ID' = ANY(one.capabilities)
    AND (one.verified_at IS NOT NULL OR trunk.is_sandbox IS NOT FALSE)
    AND (trunk.caller_id_policy IS DISTINCT FROM 'TRUNK_NUMBERS' OR one.trunk_id = trunk.id)
ORDER BY member.place
"""
_USE: Final = """
INSERT INTO number_use (account_id, number, used_at) VALUES ($1, $2, $3)
ON CONFLICT (account_id, number) DO UPDATE SET used_at = greatest(excluded.used_at, number_use.used_at)
"""
_FIELD: Final = ("callerIdPoolId",)
_TICK: Final = timedelta(microseconds=1)


class CallerIds:
    """Chooses numbers of pools, for whoever places calls."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def choose(
        self, account_id: str, pool_id: str, *, seen_by: E164 | None, trunk_id: str | None, is_dry: bool = False
    ) -> Chosen:
        """A number of the pool that is not flagged, for a call over this trunk to whoever sees it.

        It counts as used from now on, though the call may still be refused for something else; ``is_dry`` uses
        nothing.

        Raises:
            RefusedError: NOT_FOUND; CALLER_ID_NOT_OWNED, the pool has no number for this trunk; CALLER_ID_FLAGGED, all
                of them are flagged.
            DatabaseUnavailableError: nobody can say.
        """
        if kind_of(pool_id) is not Kind.OUTBOUND_NUMBER_POOL:
            raise _no_such_pool()
        async with self._database.acquire() as connection:
            if is_dry:
                await _find(connection, _FIND, account_id, pool_id)
                return _choose(await _candidates(connection, account_id, pool_id, trunk_id), seen_by)
            async with connection.transaction():
                await _find(connection, _LOCK, account_id, pool_id)
                candidates = await _candidates(connection, account_id, pool_id, trunk_id)
                chosen = _choose(candidates, seen_by)
                used = [one.last_used_at for one in candidates if one.last_used_at is not None]
                # Always after the last one, whatever the clocks of several nodes say.
                now = max([self._clock.now(), *(at + _TICK for at in used)])
                await connection.execute(_USE, account_id, chosen.number, now)
                return chosen


async def _find(connection: PooledConnection, finding: str, account_id: str, pool_id: str) -> None:
    if not await connection.fetchval(finding, pool_id, account_id):
        raise _no_such_pool()


async def _candidates(
    connection: PooledConnection, account_id: str, pool_id: str, trunk_id: str | None
) -> list[Candidate]:
    rows = await connection.fetch(_CANDIDATES, pool_id, account_id, trunk_id)
    return [
        Candidate(
            number_id=row["number_id"],
            number=E164(row["number"]),
            is_flagged=row["is_flagged"],
            last_used_at=row["last_used_at"],
        )
        for row in rows
    ]


def _choose(candidates: list[Candidate], seen_by: E164 | None) -> Chosen:
    chosen = choose(candidates, seen_by)
    if chosen is None:
        raise _nothing_to_show(candidates)
    return chosen


def _no_such_pool() -> RefusedError:
    return RefusedError(Problem("NOT_FOUND", "There is no such pool of outbound numbers.", _FIELD))


def _nothing_to_show(candidates: list[Candidate]) -> RefusedError:
    flagged = sum(one.is_flagged for one in candidates)
    if flagged == 0:
        message = "The pool has no number that may be shown to this destination over this trunk: add one."
        return RefusedError(Problem("CALLER_ID_NOT_OWNED", message, _FIELD))
    message = (
        f"Every number of the pool that could be shown is flagged ({flagged}). Add one that is not; `reputation` of "
        "the pool's numbers says what speaks against each, and `unflagOutboundNumber` starts one's own history anew."
    )
    return RefusedError(Problem("CALLER_ID_FLAGGED", message, _FIELD))
