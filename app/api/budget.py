"""How many points each caller may spend: a purse for each key, filled evenly, and full after a minute of rest.

Purses are of this process: with several processes behind one address a key has that many times as much.
"""

from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from time import monotonic as system_monotonic
from typing import Final

from app.errors import RateLimitedError

POINTS_PER_MINUTE: Final = 1_000_000
_MOST_CALLERS: Final = 10_000
_MINUTE_SECONDS: Final = 60.0
#: Who shows no key can read the schema alone, and pays from the purse of the address.
_STRANGERS_SHARE: Final = 0.1


class Introspection(StrEnum):
    """Who may read the schema from the service; it is a file of the documentation for everybody."""

    ANYONE = "anyone"
    SCOPE = "scope"
    NOBODY = "nobody"


class Budget:
    """The purses of all callers. The longest unused are forgotten first, which fills them."""

    def __init__(self, points_per_minute: int, *, monotonic: Callable[[], float] = system_monotonic) -> None:
        self._points_per_minute = points_per_minute
        self._monotonic = monotonic
        self._purses: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, caller: str, points: int, *, is_stranger: bool = False) -> int:
        """Take points from the caller's purse; gives what is left.

        Raises:
            RateLimitedError: there are not as many; none were taken.
        """
        most = self._points_per_minute * (_STRANGERS_SHARE if is_stranger else 1)
        now = self._monotonic()
        left, at = self._purses.get(caller, (most, now))
        left = min(most, left + (now - at) * most / _MINUTE_SECONDS)
        if left < points:
            # One operation may cost more than a small purse holds: then the full one is what is waited for.
            whose = "This address's" if is_stranger else "This key's"
            wait = (min(points, most) - left) * _MINUTE_SECONDS / most
            if left < most:
                raise RateLimitedError(
                    f"{whose} points are spent: the operation costs {points}, {int(left)} are left of "
                    f"{int(most)} a minute.",
                    retry_after_seconds=max(1.0, round(wait, 1)),
                )
        self._purses[caller] = (max(0.0, left - points), now)
        self._purses.move_to_end(caller)
        if len(self._purses) > _MOST_CALLERS:
            self._purses.popitem(last=False)
        return int(max(0.0, left - points))
