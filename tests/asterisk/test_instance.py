"""Instances of Asterisk: clean starts, side by side, and nothing left behind."""

import asyncio
import os
import socket
import tempfile
from pathlib import Path

import httpx
import pytest

from app.errors import AsteriskUnavailableError
from app.local.asterisk import (
    AsteriskConfig,
    AsteriskInstall,
    AsteriskInstance,
    AsteriskStartError,
    running_asterisk,
)
from app.local.asterisk_ports import reserve_ports

pytestmark = pytest.mark.asterisk


async def _ping(asterisk: AsteriskInstance, password: str | None = None) -> int:
    auth = (asterisk.ari_username, password or asterisk.ari_password)
    async with httpx.AsyncClient(auth=auth, trust_env=False) as client:
        return (await client.get(f"{asterisk.ari_url}/ari/asterisk/ping")).status_code


async def test_given_a_fresh_instance_when_its_log_is_read_then_nothing_is_wrong(
    asterisk_install: AsteriskInstall,
) -> None:
    async with running_asterisk(AsteriskConfig(), install=asterisk_install) as asterisk:
        log = asterisk.read_log()
    assert "modules will be loaded" in log
    assert [line for line in log.splitlines() if " ERROR[" in line or " WARNING[" in line] == []
    assert "declined to load" not in log


async def test_given_the_module_list_when_loaded_then_every_module_runs(asterisk: AsteriskInstance) -> None:
    listed = {line.split()[0] for line in (await asterisk.run_cli("module show")).splitlines() if ".so" in line}
    wanted = {
        line.split("=")[1].strip()
        for line in (asterisk.directory / "etc" / "modules.conf").read_text().splitlines()
        if line.startswith("load")
    }
    assert wanted <= listed
    assert "Not Running" not in await asterisk.run_cli("module show")


@pytest.mark.parametrize("folder", [".local/share/offhook", "a" * 90])
async def test_given_a_directory_whose_path_asterisk_cannot_play_from_when_run_then_fetched_sounds_lie_elsewhere(
    asterisk_install: AsteriskInstall, tmp_path: Path, folder: str
) -> None:
    async with running_asterisk(AsteriskConfig(), install=asterisk_install, directory=tmp_path / folder) as asterisk:
        cache = asterisk.paths.cache
        assert cache.is_dir()
        assert "." not in str(cache)
        assert len(str(cache)) <= 80
        assert f"Cache directory:             {cache}" in await asterisk.run_cli("core show settings")
    assert not cache.exists()


async def test_given_sounds_that_were_fetched_long_ago_when_started_then_they_are_dropped(
    asterisk_install: AsteriskInstall,
) -> None:
    with tempfile.TemporaryDirectory(prefix="offhook-test-") as folder:
        old, fresh, other = (Path(folder, "cache", name) for name in ("bucket-old.wav", "bucket-new.wav", "other"))
        for path in (old, fresh, other):
            path.parent.mkdir(exist_ok=True)
            path.touch()
        for path in (old, other):
            os.utime(path, (1_000_000, 1_000_000))
        async with running_asterisk(AsteriskConfig(), install=asterisk_install, directory=Path(folder)):
            assert [path.exists() for path in (old, fresh, other)] == [False, True, True]


async def test_given_two_instances_side_by_side_when_used_then_each_answers_to_its_own_password(
    asterisk_install: AsteriskInstall,
) -> None:
    async with (
        running_asterisk(AsteriskConfig(), install=asterisk_install) as one,
        running_asterisk(AsteriskConfig(), install=asterisk_install) as other,
    ):
        first = {one.ports.http, one.ports.sip, one.ports.sandbox_sip}
        second = {other.ports.http, other.ports.sip, other.ports.sandbox_sip}
        assert first.isdisjoint(second)
        assert one.ports.rtp_last < other.ports.rtp_first or other.ports.rtp_last < one.ports.rtp_first
        assert one.ari_password != other.ari_password
        assert [await _ping(one), await _ping(other)] == [200, 200]
        assert await _ping(one, other.ari_password) == 401


