"""What was asked through a dialect a moment ago: whoever asks the same again means the same call.

Clients of dialects have no idempotency keys. So each request that rings a phone has one made for it, which an equal
request of the same account gets too, while the first is being answered and for some seconds more.
"""

import hmac
import secrets
from datetime import timedelta
from typing import Final

from app.accounts.dialects import Dialect
from app.db.engine import Database

#: One statement: whoever asks at the same time waits for the row, and then reads the key that won. The instants are the
#: database's own, one clock for all processes. A few that are long over go on the way, whoever holds none of them.
_TAKE: Final = """
WITH swept AS (
    DELETE FROM dialect_request WHERE (account_id, digest) IN (
        SELECT account_id, digest FROM dialect_request
        WHERE until < clock_timestamp() - interval '1 minute' AND digest <> $2
        ORDER BY until LIMIT 20 FOR UPDATE SKIP LOCKED)
)
INSERT INTO dialect_request AS held (account_id, digest, key, until)
VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
ON CONFLICT (account_id, digest) DO UPDATE SET
    key = CASE WHEN held.until > clock_timestamp() THEN held.key ELSE excluded.key END,
    until = CASE WHEN held.until > clock_timestamp() THEN held.until ELSE excluded.until END
RETURNING key
"""
_ANSWERED: Final = """
UPDATE dialect_request SET until = least(until, clock_timestamp() + $4::interval)
WHERE account_id = $1 AND digest = $2 AND key = $3
"""


class DialectRequests:
    """The keys of requests. What was asked is kept as a keyed digest alone."""

    def __init__(self, database: Database, hashing_key: bytes) -> None:
        self._database = database
        self._hashing_key = hashing_key

    async def take_key(self, account_id: str, dialect: Dialect, parts: bytes, seconds: float) -> str:
        """The idempotency key of a request: an equal one's, of at most ``seconds`` ago, or a new one.

        Raises:
            DatabaseUnavailableError: nothing was noted.
        """
        async with self._database.acquire() as connection:
            key: str = await connection.fetchval(
                _TAKE,
                account_id,
                self._digest(dialect, parts),
                f"{dialect.value.lower()}-{secrets.token_hex(16)}",
                timedelta(seconds=seconds),
            )
        return key

    async def end_soon(self, account_id: str, dialect: Dialect, parts: bytes, key: str, seconds: float) -> None:
        """A request was answered: an equal one is the same for ``seconds`` more at most.

        Raises:
            DatabaseUnavailableError: it stays as it was.
        """
        async with self._database.acquire() as connection:
            await connection.execute(
                _ANSWERED, account_id, self._digest(dialect, parts), key, timedelta(seconds=seconds)
            )

    def _digest(self, dialect: Dialect, parts: bytes) -> bytes:
        return hmac.digest(self._hashing_key, f"request/{dialect.value}/".encode() + parts, "sha256")
