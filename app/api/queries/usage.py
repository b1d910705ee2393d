"""What the account may use, and has used."""

from datetime import date
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.usage import AccountLimits, Usage
from app.facts.vocabulary import CallKind


@strawberry.type
class UsageQueries:
    @guarded_field(Scope.USAGE, "The account's limits, how much of them is in use, and whether it is suspended.")
    async def account_limits(self, info: Info) -> AccountLimits:
        return AccountLimits.of(await info.context.services.usage.limits.read(info.context.account_id))

    @guarded_field(
        Scope.USAGE,
        "The account's ledger: calls, seconds and costs by day, kind and country. A leg is in it from its end on.",
    )
    async def usage(
        self,
        info: Info,
        from_day: Annotated[
            date, strawberry.argument(name="from", description="The first day, where the account is: `2026-11-01`.")
        ],
        to_day: Annotated[
            date, strawberry.argument(name="to", description="The day behind the last one; at most 366 days on.")
        ],
        kinds: Annotated[
            list[CallKind] | None, strawberry.argument(description="Of these kinds; all by default.")
        ] = None,
    ) -> Usage:
        context = info.context
        return Usage.of(
            await context.services.usage.ledger.read(context.account_id, from_day, to_day, kinds=kinds or ())
        )
