"""The event stream against a socket that misbehaves in every way a network and an Asterisk can."""

import asyncio
import contextlib
import dataclasses
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import structlog
from picows import WSMsgType
from websockets.asyncio.server import ServerConnection

from app import metrics
from app.ari.errors import AriAbsent
from app.ari.event_socket import DisconnectReason, EventSocket, events_url
from app.ari.events import MalformedEvent, StasisEnd, UnknownEvent
from app.ari.news import Connected, Disconnected, Replaced, StreamItem
from app.ari.refusals import UNAUTHORIZED
from app.ari.stream import EventStream, StreamTimings
from app.ari.transport import NO_ARI
from tests.ari.event_server import (
    PASSWORD,
    Behaviour,
    EventServer,
    channel_json,
    event_json,
    reset,
    running_event_server,
    stay_open,
    stop_listening,
    until,
)

T = TypeVar("T")

QUICK = StreamTimings(
    open_timeout=30.0,
    ping_interval=0.1,
    ping_timeout=1.0,  # server and client share a loop and a busy machine: a stop of both is no dead line
    back_off_first=0.01,
    back_off_most=0.05,
    full_timeout=0.05,
    steady_after=0.5,
)
DEADLINE_SECONDS = 60


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[EventServer]:
    async with running_event_server() as server:
        yield server


@asynccontextmanager
async def streaming(
    server: EventServer, *, queue_limit: int = 20_000, password: str = PASSWORD, timings: StreamTimings = QUICK
) -> AsyncIterator[EventStream]:
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        server.client(password=password) as client,
        EventStream(client, queue_limit=queue_limit, timings=timings, jitter=random.Random(1)) as stream,
    ):
        yield stream


async def take(stream: EventStream, kind: type[T]) -> T:
    item = await anext(stream)
    assert isinstance(item, kind), item
    return item


def sending(*messages: str | bytes, then: Behaviour = stay_open) -> Behaviour:
    async def behave(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message, text=True)
        await then(connection)

    return behave


def stasis_end(number: int) -> str:
    return event_json("StasisEnd", channel=channel_json(f"ofh-{number}"))


async def close_properly(connection: ServerConnection) -> None:
    await connection.close()


async def break_off(connection: ServerConnection) -> None:
    reset(connection)


async def fall_silent(connection: ServerConnection) -> None:
    stop_listening(connection)
    await connection.wait_closed()


async def test_given_events_when_streaming_then_they_come_in_order_after_connected(server: EventServer) -> None:
    server.behaviours = [sending(*(stasis_end(n) for n in range(200)))]

    async with streaming(server) as stream:
        connected = await take(stream, Connected)
        events = [await take(stream, StasisEnd) for _ in range(200)]

        assert stream.is_connected
        assert stream.server_version == "22.10.1"
        assert stream.last_failure is None

    assert [event.channel.id for event in events] == [f"ofh-{n}" for n in range(200)]
    assert (connected.version, connected.entity_id, connected.is_restart) == ("22.10.1", "00:00:00:00:00:01", False)
    assert connected.asterisk_started_at.isoformat() == "2026-01-02T03:00:00+00:00"
    assert server.paths == ["/ari/events?app=offhook&subscribeAll=false"]
    assert server.filters == [{"disallowed": [], "allowed": []}]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (close_properly, DisconnectReason.CLOSED),
        (break_off, DisconnectReason.RESET),
        (fall_silent, DisconnectReason.SILENT),
    ],
)
async def test_given_any_end_of_the_connection_when_streaming_then_it_is_said_and_followed_by_a_new_one(
    server: EventServer, ending: Behaviour, reason: DisconnectReason
) -> None:
    server.behaviours = [sending(stasis_end(1), then=ending), sending(stasis_end(2))]

    ends = partial(metrics.REGISTRY.get_sample_value, "offhook_asterisk_disconnects_total", {"reason": reason.value})
    before = ends() or 0.0
    async with streaming(server) as stream:
        await take(stream, Connected)
        assert (await take(stream, StasisEnd)).channel.id == "ofh-1"
        assert (await take(stream, Disconnected)).reason is reason
        assert ends() == before + 1
        again = await take(stream, Connected)
        assert (await take(stream, StasisEnd)).channel.id == "ofh-2"
        assert stream.is_connected

    assert again.is_restart is False
    assert len(server.filters) == 2