def _listeners(port: int) -> list[str]:
    """The inodes of the sockets that listen on this port of 127.0.0.1 (proc(5), /proc/net/tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return [row[9] for row in rows if row[1] == f"0100007F:{port:04X}" and row[3] == "0A"]


async def test_given_an_instance_when_its_block_ends_then_process_ports_and_directory_are_gone(
    asterisk_install: AsteriskInstall,
) -> None:
    async with running_asterisk(AsteriskConfig(), install=asterisk_install) as asterisk:
        pid, directory, port = asterisk.pid, asterisk.directory, asterisk.ports.http
        (listener,) = _listeners(port)
        assert directory.is_dir()
        assert directory.stat().st_mode & 0o077 == 0
    assert not directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    # By the kernel's number for the socket: the port itself may be another test's by now.
    assert listener not in _listeners(port)


async def test_given_a_directory_of_ones_own_when_restarted_then_what_asterisk_stored_is_still_there(
    asterisk_install: AsteriskInstall, tmp_path: Path
) -> None:
    # Longer than a unix socket's name may be, so that the control socket must go elsewhere.
    directory = tmp_path / ("long" * 30)
    async with running_asterisk(AsteriskConfig(), install=asterisk_install, directory=directory) as asterisk:
        await asterisk.run_cli("database put offhook kept yes")
    async with running_asterisk(AsteriskConfig(), install=asterisk_install, directory=directory) as asterisk:
        assert "Value: yes" in await asterisk.run_cli("database get offhook kept")


def test_given_a_foreign_program_on_a_port_of_a_block_when_ports_are_reserved_then_it_is_stepped_around() -> None:
    with socket.socket() as foreign:
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with reserve_ports(rtp_port_count=100) as ports:
            foreign.bind(("127.0.0.1", ports.http))
            foreign.listen()
        with reserve_ports(rtp_port_count=100) as others:
            taken = {others.http, others.sip, others.sandbox_sip}
            assert ports.http not in taken
            assert len(taken) == 3


def test_given_reserved_ports_when_more_are_reserved_then_no_block_is_given_twice() -> None:
    with (
        reserve_ports(rtp_port_count=100) as one,
        reserve_ports(rtp_port_count=1500) as wide,
        reserve_ports(rtp_port_count=100) as other,
    ):
        blocks = [range(ports.http - 9, ports.rtp_last + 1) for ports in (one, wide, other)]
        assert wide.rtp_last - wide.rtp_first + 1 == 1500
        for index, block in enumerate(blocks):
            assert all(set(block).isdisjoint(later) for later in blocks[index + 1 :])


def test_given_more_ports_than_there_are_when_reserved_then_the_error_says_what_to_do() -> None:
    with pytest.raises(AsteriskUnavailableError, match="stop another"), reserve_ports(rtp_port_count=30_000):
        pass


async def test_given_an_asterisk_that_cannot_run_when_started_then_the_error_has_its_last_words(
    asterisk_install: AsteriskInstall,
) -> None:
    broken = AsteriskInstall(
        version=asterisk_install.version,
        asterisk=("/bin/sh", "-c", "echo the disk is full; exit 1", "asterisk"),
        sipp=None,
        module_directory=asterisk_install.module_directory,
        data_directory=asterisk_install.data_directory,
        root=None,
    )
    with pytest.raises(AsteriskStartError, match="the disk is full"):
        async with running_asterisk(AsteriskConfig(), install=broken):
            pass


async def test_given_a_killed_asterisk_when_looked_at_then_its_process_is_known_to_have_ended(
    asterisk_install: AsteriskInstall,
) -> None:
    async with running_asterisk(AsteriskConfig(has_sandbox=False), install=asterisk_install) as asterisk:
        asterisk.process.kill()
        async with asyncio.timeout(60):
            assert await asterisk.process.wait() == -9
        with pytest.raises(AsteriskUnavailableError, match="refused"):
            await asterisk.run_cli("core show version")


async def test_given_a_directory_whose_owner_was_killed_when_an_instance_starts_then_it_is_tidied_up(
    asterisk_install: AsteriskInstall,
) -> None:
    owner = await asyncio.create_subprocess_exec("true")
    await owner.wait()
    abandoned = Path(tempfile.mkdtemp(prefix=f"offhook-asterisk-{owner.pid}-"))
    in_use = Path(tempfile.mkdtemp(prefix=f"offhook-asterisk-{os.getppid()}-"))
    try:
        async with running_asterisk(AsteriskConfig(has_sandbox=False), install=asterisk_install):
            assert not abandoned.exists()
            assert in_use.exists()
    finally:
        in_use.rmdir()
