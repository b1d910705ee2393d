"""A connection that its one user keeps: nothing is asked of a pool, and statements stay prepared on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from app.db.engine import Database, PooledConnection, as_unavailable, heed_cancellation

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

_APPLICATION_NAME: Final = "offhook-writer"
#: For statements that touch a few rows by index, always. The planner is asked once for each statement, and whatever it
#: believed of the tables' size that day, it must not read whole tables when they have grown.
BY_INDEX: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

# In the order of an index where that is asked for: to gather all that fit and sort them costs as much as there are. And
# planned each time: of several indexes, a plan that was made while a table was empty takes any.
_IN_ORDER: Final = {**BY_INDEX, "enable_bitmapscan": "off", "plan_cache_mode": "force_custom_plan"}
_BY_INDEX_LOCALLY: Final = "; ".join(f"SET LOCAL {name} = {value}" for name, value in _IN_ORDER.items())


async def read_by_index(connection: PooledConnection) -> None:
    """The same for the statements of the transaction that has just begun, on a connection of the pool."""
    await connection.execute(_BY_INDEX_LOCALLY)


class KeptConnection:
    """Opened on first use, and again after it was lost. For one user at a time.

    ``on_open`` is awaited with each new connection before anything else is: it may refuse it by raising. ``settings``
    are PostgreSQL's, for its sessions.
    """

    def __init__(
        self,
        database: Database,
        *,
        on_open: "Callable[[asyncpg.Connection[Any]], Awaitable[None]] | None" = None,
        application_name: str = _APPLICATION_NAME,
        settings: Mapping[str, str] = BY_INDEX,
    ) -> None:
        self._database = database
        self._on_open = on_open
        self._application_name = application_name
        self._settings = settings
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is one, and nobody has heard of its end."""
        return self._connection is not None and not self._connection.is_closed()

    @asynccontextmanager
    async def use(self) -> AsyncIterator["Connection"]:
        """The connection, for the block.

        Raises:
            DatabaseUnavailableError: the server is away, or went away meanwhile.
        """
        connection = self._connection
        if connection is None or connection.is_closed():
            connection = await self._open()
        async with self._heeding(connection):
            yield connection

    def close(self) -> None:
        """Let go of it, at once. It may be used again."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def _open(self) -> "Connection":
        connection: Connection = await self._database.open_connection(
            application_name=self._application_name, settings=self._settings
        )
        if self._on_open is not None:
            try:
                async with self._heeding(connection):
                    await self._on_open(connection)
            except BaseException:
                connection.terminate()  # not admitted, so the next use opens another and asks again
                raise
        self._connection = connection
        return connection

    @asynccontextmanager
    async def _heeding(self, connection: "Connection") -> AsyncIterator[None]:
        """Let go of a connection of which nobody knows how it stands, and say so when the server is away."""
        try:
            yield
        except BaseException as error:
            unavailable = as_unavailable(error, connection)
            if unavailable is None and isinstance(error, Exception):
                raise  # the statement's fault, or the block's: the connection is as good as before
            self.close()
            if unavailable is None:
                raise
            heed_cancellation(error)
            raise unavailable from error