async def test_given_a_line_that_breaks_when_its_last_ping_was_not_answered_then_all_was_heard_until_a_ping_before(
    server: EventServer,
) -> None:
    is_taken, deaf_since = asyncio.Event(), [0.0]

    async def go_deaf_and_break(connection: ServerConnection) -> None:
        await connection.send(stasis_end(1))
        await is_taken.wait()
        deaf_since[0] = time.monotonic()
        stop_listening(connection)
        # What it sends it can send later than what it holds back.
        await connection.send(stasis_end(2))
        await asyncio.sleep(2 * QUICK.ping_interval)
        reset(connection)

    server.behaviours = [go_deaf_and_break, stay_open]
    began = time.monotonic()
    async with streaming(server) as stream:
        await take(stream, Connected)
        await take(stream, StasisEnd)
        is_taken.set()
        await take(stream, StasisEnd)
        heard_at = time.monotonic()
        ended = await take(stream, Disconnected)
        assert ended.reason is DisconnectReason.RESET
        assert began <= ended.heard_until <= deaf_since[0] <= heard_at
        assert ended.silent_seconds >= 2 * QUICK.ping_interval, "it counts on until it is asked"


async def test_given_pings_that_are_under_way_when_one_pong_comes_then_the_first_of_them_counts() -> None:
    pings: list[float] = []
    line = SimpleNamespace(send_ping=lambda: pings.append(time.monotonic()), disconnect=lambda **_: None)
    pong = SimpleNamespace(msg_type=WSMsgType.PONG, payload_size=0, fin=True)
    event = SimpleNamespace(msg_type=WSMsgType.TEXT, payload_size=2, fin=True, get_payload_as_bytes=lambda: b"{}")
    socket: Any = EventSocket(lambda _: None, lambda _: None)
    socket.on_ws_connected(line)
    born = socket.heard_until
    socket.begin_pings(interval=600.0, timeout=600.0)
    socket.on_ws_frame(line, event)
    assert socket.heard_until == born, "what comes by itself says nothing of what was said before"
    between = time.monotonic()
    socket._ping()
    assert len(pings) == 2
    socket.on_ws_frame(line, pong)
    assert born <= socket.heard_until <= between
    socket.on_ws_frame(line, pong)
    assert socket.heard_until <= between
    later = time.monotonic()
    socket._ping()
    socket.on_ws_frame(line, pong)
    assert socket.heard_until >= later
    socket._timer.cancel()


async def test_given_a_lost_connection_when_asked_then_it_is_not_connected_before_the_news_is_read(
    server: EventServer,
) -> None:
    server.behaviours = [close_properly]

    async with streaming(server) as stream:
        await take(stream, Connected)
        server.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
        await until(lambda: not stream.is_connected)
        await take(stream, Disconnected)


async def test_given_asterisk_started_anew_when_connected_again_then_it_is_a_restart(server: EventServer) -> None:
    async def restart(connection: ServerConnection) -> None:
        await until(lambda: server.infos == 1)
        server.started_at = "2026-01-02T04:00:00.000+0000"
        await connection.close()

    server.behaviours = [restart, close_properly, stay_open]

    async with streaming(server) as stream:
        first = await take(stream, Connected)
        await take(stream, Disconnected)
        second = await take(stream, Connected)
        await take(stream, Disconnected)
        third = await take(stream, Connected)

    assert [first.is_restart, second.is_restart, third.is_restart] == [False, True, False]


async def test_given_messages_that_are_no_events_when_streaming_then_they_are_items_and_the_stream_goes_on(
    server: EventServer,
) -> None:
    server.behaviours = [
        sending("not json", b"\xff\xfe", "[1]", event_json("ChannelLevitated"), event_json("StasisEnd"), stasis_end(1))
    ]

    async with streaming(server) as stream:
        await take(stream, Connected)
        kinds = [type(await anext(stream)) for _ in range(6)]

    assert kinds == [MalformedEvent, MalformedEvent, MalformedEvent, UnknownEvent, MalformedEvent, StasisEnd]
    assert server.connections == 1


async def test_given_a_message_of_a_megabyte_when_streaming_then_it_is_read(server: EventServer) -> None:
    server.behaviours = [sending(event_json("ChannelLevitated", padding="x" * 1_000_000))]

    async with streaming(server) as stream:
        await take(stream, Connected)
        event = await take(stream, UnknownEvent)

    assert len(event.raw["padding"]) == 1_000_000


