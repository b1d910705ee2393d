"""How the account's queues stand: all of them, then those that change."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import subscription
from app.api.subscriptions.events import Gap, present_gap, write_cursor
from app.api.types.event_list import event_signer
from app.api.types.queue_activity import QueueActivity
from app.events import feed
from app.events.log import EventFilter
from app.facts.event import Event
from app.facts.queues import AgentStateChanged, QueueJoined, QueueLeft, QueueOffered

#: Every event that changes who waits, who is rung, or what the agents of a queue do.
ABOUT_QUEUES: Final = EventFilter(types=(QueueJoined.type, QueueOffered.type, QueueLeft.type, AgentStateChanged.type))


@strawberry.type(
    description="All queues. When it comes, forget every queue that you had. It comes first, and again after a `Gap`. "
    "What is made, renamed or deleted later is not in it."
)
class QueueSnapshot:
    cursor: str = strawberry.field(description="The place in the log that it was read at.")
    queues: list[QueueActivity] = strawberry.field(description="All of them, as they stand now.")


@strawberry.type(
    description="Queues stand differently: a caller came or went, an agent is rung, or does something else."
)
class QueuesChanged:
    cursor: str = strawberry.field(description="The place in the log of the change.")
    queues: list[QueueActivity] = strawberry.field(description="Those that changed, whole, as they stand now.")


QueueActivityMessage = Annotated[
    QueueSnapshot | QueuesChanged | Gap,
    strawberry.union(
        "QueueActivityMessage", description="What the subscription `queueActivity` says. Expect further types."
    ),
]


def _queues_of(event: Event) -> tuple[str, ...]:
    match event.fact:
        case AgentStateChanged(queue_ids=queue_ids, queue_id=queue_id):
            return tuple({*queue_ids, *(() if queue_id is None else (queue_id,))})
        case QueueJoined(queue_id=queue_id) | QueueOffered(queue_id=queue_id) | QueueLeft(queue_id=queue_id):
            return (queue_id,)
        case _:
            return ()


@strawberry.type
class QueueActivitySubscriptions:
    @subscription(
        Scope.CALLS_READ,
        "Follow how the account's queues stand: first a `QueueSnapshot` of all, then `QueuesChanged` after each event "
        "that concerns one of them. They are read anew each time, not added up, so they cannot drift. That a queue is "
        "made, renamed or deleted is no such event: it shows with that queue's next one, or never. Subscribe again "
        "when queues were changed, or from time to time. After a disconnection, subscribe again: it begins with a new "
        "snapshot.",
    )
    async def queue_activity(self, info: Info) -> AsyncIterator[QueueActivityMessage]:
        context = info.context
        signer, standings = event_signer(context), context.services.queue_standings
        items = context.follow(info, where=ABOUT_QUEUES, is_refilled=False)
        async with aclosing(items):
            async for item in items:
                context.forget_loaded()
                match item:
                    case feed.CaughtUp():
                        cursor = write_cursor(signer, item.sequence)
                        read = await standings.read(context.account_id)
                        yield QueueSnapshot(cursor=cursor, queues=[QueueActivity.of(one) for one in read])
                    case feed.Gap():
                        yield present_gap(item, signer)
                    case _:
                        changed = _queues_of(item)
                        if changed:
                            read = await standings.read(context.account_id, changed)
                            queues = [QueueActivity.of(one) for one in read]
                            yield QueuesChanged(cursor=write_cursor(signer, item.sequence), queues=queues)
