"""Ten thousand simulated shifts: in none are more calls abandoned than the cap bears; and the pace is kept."""

import pytest

from tests.campaigns.core.dialers import dialled_each_minute
from tests.campaigns.core.shifts import Shift, any_plan

SHIFTS = 10_000
PIECES = 20


@pytest.mark.parametrize("piece", range(PIECES))
def test_given_ten_thousand_shifts_when_dialled_predictively_then_the_cap_is_never_exceeded(piece: int) -> None:
    reports = {seed: Shift(any_plan(seed)).run() for seed in range(piece, SHIFTS, PIECES)}
    assert {seed: report.broken for seed, report in reports.items() if report.broken} == {}
    # Otherwise nothing was put to the test.
    assert sum(report.abandoned for report in reports.values()) > 0
    assert sum(report.most_over > 0 for report in reports.values()) > len(reports) // 10


@pytest.mark.parametrize("calls_per_minute", [60, 333, 1200])
def test_given_a_dialer_that_wakes_when_it_can_when_pacing_for_hours_then_each_minute_is_within_two_percent(
    calls_per_minute: int,
) -> None:
    minutes = [calls for seed in range(20) for calls in dialled_each_minute(calls_per_minute, seed, minutes=60)]
    assert max(abs(calls - calls_per_minute) for calls in minutes) <= 0.02 * calls_per_minute
