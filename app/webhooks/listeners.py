"""Who listens: which accounts have webhook endpoints, known without asking, and never wrongly "nobody".

An append that has no endpoint to write for should cost nothing, not even a question. So each appending process keeps
the accounts that have an endpoint in memory. Missing a new endpoint would lose its events; these keep that from
happening, in however many processes:

- Whoever makes an endpoint says so with NOTIFY in the same transaction. On hearing it, a process forgets what it knows
  at once, and asks the database for each append until it has looked anew.
- A process holds a shared lock for as long as it relies on what it knows, and lets go once it has forgotten.
  :func:`wait_until_heard` takes that lock for itself after the endpoint is committed: once it has it, nobody relies on
  anything older. Only then is the endpoint's maker answered.
- An append relies on what was known as it began until it is committed. So each is counted (:meth:`Listeners.appending`)
  and a process that has forgotten lets go of the lock only after those that had begun before.
- A process whose connection broke, or that has not heard from the database for some seconds, knows nothing. Whoever
  makes an endpoint waits longer than that when a process that has vanished without a word still holds the lock.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database, PooledConnection
from app.db.kept import KeptConnection
from app.db.locks import WEBHOOK_LISTENERS
from app.errors import DatabaseUnavailableError

CHANNEL: Final = "offhook_webhook_endpoints"
_TRUST_SECONDS: Final = 6.0
#: How long the lock is waited for with a connection of the pool's in hand.
_HEARING_SECONDS: Final = 2.0
#: How soon the announcement is repeated to those who took the lock anew too early.
_AGAIN_SECONDS: Final = 0.03
# So the server finds out within some eleven seconds that a process is gone without a word, and lets its lock go.
_NOTICE_LOSS: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "11000",
}

_ACCOUNTS: Final = "SELECT DISTINCT account_id FROM webhook_endpoint WHERE deleted_at IS NULL"

_logger = structlog.get_logger(__name__)


class _Appends:
    """Appends that are under way, of those that began between two forgettings."""

    __slots__ = ("_are_over", "_count")

    def __init__(self) -> None:
        self._count = 0
        self._are_over: asyncio.Event | None = None

    def begin(self) -> None:
        self._count += 1

    def end(self) -> None:
        self._count -= 1
        if not self._count and self._are_over is not None:
            self._are_over.set()

    async def wait_until_over(self) -> None:
        """To be called when none of them is yet to begin."""
        if self._count:
            self._are_over = asyncio.Event()
            await self._are_over.wait()


class Listeners(Daemon):
    """The accounts with webhook endpoints. Before :meth:`run` has looked, and whenever in doubt: unknown."""

    name = "webhook-listeners"
    poll_seconds = 2.5

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._database = database
        self._ear = KeptConnection(
            database, on_open=self._begin, application_name="offhook-webhook-listeners", settings=_NOTICE_LOSS
        )
        self._accounts: frozenset[str] | None = None
        self._is_stale = True
        self._confirmed_at = 0.0
        self._appends = _Appends()

    @contextmanager
    def appending(self) -> Iterator[None]:
        """Around an append, from before :meth:`is_nobody` is asked until it is committed or has failed."""
        appends = self._appends
        appends.begin()
        try:
            yield
        finally:
            appends.end()

    def is_nobody(self, account_ids: Iterable[str]) -> bool:
        """Whether surely none of these accounts has an endpoint. False also means: who knows."""
        accounts = self._known
        return accounts is not None and accounts.isdisjoint(account_ids)

    @property
    def _known(self) -> frozenset[str] | None:
        if not self._ear.is_open:
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
            self._ear.close()

    async def run_round(self) -> bool:
        async with self._ear.use() as connection:
            if self._accounts is None:
                await self._finish_appends()
                # Whoever waits to be heard gets the lock in between; see the module's own words.
                await connection.execute("SELECT pg_advisory_unlock_all()")
                await connection.execute(f"SELECT pg_advisory_lock_shared({WEBHOOK_LISTENERS})")
                self._is_stale = False
            asked_at = time.monotonic()
            accounts = frozenset(row["account_id"] for row in await connection.fetch(_ACCOUNTS))
        if self._is_stale:
            return True  # something happened while we looked
        self._accounts, self._confirmed_at = accounts, asked_at
        return False

    async def _finish_appends(self) -> None:
        """Wait for the appends that may rely on what has been forgotten; those that begin now rely on nothing."""
        begun, self._appends = self._appends, _Appends()
        try:
            async with asyncio.timeout(self._database.statement_seconds):
                await begun.wait_until_over()
        except TimeoutError:
            # By now its statement is given up as well. Without end, an append that hangs would make all others ask.
            _logger.warning("webhook_append_hangs")

    async def _begin(self, connection: "asyncpg.Connection[Any]") -> None:
        self._accounts, self._is_stale = None, True
        await connection.add_listener(CHANNEL, self._forget)

    def _forget(self, *_: object) -> None:
        self._accounts, self._is_stale = None, True
        self.wake()


async def announce_endpoint(connection: PooledConnection) -> None:
    """Tell all processes, with the present transaction, that somebody begins to listen."""
    await connection.execute(f"NOTIFY {CHANNEL}")


async def wait_until_heard(database: Database) -> None:
    """Return once every process has heard what was announced; call it after the commit.

    A process that hangs does not hold its maker up for ever: it will look anew before it goes on relying on what it
    knew, at the latest after ``_TRUST_SECONDS``, and then its appends end. Who has waited for both need not be told.
    """
    began = time.monotonic()
    try:
        async with asyncio.TaskGroup() as group:
            announcing = group.create_task(_announce_again(database))
            await _take_lock(database)
            announcing.cancel()
    except* (asyncpg.LockNotAvailableError, DatabaseUnavailableError) as errors:
        # The endpoint is there and its secret must reach its maker.
        _logger.warning("webhook_endpoint_not_heard", error=type(errors.exceptions[0]).__name__)
        # Without a connection: there are few, and this is long.
        until = began + _TRUST_SECONDS + database.statement_seconds
        await asyncio.sleep(max(0.0, until - time.monotonic()))


async def _take_lock(database: Database) -> None:
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {round(_HEARING_SECONDS * 1000)}")
        await connection.execute(f"SELECT pg_advisory_xact_lock({WEBHOOK_LISTENERS})")


async def _announce_again(database: Database) -> None:
    """Have those let go once more that had heard, and taken the lock anew, before its maker stood in line for it."""
    pause = _AGAIN_SECONDS
    while True:
        await asyncio.sleep(pause)
        pause *= 2
        try:
            async with database.acquire() as connection:
                await announce_endpoint(connection)
        except DatabaseUnavailableError:
            return  # whoever waits for the lock meets the same
