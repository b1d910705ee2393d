"""The embedded PostgreSQL's data directory: whose it is, whether it will do, and who is still at work in it."""

import asyncio
import fcntl
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.errors import ConfigurationError, DatabaseUnavailableError
from app.local.postgres_install import MAJOR_VERSION, ServerUser, can_reach, choose_server_user

_LEFTOVER_SECONDS = 5.0  # how long a server whose owner was killed gets before it is told to stop again
_POLL_SECONDS = 0.02
_MINIMUM_FREE_MIB = 256
_LOCK_BYTES = 4096


class DataDirectoryInUseError(ConfigurationError):
    """Another living process owns this data directory; ``owner_pid`` is 0 when it could not be read.

    ``address`` is where it serves, as `note_address` wrote it; None when it does not, or not yet.
    """

    def __init__(self, data_dir: Path, owner_pid: int, address: str | None = None) -> None:
        super().__init__(
            f"An Offhook is running on the embedded PostgreSQL in {data_dir} (process {owner_pid or 'unknown'}). "
            "End that one first, give this one another OFFHOOK_DATA_DIR, or point both to one server with "
            "OFFHOOK_DATABASE_URL."
        )
        self.owner_pid = owner_pid
        self.address = address


class PostgresStartError(DatabaseUnavailableError):
    """The embedded server did not start; the message says why, and where its log is."""


def prepare_data_directory(data_dir: Path, user: ServerUser) -> None:
    """Make what is missing of the path; what exists keeps its owner and mode."""
    existing = data_dir
    missing: list[Path] = []
    while not existing.exists():
        missing.append(existing)
        existing = existing.parent
    if not can_reach(existing, user):
        raise ConfigurationError(
            f"PostgreSQL runs under the user {user.name}, who cannot enter {existing}. Choose a data directory "
            "outside closed folders, such as /var/lib/offhook, or let everybody pass through this one (chmod a+x)."
        )
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        # An explicit mode, whatever the umask: the server's user must be able to pass through, no more.
        folder.chmod(0o711 if user.is_other else 0o700)


@contextmanager
def entering(data_dir: Path) -> Iterator[tuple[Path, ServerUser]]:
    """Own the directory, made if it is missing; gives it without symbolic links, and the user of its server.

    Raises:
        DataDirectoryInUseError: a living process owns it.
        ConfigurationError: the directory or the account will not do; the message holds the mend.
    """
    with ExitStack() as stack:
        with telling_whose(data_dir):
            data_dir = data_dir.resolve()
            user = choose_server_user(data_dir / "cluster")
            prepare_data_directory(data_dir, user)
            stack.enter_context(owning(data_dir))
        yield data_dir, user


@contextmanager
def telling_whose(data_dir: Path) -> Iterator[None]:
    """What may not be read or written here belongs to somebody else: a ConfigurationError that says so."""
    try:
        yield
    except PermissionError as error:
        raise ConfigurationError(
            f"{error.filename or data_dir} belongs to another user. Run Offhook as the user who made it, "
            "or give the embedded PostgreSQL another data directory."
        ) from error


@contextmanager
def owning(data_dir: Path) -> Iterator[None]:
    """Hold the lock file. The kernel lets go of it when we end, however we do.

    Raises:
        DataDirectoryInUseError: a living process holds it.
    """
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner, _, address = os.pread(descriptor, _LOCK_BYTES, 0).decode(errors="replace").partition("\n")
            raise DataDirectoryInUseError(
                data_dir, int(owner) if owner.isdecimal() else 0, address.strip() or None
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def note_address(data_dir: Path, url: str) -> None:
    """Write into the lock file, which we hold, where we serve: whoever would start a second Offhook is told."""
    with (data_dir / "lock").open("a", encoding="utf-8") as lock:
        lock.write(f"{url}\n")


def require_free_space(data_dir: Path) -> None:
    """Raise PostgresStartError when a server would soon stop on a full disk."""
    free = shutil.disk_usage(data_dir).free // 2**20
    if free < _MINIMUM_FREE_MIB:
        raise PostgresStartError(
            f"Only {free} MiB are free at {data_dir}; the embedded PostgreSQL needs {_MINIMUM_FREE_MIB}."
        )


def require_version(cluster: Path) -> None:
    """Raise ConfigurationError when another major version of PostgreSQL made this cluster."""
    version = (cluster / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        raise ConfigurationError(
            f"{cluster} was made by PostgreSQL {version} and this is {MAJOR_VERSION}: move its data with pg_dump and "
            "pg_restore, or set OFFHOOK_DATABASE_URL to a server of your own."
        )


def _find_server_processes(cluster: Path) -> list[int]:
    """Pids of every PostgreSQL process at work in this cluster: they all have it as their working directory.

    More telling than the pid in postmaster.pid, which after a reboot or in a fresh container may be anybody's.
    """
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == cluster and (entry / "exe").readlink().name.startswith("postgres"):
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended, or belongs to a user who cannot own our cluster
    return found


async def end_leftover_server(cluster: Path) -> None:
    """See off the server of an owner that was killed. We hold the lock, so no living owner has it.

    Its supervisor is stopping it already; the signals here are for the case that the supervisor was killed too.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if await _wait_until_gone(cluster):
            break
        for pid in _find_server_processes(cluster):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # gone in the meantime
    remaining = [] if await _wait_until_gone(cluster) else _find_server_processes(cluster)
    if remaining:
        raise PostgresStartError(f"A PostgreSQL left over in {cluster} (process {remaining[0]}) does not stop.")
    _remove_foreign_pid_file(cluster / "postmaster.pid")


async def _wait_until_gone(cluster: Path) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _LEFTOVER_SECONDS
    while _find_server_processes(cluster) and loop.time() < deadline:  # noqa: ASYNC110  # /proc sends no events
        await asyncio.sleep(_POLL_SECONDS)
    return not _find_server_processes(cluster)


def _remove_foreign_pid_file(pid_file: Path) -> None:
    """PostgreSQL clears a stale pid file by itself, unless its pid is now that of some other living program."""
    try:
        pid = int(pid_file.read_text().partition("\n")[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return  # nothing stale, or PostgreSQL can tell
    except PermissionError:
        pass  # alive, and another user's
    pid_file.unlink()
