"""graphql-transport-ws on a raw socket, case by case, and what a hostile client may send instead."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Final

import orjson
import pytest

from app.api.websocket import MESSAGES_AT_ONCE
from app.api.wire import MOST_PIECES, PINGS_AT_ONCE, Wire
from tests.api.conftest import Surface, audiences_of, until
from tests.security.conftest import Tenant
from tests.security.raw_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, message, raw_socket

pytestmark = pytest.mark.postgres

_MEBIBYTE: Final = 1 << 20
_EVENTS: Final = "subscription { events { __typename } }"


def _subscribe(operation_id: object, query: str, **payload: object) -> bytes:
    return message(type="subscribe", id=operation_id, payload={"query": query, **payload})


# The protocol's own rules


async def test_given_the_subprotocol_among_others_when_connected_then_it_is_the_one_agreed_upon(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port, protocol="graphql-ws, graphql-transport-ws") as socket:
        assert socket.response.startswith("HTTP/1.1 101 ")
        assert "sec-websocket-protocol: graphql-transport-ws\r\n" in socket.response.lower()


async def test_given_no_subprotocol_or_another_when_connected_then_it_closes_with_4406(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for protocol in [None, "graphql-ws", "chat"]:
        with subtests.test(str(protocol)):
            async with raw_socket(port, protocol=protocol) as socket:
                assert await socket.close_code() == 4406


async def test_given_a_connection_when_initialised_then_it_is_acknowledged_once_and_a_second_init_closes_with_4429(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port, token=surface.token) as socket:
        await socket.send(message(type="connection_init"))
        assert await socket.close_code() == 4429


async def test_given_two_inits_in_one_packet_when_sent_then_it_closes_with_4429(surface: Surface, port: int) -> None:
    async with raw_socket(port) as socket:
        init = message(type="connection_init", payload={"authorization": f"Bearer {surface.token}"})
        await socket.send(init + init)
        assert await socket.close_code() == 4429


async def test_given_no_init_when_subscribing_then_it_closes_with_4401_and_nothing_is_executed(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port) as socket:
        await socket.send(_subscribe("1", "{ __typename }"))
        assert await socket.close_code() == 4401
    async with raw_socket(port) as socket:
        init = message(type="connection_init", payload={"authorization": "Bearer ofk_live_wrong"})
        await socket.send(init + _subscribe("1", "{ __typename }"))
        assert await socket.close_code() == 4401


async def test_given_a_query_when_executed_then_next_and_complete_come_with_its_id(surface: Surface, port: int) -> None:
    async with raw_socket(port, token=surface.token) as socket:
        await socket.send(_subscribe("ä·1", "{ __typename }"))
        answer = await socket.receive()
        assert (answer["type"], answer["id"], answer["payload"]["data"]) == ("next", "ä·1", {"__typename": "Query"})
        assert await socket.receive() == {"type": "complete", "id": "ä·1"}


async def test_given_an_id_that_is_free_again_when_used_again_then_it_is_served(surface: Surface, port: int) -> None:
    async with raw_socket(port, token=surface.token) as socket:
        for _ in range(3):
            await socket.send(_subscribe("1", "{ __typename }"))
            assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
        await socket.send(_subscribe("1", "{ nothing }"))
        assert (await socket.receive())["type"] == "error"
        await socket.send(_subscribe("1", _EVENTS))
        assert (await socket.receive())["payload"] == {"data": {"events": {"__typename": "CaughtUp"}}}
        await socket.send(message(type="complete", id="1"), _subscribe("1", "{ __typename }"))
        assert (await socket.receive())["payload"]["data"] == {"__typename": "Query"}


async def test_given_an_id_in_use_when_subscribing_then_it_closes_with_4409_and_nothing_is_left(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port, token=surface.token) as socket:
        await socket.send(_subscribe("1", _EVENTS) + _subscribe("1", "{ __typename }"))
        assert await socket.close_code() == 4409
    await until(lambda: len(audiences_of(surface)) == 0)


async def test_given_a_ping_when_sent_then_a_pong_comes_and_a_pong_that_nobody_asked_for_is_taken(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port) as socket:  # before init, too
        await socket.send(message(type="pong", payload={}), message(type="ping", payload={"x": 1}))
        assert (await socket.receive())["type"] == "pong"
        await socket.send(frame(PING, b"are you there"), frame(PONG, b"unasked"))
        assert await socket.read_frame() == (PONG, b"are you there")


async def test_given_a_message_in_pieces_when_sent_then_it_is_one_message(surface: Surface, port: int) -> None:
    async with raw_socket(port) as socket:
        text = orjson.dumps({"type": "ping"})
        await socket.send(
            frame(TEXT, text[:4], is_last=False),
            frame(CONTINUATION, text[4:9], is_last=False),
            frame(PING, b"between"),
            frame(CONTINUATION, text[9:]),
        )
        assert await socket.read_frame() == (PONG, b"between")
        assert (await socket.receive())["type"] == "pong"


_NO_MESSAGES: Final = [
    frame(TEXT, b""),
    frame(TEXT, b"[" * 100_000),
    frame(TEXT, b'{"type": ' * 5000),
    frame(BINARY, b'{"type": "ping"}'),
    frame(BINARY, b"\x00\xff\xfe"),
    message(type="next", id="1", payload={}),
    message(type="connection_ack"),
    message(type="start", id="1", payload={"query": "{ __typename }"}),
    message(type="subscribe", id=None, payload={"query": "{ __typename }"}),
    message(type="subscribe", id="x" * 256, payload={"query": "{ __typename }"}),
    message(type="subscribe", id="1", payload={"query": ["{ __typename }"]}),
    message(type="subscribe", id="1", payload={"query": "{ __typename }", "variables": "{}"}),
    message(type="subscribe", id="1", payload=[{"query": "{ __typename }"}] * 2),
    message(type="ping", payload=[1]),
    frame(TEXT, b'[{"type": "ping"}, {"type": "ping"}]'),
]


async def test_given_what_is_no_message_of_the_protocol_when_sent_then_it_closes_with_4400(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for sent in _NO_MESSAGES:
        with subtests.test(repr(sent[6:46])):
            async with raw_socket(port, token=surface.token) as socket:
                await socket.send(sent)
                assert await socket.close_code() == 4400


_AGAINST_THE_RFC: Final = {
    "not UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "an opcode nobody knows": (frame(3), 1002),
    "a reserved bit": (frame(TEXT | 0x40, b"{}"), 1002),
    "a piece of nothing": (frame(CONTINUATION, b"{}"), 1002),
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a ping in pieces": (frame(PING, is_last=False), 1002),
    "not masked": (bytes((0x81, 2)) + b"{}", 1002),
    "a close that says nothing whole": (frame(CLOSE, b"\x03"), 1002),
}


async def test_given_a_frame_against_the_rfc_when_sent_then_it_closes_with_the_rfcs_code(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for name, (sent, code) in _AGAINST_THE_RFC.items():
        with subtests.test(name):
            async with raw_socket(port, token=surface.token) as socket:
                await socket.send(sent)
                assert await socket.close_code() == code


# What costs


async def test_given_a_frame_of_64_megabytes_when_its_head_is_read_then_it_closes_with_1009_without_the_rest(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for opcode, has_key in itertools.product((TEXT, BINARY), (False, True)):
        with subtests.test(opcode=opcode, has_key=has_key):
            async with raw_socket(port, token=surface.token if has_key else None) as socket:
                await socket.send(frame(opcode, b"x" * 1000, says=64 * _MEBIBYTE))
                assert await socket.close_code() == 1009


async def test_given_pieces_that_come_to_more_than_a_message_may_be_when_sent_then_it_closes_with_1009(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port, token=surface.token) as socket:
        pieces = [frame(TEXT, b"x" * 1_000_000, is_last=False), frame(CONTINUATION, b"x" * 48_000, is_last=False)]
        # 1,048,576 may be; the head of the next piece says that it will be more.
        await socket.send(*pieces, frame(CONTINUATION, says=577))
        assert await socket.close_code() == 1009


async def test_given_pieces_without_end_when_sent_then_it_closes_with_1008(surface: Surface, port: int) -> None:
    async with raw_socket(port, token=surface.token) as socket:
        await socket.send(frame(TEXT, is_last=False), frame(CONTINUATION, is_last=False) * (MOST_PIECES + 1))
        assert await socket.close_code() == 1008


async def test_given_a_flood_of_pings_when_sent_then_so_many_are_answered_and_it_closes_with_1008(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port) as socket:
        await socket.send(frame(PING, b"x") * 100_000)
        pongs = 0
        async with asyncio.timeout(60):
            while (answer := await socket.read_frame())[0] == PONG:
                pongs += 1
        assert (answer[0], int.from_bytes(answer[1][:2], "big")) == (CLOSE, 1008)
        assert pongs >= PINGS_AT_ONCE
        await socket.until_cut()


_FLOODS: Final[dict[str, Callable[[int], bytes]]] = {
    "ping": lambda _number: message(type="ping"),
    "pong": lambda _number: message(type="pong"),
    "complete": lambda number: message(type="complete", id=str(number)),
    "subscribe": lambda number: _subscribe(str(number), "{ __typename }"),
}


async def test_given_a_flood_of_messages_when_sent_then_it_closes_with_1008(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for name, make in _FLOODS.items():
        with subtests.test(name):
            async with raw_socket(port, token=surface.token) as socket:
                await asyncio.gather(
                    socket.send(b"".join(make(number) for number in range(8 * MESSAGES_AT_ONCE))),
                    _read_until_closed(socket, 1008),
                )
            await until(lambda: len(audiences_of(surface)) == 0)


async def _read_until_closed(socket: Any, code: int) -> None:
    assert await socket.close_code() == code


async def test_given_ten_thousand_subscriptions_when_asked_for_then_a_few_are_served_and_the_rest_refused(
    surface: Surface, port: int
) -> None:
    most = 5  # the surface's most_operations_per_socket
    async with raw_socket(port, token=surface.token) as socket:
        asked = b"".join(_subscribe(str(number), _EVENTS) for number in range(10_000))
        sending = asyncio.ensure_future(socket.send(asked))
        served, refused = 0, 0
        async with asyncio.timeout(60):
            while (answer := await socket.read_frame())[0] == TEXT:
                said = orjson.loads(answer[1])
                served += said["type"] == "next"
                refused += said["type"] == "error" and said["payload"][0]["extensions"]["code"] == "OVERLOADED"
        await sending
        assert served <= most
        assert refused > 0
        assert int.from_bytes(answer[1][:2], "big") == 1008
    await until(lambda: len(audiences_of(surface)) == 0)


async def test_given_a_client_that_pings_and_reads_nothing_when_it_goes_on_then_what_waits_for_it_stays_small(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    handle_ping = Wire.handle_ping

    def watch(wire: Wire) -> None:
        handle_ping(wire)
        waiting.append(wire.transport.get_write_buffer_size())

    monkeypatch.setattr(Wire, "handle_ping", watch)
    monkeypatch.setattr("app.api.wire.PINGS_AT_ONCE", 1_000_000)  # how fast they come is another matter
    pings = 100_000
    async with raw_socket(port, token=surface.token) as socket:
        socket.reader._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio has no other way to stop reading
        for _ in range(pings // 500):
            await socket.send(frame(PING, b"x" * 125) * 500)  # 13 MB, and as much in answers
        await until(lambda: len(waiting) == pings)
    assert max(waiting) < _MEBIBYTE


async def test_given_a_foreign_origin_when_it_connects_without_a_key_then_it_gets_nothing(
    surface: Surface, port: int
) -> None:
    # A browser adds no credential of its own to a websocket: there are no cookies here.
    async with raw_socket(port, Origin="https://evil.example", Cookie=f"authorization={surface.token}") as socket:
        await socket.send(message(type="connection_init", payload={}))
        assert await socket.close_code() == 4401


async def test_given_a_key_in_the_address_when_connected_then_it_does_not_count(surface: Surface, port: int) -> None:
    response = await surface.client.get(
        "/graphql", params={"query": "{ viewer { keyId } }", "authorization": f"Bearer {surface.token}"}
    )
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


# Limits of operations hold here as they do over HTTP


_OVER_A_LIMIT: Final = [
    ("{ " + "a " * 40_000 + "}", "GRAPHQL_PARSE_FAILED"),
    ("{ " + "a " * 100_000 + "}", "QUERY_TOO_COMPLEX"),
    ("{ " + " ".join(f"a{n}: __typename" for n in range(100)) + " }", "QUERY_TOO_COMPLEX"),
    ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"),
    ("{ calls(first: 200) { nodes { recordings { call { recordings { id } } } } } }", "QUERY_TOO_COMPLEX"),
    ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", "BAD_USER_INPUT"),
]


async def test_given_an_operation_over_a_limit_when_subscribed_then_it_alone_is_refused(
    port: int, tenant_b: Tenant, subtests: pytest.Subtests
) -> None:
    for query, code in _OVER_A_LIMIT:
        with subtests.test(query[:40]):
            async with raw_socket(port, token=tenant_b.token) as socket:
                variables = {"ids": ["x"] * 5001} if "$ids" in query else None
                await socket.send(_subscribe("1", query, variables=variables))
                answer = await socket.receive()
                assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", code)
                await socket.send(_subscribe("1", "{ __typename }"))
                assert (await socket.receive())["payload"]["data"] == {"__typename": "Query"}
