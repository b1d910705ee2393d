"""What a test clock shows. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: So far ahead of the true time a test clock goes.
FURTHEST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """A test clock: so far ahead of the true time, since ``advanced_at`` (true); None when it shows the true time."""

    ahead: timedelta = timedelta()
    advanced_at: datetime | None = None

    def shows(self, now: datetime) -> datetime:
        """What it shows at the true instant ``now``."""
        return now + self.ahead

    def became_due(self, due_at: datetime) -> datetime:
        """The true instant since when something is due that is due at ``due_at`` by this clock.

        What the clock has jumped over became due at the jump: nobody could have been there in between, so it is not
        late.
        """
        if self.advanced_at is None:
            return due_at
        return min(due_at, max(due_at - self.ahead, self.advanced_at))


#: The clock of what is live, and of an account that has set none.
TRUE_TIME: Final = SandboxClock()
