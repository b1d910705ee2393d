"""The events of what an account may do."""

import strawberry

from app.api.types.event import Event
from app.api.types.values import Money
from app.facts.usage import Cap, SuspendedBy


@strawberry.type(
    description="`usage.limit_reached`: a cap of the account has kept something from being dialled. Told once a minute "
    "while it goes on; of the daily spend once a day."
)
class UsageLimitReachedEvent(Event):
    limit: Cap = strawberry.field(description="Which cap.")
    most: int | None = strawberry.field(description="What the cap is, where it counts calls.")
    most_spend: Money | None = strawberry.field(description="What the cap is, where it is money.")


@strawberry.type(description="`account.suspended`: nothing is dialled for the account from now on.")
class AccountSuspendedEvent(Event):
    suspended_by: SuspendedBy = strawberry.field(description="Who has suspended it.")
    ends_calls: bool = strawberry.field(description="Whether its live calls are hung up as well.")
    reason: str | None = strawberry.field(description="Why, in the words of whoever did it.")


@strawberry.type(description="`account.resumed`: the account is no longer suspended.")
class AccountResumedEvent(Event):
    pass
