"""When a contact may be called: the calling window in each of its zones, between the campaign's start and end.

**The wall clock decides.** A window is open at an instant when the clock on the wall there shows a time inside it
(47 CFR 64.1200(c)(1) speaks of 8 a.m. and 9 p.m. "local time at the called party's location"). So minutes that a change
of clocks leaves out are never open, and minutes that come twice are open both times.

**A local time that stands for one instant** (a campaign's start and end, a callback) follows the API's own rule: in the
gap it is moved on by the gap's length (02:30 becomes 03:30), and of two it means the first.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from app.campaigns.core.words import DelayReason, SkipReason
from app.facts.vocabulary import Words
from app.flows.conditions import minutes_of
from app.flows.steps import Weekday
from app.zones import zone_of

#: A week holds every weekday's window; two, and a day, so that one change of clocks cannot hide an opening.
HORIZON: Final = timedelta(days=15)

_DAYS: Final = tuple(Weekday)
_DAY: Final = timedelta(days=1)
# No zone of the tz database changes its clock twice within so short a time.
_PROBE: Final = timedelta(hours=6)


class CallingWindow(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The wall clock is in ``[from_time, to_time)`` (``HH:MM``, at most ``24:00``) on one of ``weekdays`` (none: any).

    A window that ends before it begins goes over midnight and belongs to the day on which it began; one that ends when
    it begins is a whole day long. The default is that of 47 CFR 64.1200(c)(1), 8 a.m. to 9 p.m.; some laws are stricter
    (Florida Statutes 501.616(6)(a): until 8 p.m.).
    """

    from_time: str = "08:00"
    to_time: str = "21:00"
    weekdays: tuple[Weekday, ...] = ()


class LocalTime(Words, frozen=True, kw_only=True):
    """What a wall clock shows (naive) in an IANA zone. Kept as given: the zone's rules may change before it comes."""

    date_time: datetime
    time_zone: str


class Resolution(StrEnum):
    """How a local time became an instant: it is one; the clocks leave it out; it comes twice."""

    EXACT = "EXACT"
    MOVED_ON = "MOVED_ON"
    FIRST_OF_TWO = "FIRST_OF_TWO"


class Schedule(Words, frozen=True, kw_only=True, omit_defaults=True):
    """When a campaign calls: in any of ``windows`` by the contact's clock, in ``[starts, ends)``."""

    windows: tuple[CallingWindow, ...] = (CallingWindow(),)
    starts: LocalTime | None = None
    ends: LocalTime | None = None


class Open(Words, frozen=True, kw_only=True, tag="OPEN"):
    """The contact may be called at this instant, as far as the clock goes."""


class OpensAt(Words, frozen=True, kw_only=True, tag="OPENS_AT"):
    """The contact may be called from ``at`` on, which is the first instant of its kind."""

    at: datetime
    reason: DelayReason


class NeverOpens(Words, frozen=True, kw_only=True, tag="NEVER_OPENS"):
    """There is no instant, within `HORIZON`, at which the contact may be called."""

    reason: SkipReason


Opening: TypeAlias = Open | OpensAt | NeverOpens


def resolve(local: LocalTime) -> tuple[datetime, Resolution]:
    """The instant (UTC) that a local time means, and how it was found; the module tells the rule.

    Raises:
        ValueError: it is not naive, or there is no such zone.
        OverflowError: it lies outside the calendar.
    """
    if local.date_time.tzinfo is not None:
        raise ValueError("a local time says itself nothing of its zone")
    zone = zone_of(local.time_zone)
    here = local.date_time.replace(tzinfo=zone, fold=0)
    instant = here.astimezone(UTC)
    if _wall(zone, instant) != local.date_time.replace(fold=0):
        return instant, Resolution.MOVED_ON
    is_one = here.utcoffset() == here.replace(fold=1).utcoffset()
    return instant, Resolution.EXACT if is_one else Resolution.FIRST_OF_TWO


def is_open(windows: Sequence[CallingWindow], zones: Sequence[str], at: datetime) -> bool:
    """Whether one of the windows is open in every one of the zones; not when no zone is known."""
    return bool(zones) and all(_is_shown(windows, _wall(ZoneInfo(zone), at)) for zone in zones)


def next_opening(
    windows: Sequence[CallingWindow], zones: Sequence[str], at: datetime, until: datetime
) -> datetime | None:
    """The first instant in ``[at, until)`` at which the windows are open in every one of the zones, if there is one."""
    if not zones:
        return None
    instant = at.astimezone(UTC)
    while instant < until:
        latest = instant
        for zone in zones:
            opening = _next_opening_in(windows, ZoneInfo(zone), latest, until)
            if opening is None:
                return None
            latest = opening
        if latest == instant:
            return instant
        instant = latest  # open there; where it was open before may have closed meanwhile
    return None


def closes_at(schedule: Schedule, zones: Sequence[str], at: datetime, until: datetime) -> datetime:
    """The first instant in ``[at, until)`` at which a contact in these zones may no more be called, ``until`` if none.

    ``at`` itself when it may not be called there.
    """
    return _closes_at(schedule, tuple(zones), at, until)