async def test_given_a_message_of_ten_megabytes_when_streaming_then_it_is_a_disconnect_and_not_ten_megabytes(
    server: EventServer,
) -> None:
    server.behaviours = [sending("x" * 10_000_000), sending(stasis_end(1))]

    async with streaming(server) as stream:
        await take(stream, Connected)
        assert (await take(stream, Disconnected)).reason is DisconnectReason.TOO_BIG
        await take(stream, Connected)
        await take(stream, StasisEnd)


async def test_given_a_consumer_that_falls_behind_when_the_queue_is_full_then_it_says_so_and_drops_nothing_silently(
    server: EventServer,
) -> None:
    server.behaviours = [sending(*(stasis_end(n) for n in range(500))), sending(stasis_end(1000))]

    async with streaming(server, queue_limit=100) as stream:
        await until(lambda: stream.last_failure == DisconnectReason.OVERFLOW)
        assert not stream.is_connected
        assert stream.backlog < 400  # the limit, and what was read with the message that reached it

        await take(stream, Connected)
        events = []
        while isinstance(item := await anext(stream), StasisEnd):
            events.append(item.channel.id)
        assert item == Disconnected(DisconnectReason.OVERFLOW)
        await take(stream, Connected)
        after = await take(stream, StasisEnd)

    assert len(events) >= 99
    assert events == [f"ofh-{n}" for n in range(len(events))]
    assert after.channel.id == "ofh-1000"


async def test_given_a_full_queue_when_the_consumer_comes_back_in_time_then_nothing_is_lost(
    server: EventServer,
) -> None:
    server.behaviours = [sending(*(stasis_end(n) for n in range(5_000)))]
    patient = dataclasses.replace(QUICK, full_timeout=DEADLINE_SECONDS)

    with structlog.testing.capture_logs() as logs:
        async with streaming(server, queue_limit=100, timings=patient) as stream:
            await until(lambda: any(entry["event"] == "ari_backlog_full" for entry in logs))
            await asyncio.sleep(2 * (QUICK.ping_interval + QUICK.ping_timeout))  # no ping's answer is read meanwhile
            assert stream.is_connected
            await take(stream, Connected)
            events = [await take(stream, StasisEnd) for _ in range(5_000)]

    assert [event.channel.id for event in events] == [f"ofh-{n}" for n in range(5_000)]
    assert server.connections == 1


async def test_given_a_full_queue_when_nobody_reads_then_there_is_no_second_connection_until_there_is_room(
    server: EventServer,
) -> None:
    server.behaviours = [sending(*(stasis_end(n) for n in range(500))), stay_open]

    async with streaming(server, queue_limit=100) as stream:
        await until(lambda: stream.last_failure == DisconnectReason.OVERFLOW)
        # Ten times the longest back-off: it would be there by now.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUICK.back_off_most * 10):
                await until(lambda: server.connections > 1)
        assert server.connections == 1

        while stream.backlog > 50:
            await anext(stream)
        await until(lambda: server.connections == 2)


async def test_given_another_socket_took_over_when_told_then_the_stream_ends_and_does_not_take_it_back(
    server: EventServer,
) -> None:
    server.behaviours = [sending(stasis_end(1), event_json("ApplicationReplaced"), stasis_end(2))]

    async with streaming(server) as stream:
        items: list[StreamItem] = [item async for item in stream]

        assert not stream.is_connected
        assert stream.last_failure == "replaced"

    assert [type(item) for item in items] == [Connected, StasisEnd, Replaced]
    assert server.connections == 1


async def test_given_another_application_was_replaced_when_told_then_it_is_an_event_like_any_other(
    server: EventServer,
) -> None:
    replaced = json.loads(event_json("ApplicationReplaced")) | {"application": "other"}
    server.behaviours = [sending(json.dumps(replaced), stasis_end(1))]

    async with streaming(server) as stream:
        await take(stream, Connected)
        await anext(stream)
        await take(stream, StasisEnd)


