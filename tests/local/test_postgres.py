"""The embedded PostgreSQL: one owner, no traces of the others, and data that survives them."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from app.errors import ConfigurationError
from app.local import postgres_directory
from app.local.postgres import DataDirectoryInUseError, LocalPostgres, PostgresStartError, running_postgres
from app.local.postgres_directory import _find_server_processes
from app.local.postgres_install import ServerUser, choose_server_user, find_programs
from app.local.temporary import UNSAFE_AND_FAST
from tests.local.watching import is_alive, read, wait_until

pytestmark = pytest.mark.postgres


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Where another user can get to (pytest's own folders are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="offhook-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def new_data_dir() -> Iterator[Path]:
    """A path that does not exist yet."""
    with _folder() as folder:
        yield folder / "postgresql"


@pytest.fixture(scope="module")
async def made() -> AsyncIterator[Path]:
    """A data directory as its first use leaves it behind; to make one takes most of a start's time."""
    with _folder() as folder:
        async with running_postgres(folder / "postgresql", settings=UNSAFE_AND_FAST):
            pass
        yield folder / "postgresql"


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    """A copy of it, of this test's own."""
    with _folder() as folder:
        subprocess.run(["cp", "--archive", made, folder], check=True, timeout=60)
        yield folder / "postgresql"


async def fetch(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn, timeout=60, command_timeout=60)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close(timeout=60)