@lru_cache(maxsize=512)
def _closes_at(schedule: Schedule, zones: tuple[str, ...], at: datetime, until: datetime) -> datetime:
    ends = until if schedule.ends is None else min(until, resolve(schedule.ends)[0])
    closings = (_closing_in(schedule.windows, ZoneInfo(zone), at.astimezone(UTC), ends) for zone in zones)
    return max(at, min(closings, default=at))


def judge_time(schedule: Schedule, zones: Sequence[str], at: datetime) -> Opening:
    """Whether a contact in these zones may be called at ``at``, or from when on, or never."""
    return _judge(schedule, tuple(zones), at)


# Most contacts that are asked about at one instant are in the same few zones.
@lru_cache(maxsize=512)
def _judge(schedule: Schedule, zones: tuple[str, ...], at: datetime) -> Opening:
    starts = None if schedule.starts is None else resolve(schedule.starts)[0]
    ends = None if schedule.ends is None else resolve(schedule.ends)[0]
    if ends is not None and ends <= at:
        return NeverOpens(reason=SkipReason.CAMPAIGN_OVER)
    if not zones:
        return NeverOpens(reason=SkipReason.ZONE_UNKNOWN)
    begin = at if starts is None or starts <= at else starts
    opening = next_opening(schedule.windows, zones, begin, begin + HORIZON)
    if opening is None:
        return NeverOpens(reason=SkipReason.NO_COMMON_WINDOW)
    if ends is not None and ends <= opening:
        return NeverOpens(reason=SkipReason.WINDOW_AFTER_END)
    if opening == at:
        return Open()
    reason = DelayReason.OUTSIDE_WINDOW if begin == at else DelayReason.NOT_STARTED
    return OpensAt(at=opening, reason=reason)


def _next_opening_in(
    windows: Sequence[CallingWindow], zone: ZoneInfo, at: datetime, until: datetime
) -> datetime | None:
    for start, end in _even_stretches(zone, at, until):
        # Within the stretch the wall clock runs as evenly as time does.
        wall = _wall(zone, start)
        shown = _first_shown(windows, wall, wall + (end - start))
        if shown is not None:
            return start + (shown - wall)
    return None


def _closing_in(windows: Sequence[CallingWindow], zone: ZoneInfo, at: datetime, until: datetime) -> datetime:
    for start, end in _even_stretches(zone, at, until):
        wall = _wall(zone, start)
        shown_until = _shown_until(windows, wall, wall + (end - start))
        if shown_until < wall + (end - start):
            return start + (shown_until - wall)
    return until


def _even_stretches(zone: ZoneInfo, at: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """``[at, until)`` in pieces in which the zone's clock is not changed."""
    start = at
    while start < until:
        end = min(start + _PROBE, until)
        if _offset(zone, end) != _offset(zone, start):
            end = _change(zone, start, end)
        yield start, end
        start = end


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime:
    """The instant after ``start`` at which the zone's clock is changed; the tz database knows whole seconds."""
    before = _offset(zone, start)
    low, high = int(start.timestamp()), int(end.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _first_shown(windows: Sequence[CallingWindow], begin: datetime, end: datetime) -> datetime | None:
    """The first time in ``[begin, end)``, by an evenly running wall clock, that lies in one of the windows."""
    spans = _spans(windows, begin, end)
    return min((max(opens, begin) for opens, closes in spans if opens < end and begin < closes), default=None)


def _shown_until(windows: Sequence[CallingWindow], begin: datetime, end: datetime) -> datetime:
    """The first time in ``[begin, end)``, by an evenly running wall clock, that lies in no window; ``end`` if none."""
    spans = _spans(windows, begin, end)
    shown = begin
    while shown < end:
        closing = max((closes for opens, closes in spans if opens <= shown < closes), default=None)
        if closing is None:
            return shown
        shown = closing  # where the next window may begin
    return end


def _spans(windows: Sequence[CallingWindow], begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """From when to when the windows are open that may touch ``[begin, end)``."""
    days = range((end.date() - begin.date()).days + 2)
    return [
        span for window in windows for number in days for span in _span(window, begin.date() + timedelta(number - 1))
    ]


def _span(window: CallingWindow, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """From when to when (naive) the window of that day is open; nothing when it has none that day."""
    if window.weekdays and _DAYS[day.weekday()] not in window.weekdays:
        return ()
    midnight = datetime.combine(day, time())
    begins, ends = timedelta(minutes=minutes_of(window.from_time)), timedelta(minutes=minutes_of(window.to_time))
    return ((midnight + begins, midnight + (ends if begins < ends else ends + _DAY)),)


def _is_shown(windows: Sequence[CallingWindow], wall: datetime) -> bool:
    return _first_shown(windows, wall, wall + timedelta.resolution) is not None


def _wall(zone: ZoneInfo, at: datetime) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
