"""The account's log as a Relay connection."""

from typing import Any

from app.api.context import Context
from app.api.paging import Connection, Paging, connect, signer_of
from app.api.types.event_mapping import event_maker
from app.events.log import EventFilter
from app.paging import CursorSigner


def event_signer(context: Context) -> CursorSigner:
    """Event cursors are bound to the account alone: whatever the filter, a place in the log is a place in the log."""
    return signer_of(context, "events", None)


async def connect_events(
    context: Context,
    where: EventFilter,
    paging: Paging,
) -> Connection[Any]:
    """The events that a filter admits, oldest first."""
    account_id, signer = context.account_id, event_signer(context)
    return await connect(
        signer,
        lambda page: context.services.event_log.page(account_id, where, page),
        event_maker(context.sight, signer),
        lambda: context.services.event_log.count(account_id, where),
        paging,
    )
