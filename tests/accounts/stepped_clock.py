"""A clock that tests move by hand."""

from datetime import UTC, datetime, timedelta


class SteppedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.present = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)
        self.ticks = 1000.0

    def now(self) -> datetime:
        return self.present

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)
        self.ticks += seconds
