"""Rotating an endpoint's signing secret: for a while the old and the new one both sign, and no delivery fails."""

from datetime import datetime, timedelta
from typing import Final

from app.clock import Clock
from app.db.engine import Database
from app.egress.signing import new_secret, show_secret
from app.errors import Problem, RefusedError
from app.secrets.sealing import Sealer

DEFAULT_GRACE: Final = timedelta(hours=24)
LONGEST_GRACE: Final = timedelta(days=7)
#: Each signs every attempt, so there cannot be many.
MOST_RETIRED: Final = 4

_LOCK: Final = """
SELECT secret_sealed, retired_secrets, retired_until FROM webhook_endpoint
WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""
_ROTATE: Final = """
UPDATE webhook_endpoint SET secret_sealed = $2, retired_secrets = $3, retired_until = $4 WHERE id = $1
"""


async def rotate_secret(
    database: Database, sealer: Sealer, clock: Clock, account_id: str, endpoint_id: str, *, grace: timedelta
) -> str:
    """Give an endpoint a new secret. The present one signs beside it for ``grace``; none that is older outlives it.

    A grace of zero ends all older secrets at once, those of earlier rotations too: what to do when one leaked. The new
    one, ``whsec_…``, is shown this once.

    Raises:
        RefusedError: NOT_FOUND, INVALID_INPUT (grace), INVALID_STATE (rotated too often within the grace).
    """
    if not timedelta() <= grace <= LONGEST_GRACE:
        longest = round(LONGEST_GRACE.total_seconds())
        raise RefusedError(Problem("INVALID_INPUT", f"Use 0 to {longest} seconds.", ("graceSeconds",)))
    key, now = new_secret(), clock.now()
    async with database.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(_LOCK, endpoint_id, account_id)
        if row is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such webhook endpoint.", ("id",)))
        retired: list[tuple[bytes, datetime]] = []
        if grace:
            pairs = zip(row["retired_secrets"], row["retired_until"], strict=True)
            retired = [(sealed, min(until, now + grace)) for sealed, until in pairs if until > now]
            retired.append((row["secret_sealed"], now + grace))
        if len(retired) > MOST_RETIRED:
            first = min(until for _, until in retired)
            message = (
                f"{MOST_RETIRED} older secrets sign beside the present one. Rotate again after {first:%Y-%m-%d %H:%M} "
                "UTC, or with a grace of 0 to end them all now."
            )
            raise RefusedError(Problem("INVALID_STATE", message, ("id",), "ROTATING"))
        await connection.execute(
            _ROTATE,
            endpoint_id,
            sealer.seal(key, owner_id=endpoint_id),
            [sealed for sealed, _ in retired],
            [until for _, until in retired],
        )
    return show_secret(key)
