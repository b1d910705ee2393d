"""Facts about what an account may use, and whether it may do anything at all."""

from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Money


class Cap(StrEnum):
    """A cap of an account."""

    CALLS_PER_SECOND = "CALLS_PER_SECOND"
    CONCURRENT_CALLS = "CONCURRENT_CALLS"
    DAILY_SPEND = "DAILY_SPEND"


class SuspendedBy(StrEnum):
    """Who has suspended an account."""

    OPERATOR = "OPERATOR"
    ACCOUNT = "ACCOUNT"


class UsageLimitReached(Fact, frozen=True, kw_only=True):
    """A cap of the account has kept something from being dialled: told once a minute, of the daily spend once a day."""

    type = "usage.limit_reached"
    limit: Cap
    most: int | None = None
    most_spend: Money | None = None


class AccountSuspended(Fact, frozen=True, kw_only=True):
    """The account is suspended: nothing is dialled for it. ``ends_calls``: its live calls are hung up as well."""

    type = "account.suspended"
    suspended_by: SuspendedBy
    ends_calls: bool
    reason: str | None = None


class AccountResumed(Fact, frozen=True, kw_only=True):
    """The account is no longer suspended."""

    type = "account.resumed"
