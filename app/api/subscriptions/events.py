"""The account's log, followed."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import field, subscription
from app.api.filters import EventFilterInput, read_event_filter
from app.api.types.event import Event
from app.api.types.event_list import event_signer
from app.api.types.event_mapping import event_maker
from app.events import feed
from app.events.feed import GapReason
from app.facts.event import Event as LoggedEvent
from app.facts.webhooks import WebhookTest
from app.paging import CursorSigner
from app.webhooks.model import API_VERSION, Format
from app.webhooks.payload import Shape, write_body


@strawberry.type(description="An event, as it happens or from the past that was asked for.")
class EventDelivered:
    cursor: str = strawberry.field(description="Where to go on after a disconnection: `events(after:)`.")
    event: Event = strawberry.field(description="The event.")
    told: strawberry.Private[LoggedEvent]

    @field(
        "The event as the body of a webhook, by its JSON Schema at `/schemas/events`: for programs that take webhooks "
        "where none can be delivered, as `offhook listen` does. As in webhooks, a `webhook.triggered` is the sample it "
        "stands for. Telephone numbers and pressed keys come as this credential may see them, recordings without an "
        "address. Null for what goes to one endpoint alone: a `webhook.test`."
    )
    def webhook_body(self, info: Info) -> str | None:
        if isinstance(self.told.fact, WebhookTest):
            return None
        return write_body(self.told, Shape(Format.STANDARD, API_VERSION, info.context.sight)).decode()


@strawberry.type(description="The past has been delivered; what follows is live.")
class CaughtUp:
    cursor: str = strawberry.field(description="Everything up to here has been delivered.")


@strawberry.type(
    description="You read more slowly than events came, so some were passed over. Nothing is lost: in `events` what "
    "was missed follows, from the log, and then a `CaughtUp`; in `liveCalls` a new `Snapshot` follows, in "
    "`agentActivity` a new `AgentSnapshot`, and in `queueActivity` a new `QueueSnapshot`; in "
    "`liveStatistics` the counters follow as they are, and in `callUpdated` the call."
)
class Gap:
    from_cursor: str = strawberry.field(description="The last event that you were given.")
    to_cursor: str = strawberry.field(
        description="The last event that was passed over by then; it, and all before it, follow. Do not resume from "
        "it: should the connection break before they have come, they would be lost. Keep the last `cursor` "
        "that you were given."
    )
    missed_count: int = strawberry.field(description="How many events were passed over by then.")
    reason: GapReason = strawberry.field(description="Why.")


EventMessage = Annotated[
    EventDelivered | CaughtUp | Gap,
    strawberry.union("EventMessage", description="What the subscription `events` says. Expect further types."),
]


def write_cursor(signer: CursorSigner, sequence: int) -> str:
    """The cursor of a place in the log."""
    return signer.write((sequence,))


def present_gap(gap: feed.Gap, signer: CursorSigner) -> Gap:
    """A gap in GraphQL's words."""
    return Gap(
        from_cursor=write_cursor(signer, gap.from_sequence),
        to_cursor=write_cursor(signer, gap.to_sequence),
        missed_count=gap.missed_count,
        reason=gap.reason,
    )


@strawberry.type
class EventSubscriptions:
    @subscription(
        Scope.CALLS_READ,
        "Follow the account's log: what comes after a cursor, then `CaughtUp`, then every event as it happens, in the "
        "log's order and each exactly once. Without a cursor it begins now. Keep the last cursor, and give it as "
        "`after` when you come back. A cursor that the log no longer goes back to is refused with `CURSOR_EXPIRED`, a "
        "code in the answer's `errors`: read anew what you need, and follow without it. Offhook itself deletes no "
        "events.",
    )
    async def events(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="The cursor of the last event you have; of whatever filter.")
        ] = None,
        filter: Annotated[  # noqa: A002
            EventFilterInput | None, strawberry.argument(description="Which events; all by default.")
        ] = None,
    ) -> AsyncIterator[EventMessage]:
        context = info.context
        signer = event_signer(context)
        make = event_maker(context.sight, signer)
        sequence = None if after is None else int(signer.read(after, field="after")[0])
        items = context.follow(info, after=sequence, where=read_event_filter(filter))
        async with aclosing(items):
            async for item in items:
                context.forget_loaded()
                match item:
                    case feed.CaughtUp():
                        yield CaughtUp(cursor=write_cursor(signer, item.sequence))
                    case feed.Gap():
                        yield present_gap(item, signer)
                    case _:
                        event = make(item)
                        yield EventDelivered(cursor=event.cursor, event=event, told=item)
