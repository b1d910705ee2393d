from datetime import UTC, datetime, timedelta

import pytest

from app.config import WEBHOOK_SCHEDULE
from app.webhooks.schedule import LONGEST_RETRY_AFTER, Schedule, read_retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("attempts", range(1, 10))
def test_given_a_failed_attempt_when_the_next_is_planned_then_it_is_the_schedules_wait_within_a_fifth(
    attempts: int,
) -> None:
    schedule = Schedule(WEBHOOK_SCHEDULE)
    wait = WEBHOOK_SCHEDULE[attempts]
    waits = [(schedule.next_attempt_at(attempts, NOW) - NOW).total_seconds() for _ in range(300)]
    assert 0.8 * wait <= min(waits) < 0.9 * wait
    assert 1.1 * wait < max(waits) <= 1.2 * wait


def test_given_the_default_schedule_when_ten_attempts_failed_then_it_is_exhausted() -> None:
    schedule = Schedule(WEBHOOK_SCHEDULE)
    assert not schedule.is_exhausted(9)
    assert schedule.is_exhausted(10)
    assert schedule.first_wait == timedelta()


def test_given_no_waits_at_all_when_a_schedule_is_made_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Schedule(())


def test_given_a_retry_after_when_longer_than_the_wait_then_it_counts_and_when_shorter_the_wait_does() -> None:
    schedule = Schedule((0.0, 300.0))
    longer = schedule.next_attempt_at(1, NOW, retry_after=timedelta(hours=1))
    shorter = schedule.next_attempt_at(1, NOW, retry_after=timedelta(seconds=1))
    assert longer == NOW + timedelta(hours=1)
    assert shorter >= NOW + timedelta(seconds=240)


@pytest.mark.parametrize(
    ("status", "value", "pause"),
    [
        (429, "120", timedelta(seconds=120)),
        (503, " 7 ", timedelta(seconds=7)),
        (503, "0", timedelta()),
        (429, "Sun, 01 Mar 2026 12:10:00 GMT", timedelta(minutes=10)),
        (429, "Sun, 01 Mar 2026 12:10:00 -0000", timedelta(minutes=10)),
        (429, "Sun, 01 Mar 2026 11:00:00 GMT", timedelta()),
        (429, "999999999", LONGEST_RETRY_AFTER),
        (429, "9" * 400, LONGEST_RETRY_AFTER),
        (429, "-5", None),
        (429, "1.5", None),
        (429, "soon", None),
        (429, "", None),
        (429, "٣", None),
        (429, "Sun, 99 Mar 2026 12:10:00 GMT", None),
        (429, None, None),
        (500, "120", None),
        (200, "120", None),
    ],
)
def test_given_a_retry_after_header_when_read_then_only_429_and_503_are_heeded_and_nonsense_is_as_if_absent(
    status: int, value: str | None, pause: timedelta | None
) -> None:
    assert read_retry_after(status, value, NOW) == pause
