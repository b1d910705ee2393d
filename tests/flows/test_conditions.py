"""Branches: when a condition holds, with the clock put forward and back."""

from datetime import UTC, datetime

import pytest

from app.flows.conditions import holds
from app.flows.speaking import fill, variables_in
from app.flows.steps import TimeIs, VariableIs
from app.hours.week import Weekday

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (VariableIs(variable="pin", one_of=("12", "34")), "34", True),
        (VariableIs(variable="pin", one_of=("12", "34")), "3", False),
        (VariableIs(variable="pin", starts_with="+49"), "+4930", True),
        (VariableIs(variable="pin", starts_with="+49"), "49", False),
        (VariableIs(variable="pin"), "0", True),
        (VariableIs(variable="pin"), "", False),
        (VariableIs(variable="other", starts_with="1"), "1", False),
    ],
)
def test_given_a_variable_when_asked_then_it_is_so_or_not(condition: VariableIs, value: str, expected: bool) -> None:
    assert holds(condition, {"pin": value}, MONDAY_NOON) is expected


@pytest.mark.parametrize(
    ("condition", "instant", "expected"),
    [
        (TimeIs(time_zone="UTC", from_time="09:00", to_time="17:00"), "2026-03-02T08:59:59+00:00", False),
        (TimeIs(time_zone="UTC", from_time="09:00", to_time="17:00"), "2026-03-02T09:00:00+00:00", True),
        (TimeIs(time_zone="UTC", from_time="09:00", to_time="17:00"), "2026-03-02T16:59:59+00:00", True),
        (TimeIs(time_zone="UTC", from_time="09:00", to_time="17:00"), "2026-03-02T17:00:00+00:00", False),
        # All of a day, and no other.
        (TimeIs(time_zone="UTC", weekdays=(Weekday.MONDAY,)), "2026-03-02T23:59:59+00:00", True),
        (TimeIs(time_zone="UTC", weekdays=(Weekday.MONDAY,)), "2026-03-03T00:00:00+00:00", False),
        # Friday's night lasts until Saturday morning; Saturday's has not begun then.
        (
            TimeIs(time_zone="UTC", from_time="22:00", to_time="06:00", weekdays=(Weekday.FRIDAY,)),
            "2026-03-07T05:59:00+00:00",
            True,
        ),
        (
            TimeIs(time_zone="UTC", from_time="22:00", to_time="06:00", weekdays=(Weekday.SATURDAY,)),
            "2026-03-07T05:59:00+00:00",
            False,
        ),
        (
            TimeIs(time_zone="UTC", from_time="22:00", to_time="06:00", weekdays=(Weekday.SATURDAY,)),
            "2026-03-07T22:00:00+00:00",
            True,
        ),
        # Berlin is one hour ahead before the last Sunday of March, and two after it.
        (TimeIs(time_zone="Europe/Berlin", from_time="09:00", to_time="10:00"), "2026-03-27T08:30:00+00:00", True),
        (TimeIs(time_zone="Europe/Berlin", from_time="09:00", to_time="10:00"), "2026-03-30T08:30:00+00:00", False),
        (TimeIs(time_zone="Europe/Berlin", from_time="09:00", to_time="10:00"), "2026-03-30T07:30:00+00:00", True),
        # It is Tuesday in Tokyo already.
        (TimeIs(time_zone="Asia/Tokyo", weekdays=(Weekday.TUESDAY,)), "2026-03-02T15:00:00+00:00", True),
    ],
)
def test_given_an_instant_when_asked_for_the_time_then_the_clock_on_the_wall_counts(
    condition: TimeIs, instant: str, expected: bool
) -> None:
    assert holds(condition, {}, datetime.fromisoformat(instant)) is expected


def test_given_a_text_when_filled_then_digits_are_said_one_by_one_and_what_is_not_there_is_left_out() -> None:
    text = "Your number is {pin}, {caller}. Order {order}."
    values = {"pin": "1234", "caller": "+4930", "order": "A12"}
    assert variables_in(text) == ["pin", "caller", "order"]
    assert fill(text, values) == "Your number is 1 2 3 4, 4 9 3 0. Order A12."
    assert fill(text, {}) == "Your number is , . Order ."
    assert fill("{pin}", {"pin": "{order}", "order": "no"}) == "{order}"
