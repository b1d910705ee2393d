"""Letting time pass for what test keys have made."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.fields import mutation
from app.api.instants import TimeInput, read_time
from app.api.mutations.inputs import KEY_CHARACTERS
from app.api.types.problem import Payload
from app.api.types.testclock import SandboxClock
from app.testclock.clock import FURTHEST_DAYS
from app.testclock.service import LONGEST_REASON

_KEY = (
    f"{KEY_CHARACTERS} New each time that time is to pass: the same key with the same input lets it pass once, and "
    "then shows the clock as it stands, with `replayed: true`. Kept for good; a refused request does not burn its key."
)


@strawberry.input(description="How far the test clock goes: exactly one of `to` and `bySeconds`.")
class AdvanceTestClockInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    to: TimeInput | None = strawberry.field(
        default=None, description="What it is to show: later than it does, as it never goes back."
    )
    by_seconds: float | None = strawberry.field(
        default=None, description=f"How many seconds are to pass. It goes at most {FURTHEST_DAYS} days ahead."
    )


@strawberry.input(description="Back to the true time.")
class ResetTestClockInput:
    reason: str | None = strawberry.field(
        default=None, description=f"Why, for the audit log: at most {LONGEST_REASON} characters."
    )


@strawberry.type
class _TestClockPayload(Payload):
    test_clock: SandboxClock | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of advancing the test clock.")
class AdvanceTestClockPayload(_TestClockPayload):
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had advanced it before; it is shown as it stands now."
    )


@strawberry.type(description="What came of resetting the test clock.")
class ResetTestClockPayload(_TestClockPayload):
    pass


@strawberry.type
class TestClockMutations:
    @mutation(
        None,
        AdvanceTestClockPayload,
        "Let time pass for the callbacks and campaigns that the account's test keys have made: those that are due then "
        "are placed now, windows open and close, a campaign's start or end comes. The clock jumps: what lies in "
        "between does not happen one after the other, and what it jumps over is due at once, and not late. Calls, "
        "records and events have the true time. For test keys, with `callbacks` or `campaigns:write`; what is live is "
        "not touched.",
    )
    async def advance_test_clock(
        self,
        info: Info,
        input: Annotated[AdvanceTestClockInput, strawberry.argument(description="How far.")],  # noqa: A002  # GraphQL's own word
    ) -> AdvanceTestClockPayload:
        shown = await info.context.services.test_clocks.advance(
            info.context.caller,
            input.idempotency_key,
            to=read_time(input.to, field=("to",)),
            by_seconds=input.by_seconds,
        )
        return AdvanceTestClockPayload(test_clock=SandboxClock.of(shown), replayed=shown.is_replayed)

    @mutation(
        None,
        ResetTestClockPayload,
        "Let the test clock show the true time again. What waits for an instant that it has shown goes on waiting for "
        "that instant. Twice is as good as once. For test keys, with `callbacks` or `campaigns:write`.",
    )
    async def reset_test_clock(
        self,
        info: Info,
        input: Annotated[ResetTestClockInput, strawberry.argument(description="Nothing that must be said.")],  # noqa: A002
    ) -> ResetTestClockPayload:
        shown = await info.context.services.test_clocks.reset(info.context.caller, reason=input.reason)
        return ResetTestClockPayload(test_clock=SandboxClock.of(shown))
