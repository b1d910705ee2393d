"""The database as the rest of the service holds it: one pool with time-outs, and one error when it is away."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from app.errors import ConfigurationError, DatabaseUnavailableError

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
#: A connection of the pool's, or one of somebody's own: statements do not care.
PooledConnection: TypeAlias = "PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"

_APPLICATION_NAME = "offhook"
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_IDLE_IN_TRANSACTION_SECONDS = 5.0
_ROLLBACK_SECONDS = 5.0
_JSONB_VERSION = b"\x01"  # the first byte of jsonb's binary form

# What says "the server, not the statement": connection lost or refused, shutting down, recovering, full, out of
# connections, read-only after a fail-over, at odds with its disk, or too slow. A TimeoutError is asyncpg's for its own
# time-outs.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
)
# The server answers, and will go on refusing until an operator mends the setting.
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)


class Database:
    """A pool on one PostgreSQL: time-outs on every statement, UTC, and JSON as Python objects.

    ``json`` and ``jsonb`` go in and out as dicts and lists (or in as an ``orjson.Fragment``, already encoded).
    Statements stay prepared on each connection.

    Take connections through :meth:`acquire`: there a database that is away becomes
    :class:`~app.errors.DatabaseUnavailableError`. Await nothing but the database inside the block.
    """

    def __init__(self, pool: Pool, *, acquire_seconds: float, options: dict[str, Any] | None = None) -> None:
        self._pool = pool
        self._acquire_seconds = acquire_seconds
        self._options = options or {}

    @property
    def statement_seconds(self) -> float:
        """How long one statement takes at most."""
        return self._acquire_seconds

    @classmethod
    async def connect(cls, dsn: str, *, pool_size: int = 10, command_timeout: float = 10.0) -> Self:
        """Open the pool; ``command_timeout`` is seconds per statement and per wait for a free connection.

        Raises:
            DatabaseUnavailableError: the server cannot be reached.
            ConfigurationError: it refuses the user, the password or the database's name, or the DSN is malformed.
        """
        options = _make_connect_options(dsn, command_timeout)
        try:
            await (await asyncpg.connect(**options)).close(timeout=_CLOSE_SECONDS)
            # No least size: during an outage the pool would go on logging its attempts to keep it.
            pool = await asyncpg.create_pool(
                **options, min_size=0, max_size=pool_size, init=_set_json_codecs, reset=_keep_session
            )
        except (*_REFUSED, ValueError) as error:
            raise ConfigurationError(f"OFFHOOK_DATABASE_URL cannot be used: {error}") from error
        except _AWAY as error:
            raise say_away(error) from error
        return cls(pool, acquire_seconds=command_timeout, options=options)

    async def aclose(self) -> None:
        """Close the pool; connections still in use after some seconds are cut."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    def give_up(self) -> None:
        """Cut every connection of the pool: whoever waits for an answer on one gets an error at once. For the end."""
        self._pool.terminate()

    async def open_connection(
        self, *, application_name: str = _APPLICATION_NAME, settings: Mapping[str, str] | None = None
    ) -> "asyncpg.Connection[Any]":
        """A connection of one's own beside the pool, for what must not wait for a free one. Close it yourself.

        ``settings`` are PostgreSQL's, for its session.

        Raises:
            DatabaseUnavailableError: the server is away.
        """
        wanted = {**self._options["server_settings"], **(settings or {}), "application_name": application_name}
        try:
            connection: asyncpg.Connection[Any] = await asyncpg.connect(**{**self._options, "server_settings": wanted})
            try:
                await _set_json_codecs(connection)
            except BaseException:
                connection.terminate()  # nobody else has it
                raise
        except (*_AWAY, *_REFUSED) as error:  # once it was let in: refused now, it may be let in again
            raise say_away(error) from error
        return connection

    async def check(self) -> None:
        """Return when the database answers.

        Raises:
            DatabaseUnavailableError: it does not.
        """
        async with self.acquire() as connection:
            await connection.fetchval("SELECT 1")

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[PooledConnection]:
        """A connection from the pool, for the block.

        Raises:
            DatabaseUnavailableError: the server is away, or no connection became free in time.
        """
        try:
            async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
                try:
                    yield connection
                except asyncpg.InterfaceError as error:
                    if _is_lost(connection):
                        raise say_away(error) from error
                    raise
                except asyncio.CancelledError:
                    await _roll_back(connection)
                    raise
        except _AWAY as error:
            heed_cancellation(error)
            raise say_away(error) from error


