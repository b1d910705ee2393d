"""So many calls a minute, no bursts, and no more at once than there is room for."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.core.pacing import (
    Agents,
    Limit,
    LimitKind,
    Room,
    calls_due,
    calls_for_agents,
    change_pace,
    delay_of,
    resume_pace,
    room_for,
    start_pace,
    take_slots,
)
from app.campaigns.core.words import DelayReason, PacingMode
from tests.campaigns.core.dialers import NINE, dial_all, dialled_each_minute

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize("calls_per_minute", [1, 2, 7, 59, 60, 61, 333, 1200, 6000])
def test_given_a_pace_when_dialled_at_each_slot_then_every_minute_has_exactly_as_many_calls(
    calls_per_minute: int,
) -> None:
    pace = start_pace(calls_per_minute, NINE)
    minutes = [0, 0, 0]
    while pace.next_slot < NINE + 3 * MINUTE:
        now = pace.next_slot
        assert calls_due(pace, now - MICROSECOND) == 0
        assert calls_due(pace, now) == 1
        minutes[(now - NINE) // MINUTE] += 1
        pace = take_slots(pace, 1, now)
    assert minutes == [calls_per_minute] * 3


@pytest.mark.parametrize("calls_per_minute", [60, 300, 1200, 3000])
@pytest.mark.parametrize("seed", range(5))
def test_given_a_dialer_that_wakes_when_it_can_when_pacing_then_each_minute_is_within_two_percent(
    calls_per_minute: int, seed: int
) -> None:
    minutes = dialled_each_minute(calls_per_minute, seed, minutes=10)
    assert all(abs(calls - calls_per_minute) <= 0.02 * calls_per_minute for calls in minutes), minutes


@given(
    calls_per_minute=st.integers(1, 5000),
    steps=st.lists(
        st.tuples(st.integers(0, 90_000_000), st.sampled_from(["dial", "some", "resume", "no room"])), max_size=60
    ),
)
def test_given_any_stalls_and_pauses_when_dialling_all_that_is_due_then_no_minute_has_more_than_the_pace_allows(
    calls_per_minute: int, steps: list[tuple[int, str]]
) -> None:
    pace, now = start_pace(calls_per_minute, NINE), NINE
    dialled: list[tuple[datetime, int]] = []
    for passed, what in steps:
        now += timedelta(microseconds=passed)
        if what == "resume":
            pace = resume_pace(pace, now)
        if what == "no room":
            continue
        calls = calls_due(pace, now) // (2 if what == "some" else 1)
        pace = take_slots(pace, calls, now)
        dialled.append((now, calls))
        assert pace.next_slot > now or what == "some"
    for begin, _ in dialled:
        in_minute = sum(calls for at, calls in dialled if begin <= at < begin + MINUTE)
        assert in_minute <= calls_per_minute * (1 + 1 / 120) + 1


@given(calls_per_minute=st.integers(1, 5000), passed=st.integers(1, 10**12))
def test_given_a_pause_when_resumed_then_nothing_is_made_up(calls_per_minute: int, passed: int) -> None:
    pace = take_slots(start_pace(calls_per_minute, NINE), 1, NINE)
    now = NINE + timedelta(microseconds=passed)
    resumed = resume_pace(pace, now)
    assert calls_due(resumed, now) <= 1
    assert resumed.next_slot >= pace.next_slot
    again, _ = dial_all(resumed, now)
    assert again.next_slot - max(now, pace.next_slot) <= seconds(60 / calls_per_minute) + MICROSECOND


def test_given_a_stall_without_a_pause_when_dialling_then_half_a_second_is_made_up_and_no_more() -> None:
    pace = take_slots(start_pace(1200, NINE), 1, NINE)
    assert calls_due(pace, NINE + seconds(0.5)) == 10
    assert calls_due(pace, NINE + seconds(600)) == 11
    after, _ = dial_all(pace, NINE + seconds(600))
    assert after.next_slot == NINE + seconds(600.05)


def test_given_a_slow_pace_when_the_dialer_comes_late_then_the_call_begins_and_the_next_keeps_its_distance() -> None:
    pace = take_slots(start_pace(1, NINE), 1, NINE)
    late = NINE + seconds(75)
    after, calls = dial_all(pace, late)
    assert calls == 1
    assert after.next_slot == late + MINUTE


def test_given_a_running_campaign_when_its_pace_changes_then_the_next_call_comes_at_the_new_distance() -> None:
    pace = take_slots(start_pace(60, NINE), 1, NINE)
    now = NINE + seconds(0.4)
    assert change_pace(pace, 120, now).next_slot == NINE + seconds(0.5)
    assert change_pace(pace, 6, now).next_slot == NINE + seconds(10)
    assert change_pace(pace, 6000, now).next_slot == now
    assert change_pace(start_pace(60, NINE + MINUTE), 6, NINE).next_slot == NINE + MINUTE


def test_given_less_than_one_call_a_minute_when_pacing_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        start_pace(0, NINE)
    with pytest.raises(ValueError, match="at least one"):
        change_pace(start_pace(1, NINE), 0, NINE)


@pytest.mark.parametrize("calls", [2, -1])
def test_given_more_calls_than_are_due_when_taken_then_it_is_refused(calls: int) -> None:
    with pytest.raises(ValueError, match="more calls"):
        take_slots(start_pace(60, NINE), calls, NINE)


CAMPAIGN = Limit(kind=LimitKind.CAMPAIGN, most=10, in_use=4)
TRUNK = Limit(kind=LimitKind.TRUNK, most=30, in_use=28)
ACCOUNT = Limit(kind=LimitKind.ACCOUNT, most=100, in_use=120)


@pytest.mark.parametrize(
    ("wanted", "limits", "room"),
    [
        (5, [], Room(calls=5)),
        (-1, [], Room(calls=0)),
        (5, [CAMPAIGN], Room(calls=5)),
        (6, [CAMPAIGN], Room(calls=6)),
        (7, [CAMPAIGN], Room(calls=6, limited_by=LimitKind.CAMPAIGN)),
        (7, [CAMPAIGN, TRUNK], Room(calls=2, limited_by=LimitKind.TRUNK)),
        (1, [CAMPAIGN, TRUNK, ACCOUNT], Room(calls=0, limited_by=LimitKind.ACCOUNT)),
    ],
)
def test_given_caps_when_calls_are_wanted_then_the_tightest_decides_and_is_named(
    wanted: int, limits: list[Limit], room: Room
) -> None:
    assert room_for(wanted, limits) == room


def test_given_every_kind_of_cap_when_a_contact_waits_for_it_then_it_has_a_reason_of_its_own() -> None:
    assert {delay_of(kind) for kind in LimitKind} == {
        DelayReason.CAMPAIGN_FULL,
        DelayReason.TRUNK_DOWN,
        DelayReason.TRUNK_FULL,
        DelayReason.ACCOUNT_FULL,
    }


@pytest.mark.parametrize(
    ("mode", "agents", "in_flight", "calls"),
    [
        (PacingMode.PREVIEW, Agents(idle=3), 0, 0),
        (PacingMode.PREVIEW, Agents(idle=3, asked=2), 0, 2),
        (PacingMode.PREVIEW, Agents(idle=3, asked=2), 2, 1),
        (PacingMode.PREVIEW, Agents(idle=1, asked=1), 2, 0),
        (PacingMode.PROGRESSIVE, Agents(idle=3, busy=4), 0, 3),
        (PacingMode.PROGRESSIVE, Agents(idle=3), 2, 1),
        (PacingMode.PROGRESSIVE, Agents(idle=1), 2, 0),
        (PacingMode.PREDICTIVE, Agents(idle=3), 2, 1),
        (PacingMode.PREDICTIVE, Agents(idle=1), 2, 0),
    ],
)
def test_given_agents_when_calls_are_counted_then_as_the_mode_says(
    mode: PacingMode, agents: Agents, in_flight: int, calls: int
) -> None:
    assert calls_for_agents(mode, agents, in_flight) == calls
