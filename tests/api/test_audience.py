"""Equal subscriptions share one execution, and nobody can tell."""

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from enum import Enum
from random import Random
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin

import msgspec
import orjson
import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.context import Context, Options
from app.api.metrics import Metrics
from app.api.schema import build_schema
from app.api.subscriptions import events
from app.api.subscriptions.audience import Reader, payload_of
from app.api.types.event_mapping import EVENT_TYPES, event_maker
from app.api.wire import Wire
from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.events.log import EventLog
from app.facts.event import Event
from app.paging import CursorSigner
from tests.api.conftest import ALL_SCOPES, Surface, audiences_of, endpoint_of, until
from tests.api.test_subscriptions import append, big_fact, fact
from tests.api.test_websocket import Socket, opened
from tests.calls.making import NOON
from tests.events.drafts import make_draft

pytestmark = pytest.mark.postgres

_DEEPEST = 3
FOLLOW = (
    "subscription($after: String) { events(after: $after) { __typename ... on EventDelivered { cursor event { id "
    "sequence } } ... on CaughtUp { cursor } ... on Gap { missedCount } } }"
)


def _select_all(kind: GraphQLObjectType, depth: int = 0) -> str:
    """Every field that takes no arguments, down to some depth."""
    chosen = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if any(isinstance(argument.type, GraphQLNonNull) for argument in field.args.values()):
            continue
        if is_leaf_type(inner):
            chosen.append(name)
        elif depth < _DEEPEST and isinstance(inner, GraphQLObjectType) and not field.args:
            chosen.append(f"{name} {_select_all(inner, depth + 1)}")
    return "{ " + " ".join(chosen) + " }"


_TEXTS = {"number": "+12125550123", "dialled_number": "+12125550123", "caller_id": "+12125550199", "digit": "7"}
_PLAIN: dict[type, object] = {int: 7, float: 2.5, bool: True, datetime: NOON}


def _fill(kind: Any, name: str = "") -> Any:
    """A value of a type that facts are made of: numbers and digits that are worth hiding, and nothing left out."""
    if get_origin(kind) is UnionType:
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is tuple:
        return (_fill(get_args(kind)[0]),)
    if kind is str:
        return "call.created" if name == "event_type" else _TEXTS.get(name, "é")
    if kind in _PLAIN:
        return _PLAIN[kind]
    if issubclass(kind, Enum):
        return next(iter(kind))
    return kind(**{field.name: _fill(field.type, field.name) for field in msgspec.structs.fields(kind)})


async def _lone(surface: Surface, token: str, query: str) -> AsyncIterator[bytes]:
    """The payloads of an execution that follows the feed by itself."""
    context = Context(
        services=surface.services, options=Options(), metrics=Metrics(), request_id="req_12345678", is_socket=True
    )
    context.admit(await surface.services.keys.authenticate(token, None))
    async for result in await build_schema().stream(query, context_value=context):
        yield _without_request_id(payload_of(result))


async def _payload(socket: Socket) -> bytes:
    """The next payload, as it was sent."""
    while True:
        frame = await socket.connection.recv()
        assert isinstance(frame, str)
        message = orjson.loads(frame)
        if message["type"] != "ping":
            assert frame == f'{{"id":"{message["id"]}","type":"next","payload":' + frame.partition('"payload":')[2]
            return _without_request_id(frame.partition('"payload":')[2][:-1].encode())


def _without_request_id(payload: bytes) -> bytes:
    """Errors name the execution that they come from, and that is another one."""
    return re.sub(rb'"requestId":"req_\w+"', b'"requestId":""', payload)


