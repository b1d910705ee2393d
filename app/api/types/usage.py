"""What an account may use, and what it has used."""

from collections.abc import Sequence
from datetime import date, datetime

import strawberry

from app.api.types.values import Money
from app.facts import vocabulary
from app.facts.usage import SuspendedBy
from app.facts.vocabulary import CallKind
from app.usage import service
from app.usage.deciding import Caps
from app.usage.ledger import UsageRow
from app.usage.rates import money_of


def money(micros: int, currency: str) -> Money:
    """Millionths of a currency, as GraphQL has money."""
    return Money.of(vocabulary.Money(amount=f"{money_of(micros):f}", currency=currency))


@strawberry.type(description="Caps of an account. Null is without a limit.")
class AccountCaps:
    calls_per_second: int | None = strawberry.field(description="How many calls may begin in any second.")
    concurrent_calls: int | None = strawberry.field(
        description="How many calls there may be at the same time: every leg to an outside number counts, and a call "
        "without any once. Calls that come in count nothing."
    )
    daily_spend: Money | None = strawberry.field(
        description="What the calls of a day may cost. What a call could cost at most is reserved before it is dialled."
    )

    @classmethod
    def of(cls, caps: Caps, currency: str) -> "AccountCaps":
        spend = caps.daily_spend_micros
        return cls(
            calls_per_second=caps.calls_per_second,
            concurrent_calls=caps.concurrent_calls,
            daily_spend=None if spend is None else money(spend, currency),
        )


@strawberry.type(description="What the account may use, and what it uses just now.")
class AccountLimits:
    caps: AccountCaps = strawberry.field(description="What holds.")
    granted: AccountCaps = strawberry.field(
        description="Up to where `setAccountLimits` may go: what the operator has granted."
    )
    concurrent_calls: int | None = strawberry.field(
        description="How many calls count towards `caps.concurrentCalls` just now; null where there is no such cap."
    )
    spent: Money = strawberry.field(description="What the calls of `day` that are over have cost.")
    reserved: Money = strawberry.field(description="What the calls that are under way may cost at most.")
    day: date = strawberry.field(description="Today, where the account is.")
    time_zone: str = strawberry.field(description="The account's time zone: at its midnight the day's spend begins.")
    rate_count: int = strawberry.field(description="How many prefixes have a price.")
    suspended_at: datetime | None = strawberry.field(
        description="Since when the account is suspended; null when it is not."
    )
    suspended_by: SuspendedBy | None = strawberry.field(
        description="Who suspended the account; null when it is not suspended."
    )
    suspension_reason: str | None = strawberry.field(
        description="Why the account is suspended, in the words of whoever did it; null where none were given."
    )

    @classmethod
    def of(cls, limits: service.Limits) -> "AccountLimits":
        return cls(
            caps=AccountCaps.of(limits.caps, limits.currency),
            granted=AccountCaps.of(limits.granted, limits.currency),
            concurrent_calls=None if limits.caps.concurrent_calls is None else limits.concurrent_calls,
            spent=money(limits.spent_micros, limits.currency),
            reserved=money(max(0, limits.held_micros), limits.currency),
            day=limits.day,
            time_zone=limits.time_zone,
            rate_count=limits.rates,
            suspended_at=limits.suspended_at,
            suspended_by=limits.suspended_by,
            suspension_reason=limits.suspension_reason,
        )


@strawberry.type(
    description="What calls of one kind to one country on one day came to. Every leg to an outside number is a call "
    "here."
)
class UsageLine:
    day: date = strawberry.field(description="The day, where the account is.")
    kind: CallKind = strawberry.field(description="What kind of call.")
    country: str | None = strawberry.field(
        description="The destination's country, ISO 3166-1 alpha-2; null for calls to nobody outside, and for calls "
        "that came in."
    )
    call_count: int = strawberry.field(description="How many there were.")
    answered_count: int = strawberry.field(description="How many of them were answered.")
    seconds: float = strawberry.field(description="How long they lasted in all, each from its answer to its end.")
    cost: Money = strawberry.field(description="What they cost.")

    @classmethod
    def of(cls, row: UsageRow) -> "UsageLine":
        return cls(
            day=row.day,
            kind=row.kind,
            country=row.country or None,
            call_count=row.calls,
            answered_count=row.answered,
            seconds=row.milliseconds / 1000,
            cost=money(row.cost_micros, row.currency),
        )


@strawberry.type(description="The account's ledger over some days.")
class Usage:
    lines: list[UsageLine] = strawberry.field(description="By day, kind and country.")
    call_count: int = strawberry.field(description="Calls in all.")
    seconds: float = strawberry.field(description="Seconds in all.")
    costs: list[Money] = strawberry.field(description="Costs in all, one amount for each currency.")

    @classmethod
    def of(cls, rows: Sequence[UsageRow]) -> "Usage":
        currencies = sorted({row.currency for row in rows})
        return cls(
            lines=[UsageLine.of(row) for row in rows],
            call_count=sum(row.calls for row in rows),
            seconds=sum(row.milliseconds for row in rows) / 1000,
            costs=[
                money(sum(row.cost_micros for row in rows if row.currency == currency), currency)
                for currency in currencies
            ],
        )
