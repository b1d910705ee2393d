"""How many calls an account has room for, for whoever plans several: a view, not a reservation."""

from typing import Final, NamedTuple

from app.db.engine import PooledConnection

# Where money was refused a moment ago, it is tried again once in a minute: calls that end give back what they held.
_READ: Final = """
SELECT account.suspended_at IS NOT NULL AS is_suspended, limits.concurrent_calls, used.live,
    limits.daily_spend_micros IS NOT NULL AND used.spend_told_on = (now() AT TIME ZONE account.time_zone)::date
        AND used.refused_at > now() - interval '1 minute' AS has_no_money
FROM account
LEFT JOIN account_limits AS limits ON limits.account_id = account.id
LEFT JOIN account_usage AS used ON used.account_id = account.id
WHERE account.id = $1
"""


class Room(NamedTuple):
    """So many calls at most at the same time, and how many there are."""

    most: int
    in_use: int


async def read_room(connection: PooledConnection, account_id: str) -> Room | None:
    """What there is just now; None without a limit."""
    row = await connection.fetchrow(_READ, account_id)
    if row is None:
        return None
    if row["is_suspended"] or row["has_no_money"]:
        return Room(0, 0)
    return None if row["concurrent_calls"] is None else Room(row["concurrent_calls"], row["live"] or 0)
