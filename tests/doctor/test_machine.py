"""What the doctor says about the machine."""

import base64
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.doctor.findings import Finding, Status
from app.doctor.machine import check_data_dir, check_port, check_python, check_recordings, check_secret
from app.ids import Kind, new_id
from app.secrets.service_secret import SECRET_FILE, ServiceSecret

GIBIBYTE = 2**30


def assert_failed(finding: Finding, *words: str) -> None:
    """One line that says what is wrong, and one that says what to do."""
    assert finding.status is Status.FAILED
    assert finding.mend
    line = f"{finding.message} {finding.mend}"
    assert "\n" not in line
    for word in words:
        assert word in line


def test_given_this_python_when_checked_then_it_is_ok() -> None:
    assert check_python().status is Status.OK


def test_given_an_old_python_when_checked_then_the_version_needed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.doctor.machine.OLDEST_PYTHON", (3, 99))

    assert_failed(check_python(), "too old", "3.11")


def test_given_a_directory_that_is_not_there_yet_when_checked_then_it_will_be_made(tmp_path: Path) -> None:
    findings = check_data_dir(Settings(data_dir=tmp_path / "a" / "b"), lambda _path: 9 * GIBIBYTE)

    assert [finding.status for finding in findings] == [Status.OK, Status.OK]
    assert not (tmp_path / "a").exists()


def test_given_a_file_where_the_directory_should_be_when_checked_then_it_fails(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    (finding,) = check_data_dir(Settings(data_dir=tmp_path / "data" / "deep"))

    assert_failed(finding, "cannot be written", "OFFHOOK_DATA_DIR")


def test_given_a_file_system_that_takes_no_files_when_checked_then_it_fails() -> None:
    # /proc takes no new files from anybody, root included.
    (finding,) = check_data_dir(Settings(data_dir=Path("/proc/self/offhook")))

    assert_failed(finding, "cannot be written", "OFFHOOK_DATA_DIR")


@pytest.mark.parametrize(
    ("free", "status"),
    [(0, Status.FAILED), (400 * 2**20, Status.FAILED), (1 * GIBIBYTE, Status.WARNING), (9 * GIBIBYTE, Status.OK)],
)
def test_given_little_room_when_checked_then_the_disk_is_low_or_full(tmp_path: Path, free: int, status: Status) -> None:
    disk = check_data_dir(Settings(data_dir=tmp_path), lambda _path: free)[-1]

    assert disk.check == "disk"
    assert disk.status is status
    if status is Status.FAILED:
        assert_failed(disk, "MiB are free", "OFFHOOK_DATA_DIR")


def test_given_a_secret_when_checked_then_it_is_not_made_and_a_bad_one_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert check_secret(settings).status is Status.OK
    assert not (tmp_path / SECRET_FILE).exists()

    ServiceSecret.load(settings)
    assert check_secret(settings).status is Status.OK
    (tmp_path / SECRET_FILE).chmod(0o644)
    assert_failed(check_secret(settings), "chmod 600")
    assert check_secret(Settings(data_dir=tmp_path, secret_key=SecretStr("x" * 40))).status is Status.OK


async def test_given_a_free_port_when_checked_then_it_is_free(tmp_path: Path) -> None:
    assert (await check_port(Settings(data_dir=tmp_path, port=0))).status is Status.OK


async def test_given_another_program_on_the_port_when_checked_then_it_fails(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        threading.Thread(target=_hang_up_once, args=(taken,), daemon=True).start()

        assert_failed(await check_port(Settings(data_dir=tmp_path, port=port)), str(port), "OFFHOOK_PORT", "ss -ltnp")


async def test_given_an_address_that_is_not_ours_when_checked_then_it_fails(tmp_path: Path) -> None:
    assert_failed(await check_port(Settings(data_dir=tmp_path, host="192.0.2.1", port=0)), "192.0.2.1", "OFFHOOK_HOST")


async def test_given_offhook_itself_on_the_port_when_checked_then_it_is_ok(tmp_path: Path, healthy: int) -> None:
    finding = await check_port(Settings(data_dir=tmp_path, port=healthy))

    assert finding.status is Status.OK
    assert "already" in finding.message


async def test_given_a_folder_for_recordings_when_checked_then_a_file_was_kept_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    (tmp_path / "recordings").mkdir()

    finding = await check_recordings(Settings(data_dir=tmp_path))

    assert finding.status is Status.OK
    assert [path for path in (tmp_path / "recordings").rglob("*") if path.is_file()] == []


async def test_given_recordings_not_made_yet_when_checked_then_they_are_not_made(tmp_path: Path) -> None:
    assert (await check_recordings(Settings(data_dir=tmp_path))).status is Status.OK
    assert not (tmp_path / "recordings").exists()


@pytest.mark.parametrize("url", ["ftp://x/y", "file:///proc/self/offhook", "nonsense"])
async def test_given_a_store_that_keeps_nothing_when_checked_then_it_fails(tmp_path: Path, url: str) -> None:
    assert_failed(await check_recordings(Settings(data_dir=tmp_path, recordings_url=url)), "OFFHOOK_RECORDINGS_URL")


async def test_given_a_file_where_recordings_should_be_when_checked_then_it_fails(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("")

    finding = await check_recordings(Settings(data_dir=tmp_path))

    assert finding.status is Status.FAILED
    assert os.fspath(tmp_path) in finding.message


async def test_given_files_of_a_key_that_is_gone_when_checked_then_it_is_named(tmp_path: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    (tmp_path / "recordings").mkdir()
    encrypting = Settings(data_dir=tmp_path, store_keys=SecretStr(f"spring:{key}"))
    assert (await check_recordings(encrypting)).status is Status.OK

    assert_failed(await check_recordings(Settings(data_dir=tmp_path)), "spring", "OFFHOOK_STORE_KEYS")
    assert (await check_recordings(encrypting)).status is Status.OK


def _hang_up_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.close()


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Request-Id", new_id(Kind.REQUEST))
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        pass


@pytest.fixture
def healthy() -> Iterator[int]:
    """The port of something that answers as Offhook does."""
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(timeout=10)
