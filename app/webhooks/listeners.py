"""Who listens: which accounts have webhook endpoints, known without asking, and never wrongly "nobody".

An append that has no endpoint to write for should cost nothing, not even a question. So each appending process keeps
the accounts that have an endpoint in memory. Missing a new endpoint would lose its events; these keep that from
happening, in however many processes:

- Whoever makes an endpoint says so with NOTIFY in the same transaction. On hearing it, a process forgets what it knows
  at once, and asks the database for each append until it has looked anew.
- A process holds a shared lock for as long as it relies on what it knows, and lets go once it has forgotten.
  :func:`wait_until_heard` takes that lock for itself after the endpoint is committed: once it has it, nobody relies on
  anything older. Only then is the endpoint's maker answered.
- A process whose connection broke, or that has not heard from the database for some seconds, knows nothing.
"""

import time
from collections.abc import Iterable
from typing import Any, Final

import asyncpg
import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError

CHANNEL: Final = "offhook_webhook_endpoints"
# The numbers of advisory locks mean nothing; they only have to be nobody else's.
_LOCK: Final = 65298
_TRUST_SECONDS: Final = 15.0
_HEARING_SECONDS: Final = 2.0

_ACCOUNTS: Final = "SELECT DISTINCT account_id FROM webhook_endpoint WHERE deleted_at IS NULL"

_logger = structlog.get_logger(__name__)


class Listeners(Daemon):
    """The accounts with webhook endpoints. Before :meth:`run` has looked, and whenever in doubt: unknown."""

    name = "webhook-listeners"
    poll_seconds = 5.0

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._database = database
        self._connection: asyncpg.Connection[Any] | None = None
        self._accounts: frozenset[str] | None = None
        self._is_stale = True
        self._confirmed_at = 0.0

    def is_nobody(self, account_ids: Iterable[str]) -> bool:
        """Whether surely none of these accounts has an endpoint. False also means: who knows."""
        accounts = self._known
        return accounts is not None and accounts.isdisjoint(account_ids)

    @property
    def _known(self) -> frozenset[str] | None:
        if self._connection is None or self._connection.is_closed():
            return None
        if time.monotonic() - self._confirmed_at > _TRUST_SECONDS:
            return None
        return self._accounts

    async def run(self) -> None:
        """Follow until stopped or cancelled."""
        try:
            await super().run()
        finally:
            self._accounts = None
            if self._connection is not None:
                self._connection.terminate()

    async def run_round(self) -> bool:
        connection = await self._connected()
        if self._accounts is None:
            # Whoever waits to be heard gets the lock in between; see the module's own words.
            await connection.execute("SELECT pg_advisory_unlock_all()")
            await connection.execute(f"SELECT pg_advisory_lock_shared({_LOCK})")
            self._is_stale = False
        asked_at = time.monotonic()
        accounts = frozenset(row["account_id"] for row in await connection.fetch(_ACCOUNTS))
        if self._is_stale:
            return True  # something happened while we looked
        self._accounts, self._confirmed_at = accounts, asked_at
        return False

    async def _connected(self) -> "asyncpg.Connection[Any]":
        if self._connection is None or self._connection.is_closed():
            self._accounts, self._is_stale = None, True
            self._connection = await self._database.open_connection(application_name="offhook-webhook-listeners")
            await self._connection.add_listener(CHANNEL, self._forget)
        return self._connection

    def _forget(self, *_: object) -> None:
        self._accounts, self._is_stale = None, True
        self.wake()


async def announce_endpoint(connection: PooledConnection) -> None:
    """Tell all processes, with the present transaction, that somebody begins to listen."""
    await connection.execute(f"NOTIFY {CHANNEL}")


async def wait_until_heard(database: Database) -> None:
    """Return once every process has heard what was announced; call it after the commit.

    A process that hangs does not hold its maker up for ever: it will look anew before it goes on relying on what it
    knew, at the latest after some seconds. When the database goes away here, all of them know nothing any more.
    """
    try:
        async with database.acquire() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = {round(_HEARING_SECONDS * 1000)}")
            await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    except (asyncpg.LockNotAvailableError, DatabaseUnavailableError) as error:
        # The endpoint is there and its secret must reach its maker.
        _logger.warning("webhook_endpoint_not_heard", error=type(error).__name__)
