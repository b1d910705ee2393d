"""How many calls may begin now: so many a minute, and no more at once than campaign, trunk and account have room for.

A pace is a row of slots: slot n lies n x 60 / callsPerMinute seconds after the anchor, to the microsecond, so that any
whole minute since the anchor has exactly as many slots as the pace says. A dialer that comes late makes up at most half
a second's worth; what it misses beyond that (a stall, no room) is lost and never made up in a burst. In no minute do
more than ``calls_per_minute x (1 + 1/120) + 1`` calls begin.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from app.campaigns.core.words import DelayReason, PacingMode
from app.facts.vocabulary import Words

_MINUTE: Final = 60_000_000  # microseconds, in which Python's datetimes count
_SLACK: Final = 500_000
_MICROSECOND: Final = timedelta(microseconds=1)


class Pace(Words, frozen=True, kw_only=True):
    """Calls per minute (at least 1) since ``anchor``, of which slots up to ``taken`` (not itself) are used up."""

    calls_per_minute: int
    anchor: datetime
    taken: int = 0

    def slot(self, number: int) -> datetime:
        """The instant from which on the slot may be used."""
        return self.anchor + timedelta(microseconds=number * _MINUTE // self.calls_per_minute)

    @property
    def next_slot(self) -> datetime:
        """The instant from which on the next call may begin."""
        return self.slot(self.taken)


def start_pace(calls_per_minute: int, now: datetime) -> Pace:
    """A pace of which the first call may begin now.

    Raises:
        ValueError: less than one call per minute.
    """
    if calls_per_minute < 1:
        raise ValueError("a pace is at least one call per minute")
    return Pace(calls_per_minute=calls_per_minute, anchor=now)


def calls_due(pace: Pace, now: datetime) -> int:
    """How many calls may begin at this instant, as far as the pace goes."""
    pace = _caught_up(pace, now)
    return max(0, _slots_until(pace, now) - pace.taken)


def take_slots(pace: Pace, calls: int, now: datetime) -> Pace:
    """The pace after so many calls have begun at this instant.

    Raises:
        ValueError: more than are due.
    """
    pace = _caught_up(pace, now)
    if not 0 <= calls <= max(0, _slots_until(pace, now) - pace.taken):
        raise ValueError("more calls than are due")
    return Pace(calls_per_minute=pace.calls_per_minute, anchor=pace.anchor, taken=pace.taken + calls)


def resume_pace(pace: Pace, now: datetime) -> Pace:
    """The pace after a pause: nothing of it is made up, and the distance to the last call before it is kept."""
    if pace.next_slot >= now:
        return pace
    return Pace(calls_per_minute=pace.calls_per_minute, anchor=now)


def change_pace(pace: Pace, calls_per_minute: int, now: datetime) -> Pace:
    """Another number of calls per minute: the next call comes at the new distance from the last one.

    Raises:
        ValueError: less than one call per minute.
    """
    changed = start_pace(calls_per_minute, now)
    if pace.taken <= 0:
        return Pace(calls_per_minute=calls_per_minute, anchor=max(pace.next_slot, now))
    following = changed.slot(1) - changed.anchor
    return Pace(calls_per_minute=calls_per_minute, anchor=max(now, pace.slot(pace.taken - 1) + following))


def _caught_up(pace: Pace, now: datetime) -> Pace:
    """The same pace without the slots that are too long gone to be made up."""
    if (now - pace.next_slot) // _MICROSECOND <= _SLACK:
        return pace
    made_up = _SLACK * pace.calls_per_minute // _MINUTE
    return Pace(calls_per_minute=pace.calls_per_minute, anchor=now, taken=-made_up)


def _slots_until(pace: Pace, now: datetime) -> int:
    """The number of the first slot that lies after this instant."""
    passed = (now - pace.anchor) // _MICROSECOND
    # slot(n) <= passed  <=>  n * MINUTE < (passed + 1) * calls_per_minute
    return -(-(passed + 1) * pace.calls_per_minute // _MINUTE)


class LimitKind(StrEnum):
    """Whose cap on concurrent calls it is. TRUNK_DOWN: the trunk's, which takes none while it does not answer."""

    CAMPAIGN = "CAMPAIGN"
    TRUNK_DOWN = "TRUNK_DOWN"
    TRUNK = "TRUNK"
    ACCOUNT = "ACCOUNT"


class Limit(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A cap on concurrent calls, and how many there are; calls count from before they are dialled until they ended.

    Or one on calls that begin in a second, and how many did: then there is more room from ``more_at`` on by itself.
    """

    kind: LimitKind
    most: int
    in_use: int
    more_at: datetime | None = None

    @property
    def room(self) -> int:
        """How many more may begin. A cap that was lowered below what is in use ends no call."""
        return max(0, self.most - self.in_use)


class Room(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How many calls may begin, and which cap keeps it from being more; until ``more_at``, if that passes by itself."""

    calls: int
    limited_by: LimitKind | None = None
    more_at: datetime | None = None


def room_for(wanted: int, limits: Iterable[Limit]) -> Room:
    """As many of the wanted calls as every cap has room for; of equal caps the first is named."""
    tightest = min(limits, key=lambda limit: limit.room, default=None)
    if tightest is None or tightest.room >= wanted:
        return Room(calls=max(0, wanted))
    return Room(calls=tightest.room, limited_by=tightest.kind, more_at=tightest.more_at)


def delay_of(kind: LimitKind) -> DelayReason:
    """What a contact is told that this cap keeps waiting."""
    match kind:
        case LimitKind.CAMPAIGN:
            return DelayReason.CAMPAIGN_FULL
        case LimitKind.TRUNK_DOWN:
            return DelayReason.TRUNK_DOWN
        case LimitKind.TRUNK:
            return DelayReason.TRUNK_FULL
        case LimitKind.ACCOUNT:
            return DelayReason.ACCOUNT_FULL
        case _:
            assert_never(kind)


class Agents(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The agents of a campaign at an instant.

    ``idle`` are ready and talk to nobody, whether or not a call rings for them; ``busy`` talk or write up; ``asked``
    are those of the idle who asked for the contact before them to be dialled (PREVIEW), ``doubtful`` those who did not
    pick up the last time that their phone rang.
    """

    idle: int
    busy: int = 0
    asked: int = 0
    doubtful: int = 0


def calls_for_agents(mode: PacingMode, agents: Agents, in_flight: int) -> int:
    """How many calls the agents want now, where there is to be one for each (for PREDICTIVE see `predictive`).

    ``in_flight`` are calls that were dialled and are neither connected to an agent, abandoned nor ended.
    """
    match mode:
        case PacingMode.PREVIEW:
            return max(0, min(agents.asked, agents.idle - in_flight))
        case PacingMode.PROGRESSIVE | PacingMode.PREDICTIVE:
            return max(0, agents.idle - in_flight)
        case _:
            assert_never(mode)
