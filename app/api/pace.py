"""How fast a peer may send: so many at once, and so many a second after that."""

from collections.abc import Callable
from time import monotonic as system_monotonic


class Pace:
    """Counts what comes. A peer that was quiet for a while may send ``at_once`` again."""

    __slots__ = ("_at", "_at_once", "_left", "_monotonic", "_per_second")

    def __init__(self, *, at_once: float, per_second: float, monotonic: Callable[[], float] = system_monotonic) -> None:
        self._at_once = at_once
        self._per_second = per_second
        self._monotonic = monotonic
        self._left, self._at = at_once, monotonic()

    def admits_one(self) -> bool:
        """Count one more; False when it came too fast."""
        now = self._monotonic()
        self._left = min(self._at_once, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
