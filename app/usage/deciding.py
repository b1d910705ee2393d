"""Whether an account has room for a call or leg. Pure: limits, what is in use, and what is asked for in; a verdict out.

Three caps. *Calls per second*: in no second, wherever it begins, do more calls begin. *Concurrent calls*: every leg to
an outside number is a call to the network, from before it is dialled to its end; a call without any is one. *Daily
spend*: what the day has cost, and what all that is under way could cost at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from app.errors import Problem
from app.facts.usage import Cap

SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What an account may use at most; None is without a limit. Money in millionths of its currency."""

    calls_per_second: int | None = None
    concurrent_calls: int | None = None
    daily_spend_micros: int | None = None

    def within(self, granted: "Caps") -> "Caps":
        """The tighter of both, each by each: one's own word never widens what is granted, whenever it was said."""
        return Caps(
            calls_per_second=_tighter(self.calls_per_second, granted.calls_per_second),
            concurrent_calls=_tighter(self.concurrent_calls, granted.concurrent_calls),
            daily_spend_micros=_tighter(self.daily_spend_micros, granted.daily_spend_micros),
        )


def _tighter(one: int | None, other: int | None) -> int | None:
    return min((cap for cap in (one, other) if cap is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """What an account uses. ``begun``: when calls began within the last second, the oldest first.

    Of ``day``, ``spent_micros`` is what it has cost so far, ``held_micros`` what is reserved beyond that.
    """

    live: int = 0
    begun: tuple[datetime, ...] = ()
    day: date | None = None
    held_micros: int = 0
    spent_micros: int = 0

    def on(self, today: date) -> "InUse":
        """The same on a day: a new day has cost nothing yet."""
        if self.day == today:
            return self
        return InUse(live=self.live, begun=self.begun, day=today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: so many calls to begin (0 or 1), places among the concurrent ones, and money at most."""

    begins: int = 1
    places: int = 1
    micros: int = 0
    unpriced: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Reached:
    """A cap that is in the way; with ``retry_after`` waiting so long helps. ``kind`` None: a number has no price."""

    kind: Cap | None
    most: int = 0
    in_use: int = 0
    retry_after: timedelta | None = None


def decide(caps: Caps, used: InUse, wanted: Wanted, now: datetime, today: date) -> InUse | Reached:
    """What is in use once this is taken, or the first cap in its way."""
    used = used.on(today)
    if wanted.unpriced and caps.daily_spend_micros is not None:
        return Reached(None)
    begun = tuple(at for at in used.begun if at > now - SECOND)
    most = caps.calls_per_second
    if wanted.begins and most is not None and len(begun) + wanted.begins > most:
        # Where none may begin at all, waiting does not help.
        free_at = begun[len(begun) + wanted.begins - most - 1] + SECOND if most >= wanted.begins else None
        return Reached(Cap.CALLS_PER_SECOND, most, len(begun), None if free_at is None else free_at - now)
    most = caps.concurrent_calls
    if wanted.places and most is not None and used.live + wanted.places > most:
        return Reached(Cap.CONCURRENT_CALLS, most, used.live)
    most = caps.daily_spend_micros
    bound = used.spent_micros + used.held_micros
    if wanted.micros and most is not None and bound + wanted.micros > most:
        return Reached(Cap.DAILY_SPEND, most, bound)
    return InUse(
        live=used.live + wanted.places,
        begun=(*begun, *[now] * wanted.begins) if caps.calls_per_second is not None else (),
        day=today,
        held_micros=used.held_micros + wanted.micros,
        spent_micros=used.spent_micros,
    )


def read_instants(numbers: Sequence[int]) -> tuple[datetime, ...]:
    """When calls began, as the row of counters has it: microseconds since 1970."""
    return tuple(_EPOCH + one * _MICROSECOND for one in numbers)


def write_instants(instants: Sequence[datetime]) -> list[int]:
    """The other way round."""
    return [(at - _EPOCH) // _MICROSECOND for at in instants]


def problem_of(reached: Reached, currency: str, fields: Sequence[str] = ()) -> Problem:
    """The cap in the way, for the caller."""
    match reached.kind:
        case Cap.CALLS_PER_SECOND:
            seconds = None if reached.retry_after is None else max(0.001, reached.retry_after.total_seconds())
            message = f"The account may begin {reached.most} calls a second, and has. Try again in a moment."
            return Problem("RATE_LIMITED", message, tuple(fields), retry_after_seconds=seconds)
        case Cap.CONCURRENT_CALLS:
            message = (
                f"The account may have {reached.most} calls at the same time, and has {reached.in_use}. Every leg to "
                "an outside number counts. Hang up others, or ask the operator for more."
            )
            return Problem("CONCURRENT_CALLS_REACHED", message, tuple(fields))
        case Cap.DAILY_SPEND:
            message = (
                f"The call could cost more than is left of the account's daily spend ({reached.most / 1_000_000:.2f} "
                f"{currency}). A shorter maxDurationSeconds reserves less; the cap starts anew at midnight."
            )
            return Problem("SPEND_CAP_REACHED", message, tuple(fields))
        case None:
            message = "The account has a daily spend cap, and no price for this destination, so it cannot be called."
            return Problem("DESTINATION_NOT_PRICED", message, tuple(fields))
