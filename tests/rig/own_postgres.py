"""A PostgreSQL of a test's own, that can be ended, restarted, frozen and filled without hurting any other test."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg

from app.db.migrate import migrate
from app.local.postgres import DATABASE, LocalPostgres, running_postgres

_SQL_SECONDS = 30.0
#: What was committed survives the end of the server, as it must here, though not a crash of the machine.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}
_APPLICATION_NAMES = "offhook%"  # as the service tells PostgreSQL: its pools, and those who keep a connection


class OwnPostgres:
    """One cluster, started and ended at will; ``dsn`` stays the same."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self.directory = directory
        self._settings = settings
        self._stack = contextlib.AsyncExitStack()
        self._server: LocalPostgres | None = None
        self._frozen: list[int] = []

    @property
    def server(self) -> LocalPostgres:
        assert self._server is not None, "it does not run"
        return self._server

    @property
    def dsn(self) -> str:
        return self.server.dsn

    async def start(self) -> None:
        """Start it, on the data it had."""
        self._server = await self._stack.enter_async_context(
            running_postgres(self.directory / "postgresql", settings=self._settings)
        )

    async def stop(self) -> None:
        """As an operator does: sessions are ended, and a checkpoint is written."""
        self.thaw()
        await self._stack.aclose()

    async def end_at_once(self) -> None:
        """An immediate shutdown: no checkpoint, no word to anybody; the next start recovers from the log."""
        self.server.process.send_signal(signal.SIGQUIT)
        await self.server.process.wait()
        await self._stack.aclose()

    def freeze(self) -> None:
        """Stop every process of the server in its tracks. Connections stay open, and nobody answers."""
        parent = self.server.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        self._frozen = [parent, *map(int, children)]
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._frozen:
            with contextlib.suppress(ProcessLookupError):  # a child may have been dying as it was frozen
                os.kill(pid, signal.SIGCONT)
        self._frozen = []

    @contextlib.asynccontextmanager
    async def administering(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A superuser in Offhook's own database."""
        connection = await asyncpg.connect(
            self.server.admin_dsn, database=DATABASE, timeout=_SQL_SECONDS, command_timeout=_SQL_SECONDS
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def end_sessions(self) -> int:
        """Cut every session of the service, in whatever it is doing; gives how many."""
        async with self.administering() as connection:
            rows = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1",
                _APPLICATION_NAMES,
            )
        return len(rows)


@contextlib.asynccontextmanager
async def own_postgres(
    *, base: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[OwnPostgres]:
    """A migrated server in a new folder (below ``base``); at the end of the block both are gone."""
    directory = Path(tempfile.mkdtemp(prefix="offhook-fault-", dir=base))
    directory.chmod(0o711)  # as root, the server runs under another user, who must get through
    server = OwnPostgres(directory, {**_SETTINGS, **(settings or {})})
    try:
        await server.start()
        await migrate(server.dsn)
        yield server
    finally:
        await server.stop()
        await asyncio.to_thread(shutil.rmtree, directory)
