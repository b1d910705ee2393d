"""When to try again, and when to give up: pure."""

import email.utils
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

#: An endpoint may ask for a pause, but not for one that outlasts the longest wait of the schedule's default.
LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
_JITTER: Final = 0.2
_HEEDED: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Schedule:
    """The waits before each attempt, in seconds; the first is before the first attempt, mostly 0."""

    waits: Sequence[float]

    def __post_init__(self) -> None:
        if not self.waits:
            raise ValueError("a schedule has at least one attempt")

    @property
    def attempts(self) -> int:
        """How many attempts a delivery gets."""
        return len(self.waits)

    @property
    def first_wait(self) -> timedelta:
        """From the event to the first attempt."""
        return timedelta(seconds=self.waits[0])

    def is_exhausted(self, attempts: int) -> bool:
        """Whether this many failed attempts are all there are."""
        return attempts >= len(self.waits)

    def next_attempt_at(self, attempts: int, now: datetime, *, retry_after: timedelta | None = None) -> datetime:
        """When the attempt after the ``attempts``-th is due: the schedule's wait ±20 %.

        The jitter keeps an endpoint that comes back from meeting everything at once. A longer ``Retry-After`` is
        honoured; a shorter one does not hurry the schedule, or its attempts would be used up within minutes.
        """
        wait = timedelta(seconds=self.waits[attempts])
        spread = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # spreads load, guards nothing
        return now + max(wait * spread, retry_after or timedelta())


def read_retry_after(status: int, value: str | None, now: datetime) -> timedelta | None:
    """The pause that a 429 or 503 asks for (RFC 9110 10.2.3: seconds or a date), or None."""
    if status not in _HEEDED or value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Longer texts of digits are no seconds anybody means, and overflow a timedelta.
        pause = timedelta(seconds=int(text)) if len(text) <= 9 else LONGEST_RETRY_AFTER  # noqa: PLR2004  # see above
    else:
        try:
            until = email.utils.parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None  # not a date either: as if it were absent
        if until.tzinfo is None:  # "-0000" parses without a zone; HTTP dates are always GMT
            until = until.replace(tzinfo=UTC)
        pause = until - now
    return min(max(pause, timedelta()), LONGEST_RETRY_AFTER)
