"""Test clocks."""

from datetime import datetime
from typing import Self

import strawberry

from app.testclock.service import Shown


@strawberry.type(
    name="TestClock",
    description="The clock that callbacks and campaigns of the account's test keys go by. It shows the true time until "
    "it is advanced, and runs on from there.",
)
class SandboxClock:
    now: datetime = strawberry.field(description="What it shows.")
    ahead_seconds: float = strawberry.field(description="How far `now` is ahead of the true time; 0 when it is not.")
    advanced_at: datetime | None = strawberry.field(
        description="When it was advanced last, by the true time; null when it shows the true time."
    )

    @classmethod
    def of(cls, shown: Shown) -> Self:
        return cls(now=shown.now, ahead_seconds=shown.clock.ahead.total_seconds(), advanced_at=shown.clock.advanced_at)