@pytest.mark.parametrize("scopes", [ALL_SCOPES, {Scope.CALLS_READ}], ids=["whole sight", "masked"])
async def test_given_any_kind_of_event_when_followed_together_then_each_gets_what_an_execution_of_its_own_gives(
    surface: Surface, port: int, scopes: frozenset[Scope]
) -> None:
    token = await surface.key(scopes)
    kinds = build_schema()._schema.type_map
    for fact_type, graphql_type in EVENT_TYPES.items():
        kind = kinds[graphql_type.__name__]
        assert isinstance(kind, GraphQLObjectType)
        query = (
            "subscription { events { __typename ... on EventDelivered { cursor event { __typename "
            f"... on {kind.name} {_select_all(kind)} }} }} ... on CaughtUp {{ cursor }} }} }}"
        )
        alone = _lone(surface, token, query)
        async with opened(port) as one, opened(port) as other:
            for socket in (one, other):
                await socket.init(token)
                await socket.subscribe(query)
            expected = await anext(alone)
            assert await _payload(one) == await _payload(other) == expected
            await until(lambda: len(audiences_of(surface).readers) == 2)
            assert len(audiences_of(surface)) == 1
            await append(surface, [_fill(fact_type)], subject_id=f"call_{fact_type.__name__}")
            expected = await anext(alone)
            assert await _payload(one) == await _payload(other) == expected
            told = orjson.loads(expected)
            codes = {error["extensions"]["code"] for error in told.get("errors", ())}
            assert codes <= (set() if scopes is ALL_SCOPES else {"FORBIDDEN"}), told["errors"]
            assert told["data"]["events"]["event"]["__typename"] == kind.name
        await until(lambda: len(audiences_of(surface)) == 0)


async def test_given_subscriptions_that_differ_when_followed_then_only_equal_ones_share(
    surface: Surface, port: int
) -> None:
    masked = await surface.key({Scope.CALLS_READ})
    same_rights = await surface.key()
    rival = await surface.key(account=await surface.accounts.create("rival"))
    await append(surface, [fact(1)])
    page = await surface.ask("{ events(last: 1) { pageInfo { endCursor } } }")
    cursor = page["events"]["pageInfo"]["endCursor"]
    used_twice = FOLLOW.replace("$after: String)", "$after: String, $x: Boolean = true)").replace(
        "cursor event", "cursor @include(if: $x) event"
    )
    asked: list[tuple[str, str, dict[str, Any]]] = [
        (surface.token, FOLLOW, {}),
        (same_rights, FOLLOW, {}),
        (surface.token, FOLLOW, {"after": cursor}),  # where a past begins is its reader's own business
        (masked, FOLLOW, {}),
        (rival, FOLLOW, {}),
        (surface.token, FOLLOW.replace("missedCount", "missedCount reason"), {}),
        (surface.token, used_twice, {"x": True}),
        (surface.token, used_twice, {"x": False}),
    ]
    async with AsyncExitStack() as stack:
        for token, query, variables in asked:
            socket = await stack.enter_async_context(opened(port))
            await socket.init(token)
            await socket.subscribe(query, variables=variables)
            await socket.receive()
        await until(lambda: len(audiences_of(surface).readers) == len(asked))
        sizes = sorted(len(one.readers) for one in audiences_of(surface)._audiences.values())
        assert sizes == [1, 1, 1, 1, 1, 3]
        assert surface.feed.subscriber_count == len(asked)
    await until(lambda: len(audiences_of(surface)) == 0)
    assert surface.feed.subscriber_count == 0


async def test_given_an_audience_when_events_come_then_each_is_executed_once_and_counted_for_each_reader(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counting(*args: Any) -> Any:
        make = event_maker(*args)

        def count(event: Event) -> Any:
            made.append(event.id)
            return make(event)

        return count

    monkeypatch.setattr(events, "event_maker", counting)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(port)) for _ in range(10)]
        for number, socket in enumerate(sockets):
            await socket.init(surface.token)
            await socket.subscribe(FOLLOW, str(number))
            await socket.receive()
        sent = await append(surface, [fact(number) for number in range(20)])
        for number, socket in enumerate(sockets):
            messages = [await socket.receive() for _ in sent]
            assert {one["id"] for one in messages} == {str(number)}
            assert [one["payload"]["data"]["events"]["event"]["id"] for one in messages] == sent
    assert made == sent
    assert 'offhook_websocket_results_total{outcome="ok"} 210.0' in (await surface.client.get("/metrics")).text


