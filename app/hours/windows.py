"""Windows of the day, by the wall clocks of several zones at once.

**The wall clock decides.** A window is open at an instant when the clock on the wall there shows a time inside it
(47 CFR 64.1200(c)(1) speaks of 8 a.m. and 9 p.m. "local time at the called party's location"). So minutes that a change
of clocks leaves out are never open, and minutes that come twice are open both times.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.facts.vocabulary import Words
from app.hours.local_time import wall_clock
from app.hours.week import Weekday, minutes_of

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


def is_open(windows: Sequence[CallingWindow], zones: Sequence[str], at: datetime) -> bool:
    """Whether one of the windows is open in every one of the zones; not when no zone is known."""
    return bool(zones) and all(_is_shown(windows, wall_clock(ZoneInfo(zone), at)) for zone in zones)


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


def _next_opening_in(
    windows: Sequence[CallingWindow], zone: ZoneInfo, at: datetime, until: datetime
) -> datetime | None:
    for start, end in _even_stretches(zone, at, until):
        # Within the stretch the wall clock runs as evenly as time does.
        wall = wall_clock(zone, start)
        shown = _first_shown(windows, wall, wall + (end - start))
        if shown is not None:
            return start + (shown - wall)
    return None


def closing_in(windows: Sequence[CallingWindow], zone: ZoneInfo, at: datetime, until: datetime) -> datetime:
    """The first instant in ``[at, until)`` at which none of the windows is open in this zone; ``until`` if none."""
    for start, end in _even_stretches(zone, at, until):
        wall = wall_clock(zone, start)
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


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