_OWNER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from app.local.postgres import running_postgres
    from app.local.temporary import UNSAFE_AND_FAST

    async def main():
        async with running_postgres(Path(sys.argv[1]), settings=UNSAFE_AND_FAST) as server:
            print(server.process.pid, server.process._transport.get_pid(), flush=True)
            await server.process.wait()

    asyncio.run(main())
    """
)


class Owner:
    """Another program that owns a server: start it, kill it."""

    def __init__(self, process: asyncio.subprocess.Process, server_pid: int, supervisor_pid: int) -> None:
        self.process = process
        self.server_pid = server_pid
        self.supervisor_pid = supervisor_pid

    @classmethod
    async def start(cls, data_dir: Path) -> "Owner":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _OWNER, str(data_dir)), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(120):
            server_pid, supervisor_pid = map(int, (await process.stdout.readline()).split())
        return cls(process, server_pid, supervisor_pid)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


async def test_given_root_when_started_then_the_server_runs_as_another_user_and_never_listens_on_tcp(
    data_dir: Path,
) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        uids = read(Path(f"/proc/{server.process.pid}/status")).partition("Uid:")[2].split()[:4]
        assert set(uids) == {str(server.user.uid)}
        assert "0" not in uids
        assert await fetch(server.dsn, "SHOW listen_addresses") == ""
        assert await fetch(server.dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert await fetch(server.admin_dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True


async def test_given_a_new_cluster_when_asked_then_it_is_utf8_with_the_builtin_locale(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        query = (
            "SELECT (pg_encoding_to_char(encoding), datlocprovider, datlocale)::text "
            "FROM pg_database WHERE datname = current_database()"
        )
        assert await fetch(server.dsn, query) == "(UTF8,b,C.UTF-8)"
        assert await fetch(server.dsn, "SELECT upper('é')") == "É"
        assert str(await fetch(server.dsn, "SHOW server_version")).startswith("18.")


async def test_given_a_new_cluster_when_asked_then_its_log_is_in_small_parts_of_which_some_are_kept(
    data_dir: Path,
) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        for name, wanted in (("wal_segment_size", "4MB"), ("min_wal_size", "256MB"), ("max_wal_size", "1GB")):
            assert await fetch(server.dsn, f"SHOW {name}") == wanted


async def test_given_a_role_we_did_not_map_when_connecting_then_it_is_refused(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        await fetch(server.admin_dsn, "CREATE ROLE intruder LOGIN SUPERUSER")
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await fetch(server.admin_dsn.replace("//postgres@", "//intruder@"), "SELECT 1")


async def test_given_rows_when_restarted_then_they_are_there(new_data_dir: Path) -> None:
    async with running_postgres(new_data_dir) as server:
        await fetch(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    async with running_postgres(new_data_dir) as server:
        assert await fetch(server.dsn, "SELECT answer FROM kept") == 42


async def test_given_an_owner_killed_with_9_then_its_server_is_gone_soon_and_the_next_owner_starts(
    data_dir: Path,
) -> None:
    owner = await Owner.start(data_dir)
    await owner.kill()
    await wait_until(lambda: not _find_server_processes(data_dir / "cluster"))
    assert not is_alive(owner.server_pid)
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        assert await fetch(server.dsn, "SELECT 1") == 1


async def test_given_an_owner_just_killed_when_the_next_starts_at_once_then_it_waits_for_the_old_server(
    data_dir: Path,
) -> None:
    owner = await Owner.start(data_dir)
    await owner.kill()
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        assert not is_alive(owner.server_pid)
        assert await fetch(server.dsn, "SELECT 1") == 1


async def test_given_owner_and_supervisor_both_killed_then_the_server_ends_nevertheless(data_dir: Path) -> None:
    owner = await Owner.start(data_dir)
    os.kill(owner.process.pid, signal.SIGSTOP)  # so that it cannot clean up after its supervisor
    os.kill(owner.supervisor_pid, signal.SIGKILL)
    await owner.kill()
    await wait_until(lambda: not _find_server_processes(data_dir / "cluster"))


async def test_given_a_server_without_any_owner_when_started_then_it_is_stopped_first(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        user = server.user
    wait_until_gone = postgres_directory._wait_until_gone
    patience = iter([0.5])  # before it is told to stop; its orderly end may take longer, on a busy machine

    async def wait(cluster: Path) -> bool:
        monkeypatch.setattr(postgres_directory, "_LEFTOVER_SECONDS", next(patience, 60.0))
        return await wait_until_gone(cluster)

    monkeypatch.setattr(postgres_directory, "_wait_until_gone", wait)
    programs = find_programs(user)
    orphan = subprocess.Popen(  # noqa: ASYNC220  # only started here
        [programs / "postgres", "-D", data_dir / "cluster", "-c", "listen_addresses=", "-k", data_dir / "socket"],
        user=user.uid if user.is_other else None,
        group=user.gid if user.is_other else None,
        extra_groups=[] if user.is_other else None,
        stderr=subprocess.DEVNULL,
    )
    await wait_until(lambda: "ready" in read(data_dir / "cluster" / "postmaster.pid"))
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        assert await fetch(server.dsn, "SELECT 1") == 1
        assert orphan.wait(timeout=60) == 0  # SIGINT: an orderly shutdown


async def test_given_a_stale_pid_file_with_a_living_strangers_pid_when_started_then_it_is_no_obstacle(
    data_dir: Path,
) -> None:
    owner = await Owner.start(data_dir)
    pid_file = data_dir / "cluster" / "postmaster.pid"
    contents = pid_file.read_text()
    await owner.kill()
    await wait_until(lambda: not _find_server_processes(data_dir / "cluster"))
    # Of the server's own user: a pid that PostgreSQL may not signal it takes for stale by itself.
    user = choose_server_user(data_dir / "cluster")
    stranger = await asyncio.create_subprocess_exec("sleep", "1000", user=user.uid if user.is_other else None)
    try:
        pid_file.write_text(contents.replace(str(owner.server_pid), str(stranger.pid), 1))
        async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
            assert await fetch(server.dsn, "SELECT 1") == 1
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def test_given_a_living_owner_when_a_second_starts_then_it_is_told_whose_the_directory_is(data_dir: Path) -> None:
    owner = await Owner.start(data_dir)
    with pytest.raises(DataDirectoryInUseError, match=str(owner.process.pid)) as caught:
        async with running_postgres(data_dir, settings=UNSAFE_AND_FAST):
            pass
    assert caught.value.owner_pid == owner.process.pid
    assert is_alive(owner.server_pid)
    await owner.kill()
    await wait_until(lambda: not _find_server_processes(data_dir / "cluster"))


async def test_given_a_server_that_crashes_then_its_owner_hears_of_it(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        server.process.kill()
        async with asyncio.timeout(60):
            assert await server.process.wait() == -signal.SIGKILL
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        assert await fetch(server.dsn, "SELECT 1") == 1


def leave_half_a_cluster(data_dir: Path) -> None:
    data_dir.mkdir()
    data_dir.chmod(0o711)
    (data_dir / "cluster.unfinished").mkdir()
    (data_dir / "cluster.unfinished" / "PG_VERSION").write_text("18\n")


async def test_given_a_first_start_killed_half_way_when_started_again_then_a_whole_cluster_is_made(
    new_data_dir: Path,
) -> None:
    leave_half_a_cluster(new_data_dir)
    async with running_postgres(new_data_dir, settings=UNSAFE_AND_FAST) as server:
        assert await fetch(server.dsn, "SELECT 1") == 1


async def test_given_a_path_too_long_for_a_socket_when_started_then_the_socket_is_elsewhere_and_cleared_away(
    new_data_dir: Path,
) -> None:
    deep = new_data_dir / ("x" * 100)
    async with running_postgres(deep, settings=UNSAFE_AND_FAST) as server:
        assert not server.socket_dir.is_relative_to(deep)
        assert await fetch(server.dsn, "SELECT 1") == 1
    assert not server.socket_dir.exists()


async def test_given_a_closed_folder_when_started_then_the_error_names_it_and_its_mode_is_untouched(
    new_data_dir: Path,
) -> None:
    closed = new_data_dir.parent / "closed"
    closed.mkdir()
    closed.chmod(0o600)
    with pytest.raises(ConfigurationError, match=str(closed)):
        async with running_postgres(closed / "postgresql"):
            pass
    assert closed.stat().st_mode & 0o777 == 0o600


async def test_given_a_full_disk_when_started_then_the_error_says_how_much_is_missing(
    new_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=5 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(PostgresStartError, match="Only 5 MiB"):
        async with running_postgres(new_data_dir):
            pass


async def test_given_a_cluster_of_another_version_when_started_then_the_error_says_what_to_do(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST):
        pass
    (data_dir / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ConfigurationError, match="PostgreSQL 17"):
        async with running_postgres(data_dir):
            pass


async def test_given_a_setting_postgres_refuses_when_started_then_the_error_has_its_own_words(
    data_dir: Path,
) -> None:
    with pytest.raises(PostgresStartError, match="max_connections"):
        async with running_postgres(data_dir, settings={**UNSAFE_AND_FAST, "max_connections": "many"}):
            pass


async def test_given_a_violated_constraint_when_logged_then_the_rows_values_are_not_in_the_log(data_dir: Path) -> None:
    async with running_postgres(data_dir, settings=UNSAFE_AND_FAST) as server:
        await fetch(server.dsn, "CREATE TABLE contact (number text PRIMARY KEY)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await fetch(server.dsn, "INSERT INTO contact VALUES ('+12125550123'), ('+12125550123')")
    log = (data_dir / "server.log").read_text()
    assert "duplicate key" in log
    assert "+12125550123" not in log


async def test_given_a_template_when_cloned_then_the_copy_has_its_rows_and_dropping_it_cuts_connections(
    postgres: LocalPostgres,
) -> None:
    template = await postgres.create_database("clone_source")
    await fetch(template, "CREATE TABLE kept AS SELECT 42 AS answer")
    clone = await asyncpg.connect(await postgres.create_database_from_template("clone_copy", "clone_source"))
    assert await clone.fetchval("SELECT answer FROM kept") == 42
    await postgres.drop_database("clone_copy")
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InterfaceError)):
        await clone.fetchval("SELECT 1")
    await clone.close()
    await postgres.drop_database("clone_source")


async def test_given_programs_another_user_cannot_reach_when_looked_for_then_one_whole_copy_is_made(
    new_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = choose_server_user(Path("/nonexistent"))
    user = ServerUser(own.name, own.uid, own.gid, is_other=True)
    monkeypatch.setattr("app.local.postgres_install.can_reach", lambda _path, _user: False)
    cache = new_data_dir.parent / "cache"
    first, second = await asyncio.gather(*(asyncio.to_thread(find_programs, user, cache=cache) for _ in range(2)))
    assert first == second
    assert [path.name for path in cache.iterdir()] == [first.parents[2].name]
    cache.chmod(0o755)
    version = await asyncio.create_subprocess_exec(
        first / "initdb",
        "--version",
        stdout=asyncio.subprocess.PIPE,
        user=user.uid if os.geteuid() == 0 else None,
    )
    output, _ = await version.communicate()
    assert b"(PostgreSQL) 18." in output