async def test_given_many_readers_and_writers_in_several_processes_when_all_are_at_it_then_nobody_misses_a_thing(
    surface: Surface, port: int, database_dsn: str
) -> None:
    """Two of the writers are other processes as far as the feed can tell: it hears of their events from the log."""
    surface.feed.poll_seconds = 0.02
    databases = [await Database.connect(database_dsn, pool_size=2) for _ in range(2)]
    logs = [surface.log, surface.log, *(EventLog(database) for database in databases)]
    random = Random(4)
    begin = await surface.log.append([make_draft(account_id=surface.account.id) for _ in range(30)])
    signer = CursorSigner(bytes(32), account_id=surface.account.id, list_name="events", shape=None)

    async def write(log: EventLog) -> None:
        for _ in range(30):
            await log.append([make_draft(account_id=surface.account.id) for _ in range(random.randint(1, 4))])
            await asyncio.sleep(random.random() / 100)

    async def read(number: int, until_written: asyncio.Event) -> None:
        await asyncio.sleep(number / 40)  # they come while it goes on
        place = random.choice([0, *(event.sequence for event in begin)])
        seen: list[int] = []
        async with opened(port) as socket:
            await socket.init(surface.token)
            await socket.subscribe(FOLLOW, variables={"after": signer.write((place,))})
            while not (until_written.is_set() and seen and seen[-1] >= written[0]):
                told = (await socket.receive())["payload"]["data"]["events"]
                if told["__typename"] == "EventDelivered":
                    seen.append(told["event"]["sequence"])
        everything = await surface.log.read_after(place, limit=10_000)
        # The one event after all that was written only wakes those who have it all already; not all need hear it.
        assert seen == [event.sequence for event in everything if event.sequence <= seen[-1]]

    is_written = asyncio.Event()
    written: list[int] = []
    async with asyncio.timeout(120), asyncio.TaskGroup() as readers:
        for number in range(20):
            readers.create_task(read(number, is_written))
        async with asyncio.TaskGroup() as writers:
            for log in logs:
                writers.create_task(write(log))
        written.append(await surface.log.head())
        is_written.set()
        await surface.log.append([make_draft(account_id=surface.account.id)])
    for database in databases:
        await database.aclose()


async def test_given_a_client_that_never_reads_when_events_come_then_it_alone_is_closed_and_no_more_waits_than_may(
    surface: Surface, port: int
) -> None:
    endpoint = endpoint_of(surface)
    endpoint._options = dataclasses.replace(endpoint._options, unread_seconds=3.0, close_grace_seconds=30.0)
    query = FOLLOW.replace("sequence } }", "sequence ... on CallEvent { tags } } }")
    async with opened(port, max_queue=1, close_timeout=0.2) as idle, opened(port) as busy:
        for socket in (idle, busy):
            await socket.init(surface.token)
            await socket.subscribe(query)
            await socket.receive()
        await until(lambda: len(audiences_of(surface).readers) == 2)
        idle.connection.transport.pause_reading()
        sent: list[str] = []
        seen: list[str] = []
        async with asyncio.timeout(120):
            while len(readers := audiences_of(surface).readers) == 2:
                sent += await append(surface, [big_fact()] * 10)
                while len(seen) < len(sent):  # the other one has each at once, and no gap
                    told = (await busy.receive())["payload"]["data"]["events"]
                    seen.append(told["event"]["id"])
                for reader in readers:
                    frames, size = reader._outbox.waiting
                    assert frames <= 50
                    assert size <= 512 * 1024
                    assert cast("Wire", reader._outbox._line).transport.get_write_buffer_size() < 256 * 1024
        assert seen == sent
        # When it reads after all, it finds out why.
        idle.connection.transport.resume_reading()
        assert await idle.close_code() == (4430, "Nothing was read for 3 seconds.")


async def test_given_a_client_that_never_reads_again_when_its_grace_is_over_then_the_connection_is_cut(
    surface: Surface, port: int
) -> None:
    endpoint = endpoint_of(surface)
    endpoint._options = dataclasses.replace(endpoint._options, unread_seconds=0.2, close_grace_seconds=0.2)
    async with opened(port, max_queue=1, close_timeout=0.2) as idle:
        await idle.init(surface.token)
        await idle.subscribe(FOLLOW.replace("sequence } }", "sequence ... on CallEvent { tags } } }"))
        await idle.receive()
        (reader,) = audiences_of(surface).readers
        line = cast("Wire", reader._outbox._line)
        idle.connection.transport.pause_reading()
        while audiences_of(surface).readers:
            await append(surface, [big_fact()] * 25)
        await until(lambda: line.disconnected)