async def test_given_a_wrong_password_when_connecting_then_it_keeps_trying_and_says_unauthorized_once(
    server: EventServer,
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with streaming(server, password="mistyped") as stream:
            await until(lambda: server.refusals >= 3)
            assert stream.last_failure == UNAUTHORIZED
            assert not stream.is_connected
            assert stream.backlog == 0

    assert [(entry["event"], entry["reason"]) for entry in logs] == [("ari_connect_failed", UNAUTHORIZED)]
    assert "mistyped" not in str(logs)


async def test_given_a_503_when_it_passes_then_the_stream_connects(server: EventServer) -> None:
    server.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE

    async with streaming(server) as stream:
        await until(lambda: server.refusals >= 2)
        assert stream.last_failure == "status 503 (Asterisk is not ready)"
        server.refuse_with = None
        await take(stream, Connected)
        assert stream.last_failure is None


async def test_given_nothing_listens_when_something_does_then_the_stream_connects(server: EventServer) -> None:
    port, server.port = server.port, 1

    async with server.client() as client, EventStream(client, timings=QUICK, jitter=random.Random(1)) as stream:
        await until(lambda: stream.last_failure is not None)
        stream._url = events_url(f"http://127.0.0.1:{port}/ari", "offhook")
        async with asyncio.timeout(DEADLINE_SECONDS):
            await take(stream, Connected)


async def test_given_a_server_that_says_nothing_when_connecting_then_the_time_out_ends_the_attempt() -> None:
    accepted = 0
    is_over = asyncio.Event()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await is_over.wait()
        writer.close()

    silent = await asyncio.start_server(accept, "127.0.0.1", 0)
    server = EventServer()
    server.port = silent.sockets[0].getsockname()[1]
    timings = StreamTimings(open_timeout=0.1, back_off_first=0.01, back_off_most=0.02)
    async with streaming(server, timings=timings) as stream:
        await until(lambda: accepted >= 2)
        assert stream.last_failure == "TimeoutError"
    is_over.set()
    silent.close()
    await silent.wait_closed()


async def test_given_the_application_appears_a_moment_late_when_filtering_then_it_is_tried_again(
    server: EventServer,
) -> None:
    server.filter_refusals_left = 2

    async with streaming(server) as stream:
        await take(stream, Connected)

    assert len(server.filters) == 1
    assert server.connections == 1


async def test_given_requests_that_find_no_ari_when_connected_then_the_connection_is_given_up_and_made_anew(
    server: EventServer,
) -> None:
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        server.client() as client,
        EventStream(client, timings=QUICK, jitter=random.Random(1)) as stream,
    ):
        await take(stream, Connected)
        server.is_absent = True
        with pytest.raises(AriAbsent):
            await client.info()
        assert await take(stream, Disconnected) == Disconnected(DisconnectReason.ABSENT)
        await until(lambda: stream.last_failure == NO_ARI)
        server.is_absent = False
        await take(stream, Connected)


class Taken:
    """A consumer that takes messages by a handler, and news by iteration."""

    def __init__(self, stream: EventStream) -> None:
        self.messages: list[str] = []
        self.news: list[object] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._stream = stream
        stream.deliver_to(self.take, unwanted=["StasisEnd"])

    def take(self, message: bytes) -> None:
        self.messages.append(json.loads(message).get("channel", {}).get("id", "?"))

    async def follow(self) -> None:
        async for item in self._stream:
            await self.may_go_on.wait()
            self.news.append(item)
            self.messages.append(type(item).__name__)


async def test_given_a_handler_when_events_come_then_they_wait_for_the_news_before_them_and_keep_their_order(
    server: EventServer,
) -> None:
    is_sent = asyncio.Event()

    async def send_more(connection: ServerConnection) -> None:
        await is_sent.wait()
        for number in range(300, 600):
            await connection.send(stasis_end(number))
        await stay_open(connection)

    server.behaviours = [sending(*(stasis_end(n) for n in range(300)), then=send_more)]
    async with streaming(server) as stream, asyncio.TaskGroup() as group:
        taken = Taken(stream)
        taken.may_go_on.clear()
        following = group.create_task(taken.follow())
        await until(lambda: stream.is_connected)
        assert taken.messages == []  # the consumer looks at Asterisk first
        taken.may_go_on.set()
        await until(lambda: len(taken.messages) == 301)
        is_sent.set()
        await until(lambda: len(taken.messages) == 601)
        stream.doubt()
        await until(lambda: len(taken.messages) == 602)
        following.cancel()

    assert taken.messages == ["Connected", *(f"ofh-{n}" for n in range(600)), "Doubted"]
    assert server.filters == [{"disallowed": [{"type": "StasisEnd"}], "allowed": []}]


async def test_given_a_handler_that_fails_when_an_event_comes_then_the_block_fails_loudly(server: EventServer) -> None:
    is_waiting = asyncio.Event()

    async def send_when_waiting(connection: ServerConnection) -> None:
        await is_waiting.wait()
        await connection.send(stasis_end(1))
        await stay_open(connection)

    def fail(_message: bytes) -> None:
        raise ZeroDivisionError

    async def consume() -> None:
        async with streaming(server) as stream:
            stream.deliver_to(fail, unwanted=())
            await take(stream, Connected)
            is_waiting.set()
            await anext(stream)
            await asyncio.sleep(DEADLINE_SECONDS)

    server.behaviours = [send_when_waiting]
    with pytest.raises(ExceptionGroup) as caught:
        await consume()
    assert caught.group_contains(ZeroDivisionError)


