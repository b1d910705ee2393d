"""A connection that its one user keeps: nothing is asked of a pool, and statements stay prepared on it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from app.db.engine import Database, as_unavailable, heed_cancellation

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


class KeptConnection:
    """Opened on first use, and again after it was lost. For one user at a time.

    ``on_open`` is awaited with each new connection before anything else is: it may refuse it by raising.
    """

    def __init__(
        self, database: Database, *, on_open: "Callable[[asyncpg.Connection[Any]], Awaitable[None]] | None" = None
    ) -> None:
        self._database = database
        self._on_open = on_open
        self._connection: Connection | None = None

    @asynccontextmanager
    async def use(self) -> AsyncIterator["Connection"]:
        """The connection, for the block. Planned by index (``BY_INDEX``).

        Raises:
            DatabaseUnavailableError: the server is away, or went away meanwhile.
        """
        connection = self._connection
        is_new = connection is None or connection.is_closed()
        if connection is None or is_new:
            connection = self._connection = await self._database.open_connection(
                application_name=_APPLICATION_NAME, settings=BY_INDEX
            )
        try:
            if is_new and self._on_open is not None:
                await self._admit(connection, self._on_open)
            yield connection
        except BaseException as error:
            unavailable = as_unavailable(error, connection)
            if unavailable is None and isinstance(error, Exception):
                raise  # the statement's fault, or the block's: the connection is as good as before
            # Nobody knows where the conversation stands: a new one is begun.
            self._drop()
            if unavailable is None:
                raise
            heed_cancellation(error)
            raise unavailable from error

    async def _admit(
        self, connection: "Connection", on_open: "Callable[[asyncpg.Connection[Any]], Awaitable[None]]"
    ) -> None:
        try:
            await on_open(connection)
        except BaseException:
            self._drop()  # not admitted, so the next use opens another and asks again
            raise

    def close(self) -> None:
        """Let go of it, at once. It may be used again."""
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()
