"""Websockets: the protocol's edges, against a real server, with raw frames."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.accounts.scopes import Scope
from app.api.websocket import _Connection
from app.errors import DatabaseUnavailableError
from tests.api.conftest import DEADLINE_SECONDS, Surface, until

pytestmark = pytest.mark.postgres

PROTOCOL = Subprotocol("graphql-transport-ws")


class Socket:
    """A connection that speaks the protocol's JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: object) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def receive(self, *, with_pings: bool = False) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                frame = await self.connection.recv()
                assert isinstance(frame, str), "frames are text"
                message: dict[str, Any] = orjson.loads(frame)
                if with_pings or message["type"] != "ping":
                    return message

    async def close_code(self) -> tuple[int, str]:
        """The code and reason the server closes with; whatever comes before is dropped."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""

    async def init(self, token: str | None, name: str = "authorization") -> dict[str, Any]:
        await self.send(type="connection_init", payload={name: f"Bearer {token}"} if token else {})
        return await self.receive()

    async def subscribe(self, query: str, operation_id: str = "1", **payload: object) -> None:
        await self.send(type="subscribe", id=operation_id, payload={"query": query, **payload})


@contextlib.asynccontextmanager
async def opened(port: int, **options: Any) -> AsyncIterator[Socket]:
    options.setdefault("subprotocols", [PROTOCOL])
    async with connect(f"ws://127.0.0.1:{port}/graphql", compression=None, **options) as connection:
        yield Socket(connection)


async def test_given_a_key_in_connection_init_when_connected_then_it_is_acknowledged_with_the_heartbeat(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for name in ["authorization", "Authorization"]:
        with subtests.test(name):
            async with opened(port) as socket:
                assert await socket.init(surface.token, name) == {
                    "type": "connection_ack",
                    "payload": {"heartbeatSeconds": 0.3},
                }
                await socket.subscribe("{ viewer { account { name } } }")
                answer = await socket.receive()
                assert answer["payload"]["extensions"]["cost"].pop("remaining")  # which grows with time
                assert answer == {
                    "type": "next",
                    "id": "1",
                    "payload": {
                        "data": {"viewer": {"account": {"name": "sandbox"}}},
                        "extensions": {"cost": {"points": 3, "mostPoints": 20_000}},
                    },
                }
                assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_given_a_key_in_the_handshake_when_connected_then_it_counts(surface: Surface, port: int) -> None:
    async with opened(port, additional_headers={"Authorization": f"Bearer {surface.token}"}) as socket:
        await socket.send(type="connection_init")
        assert (await socket.receive())["type"] == "connection_ack"


async def test_given_an_origin_elsewhere_when_connected_with_a_key_then_it_is_served(
    surface: Surface, port: int
) -> None:
    async with opened(port, origin="https://crm.example") as socket:
        assert (await socket.init(surface.token))["type"] == "connection_ack"


_NO_GOOD_KEYS: Final[list[dict[str, object]]] = [
    {},
    {"authorization": "Bearer wrong"},
    {"authorization": 7},
    {"authorization": "x"},
]


async def test_given_no_good_key_when_initialised_then_it_closes_with_4401(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for payload in _NO_GOOD_KEYS:
        with subtests.test(str(payload)):
            async with opened(port) as socket:
                await socket.send(type="connection_init", payload=payload)
                code, reason = await socket.close_code()
                assert code == 4401
                # Whole sentences, in the 123 bytes that a closing has room for.
                assert reason.endswith(".")
                assert reason.count("`") % 2 == 0
                assert len(reason.encode()) <= 123


async def test_given_another_subprotocol_when_connected_then_it_closes_with_4406(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for offered in [None, [Subprotocol("graphql-ws")], [Subprotocol("chat")]]:
        with subtests.test(str(offered)):
            async with opened(port, subprotocols=offered) as socket:
                assert (await socket.close_code())[0] == 4406


async def test_given_no_connection_init_when_its_time_is_up_then_it_closes_with_4408(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        assert (await socket.close_code())[0] == 4408


async def test_given_no_connection_init_when_subscribing_then_it_closes_with_4401(surface: Surface, port: int) -> None:
    async with opened(port) as socket:
        await socket.subscribe("{ __typename }")
        assert (await socket.close_code())[0] == 4401


async def test_given_two_connection_inits_when_sent_then_it_closes_with_4429(surface: Surface, port: int) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.send(type="connection_init", payload={})
        assert (await socket.close_code())[0] == 4429


async def test_given_an_id_in_use_when_subscribing_then_it_closes_with_4409(surface: Surface, port: int) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe("subscription { events { __typename } }")
        await socket.subscribe("subscription { events { __typename } }")
        assert (await socket.close_code())[0] == 4409
    await until(lambda: surface.feed.subscriber_count == 0)


_MALFORMED: Final[list[str | bytes]] = [
    "not json",
    "[]",
    "null",
    '"text"',
    "1",
    "{}",
    '{"type": 1}',
    '{"type": "nonsense"}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "subscribe", "id": "1", "payload": {"query": null}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "operationName": {}}}',
    '{"type": "connection_init", "payload": []}',
    '{"type": "complete"}',
    '{"type": "complete", "id": {}}',
    b'{"type": "ping"}',
    b"\x00\xff",
]


async def test_given_a_malformed_message_when_sent_then_it_closes_with_4400(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for frame in _MALFORMED:
        with subtests.test(repr(frame)):
            async with opened(port) as socket:
                await socket.init(surface.token)
                await socket.connection.send(frame)
                assert (await socket.close_code())[0] == 4400


async def test_given_a_message_of_more_than_a_mebibyte_when_sent_then_it_closes_with_1009(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.connection.send("x" * (1024 * 1024 + 1))
        assert (await socket.close_code())[0] == 1009


async def test_given_ping_and_an_unknown_complete_when_sent_then_pong_comes_and_the_connection_stays(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.send(type="complete", id="nobody")
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_given_an_idle_connection_when_the_heartbeat_is_due_then_a_ping_comes_again_and_again(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        for _ in range(2):
            assert (await socket.receive(with_pings=True))["type"] == "ping"
            await socket.send(type="pong")


_FAILING: Final = [
    ("{ viewer", "GRAPHQL_PARSE_FAILED"),
    ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ("query($id: ID!) { call(id: $id) { id } }", "BAD_USER_INPUT"),
    ('subscription { events(after: "nonsense") { __typename } }', "INVALID_CURSOR"),
    ('subscription { callUpdated(id: "call_nobody") { __typename } }', "NOT_FOUND"),
]


async def test_given_an_operation_that_fails_when_subscribed_then_it_alone_ends_with_a_coded_error(
    surface: Surface, port: int, subtests: pytest.Subtests
) -> None:
    for query, code in _FAILING:
        with subtests.test(query):
            async with opened(port) as socket:
                await socket.init(surface.token)
                await socket.subscribe(query)
                message = await socket.receive()
                errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
                assert errors[0]["extensions"]["code"] == code
                assert errors[0]["extensions"]["requestId"].startswith("req_")
                if message["type"] == "next":
                    assert (await socket.receive())["type"] == "complete"
                await socket.subscribe("{ __typename }")
                assert (await socket.receive())["payload"]["data"] == {"__typename": "Query"}


async def test_given_a_key_without_the_scope_when_subscribing_then_it_is_forbidden(surface: Surface, port: int) -> None:
    token = await surface.key({Scope.CDRS_READ})
    async with opened(port) as socket:
        await socket.init(token)
        for query in ("events { __typename }", 'callUpdated(id: "x") { __typename }'):
            await socket.subscribe(f"subscription {{ {query} }}")
            message = await socket.receive()
            errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            assert errors[0]["extensions"]["code"] == "FORBIDDEN"
            if message["type"] == "next":
                await socket.receive()


async def test_given_as_many_operations_as_allowed_when_one_more_comes_then_it_is_refused_alone(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        for number in range(5):
            await socket.subscribe("subscription { events { __typename } }", str(number))
        await socket.subscribe("subscription { events { __typename } }", "one-more")
        while (message := await socket.receive())["type"] != "error":
            assert message["payload"] == {"data": {"events": {"__typename": "CaughtUp"}}}
        assert message["id"] == "one-more"
        assert message["payload"][0]["extensions"]["code"] == "OVERLOADED"
        await until(lambda: surface.feed.subscriber_count == 5)
        await socket.send(type="complete", id="0")
        await until(lambda: surface.feed.subscriber_count == 4)
        await socket.subscribe("{ __typename }", "0")
        while (message := await socket.receive())["id"] != "0" or message["type"] != "next":
            pass
    await until(lambda: surface.feed.subscriber_count == 0)


async def test_given_a_key_that_is_revoked_when_the_heartbeat_looks_then_the_connection_closes_with_4401(
    surface: Surface, port: int
) -> None:
    issued = await surface.services.keys.create(surface.account.id, name="x", scopes={Scope.CALLS_READ})
    async with opened(port) as socket:
        await socket.init(issued.token)
        await socket.subscribe("subscription { events { __typename } }")
        await socket.receive()
        await surface.services.keys.revoke(surface.account.id, issued.key.id)
        assert (await socket.close_code())[0] == 4401
    await until(lambda: surface.feed.subscriber_count == 0)


async def test_given_a_client_that_is_cut_off_when_it_followed_then_nothing_of_it_is_left(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe("subscription { events { __typename } }")
        await until(lambda: surface.feed.subscriber_count == 1)
        socket.connection.transport.abort()
        await until(lambda: surface.feed.subscriber_count == 0)

    async def is_uncounted() -> bool:
        return "offhook_websockets 0.0" in (await surface.client.get("/metrics")).text

    await until(is_uncounted)


async def test_given_a_database_that_is_away_when_initialised_then_it_closes_with_1013(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError("The database is not available.")

    monkeypatch.setattr(type(surface.services.keys), "authenticate", fail)
    async with opened(port) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {surface.token}"})
        assert (await socket.close_code())[0] == 1013


async def test_given_a_heartbeat_that_waits_for_the_database_when_the_client_goes_meanwhile_then_it_is_the_last(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, may_answer = asyncio.Event(), asyncio.Event()
    connections: set[_Connection] = set()
    late: list[float] = []
    set_timer = _Connection._set_timer

    async def fail(*_: object) -> None:
        is_asked.set()
        await may_answer.wait()
        raise DatabaseUnavailableError("The database is not available.")

    def note(self: _Connection, seconds: float, then: Any) -> None:
        connections.add(self)
        if is_asked.is_set():
            late.append(seconds)
        else:
            set_timer(self, seconds, then)

    async def is_over() -> bool:
        return "offhook_websockets 0.0" in (await surface.client.get("/metrics")).text

    monkeypatch.setattr(_Connection, "_set_timer", note)
    async with opened(port) as socket:
        await socket.init(surface.token)
        monkeypatch.setattr(type(surface.services.keys), "authenticate", fail)
        await is_asked.wait()
        (connection,) = connections
        socket.connection.transport.abort()
        await until(lambda: connection._outbox._is_closed)
    may_answer.set()
    await until(is_over)
    assert late == []
