"""The embedded PostgreSQL: one server per data directory, on a Unix socket, that ends with its owner.

::

    data directory (ours)
    ├── lock         held for as long as the owner lives; holds its pid and, once it serves, its address
    ├── cluster/     the server user's: PostgreSQL's own files
    ├── socket/      the server user's: the Unix socket (elsewhere when this path is too long for one)
    ├── hba.conf     who may connect: we, by the kernel's word (peer), and nobody else
    ├── ident.conf
    └── server.log   appended to; the previous one is kept once it has grown
"""

import asyncio
import hashlib
import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import asyncpg

from app.local.postgres_directory import (
    DataDirectoryInUseError,
    PostgresStartError,
    end_leftover_server,
    entering,
    require_free_space,
    require_version,
    telling_whose,
)
from app.local.postgres_install import ServerUser, find_programs
from app.local.process import ProcessStartError, SupervisedProcess

__all__ = ["DataDirectoryInUseError", "LocalPostgres", "PostgresStartError", "running_postgres"]

APPLICATION_ROLE = "offhook"
ADMIN_ROLE = "postgres"
DATABASE = "offhook"

_INITDB_SECONDS = 60.0
_READY_SECONDS = 60.0  # recovery after a crash replays the log first
_STOP_SECONDS = 20.0
_STATEMENT_SECONDS = 30.0
_POLL_SECONDS = 0.02
_LOG_BYTES = 10 * 1024 * 1024
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # sizeof(sockaddr_un.sun_path) - 1

_SETTINGS = {
    "listen_addresses": "",  # never TCP
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # our queries are short: compiling them costs more than running them
    "log_error_verbosity": "terse",  # DETAIL lines quote rows, and rows hold telephone numbers
    "log_min_error_statement": "panic",  # statements may quote them too
    "log_checkpoints": "off",
    # As PostgreSQL's own defaults are for larger segments, and more of them kept for use again: whoever commits into a
    # new one waits until it is there.
    "max_wal_size": "1GB",
    "min_wal_size": "256MB",
}
#: A segment of the log that none can be used again for is filled with zeros and synced by whoever commits into it: on
#: a plain disk 16 MB, the usual size, hold one commit in fifty up for 10 to 40 ms while a campaign dials.
_LOG_SEGMENT_MB: Final = 4


