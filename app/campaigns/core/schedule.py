"""When a contact may be called: the calling window in each of its zones, between the campaign's start and end.

What becomes of minutes that a change of clocks leaves out, or brings twice, ``app.hours`` tells.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from app.campaigns.core.words import DelayReason, SkipReason
from app.facts.vocabulary import Words
from app.hours.local_time import LocalTime, resolve
from app.hours.windows import CallingWindow, closing_in, next_opening

#: A week holds every weekday's window; two, and a day, so that one change of clocks cannot hide an opening.
HORIZON: Final = timedelta(days=15)
#: Windows are looked for up to here, and are all open from here on: by the clocks of some zones the calendar ends.
_LAST: Final = datetime.max.replace(tzinfo=UTC) - HORIZON - timedelta(days=2)


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


def closes_at(schedule: Schedule, zones: Sequence[str], at: datetime, until: datetime) -> datetime:
    """The first instant in ``[at, until)`` at which a contact in these zones may no more be called, ``until`` if none.

    ``at`` itself when it may not be called there.
    """
    return _closes_at(schedule, tuple(zones), at, until)


@lru_cache(maxsize=512)
def _closes_at(schedule: Schedule, zones: tuple[str, ...], at: datetime, until: datetime) -> datetime:
    ends = until if schedule.ends is None else min(until, resolve(schedule.ends)[0])
    closings = (closing_in(schedule.windows, ZoneInfo(zone), at.astimezone(UTC), ends) for zone in zones)
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
    if begin > _LAST:
        return Open() if begin == at else OpensAt(at=begin, reason=DelayReason.NOT_STARTED)
    opening = next_opening(schedule.windows, zones, begin, begin + HORIZON)
    if opening is None:
        return NeverOpens(reason=SkipReason.NO_COMMON_WINDOW)
    if ends is not None and ends <= opening:
        return NeverOpens(reason=SkipReason.WINDOW_AFTER_END)
    if opening == at:
        return Open()
    reason = DelayReason.OUTSIDE_WINDOW if begin == at else DelayReason.NOT_STARTED
    return OpensAt(at=opening, reason=reason)
