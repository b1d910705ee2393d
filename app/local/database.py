"""Which database these settings mean: a server of one's own, or the embedded one, started or joined."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from app.config import Settings
from app.db.engine import Database
from app.db.migrate import migrate
from app.errors import DatabaseUnavailableError
from app.local.postgres import APPLICATION_ROLE, DATABASE, running_postgres
from app.local.postgres_directory import DataDirectoryInUseError, entering, note_address

_JOIN_SECONDS: Final = 15.0  # the other process may have only just begun to start it
_POLL_SECONDS: Final = 0.05
# postmaster.pid, PostgreSQL's own note about a running server: line 5 is the socket's folder, line 8 its state.
_SOCKET_LINE: Final = 4
_STATE_LINE: Final = 7


def embedded_directory(settings: Settings) -> Path:
    """Where the embedded server keeps its data."""
    return settings.data_dir / "postgresql"


@contextmanager
def keeping_others_out(settings: Settings) -> Iterator[None]:
    """Own the embedded server's directory for the block, in which what is about to run that server gets ready.

    A service's modules take seconds to import, many on a busy machine: whoever would run a second one hears of it
    before that. The server takes the lock itself, anew, after the block; that is what decides.

    Without an embedded server, there is nothing to own.

    Raises:
        DataDirectoryInUseError: a living process owns it.
        ConfigurationError: as `running_postgres`.
    """
    if settings.database_url is not None:
        yield
        return
    with entering(embedded_directory(settings)):
        yield


def tell_others(settings: Settings, url: str) -> None:
    """Let whoever would run a second service on our embedded server be told that this one is at ``url``."""
    if settings.database_url is None:
        note_address(embedded_directory(settings), url)


@asynccontextmanager
async def reachable_database(settings: Settings, *, may_join: bool = False) -> AsyncIterator[str]:
    """The DSN of the database, which answers for as long as the block lasts.

    Without OFFHOOK_DATABASE_URL that is the embedded server, started here. With ``may_join`` one that another process,
    such as a running ``offhook serve``, has started will do as well: it ends with its owner, which is fine for a
    command and not for a service.

    Raises:
        DataDirectoryInUseError: another process has the embedded server, and joining it is not wanted.
        ConfigurationError: as `running_postgres`.
        DatabaseUnavailableError: it does not start, or the one that is being started elsewhere does not come up.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    directory = embedded_directory(settings)
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(running_postgres(directory))
            dsn = server.dsn
        except DataDirectoryInUseError:
            if not may_join:
                raise
            dsn = await _join(directory)
        yield dsn


@asynccontextmanager
async def open_database(settings: Settings, *, may_join: bool = False) -> AsyncIterator[Database]:
    """The database, reachable (see `reachable_database`), at the newest schema, connected.

    Raises:
        ConfigurationError: the settings do not fit the server, or a newer Offhook was here.
        DatabaseUnavailableError: the server cannot be reached.
    """
    async with reachable_database(settings, may_join=may_join) as dsn:
        await migrate(dsn)
        database = await Database.connect(
            dsn, pool_size=settings.database_pool_size, command_timeout=settings.database_timeout_seconds
        )
        try:
            yield database
        finally:
            await database.aclose()


def find_running(directory: Path) -> str | None:
    """The DSN of the embedded server that another process runs in this directory, once it takes connections."""
    try:
        lines = (directory / "cluster" / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None  # no server, or not yet
    if len(lines) <= _STATE_LINE or lines[_STATE_LINE].strip() != "ready":
        return None
    socket_dir = lines[_SOCKET_LINE].strip()
    return f"postgresql://{APPLICATION_ROLE}@/{DATABASE}?{urlencode({'host': socket_dir})}"


async def _join(directory: Path) -> str:
    try:
        async with asyncio.timeout(_JOIN_SECONDS):
            while (dsn := await asyncio.to_thread(find_running, directory)) is None:  # noqa: ASYNC110  # a file of another process
                await asyncio.sleep(_POLL_SECONDS)
            return dsn
    except TimeoutError:
        raise DatabaseUnavailableError(
            f"Another process owns the embedded PostgreSQL in {directory}, and it does not take connections. "
            "While Offhook is still starting there, wait until it says that it is up; else look at that process."
        ) from None
