"""The event log."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.filters import EventFilterInput, read_event_filter
from app.api.paging import After, Before, Connection, First, Last, Paging
from app.api.types.event import Event
from app.api.types.event_list import connect_events, event_signer
from app.api.types.event_mapping import event_maker


@strawberry.type
class EventQueries:
    @guarded_field(Scope.CALLS_READ, "One event; null when there is none.")
    async def event(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The event's id.")],  # noqa: A002  # the argument's public name
    ) -> Event | None:
        context = info.context
        found = await context.services.event_log.get(context.account_id, id)
        return None if found is None else event_maker(context.sight, event_signer(context))(found)

    @guarded_field(
        Scope.CALLS_READ,
        "The account's event log, oldest first. To follow it, give the last cursor to the subscription of "
        "the same name.",
    )
    async def events(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002
            EventFilterInput | None, strawberry.argument(description="Which of them; all by default.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Event]:
        return await connect_events(info.context, read_event_filter(filter), Paging(first, after, last, before))
