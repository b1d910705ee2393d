"""The account's counters: true at the start, and after each event that changes them."""

import asyncio
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.calls.reading.queries import LiveCount
from app.facts.vocabulary import CallKind, CallState, Direction
from tests.api.conftest import Surface, audiences_of
from tests.api.test_live_calls import TAG, hang_up, place
from tests.api.test_subscriptions import append, fact
from tests.api.test_websocket import Socket, opened

pytestmark = pytest.mark.postgres

NUMBERS = (
    "liveCalls live { kind direction state calls } today { calls connectedCalls dispositions { disposition calls } }"
)
FOLLOW = (
    "subscription { liveStatistics { __typename ... on Gap { missedCount } "
    f"... on LiveStatisticsChanged {{ cursor statistics {{ {NUMBERS} }} }} }} }}"
)


async def take(socket: Socket) -> dict[str, Any]:
    message = await socket.receive()
    assert "errors" not in message["payload"], message
    changed: dict[str, Any] = message["payload"]["data"]["liveStatistics"]
    assert changed["__typename"] == "LiveStatisticsChanged"
    statistics: dict[str, Any] = changed["statistics"]
    return statistics


async def test_given_calls_that_come_and_go_when_followed_then_the_counters_are_those_of_the_moment(
    surface: Surface, port: int
) -> None:
    first = await place(surface, "before")
    async with opened(port) as socket, opened(port) as late:
        await socket.init(surface.token)
        await socket.subscribe(FOLLOW)
        begun = await take(socket)
        assert begun["liveCalls"] == 1
        assert begun["today"] == {"calls": 0, "connectedCalls": 0, "dispositions": []}
        second = await place(surface, "after")
        while (now := await take(socket))["liveCalls"] != 2:
            pass
        assert sum(one["calls"] for one in now["live"]) == 2
        assert {(one["kind"], one["direction"]) for one in now["live"]} == {("CLICK_TO_CALL", "OUTBOUND")}
        await hang_up(surface, first)
        # What changes no counter is not told.
        await surface.ask(TAG, {"id": second, "tags": ["x"]})
        while (now := await take(socket))["liveCalls"] != 1 or not now["today"]["calls"]:
            pass
        over = {"calls": 1, "connectedCalls": 0, "dispositions": [{"disposition": "CANCELLED", "calls": 1}]}
        assert now["today"] == over
        await late.init(surface.token)
        await late.subscribe(FOLLOW)
        assert await take(late) == now
        assert len(audiences_of(surface)) == 1
        assert (await surface.ask(f"{{ liveStatistics {{ {NUMBERS} }} }}"))["liveStatistics"] == now
        await hang_up(surface, second)
        for one in (socket, late):
            while (last := await take(one))["liveCalls"]:
                pass
            assert last["live"] == []
            assert last["today"]["calls"] == 2


async def test_given_one_who_joins_while_others_are_counted_for_when_the_next_event_comes_then_it_is_told_what_is_new(
    surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = LiveCount(kind=CallKind.CLICK_TO_CALL, direction=Direction.OUTBOUND, state=CallState.CONNECTED, calls=1)
    is_counting, may_count = asyncio.Event(), asyncio.Event()
    times = 0

    async def count_live(*_: object) -> list[LiveCount]:
        nonlocal times
        times += 1
        match times:
            case 1 | 3:  # each one's own, at the beginning; the late one's is read before the call is there
                return []
            case 2:  # for both, at an event that was there before the late one, and when the call is there
                is_counting.set()
                await may_count.wait()
        return [one]

    monkeypatch.setattr(type(surface.services.call_queries), "count_live", count_live)
    query = "subscription { liveStatistics { __typename ... on LiveStatisticsChanged { statistics { liveCalls } } } }"
    async with opened(port) as socket, opened(port) as late:
        for each in (socket, late):
            await each.init(surface.token)
        await socket.subscribe(query)
        assert (await take(socket))["liveCalls"] == 0
        await append(surface, [fact(1)])
        await is_counting.wait()
        await late.subscribe(query)
        assert (await take(late))["liveCalls"] == 0
        may_count.set()
        assert (await take(socket))["liveCalls"] == 1
        await append(surface, [fact(2)])
        assert (await take(late))["liveCalls"] == 1
        assert len(audiences_of(surface)) == 1


async def test_given_a_key_without_cdrs_when_asked_then_live_counts_come_and_today_is_forbidden(
    surface: Surface,
) -> None:
    token = await surface.key({Scope.CALLS_READ})
    body = (await surface.post(f"{{ liveStatistics {{ {NUMBERS} }} }}", token=token)).json()
    assert body["data"]["liveStatistics"] == {"liveCalls": 0, "live": [], "today": None}
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_given_no_such_time_zone_when_asked_then_it_is_refused(surface: Surface) -> None:
    refused = await surface.refuse('{ liveStatistics(timeZone: "Mars/Olympus") { liveCalls } }')
    assert (refused["code"], refused["field"]) == ("INVALID_INPUT", ["timeZone"])
