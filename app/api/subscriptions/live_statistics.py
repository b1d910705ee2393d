"""The account's counters, live."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final, TypeAlias

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import subscription
from app.api.instants import read_zone
from app.api.subscriptions.events import Gap, present_gap, write_cursor
from app.api.subscriptions.live_calls import ABOUT_CALLS
from app.api.types.event_list import event_signer
from app.api.types.live_statistics import LiveStatistics
from app.calls.reading.queries import LiveCount
from app.events import feed
from app.events.log import EventFilter
from app.facts.calls import CallEnded
from app.facts.event import Event
from app.facts.queues import AgentStateChanged

ABOUT_CALLS_AND_AGENTS: Final = EventFilter(types=(*ABOUT_CALLS.types, AgentStateChanged.type))

TimeZone: TypeAlias = Annotated[
    str, strawberry.argument(description="Whose midnight `today` begins at: an IANA zone such as `Europe/Berlin`.")
]


@strawberry.type(description="The counters have changed, or this is how they stand at the beginning.")
class LiveStatisticsChanged:
    cursor: str = strawberry.field(description="The place in the log that they were counted at.")
    statistics: LiveStatistics = strawberry.field(description="All of them, as they are now.")


LiveStatisticsMessage = Annotated[
    LiveStatisticsChanged | Gap,
    strawberry.union(
        "LiveStatisticsMessage", description="What the subscription `liveStatistics` says. Expect further types."
    ),
]


@strawberry.type
class LiveStatisticsSubscriptions:
    @subscription(
        Scope.CALLS_READ,
        "Follow the account's counters: at once as they are, then whenever an event has changed them. They are counted "
        "anew each time, not added up, so they cannot drift. After a disconnection, subscribe again: it begins with "
        "how they stand.",
    )
    async def live_statistics(self, info: Info, time_zone: TimeZone = "UTC") -> AsyncIterator[LiveStatisticsMessage]:
        context = info.context
        signer, zone = event_signer(context), read_zone(time_zone, field=("timeZone",))
        told: list[LiveCount] | None = None
        told_at = 0
        items = context.follow(info, where=ABOUT_CALLS_AND_AGENTS, is_refilled=False)
        async with aclosing(items):
            async for item in items:
                context.forget_loaded()
                if isinstance(item, feed.Gap):
                    yield present_gap(item, signer)
                    continue
                counts = await context.services.call_queries.count_live(context.account_id)
                is_over = isinstance(item, Event) and isinstance(item.fact, CallEnded | AgentStateChanged)
                # Counted anew for whoever has joined since: those numbers may be older than what was told just before.
                is_known = counts == told and context.has_been_told(told_at)
                if not is_known or is_over or isinstance(item, feed.CaughtUp):
                    told, told_at = counts, item.sequence
                    statistics = LiveStatistics.of(counts, context, zone)
                    yield LiveStatisticsChanged(cursor=write_cursor(signer, item.sequence), statistics=statistics)
