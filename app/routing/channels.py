"""The channels of trunks: how many calls a trunk has, and that it never has more than it may.

Who is about to dial takes a channel first, in one transaction that all takers of the same trunk wait for in turn,
whichever process they are in. What is taken is never given back by hand: a channel is free as soon as the leg that has
it has ended, which is read off the leg's own row. So nothing is lost with a process, and nothing is left over.
"""

from typing import Final

from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.db.locks import TRUNK_CHANNELS

#: How long a channel is kept for a leg that is not written yet: between the two there is one commit of the call.
UNWRITTEN_SECONDS: Final = 30.0

_LOCK: Final = f"SELECT pg_advisory_xact_lock({TRUNK_CHANNELS}, hashtext($1))"
_FREE: Final = """
DELETE FROM trunk_channel AS taken
WHERE trunk_id = $1 AND CASE
    WHEN EXISTS (SELECT FROM leg WHERE leg.id = taken.leg_id)
        THEN EXISTS (SELECT FROM leg WHERE leg.id = taken.leg_id AND leg.state = 'ENDED')
    ELSE taken_at < $2::timestamptz - make_interval(secs => $3)
END
"""
# Legs without a row of their own were dialled while the trunk had no limit. One that is being created has its turn yet.
_TAKE: Final = """
WITH used AS (
    SELECT leg_id FROM trunk_channel WHERE trunk_id = $1::text
    UNION
    SELECT leg.id FROM trunk
    JOIN call ON call.account_id = trunk.account_id AND NOT call.is_settled
    JOIN leg ON leg.call_id = call.id AND leg.trunk_id = trunk.id
    WHERE trunk.id = $1::text AND leg.state IN ('DIALING', 'RINGING', 'UP')
)
INSERT INTO trunk_channel (leg_id, trunk_id, taken_at)
SELECT $2::text, trunk.id, $3::timestamptz FROM trunk
WHERE trunk.id = $1::text AND (
    trunk.max_channels IS NULL OR trunk.max_channels > (SELECT count(*) FROM used WHERE leg_id <> $2::text)
)
ON CONFLICT (leg_id) DO UPDATE SET trunk_id = excluded.trunk_id
RETURNING true
"""
_USED: Final = """
SELECT count(*) FROM trunk_channel AS taken
WHERE trunk_id = $1 AND NOT EXISTS (SELECT FROM leg WHERE leg.id = taken.leg_id AND leg.state = 'ENDED')
"""


class TrunkChannels:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, trunk_id: str, leg_id: str) -> bool:
        """Have a channel for this leg until it has ended; False when none is free. A leg that has one keeps it."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, trunk_id)
            await connection.execute(_FREE, trunk_id, now, UNWRITTEN_SECONDS)
            return await connection.fetchval(_TAKE, trunk_id, leg_id, now) is not None

    async def give_back(self, leg_id: str) -> None:
        """The leg never came to be."""
        async with self._database.acquire() as connection:
            await connection.execute("DELETE FROM trunk_channel WHERE leg_id = $1", leg_id)

    async def used(self, trunk_id: str) -> int:
        """How many channels of a trunk with a limit are taken."""
        async with self._database.acquire() as connection:
            return await count_used(connection, trunk_id)


async def count_used(connection: PooledConnection, trunk_id: str) -> int:
    """How many channels of a trunk with a limit are taken, in the caller's transaction."""
    count: int = await connection.fetchval(_USED, trunk_id)
    return count
