"""A customer's server: takes webhooks over real HTTP, remembers them, and answers as it is told."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.rig.free_port import reserve_port

DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: ``delay`` seconds before it, ``stall`` seconds in the middle of the body, ``raw`` bytes as is.

    With ``drip``, a byte every so many seconds, from the status line on.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    delay: float = 0.0
    stall: float = 0.0
    raw: bytes | None = None
    drip: float = 0.0


OK = Reply()
Behaviour = Callable[[Received], Reply]


class Sink:
    """Behaviours by path; a path without one answers 200. ``received`` is in the order of arrival."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.behaviours: dict[str, Behaviour] = {}
        self.connections = 0
        self.port = 0
        self.scheme = "http"
        self._news = asyncio.Condition()
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._tls: ssl.SSLContext | None = None

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen: on a free port of loopback, and after ``stop`` on the same one."""
        self._tls = tls or self._tls
        if self._reserved is None:
            self._reserved = reserve_port()
            self.port = self._reserved.getsockname()[1]
        self._server = await asyncio.start_server(self.handle, "127.0.0.1", self.port, ssl=self._tls)
        self.scheme = "http" if self._tls is None else "https"

    async def stop(self) -> None:
        """Be down: nobody listens, and what was connected is cut."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await self.close_handlers()
            await server.wait_closed()

    async def aclose(self) -> None:
        """Be down for good."""
        await self.stop()
        if self._reserved is not None:
            self._reserved.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path == path]

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS), self._news:
            await self._news.wait_for(condition)

    async def wait_for(self, count: int, path: str | None = None) -> None:
        await self.wait_until(lambda: len(self.received if path is None else self.at(path)) >= count)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side went away, or the test is over
        finally:
            self._handlers.discard(task)
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        received = Received(path, headers, body)
        async with self._news:
            self.received.append(received)
            self._news.notify_all()
        behaviour = self.behaviours.get(path)
        reply = OK if behaviour is None else behaviour(received)
        await asyncio.sleep(reply.delay)
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            return False
        lines = [f"HTTP/1.1 {reply.status} Sure", f"content-length: {len(reply.body)}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.drip:
            for byte in "\r\n".join([*lines, "", ""]).encode() + reply.body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(reply.drip)
            return True
        half = len(reply.body) // 2
        writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body[:half])
        if reply.stall:
            await writer.drain()
            await asyncio.sleep(reply.stall)
        writer.write(reply.body[half:])
        await writer.drain()
        return True

    async def close_handlers(self) -> None:
        for task in list(self._handlers):
            task.cancel()
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=DEADLINE_SECONDS)


@asynccontextmanager
async def running_sink(tls: ssl.SSLContext | None = None) -> AsyncIterator[Sink]:
    """A sink on a free port of loopback."""
    sink = Sink()
    await sink.start(tls)
    try:
        yield sink
    finally:
        await sink.aclose()
