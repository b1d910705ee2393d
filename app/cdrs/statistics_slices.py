"""How a range of time is cut up for statistics: by a wall clock's hours, days, weeks and months, summer time and all.

Pure. Instants go in and out as microseconds since 1970 UTC, which are quick to reckon with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

SECOND: Final = 1_000_000
HOUR: Final = 3_600 * SECOND
QUARTER: Final = HOUR // 4
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DECEMBER: Final = 12


class Interval(StrEnum):
    """How long the pieces of a time series are. A week begins on Monday."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True)
class Label:
    """What a slice counts as; None where nobody asked. ``hour`` 0 to 23, ``weekday`` 1 (Monday) to 7, both local."""

    begins_at: int | None = None
    hour: int | None = None
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """``[begin, end)``, all of which has the same label."""

    begin: int
    end: int
    label: Label


#: ``[begin, end)`` in order, joined where they touch.
Ranges: TypeAlias = list[tuple[int, int]]


def to_microseconds(instant: datetime) -> int:
    """An aware datetime as microseconds since 1970, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def to_instant(microseconds: int) -> datetime:
    """The other way, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def cut(
    begin: int, end: int, zone: ZoneInfo, *, interval: Interval | None, by_hour: bool, by_weekday: bool
) -> Iterator[Slice]:
    """``[begin, end)`` in order, as few slices as the labels allow.

    ``interval`` labels a slice with the beginning of its local hour, day, week or month, also when that lies before
    ``begin``. An hour that comes twice when clocks go back is two hours of the series, and both have the same ``hour``.
    """
    if begin >= end:
        return
    if not by_hour and not by_weekday and interval is None:
        yield Slice(begin, end, Label())
        return
    if by_hour or interval is Interval.HOUR:
        pieces = _hours(begin, end, zone)
    elif by_weekday or interval is Interval.DAY:
        pieces = _days(begin, end, zone)
    else:
        pieces = _spans(begin, end, zone, interval)
    starts: dict[date, int] = {}  # of weeks and months: found once for all their days and hours
    for start, stop, day, hour in pieces:
        if start == stop:
            continue
        label = Label(
            begins_at=_series_start(interval, start, day, zone, starts),
            hour=hour if by_hour else None,
            weekday=day.isoweekday() if by_weekday else None,
        )
        yield Slice(max(start, begin), min(stop, end), label)


def cover(slices: Sequence[Slice], units: Sequence[int]) -> tuple[list[Ranges], Ranges]:
    """The slices put together of whole units, as large ones as they go, and of what is left at the edges.

    ``units`` are lengths, largest first, each a multiple of the next. Gives the ranges of each unit, in the same order,
    and the edges. No slice's boundary lies within a unit.
    """
    ranges: list[Ranges] = [[] for _ in (*units, None)]
    for one in slices:
        _cover(one.begin, one.end, units, ranges, 0)
    return ranges[:-1], ranges[-1]


def _cover(begin: int, end: int, units: Sequence[int], ranges: list[Ranges], level: int) -> None:
    if level == len(units):
        _add(ranges[level], begin, end)
        return
    unit = units[level]
    first, last = -(-begin // unit) * unit, end // unit * unit
    if first >= last:
        _cover(begin, end, units, ranges, level + 1)
        return
    if begin < first:
        _cover(begin, first, units, ranges, level + 1)
    _add(ranges[level], first, last)
    if last < end:
        _cover(last, end, units, ranges, level + 1)


def _add(ranges: Ranges, begin: int, end: int) -> None:
    if begin >= end:
        return
    if ranges and ranges[-1][1] == begin:
        ranges[-1] = (ranges[-1][0], end)
    else:
        ranges.append((begin, end))


_Piece = tuple[int, int, date, int]


def _days(begin: int, end: int, zone: ZoneInfo) -> Iterator[_Piece]:
    """Each local day that touches the range, whole."""
    day = _local_day(begin, zone)
    start = _day_start(day, zone)
    while start < end:
        following = day + timedelta(days=1)
        stop = _day_start(following, zone)
        yield start, stop, day, 0
        day, start = following, stop


def _hours(begin: int, end: int, zone: ZoneInfo) -> Iterator[_Piece]:
    """Each local hour that touches the range, whole; one that is cut by a change of clocks, in two."""
    for day_start, day_stop, day, _ in _days(begin, end, zone):
        if day_start == day_stop:
            continue
        start = day_start
        is_plain = day_stop - day_start == DAY and _offset(day_start, zone) == _offset(day_stop - 1, zone)
        hour = 0
        while start < day_stop:
            if is_plain:
                stop = start + HOUR
            else:
                stop, hour = _next_hour(start, zone)
                stop = min(stop, day_stop)
            if stop > begin and start < end:
                yield start, stop, day, hour
            start, hour = stop, hour + 1


def _spans(begin: int, end: int, zone: ZoneInfo, interval: Interval | None) -> Iterator[_Piece]:
    """Each local week or month that touches the range, whole."""
    day = _first_day(interval, _local_day(begin, zone))
    start = _day_start(day, zone)
    while start < end:
        following = _next_span(interval, day)
        stop = _day_start(following, zone)
        yield start, stop, day, 0
        day, start = following, stop


def _first_day(interval: Interval | None, day: date) -> date:
    """The first day of a day's week or month."""
    return day - timedelta(days=day.weekday()) if interval is Interval.WEEK else day.replace(day=1)


def _next_span(interval: Interval | None, day: date) -> date:
    if interval is Interval.WEEK:
        return day + timedelta(days=7)
    return date(day.year + 1, 1, 1) if day.month == _DECEMBER else date(day.year, day.month + 1, 1)


def _series_start(
    interval: Interval | None, start: int, day: date, zone: ZoneInfo, known: dict[date, int]
) -> int | None:
    match interval:
        case None:
            return None
        case Interval.HOUR:
            return start
        case _:
            first = day if interval is Interval.DAY else _first_day(interval, day)
            if first not in known:
                known[first] = _day_start(first, zone)
            return known[first]


def _day_start(day: date, zone: ZoneInfo) -> int:
    """The first instant of a local date.

    Where midnight falls into a gap, fold 0 reckons with the offset before it, which is the end of the gap: the date's
    first instant. Where it comes twice, fold 0 is the first.
    """
    return to_microseconds(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))


def _local_day(microseconds: int, zone: ZoneInfo) -> date:
    return to_instant(microseconds).astimezone(zone).date()


def _offset(microseconds: int, zone: ZoneInfo) -> int:
    offset = to_instant(microseconds).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _next_hour(start: int, zone: ZoneInfo) -> tuple[int, int]:
    """Where the local hour of an instant ends (at the full hour, or a change of clocks before), and which it is."""
    offset = _offset(start, zone)
    local = start + offset
    stop = (local // HOUR + 1) * HOUR - offset
    hour = local // HOUR % 24
    if _offset(stop - 1, zone) == offset:
        return stop, hour
    low, high = start // SECOND, stop // SECOND  # clocks change at full seconds
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle * SECOND, zone) == offset else (low, middle)
    return high * SECOND, hour
