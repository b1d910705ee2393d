"""How many calls an account has room for, for whoever plans several: a view, not a reservation."""

from datetime import datetime
from typing import Final, NamedTuple

from app.db.engine import PooledConnection
from app.usage.deciding import SECOND, read_instants

# Where money was refused a moment ago, it is tried again once in a minute: calls that end give back what they held.
_READ: Final = """
SELECT account.suspended_at IS NOT NULL AS is_suspended, used.live,
    least(limits.concurrent_calls, limits.granted_concurrent_calls) AS concurrent_calls,
    coalesce(limits.daily_spend_micros, limits.granted_daily_spend_micros) IS NOT NULL
        AND used.spend_told_on = ($2::timestamptz AT TIME ZONE account.time_zone)::date
        AND used.refused_at > $2 - interval '1 minute' AS has_no_money
FROM account
LEFT JOIN account_limits AS limits ON limits.account_id = account.id
LEFT JOIN account_usage AS used ON used.account_id = account.id
WHERE account.id = $1
"""

_READ_RATE: Final = """
SELECT least(limits.calls_per_second, limits.granted_calls_per_second) AS calls_per_second, used.begun
FROM account_limits AS limits JOIN account_usage AS used USING (account_id) WHERE account_id = $1
"""


class Room(NamedTuple):
    """So many calls at most at the same time, and how many there are."""

    most: int
    in_use: int


async def read_room(connection: PooledConnection, account_id: str, now: datetime) -> Room | None:
    """What there is just now; None without a limit."""
    row = await connection.fetchrow(_READ, account_id, now)
    if row is None:
        return None
    if row["is_suspended"] or row["has_no_money"]:
        return Room(0, 0)
    return None if row["concurrent_calls"] is None else Room(row["concurrent_calls"], row["live"] or 0)


class Beginnings(NamedTuple):
    """So many calls at most may begin in a second, how many have in the last, and from when on more may, if ever."""

    most: int
    begun: int
    more_at: datetime | None


async def read_beginnings(connection: PooledConnection, account_id: str, now: datetime) -> Beginnings | None:
    """What there is just now; None without a limit."""
    row = await connection.fetchrow(_READ_RATE, account_id)
    if row is None or row["calls_per_second"] is None:
        return None
    begun = tuple(at for at in read_instants(row["begun"]) if at > now - SECOND)
    most = row["calls_per_second"]
    return Beginnings(most, len(begun), (begun[0] if begun else now) + SECOND if most else None)
