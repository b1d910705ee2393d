"""How the trunks of all accounts stand, for ``/metrics``."""

from collections.abc import Mapping
from typing import Final

from app.db.engine import Database
from app.routing.words import LineState

# Those that an Asterisk should have. Of the words, DOWN comes before UNKNOWN and UP in the alphabet: one Asterisk that
# says it is enough, as it is for the choice of another trunk.
_STATES: Final = """
SELECT coalesce(said.worst, 'UNKNOWN') AS state, count(*) AS number
FROM trunk
JOIN account ON account.id = trunk.account_id
LEFT JOIN LATERAL (SELECT min(state) AS worst FROM line_state WHERE line_id = trunk.id) AS said ON true
WHERE trunk.is_enabled AND NOT trunk.is_sandbox AND trunk.deleted_at IS NULL AND account.suspended_at IS NULL
GROUP BY 1
"""


async def count_trunks(database: Database) -> Mapping[LineState, int]:
    """How many trunks that are in use stand at each state; zeros too.

    A trunk of which several Asterisks say different things stands where the worst of them has it.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    async with database.acquire() as connection:
        numbers = {row["state"]: row["number"] for row in await connection.fetch(_STATES)}
    return {state: numbers.get(state.value, 0) for state in LineState}
