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
_FIND: Final = "SELECT key FROM dialect_request WHERE account_id = $1 AND digest = $2 AND until > clock_timestamp()"
_DROP: Final = "DELETE FROM dialect_request WHERE account_id = $1 AND digest = $2"
_ANSWERED: Final = """
UPDATE dialect_request SET until = least(until, clock_timestamp() + $4::interval)
WHERE account_id = $1 AND digest = $2 AND key = $3
"""


class DialectRequests:
    """The keys of requests, and what those that change something live are about: by then it may be over.

    What was asked is kept as a keyed digest alone.
    """

    def __init__(self, database: Database, hashing_key: bytes) -> None:
        self._database = database
        self._hashing_key = hashing_key

    async def take_key(self, account_id: str, dialect: Dialect, parts: bytes, seconds: float) -> str:
        """The idempotency key of a request: an equal one's, of at most ``seconds`` ago, or a new one.

        Raises:
            DatabaseUnavailableError: nothing was noted.
        """
        new = f"{dialect.value.lower()}-{secrets.token_hex(16)}"
        return await self._take(account_id, self._digest(dialect, parts), new, seconds)

    async def keep_subject(self, account_id: str, dialect: Dialect, key: str, subject: str, seconds: float) -> str:
        """Keep what the request with this key is about; gives what an equal one has kept before, or the same.

        Raises:
            DatabaseUnavailableError: it is not kept.
        """
        return await self._take(account_id, self._subject_digest(dialect, key), subject, seconds)

    async def find_subject(self, account_id: str, dialect: Dialect, key: str) -> str | None:
        """What the request with this key is about, if that was kept.

        Raises:
            DatabaseUnavailableError: nobody can say.
        """
        async with self._database.acquire() as connection:
            found: str | None = await connection.fetchval(_FIND, account_id, self._subject_digest(dialect, key))
        return found

    async def drop_subject(self, account_id: str, dialect: Dialect, key: str) -> None:
        """Keep it no more.

        Raises:
            DatabaseUnavailableError: it stays, until its time is over.
        """
        async with self._database.acquire() as connection:
            await connection.execute(_DROP, account_id, self._subject_digest(dialect, key))

    async def end_soon(self, account_id: str, dialect: Dialect, parts: bytes, key: str, seconds: float) -> None:
        """A request was answered: an equal one is the same for ``seconds`` more at most.

        Raises:
            DatabaseUnavailableError: it stays as it was.
        """
        async with self._database.acquire() as connection:
            await connection.execute(
                _ANSWERED, account_id, self._digest(dialect, parts), key, timedelta(seconds=seconds)
            )

    async def _take(self, account_id: str, digest: bytes, new: str, seconds: float) -> str:
        async with self._database.acquire() as connection:
            held: str = await connection.fetchval(_TAKE, account_id, digest, new, timedelta(seconds=seconds))
        return held

    def _subject_digest(self, dialect: Dialect, key: str) -> bytes:
        return hmac.digest(self._hashing_key, f"subject/{dialect.value}/{key}".encode(), "sha256")

    def _digest(self, dialect: Dialect, parts: bytes) -> bytes:
        return hmac.digest(self._hashing_key, f"request/{dialect.value}/".encode() + parts, "sha256")
