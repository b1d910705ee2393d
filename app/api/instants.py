"""Input times: an instant, or what a wall clock somewhere shows; ranges of them, and how long something lasts."""

from datetime import UTC, datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import strawberry

from app.api.scalars import LocalDateTime
from app.errors import Problem, RefusedError
from app.hours.zones import zone_of


@strawberry.input(description="A wall clock's time somewhere.")
class LocalTimeInput:
    date_time: LocalDateTime = strawberry.field(description="What the clock shows.")
    time_zone: str = strawberry.field(description="Where: an IANA zone such as `Europe/Berlin`.")


@strawberry.input(
    one_of=True,
    description="A time: exactly one of the two. A local time that a change of clocks leaves out is moved on by the "
    "length of the gap (02:30 becomes 03:30); one that comes twice means the first.",
)
class TimeInput:
    at: datetime | None = strawberry.field(default=strawberry.UNSET, description="An instant.")
    local: LocalTimeInput | None = strawberry.field(
        default=strawberry.UNSET, description="A wall clock's time somewhere."
    )


@strawberry.input(description="A range of time: `from` belongs to it, `to` does not. Either may be left open.")
class TimeRangeInput:
    from_: TimeInput | None = strawberry.field(name="from", default=None, description="Where it begins.")
    to: TimeInput | None = strawberry.field(default=None, description="Where it ends.")


def read_time(given: TimeInput | None, *, field: tuple[str, ...]) -> datetime | None:
    """The instant that is meant, in UTC.

    Raises:
        RefusedError: INVALID_INPUT, there is no such zone.
    """
    if given is None:
        return None
    if isinstance(given.at, datetime):
        return given.at
    if not isinstance(given.local, LocalTimeInput):
        return None
    zone = read_zone(given.local.time_zone, field=field)
    # fold=0: in a gap the offset before it, which moves the time on; of two, the first.
    try:
        return given.local.date_time.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError as error:
        raise RefusedError(Problem("INVALID_INPUT", "This time lies outside the calendar.", field)) from error


def read_zone(name: str, *, field: tuple[str, ...]) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        RefusedError: INVALID_INPUT, there is no such zone.
    """
    try:
        return zone_of(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # ValueError and OSError: names such as "../etc" or "Europe", which are paths to zoneinfo.
        problem = Problem("INVALID_INPUT", "There is no such time zone; use a name such as Europe/Berlin.", field)
        raise RefusedError(problem) from error


def read_range(given: TimeRangeInput | None, *, field: tuple[str, ...]) -> tuple[datetime | None, datetime | None]:
    """Beginning and end of a range; either may be None.

    Raises:
        RefusedError: INVALID_INPUT, there is no such zone, or it ends before it begins.
    """
    if given is None:
        return None, None
    start, end = read_time(given.from_, field=(*field, "from")), read_time(given.to, field=(*field, "to"))
    if start is not None and end is not None and end < start:
        raise RefusedError(Problem("INVALID_INPUT", "The range ends before it begins.", field))
    return start, end


def read_seconds(seconds: float, *, field: tuple[str, ...]) -> timedelta:
    """A length of time; how long it may be is for those who use it to say.

    Raises:
        RefusedError: INVALID_INPUT, it is no number, or of thousands of years.
    """
    if not isfinite(seconds) or abs(seconds) > timedelta.max.total_seconds() / 2:
        raise RefusedError(Problem("INVALID_INPUT", "Give a number of seconds.", field))
    return timedelta(seconds=seconds)