@asynccontextmanager
async def telling_when_away() -> AsyncIterator[None]:
    """Turn what asyncpg raises when the server is away into DatabaseUnavailableError."""
    try:
        yield
    except _AWAY as error:
        heed_cancellation(error)
        raise say_away(error) from error


def as_unavailable(error: BaseException, connection: "asyncpg.Connection[Any]") -> DatabaseUnavailableError | None:
    """The error of a database that is away, when that is what an error on this connection says; else None."""
    if is_away(error) or (isinstance(error, asyncpg.InterfaceError) and connection.is_closed()):
        return say_away(error)
    return None


def _is_lost(connection: PooledConnection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has let go of it already, which it does when the server hangs up
        return True


async def _roll_back(connection: PooledConnection) -> None:
    """End a transaction that is open still: whoever was in it was cancelled again while it was being rolled back.

    The pool would do so as well, and complain of it as of somebody who has forgotten.
    """
    if not _is_lost(connection) and connection.is_in_transaction():
        with suppress(*_AWAY, asyncpg.PostgresError, asyncpg.InterfaceError):  # then the pool does, or cuts it
            await connection.execute("ROLLBACK", timeout=_ROLLBACK_SECONDS)


def heed_cancellation(error: BaseException) -> None:
    """Go on being cancelled: a server that does not answer makes asyncpg raise something else in its place.

    Raises:
        asyncio.CancelledError: the present task was told to end. Loops that try again after an outage would not.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


def is_away(error: BaseException | None) -> bool:
    """Whether an error of asyncpg's says that the server is away, rather than that a statement is wrong."""
    return isinstance(error, _AWAY)


def say_away(error: BaseException) -> DatabaseUnavailableError:
    """The error of a database that is away, for what asyncpg said of it."""
    # The kind of error, never its text: that may quote a statement and the values in it.
    return DatabaseUnavailableError(f"The database is not available ({type(error).__name__}).")


def _make_connect_options(dsn: str, command_timeout: float) -> dict[str, Any]:
    return {
        "dsn": normalise_dsn(dsn),
        "timeout": _CONNECT_SECONDS,
        "command_timeout": command_timeout,
        "server_settings": {
            "application_name": _APPLICATION_NAME,
            "timezone": "UTC",
            # The server gives up a little after we did, in case our cancel request was lost.
            "statement_timeout": str(round((command_timeout + 1) * 1000)),
            # A transaction whose process was frozen holds its locks, and with the log's lock every writer. Nothing but
            # the database is awaited in one, so a living process is never idle for long.
            "idle_in_transaction_session_timeout": str(round(_IDLE_IN_TRANSACTION_SECONDS * 1000)),
        },
    }


def normalise_dsn(dsn: str) -> str:
    """Accept SQLAlchemy's spelling of the scheme, ``postgresql+asyncpg://``, as well: people paste it."""
    scheme, separator, rest = dsn.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


async def _keep_session(_connection: "asyncpg.Connection[Any]") -> None:
    """Nothing to undo between two users of a connection, so no round trip for it.

    We change session state within transactions only (``SET LOCAL``, transaction-level locks); asyncpg itself rolls
    back what was left open.
    """


async def _set_json_codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=orjson.dumps, decoder=orjson.loads
    )
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


def _encode_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + orjson.dumps(value)


def _decode_jsonb(data: bytes) -> Any:
    return orjson.loads(memoryview(data)[1:])
