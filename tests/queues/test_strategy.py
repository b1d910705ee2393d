"""Who is offered to whom: by table, by hand, and for any queue that can be thought of."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.core.model.queue import QueueOffer, QueueWait
from app.ids import LegId
from app.queues.strategy import (
    Caller,
    Line,
    Member,
    Offer,
    Server,
    choose,
    decide,
    expected_wait_seconds,
    in_order,
    is_to_be_told,
    positions,
)
from app.routing.words import QueueStrategy
from tests.calls.making import NOON
from tests.queues.waiting_room import WaitingRoom, at, caller_of, free_server, line_of

ALL = list(QueueStrategy)


def _member(agent_id: str, *, penalty: int = 0, calls_taken: int = 0, offered: float | None = None) -> Member:
    offered_at = None if offered is None else at(offered)
    return Member(agent_id=agent_id, penalty=penalty, calls_taken=calls_taken, offered_at=offered_at)


ANNA = _member("anna", calls_taken=4, offered=10)
BEN = _member("ben", calls_taken=2, offered=30)
CLEO = _member("cleo", calls_taken=9, offered=5)
DORA = _member("dora", penalty=1)
SERVERS = {
    "anna": free_server("anna", idle_since=50),
    "ben": free_server("ben", idle_since=70),
    "cleo": free_server("cleo", idle_since=90),
    "dora": free_server("dora", idle_since=0),
}


@pytest.mark.parametrize(
    ("strategy", "free", "chosen"),
    [
        (QueueStrategy.LONGEST_IDLE, "anna ben cleo dora", "anna"),
        (QueueStrategy.LONGEST_IDLE, "ben cleo", "ben"),
        (QueueStrategy.FEWEST_CALLS, "anna ben cleo dora", "ben"),
        (QueueStrategy.FEWEST_CALLS, "anna cleo", "anna"),
        (QueueStrategy.ROUND_ROBIN, "anna ben cleo dora", "cleo"),
        (QueueStrategy.ROUND_ROBIN, "anna ben", "anna"),
        (QueueStrategy.RING_ALL, "anna ben cleo dora", "anna ben cleo"),
        (QueueStrategy.RING_ALL, "dora", "dora"),
        (QueueStrategy.LONGEST_IDLE, "dora", "dora"),
        (QueueStrategy.LONGEST_IDLE, "", ""),
    ],
)
def test_given_free_agents_when_a_strategy_chooses_then_it_is_as_by_the_table(
    strategy: QueueStrategy, free: str, chosen: str
) -> None:
    line = line_of(strategy, ANNA, BEN, CLEO, DORA)
    assert choose(line, SERVERS, set(free.split())) == tuple(chosen.split())


@pytest.mark.parametrize("strategy", [one for one in ALL if one is not QueueStrategy.RING_ALL])
def test_given_agents_that_let_the_last_caller_ring_when_one_is_asked_then_only_if_there_is_no_other(
    strategy: QueueStrategy,
) -> None:
    line = line_of(strategy, ANNA, BEN, DORA)
    servers = {name: replace(SERVERS[name], has_missed=name != "dora") for name in ("anna", "ben", "dora")}
    assert choose(line, servers, {"anna", "ben", "dora"}) == ("dora",)
    assert choose(line, servers, {"anna"}) == ("anna",)


def test_given_agents_that_let_the_last_caller_ring_when_all_are_rung_then_they_are_too() -> None:
    servers = {**SERVERS, "anna": replace(SERVERS["anna"], has_missed=True)}
    line = line_of(QueueStrategy.RING_ALL, ANNA, BEN)
    assert choose(line, servers, {"anna", "ben"}) == ("anna", "ben")


def test_given_an_agent_that_was_never_asked_when_in_turn_then_it_goes_before_all_that_were() -> None:
    line = line_of(QueueStrategy.ROUND_ROBIN, ANNA, BEN, _member("eve"))
    servers = {**SERVERS, "eve": free_server("eve", idle_since=500)}
    assert choose(line, servers, {"anna", "ben", "eve"}) == ("eve",)


def test_given_callers_when_one_has_a_higher_priority_then_it_goes_first_and_the_rest_by_arrival() -> None:
    callers = [caller_of("late", 3), caller_of("early", 1), caller_of("dear", 9, priority=5)]
    assert [one.call_id for one in in_order(callers)] == ["dear", "early", "late"]
    assert positions(callers) == {"dear": 1, "early": 2, "late": 3}


def test_given_two_queues_when_positions_are_counted_then_each_queue_counts_its_own() -> None:
    callers = [caller_of("a", 1), caller_of("b", 2, queue_id="r"), caller_of("c", 3)]
    assert positions(callers) == {"a": 1, "b": 1, "c": 2}


def test_given_an_agent_of_two_queues_when_both_have_callers_then_who_came_first_gets_it() -> None:
    lines = {name: line_of(QueueStrategy.LONGEST_IDLE, _member("anna"), queue_id=name) for name in ("q", "r")}
    callers = [caller_of("second", 2), caller_of("first", 1, queue_id="r")]
    assert decide(lines, callers, SERVERS, at(100)) == (Offer(call_id="first", queue_id="r", agent_ids=("anna",)),)


def test_given_a_caller_whose_queue_has_nobody_when_others_can_be_served_then_they_are() -> None:
    lines = {"q": line_of(QueueStrategy.LONGEST_IDLE), "r": line_of(QueueStrategy.LONGEST_IDLE, BEN, queue_id="r")}
    callers = [caller_of("stuck", 1), caller_of("served", 2, queue_id="r")]
    assert [offer.call_id for offer in decide(lines, callers, SERVERS, at(100))] == ["served"]


def test_given_a_caller_for_whom_an_agent_is_rung_when_another_is_free_then_only_ring_all_rings_it_too() -> None:
    caller = replace(caller_of("c", 1), is_offered=True)
    for strategy in ALL:
        offers = decide({"q": line_of(strategy, BEN)}, [caller], SERVERS, at(100))
        assert bool(offers) is (strategy is QueueStrategy.RING_ALL), strategy


def test_given_a_caller_whose_time_is_over_when_an_agent_is_free_then_the_next_one_gets_it() -> None:
    over = replace(caller_of("over", 1), leaves_at=at(100))
    offers = decide({"q": line_of(QueueStrategy.LONGEST_IDLE, BEN)}, [over, caller_of("next", 2)], SERVERS, at(100))
    assert [offer.call_id for offer in offers] == ["next"]


def test_given_an_agent_that_rests_or_wraps_up_when_its_time_comes_then_it_is_asked_and_not_before() -> None:
    line, callers = {"q": line_of(QueueStrategy.LONGEST_IDLE, _member("anna"))}, [caller_of("c", 1)]
    rests = {"anna": free_server("anna", rests_until=20)}
    wraps_up = {"anna": replace(free_server("anna"), wraps_up_until=at(20))}
    for servers in (rests, wraps_up):
        assert decide(line, callers, servers, at(19.9)) == ()
        assert len(decide(line, callers, servers, at(20))) == 1


def test_given_a_place_when_the_wait_is_expected_then_it_is_what_the_agents_set_free_until_then() -> None:
    assert expected_wait_seconds(1, 5, 30) == 6.0
    assert expected_wait_seconds(10, 5, 30) == 60.0
    assert expected_wait_seconds(1, 0, 30) is None
    assert expected_wait_seconds(1, 5, None) is None


# Five agents, free since 5, 4, 3, 2 and 1 seconds before the first call; a caller every two seconds, who talks for 30.
# By hand: callers 1 to 5 are served as they come (A to E). A is free again at 30, B at 32, … E at 38, each of them for
# the next in line: 6 to 10 have waited 20 s. From then on every round of five is 30 s later, and its callers came 10 s
# later: 11 to 15 wait 40 s, 16 to 20 wait 60 s.
BY_HAND = [(number, "ABCDE"[number % 5], 2 * number, (number // 5) * 20) for number in range(20)]


@pytest.mark.parametrize(
    "strategy", [QueueStrategy.LONGEST_IDLE, QueueStrategy.ROUND_ROBIN, QueueStrategy.FEWEST_CALLS]
)
def test_given_twenty_callers_and_five_agents_when_played_then_order_and_waits_are_as_by_hand(
    strategy: QueueStrategy,
) -> None:
    room = WaitingRoom(
        line_of(strategy, *(_member(name) for name in "ABCDE")),
        {name: free_server(name, idle_since=place - 5) for place, name in enumerate("ABCDE")},
        talks={f"c{number:02}": 30.0 for number in range(20)},
    )
    served = room.play([caller_of(f"c{number:02}", 2 * number) for number in range(20)])
    told = [(one.call_id, one.agent_id, one.began - one.waited, one.waited) for one in served]
    assert told == [(f"c{number:02}", agent, came, waited) for number, agent, came, waited in BY_HAND]


def test_given_talks_of_unlike_length_when_played_then_the_strategies_differ_as_by_hand() -> None:
    # Anna's first talk is long. By hand, for callers at 0, 1, 20, 40, 60: longest idle gives ben, ben, then (anna free
    # at 30, ben at 25) ben at 40, anna at 60; fewest calls gives anna at 40, who has taken one.
    talks = {"c0": 30.0, "c1": 4.0, "c2": 5.0, "c3": 5.0, "c4": 5.0}
    callers = [caller_of(name, came) for name, came in (("c0", 0), ("c1", 1), ("c2", 20), ("c3", 40), ("c4", 60))]
    wanted = {
        QueueStrategy.LONGEST_IDLE: ["anna", "ben", "ben", "ben", "anna"],
        QueueStrategy.FEWEST_CALLS: ["anna", "ben", "ben", "anna", "ben"],
        QueueStrategy.ROUND_ROBIN: ["anna", "ben", "ben", "anna", "ben"],
    }
    for strategy, agents in wanted.items():
        room = WaitingRoom(
            line_of(strategy, _member("anna"), _member("ben")),
            {"anna": free_server("anna", idle_since=-2), "ben": free_server("ben", idle_since=-1)},
            talks,
        )
        assert [one.agent_id for one in room.play(callers)] == agents, strategy


_seconds = st.integers(-300, 300)
_agents = st.sampled_from([f"a{number}" for number in range(6)])
_queues = st.sampled_from(["q", "r", "s"])


@st.composite
def _situations(
    draw: st.DrawFn,
) -> tuple[dict[str, Line], list[Caller], dict[str, Server], datetime]:
    servers = {
        agent_id: Server(
            agent_id=agent_id,
            is_free=draw(st.booleans()),
            idle_since=at(draw(_seconds)),
            rests_until=draw(st.none() | _seconds.map(at)),
            wraps_up_until=draw(st.none() | _seconds.map(at)),
        )
        for agent_id in draw(st.sets(_agents))
    }
    lines = {}
    for queue_id in draw(st.sets(_queues)):
        members = draw(st.lists(_agents, unique=True))
        lines[queue_id] = Line(
            queue_id=queue_id,
            strategy=draw(st.sampled_from(ALL)),
            members=tuple(
                Member(
                    agent_id=agent_id,
                    penalty=draw(st.integers(0, 2)),
                    calls_taken=draw(st.integers(0, 5)),
                    offered_at=draw(st.none() | _seconds.map(at)),
                )
                for agent_id in members
            ),
        )
    callers = [
        Caller(
            call_id=f"c{number}",
            queue_id=draw(_queues),
            joined_at=at(draw(_seconds)),
            priority=draw(st.integers(0, 2)),
            is_offered=draw(st.booleans()),
            leaves_at=draw(st.none() | _seconds.map(at)),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    return lines, callers, servers, at(draw(_seconds))


@given(_situations())
def test_given_any_queues_when_decided_then_no_agent_goes_to_two_callers_and_no_caller_to_two_agents(
    situation: tuple[dict[str, Line], list[Caller], dict[str, Server], datetime],
) -> None:
    lines, callers, servers, now = situation
    offers = decide(lines, callers, servers, now)
    asked = [agent_id for offer in offers for agent_id in offer.agent_ids]
    assert len(asked) == len(set(asked))
    assert len(offers) == len({offer.call_id for offer in offers})
    for offer in offers:
        line = lines[offer.queue_id]
        assert offer.agent_ids
        assert line.strategy is QueueStrategy.RING_ALL or len(offer.agent_ids) == 1
        assert all(servers[agent_id].is_free_at(now) for agent_id in offer.agent_ids)
        assert {member.agent_id for member in line.members} >= set(offer.agent_ids)


@given(_situations())
def test_given_any_queues_when_decided_then_nobody_is_overtaken_without_reason(
    situation: tuple[dict[str, Line], list[Caller], dict[str, Server], datetime],
) -> None:
    """Whoever was not offered could not have been: nobody of its queue is left, or went to somebody after it."""
    lines, callers, servers, now = situation
    offers = {offer.call_id: offer for offer in decide(lines, callers, servers, now)}
    ordered = in_order(callers)
    for place, caller in enumerate(ordered):
        line = lines.get(caller.queue_id)
        is_over = caller.leaves_at is not None and caller.leaves_at <= now
        if line is None or caller.call_id in offers or is_over or caller.is_offered:
            continue
        before = {name for one in ordered[:place] if one.call_id in offers for name in offers[one.call_id].agent_ids}
        able = {one.agent_id for one in line.members if one.agent_id in servers}
        left = {agent_id for agent_id in able if servers[agent_id].is_free_at(now)} - before
        assert not left


@given(_situations())
def test_given_any_queues_when_the_longest_idle_is_asked_then_nobody_as_near_was_idle_for_longer(
    situation: tuple[dict[str, Line], list[Caller], dict[str, Server], datetime],
) -> None:
    lines, callers, servers, now = situation
    free = {agent_id for agent_id, server in servers.items() if server.is_free_at(now)}
    for offer in decide(lines, callers, servers, now):
        line = lines[offer.queue_id]
        penalties = {member.agent_id: member.penalty for member in line.members if member.agent_id in free}
        near = {agent_id for agent_id, penalty in penalties.items() if penalty == min(penalties.values())}
        assert set(offer.agent_ids) <= near
        if line.strategy is QueueStrategy.LONGEST_IDLE:
            chosen = servers[offer.agent_ids[0]].idle_since
            assert all(chosen <= servers[agent_id].idle_since for agent_id in near)
        free -= set(offer.agent_ids)


@given(
    strategy=st.sampled_from(ALL),
    comings=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), min_size=1, max_size=25),
    agents=st.integers(1, 5),
)
def test_given_callers_of_one_priority_when_played_then_all_are_served_in_the_order_of_arrival(
    strategy: QueueStrategy, comings: list[tuple[int, int]], agents: int
) -> None:
    names = [f"a{number}" for number in range(agents)]
    callers = [caller_of(f"c{number:02}", came) for number, (came, _) in enumerate(comings)]
    room = WaitingRoom(
        line_of(strategy, *(_member(name) for name in names)),
        {name: free_server(name, idle_since=-1) for name in names},
        talks={f"c{number:02}": float(talk) for number, (_, talk) in enumerate(comings)},
    )
    served = room.play(callers)
    assert [one.call_id for one in served] == [one.call_id for one in in_order(callers)]
    longest = max(talk for _, talk in comings)
    # Nobody starves: whoever is n-th in line waits for n agents to become free at most, one after the other.
    assert all(one.waited <= longest * len(callers) for one in served)


@pytest.mark.parametrize(
    ("every", "told", "offers", "seconds", "expected"),
    [
        (None, None, (), 1000, False),
        (30.0, None, (), 29.9, False),
        (30.0, None, (), 30, True),
        (30.0, 30, (), 59, False),
        (30.0, 30, (), 60, True),
        (30.0, None, (QueueOffer(leg_id=LegId("leg_1")),), 31, False),
    ],
)
def test_given_a_queue_that_tells_places_when_its_time_comes_then_the_caller_is_to_be_told(
    every: float | None, told: float | None, offers: tuple[QueueOffer, ...], seconds: float, expected: bool
) -> None:
    wait = QueueWait(
        queue_id="q",
        max_wait_seconds=60,
        joined_at=NOON,
        offers=offers,
        told_at=None if told is None else NOON + timedelta(seconds=told),
    )
    assert is_to_be_told(wait, every, NOON + timedelta(seconds=seconds)) is expected
    assert not is_to_be_told(QueueWait(queue_id="q", max_wait_seconds=60), every, NOON)
