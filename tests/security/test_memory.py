"""What comes in a hundred megabytes never stays in the process: measured in a process of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.service import Accounts
from app.clock import SystemClock
from app.config import Settings
from app.db.engine import Database
from app.files.store import FileStore
from app.files.uploads import Uploads
from app.files.urls import upload_urls
from app.secrets.service_secret import Purpose, ServiceSecret
from tests.rig.service_process import ServiceProcess, service_process
from tests.security.raw_socket import BINARY, CONTINUATION, PING, TEXT, frame, message, raw_socket

pytestmark = pytest.mark.postgres

_MEGABYTE: Final = 1_000_000
_SENT: Final = 100 * _MEGABYTE
_MOST_GROWTH: Final = 20 * _MEGABYTE
_PIECE: Final = b"x" * 65_536
_PIECES: Final = _SENT // len(_PIECE)
_LENGTH: Final = _PIECES * len(_PIECE)
_SECONDS: Final = 120.0


class Memory:
    """How large a process has been since it was looked at first. ``growth`` is in bytes."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._before, self._peak_before = self._read("VmRSS"), self._read("VmHWM")
        self._most = self._before

    def look(self) -> None:
        self._most = max(self._most, self._read("VmRSS"))

    @property
    def growth(self) -> int:
        self.look()
        # The kernel's own high-water mark misses nothing, once it lies above that of the process's beginning.
        peak = self._read("VmHWM")
        return max(self._most, peak if peak > self._peak_before else 0) - self._before

    def _read(self, name: str) -> int:
        for line in self._status.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"the kernel does not tell {name}")


#: What a service reads in the background soon after its start, some 100 MB, is there from the beginning.
_READ_TABLES: Final = "from app.numbers import lookup, ranges; lookup._load_tables(); ranges.prepare()"


@pytest.fixture
def settings(database_dsn: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=SecretStr(database_dsn))


