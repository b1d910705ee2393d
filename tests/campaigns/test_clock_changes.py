"""Calling windows when clocks are changed and at the borders of zones, by what is claimed, on a clock moved by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from app.campaigns.core.schedule import Schedule
from app.hours.windows import CallingWindow
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers

OFFICE_HOURS = Schedule(windows=(CallingWindow(from_time="09:00", to_time="18:00"),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def turn_to(hall: Hall, at: datetime) -> None:
    hall.clock.pass_seconds((at - hall.clock.now()).total_seconds())


@pytest.mark.parametrize(
    ("zones", "night", "opens"),
    [
        # 2026-03-08, New York: UTC-5 becomes UTC-4, and nine o'clock comes an hour of UTC sooner.
        (["America/New_York"], "2026-03-07T23:30", "2026-03-08T13:00"),
        # 2026-11-01: back again.
        (["America/New_York"], "2026-10-31T22:30", "2026-11-01T14:00"),
        # 2026-03-29, Europe; three weeks after America.
        (["Europe/Berlin"], "2026-03-28T19:00", "2026-03-29T07:00"),
        # On either side of the border: not before it is nine in the west, nor after it is six in the east.
        (["America/New_York", "America/Chicago"], "2026-03-08T03:00", "2026-03-08T14:00"),
        (["America/New_York", "America/Los_Angeles"], "2026-07-01T23:00", "2026-07-02T16:00"),
        # A zone that changes no clocks, beside one that does.
        (["America/Phoenix", "America/Denver"], "2026-03-08T03:00", "2026-03-08T16:00"),
    ],
)
async def test_given_a_window_over_a_change_of_clocks_or_a_border_when_it_opens_then_the_contact_is_called_not_before(
    hall: Hall, zones: list[str], night: str, opens: str
) -> None:
    turn_to(hall, utc(night))
    await hall.add_list(numbers(1))
    await _live_in(hall, zones)
    await hall.begin(schedule=OFFICE_HOURS)
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"], row["due_at"]) == ("WAITING", "OUTSIDE_WINDOW", utc(opens))
    turn_to(hall, utc(opens) - timedelta(seconds=1))
    assert await hall.call_all_due() == 0
    turn_to(hall, utc(opens))
    assert await hall.call_all_due() == 1


async def _live_in(hall: Hall, zones: list[str]) -> None:
    async with hall.database.acquire() as connection:
        await connection.execute("UPDATE contact SET zones = $1", zones)
