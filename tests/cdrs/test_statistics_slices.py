"""Time cut up by wall clocks: nothing lost, nothing doubled, and every piece under its right label."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cdrs.statistics_slices import (
    DAY,
    HOUR,
    QUARTER,
    Interval,
    Label,
    Slice,
    cover,
    cut,
    to_instant,
    to_microseconds,
)

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # moves its clocks by half an hour
    "America/Havana",  # midnight comes twice
    "Africa/Cairo",  # midnight is left out
    "America/Santiago",
    "Pacific/Chatham",
    "Atlantic/Azores",
]
_BEGIN, _END = to_microseconds(datetime(2024, 1, 1, tzinfo=UTC)), to_microseconds(datetime(2026, 1, 1, tzinfo=UTC))
_instants = st.integers(_BEGIN, _END) | st.integers(_BEGIN // QUARTER, _END // QUARTER).map(lambda n: n * QUARTER)
_lengths = st.integers(1, 3 * DAY) | st.integers(1, 100).map(lambda n: n * DAY)
_intervals = st.none() | st.sampled_from(Interval)
_zones = st.sampled_from(ZONES).map(ZoneInfo)


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return to_instant(instant).astimezone(zone)


def _first_day(day: date, interval: Interval) -> date:
    match interval:
        case Interval.WEEK:
            return day - timedelta(days=day.weekday())
        case Interval.MONTH:
            return day.replace(day=1)
        case _:
            return day


def _assert_label_holds(label: Label, instant: int, zone: ZoneInfo, interval: Interval | None) -> None:
    local = _local(instant, zone)
    assert label.hour in {None, local.hour}
    assert label.weekday in {None, local.isoweekday()}
    if interval is None:
        assert label.begins_at is None
        return
    assert label.begins_at is not None
    assert label.begins_at <= instant
    began, before = _local(label.begins_at, zone), _local(label.begins_at - 1, zone)
    if interval is Interval.HOUR:
        assert (began.date(), began.hour, began.utcoffset()) == (local.date(), local.hour, local.utcoffset())
        assert (before.date(), before.hour, before.utcoffset()) != (local.date(), local.hour, local.utcoffset())
    else:
        assert began.date() == _first_day(local.date(), interval)
        assert before.date() < began.date()


@given(
    begin=_instants, length=_lengths, zone=_zones, interval=_intervals, by_hour=st.booleans(), by_weekday=st.booleans()
)
def test_given_any_range_when_cut_then_the_slices_fill_it_and_each_has_the_label_of_all_its_instants(
    begin: int, length: int, zone: ZoneInfo, interval: Interval | None, by_hour: bool, by_weekday: bool
) -> None:
    slices = list(cut(begin, begin + length, zone, interval=interval, by_hour=by_hour, by_weekday=by_weekday))
    assert slices[0].begin == begin
    assert slices[-1].end == begin + length
    assert all(one.end == following.begin for one, following in pairwise(slices))
    for one in slices:
        assert one.begin < one.end
        assert (one.label.hour is not None) == by_hour
        assert (one.label.weekday is not None) == by_weekday
        for instant in (one.begin, (one.begin + one.end) // 2, one.end - 1):
            _assert_label_holds(one.label, instant, zone, interval)


@given(
    begin=_instants,
    length=_lengths,
    zone=_zones,
    interval=_intervals,
    units=st.sampled_from([(), (DAY,), (DAY, QUARTER), (DAY, HOUR, QUARTER)]),
)
def test_given_any_slices_when_covered_then_every_instant_is_in_one_range_and_no_unit_is_cut(
    begin: int, length: int, zone: ZoneInfo, interval: Interval | None, units: tuple[int, ...]
) -> None:
    slices = list(cut(begin, begin + length, zone, interval=interval, by_hour=False, by_weekday=False))
    of_units, edges = cover(slices, units)
    together = sorted(chain(*of_units, edges))
    assert together[0][0] == begin
    assert together[-1][1] == begin + length
    assert all(one[1] == following[0] for one, following in pairwise(together))
    boundaries = [one.begin for one in slices]
    for unit, found in zip(units, of_units, strict=True):
        assert all(first % unit == last % unit == 0 for first, last in found)
        assert [at for at in boundaries if at % unit and _lies_in(at, found)] == []


def _lies_in(instant: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first < instant < last for first, last in ranges)


def _cut(first: str, last: str, zone: str, interval: Interval | None = None, *, by_hour: bool = False) -> list[Slice]:
    begin, end = (to_microseconds(datetime.fromisoformat(text)) for text in (first, last))
    return list(cut(begin, end, ZoneInfo(zone), interval=interval, by_hour=by_hour, by_weekday=False))


def test_given_an_empty_range_when_cut_then_there_is_nothing() -> None:
    assert _cut("2025-01-01T00:00Z", "2025-01-01T00:00Z", "UTC", Interval.DAY) == []


@pytest.mark.parametrize(("day", "hours"), [("2025-03-09", 23), ("2025-11-02", 25), ("2025-06-01", 24)])
def test_given_a_day_in_new_york_when_cut_by_days_then_it_is_as_long_as_its_clocks_say(day: str, hours: int) -> None:
    (one,) = _cut(f"{day}T12:00Z", f"{day}T13:00Z", "America/New_York", Interval.DAY)
    first = one.label.begins_at
    assert first is not None
    following = _cut(f"{day}T12:00Z", "2025-12-31T00:00Z", "America/New_York", Interval.DAY)[1]
    assert following.begin - first == hours * HOUR


def test_given_clocks_that_go_back_when_cut_by_hours_then_the_hour_comes_twice() -> None:
    slices = _cut("2025-11-02T04:00Z", "2025-11-02T08:00Z", "America/New_York", Interval.HOUR, by_hour=True)
    assert [one.label.hour for one in slices] == [0, 1, 1, 2]
    assert len({one.label.begins_at for one in slices}) == 4


def test_given_clocks_that_go_back_half_an_hour_when_cut_by_hours_then_the_half_hour_comes_twice() -> None:
    slices = _cut("2025-04-05T14:00Z", "2025-04-05T16:30Z", "Australia/Lord_Howe", Interval.HOUR, by_hour=True)
    assert [(one.label.hour, (one.end - one.begin) // (HOUR // 2)) for one in slices] == [(1, 2), (1, 1), (2, 2)]


def test_given_a_week_when_labelled_then_it_begins_on_monday_before_the_range() -> None:
    (one,) = _cut("2025-06-04T10:00Z", "2025-06-05T10:00Z", "Europe/Berlin", Interval.WEEK)
    assert one.label.begins_at == to_microseconds(datetime(2025, 6, 1, 22, tzinfo=UTC))


def test_given_days_of_utc_when_covered_then_it_is_one_range_of_days() -> None:
    slices = _cut("2025-06-01T00:00Z", "2025-07-01T00:00Z", "UTC", Interval.DAY)
    (days, hours), edges = cover(slices, (DAY, HOUR))
    assert (len(days), hours, edges) == (1, [], [])


def test_given_days_of_berlin_when_covered_then_it_is_one_range_of_hours() -> None:
    slices = _cut("2025-06-01T22:00Z", "2025-06-30T22:00Z", "Europe/Berlin", Interval.DAY)
    (days, hours, quarters), edges = cover(slices, (DAY, HOUR, QUARTER))
    assert (days, len(hours), quarters, edges) == ([], 1, [], [])


def test_given_days_of_kolkata_when_covered_then_only_the_hours_around_midnight_are_quarters() -> None:
    slices = _cut("2025-06-01T18:30Z", "2025-06-03T18:30Z", "Asia/Kolkata", Interval.DAY)
    (_, hours, quarters), edges = cover(slices, (DAY, HOUR, QUARTER))
    assert [(last - first) // QUARTER for first, last in quarters] == [2, 4, 2]
    assert (len(hours), edges) == (2, [])
