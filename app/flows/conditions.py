"""Whether a branch's condition holds. Pure but for the time zones' rules, which come with the installation."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from app.flows.steps import Condition, TimeIs, VariableIs
from app.hours.week import Weekday, minutes_of

_DAYS = tuple(Weekday)


def holds(condition: Condition, variables: Mapping[str, str], now: datetime) -> bool:
    """Whether it holds at this instant. A variable that was never set is empty."""
    match condition:
        case VariableIs():
            return _is_so(condition, variables.get(condition.variable, ""))
        case TimeIs():
            return _is_time(condition, now)
        case _:
            assert_never(condition)


def _is_so(condition: VariableIs, value: str) -> bool:
    if condition.one_of:
        return value in condition.one_of
    if condition.starts_with is not None:
        return value.startswith(condition.starts_with)
    return value != ""


def _is_time(condition: TimeIs, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(condition.time_zone))
    minute = local.hour * 60 + local.minute
    begins, ends = minutes_of(condition.from_time), minutes_of(condition.to_time)
    today, yesterday = _DAYS[local.weekday()], _DAYS[(local - timedelta(days=1)).weekday()]
    if begins < ends:
        return begins <= minute < ends and _is_day(condition, today)
    return (minute >= begins and _is_day(condition, today)) or (minute < ends and _is_day(condition, yesterday))


def _is_day(condition: TimeIs, day: Weekday) -> bool:
    return not condition.weekdays or day in condition.weekdays
