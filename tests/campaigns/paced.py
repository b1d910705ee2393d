"""A campaign at its pace, by what SIPp wrote down: how many calls began in each minute, and where it stood still."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from tests.campaigns.sheet import Sheet
from tests.rig.sipp import SippMessage

_MINUTE = timedelta(minutes=1)
_NEXT = """
SELECT number FROM contact
WHERE list_id = ANY($2) AND position > (SELECT min(cursor) FROM campaign_list WHERE campaign_id = $1)
ORDER BY position OFFSET $3 LIMIT 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A SIP call as its first INVITE began it, and how long it talked."""

    at: datetime
    dialled: str
    talk_seconds: float | None


def calls_of(messages: Sequence[SippMessage]) -> list[Begun]:
    """The calls of SIPp's log by Call-ID, in the order in which they began."""
    invites: dict[str, SippMessage] = {}
    acknowledged: dict[str, datetime] = {}
    left: dict[str, datetime] = {}
    for message in messages:
        if message.method == "INVITE":
            invites.setdefault(message.call_id, message)
        elif message.method == "ACK":
            acknowledged.setdefault(message.call_id, message.at)
        elif message.method == "BYE":
            left.setdefault(message.call_id, message.at)
    begun = [
        Begun(
            at=invite.at,
            dialled=invite.start_line.partition("sip:")[2].partition("@")[0],
            talk_seconds=(left[call_id] - acknowledged[call_id]).total_seconds()
            if call_id in left and call_id in acknowledged
            else None,
        )
        for call_id, invite in invites.items()
    ]
    return sorted(begun, key=lambda one: one.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """For so long the campaign ran without a pause: ``begun`` are the instants at which its calls began."""

    name: str
    begun: Sequence[datetime]

    @property
    def minutes(self) -> list[int]:
        """How many calls began in each whole minute since the first."""
        if not self.begun:
            return []
        counts = Counter((at - self.begun[0]) // _MINUTE for at in self.begun)
        whole = (self.begun[-1] - self.begun[0]) // _MINUTE
        return [counts[minute] for minute in range(whole)]

    @property
    def longest_gap(self) -> tuple[float, datetime | None]:
        """The longest time between two calls, in seconds, and when it began."""
        gaps = [((after - before).total_seconds(), before) for before, after in pairwise(self.begun)]
        return max(gaps, key=lambda gap: gap[0], default=(0.0, None))

    def faults(self, calls_per_minute: int, most_percent: float, most_gap_seconds: float) -> list[str]:
        """What is wrong with the pace, in words."""
        gap, since = self.longest_gap
        found = [
            f"{self.name}, minute {number}: {calls} calls instead of {calls_per_minute} "
            f"({(calls - calls_per_minute) * 100 / calls_per_minute:+.1f} %)"
            for number, calls in enumerate(self.minutes)
            if abs(calls - calls_per_minute) * 100 > most_percent * calls_per_minute
        ]
        if gap > most_gap_seconds:
            found.append(f"{self.name}: no call began for {gap:.2f} s from {since} on")
        return found

    def __str__(self) -> str:
        gap, since = self.longest_gap
        return (
            f"{self.name}: {len(self.begun)} calls, each whole minute {self.minutes}, longest gap {gap:.2f} s ({since})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """A number whose entry on a do-not-call list was answered for at this instant, and the one right after it."""

    number: str
    at: datetime
    neighbour: str


@dataclass(slots=True, kw_only=True)
class Forbidder:
    """Has numbers forbidden so many turns before they would be called. ``forbid`` ends once that is answered."""

    sheet: Sheet
    turns: int
    forbid: Callable[[str], Awaitable[None]]
    forbidden: list[Forbidden] = field(default_factory=list)

    async def forbid_next(self) -> None:
        """Forbid the number that comes after so many others; none is left: nothing is done."""
        rows = await self.sheet.fetch(_NEXT, self.sheet.campaign_id, self.sheet.lists, self.turns)
        if len(rows) == 2 and all(rows[0]["number"] != one.neighbour for one in self.forbidden):
            await self.forbid(rows[0]["number"])
            self.forbidden.append(
                Forbidden(number=rows[0]["number"], at=self.sheet.clock.now(), neighbour=rows[1]["number"])
            )

    def leads(self, begun: Sequence[Begun]) -> list[float]:
        """By how many seconds each was forbidden before the turn of the one after it."""
        turns: dict[str, datetime] = {}
        for one in begun:
            turns.setdefault(one.dialled, one.at)
        return [(turns[one.neighbour] - one.at).total_seconds() for one in self.forbidden if one.neighbour in turns]
