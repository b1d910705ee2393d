"""Which numbers the account may call."""

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.destinations import DestinationPolicy


@strawberry.type
class DestinationQueries:
    @guarded_field(Scope.ROUTING, "Which numbers the account may call.")
    async def destination_policy(self, info: Info) -> DestinationPolicy:
        return DestinationPolicy.of(await info.context.services.routing.policies.read(info.context.account_id))
