"""Many websocket subscribers in one process of their own: ``python -m bench.crowd`` with the plan as JSON.

A subscriber is a bare protocol that finds frames and one instant in each: thousands of frames a second cost little, so
what is measured is the server. Talk is by lines: out ``ready``; in ``status`` or ``report``, out one line of JSON.
"""

import asyncio
import base64
import json
import os
import struct
import sys
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.graphql_socket import PROTOCOL
from bench.harness import BenchError, percentile

_ROOT: Final = Path(__file__).resolve().parents[1]
_AT_A_TIME: Final = 50
_SECONDS: Final = 120.0
_STAMP: Final = b'"timestamp":"'
_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who connects where. ``greetings`` are sent one after the other, each but the last one after an answer.

    A text frame with ``"timestamp":"…"`` is an event; one that also holds ``marker`` is counted for `Report.least`.
    """

    host: str
    port: int
    path: str
    subscribers: int
    protocol: str = ""
    greetings: tuple[str, ...] = ()
    answers_until_ready: int = 0
    marker: str = "CALL_ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came, over all subscribers. ``least_marked``: by the subscriber that has seen the fewest markers."""

    events: int
    others: int
    least_marked: int
    most_marked: int
    p50_ms: float
    p99_ms: float
    most_ms: float


class _Seen:
    def __init__(self, marker: str) -> None:
        self.marker = marker.encode()
        self.latencies = array("d")
        self.others = 0
        self._instants: dict[bytes, float] = {}

    def take(self, payload: bytes) -> bool:
        """Count an event; whether it was a marked one."""
        start = payload.find(_STAMP)
        if start < 0:
            self.others += 1
            return False
        start += len(_STAMP)
        stamp = payload[start : payload.find(b'"', start)]
        instant = self._instants.get(stamp)
        if instant is None:  # once for all subscribers
            instant = self._instants[stamp] = datetime.fromisoformat(stamp.decode()).timestamp()
        self.latencies.append(time.time() - instant)
        return self.marker in payload


class _Subscriber(asyncio.Protocol):
    def __init__(self, plan: Plan, seen: _Seen) -> None:
        self._plan = plan
        self._seen = seen
        self._unread = b""
        self._is_open = False
        self._greetings = list(plan.greetings)
        self._missing = plan.answers_until_ready
        self.marked = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {self._plan.path} HTTP/1.1", f"Host: {self._plan.host}:{self._plan.port}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Protocol: {self._plan.protocol}"] if self._plan.protocol else []
        transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        if self._unread:
            data = self._unread + data
        if not self._is_open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._unread = head
                return
            if b" 101 " not in head[:20]:
                self.fail(f"refused: {head[:100]!r}")
                return
            self._is_open = True
            self._greet()
        position = 0
        while (frame := _read_frame(data, position)) is not None:
            opcode, payload, position = frame
            self._take(opcode, payload)
        self._unread = data[position:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(f"the server closed the connection: {exc}")

    def fail(self, reason: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(BenchError(reason))

    def _greet(self) -> None:
        if self._greetings:
            self._send(_TEXT, self._greetings.pop(0).encode())
        if self._missing == 0 and not self._greetings and not self.ready.done():
            self.ready.set_result(None)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            if payload.startswith(b'{"type":"ping"'):
                self._send(_TEXT, b'{"type":"pong"}')
            elif self._missing:
                self._missing -= 1
                self._greet()
            elif self._seen.take(payload):
                self.marked += 1
        elif opcode == _PING:
            self._send(0xA, payload)
        elif opcode == _CLOSE:
            self.fail(f"closed: {payload!r}")

    def _send(self, opcode: int, payload: bytes) -> None:
        length = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))  # noqa: PLR2004
        # A mask of zeros is a mask (RFC 6455, 5.3), and leaves the text as it is.
        self._transport.write(bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + payload)


def _read_frame(data: bytes, position: int) -> tuple[int, bytes, int] | None:
    """Opcode, payload and the position behind an unmasked frame; None while it is not complete."""
    if len(data) < position + 2:
        return None
    length, start = data[position + 1], position + 2
    if length == 126:  # noqa: PLR2004 -- RFC 6455, 5.2
        if len(data) < start + 2:
            return None
        length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
    elif length == 127:  # noqa: PLR2004
        if len(data) < start + 8:
            return None
        length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
    if len(data) < start + length:
        return None
    return data[position] & 0xF, data[start : start + length], start + length


async def _attend(plan: Plan) -> None:
    loop = asyncio.get_running_loop()
    seen = _Seen(plan.marker)
    subscribers: list[_Subscriber] = []
    slots = asyncio.Semaphore(_AT_A_TIME)

    async def join() -> None:
        async with slots, asyncio.timeout(_SECONDS):
            _, subscriber = await loop.create_connection(lambda: _Subscriber(plan, seen), plan.host, plan.port)
            await subscriber.ready
            subscribers.append(subscriber)

    async with asyncio.TaskGroup() as group:
        for _ in range(plan.subscribers):
            group.create_task(join())
    print("ready", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        marked = [subscriber.marked for subscriber in subscribers]
        latencies = list(seen.latencies) if line == "report" else []
        report = Report(
            events=len(seen.latencies),
            others=seen.others,
            least_marked=min(marked),
            most_marked=max(marked),
            p50_ms=percentile(latencies, 50) * 1000 if latencies else 0.0,
            p99_ms=percentile(latencies, 99) * 1000 if latencies else 0.0,
            most_ms=max(latencies, default=0.0) * 1000,
        )
        print(json.dumps(asdict(report)), flush=True)


def graphql_plan(
    url: str, token: str, query: str, *, subscribers: int, variables: dict[str, Any] | None = None
) -> Plan:
    """Subscribers of Offhook, each on a socket of its own, who have been told CaughtUp when they are ready."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    payload = {"query": query, "variables": variables or {}}
    messages = (
        {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}},
        {"id": "1", "type": "subscribe", "payload": payload},
    )
    return Plan(
        host=address.hostname,
        port=address.port,
        path="/graphql",
        subscribers=subscribers,
        protocol=PROTOCOL,
        greetings=tuple(orjson.dumps(message).decode() for message in messages),
        answers_until_ready=len(messages),
    )


class Crowd:
    """The process of subscribers, from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, what: str) -> Report:
        """``status`` (no percentiles, cheap) or ``report``."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n".encode())
        return Report(**orjson.loads(await self.read_line()))

    async def wait_until_marked(self, count: int, *, seconds: float) -> Report:
        """Wait until every subscriber has seen so many markers; its report then.

        Raises:
            BenchError: they did not come in time.
        """
        deadline = time.monotonic() + seconds
        while (status := await self.ask("status")).least_marked < count:
            if time.monotonic() > deadline:
                raise BenchError(f"After {seconds:g} s a subscriber has {status.least_marked} of {count} ends.")
            await asyncio.sleep(0.1)
        return await self.ask("report")

    async def read_line(self) -> bytes:
        assert self._process.stdout is not None
        async with asyncio.timeout(_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            raise BenchError("The process of subscribers ended; its last words are above.")
        return line


@asynccontextmanager
async def gathered(plan: Plan) -> AsyncIterator[Crowd]:
    """All subscribers connected and subscribed, until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.crowd", json.dumps(asdict(plan))),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        crowd = Crowd(process)
        if (await crowd.read_line()).strip() != b"ready":
            raise BenchError("The process of subscribers did not begin as agreed.")
        yield crowd
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    uvloop.run(_attend(Plan(**{**given, "greetings": tuple(given["greetings"])})))
