"""The account's test clock."""

import strawberry

from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.testclock import SandboxClock


@strawberry.type
class TestClockQueries:
    @guarded_field(
        None,
        "The account's test clock; null for a live key, whose time is the true one. Takes `callbacks` or "
        "`campaigns:write`.",
    )
    async def test_clock(self, info: Info) -> SandboxClock | None:
        shown = await info.context.services.test_clocks.look(info.context.caller)
        return None if shown is None else SandboxClock.of(shown)
