"""The pool of connections, against servers that are slow, rude, broken or gone."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from app.ari import connections
from app.ari.connections import READ_AHEAD_BYTES, Answer, ConnectionPool, NoAnswer, NotSent
from tests.ari.event_server import until
from tests.rig.free_port import reserve_port

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Counted:
    """A server that does as told with each connection, and counts them."""

    port: int = 0
    connections: int = 0
    open: int = 0


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[Counted]:
    counted = Counted()
    tasks: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted.connections += 1
        counted.open += 1
        tasks.add(asyncio.current_task())
        try:
            await peer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, which several tests want
        finally:
            counted.open -= 1
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    counted.port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(60):
        yield counted
    for task in tasks:
        assert task is not None
        task.cancel()
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


REQUEST = b"GET /ari/asterisk/ping HTTP/1.1\r\nHost: pbx\r\n\r\n"


@asynccontextmanager
async def pooled(
    server: Counted, *, max_connections: int = 4, idle_seconds: float = 10, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool("127.0.0.1", server.port, tls=tls, max_connections=max_connections, idle_seconds=idle_seconds)
    try:
        yield pool
    finally:
        await pool.aclose()


async def ask(pool: ConnectionPool, request: bytes = REQUEST, *, seconds: float = 30) -> Answer:
    return await pool.exchange(request, seconds=seconds)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await request_of(reader)
        writer.write(OK)


def answering(answer: bytes, *, then_close: bool = False) -> Peer:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(answer)
            await writer.drain()
            if then_close:
                return

    return peer


async def test_given_requests_one_after_the_other_when_sent_then_they_share_a_connection() -> None:
    async with serving(answer_all) as server, pooled(server) as pool:
        for _ in range(20):
            assert (await ask(pool)).body == b"ok"

        assert server.connections == 1


async def test_given_many_requests_at_once_when_sent_then_no_more_connections_than_allowed_carry_them() -> None:
    async with serving(answer_all) as server, pooled(server, max_connections=3) as pool:
        answers = await asyncio.gather(*(ask(pool) for _ in range(60)))

        assert answers == [Answer(200, b"ok")] * 60
        assert server.connections <= 3


async def test_given_a_connection_closed_while_idle_when_the_next_request_comes_then_it_takes_a_new_one() -> None:
    async with serving(answering(OK, then_close=True)) as server, pooled(server) as pool:
        for number in range(3):
            assert (await ask(pool)).body == b"ok"
            await until(lambda: not any(connection.is_usable for connection in pool._idle))
            assert server.connections == number + 1


async def test_given_an_answer_that_ends_its_connection_when_read_then_the_connection_is_not_used_again() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    async with serving(answering(closing)) as server, pooled(server) as pool:
        await ask(pool)
        await ask(pool)

        assert server.connections == 2


async def test_given_a_connection_idle_for_too_long_when_the_next_request_comes_then_it_takes_a_new_one() -> None:
    async with serving(answer_all) as server, pooled(server, idle_seconds=0) as pool:
        await ask(pool)
        await ask(pool)

        assert server.connections == 2


async def test_given_idle_connections_when_dropped_then_the_next_request_takes_a_new_one() -> None:
    async with serving(answer_all) as server, pooled(server) as pool:
        await ask(pool)
        pool.drop_idle_connections()
        await ask(pool)

        assert server.connections == 2


async def test_given_a_server_that_hangs_up_on_a_request_when_waiting_then_it_is_a_protocol_error() -> None:
    async def peer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await request_of(reader)

    async with serving(peer) as server, pooled(server) as pool:
        with pytest.raises(NoAnswer, match="before it answered"):
            await ask(pool)


@pytest.mark.parametrize(
    "answer",
    [b"\x00\x01\x02garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"],
)
async def test_given_an_answer_that_is_not_http_when_read_then_it_is_a_protocol_error(answer: bytes) -> None:
    async with serving(answering(answer)) as server, pooled(server) as pool:
        with pytest.raises(NoAnswer, match="not HTTP"):
            await ask(pool)


async def test_given_bytes_after_an_answer_when_read_then_they_answer_no_later_request() -> None:
    async with (
        serving(answering(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) as server,
        pooled(server) as pool,
    ):
        for _ in range(3):
            assert (await ask(pool)).body == b"ok"

        assert server.connections == 3


async def test_given_bytes_on_an_idle_connection_when_they_come_then_it_is_not_used_again() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await reader.read()

    async with serving(peer) as server, pooled(server) as pool:
        await ask(pool)
        await until(lambda: server.open == 0)
        assert (await ask(pool)).body == b"ok"


async def test_given_an_interim_answer_when_read_then_the_one_after_it_counts() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\n"
    async with serving(answering(interim + OK)) as server, pooled(server) as pool:
        assert await ask(pool) == Answer(200, b"ok")


async def test_given_a_chunked_answer_when_read_then_its_parts_are_joined() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with serving(answering(chunked)) as server, pooled(server) as pool:
        assert (await ask(pool)).body == b"abcde"
        assert (await ask(pool)).body == b"abcde"

        assert server.connections == 1


async def test_given_an_answer_in_single_bytes_when_read_then_it_is_whole() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        for byte in OK:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    async with serving(peer) as server, pooled(server) as pool:
        assert (await ask(pool)).body == b"ok"


async def test_given_a_large_body_and_a_slow_reader_when_streaming_then_it_waits_at_the_server() -> None:
    size = 20 * READ_AHEAD_BYTES
    written = 0

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 65_536):
            writer.write(b"x" * 65_536)
            await writer.drain()
            written += 65_536

    async with serving(peer) as server, pooled(server) as pool:
        answer = await pool.stream(REQUEST, seconds=30)
        pieces = answer.pieces()
        received = len(await anext(pieces))
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.1)
        # What the two kernels hold comes on top of what we read ahead.
        assert written < size // 2

        async for piece in pieces:
            received += len(piece)
        answer.close()

    assert received == size


async def test_given_a_body_left_early_when_another_request_comes_then_it_is_not_mixed_up_with_the_rest() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 100_000)
        await reader.read()

    async with serving(peer) as server, pooled(server, max_connections=1) as pool:
        for _ in range(2):
            answer = await pool.stream(REQUEST, seconds=30)
            assert await anext(answer.pieces())
            answer.close()

        assert server.connections == 2


async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    await reader.read()


async def test_given_a_body_that_stands_still_when_reading_then_the_time_out_ends_it() -> None:
    async with serving(stand_still) as server, pooled(server) as pool:
        with pytest.raises(NoAnswer, match="in time"):
            await ask(pool, seconds=1)
        await until(lambda: server.open == 0)

        answer = await pool.stream(REQUEST, seconds=2)
        pieces = answer.pieces()
        assert await anext(pieces) == b"abc"
        with pytest.raises(NoAnswer, match="in time"):
            await anext(pieces)
        answer.close()


async def test_given_an_answer_without_end_when_reading_then_it_is_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    monkeypatch.setattr(connections, "LARGEST_ANSWER_BYTES", 1_000_000)
    async with serving(peer) as server, pooled(server) as pool:
        with pytest.raises(NoAnswer, match="too large"):
            await ask(pool)


async def test_given_a_cancelled_request_when_the_next_comes_then_it_has_a_slot_and_a_connection_of_its_own() -> None:
    is_first = True

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        await request_of(reader)
        if is_first:
            is_first = False
            await reader.read()
        writer.write(OK)

    async with serving(peer) as server, pooled(server, max_connections=1) as pool:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(ask(pool))
            await until(lambda: not is_first)
            first.cancel()

        assert (await ask(pool)).body == b"ok"
        assert server.connections == 2


async def test_given_every_connection_busy_when_one_more_is_wanted_then_it_says_so_in_time() -> None:
    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(hang) as server, pooled(server, max_connections=1) as pool, asyncio.TaskGroup() as group:
        first = group.create_task(ask(pool))
        await until(lambda: server.connections == 1)
        with pytest.raises(NotSent, match="busy"):
            await ask(pool, seconds=0.05)
        first.cancel()


async def test_given_nothing_listens_when_asked_then_nothing_was_sent() -> None:
    with reserve_port() as reserved:
        async with pooled(Counted(port=reserved.getsockname()[1])) as pool:
            with pytest.raises(NotSent, match="ConnectionRefusedError"):
                await ask(pool)


async def test_given_a_server_without_tls_when_asked_over_https_then_it_is_a_connect_error() -> None:
    async def peer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()

    async with serving(peer) as server, pooled(server, tls=ssl.create_default_context()) as pool:
        with pytest.raises(NotSent, match="SSLError"):
            await ask(pool)
