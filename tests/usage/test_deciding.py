"""Caps: what is decided of what is in use and what is wanted."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.usage import Cap
from app.usage.deciding import SECOND, Caps, InUse, Reached, Wanted, decide, problem_of

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
TODAY = date(2030, 5, 17)


@pytest.mark.parametrize(
    ("caps", "used", "wanted", "reached"),
    [
        (Caps(), InUse(live=10**6), Wanted(micros=10**9), None),
        (Caps(concurrent_calls=3), InUse(live=2), Wanted(), None),
        (Caps(concurrent_calls=3), InUse(live=3), Wanted(), Reached(Cap.CONCURRENT_CALLS, 3, 3)),
        (Caps(concurrent_calls=3), InUse(live=2), Wanted(places=2), Reached(Cap.CONCURRENT_CALLS, 3, 2)),
        (Caps(concurrent_calls=0), InUse(), Wanted(), Reached(Cap.CONCURRENT_CALLS, 0, 0)),
        # A leg inside takes no place: whatever is in use, it may be rung.
        (Caps(concurrent_calls=3), InUse(live=9), Wanted(begins=0, places=0), None),
        (Caps(daily_spend_micros=100), InUse(day=TODAY, spent_micros=40, held_micros=50), Wanted(micros=10), None),
        (
            Caps(daily_spend_micros=100),
            InUse(day=TODAY, spent_micros=40, held_micros=50),
            Wanted(micros=11),
            Reached(Cap.DAILY_SPEND, 100, 90),
        ),
        # Yesterday's money is past.
        (Caps(daily_spend_micros=100), InUse(day=date(2030, 5, 16), spent_micros=100), Wanted(micros=100), None),
        (Caps(daily_spend_micros=100), InUse(), Wanted(unpriced=("+12125550100",)), Reached(None)),
        (Caps(), InUse(), Wanted(unpriced=("+12125550100",)), None),
        # What costs nothing may be called, even when all is spent.
        (Caps(daily_spend_micros=5), InUse(day=TODAY, spent_micros=9), Wanted(micros=0), None),
        (Caps(calls_per_second=0), InUse(), Wanted(), Reached(Cap.CALLS_PER_SECOND, 0, 0)),
        (
            Caps(calls_per_second=2),
            InUse(begun=(NOON - timedelta(seconds=0.75), NOON - timedelta(seconds=0.5))),
            Wanted(),
            Reached(Cap.CALLS_PER_SECOND, 2, 2, timedelta(seconds=0.25)),
        ),
        (Caps(calls_per_second=1), InUse(begun=(NOON - SECOND,)), Wanted(), None),
        (Caps(calls_per_second=1), InUse(begun=(NOON,)), Wanted(begins=0), None),
    ],
)
def test_given_caps_and_use_when_something_is_wanted_then_it_is_taken_or_the_cap_is_named(
    caps: Caps, used: InUse, wanted: Wanted, reached: Reached | None
) -> None:
    outcome = decide(caps, used, wanted, NOON, TODAY)
    if reached is not None:
        assert outcome == reached
        return
    assert isinstance(outcome, InUse)
    before = used.on(TODAY)
    assert outcome.live == before.live + wanted.places
    assert outcome.held_micros == before.held_micros + wanted.micros


@given(st.lists(st.integers(0, 1_500_000), max_size=60), st.integers(1, 5))
def test_given_any_arrivals_when_a_rate_is_capped_then_no_second_has_more_and_none_is_refused_needlessly(
    gaps: list[int], most: int
) -> None:
    used, now, begun = InUse(), NOON, list[datetime]()
    for gap in gaps:
        now += timedelta(microseconds=gap)
        recent = [at for at in begun if at > now - SECOND]
        outcome = decide(Caps(calls_per_second=most), used, Wanted(), now, now.date())
        if isinstance(outcome, InUse):
            used = outcome
            begun.append(now)
            assert len(recent) < most
        else:
            assert len(recent) == most
            assert outcome.retry_after is not None
            # Waiting so long helps, and a moment less does not.
            later = now + outcome.retry_after
            assert isinstance(decide(Caps(calls_per_second=most), used, Wanted(), later, later.date()), InUse)
            sooner = later - timedelta(microseconds=1)
            assert isinstance(decide(Caps(calls_per_second=most), used, Wanted(), sooner, sooner.date()), Reached)


@pytest.mark.parametrize(
    ("reached", "code", "waits"),
    [
        (Reached(Cap.CALLS_PER_SECOND, 2, 2, timedelta(seconds=0.25)), "RATE_LIMITED", 0.25),
        (Reached(Cap.CONCURRENT_CALLS, 2, 2), "CONCURRENT_CALLS_REACHED", None),
        (Reached(Cap.DAILY_SPEND, 2_000_000, 2_000_000), "SPEND_CAP_REACHED", None),
        (Reached(None), "DESTINATION_NOT_PRICED", None),
    ],
)
def test_given_a_cap_when_it_is_told_then_its_code_is_its_own_and_waiting_is_named_where_it_helps(
    reached: Reached, code: str, waits: float | None
) -> None:
    problem = problem_of(reached, "EUR", ("destination",))
    assert (problem.code, problem.retry_after_seconds, problem.field) == (code, waits, ("destination",))


@pytest.mark.parametrize(
    ("own", "granted", "holds"),
    [(None, None, None), (3, None, 3), (None, 5, 5), (3, 5, 3), (5, 3, 3), (0, 5, 0), (5, 0, 0)],
)
def test_given_ones_own_word_and_the_operators_when_asked_what_holds_then_it_is_the_tighter_of_each_cap(
    own: int | None, granted: int | None, holds: int | None
) -> None:
    assert Caps(concurrent_calls=own, calls_per_second=1).within(
        Caps(concurrent_calls=granted, daily_spend_micros=2)
    ) == Caps(concurrent_calls=holds, calls_per_second=1, daily_spend_micros=2)
