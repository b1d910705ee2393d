"""The one clock that domain code reads, so that days can be tested in seconds."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC. It may step, forwards and backwards."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment of no meaning, which only ever grow: for how long something took."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        return time.monotonic()
