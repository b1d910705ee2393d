"""One call, followed until nothing more can become of it."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import subscription
from app.api.subscriptions.events import Gap, present_gap, write_cursor
from app.api.types import event as event_types
from app.api.types.call import Call
from app.api.types.event_list import event_signer
from app.api.types.event_mapping import event_maker
from app.calls.core.model.call import Call as LiveCall
from app.errors import Problem, RefusedError
from app.events import feed
from app.events.log import EventFilter
from app.facts.event import Event


@strawberry.type(description="The whole call as it is now, so that a client's cache can take it by its id.")
class CallChanged:
    cursor: str = strawberry.field(description="The place in the log that this was read at.")
    call: Call = strawberry.field(description="The call as it is now.")
    event: event_types.Event | None = strawberry.field(
        description="What changed it; null when this tells how it stands, not what happened."
    )


CallMessage = Annotated[
    CallChanged | Gap,
    strawberry.union("CallMessage", description="What the subscription `callUpdated` says. Expect further types."),
]


async def _is_told(context: Context, call: LiveCall, item: Event | feed.CaughtUp) -> bool:
    """Whether the last of a settled call's events has been told; the call was read later than the message was made."""
    if isinstance(item, Event):
        return item.call_sequence is not None and item.call_sequence >= call.sequence
    where = EventFilter(subject_id=call.id)
    log = context.services.event_log
    return not await log.read_after(item.sequence, limit=1, account_id=call.account_id, where=where)


@strawberry.type
class CallSubscriptions:
    @subscription(
        Scope.CALLS_READ,
        "Follow one call: at once as it is now, then after each of its events. Completes when the call has ended and "
        "its recordings are saved or failed. After a disconnection, subscribe again: it begins with the call as it is. "
        "There is no such call: a `NOT_FOUND` in `errors`.",
    )
    async def call_updated(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The call.")],  # noqa: A002  # the argument's public name
    ) -> AsyncIterator[CallMessage]:
        context = info.context
        signer = event_signer(context)
        make = event_maker(context.sight, signer)
        queries = context.services.call_queries
        # Followed before it is read: what happens in between is then told twice rather than not at all.
        items = context.services.feed.follow(context.account_id, where=EventFilter(subject_id=id))
        async with aclosing(items):
            async for item in items:
                context.forget_loaded()
                if isinstance(item, feed.Gap):
                    yield present_gap(item, signer)
                    continue
                call = await queries.get(context.account_id, id)
                if call is None:
                    raise RefusedError(Problem("NOT_FOUND", "There is no such call.", ("id",)))
                yield CallChanged(
                    cursor=write_cursor(signer, item.sequence),
                    call=Call.of(call, context.sight),
                    event=None if isinstance(item, feed.CaughtUp) else make(item),
                )
                if call.is_settled and await _is_told(context, call, item):
                    return
