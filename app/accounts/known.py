"""A small memory of credentials that were valid a moment ago."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class KnownKeys(Generic[T]):
    """At most ``size`` values, each for ``seconds``; the least recently used goes first.

    For ``stale_seconds`` more a value is kept for those who cannot ask the database.

    ``generation`` counts the calls of `forget` and `age`: what was read from the database before a revocation must not
    be remembered after it.
    """

    def __init__(
        self, seconds: float, size: int, monotonic: Callable[[], float], *, stale_seconds: float = 0.0
    ) -> None:
        self._seconds = seconds
        self._stale_seconds = stale_seconds
        self._size = size
        self._monotonic = monotonic
        self._values: OrderedDict[bytes, tuple[float, T]] = OrderedDict()
        self.generation = 0

    def find(self, hashed: bytes) -> T | None:
        found = self._values.get(hashed)
        if found is None:
            return None
        until, value = found
        if self._monotonic() >= until:
            return None
        self._values.move_to_end(hashed)
        return value

    def find_stale(self, hashed: bytes) -> T | None:
        """A value that was valid when the database was last asked, not too long ago."""
        until, value = self._values.get(hashed, (0.0, None))
        return value if self._monotonic() < until + self._stale_seconds else None

    def remember(self, hashed: bytes, value: T, generation: int) -> None:
        """Keep a value that was read when ``generation`` was the present one; older ones are left out."""
        if generation != self.generation:
            return
        self._values[hashed] = (self._monotonic() + self._seconds, value)
        self._values.move_to_end(hashed)
        while len(self._values) > self._size:
            self._values.popitem(last=False)

    def drop(self, hashed: bytes) -> None:
        """Know nothing more of one value, not even as a stale one: the database has said that it is not valid."""
        self._values.pop(hashed, None)

    def forget(self, is_meant: Callable[[T], bool]) -> None:
        """Know nothing more of these values, not even as stale ones."""
        for hashed in [hashed for hashed, (_, value) in self._values.items() if is_meant(value)]:
            del self._values[hashed]
        self.generation += 1

    def age(self) -> None:
        """Keep every value as a stale one alone, as of now."""
        now = self._monotonic()
        for hashed, (until, value) in self._values.items():
            self._values[hashed] = (min(until, now), value)
        self.generation += 1
