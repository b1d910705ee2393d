"""A websocket by hand: the handshake, and frames exactly as a test writes them (RFC 6455)."""

import asyncio
import base64
import contextlib
import os
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson

from tests.api.conftest import DEADLINE_SECONDS

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_MASK = bytes(4)  # masked, as RFC 6455 asks of clients, with a mask that changes nothing
_SHORT, _MEDIUM = 126, 1 << 16


def frame(opcode: int, payload: bytes = b"", *, is_last: bool = True, says: int | None = None) -> bytes:
    """One frame; ``says`` is the length in its head when that is not the payload's."""
    length = len(payload) if says is None else says
    head = bytes((opcode | (0x80 if is_last else 0),))
    if length < _SHORT:
        head += bytes((0x80 | length,))
    elif length < _MEDIUM:
        head += struct.pack("!BH", 0x80 | 126, length)
    else:
        head += struct.pack("!BQ", 0x80 | 127, length)
    return head + _MASK + payload


def message(**said: object) -> bytes:
    """A text frame with a JSON object."""
    return frame(TEXT, orjson.dumps(said))


@dataclass(slots=True)
class RawSocket:
    """One connection. ``response`` is the head of the handshake's answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    response: str

    async def send(self, *frames: bytes) -> None:
        """Write frames; a peer that has gone is no matter: what it said before is read all the same."""
        with contextlib.suppress(ConnectionError):
            for one in frames:
                self.writer.write(one)
                await self.writer.drain()

    async def read_frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, second = await self.reader.readexactly(2)
        assert first & 0x80, "the service sends whole messages"
        assert not second & 0x80, "a server masks nothing"
        length = second
        if second == _SHORT:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif second == _SHORT + 1:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(length)

    async def receive(self) -> dict[str, Any]:
        """The next message of the protocol that is no heartbeat."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                opcode, payload = await self.read_frame()
                assert opcode == TEXT, (opcode, payload)
                said: dict[str, Any] = orjson.loads(payload)
                if said["type"] != "ping":
                    return said

    async def close_code(self) -> int:
        """The code that the service closes with, whatever it says before."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                opcode, payload = await self.read_frame()
                if opcode == CLOSE:
                    code: int = struct.unpack("!H", payload[:2])[0]
                    return code

    async def until_cut(self) -> None:
        """Return when the service has cut the connection."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(1 << 16):
                    pass


@contextlib.asynccontextmanager
async def raw_socket(
    port: int, *, protocol: str | None = "graphql-transport-ws", token: str | None = None, **headers: str
) -> AsyncIterator[RawSocket]:
    """A connection after its handshake; with ``token`` also after ``connection_init``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        lines = [
            "GET /graphql HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *([] if protocol is None else [f"Sec-WebSocket-Protocol: {protocol}"]),
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(DEADLINE_SECONDS):
            response = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        socket = RawSocket(reader, writer, response)
        if token is not None:
            await socket.send(message(type="connection_init", payload={"authorization": f"Bearer {token}"}))
            assert (await socket.receive())["type"] == "connection_ack"
        yield socket
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
