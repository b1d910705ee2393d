"""Limits, the kill switch, and many calls hung up at once."""

from typing import Annotated, cast

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.filters import CallFilterInput, read_call_filter, refuse_empty_lists
from app.api.mutations.changes import read_given
from app.api.types.problem import Payload
from app.api.types.usage import AccountLimits
from app.reaching.hanging_up import MOST_CALLS
from app.usage.rates import read_money
from app.usage.service import LimitChanges
from app.usage.suspension import LONGEST_REASON


@strawberry.input(description="Limits that are to change. What is left out stays; null is back to what is granted.")
class SetAccountLimitsInput:
    calls_per_second: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many calls may begin in any second."
    )
    concurrent_calls: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many calls there may be at the same time."
    )
    daily_spend: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What the calls of a day may cost, in the account's currency: a decimal number such as `25.50`.",
    )


@strawberry.type(description="What came of setting limits.")
class SetAccountLimitsPayload(Payload):
    account_limits: AccountLimits | None = strawberry.field(default=None, description="The limits as they are now.")


@strawberry.input(description="The account of this key is to be suspended.")
class SuspendAccountInput:
    reason: str | None = strawberry.field(
        default=None, description=f"Why, for people: at most {LONGEST_REASON} characters."
    )
    end_calls: bool = strawberry.field(
        default=False,
        description="Hang up all of its live calls. Otherwise those that talk go on until somebody hangs up, and only "
        "those that are being set up end.",
    )


@strawberry.type(description="What came of suspending the account.")
class SuspendAccountPayload(Payload):
    account_limits: AccountLimits | None = strawberry.field(default=None, description="The account as it is now.")
    ended_call_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The calls that are ending for it."
    )


@strawberry.input(description="The account of this key is to be resumed.")
class ResumeAccountInput:
    reason: str | None = strawberry.field(
        default=None, description=f"Why, for the audit log: at most {LONGEST_REASON} characters."
    )


@strawberry.type(description="What came of resuming the account.")
class ResumeAccountPayload(Payload):
    account_limits: AccountLimits | None = strawberry.field(default=None, description="The account as it is now.")


@strawberry.input(description="Live calls to be hung up.")
class HangupCallsInput:
    filter: CallFilterInput = strawberry.field(
        description="Which of the live ones; an empty filter, `{}`, means all of them. An empty list in it is refused, "
        "with `INVALID_INPUT`, where elsewhere it holds for all. Dispositions admit none: no live call has one yet."
    )


@strawberry.type(description="What came of hanging up many calls.")
class HangupCallsPayload(Payload):
    call_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The calls whose end is decided by this."
    )
    failed_count: int = strawberry.field(
        default=0, description="Calls that could not be reached just now; ask again for them."
    )
    has_more: bool = strawberry.field(
        default=False, description=f"There are more than the {MOST_CALLS} oldest, which one request ends: ask again."
    )


@strawberry.type
class UsageMutations:
    @mutation(
        Scope.USAGE,
        SetAccountLimitsPayload,
        "Set the account's own limits, at once: up to what the operator has granted, never above that "
        "(`LIMIT_ABOVE_GRANT`).",
    )
    async def set_account_limits(
        self,
        info: Info,
        input: Annotated[SetAccountLimitsInput, strawberry.argument(description="The limits.")],  # noqa: A002  # GraphQL's own word
    ) -> SetAccountLimitsPayload:
        given = read_given(input, nullable=("calls_per_second", "concurrent_calls", "daily_spend"))
        if "daily_spend" in given:
            spend = given.pop("daily_spend")
            given["daily_spend_micros"] = None if spend is None else read_money(spend, ("dailySpend",))
        limits = info.context.services.usage.limits
        done = await limits.set_own(info.context.caller, cast("LimitChanges", given))
        return SetAccountLimitsPayload(account_limits=AccountLimits.of(done))

    @mutation(
        Scope.KEYS,
        SuspendAccountPayload,
        "The kill switch: from the answer on nothing is dialled for the account of this key, by whatever way, and no "
        "call comes in. Its keys can still read, and resume it; an account that the operator has suspended is refused "
        "altogether.",
    )
    async def suspend_account(
        self,
        info: Info,
        input: Annotated[SuspendAccountInput, strawberry.argument(description="How.")],  # noqa: A002
    ) -> SuspendAccountPayload:
        caller, usage = info.context.caller, info.context.services.usage
        await usage.suspensions.suspend(caller, caller.account_id, reason=input.reason, ends_calls=input.end_calls)
        ended = await usage.hangups.end_all(caller.account_id, with_talks=input.end_calls)
        limits = await usage.limits.read(caller.account_id)
        return SuspendAccountPayload(
            account_limits=AccountLimits.of(limits),
            ended_call_ids=[strawberry.ID(one) for one in ended.call_ids],
        )

    @mutation(
        Scope.KEYS,
        ResumeAccountPayload,
        "Resume the account, if it has suspended itself: `ACCOUNT_SUSPENDED` when the operator has.",
    )
    async def resume_account(
        self,
        info: Info,
        input: Annotated[ResumeAccountInput, strawberry.argument(description="Nothing that must be said.")],  # noqa: A002
    ) -> ResumeAccountPayload:
        caller, usage = info.context.caller, info.context.services.usage
        await usage.suspensions.resume(caller, caller.account_id, reason=input.reason)
        return ResumeAccountPayload(account_limits=AccountLimits.of(await usage.limits.read(caller.account_id)))

    @mutation(
        Scope.CALLS_CONTROL,
        HangupCallsPayload,
        f"End live calls, up to {MOST_CALLS} at once, the oldest first.",
    )
    async def hangup_calls(
        self,
        info: Info,
        input: Annotated[HangupCallsInput, strawberry.argument(description="Which calls.")],  # noqa: A002
    ) -> HangupCallsPayload:
        context = info.context
        refuse_empty_lists(input.filter)
        where = read_call_filter(input.filter, context.caller)
        done = await context.services.usage.hangups.hang_up(context.caller, where)
        return HangupCallsPayload(
            call_ids=[strawberry.ID(one) for one in done.call_ids], failed_count=done.failed, has_more=done.has_more
        )
