"""What a wall clock shows, and the instant that it stands for.

**A local time that stands for one instant** (a campaign's start and end, a callback) follows the API's own rule: in the
gap it is moved on by the gap's length (02:30 becomes 03:30), and of two it means the first.
"""

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.facts.vocabulary import Words
from app.hours.zones import zone_of


class LocalTime(Words, frozen=True, kw_only=True):
    """What a wall clock shows (naive) in an IANA zone. Kept as given: the zone's rules may change before it comes."""

    date_time: datetime
    time_zone: str


class Resolution(StrEnum):
    """How a local time became an instant: it is one; the clocks leave it out; it comes twice."""

    EXACT = "EXACT"
    MOVED_ON = "MOVED_ON"
    FIRST_OF_TWO = "FIRST_OF_TWO"


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
    if wall_clock(zone, instant) != local.date_time.replace(fold=0):
        return instant, Resolution.MOVED_ON
    is_one = here.utcoffset() == here.replace(fold=1).utcoffset()
    return instant, Resolution.EXACT if is_one else Resolution.FIRST_OF_TWO


def wall_clock(zone: ZoneInfo, at: datetime) -> datetime:
    """What the clock on the wall shows there (naive)."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
