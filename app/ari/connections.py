"""Keep-alive HTTP/1.1 connections to Asterisk, as a transport under httpx.

Why not httpx's own: at 200 calls a second Offhook makes some 2,000 small requests a second, and httpx's pool spends
0.5 ms of processor time on each (1.3 ms with 32 in flight; measured on the benchmark machine), which is more than one
core. This one spends 0.05 ms, and it can do two things that the other cannot: open connections a few at a time, for
Asterisk's listen queue is short and an overflowing one costs a second per connection; and drop the idle connections
of a line that has just proved to be dead.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, cast

import httptools
import httpx

READ_AHEAD_BYTES = 1024 * 1024
CONNECTS_AT_A_TIME = 4


class Connection(asyncio.Protocol):
    """One connection, one request at a time.

    `begin` sends a request, `read_head` waits for status and headers, `read_body` gives pieces until None.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: httpx.TransportError | None = None
        self._is_paused = False
        self._is_busy = False
        self._waiting_bytes = 0
        self._pieces: deque[bytes] = deque()
        self._headers: list[tuple[bytes, bytes]] = []
        self._has_head = False
        self._has_answer_begun = False
        self.is_complete = False
        self.status = 0
        self.may_be_used_again = True
        self.idle_since = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent."""
        return self.may_be_used_again and self._failure is None and not self._is_busy

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return self._headers

    def begin(self, message: bytes) -> None:
        assert self._transport is not None
        self._is_busy = True
        self._has_head = self.is_complete = self._has_answer_begun = False
        self._headers = []
        self._pieces.clear()
        self._waiting_bytes = 0
        self._transport.write(message)

    async def read_head(self) -> None:
        while not self._has_head:
            await self._wait()

    async def read_body(self) -> bytes | None:
        while not self._pieces:
            if self.is_complete:
                return None
            await self._wait()
        piece = self._pieces.popleft()
        self._waiting_bytes -= len(piece)
        if self._is_paused and self._waiting_bytes <= READ_AHEAD_BYTES // 2:
            assert self._transport is not None
            self._is_paused = False
            self._transport.resume_reading()
        return piece

    def take_body(self) -> bytes:
        """Give the whole body of an answer that is complete, without waiting."""
        body = b"".join(self._pieces)
        self._pieces.clear()
        return body

    def finish(self) -> None:
        """The answer has been read to its end."""
        self._is_busy = False
        self.idle_since = time.monotonic()

    def close(self) -> None:
        self.may_be_used_again = False
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: httpx.TransportError) -> None:
        self.may_be_used_again = False
        if self._failure is None:
            self._failure = failure
        self._wake()

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Every stream's is one; uvloop's does not say so by its class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_busy:
            # An answer that nobody asked for: what follows could be taken for the answer to something else.
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(f"not HTTP: {error}"))
            self.close()
            return
        if self._waiting_bytes > READ_AHEAD_BYTES and not self._is_paused:
            assert self._transport is not None
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        # The loss follows in a later turn of the loop; no request may start in between.
        self.may_be_used_again = False

    def connection_lost(self, exc: Exception | None) -> None:
        what = "in the middle of an answer" if self._has_answer_begun else "before it answered"
        kind = httpx.RemoteProtocolError if exc is None else httpx.ReadError
        self._fail(kind(f"connection ended {what}"))

    # httptools calls these

    def on_message_begin(self) -> None:
        if self.is_complete:
            raise ValueError("a second answer to one request")
        self._has_answer_begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self._is_interim():
            return
        self.may_be_used_again = self._parser.should_keep_alive()
        self._has_head = True

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)

    def on_message_complete(self) -> None:
        if self._is_interim():
            # `100 Continue` and its like: the answer proper follows.
            self._headers = []
            return
        self.is_complete = True

    def _is_interim(self) -> bool:
        return self.status < HTTPStatus.OK


class KeepAliveTransport(httpx.AsyncBaseTransport):
    """At most `max_connections` to one server, the most recently used first; idle ones are dropped after a while."""

    def __init__(self, *, max_connections: int, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._idle: deque[Connection] = deque()
        self._slots = asyncio.Semaphore(max_connections)
        self._connecting = asyncio.Semaphore(CONNECTS_AT_A_TIME)
        self._tls: ssl.SSLContext | None = None
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        await self._take_slot(limits.get("pool"))
        connection: Connection | None = None
        try:
            connection = self._take_idle() or await self._connect(request.url, limits.get("connect"))
            connection.begin(_write_request(request))
            try:
                async with asyncio.timeout(limits.get("read")):
                    await connection.read_head()
            except TimeoutError as error:
                raise httpx.ReadTimeout("no answer", request=request) from error
        except BaseException:
            self.give_back(connection)
            raise
        if connection.is_complete:
            # Nearly always: small answers come in one piece.
            status, headers, body = connection.status, connection.headers, connection.take_body()
            self.give_back(connection)
            return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))
        stream = _BodyStream(self, connection, limits.get("read"))
        return httpx.Response(connection.status, headers=connection.headers, stream=stream)

    async def aclose(self) -> None:
        """Close what is idle now, and what is busy as soon as it is done."""
        self._is_closed = True
        self.drop_idle_connections()

    def drop_idle_connections(self) -> None:
        """Make the next requests use new connections."""
        while self._idle:
            self._idle.pop().close()

    async def _take_slot(self, limit_seconds: float | None) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(limit_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("all connections are busy") from error

    def _take_idle(self) -> Connection | None:
        oldest_allowed = time.monotonic() - self._idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and connection.idle_since >= oldest_allowed:
                return connection
            connection.close()
        return None

    async def _connect(self, url: httpx.URL, limit_seconds: float | None) -> Connection:
        tls = self._tls_context() if url.scheme == "https" else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit_seconds), self._connecting:
                # Another request may have finished while this one waited for its turn.
                idle = self._take_idle()
                if idle is not None:
                    return idle
                _, connection = await loop.create_connection(
                    Connection, url.host, url.port or (443 if tls else 80), ssl=tls
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            # Refused, unreachable, unknown host, or a certificate that does not fit.
            raise httpx.ConnectError(type(error).__name__) from error
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def give_back(self, connection: Connection | None) -> None:
        """End an exchange: keep the connection when its answer was read to the end, else close it."""
        self._slots.release()
        if connection is None:
            return
        if not connection.is_complete:
            connection.close()
            return
        connection.finish()
        if connection.is_usable and not self._is_closed:
            self._idle.append(connection)
        else:
            connection.close()
        oldest_allowed = time.monotonic() - self._idle_seconds
        while self._idle and self._idle[0].idle_since < oldest_allowed:
            self._idle.popleft().close()


class _BodyStream(httpx.AsyncByteStream):
    """A body that is still coming; closing it early closes the connection."""

    def __init__(self, transport: KeepAliveTransport, connection: Connection, limit_seconds: float | None) -> None:
        self._transport = transport
        self._connection: Connection | None = connection
        self._limit_seconds = limit_seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None:
            try:
                async with asyncio.timeout(self._limit_seconds):
                    piece = await self._connection.read_body()
            except TimeoutError as error:
                raise httpx.ReadTimeout("the body stands still") from error
            if piece is None:
                return
            yield piece

    async def aclose(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._transport.give_back(connection)


def _write_request(request: httpx.Request) -> bytes:
    lines: list[Any] = [request.method.encode("ascii"), b" ", request.url.raw_path, b" HTTP/1.1\r\n"]
    for name, value in request.headers.raw:
        lines += (name, b": ", value, b"\r\n")
    lines += (b"\r\n", request.content)
    return b"".join(lines)