async def test_given_a_message_in_fragments_when_streaming_then_it_is_one_and_one_over_the_limit_an_end(
    server: EventServer,
) -> None:
    async def send_in_parts(connection: ServerConnection) -> None:
        whole = stasis_end(1)
        await connection.send([whole[:100], whole[100:200], whole[200:]])
        await connection.send(["x" * 1_000_000] * 5)
        await stay_open(connection)

    server.behaviours = [send_in_parts, stay_open]
    async with streaming(server) as stream:
        await take(stream, Connected)
        assert (await take(stream, StasisEnd)).channel.id == "ofh-1"
        assert (await take(stream, Disconnected)).reason is DisconnectReason.TOO_BIG
        await take(stream, Connected)


@pytest.mark.parametrize(
    ("version", "is_warned"),
    [
        ("22.10.0", True),
        ("20.6.0~dfsg", True),
        ("GIT-master-abc", True),
        ("22.10.1+dfsg-1", False),
        ("22.11.0", False),
        ("23.0.0", False),
    ],
)
async def test_given_a_version_when_connected_then_one_below_the_floor_is_warned_of(
    server: EventServer, version: str, is_warned: bool
) -> None:
    server.version = version

    with structlog.testing.capture_logs() as logs:
        async with streaming(server) as stream:
            await take(stream, Connected)
            assert stream.server_version == version

    assert any(entry["event"] == "asterisk_too_old" for entry in logs) is is_warned


async def test_given_connections_that_drop_at_once_when_reconnecting_then_the_back_off_grows(
    server: EventServer,
) -> None:
    shares: list[float] = []

    class Longest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            shares.append(a / b)
            return b

    server.behaviours = [close_properly]
    timings = StreamTimings(back_off_first=0.05, back_off_most=0.2, steady_after=60)
    at: list[float] = []
    loop = asyncio.get_running_loop()
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        server.client() as client,
        EventStream(client, timings=timings, jitter=Longest()) as stream,
    ):
        async for item in stream:
            if isinstance(item, Connected):
                at.append(loop.time())
            if len(at) == 6:
                break

    gaps = [later - earlier for earlier, later in pairwise(at)]
    # A little less, for what each is told of a moment after it happened.
    assert all(gap >= 0.7 * least for gap, least in zip(gaps, [0.05, 0.1, 0.2, 0.2, 0.2], strict=True))
    assert set(shares) == {0.5}


async def test_given_a_consumer_in_another_task_when_the_stream_is_left_then_its_iteration_ends(
    server: EventServer,
) -> None:
    async def consume(stream: EventStream) -> list[str]:
        return [type(item).__name__ async for item in stream]

    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group, streaming(server) as stream:
        consumer = group.create_task(consume(stream))
        await until(lambda: stream.is_connected)

    assert consumer.result() == ["Connected"]


async def test_given_an_error_in_the_block_when_left_then_it_is_that_error_and_not_a_group(server: EventServer) -> None:
    with pytest.raises(LookupError):
        async with streaming(server):
            raise LookupError


async def test_given_cancellation_when_streaming_then_it_goes_through(server: EventServer) -> None:
    async def stream_forever() -> None:
        async with streaming(server) as stream:
            async for _ in stream:
                pass

    task = asyncio.get_running_loop().create_task(stream_forever())
    await until(lambda: server.connections == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_given_a_defect_in_the_reader_when_it_fails_then_the_block_fails_loudly(
    server: EventServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: EventStream, _socket: EventSocket) -> Connected:
        raise ZeroDivisionError

    monkeypatch.setattr(EventStream, "_prepare", fail)
    with pytest.raises(ExceptionGroup) as caught:
        async with streaming(server):
            await asyncio.sleep(DEADLINE_SECONDS)
    assert caught.group_contains(ZeroDivisionError)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://pbx:8088/ari", "ws://pbx:8088/ari/events?app=offhook&subscribeAll=false"),
        ("https://pbx/proxy/ari", "wss://pbx/proxy/ari/events?app=offhook&subscribeAll=false"),
    ],
)
def test_given_a_rest_address_when_streaming_then_the_socket_belongs_to_it(base_url: str, expected: str) -> None:
    assert events_url(base_url, "offhook") == expected
