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
from app.db.kept import KeptConnection
from app.db.locks import WEBHOOK_WORKER
from app.errors import UnavailableError

_LARGEST: Final = 2**31 - 1

_HOLD: Final = f"SELECT pg_try_advisory_lock({WEBHOOK_WORKER}, $1)"
_LET_GO: Final = f"SELECT pg_advisory_unlock({WEBHOOK_WORKER}, $1)"
_ENTER: Final = "INSERT INTO webhook_worker (number, started_at) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING"
# objsubid = 2: the kind of advisory lock that has two numbers.
_DEAD: Final = f"""
SELECT worker.number
FROM webhook_worker worker
WHERE NOT EXISTS (
    SELECT FROM pg_locks held
    WHERE held.locktype = 'advisory' AND held.classid = {WEBHOOK_WORKER} AND held.objsubid = 2 AND held.granted
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
        self._clock = clock
        self._on_change = on_change
        self._session = KeptConnection(
            database, on_open=self._enter, application_name="offhook-webhook-worker", settings=_PLANNED_BY_INDEX
        )

    @property
    def is_held(self) -> bool:
        """Whether others can see that this worker is alive; without that it must not lease anything."""
        return self._session.is_open

    async def run(self) -> None:
        """Be present until stopped or cancelled, and then no more."""
        try:
            await super().run()
        finally:
            # No word of farewell: whatever this worker leaves leased, if anything, the next one ends with its entry.
            self._session.close()

    async def run_round(self) -> bool:
        is_back = not self.is_held
        async with self._session.use() as connection:
            if is_back:
                self._on_change()
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
        leases = int(ended.removeprefix("UPDATE "))
        # One that held none has ended as it should, mostly: nothing for an operator to look at.
        (_logger.info if leases else _logger.debug)("webhook_worker_gone", worker=number, leases=leases)
        self._on_change()

    async def _enter(self, connection: "asyncpg.Connection[Any]") -> None:
        if not await connection.fetchval(_HOLD, self.number):
            # After a broken connection the server may need a while to notice; nothing is leased meanwhile.
            raise LostNumberError("The database still holds this worker's earlier session.")
        await connection.execute(_ENTER, self.number, self._clock.now())
