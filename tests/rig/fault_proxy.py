"""A wire between two programs that a test can cut and mend: TCP (to Asterisk) or a Unix socket (to PostgreSQL)."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from tests.rig.event_frames import CLOSE_FRAME, Change, EventFrames

_BLOCK = 65536
_SOCKET_NAME = ".s.PGSQL.5432"

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FaultProxy:
    """Passes bytes both ways. While it is cut, connections break at once and new ones are closed unanswered.

    ``open_target`` may be replaced, to lead new connections elsewhere.
    """

    def __init__(self, open_target: Callable[[], Awaitable[_Streams]], address: str = "") -> None:
        self.address = address
        self.open_target = open_target
        self.lost_answers = 0
        self._is_cut = False
        self._doomed_request: bytes | None = None
        self._rewritten: tuple[bytes, bytes] | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        #: Changes each event that passes; None lets them pass as they are.
        self.change_event: Change | None = None
        self._event_sockets: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connection_count(self) -> int:
        return len(self._open) // 2

    def cut(self) -> None:
        """Reset every connection, and refuse new ones until ``mend``."""
        self._is_cut = True
        for writer in list(self._open):
            writer.transport.abort()

    def end_event_sockets(self, *, how: str) -> None:
        """End each event socket towards the client: ``close`` (a proper good-bye), ``fin`` or ``reset``."""
        for writer in list(self._event_sockets):
            match how:
                case "close":
                    writer.write(CLOSE_FRAME)
                    writer.close()
                case "fin":
                    writer.close()
                case "reset":
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                case _:
                    raise ValueError(how)

    def say_as_asterisk(self, frame: bytes) -> None:
        """Put a frame of our own between Asterisk's, on each event socket."""
        for writer in self._event_sockets:
            writer.write(frame)

    def hold(self) -> None:
        """Pass nothing on, and break nothing: half-open, as when a cable is pulled. Until ``mend``."""
        self._flowing.clear()

    def mend(self) -> None:
        self._is_cut = False
        self._flowing.set()

    def lose_answer_to(self, request: bytes) -> None:
        """Let the next request that contains these bytes through, and break its connection instead of answering."""
        self._doomed_request = request

    def rewrite_answers(self, told: bytes, instead: bytes) -> None:
        """Say something else of the same length in every answer from now on."""
        assert len(told) == len(instead), "lengths are told before contents"
        self._rewritten = (told, instead)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._is_cut:
                writer.transport.abort()
                return
            with contextlib.suppress(OSError):  # the other side is away: so is this one, then
                target_reader, target_writer = await self.open_target()
                await self._join((reader, writer), (target_reader, target_writer))
        except asyncio.CancelledError:
            pass  # the block of the proxy is over
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _join(self, near: _Streams, far: _Streams) -> None:
        writers = {near[1], far[1]}
        self._open |= writers
        is_doomed = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_requests(near[0], far[1], is_doomed))
                group.create_task(self._pass_answers(far[0], near[1], is_doomed))
        finally:
            self._open -= writers
            self._event_sockets -= writers
            for writer in writers:
                writer.transport.abort()

    async def _pass_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_doomed: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):  # cut
            while block := await reader.read(_BLOCK):
                # Our client sends a request's head in one piece.
                if self._doomed_request is not None and self._doomed_request in block:
                    self._doomed_request = None
                    is_doomed.set()
                await self._flowing.wait()
                writer.write(block)
                await writer.drain()
        # One direction's end is the connection's: neither HTTP nor PostgreSQL goes on half-closed.
        writer.close()

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_doomed: asyncio.Event
    ) -> None:
        frames = EventFrames()
        with contextlib.suppress(OSError):  # cut
            while block := await reader.read(_BLOCK):
                if is_doomed.is_set():
                    self.lost_answers += 1
                    writer.transport.abort()
                    return
                await self._flowing.wait()
                block = block if self._rewritten is None else block.replace(*self._rewritten)
                writer.write(frames.pass_on(block, self.change_event))
                if frames.is_event_socket:
                    self._event_sockets.add(writer)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)


@contextlib.asynccontextmanager
async def proxy_to_asterisk(url: str) -> AsyncIterator[FaultProxy]:
    """``address`` is the URL to use instead of ``url`` (http://host:port)."""
    target = urlsplit(url)

    async def open_target() -> _Streams:
        return await asyncio.open_connection(target.hostname, target.port)

    proxy = FaultProxy(open_target)
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    proxy.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def proxy_to_postgres(dsn: str, directory: Path) -> AsyncIterator[FaultProxy]:
    """``address`` is the DSN to use instead of ``dsn``, whose host is a socket's folder."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    socket_path = Path(query["host"][0]) / _SOCKET_NAME

    async def open_target() -> _Streams:
        return await asyncio.open_unix_connection(socket_path)

    directory.mkdir(parents=True, exist_ok=True)
    proxy = FaultProxy(open_target)
    proxy.address = urlunsplit(parts._replace(query=urlencode({"host": str(directory)})))
    server = await asyncio.start_unix_server(proxy.handle, directory / _SOCKET_NAME)
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
