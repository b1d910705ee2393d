"""The rows of what is reserved, each of a leg or a call, at the price that held when it was taken."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from app.db.engine import PooledConnection
from app.usage.rates import Rate, prefixes_of

_PRICES: Final = """
SELECT prefix, minute_micros, fee_micros, minimum_seconds, increment_seconds, label
FROM destination_rate WHERE account_id = $1 AND prefix = ANY($2::text[])
"""
_HELD: Final = "SELECT id FROM usage_hold WHERE id = ANY($1::text[])"
_HOLD: Final = """
INSERT INTO usage_hold
    (id, account_id, call_id, taken_at, day, micros, minute_micros, fee_micros, minimum_seconds, increment_seconds)
SELECT id, $1, call_id, $2, $3, micros, minute_micros, fee_micros, minimum_seconds, increment_seconds
FROM unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
    AS hold (id, call_id, micros, minute_micros, fee_micros, minimum_seconds, increment_seconds)
"""

_FREE: Final = Rate(prefix="", minute_micros=0)


async def find(connection: PooledConnection, ids: Sequence[str]) -> frozenset[str]:
    """Those of the legs and calls for which something is held."""
    return frozenset(row["id"] for row in await connection.fetch(_HELD, list(ids)))


async def write(
    connection: PooledConnection,
    account_id: str,
    holders: Mapping[str, str],
    micros: Mapping[str, int],
    prices: Mapping[str, Rate | None],
    now: datetime,
    today: date,
) -> None:
    """Write what is held, each with the call that it is of."""
    if not holders:
        return
    rates = [prices.get(one) or _FREE for one in holders]
    await connection.execute(
        *(_HOLD, account_id, now, today, list(holders), list(holders.values())),
        [micros.get(one, 0) for one in holders],
        [rate.minute_micros for rate in rates],
        [rate.fee_micros for rate in rates],
        [rate.minimum_seconds for rate in rates],
        [rate.increment_seconds for rate in rates],
    )


async def read_rates(connection: PooledConnection, account_id: str, numbers: Sequence[str]) -> dict[str, Rate]:
    """The account's prices, by prefix, as far as these numbers may need them."""
    prefixes = {prefix for number in numbers for prefix in prefixes_of(number)}
    rows = await connection.fetch(_PRICES, account_id, sorted(prefixes))
    return {row["prefix"]: Rate(**dict(row)) for row in rows}