@dataclass(frozen=True, slots=True)
class LocalPostgres:
    """A running server.

    ``process`` is its supervised main process: watch ``process.exited`` to hear of a crash.
    """

    data_dir: Path
    socket_dir: Path
    user: ServerUser
    process: SupervisedProcess

    @property
    def dsn(self) -> str:
        """Offhook's own database, as its owner, who is no superuser."""
        return self.dsn_of(DATABASE)

    @property
    def admin_dsn(self) -> str:
        """The maintenance database, as a superuser."""
        return self._make_dsn(ADMIN_ROLE, "postgres")

    def dsn_of(self, name: str) -> str:
        return self._make_dsn(APPLICATION_ROLE, name)

    async def create_database(self, name: str) -> str:
        """Create an empty database owned by the application's role; return its DSN."""
        await self._administer(f"CREATE DATABASE {_quote(name)} OWNER {_quote(APPLICATION_ROLE)}")
        return self.dsn_of(name)

    async def create_database_from_template(self, name: str, template: str) -> str:
        """Clone ``template``, to which nobody may be connected; return the clone's DSN."""
        await self._administer(
            f"CREATE DATABASE {_quote(name)} TEMPLATE {_quote(template)} OWNER {_quote(APPLICATION_ROLE)}"
        )
        return self.dsn_of(name)

    async def drop_database(self, name: str) -> None:
        """Drop it, and whoever is connected to it."""
        await self._administer(f"DROP DATABASE IF EXISTS {_quote(name)} WITH (FORCE)")

    async def _administer(self, *statements: str) -> None:
        connection = await asyncpg.connect(
            self.admin_dsn, timeout=_STATEMENT_SECONDS, command_timeout=_STATEMENT_SECONDS
        )
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close(timeout=_STATEMENT_SECONDS)

    def _make_dsn(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?{urlencode({'host': str(self.socket_dir)})}"


@asynccontextmanager
async def running_postgres(
    data_dir: Path, *, settings: Mapping[str, str] | None = None
) -> AsyncIterator[LocalPostgres]:
    """Start the server that lives in ``data_dir``, made on first use, and stop it at the end of the block.

    ``settings`` are PostgreSQL's own and win over ours. With ``fsync=off`` the new cluster is not synced either, which
    is for tests.

    Raises:
        DataDirectoryInUseError: a living process owns it already.
        ConfigurationError: the directory, the account or the programs will not do; the message holds the mend.
        PostgresStartError: the server did not come up.
    """
    async with AsyncExitStack() as stack:
        with telling_whose(data_dir):
            server = await _enter_server(stack, data_dir, {**_SETTINGS, **(settings or {})})
        yield server


async def _enter_server(stack: AsyncExitStack, data_dir: Path, settings: Mapping[str, str]) -> LocalPostgres:
    data_dir, user = stack.enter_context(entering(data_dir))
    cluster = data_dir / "cluster"
    require_free_space(data_dir)
    programs = await asyncio.to_thread(find_programs, user)
    await end_leftover_server(cluster)
    if not cluster.exists():
        await _create_cluster(programs, cluster, user, is_synced=settings.get("fsync") != "off")
    require_version(cluster)
    socket_dir = stack.enter_context(_socket_directory(data_dir, user))
    server = await _start_server(programs, data_dir, socket_dir, user, settings)
    await stack.enter_async_context(server.process)
    await _wait_until_ready(server)
    await _ensure_application_database(server)
    return server


async def _create_cluster(programs: Path, cluster: Path, user: ServerUser, *, is_synced: bool) -> None:
    """Run initdb beside the final place, then rename: a kill half-way leaves nothing that looks like a cluster."""
    if sys.stderr.isatty():
        sys.stderr.write(f"Making a database in {cluster.parent} (once) …\n")
    unfinished = cluster.with_name("cluster.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user.is_other:
        os.chown(unfinished, user.uid, user.gid)
    command = [
        *(str(programs / "initdb"), "--pgdata", str(unfinished), "--username", ADMIN_ROLE, "--auth", "peer"),
        # The builtin provider sorts the same on every machine and in every version of the C library.
        *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *("--wal-segsize", str(_LOG_SEGMENT_MB), "--no-instructions"),
        *(() if is_synced else ("--no-sync",)),
    ]
    log = cluster.with_name("server.log")
    try:
        process = await SupervisedProcess.start(
            command, stdout_path=log, env=_make_environment(), cwd=Path("/"), user=user.name if user.is_other else None
        )
    except ProcessStartError as error:
        raise PostgresStartError(f"initdb could not be run: {error}") from error
    async with process:
        try:
            async with asyncio.timeout(_INITDB_SECONDS):
                returncode = await process.wait()
        except TimeoutError:
            raise PostgresStartError(f"initdb took over {_INITDB_SECONDS:.0f} s; see {log}") from None
    if returncode != 0:
        raise PostgresStartError(f"initdb failed ({returncode}): {_read_last_line(log)}; see {log}")
    unfinished.rename(cluster)


@contextmanager
def _socket_directory(data_dir: Path, user: ServerUser) -> Iterator[Path]:
    inside = data_dir / "socket"
    if len(os.fsencode(inside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        inside.mkdir(mode=0o700, exist_ok=True)
        os.chown(inside, user.uid, user.gid)
        yield inside
        return
    # A name of its own each time: a predictable one in a shared folder could be somebody else's by now.
    digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:8]
    outside = Path(tempfile.mkdtemp(prefix=f"offhook-{digest}-", dir="/tmp"))  # mkdtemp makes it safe
    os.chown(outside, user.uid, user.gid)
    try:
        yield outside
    finally:
        shutil.rmtree(outside, ignore_errors=True)


async def _start_server(
    programs: Path, data_dir: Path, socket_dir: Path, user: ServerUser, settings: Mapping[str, str]
) -> LocalPostgres:
    hba, ident, log = data_dir / "hba.conf", data_dir / "ident.conf", data_dir / "server.log"
    _write_public(hba, f"local all {ADMIN_ROLE},{APPLICATION_ROLE} peer map=offhook\n")
    own_name = pwd.getpwuid(os.geteuid()).pw_name
    _write_public(ident, "".join(f'offhook "{own_name}" {role}\n' for role in (ADMIN_ROLE, APPLICATION_ROLE)))
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.rename(log.with_suffix(".log.1"))
    own_settings = {"hba_file": str(hba), "ident_file": str(ident), "unix_socket_directories": str(socket_dir)}
    arguments = [part for name, value in {**settings, **own_settings}.items() for part in ("-c", f"{name}={value}")]
    try:
        process = await SupervisedProcess.start(
            [str(programs / "postgres"), "-D", str(data_dir / "cluster"), *arguments],
            stdout_path=log,
            env=_make_environment(),
            cwd=Path("/"),
            user=user.name if user.is_other else None,
            stop_signal=signal.SIGINT,  # "fast": ends the sessions, writes a checkpoint
            grace_seconds=_STOP_SECONDS,
        )
    except ProcessStartError as error:
        raise PostgresStartError(f"postgres could not be run: {error}") from error
    return LocalPostgres(data_dir, socket_dir, user, process)


async def _wait_until_ready(server: LocalPostgres) -> None:
    """Return once a connection is accepted."""
    log = server.data_dir / "server.log"
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while server.process.is_running:
                try:
                    connection = await asyncpg.connect(server.admin_dsn, timeout=_STATEMENT_SECONDS)
                except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
                    # No socket yet; starting up or in recovery; ended between our connecting and its greeting.
                    await asyncio.sleep(_POLL_SECONDS)
                else:
                    await connection.close(timeout=_STATEMENT_SECONDS)
                    return
    except TimeoutError:
        raise PostgresStartError(f"PostgreSQL was not ready within {_READY_SECONDS:.0f} s; see {log}") from None
    raise PostgresStartError(f"PostgreSQL ended while starting: {_read_last_line(log)}; see {log}")


async def _ensure_application_database(server: LocalPostgres) -> None:
    connection = await asyncpg.connect(server.admin_dsn, timeout=_STATEMENT_SECONDS, command_timeout=_STATEMENT_SECONDS)
    try:
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", APPLICATION_ROLE):
            await connection.execute(f"CREATE ROLE {_quote(APPLICATION_ROLE)} LOGIN")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {_quote(DATABASE)} OWNER {_quote(APPLICATION_ROLE)}")
    finally:
        await connection.close(timeout=_STATEMENT_SECONDS)


def _make_environment() -> dict[str, str]:
    """Nothing of ours: the server is another user's process and our environment may hold secrets."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def _write_public(path: Path, text: str) -> None:
    """Readable by the server's user; written only by us, through no link somebody may have put there."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with unfinished.open("x") as file:
        file.write(text)
    unfinished.chmod(0o644)
    unfinished.rename(path)


def _read_last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return next(
        (line for line in reversed(lines) if "FATAL" in line or "error" in line), lines[-1] if lines else "no output"
    )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
