"""A call's own time: it runs on evenly, however the machine's clock is set meanwhile."""

from datetime import datetime, timedelta
from typing import Final

from app.clock import Clock

#: Beyond this an instant told by Asterisk is its clock's fault, and ours is used.
LARGEST_SKEW_SECONDS: Final = 60.0
_LARGEST_SKEW: Final = timedelta(seconds=LARGEST_SKEW_SECONDS)


class CallTime:
    """The clock's instant at the beginning, and from there on as many seconds more as have truly passed.

    A step of the machine's clock would otherwise be talked seconds, which somebody pays, and every timer would be due.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_at = clock.now()
        self._began = clock.monotonic()

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self._clock.monotonic() - self._began)

    def of(self, at: datetime | None) -> datetime:
        """When something happened that Asterisk dates ``at``: as long ago as it says, where that makes sense."""
        if at is None:
            return self.now()
        # Asterisk reads the machine's clock, not ours: what both agree on is how long ago it was.
        age = self._clock.now() - at
        return self.now() - (age if timedelta() < age <= _LARGEST_SKEW else timedelta())
