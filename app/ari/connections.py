"""Keep-alive HTTP/1.1 connections to Asterisk: bytes of a request in, status and body out.

Why not httpx, which the rest of Offhook uses: at 200 calls a second there are some 2,000 small requests a second, and
request and response objects, header maps and URL parsing cost several times what the exchange itself does (measured:
docs/decisions/0011-asterisk-at-the-byte.md). This one can also do two things that a pool for the web cannot: open
connections a few at a time, for Asterisk's listen queue is short and an overflowing one costs a second per connection;
and drop the idle connections of a line that has just proved to be dead.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol, cast

import httptools

#: A streamed body that nobody takes waits at the server once this much is here.
READ_AHEAD_BYTES: Final = 1024 * 1024
#: No answer of ARI comes near; whoever sends more is not Asterisk.
LARGEST_ANSWER_BYTES: Final = 64 * 1024 * 1024
CONNECTS_AT_A_TIME: Final = 4


class ExchangeError(Exception):
    """No answer. The class says how far it came."""


class NotSent(ExchangeError):  # noqa: N818 -- says what happened
    """Nothing of the request has left: no connection, or none free, in time."""


class NoAnswer(ExchangeError):  # noqa: N818 -- says what happened
    """The request may have been read and acted on; its answer did not come, or is not HTTP."""


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes


class AnswerInPieces(Protocol):
    """A body that is still coming; closing it early closes the connection."""

    status: int

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Each piece as it comes. Raises NoAnswer when they stop coming."""
        ...

    def close(self) -> None:
        """The rest is not wanted, or there is none."""
        ...


class Exchanger(Protocol):
    """What carries requests to a server: a pool of connections, or what stands in for one."""

    async def exchange(self, request: bytes, *, seconds: float) -> Answer:
        """Send a request and take its whole answer, within ``seconds`` in all.

        Raises:
            NotSent, NoAnswer: there is no answer.
        """
        ...

    async def stream(self, request: bytes, *, seconds: float) -> AnswerInPieces:
        """Send a request and take the head of its answer; the body comes as it is asked for.

        ``seconds`` holds for the head and then for each piece. Raises NotSent or NoAnswer.
        """
        ...

    def drop_idle_connections(self) -> None:
        """Make the next requests use new connections."""
        ...

    async def aclose(self) -> None:
        """Close what is idle now, and what is busy as soon as it is done."""
        ...


