"""The account's live calls: what there is, then what becomes of it."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import subscription
from app.api.subscriptions.calls import CallChanged
from app.api.subscriptions.events import Gap, present_gap, write_cursor
from app.api.types.call import Call
from app.api.types.event_list import event_signer
from app.api.types.event_mapping import event_maker
from app.events import feed
from app.events.log import EventFilter
from app.facts.calls import CallEnded
from app.facts.catalogue import FACT_TYPES

#: How many calls one part of a snapshot has at most.
CHUNK_SIZE: Final = 100

#: Every event that is about a call.
ABOUT_CALLS: Final = EventFilter(
    types=tuple(name for name, fact in FACT_TYPES.items() if "call" in fact.__struct_fields__)
)


@strawberry.type(
    description="All calls that are live, in parts. When part 1 comes, forget every call that you had; when the last "
    "part has come, you have them all. It comes first, and again after a `Gap`."
)
class Snapshot:
    cursor: str = strawberry.field(description="The place in the log that it was read at.")
    chunk: int = strawberry.field(description="Which part this is, counted from 1.")
    is_last: bool = strawberry.field(description="No further part follows; what follows are changes.")
    calls: list[Call] = strawberry.field(
        description=f"At most {CHUNK_SIZE} calls as they are now, oldest first. Empty when none is live."
    )


@strawberry.type(
    description="The call has ended: take it off the list. Its record and recordings come later than this."
)
class CallRemoved:
    cursor: str = strawberry.field(description="The place in the log of its end.")
    call_id: strawberry.ID = strawberry.field(description="The call.")
    call: Call = strawberry.field(description="The call as it is now that it has ended.")


LiveCallMessage = Annotated[
    Snapshot | CallChanged | CallRemoved | Gap,
    strawberry.union("LiveCallMessage", description="What the subscription `liveCalls` says. Expect further types."),
]


async def _take_snapshot(context: Context, cursor: str) -> AsyncIterator[Snapshot]:
    """The live calls, a page at a time. What changes between two pages is told again after them."""
    queries, account_id, sight = context.services.call_queries, context.account_id, context.sight
    number, last = 0, None
    while True:
        number += 1
        # One more than is shown tells whether there is more.
        calls = await queries.live(account_id, after=last, limit=CHUNK_SIZE + 1)
        shown, is_last = calls[:CHUNK_SIZE], len(calls) <= CHUNK_SIZE
        yield Snapshot(cursor=cursor, chunk=number, is_last=is_last, calls=[Call.of(call, sight) for call in shown])
        if is_last:
            return
        last = shown[-1]


@strawberry.type
class LiveCallSubscriptions:
    @subscription(
        Scope.CALLS_READ,
        "Follow all of the account's live calls: first a `Snapshot` of those that there are, in parts, then "
        "`CallChanged` with the whole call after each of its events, and `CallRemoved` when it has ended. What happens "
        "while a snapshot is taken is told again after it: of two tellings of a call the one with the higher "
        "`lastCallSequence` is the newer. After a disconnection, subscribe again: it begins with a new snapshot.",
    )
    async def live_calls(self, info: Info) -> AsyncIterator[LiveCallMessage]:
        context = info.context
        signer, sight = event_signer(context), context.sight
        make = event_maker(sight, signer)
        items = context.follow(info, where=ABOUT_CALLS, is_refilled=False)
        async with aclosing(items):
            async for item in items:
                context.forget_loaded()
                match item:
                    case feed.CaughtUp():
                        # Read after its place in the log was taken: what happens in between is told again.
                        async for part in _take_snapshot(context, write_cursor(signer, item.sequence)):
                            yield part
                    case feed.Gap():
                        yield present_gap(item, signer)
                    case _:
                        call = await context.services.call_queries.get(context.account_id, item.subject_id)
                        if call is None:
                            continue  # an event without its call's row: there was nothing to be live
                        cursor, shown = write_cursor(signer, item.sequence), Call.of(call, sight)
                        if isinstance(item.fact, CallEnded):
                            yield CallRemoved(cursor=cursor, call_id=shown.id, call=shown)
                        elif not call.is_ended:
                            yield CallChanged(cursor=cursor, call=shown, event=make(item))
