"""The list of live calls, as a dashboard keeps it."""

import asyncio
from random import Random
from typing import Any

import pytest

from app.api.subscriptions import live_calls
from tests.api.conftest import Surface, audiences_of, until
from tests.api.test_websocket import Socket, opened

pytestmark = pytest.mark.postgres

PLACE = (
    'mutation($key: String!) { originateCall(input: {idempotencyKey: $key, destination: {number: "+15550100000"}, '
    'connect: {extension: "2001"}}) { call { id } } }'
)
HANG_UP = "mutation($id: ID!) { hangupCall(input: {callId: $id}) { call { id } } }"
TAG = "mutation($id: ID!, $tags: [String!]) { updateCall(input: {callId: $id, tags: $tags}) { call { id } } }"
FOLLOW = """subscription { liveCalls { __typename
  ... on Snapshot { cursor chunk isLast calls { id state lastCallSequence } }
  ... on CallChanged { cursor event { type } call { id state lastCallSequence } }
  ... on CallRemoved { cursor callId call { id state disposition } }
  ... on Gap { missedCount reason fromCursor toCursor } } }"""


async def place(surface: Surface, key: str) -> str:
    call_id: str = (await surface.ask(PLACE, {"key": key}))["originateCall"]["call"]["id"]
    return call_id


async def hang_up(surface: Surface, call_id: str) -> None:
    await surface.ask(HANG_UP, {"id": call_id})
    await until(lambda: surface.registry.find(call_id) is None)


class Dashboard:
    """Does with the messages what a client is told to do."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.messages: list[dict[str, Any]] = []
        self.calls: dict[str, str] = {}
        self.is_whole = False

    async def follow(self, token: str) -> None:
        await self._socket.init(token)
        await self._socket.subscribe(FOLLOW)
        await self.until_whole()

    async def take(self) -> dict[str, Any]:
        received = await self._socket.receive()
        assert received["type"] == "next", received
        message: dict[str, Any] = received["payload"]["data"]["liveCalls"]
        self.messages.append(message)
        match message:
            case {"__typename": "Snapshot", "chunk": chunk, "isLast": is_last, "calls": calls}:
                if chunk == 1:
                    self.calls = {}
                self.calls |= {call["id"]: call["state"] for call in calls}
                self.is_whole = is_last
            case {"__typename": "CallChanged", "call": call}:
                self.calls[call["id"]] = call["state"]
            case {"__typename": "CallRemoved", "callId": call_id}:
                self.calls.pop(call_id, None)
            case {"__typename": "Gap"}:
                self.is_whole = False
        return message

    async def until_whole(self) -> None:
        while not self.is_whole:
            await self.take()

    async def until_removed(self, call_id: str) -> None:
        while (await self.take()).get("callId") != call_id:
            pass


async def test_given_a_call_when_it_lives_and_ends_then_it_is_in_the_snapshot_changes_and_is_removed(
    surface: Surface, port: int
) -> None:
    async with opened(port) as socket:
        board = Dashboard(socket)
        await board.follow(surface.token)
        assert board.messages == [
            {"__typename": "Snapshot", "cursor": board.messages[0]["cursor"], "chunk": 1, "isLast": True, "calls": []}
        ]
        call_id = await place(surface, "one")
        first = await board.take()
        assert (first["__typename"], first["event"]["type"], first["call"]["id"]) == (
            "CallChanged",
            "CALL_CREATED",
            call_id,
        )
        async with opened(port) as late_socket:
            late = Dashboard(late_socket)
            await late.follow(surface.token)
            assert list(late.calls) == [call_id]
            assert len(audiences_of(surface)) == 1
            await hang_up(surface, call_id)
            for one in (board, late):
                await one.until_removed(call_id)
                assert one.calls == {}
                assert one.messages[-1]["call"] == {"id": call_id, "state": "ENDED", "disposition": "CANCELLED"}


async def test_given_more_live_calls_than_one_part_holds_when_followed_then_the_snapshot_comes_in_parts(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_calls, "CHUNK_SIZE", 2)
    placed = [await place(surface, str(number)) for number in range(4)]
    over = await place(surface, "over")
    await hang_up(surface, over)
    rival = await surface.accounts.create("rival")
    async with opened(port) as socket, opened(port) as other:
        board, theirs = Dashboard(socket), Dashboard(other)
        await board.follow(surface.token)
        assert [(one["chunk"], one["isLast"], len(one["calls"])) for one in board.messages] == [
            (1, False, 2),
            (2, True, 2),
        ]
        assert [call["id"] for one in board.messages for call in one["calls"]] == placed
        await theirs.follow(await surface.key(account=rival))
        assert theirs.calls == {}


async def test_given_dashboards_that_come_at_any_time_when_calls_come_and_go_then_each_ends_up_with_what_is_live(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_calls, "CHUNK_SIZE", 3)
    random = Random(7)
    live: list[str] = []
    placed, is_over = 0, asyncio.Event()

    async def traffic() -> None:
        nonlocal placed
        for number in range(25):
            live.append(await place(surface, str(number)))
            placed += 1
            if random.random() < 0.5:
                await hang_up(surface, live.pop(random.randrange(len(live))))
        is_over.set()

    async def watch(number: int) -> dict[str, str]:
        await until(lambda: placed >= 3 * number)  # they come while it goes on
        async with opened(port) as socket:
            board = Dashboard(socket)
            await board.follow(surface.token)
            last = ""
            while last != "last":
                message = await board.take()
                event = message.get("event") or {}
                last = "last" if is_over.is_set() and event.get("type") == "CALL_UPDATED" else ""
            return {call_id: state for call_id, state in board.calls.items() if call_id != marker}

    marker = await place(surface, "marker")
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        watching = [group.create_task(watch(number)) for number in range(8)]
        await traffic()
        await until(lambda: len(audiences_of(surface).readers) == 8)
        # The last word, after everything else, until everybody has heard it.
        number = 0
        while not all(one.done() for one in watching):
            number += 1
            await surface.ask(TAG, {"id": marker, "tags": [str(number)]})
            await asyncio.sleep(0.05)
    expected: dict[str, str] = {
        call.id: call.state.value for call in await surface.services.call_queries.live(surface.account.id, limit=99)
    }
    del expected[marker]
    assert set(expected) == set(live)
    assert [one.result() for one in watching] == [expected] * 8


async def test_given_a_dashboard_that_falls_behind_when_it_reads_again_then_a_gap_and_a_new_snapshot_come(
    surface: Surface, port: int
) -> None:
    call_id = await place(surface, "one")
    async with opened(port) as socket:
        board = Dashboard(socket)
        await board.follow(surface.token)
        (reader,) = audiences_of(surface).readers
        line: Any = reader._outbox._line
        line.pause_writing()  # as the transport does once enough waits
        number = 0
        while not reader._missed:
            number += 1
            await surface.ask(TAG, {"id": call_id, "tags": [str(number)]})
        await hang_up(surface, call_id)
        line.resume_writing()
        while (await board.take())["__typename"] != "Gap":
            pass
        assert board.messages[-1]["reason"] == "SLOW_SUBSCRIBER"
        assert board.messages[-1]["missedCount"] > 0
        await board.until_whole()
        assert board.messages[-1]["__typename"] == "Snapshot"
        assert board.calls == {}
