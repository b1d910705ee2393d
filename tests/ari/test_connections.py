"""The pool of connections, against servers that are slow, rude, broken or gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from app.ari.connections import READ_AHEAD_BYTES, KeepAliveTransport
from tests.ari.event_server import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Counted:
    """A server that does as told with each connection, and counts them."""

    url: str = ""
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
    counted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, asyncio.timeout(10):
        yield counted
    for task in tasks:
        assert task is not None
        task.cancel()
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


@asynccontextmanager
async def pooled(
    *, max_connections: int = 4, idle_seconds: float = 10, timeout_seconds: float = 2
) -> AsyncIterator[httpx.AsyncClient]:
    transport = KeepAliveTransport(max_connections=max_connections, idle_seconds=idle_seconds)
    async with httpx.AsyncClient(transport=transport, timeout=timeout_seconds) as http:
        yield http


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
    async with serving(answer_all) as server, pooled() as http:
        for _ in range(20):
            assert (await http.get(server.url)).text == "ok"

        assert server.connections == 1


async def test_given_many_requests_at_once_when_sent_then_no_more_connections_than_allowed_carry_them() -> None:
    async with serving(answer_all) as server, pooled(max_connections=3) as http:
        answers = await asyncio.gather(*(http.get(server.url) for _ in range(60)))

        assert [answer.text for answer in answers] == ["ok"] * 60
        assert server.connections <= 3


async def test_given_a_request_with_a_body_when_sent_then_the_server_reads_all_of_it() -> None:
    seen: list[bytes] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        seen.append(await reader.readexactly(9))
        writer.write(OK)

    async with serving(peer) as server, pooled() as http:
        await http.post(f"{server.url}a%2Fb?c=d%20e", content=b"some body", headers={"X-A": "b"})

    assert seen[0].startswith(b"POST /a%2Fb?c=d%20e HTTP/1.1\r\n")
    assert b"\r\nX-A: b\r\n" in seen[0]
    assert seen[1] == b"some body"


async def test_given_a_connection_closed_while_idle_when_the_next_request_comes_then_it_takes_a_new_one() -> None:
    transport = KeepAliveTransport(max_connections=4, idle_seconds=10)
    async with serving(answering(OK, then_close=True)) as server, httpx.AsyncClient(transport=transport) as http:
        for number in range(3):
            assert (await http.get(server.url)).text == "ok"
            await until(lambda: not any(connection.is_usable for connection in transport._idle))
            assert server.connections == number + 1


async def test_given_an_answer_that_ends_its_connection_when_read_then_the_connection_is_not_used_again() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    async with serving(answering(closing)) as server, pooled() as http:
        await http.get(server.url)
        await http.get(server.url)

        assert server.connections == 2


async def test_given_a_connection_idle_for_too_long_when_the_next_request_comes_then_it_takes_a_new_one() -> None:
    async with serving(answer_all) as server, pooled(idle_seconds=0) as http:
        await http.get(server.url)
        await http.get(server.url)

        assert server.connections == 2


async def test_given_idle_connections_when_dropped_then_the_next_request_takes_a_new_one() -> None:
    transport = KeepAliveTransport(max_connections=4, idle_seconds=10)
    async with serving(answer_all) as server, httpx.AsyncClient(transport=transport) as http:
        await http.get(server.url)
        transport.drop_idle_connections()
        await http.get(server.url)

        assert server.connections == 2


async def test_given_a_server_that_hangs_up_on_a_request_when_waiting_then_it_is_a_protocol_error() -> None:
    async def peer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await request_of(reader)

    async with serving(peer) as server, pooled() as http:
        with pytest.raises(httpx.RemoteProtocolError, match="before it answered"):
            await http.get(server.url)


@pytest.mark.parametrize(
    "answer",
    [b"\x00\x01\x02garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"],
)
async def test_given_an_answer_that_is_not_http_when_read_then_it_is_a_protocol_error(answer: bytes) -> None:
    async with serving(answering(answer)) as server, pooled() as http:
        with pytest.raises(httpx.RemoteProtocolError, match="not HTTP"):
            await http.get(server.url)


async def test_given_bytes_after_an_answer_when_read_then_they_answer_no_later_request() -> None:
    async with serving(answering(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) as server, pooled() as http:
        for _ in range(3):
            assert (await http.get(server.url)).text == "ok"

        assert server.connections == 3


async def test_given_bytes_on_an_idle_connection_when_they_come_then_it_is_not_used_again() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await reader.read()

    async with serving(peer) as server, pooled() as http:
        await http.get(server.url)
        await until(lambda: server.open == 0)
        assert (await http.get(server.url)).text == "ok"


async def test_given_an_interim_answer_when_read_then_the_one_after_it_counts() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\n"
    async with serving(answering(interim + OK)) as server, pooled() as http:
        answer = await http.get(server.url)

        assert (answer.status_code, answer.text, "X-Not" in answer.headers) == (200, "ok", False)


async def test_given_a_chunked_answer_when_read_then_its_parts_are_joined() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with serving(answering(chunked)) as server, pooled() as http:
        assert (await http.get(server.url)).text == "abcde"
        assert (await http.get(server.url)).text == "abcde"

        assert server.connections == 1


async def test_given_an_answer_in_single_bytes_when_read_then_it_is_whole() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        for byte in OK:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    async with serving(peer) as server, pooled() as http:
        assert (await http.get(server.url)).text == "ok"


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

    async with serving(peer) as server, pooled() as http, http.stream("GET", server.url) as answer:
        pieces = answer.aiter_raw()
        received = len(await anext(pieces))
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.1)
        # What the two kernels hold comes on top of what we read ahead.
        assert written < size // 2

        async for piece in pieces:
            received += len(piece)

    assert received == size


async def test_given_a_body_left_early_when_another_request_comes_then_it_is_not_mixed_up_with_the_rest() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 100_000)
        await reader.read()

    async with serving(peer) as server, pooled(max_connections=1) as http:
        for _ in range(2):
            async with http.stream("GET", server.url) as answer:
                assert await anext(answer.aiter_raw())

        assert server.connections == 2


async def test_given_a_body_that_stands_still_when_reading_then_the_time_out_ends_it() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await reader.read()

    async with serving(peer) as server, pooled(timeout_seconds=0.05) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get(server.url)


async def test_given_a_cancelled_request_when_the_next_comes_then_it_has_a_slot_and_a_connection_of_its_own() -> None:
    is_first = True

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        await request_of(reader)
        if is_first:
            is_first = False
            await reader.read()
        writer.write(OK)

    async with serving(peer) as server, pooled(max_connections=1) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await http.get(server.url)

        assert (await http.get(server.url)).text == "ok"
        assert server.connections == 2


async def test_given_every_connection_busy_when_one_more_is_wanted_then_it_says_so_in_time() -> None:
    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(hang) as server, pooled(max_connections=1) as http, asyncio.TaskGroup() as group:
        first = group.create_task(wait_for(http, server.url))
        await until(lambda: server.connections == 1)
        with pytest.raises(httpx.PoolTimeout):
            await http.get(server.url, timeout=httpx.Timeout(5, pool=0.05))
        first.cancel()


async def wait_for(http: httpx.AsyncClient, url: str) -> None:
    await http.get(url)


async def test_given_a_server_without_tls_when_asked_over_https_then_it_is_a_connect_error() -> None:
    async def peer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()

    async with serving(peer) as server, pooled() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(server.url.replace("http:", "https:"))
