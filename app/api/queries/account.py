"""Who is calling, how the service fares, and what is known about a number."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.scalars import PhoneNumber
from app.api.types.lookup import NumberLookup
from app.api.types.system_status import SystemStatus
from app.api.types.viewer import Viewer
from app.numbers.lookup import look_up_number


@strawberry.type
class AccountQueries:
    @guarded_field(None, "Who is calling: the key of this request.")
    def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info.context.caller)

    @guarded_field(None, "How the service fares just now, for dashboards and for programs that ask before they call.")
    async def system_status(self, info: Info) -> SystemStatus:
        return SystemStatus.of(await info.context.services.system_status.read())

    @guarded_field(
        Scope.CALLS_READ,
        "What is known about a telephone number. Nothing is dialled; for "
        "`isFlaggedAsSpam` the reputation provider is asked, where there is one and it has not answered lately.",
    )
    async def number_lookup(
        self, info: Info, number: Annotated[PhoneNumber, strawberry.argument(description="The number.")]
    ) -> NumberLookup:
        caller = info.context.caller
        return NumberLookup.of(
            await look_up_number(number, default_region=caller.default_region, is_sandbox=caller.is_test),
            may_ask=True,
        )
