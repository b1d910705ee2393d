"""The cap on abandoned calls: by hand, for any order of events, and over simulated shifts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.campaigns.core.pacing import Agents
from app.campaigns.core.predictive import (
    LAWFUL_CAP,
    PERIODS,
    START,
    Forecast,
    Ledger,
    calls_to_cancel,
    calls_wanted,
    calls_with_agents,
    forecast,
    holds,
    is_spent,
    may_detect_machines,
    may_leave,
    must_pause,
    over_dial,
    over_dialled,
    period_of,
)
from app.campaigns.core.words import PacingMode
from tests.campaigns.core.shifts import Plan, Report, Shift, any_plan

EAGER = Forecast(answer_rate=0.1)
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_given_nothing_answered_yet_when_dialling_then_there_is_one_call_for_each_idle_agent() -> None:
    agents = Agents(idle=5)
    assert over_dial(LAWFUL_CAP, [Ledger()], agents, 0, EAGER) == 0
    assert calls_with_agents(LAWFUL_CAP, [Ledger()], agents, 0) == 5
    assert calls_with_agents(LAWFUL_CAP, [Ledger(in_flight=3)], agents, 3) == 2


@pytest.mark.parametrize(
    ("answered", "abandoned", "allowed"),
    [
        (99, 0, 0),
        (100, 0, 1),
        (133, 0, 1),
        (134, 0, 2),
        (200, 0, 4),
        (200, 1, 3),
        (200, 4, 0),
        (200, 7, 0),
        (1000, 10, 18),
    ],
)
def test_given_a_record_when_dialling_then_as_many_more_as_three_percent_bear_if_none_found_its_agent(
    answered: int, abandoned: int, allowed: int
) -> None:
    """Two of them have an agent."""
    ledger = Ledger(answered=answered, abandoned=abandoned)
    assert over_dial(LAWFUL_CAP, [ledger], Agents(idle=2), 0, EAGER) == allowed


def test_given_two_periods_when_dialling_then_the_stricter_one_counts() -> None:
    day, month = Ledger(answered=200), Ledger(answered=1000, abandoned=2)
    assert over_dial(LAWFUL_CAP, [day, month], Agents(idle=5), 0, EAGER) == 1


def test_given_a_new_period_when_old_calls_ring_then_theirs_still_counts() -> None:
    old = Ledger(answered=200, abandoned=1, in_flight=6, is_current=False)
    assert not holds(LAWFUL_CAP, [old])
    assert over_dial(LAWFUL_CAP, [old, Ledger(answered=1000)], Agents(idle=6), 6, EAGER) == 0
    assert over_dial(LAWFUL_CAP, [Ledger(answered=1000)], Agents(idle=6), 0, EAGER) == 24


def test_given_an_old_period_with_one_call_left_when_dialling_then_no_more_than_that_one_counts_there() -> None:
    old, new = Ledger(answered=34, in_flight=1, is_current=False), Ledger(answered=1000, in_flight=4)
    assert holds(LAWFUL_CAP, [old, new])
    assert over_dial(LAWFUL_CAP, [old, Ledger(answered=1000)], Agents(idle=1), 1, EAGER) == 9


def test_given_an_agent_who_let_it_ring_when_nothing_is_known_then_it_is_tried_again_until_the_start_is_used_up() -> (
    None
):
    agents = Agents(idle=1, doubtful=1)
    tried = [calls_with_agents(LAWFUL_CAP, [Ledger(answered=one, abandoned=one)], agents, 0) for one in range(5)]
    assert tried == [1, 1, 1, 0, 0]
    assert [is_spent(LAWFUL_CAP, [Ledger(answered=one, abandoned=one)]) for one in range(5)] == 3 * [False] + 2 * [True]


def test_given_agents_who_let_it_ring_when_many_are_idle_then_only_those_are_dialled_for_who_did_not() -> None:
    agents, ledger = Agents(idle=9, doubtful=5), Ledger(answered=50, abandoned=1)
    assert calls_with_agents(LAWFUL_CAP, [ledger], agents, 0) == 4 + START - 1
    assert over_dial(LAWFUL_CAP, [ledger], agents, 0, EAGER) == 0
    rich = Ledger(answered=1000, abandoned=1)
    assert calls_with_agents(LAWFUL_CAP, [rich], agents, 0) == 9
    # The month before has no more room, whatever of it was a start.
    poor = Ledger(answered=1000, abandoned=29, in_flight=2, is_current=False)
    assert calls_with_agents(LAWFUL_CAP, [poor, Ledger(abandoned=START, answered=100)], agents, 2) == 2


def test_given_a_campaign_that_is_resumed_when_its_cap_is_broken_then_it_has_another_start_and_no_more() -> None:
    agents = Agents(idle=4, doubtful=0)
    spent = Ledger(answered=20, abandoned=5)
    assert must_pause(LAWFUL_CAP, [spent], agents, 0)
    assert calls_with_agents(LAWFUL_CAP, [spent], agents, 0) == 0
    resumed = Ledger(answered=20, abandoned=5, lately=0)
    assert not must_pause(LAWFUL_CAP, [resumed], agents, 0)
    assert calls_with_agents(LAWFUL_CAP, [resumed], agents, 0) == 4
    assert over_dial(LAWFUL_CAP, [resumed], agents, 0, EAGER) == 0
    assert must_pause(LAWFUL_CAP, [Ledger(answered=23, abandoned=8, lately=START)], agents, 0)
    assert not is_spent(LAWFUL_CAP, [Ledger(answered=23, abandoned=8, is_current=False)])


def test_given_nobody_but_agents_who_let_it_ring_when_the_cap_bears_no_more_then_somebody_must_see_to_it() -> None:
    used_up = Ledger(answered=100, abandoned=START)
    assert must_pause(LAWFUL_CAP, [used_up], Agents(idle=2, doubtful=2), 0)
    assert not must_pause(LAWFUL_CAP, [used_up], Agents(idle=2, doubtful=2, busy=1), 0)
    assert not must_pause(LAWFUL_CAP, [used_up], Agents(idle=3, doubtful=2), 0)
    assert not must_pause(LAWFUL_CAP, [used_up], Agents(idle=0), 0)
    assert not must_pause(LAWFUL_CAP, [used_up], Agents(idle=2, doubtful=2), 1)


def test_given_a_forecast_when_nobody_answers_then_the_wanted_calls_stay_bounded() -> None:
    assert calls_wanted(Agents(idle=4), Forecast(answer_rate=0.5)) == 8
    assert calls_wanted(Agents(idle=4), Forecast(answer_rate=0.3)) == 14
    assert calls_wanted(Agents(idle=4, busy=1), Forecast(answer_rate=0.5, soon_idle=3)) == 10
    assert calls_wanted(Agents(idle=4), Forecast(answer_rate=0.0)) == 80
    assert over_dial(10_000, [Ledger(answered=1000)], Agents(idle=4), 0, Forecast(answer_rate=0.5)) == 4
    assert over_dial(10_000, [Ledger(answered=1000)], Agents(idle=4), 8, Forecast(answer_rate=0.5)) == 0


def test_given_nothing_known_when_forecasting_then_everybody_is_expected_to_answer() -> None:
    assert forecast(answered=0, ended=0, busy=3, ring_seconds=10, talk_seconds=0) == Forecast(answer_rate=1.0)
    known = forecast(answered=29, ended=99, busy=12, ring_seconds=15, talk_seconds=60)
    assert known == Forecast(answer_rate=0.3, soon_idle=3)


def test_given_calls_that_ring_when_their_agent_would_leave_then_not_before_they_have_ended() -> None:
    ledger = Ledger(in_flight=2)
    assert not may_leave(LAWFUL_CAP, [ledger], Agents(idle=2), 2)
    assert may_leave(LAWFUL_CAP, [Ledger(in_flight=1)], Agents(idle=2), 1)
    assert not may_leave(LAWFUL_CAP, [Ledger()], Agents(idle=0), 0)
    assert not may_leave(LAWFUL_CAP, [Ledger(answered=66, in_flight=2)], Agents(idle=2), 2)
    assert may_leave(LAWFUL_CAP, [Ledger(answered=67, in_flight=2)], Agents(idle=2), 2)
    # One in good standing might go, and leave the call to one who lets it ring.
    assert not may_leave(LAWFUL_CAP, [Ledger(abandoned=START, in_flight=1)], Agents(idle=2, doubtful=1), 1)
    assert may_leave(LAWFUL_CAP, [Ledger(in_flight=1)], Agents(idle=2, doubtful=1), 1)
    assert may_leave(LAWFUL_CAP, [Ledger(abandoned=START, in_flight=1)], Agents(idle=2, doubtful=2), 1)


def test_given_an_agent_who_vanished_when_calls_ring_then_as_few_are_cancelled_as_the_cap_needs() -> None:
    assert calls_to_cancel(LAWFUL_CAP, [Ledger(in_flight=5)], Agents(idle=4), 5) == 1
    assert calls_to_cancel(LAWFUL_CAP, [Ledger(answered=134, in_flight=5)], Agents(idle=3), 5) == 1
    assert calls_to_cancel(LAWFUL_CAP, [Ledger(answered=167, in_flight=5)], Agents(idle=3), 5) == 0
    assert calls_to_cancel(LAWFUL_CAP, [Ledger(answered=9, abandoned=5, in_flight=5)], Agents(idle=5), 5) == 0


def test_given_the_law_when_periods_are_counted_then_they_follow_one_another_from_the_first_start() -> None:
    day, month = PERIODS
    assert (day, month) == (timedelta(hours=24), timedelta(days=30))
    assert period_of(BEGAN, BEGAN, month) == 0
    assert period_of(BEGAN, BEGAN + month - timedelta(microseconds=1), month) == 0
    assert period_of(BEGAN, BEGAN + month, month) == 1
    assert period_of(BEGAN, BEGAN + 2.5 * month, day) == 75


@pytest.mark.parametrize(("seconds", "may"), [(0.0, True), (1.9, True), (2.0, False), (4.0, False), (-1.0, False)])
def test_given_machine_detection_when_it_takes_as_long_as_the_law_gives_then_it_may_not_be_combined(
    seconds: float, may: bool
) -> None:
    assert may_detect_machines(seconds) is may


@st.composite
def any_events(draw: st.DrawFn) -> list[tuple[str, int]]:
    kinds = st.sampled_from(["dial", "dial", "answer", "answer", "fail", "back", "come", "leave", "border"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 30)), max_size=150))


@settings(max_examples=150)
@given(cap=st.sampled_from([100, 300, 2000]), agents=st.integers(0, 6), head=st.integers(0, 200), events=any_events())
def test_given_any_order_of_events_when_dialling_all_that_is_allowed_then_no_period_ever_breaks_the_cap(
    cap: int, agents: int, head: int, events: list[tuple[str, int]]
) -> None:
    """Nobody is ever cautious: as many are dialled as may be, and any call in flight may be the next to answer."""
    idle, busy = agents, 0
    periods = [Ledger(answered=head)]
    flights: list[int] = []  # the period of each call in flight

    def ledgers() -> list[Ledger]:
        last = len(periods) - 1
        return [
            Ledger(
                answered=period.answered,
                abandoned=period.abandoned,
                in_flight=flights.count(number),
                is_current=number == last,
            )
            for number, period in enumerate(periods)
        ]

    for kind, which in events:
        now = Agents(idle=idle, busy=busy)
        match kind:
            case "dial":
                calls = calls_with_agents(cap, ledgers(), now, len(flights))
                calls += over_dial(cap, ledgers(), now, len(flights), EAGER)
                flights += [len(periods) - 1] * min(calls, which)
            case "answer" | "fail" if flights:
                number = flights.pop(which % len(flights))
                period = periods[number]
                is_abandoned = kind == "answer" and not idle
                if kind == "answer":
                    idle, busy = (idle - 1, busy + 1) if idle else (idle, busy)
                    periods[number] = Ledger(
                        answered=period.answered + 1, abandoned=period.abandoned + is_abandoned, is_current=False
                    )
            case "back" if busy:
                idle, busy = idle + 1, busy - 1
            case "come":
                idle += 1
            case "leave" if idle and may_leave(cap, ledgers(), now, len(flights)):
                idle -= 1
            case "border":
                periods.append(Ledger())
            case _:
                pass
        assert holds(cap, ledgers()) or not over_dialled(len(flights), idle)
        assert all(10_000 * period.abandoned <= cap * period.answered for period in periods)


@given(
    cap=st.sampled_from([0, 300, 2000]),
    idle=st.integers(0, 20),
    ledgers=st.lists(
        st.builds(
            Ledger,
            answered=st.integers(0, 300),
            abandoned=st.integers(0, 9),
            in_flight=st.integers(0, 30),
            is_current=st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_given_any_loss_of_agents_when_calls_are_cancelled_then_the_cap_holds_or_nothing_is_over_dialled(
    cap: int, idle: int, ledgers: list[Ledger]
) -> None:
    in_flight = max(ledger.in_flight for ledger in ledgers)
    cancelled = calls_to_cancel(cap, ledgers, Agents(idle=idle), in_flight)
    assert 0 <= cancelled <= over_dialled(in_flight, idle)
    left = [
        Ledger(
            answered=one.answered,
            abandoned=one.abandoned,
            in_flight=max(0, one.in_flight - cancelled) if one.is_current else one.in_flight,
        )
        for one in ledgers
    ]
    assert holds(cap, left) or not over_dialled(in_flight - cancelled, idle)


@pytest.mark.parametrize("seed", range(60))
def test_given_a_simulated_shift_when_agents_and_people_do_as_they_please_then_the_cap_is_never_exceeded(
    seed: int,
) -> None:
    report = Shift(any_plan(seed)).run()
    assert report.broken == []


def test_given_the_same_seed_when_a_shift_is_simulated_again_then_it_is_the_same_shift() -> None:
    assert Shift(any_plan(7)).run() == Shift(any_plan(7)).run()


def test_given_room_under_the_cap_when_predictive_then_it_is_used_and_agents_talk_more() -> None:
    """The cap is used, or the test above would say nothing; and it is worth something."""
    plans = [Plan(seed=seed, seconds=3600, agents=20, answer_rate=0.3, periods=(86400.0,)) for seed in range(2)]
    predictive, progressive = _run(plans, PacingMode.PREDICTIVE), _run(plans, PacingMode.PROGRESSIVE)
    assert sum(report.abandoned for report in predictive) > 0
    assert max(report.most_over for report in predictive) >= 5
    assert sum(report.abandoned + report.most_over for report in progressive) == 0
    assert _connected(predictive) > 1.05 * _connected(progressive)


def test_given_agents_who_let_every_call_ring_when_simulated_then_the_campaign_ends_with_its_start() -> None:
    report = Shift(Plan(seed=1, agents=1, misses=1.0, answer_rate=1.0, bursts=0, periods=(86400.0,))).run()
    assert (report.connected, report.abandoned, report.broken) == (0, START, [])


def test_given_agents_who_let_calls_ring_and_vanish_when_simulated_then_that_was_put_to_the_test() -> None:
    reports = [Shift(any_plan(seed)).run() for seed in range(60)]
    assert sum(report.missed for report in reports) > 50
    assert sum(report.spent > 0 for report in reports) > 5


def _run(plans: list[Plan], mode: PacingMode) -> list[Report]:
    return [Shift(replace(plan, mode=mode)).run() for plan in plans]


def _connected(reports: list[Report]) -> int:
    return sum(report.connected for report in reports)