async def test_given_a_cursor_older_than_the_log_when_followed_then_it_is_said_to_have_expired(
    surface: Surface, port: int
) -> None:
    await append(surface, [fact(number) for number in range(4)])
    page = await surface.ask("{ events(first: 4) { edges { cursor } } }")
    first, second, third, _ = (edge["cursor"] for edge in page["events"]["edges"])
    async with surface.database.acquire() as connection:
        await connection.execute("DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY 1 LIMIT 2)")
    async with opened(port) as socket:
        await socket.init(surface.token)
        for number, cursor in enumerate((first, second)):
            await socket.subscribe(FOLLOW, str(number), variables={"after": cursor})
            message = await socket.receive()
            assert message["payload"]["errors"][0]["extensions"]["code"] == "CURSOR_EXPIRED"
            assert (await socket.receive())["type"] == "complete"
        await socket.subscribe(FOLLOW, "kept", variables={"after": third})
        kinds = [(await socket.receive())["payload"]["data"]["events"]["__typename"] for _ in range(2)]
        assert kinds == ["EventDelivered", "CaughtUp"]


async def test_given_a_database_that_goes_away_when_an_audience_needs_it_then_every_reader_is_told_and_completed(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("The database is not available.")

    async with opened(port) as one, opened(port) as other:
        for socket in (one, other):
            await socket.init(surface.token)
            await socket.subscribe("subscription { liveCalls { __typename } }")
            assert (await socket.receive())["payload"] == {"data": {"liveCalls": {"__typename": "Snapshot"}}}
        await until(lambda: len(audiences_of(surface).readers) == 2)
        monkeypatch.setattr(type(surface.services.call_queries), "get", fail)
        await append(surface, [fact(1)])
        for socket in (one, other):
            error = (await socket.receive())["payload"]["errors"][0]["extensions"]
            assert (error["code"], error["retryable"]) == ("DATABASE_UNAVAILABLE", True)
            assert (await socket.receive())["type"] == "complete"
        # Their ids are free, and the next one begins anew.
        monkeypatch.undo()
        await one.subscribe("subscription { liveCalls { __typename } }")
        assert (await one.receive())["payload"] == {"data": {"liveCalls": {"__typename": "Snapshot"}}}


async def test_given_a_key_whose_scopes_change_when_the_heartbeat_looks_then_the_connection_closes(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = surface.services.keys
    admitted = await keys.authenticate(surface.token, None)

    async def with_less(*_: object) -> Principal:
        return dataclasses.replace(admitted, scopes=frozenset({Scope.CALLS_READ}))

    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(FOLLOW)
        await socket.receive()
        monkeypatch.setattr(type(keys), "authenticate", with_less)
        assert (await socket.close_code())[0] == 4403
    await until(lambda: len(audiences_of(surface)) == 0)


async def test_given_one_who_cannot_be_told_when_an_event_comes_then_its_operation_ends_and_the_others_are_told(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = Reader.push

    def push(self: Reader, place: float, frame: bytes, *, is_event: bool) -> None:
        if self.operation_id == "broken":
            raise ZeroDivisionError
        tell(self, place, frame, is_event=is_event)

    async with opened(port) as socket:
        await socket.init(surface.token)
        for operation_id in ("one", "broken", "other"):
            await socket.subscribe("subscription { events { __typename } }", operation_id)
            await socket.receive()
        await until(lambda: len(endpoint_of(surface).audiences.readers) == 3)
        monkeypatch.setattr(Reader, "push", push)
        await append(surface, [fact(1)])
        told = [await socket.receive() for _ in range(3)]
        assert sorted((message["id"], message["type"]) for message in told) == [
            ("broken", "complete"), ("one", "next"), ("other", "next"),
        ]  # fmt: skip
        await append(surface, [fact(2)])
        told = [await socket.receive() for _ in range(2)]
        assert sorted(message["id"] for message in told) == ["one", "other"]
        assert len(endpoint_of(surface).audiences.readers) == 2