class Connection(asyncio.Protocol):
    """One connection, one request at a time: ``ask`` for a whole answer, or ``begin`` and then ``read_body``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: ExchangeError | None = None
        self._is_paused = False
        self._is_busy = False
        self._is_streaming = False
        self._waiting_bytes = 0
        self._pieces: deque[bytes] = deque()
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

    async def ask(self, request: bytes, *, seconds: float) -> Answer:
        """Send a request and take its whole answer.

        Raises:
            NoAnswer: there was none within ``seconds``, or the connection ended.
        """
        self._send(request, is_streaming=False)
        await self._wait(seconds)
        body = b"".join(self._pieces) if self._pieces else b""
        self._pieces.clear()
        return Answer(self.status, body)

    async def begin(self, request: bytes, *, seconds: float) -> int:
        """Send a request and wait for the head of its answer; gives the status. Raises NoAnswer."""
        self._send(request, is_streaming=True)
        while not self._has_head:
            await self._wait(seconds)
        return self.status

    async def read_body(self, *, seconds: float) -> bytes | None:
        """The next piece of the body, None at its end. Raises NoAnswer when there is none within ``seconds``."""
        while not self._pieces:
            if self.is_complete:
                return None
            await self._wait(seconds)
        piece = self._pieces.popleft()
        self._waiting_bytes -= len(piece)
        if self._is_paused and self._waiting_bytes <= READ_AHEAD_BYTES // 2:
            assert self._transport is not None
            self._is_paused = False
            self._transport.resume_reading()
        return piece

    def finish(self) -> None:
        """The answer has been read to its end."""
        self._is_busy = False
        self.idle_since = self._loop.time()

    def close(self) -> None:
        self.may_be_used_again = False
        if self._transport is not None:
            self._transport.abort()

    def _send(self, request: bytes, *, is_streaming: bool) -> None:
        assert self._transport is not None
        self._is_busy = True
        self._is_streaming = is_streaming
        self._has_head = self.is_complete = self._has_answer_begun = False
        self._pieces.clear()
        self._waiting_bytes = 0
        self._transport.write(request)

    async def _wait(self, seconds: float) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = waiter = self._loop.create_future()
        # Not asyncio.timeout: it costs as much again as the exchange.
        timer = self._loop.call_later(seconds, self._on_time_out)
        try:
            await waiter
        finally:
            self._waiter = None
            timer.cancel()

    def _on_time_out(self) -> None:
        self._fail(NoAnswer("no answer in time"))

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._failure is not None and not self.is_complete:
            waiter.set_exception(self._failure)
        else:
            waiter.set_result(None)

    def _fail(self, failure: ExchangeError) -> None:
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
        except httptools.HttpParserError:
            # The parser's words may quote what came; they are left out.
            self._fail(NoAnswer("not HTTP"))
            self.close()
            return
        if self._is_streaming:
            if self._waiting_bytes > READ_AHEAD_BYTES and not self._is_paused:
                assert self._transport is not None
                self._is_paused = True
                self._transport.pause_reading()
            self._wake()
        elif self.is_complete:
            self._wake()
        elif self._waiting_bytes > LARGEST_ANSWER_BYTES:
            self._fail(NoAnswer("answer too large"))
            self.close()

    def eof_received(self) -> None:
        # The loss follows in a later turn of the loop; no request may start in between.
        self.may_be_used_again = False

    def connection_lost(self, exc: Exception | None) -> None:
        what = "in the middle of an answer" if self._has_answer_begun else "before it answered"
        self._fail(NoAnswer(f"connection {'ended' if exc is None else 'broke'} {what}"))

    # httptools calls these; what is not here costs nothing, as headers do not

    def on_message_begin(self) -> None:
        if self.is_complete:
            raise ValueError("a second answer to one request")
        self._has_answer_begun = True

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < HTTPStatus.OK:
            return
        self.may_be_used_again = self._parser.should_keep_alive()
        self._has_head = True

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)

    def on_message_complete(self) -> None:
        # After `100 Continue` and its like, the answer proper follows.
        if self.status >= HTTPStatus.OK:
            self.is_complete = True


class ConnectionPool(Exchanger):
    """At most ``max_connections`` to one server, the most recently used first; idle ones are dropped after a while.

    ``tls`` is the context to speak TLS with, None for plain TCP.
    """

    def __init__(
        self, host: str, port: int, *, tls: ssl.SSLContext | None, max_connections: int, idle_seconds: float
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._idle: deque[Connection] = deque()
        self._slots = asyncio.Semaphore(max_connections)
        self._connecting = asyncio.Semaphore(CONNECTS_AT_A_TIME)
        self._is_closed = False

    async def exchange(self, request: bytes, *, seconds: float) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        await self._take_slot(seconds)
        connection: Connection | None = None
        try:
            connection = self._take_idle() or await self._connect(deadline - loop.time())
            return await connection.ask(request, seconds=deadline - loop.time())
        finally:
            self._give_back(connection)

    async def stream(self, request: bytes, *, seconds: float) -> "_Body":
        await self._take_slot(seconds)
        connection: Connection | None = None
        try:
            connection = self._take_idle() or await self._connect(seconds)
            status = await connection.begin(request, seconds=seconds)
        except BaseException:
            self._give_back(connection)
            raise
        return _Body(self, connection, status, seconds)

    async def aclose(self) -> None:
        self._is_closed = True
        self.drop_idle_connections()

    def drop_idle_connections(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _take_slot(self, seconds: float) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise NotSent("all connections are busy") from error

    def _take_idle(self) -> Connection | None:
        oldest_allowed = asyncio.get_running_loop().time() - self._idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and connection.idle_since >= oldest_allowed:
                return connection
            connection.close()
        return None

    async def _connect(self, seconds: float) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds), self._connecting:
                # Another request may have finished while this one waited for its turn.
                idle = self._take_idle()
                if idle is not None:
                    return idle
                _, connection = await loop.create_connection(Connection, self._host, self._port, ssl=self._tls)
        except TimeoutError as error:
            raise NotSent("no connection in time") from error
        except OSError as error:
            # Refused, unreachable, unknown host, or a certificate that does not fit.
            raise NotSent(type(error).__name__) from error
        return connection

    def _give_back(self, connection: Connection | None) -> None:
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
        oldest_allowed = connection.idle_since - self._idle_seconds
        while self._idle and self._idle[0].idle_since < oldest_allowed:
            self._idle.popleft().close()


class _Body(AnswerInPieces):
    def __init__(self, pool: ConnectionPool, connection: Connection, status: int, seconds: float) -> None:
        self.status = status
        self._pool = pool
        self._connection: Connection | None = connection
        self._seconds = seconds

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        while self._connection is not None:
            piece = await self._connection.read_body(seconds=self._seconds)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._pool._give_back(connection)  # noqa: SLF001 -- the two are one thing
