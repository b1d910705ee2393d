"""The fence: only the holder of the lease can commit, at no cost to a commit.

The call store writes over one connection. When that connection is opened, it takes a session-level advisory lock that
belongs to the node, and then sees that the lease's token is still its own. From there on no other process gets the
lock for as long as that session lives, so nothing has to be asked at each commit. A successor ends the session: what
the former holder had under way on it is rolled back, and when it connects again it finds the token gone.
"""

import asyncio
from typing import Any, Final

import asyncpg

from app.calls.keeping.change import FencedError
from app.db.locks import NODE_WRITER
from app.errors import DatabaseUnavailableError
from app.ownership.lease import Lease

_PAUSE_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 5.0

_LOCK: Final = f"SELECT pg_try_advisory_lock({NODE_WRITER}, hashtext($1))"
_IS_MINE: Final = "SELECT EXISTS (SELECT FROM asterisk_lease WHERE node = $1 AND token = $2)"
# hashtext is signed and pg_locks shows it unsigned.
_END_OTHERS: Final = f"""
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = {NODE_WRITER} AND objid = (hashtext($1)::bigint & 4294967295)::oid AND objsubid = 2
  AND granted AND pid <> pg_backend_pid()
"""  # noqa: S608 -- only our own constant


class Fence:
    """Makes connections the only ones that may write for a lease."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    async def arm(self, connection: "asyncpg.Connection[Any]") -> None:
        """Make this session the one that writes, or fail. Call it once for each new connection of the writer.

        Raises:
            FencedError: the lease has gone to another process.
            DatabaseUnavailableError: an earlier session does not end.
        """
        node, token = self._lease.node, self._lease.token
        deadline = asyncio.get_running_loop().time() + _LONGEST_SECONDS
        while True:
            is_locked = await connection.fetchval(_LOCK, node)
            # After the lock: whoever comes later has to end this very session first.
            if not await connection.fetchval(_IS_MINE, node, token):
                raise FencedError(f"node {node}")
            if is_locked:
                return
            if asyncio.get_running_loop().time() >= deadline:
                raise DatabaseUnavailableError("The former writer's session does not end.")
            # A former holder's, or our own that PostgreSQL has not noticed the end of.
            await connection.fetch(_END_OTHERS, node)
            await asyncio.sleep(_PAUSE_SECONDS)