@pytest.fixture
async def api_process(settings: Settings, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """The surface alone, as ``offhook serve --roles api`` runs it: it needs no Asterisk."""
    async with service_process(settings, tmp_path, roles="api", probe="/healthz", before=_READ_TABLES) as process:
        yield process


async def _pour(
    port: int, memory: Memory, head: str, content_type: str, *, is_chunked: bool, pieces: int = _PIECES
) -> int | None:
    """A request with a body of 100 MB, and its status; None when the service has hung up on it without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {pieces * len(_PIECE)}"
    writer.write(f"{head} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n{length}\r\n\r\n".encode())
    try:
        for _ in range(pieces):
            writer.write(b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE) if is_chunked else _PIECE)
            await writer.drain()
            memory.look()
        if is_chunked:
            writer.write(b"0\r\n\r\n")
    except ConnectionError:
        pass  # it need not take what it will not read
    answer = b""
    with contextlib.suppress(ConnectionError):
        answer = await reader.read(64)
        memory.look()
    writer.close()
    return int(answer.split(b" ")[1]) if answer else None


async def _post(port: int, memory: Memory, *, is_chunked: bool) -> None:
    status = await _pour(port, memory, "POST /graphql", "application/json", is_chunked=is_chunked)
    assert status in {413, None}


async def _send(port: int, memory: Memory, first: bytes, piece: bytes, *, is_read: bool = True) -> None:
    """A frame's beginning, and 100 MB of what is to follow."""
    async with raw_socket(port) as socket:
        if not is_read:
            socket.reader._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio has no other way
        await socket.send(first)
        try:
            for _ in range(_SENT // len(piece)):
                socket.writer.write(piece)
                await socket.writer.drain()
                memory.look()
        except ConnectionError:
            pass  # as above


_WAYS: Final[dict[str, Callable[[int, Memory], Awaitable[None]]]] = {
    "a body that says how long it is": lambda port, memory: _post(port, memory, is_chunked=False),
    "a body in chunks": lambda port, memory: _post(port, memory, is_chunked=True),
    "one frame": lambda port, memory: _send(port, memory, frame(TEXT, says=_SENT), _PIECE),
    "one binary frame": lambda port, memory: _send(port, memory, frame(BINARY, says=_SENT), _PIECE),
    "a message in pieces": lambda port, memory: _send(
        port, memory, frame(TEXT, is_last=False), frame(CONTINUATION, _PIECE, is_last=False)
    ),
    "many messages": lambda port, memory: _send(
        port, memory, message(type="ping"), message(type="ping", payload={"x": "y" * 900_000})
    ),
    "pings whose answers nobody reads": lambda port, memory: _send(
        port, memory, message(type="ping"), frame(PING, b"x" * 125) * 500, is_read=False
    ),
    "messages whose answers nobody reads": lambda port, memory: _send(
        port, memory, message(type="ping"), message(type="ping", payload={"x": "y" * 60_000}), is_read=False
    ),
}


async def test_given_a_hundred_megabytes_when_sent_in_any_way_then_the_process_grows_by_less_than_twenty(
    api_process: ServiceProcess,
) -> None:
    port = urlsplit(api_process.url).port
    assert port is not None
    memory = Memory(api_process.process.pid)
    for _ in range(3):  # what a process needs for its first large requests it needs once
        await _send(port, memory, message(type="ping"), message(type="ping", payload={"x": "y" * 900_000}))
    growths: dict[str, int] = {}
    for name, way in _WAYS.items():
        memory = Memory(api_process.process.pid)
        async with asyncio.timeout(_SECONDS):
            await way(port, memory)
        growths[name] = memory.growth
    assert {name: growth for name, growth in growths.items() if growth > _MOST_GROWTH} == {}, growths
    assert api_process.process.is_running


class Puts(NamedTuple):
    """A file of 100 MB that is put where one of ``announced`` bytes of CSV was to come; and what it gets."""

    announced: int
    status: int
    content_type: str = "text/csv"
    tampering: str = ""


_PUTS: Final[dict[str, Puts]] = {
    "where as much was announced": Puts(_LENGTH, 201),
    "where less was announced": Puts(_MEGABYTE, 413),
    "of another type": Puts(_LENGTH, 415, content_type="audio/wav"),
    "at an address that nobody gave out": Puts(_LENGTH, 403, tampering="x"),
}


async def test_given_a_hundred_megabytes_when_put_as_an_upload_then_the_process_grows_by_less_than_twenty(
    api_process: ServiceProcess, settings: Settings, database: Database
) -> None:
    port = urlsplit(api_process.url).port
    assert port is not None
    secret = ServiceSecret.load(settings).derive(Purpose.URLS)
    uploads = Uploads(database, FileStore.of(settings), upload_urls(secret), SystemClock())
    account = await Accounts(database, AuditLog(database)).create("sender")
    sender = Principal(account.id, account.name, "US", "key_x", frozenset())
    # What a process needs for its first uploads it needs once.
    for _ in range(3):
        ticket = await uploads.create(sender, content_type="text/csv", size_bytes=48 * len(_PIECE))
        warming = Memory(api_process.process.pid)
        await _pour(port, warming, f"PUT {ticket.path}", "text/csv", is_chunked=False, pieces=48)
    growths: dict[str, int] = {}
    for name, puts in _PUTS.items():
        for is_chunked in (False, True):
            ticket = await uploads.create(sender, content_type="text/csv", size_bytes=puts.announced)
            memory = Memory(api_process.process.pid)
            async with asyncio.timeout(_SECONDS):
                address = f"PUT {ticket.path}{puts.tampering}"
                status = await _pour(port, memory, address, puts.content_type, is_chunked=is_chunked)
            # Who goes on sending may miss what it is refused with.
            assert status == puts.status or (status is None and puts.status >= 400), (name, is_chunked, status)
            growths[f"{name}{' in chunks' * is_chunked}"] = memory.growth
    assert {name: growth for name, growth in growths.items() if growth > _MOST_GROWTH} == {}, growths
    assert api_process.process.is_running
