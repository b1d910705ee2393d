"""A customer's server, as light as can be, in a process of its own: it answers every POST with 204.

``python -m bench.webhook_sink``. Says its port on the first line of its output. ``GET /received`` gives what came since
the last look: a JSON list of ``[path, webhook-id, webhook-timestamp, webhook-signature, body]`` in order of arrival.
"""

import asyncio
from typing import Final, cast

import orjson
import uvloop

_ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_WANTED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")

_received: list[list[str]] = []


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one, and does not say so

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._take_request()) is not None:
            head, body = request
            assert self._transport is not None
            self._transport.write(_answer(head, body))

    def _take_request(self) -> tuple[str, bytes] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._buffer[:end].decode("latin-1")
        size = int(_read_headers(head).get("content-length", "0"))
        if len(self._buffer) < end + 4 + size:
            return None
        body = self._buffer[end + 4 : end + 4 + size]
        self._buffer = self._buffer[end + 4 + size :]
        return head, body


def _read_headers(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}


def _answer(head: str, body: bytes) -> bytes:
    method, path, _ = head.split(" ", 2)
    if method == "GET":
        report = orjson.dumps(_received)
        _received.clear()
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(report) + report
    headers = _read_headers(head)
    _received.append([path, *(headers.get(name, "") for name in _WANTED), body.decode()])
    return _ANSWER


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
