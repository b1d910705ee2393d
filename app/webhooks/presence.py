"""Which workers are alive: a lease whose worker is dead is nobody's, and need not run out first.

A worker has a number, and a session of its own that holds the advisory lock of that number. The session ends with the
process, whatever ends it, and the server lets go of the lock at once: no clock, no heartbeat. Every worker looks each
second for numbers in ``webhook_worker`` that nobody holds, and ends their leases. The leases of workers that are alive
are respected, however slow they are; should a server die so that its connection stays open, they run out by themselves.
"""

import secrets
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database
from app.errors import UnavailableError

# The lock's first number says "a webhook worker"; it only has to be nobody else's.
_CLASS: Final = 65297
_LARGEST: Final = 2**31 - 1

_HOLD: Final = f"SELECT pg_try_advisory_lock({_CLASS}, $1)"
_LET_GO: Final = f"SELECT pg_advisory_unlock({_CLASS}, $1)"
_ENTER: Final = "INSERT INTO webhook_worker (number, started_at) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING"
# objsubid = 2: the kind of advisory lock that has two numbers.
_DEAD: Final = f"""
SELECT worker.number
FROM webhook_worker worker
WHERE NOT EXISTS (
    SELECT FROM pg_locks held
    WHERE held.locktype = 'advisory' AND held.classid = {_CLASS} AND held.objsubid = 2 AND held.granted
      AND held.objid = worker.number::oid
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""  # noqa: S608  # our own constants
# What is locked just now is being leased or settled by somebody alive.
_END_LEASES: Final = """
UPDATE webhook_delivery SET leased_until = NULL
WHERE id IN (SELECT id FROM webhook_delivery
             WHERE state = 'PENDING' AND leased_until IS NOT NULL AND leased_by = $1
             FOR UPDATE SKIP LOCKED)
"""
# The second of the two reads what is pending, never all that ever was.
_PLANNED_BY_INDEX: Final = {"enable_seqscan": "off"}
_BURY: Final = "DELETE FROM webhook_worker WHERE number = $1"

_logger = structlog.get_logger(__name__)


class LostNumberError(UnavailableError):
    """The server still believes an earlier session of this worker to be alive."""


class Presence(Daemon):
    """This worker's own presence, and the burial of others. ``on_change`` is called when there may be work to claim."""

    name = "webhook-presence"

    def __init__(self, database: Database, clock: Clock, *, on_change: Callable[[], None]) -> None:
        super().__init__(clock)
        self.number: Final = 1 + secrets.randbelow(_LARGEST)
        self._database = database
        self._clock = clock
        self._on_change = on_change
        self._connection: asyncpg.Connection[Any] | None = None

    @property
    def is_held(self) -> bool:
        """Whether others can see that this worker is alive; without that it must not lease anything."""
        return self._connection is not None and not self._connection.is_closed()

    async def run(self) -> None:
        """Be present until stopped or cancelled, and then no more."""
        try:
            await super().run()
        finally:
            # No word of farewell: whatever this worker leaves leased, if anything, the next one ends with its entry.
            if self._connection is not None:
                self._connection.terminate()

    async def run_round(self) -> bool:
        if not self.is_held:
            await self._enter()
            self._on_change()
        connection = self._connection
        assert connection is not None
        for row in await connection.fetch(_DEAD):
            await self._bury(connection, row["number"])
        return False

    async def _bury(self, connection: "asyncpg.Connection[Any]", number: int) -> None:
        """End the leases of a worker that was dead when it was looked for, unless it is back by now."""
        # Held meanwhile, its number keeps it, and every other worker, from coming in between.
        if not await connection.fetchval(_HOLD, number):
            return
        try:
            ended = await connection.execute(_END_LEASES, number)
            await connection.execute(_BURY, number)
        finally:
            await connection.execute(_LET_GO, number)
        _logger.info("webhook_worker_gone", worker=number, leases=int(ended.removeprefix("UPDATE ")))
        self._on_change()

    async def _enter(self) -> None:
        connection = await self._database.open_connection(
            application_name="offhook-webhook-worker", settings=_PLANNED_BY_INDEX
        )
        try:
            is_ours = await connection.fetchval(_HOLD, self.number)
            if is_ours:
                await connection.execute(_ENTER, self.number, self._clock.now())
                self._connection = connection
        finally:
            if self._connection is not connection:
                connection.terminate()
        if not is_ours:
            # After a broken connection the server may need a while to notice; nothing is leased meanwhile.
            raise LostNumberError("The database still holds this worker's earlier session.")
