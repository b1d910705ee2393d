"""When a contact may be called: by hand over changes of clocks, and against an oracle that looks at every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.campaigns.core.schedule import HORIZON, NeverOpens, Open, Opening, OpensAt, Schedule, closes_at, judge_time
from app.campaigns.core.words import DelayReason, SkipReason
from app.hours.local_time import LocalTime, Resolution, resolve
from app.hours.week import Weekday
from app.hours.windows import CallingWindow, is_open, next_opening

BERLIN, NEW_YORK, LOS_ANGELES, TOKYO = "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo"
LAWFUL = (CallingWindow(),)
MINUTE = timedelta(minutes=1)
# Half hours, quarters, a change by half an hour, one by two hours, a day that never was, a change at midnight.
ODD_ZONES = [
    BERLIN, NEW_YORK, LOS_ANGELES, TOKYO, "Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe",
    "Antarctica/Troll", "Pacific/Apia", "America/Asuncion", "Africa/Casablanca", "Pacific/Kiritimati", "Etc/GMT+12",
]  # fmt: skip
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York
    datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia leaves out a day
    datetime(2023, 3, 26, 4, tzinfo=UTC), datetime(2022, 10, 2, 4, tzinfo=UTC),  # Asunción
]  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(from_time: str, to_time: str, *weekdays: Weekday) -> CallingWindow:
    return CallingWindow(from_time=from_time, to_time=to_time, weekdays=weekdays)


def local(text: str, zone: str = BERLIN) -> LocalTime:
    return LocalTime(date_time=datetime.fromisoformat(text), time_zone=zone)


@pytest.mark.parametrize(
    ("at", "zones", "opens"),
    [
        ("2026-03-02T08:00", [BERLIN], "2026-03-02T08:00"),
        ("2026-03-02T06:59:59", [BERLIN], "2026-03-02T07:00"),
        ("2026-03-02T19:59:59", [BERLIN], "2026-03-02T19:59:59"),
        ("2026-03-02T20:00", [BERLIN], "2026-03-03T07:00"),
        ("2026-03-28T20:00", [BERLIN], "2026-03-29T06:00"),  # the night in which summer time begins
        ("2026-10-24T19:00", [BERLIN], "2026-10-25T07:00"),  # and ends
        ("2026-03-02T13:00", [NEW_YORK, LOS_ANGELES], "2026-03-02T16:00"),
        ("2026-03-03T02:00", [NEW_YORK, LOS_ANGELES], "2026-03-03T16:00"),
        ("2026-03-08T02:00", [NEW_YORK, LOS_ANGELES], "2026-03-08T15:00"),
        ("2026-03-02T12:00", [BERLIN, TOKYO], "2026-03-03T07:00"),
    ],
)
def test_given_zones_when_asked_for_the_next_opening_then_the_clock_in_all_of_them_decides(
    at: str, zones: list[str], opens: str
) -> None:
    assert next_opening(LAWFUL, zones, utc(at), utc(at) + HORIZON) == utc(opens)
    assert is_open(LAWFUL, zones, utc(at)) is (at == opens)


@pytest.mark.parametrize(
    ("at", "is_so"),
    [
        ("2026-03-29T00:29", False), ("2026-03-29T00:30", True), ("2026-03-29T00:59", True),
        ("2026-03-29T01:00", True),  # 02:00 is skipped: the clock shows 03:00, before 03:15
        ("2026-03-29T01:14", True), ("2026-03-29T01:15", False),
        ("2026-10-24T23:29", False), ("2026-10-24T23:30", True),  # 01:30 summer time
        ("2026-10-25T00:59", True), ("2026-10-25T01:00", True),  # 02:59, then 02:00 once more
        ("2026-10-25T02:14", True), ("2026-10-25T02:15", False),
    ],
)  # fmt: skip
def test_given_a_window_over_a_change_of_clocks_when_asked_then_the_wall_clock_decides(at: str, is_so: bool) -> None:
    assert is_open([window("01:30", "03:15")], [BERLIN], utc(at)) is is_so


def test_given_a_window_within_the_gap_when_asked_then_it_is_not_open_that_day() -> None:
    skipped = [window("02:10", "02:50")]
    assert next_opening(skipped, [BERLIN], utc("2026-03-28T12:00"), utc("2026-04-05T00:00")) == utc("2026-03-30T00:10")


def test_given_a_window_within_the_fold_when_asked_then_it_is_open_twice() -> None:
    repeated = [window("02:10", "02:50")]
    assert next_opening(repeated, [BERLIN], utc("2026-10-24T12:00"), utc("2026-10-26T00:00")) == utc("2026-10-25T00:10")
    assert next_opening(repeated, [BERLIN], utc("2026-10-25T00:50"), utc("2026-10-26T00:00")) == utc("2026-10-25T01:10")


def test_given_a_window_over_midnight_when_asked_then_it_belongs_to_the_day_on_which_it_began() -> None:
    night = [window("22:00", "02:00", Weekday.FRIDAY)]
    assert is_open(night, [BERLIN], utc("2026-03-06T21:00"))
    assert is_open(night, [BERLIN], utc("2026-03-07T00:59"))
    assert not is_open(night, [BERLIN], utc("2026-03-07T21:00"))
    assert not is_open(night, [BERLIN], utc("2026-03-06T00:00"))


def test_given_a_window_that_ends_when_it_begins_when_asked_then_it_is_a_whole_day_long() -> None:
    whole = [window("06:00", "06:00", Weekday.MONDAY)]
    assert [
        is_open(whole, ["UTC"], utc(at)) for at in ("2026-03-02T05:59", "2026-03-02T06:00", "2026-03-03T05:59")
    ] == [
        False,
        True,
        True,
    ]
    assert not is_open(whole, ["UTC"], utc("2026-03-03T06:00"))


@pytest.mark.parametrize(
    ("given_time", "instant", "how"),
    [
        ("2026-03-29T01:59", "2026-03-29T00:59", Resolution.EXACT),
        ("2026-03-29T02:00", "2026-03-29T01:00", Resolution.MOVED_ON),
        ("2026-03-29T02:30", "2026-03-29T01:30", Resolution.MOVED_ON),
        ("2026-03-29T03:00", "2026-03-29T01:00", Resolution.EXACT),
        ("2026-10-25T01:59", "2026-10-24T23:59", Resolution.EXACT),
        ("2026-10-25T02:00", "2026-10-25T00:00", Resolution.FIRST_OF_TWO),
        ("2026-10-25T02:59", "2026-10-25T00:59", Resolution.FIRST_OF_TWO),
        ("2026-10-25T03:00", "2026-10-25T02:00", Resolution.EXACT),
    ],
)
def test_given_a_local_time_when_resolved_then_the_gap_moves_it_on_and_the_fold_means_the_first(
    given_time: str, instant: str, how: Resolution
) -> None:
    assert resolve(local(given_time)) == (utc(instant), how)


def test_given_a_day_that_never_was_when_resolved_then_it_is_moved_on_by_a_day() -> None:
    instant, how = resolve(local("2011-12-30T12:00", "Pacific/Apia"))
    assert how is Resolution.MOVED_ON
    assert instant.astimezone(ZoneInfo("Pacific/Apia")).replace(tzinfo=None) == datetime(2011, 12, 31, 12, 0)  # noqa: DTZ001  # what the wall shows


def test_given_a_local_time_with_an_offset_when_resolved_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="local time"):
        resolve(LocalTime(date_time=utc("2026-03-02T09:00"), time_zone=BERLIN))


SPRING = Schedule(starts=local("2026-03-02T10:00"), ends=local("2026-03-04T12:00"))


@pytest.mark.parametrize(
    ("schedule", "zones", "at", "opening"),
    [
        (SPRING, [BERLIN], "2026-03-02T09:00", Open()),
        (SPRING, [BERLIN], "2026-03-01T09:00", OpensAt(at=utc("2026-03-02T09:00"), reason=DelayReason.NOT_STARTED)),
        (SPRING, [NEW_YORK], "2026-03-01T09:00", OpensAt(at=utc("2026-03-02T13:00"), reason=DelayReason.NOT_STARTED)),
        (SPRING, [BERLIN], "2026-03-02T21:00", OpensAt(at=utc("2026-03-03T07:00"), reason=DelayReason.OUTSIDE_WINDOW)),
        (SPRING, [BERLIN], "2026-03-04T10:59:59", Open()),
        (SPRING, [BERLIN], "2026-03-04T11:00", NeverOpens(reason=SkipReason.CAMPAIGN_OVER)),
        (SPRING, [LOS_ANGELES], "2026-03-04T06:00", NeverOpens(reason=SkipReason.WINDOW_AFTER_END)),
        (
            Schedule(ends=local("2026-03-03T08:00")), [BERLIN], "2026-03-02T21:00",
            NeverOpens(reason=SkipReason.WINDOW_AFTER_END),
        ),
        (SPRING, [], "2026-03-02T12:00", NeverOpens(reason=SkipReason.ZONE_UNKNOWN)),
        (
            Schedule(windows=(window("09:00", "17:00"),)), [LOS_ANGELES, BERLIN], "2026-03-02T12:00",
            NeverOpens(reason=SkipReason.NO_COMMON_WINDOW),
        ),
        (Schedule(windows=()), [BERLIN], "2026-03-02T12:00", NeverOpens(reason=SkipReason.NO_COMMON_WINDOW)),
        (
            Schedule(windows=(window("09:00", "10:00", Weekday.SUNDAY),)), [BERLIN], "2026-03-01T10:00",
            OpensAt(at=utc("2026-03-08T08:00"), reason=DelayReason.OUTSIDE_WINDOW),
        ),
    ],
)  # fmt: skip
def test_given_a_schedule_when_judged_then_the_first_instant_or_the_reason_is_told(
    schedule: Schedule, zones: list[str], at: str, opening: Opening
) -> None:
    assert judge_time(schedule, zones, utc(at)) == opening


def test_given_a_schedule_when_stored_and_read_then_it_is_the_same() -> None:
    schedule = Schedule(windows=(window("09:00", "24:00", Weekday.MONDAY),), starts=local("2026-03-02T10:00"))
    assert msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule) == schedule
    assert msgspec.json.decode(b"{}", type=Schedule) == Schedule()


_TIMES = st.one_of(
    st.sampled_from(["00:00", "01:30", "02:00", "02:30", "03:00", "08:00", "21:00"]),
    st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
)
_WINDOWS = st.lists(
    st.builds(
        CallingWindow,
        from_time=_TIMES,
        to_time=st.one_of(_TIMES, st.just("24:00")),
        weekdays=st.lists(st.sampled_from(list(Weekday)), max_size=3, unique=True).map(tuple),
    ),
    max_size=3,
)
_INSTANTS = st.builds(
    lambda near, minutes: near + minutes * MINUTE, st.sampled_from(CHANGES), st.integers(-3 * 1440, 1440)
)


def shows(windows: list[CallingWindow], zone: str, at: datetime) -> bool:
    """By looking at the wall clock, as a child would."""
    clock = at.astimezone(ZoneInfo(zone))
    today, yesterday = clock.strftime("%A").upper(), (clock.date() - timedelta(days=1)).strftime("%A").upper()
    now = clock.strftime("%H:%M")
    for one in windows:
        if one.from_time < one.to_time:
            if one.from_time <= now < one.to_time and (not one.weekdays or today in one.weekdays):
                return True
        elif (now >= one.from_time and (not one.weekdays or today in one.weekdays)) or (
            now < one.to_time and (not one.weekdays or yesterday in one.weekdays)
        ):
            return True
    return False


@settings(max_examples=60)
@given(
    windows=_WINDOWS,
    zones=st.lists(st.sampled_from(ODD_ZONES), min_size=1, max_size=3),
    at=_INSTANTS,
    hours=st.integers(1, 60),
)
def test_given_any_windows_and_zones_when_the_next_opening_is_asked_then_an_oracle_finds_the_same_minute(
    windows: list[CallingWindow], zones: list[str], at: datetime, hours: int
) -> None:
    minutes = (at + number * MINUTE for number in range(hours * 60))
    expected = next((minute for minute in minutes if all(shows(windows, zone, minute) for zone in zones)), None)
    assert next_opening(windows, zones, at, at + timedelta(hours=hours)) == expected
    assert is_open(windows, zones, at) is (expected == at)


@given(windows=_WINDOWS, zones=st.lists(st.sampled_from(ODD_ZONES), min_size=1, max_size=3), at=_INSTANTS)
def test_given_any_instant_with_seconds_when_the_next_opening_is_asked_then_it_is_open_and_not_before(
    windows: list[CallingWindow], zones: list[str], at: datetime
) -> None:
    at += timedelta(seconds=29, microseconds=1)
    opening = next_opening(windows, zones, at, at + HORIZON)
    if opening is not None:
        assert opening >= at
        assert is_open(windows, zones, opening)
        assert opening == at or not is_open(windows, zones, opening - timedelta(microseconds=1))


@settings(max_examples=60)
@given(
    windows=_WINDOWS,
    zones=st.lists(st.sampled_from(ODD_ZONES), min_size=1, max_size=3),
    at=_INSTANTS,
    hours=st.integers(1, 60),
)
def test_given_any_windows_and_zones_when_the_next_closing_is_asked_then_an_oracle_finds_the_same_minute(
    windows: list[CallingWindow], zones: list[str], at: datetime, hours: int
) -> None:
    until = at + timedelta(hours=hours)
    minutes = (at + number * MINUTE for number in range(hours * 60))
    expected = next((minute for minute in minutes if not all(shows(windows, zone, minute) for zone in zones)), until)
    assert closes_at(Schedule(windows=tuple(windows)), zones, at, until) == expected


def test_given_a_campaign_that_ends_before_its_window_closes_when_asked_then_its_end_counts() -> None:
    ends = local("2026-03-02T20:30")
    at, until = datetime(2026, 3, 2, 19, 0, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
    assert closes_at(Schedule(), ["Europe/Berlin"], at, until) == at + timedelta(hours=1)
    assert closes_at(Schedule(ends=ends), ["Europe/Berlin"], at, until) == at + timedelta(minutes=30)
    assert closes_at(Schedule(ends=ends), ["Europe/Berlin"], until, until + MINUTE) == until
    assert closes_at(Schedule(), [], at, until) == at


def test_given_a_window_that_closes_within_a_minute_when_asked_then_it_is_told_to_the_microsecond() -> None:
    at = datetime(2026, 3, 2, 19, 59, 59, 999_999, tzinfo=UTC)
    closing = datetime(2026, 3, 2, 20, tzinfo=UTC)
    assert closes_at(Schedule(), ["Europe/Berlin"], at, at + timedelta(seconds=25)) == closing
    assert closes_at(Schedule(), ["Europe/Berlin"], closing, closing + timedelta(seconds=25)) == closing
