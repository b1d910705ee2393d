"""What a test clock shows, and since when something is due by it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.testclock.clock import TRUE_TIME, SandboxClock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)

_spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
_instants = st.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


def test_given_no_test_clock_when_asked_then_time_is_as_it_is() -> None:
    assert TRUE_TIME.shows(NOW) == NOW
    assert TRUE_TIME.became_due(NOW + DAY) == NOW + DAY


def test_given_a_clock_that_has_jumped_over_something_when_asked_then_it_is_due_since_the_jump() -> None:
    clock = SandboxClock(10 * DAY, NOW)
    assert clock.became_due(NOW + 3 * DAY) == NOW
    assert clock.became_due(NOW + 10 * DAY) == NOW


def test_given_a_clock_that_runs_on_when_something_comes_due_then_it_is_due_since_it_showed_that() -> None:
    clock = SandboxClock(10 * DAY, NOW)
    assert clock.became_due(NOW + 10 * DAY + timedelta(hours=1)) == NOW + timedelta(hours=1)


def test_given_what_was_due_before_the_clock_was_set_when_asked_then_it_is_no_less_late() -> None:
    assert SandboxClock(DAY, NOW).became_due(NOW - DAY) == NOW - DAY


@given(due_at=_instants, ahead=_spans, advanced_at=_instants)
def test_given_any_clock_when_something_is_due_then_the_clock_shows_at_least_that(
    due_at: datetime, ahead: timedelta, advanced_at: datetime
) -> None:
    since = SandboxClock(ahead, advanced_at).became_due(due_at)
    assert since <= due_at  # a test clock makes nothing later
    assert SandboxClock(ahead, advanced_at).shows(since) >= due_at
