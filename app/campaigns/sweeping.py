"""Forgetting when numbers were called, once that counts for nobody any more."""

from datetime import datetime, timedelta
from typing import Final

from app.campaigns.core.rules import FREQUENCY_PERIOD
from app.db.engine import Database
from app.db.kept import read_by_index

#: What is older than this is asked for by nobody, however the clocks of nodes differ.
KEPT_FOR: Final = FREQUENCY_PERIOD + timedelta(hours=1)
#: How many are forgotten in one transaction, and how many of those at a time: the rest has its turn later.
MOST_AT_ONCE: Final = 1_000
_MOST_BATCHES: Final = 20

_SWEEP: Final = """
DELETE FROM number_attempt WHERE call_id = ANY(ARRAY(
    SELECT call_id FROM number_attempt WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
))
"""


async def sweep_attempts(database: Database, now: datetime, *, most_at_once: int = MOST_AT_ONCE) -> int:
    """Forget the attempts that are too old to count, batch by batch; gives how many those were.

    Raises:
        DatabaseUnavailableError: some may be forgotten already; the rest has its turn later.
    """
    swept = 0
    for _ in range(_MOST_BATCHES):
        async with database.acquire() as connection, connection.transaction():
            await read_by_index(connection)
            status = await connection.execute(_SWEEP, now - KEPT_FOR, most_at_once)
        batch = int(status.removeprefix("DELETE "))
        swept += batch
        if batch < most_at_once:
            break
    return swept
