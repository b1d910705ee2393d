"""A call's seconds are those that passed, however the machine's clock is set meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from app.calls.living.call_time import LARGEST_SKEW_SECONDS, CallTime

BEGAN = datetime(2030, 3, 31, 0, 59, 50, tzinfo=UTC)


class SettableClock:
    """``wall`` is what the machine shows, ``ticks`` what has passed."""

    def __init__(self) -> None:
        self.wall = BEGAN
        self.ticks = 500.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def pass_seconds(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds


@pytest.mark.parametrize("step", [timedelta(), timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=30)])
def test_given_a_clock_that_is_set_when_a_call_goes_on_then_its_time_runs_on_evenly(step: timedelta) -> None:
    clock = SettableClock()
    time = CallTime(clock)
    clock.pass_seconds(5.0)
    clock.wall += step
    clock.pass_seconds(5.0)
    assert time.now() == BEGAN + timedelta(seconds=10)


@pytest.mark.parametrize("step", [timedelta(), timedelta(hours=1), timedelta(hours=-1)])
def test_given_asterisk_on_the_same_machine_when_its_clock_was_set_as_well_then_its_instants_count_as_ago(
    step: timedelta,
) -> None:
    clock = SettableClock()
    time = CallTime(clock)
    clock.wall += step
    clock.pass_seconds(10.0)
    assert time.of(clock.now() - timedelta(seconds=3)) == BEGAN + timedelta(seconds=7)


@pytest.mark.parametrize("skew", [1.0, LARGEST_SKEW_SECONDS + 1, -LARGEST_SKEW_SECONDS - 1])
def test_given_an_instant_from_the_future_or_from_another_hour_when_read_then_it_is_now(skew: float) -> None:
    clock = SettableClock()
    time = CallTime(clock)
    clock.pass_seconds(10.0)
    assert time.of(clock.now() + timedelta(seconds=skew)) == BEGAN + timedelta(seconds=10)
