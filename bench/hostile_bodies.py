"""How much a process grows that is sent 100 MB in one piece, or without an end, beside one that is asked something."""

import asyncio
import base64
import contextlib
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn
from bench.service import RunningService, running_service_process

_SENT: Final = 100_000_000
_PIECE: Final = b"x" * 65_536
_SECONDS: Final = 120.0
#: Whoever has not grown for so long has read what it reads.
_STEADY_SECONDS: Final = 5.0
_MB: Final = 1e6
_HOSTILE: Final = "100 MB, in the worst of some ways"
_ORDINARY: Final = "ordinary requests"
_QUERY: Final = "{ calls(first: 100) { nodes { id state legs { id } } pageInfo { hasNextPage } } }"
_CONTINUATION, _TEXT, _PING = 0, 1, 9
#: Bits of a frame's first byte, and of its second (RFC 6455, 5.2).
_LAST, _MASKED = 0x80, 0x80
_LARGEST: Final = 127


def _frame(opcode: int, payload: bytes = b"", *, is_last: bool = True, says: int | None = None) -> bytes:
    """A frame, masked with zeros; ``says`` is the length that its head gives, when that is not the payload's."""
    length = len(payload) if says is None else says
    head = struct.pack("!BBQ", opcode | (_LAST if is_last else 0), _MASKED | _LARGEST, length)
    return head + bytes(4) + payload


_HELLO: Final = _frame(_TEXT, b'{"type":"ping"}')
#: What is sent first, and what again and again until it is 100 MB.
_FRAMES: Final[dict[str, tuple[bytes, bytes]]] = {
    "one frame": (_frame(_TEXT, says=_SENT), _PIECE),
    "a message in pieces": (_frame(_TEXT, is_last=False), _frame(_CONTINUATION, _PIECE, is_last=False)),
    "many messages": (_HELLO, _frame(_TEXT, b'{"type":"ping","payload":{"x":"' + b"y" * 900_000 + b'"}}')),
    "pings whose answers nobody reads": (_HELLO, _frame(_PING, b"x" * 125) * 500),
}


class _Sender:
    """Sends to a service, and reads from the kernel's books how large its process has been meanwhile."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        address = urlsplit(service.url)
        if address.hostname is None or address.port is None:
            raise BenchError(f"The service has no address: {service.url}")
        self._host, self._port = address.hostname, address.port
        self.grown: dict[str, list[float]] = {}
        self.refused = 0

    async def warm_up(self) -> None:
        """What a process reads in the background soon after its start, and needs once for all, is there."""
        process, before = Path(f"/proc/{self._service.pid}"), 0
        async with asyncio.timeout(_SECONDS):
            while (now := _read(process, "VmRSS")) > before + _MB / 2:
                before = now
                await asyncio.sleep(_STEADY_SECONDS)
        await self.send_all()
        await self.ask()
        self.grown, self.refused = {}, 0

    async def send_all(self) -> float:
        """Megabytes of growth of the worst way."""
        ways: dict[str, Callable[[], Awaitable[None]]] = {
            "a body that says how long it is": partial(self._post, is_chunked=False),
            "a body in chunks": partial(self._post, is_chunked=True),
            **{name: partial(self._send, *frames) for name, frames in _FRAMES.items()},
        }
        for name, way in ways.items():
            self.grown.setdefault(name, []).append(await self._measure(way))
        return max(rounds[-1] for rounds in self.grown.values())

    async def ask(self) -> float:
        """Megabytes of growth while ordinary requests are answered."""
        return await self._measure(self._ask)

    async def _ask(self) -> None:
        async with httpx.AsyncClient(
            base_url=self._service.url, headers=self._service.headers, timeout=60.0, trust_env=False
        ) as http:
            for _ in range(100):
                answer = (await http.post("/graphql", json={"query": _QUERY})).json()
                if "errors" in answer:
                    raise BenchError(f"The service refused an ordinary request: {str(answer)[:300]}")

    async def _measure(self, way: Callable[[], Awaitable[None]]) -> float:
        process = Path(f"/proc/{self._service.pid}")
        # The high-water mark begins anew (proc(5), clear_refs).
        (process / "clear_refs").write_text("5", encoding="ascii")
        before = _read(process, "VmRSS")
        async with asyncio.timeout(_SECONDS):
            await way()
        return max(0.0, (_read(process, "VmHWM") - before) / _MB)

    async def _post(self, *, is_chunked: bool) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {_SENT}"
        writer.write(
            f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode()
        )
        piece = b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE) if is_chunked else _PIECE
        await self._pour(writer, piece)
        with contextlib.suppress(ConnectionError):  # whoever is hung up on may not read why
            answer = await reader.read(64)
            if answer and b" 413 " not in answer:
                raise BenchError(f"A body of 100 MB was answered with {answer[:40]!r}")
        writer.close()
        self.refused += 1

    async def _send(self, first: bytes, piece: bytes) -> None:
        async with self._opened() as writer:
            writer.write(first)
            await self._pour(writer, piece)
        self.refused += 1

    async def _pour(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # it need not take what it will not read
            for _ in range(_SENT // len(piece)):
                writer.write(piece)
                await writer.drain()

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[asyncio.StreamWriter]:
        """A websocket from which nobody reads."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        head = (
            f"GET /graphql HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )
        writer.write(head.encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer:
            raise BenchError(f"The service let no websocket in: {answer[:80]!r}")
        try:
            yield writer
        finally:
            writer.close()


def _read(process: Path, name: str) -> int:
    for line in (process / "status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"The kernel does not tell {name}.")


async def _run(context: Context) -> Result:
    async with running_service_process(context, await context.database()) as service:
        sender = _Sender(service)
        await sender.warm_up()
        measured = await in_turn(context, {_HOSTILE: sender.send_all, _ORDINARY: sender.ask}, warm_up=False)
    return Result(
        value=max(measured[_HOSTILE]),
        unit="MB",
        sides={name: Series.of("MB", rounds) for name, rounds in measured.items()},
        checked={"bodies and streams of 100 MB refused": sender.refused},
        details={"most MB of each": {name: round(max(rounds), 2) for name, rounds in sender.grown.items()}},
    )


FIGURE = Figure(
    name="hostile_body_mb",
    description="growth of the process while it is sent 100 MB as a body, as a frame, or in messages without an end",
    beside="ordinary requests",
    better=Better.LOWER,
    target=Goal(20),
    aim=Goal(5),
    run=_run,
)
