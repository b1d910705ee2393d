"""The events of DNC lists."""

import strawberry

from app.api.types.event import Event
from app.api.types.values import Party
from app.contacts.words import DncSource


@strawberry.type(
    description="`dnc.entry_added`: a number is on a DNC list from now on: by the API, or because its owner wished so "
    "in a call. An import tells it of its whole file alone, as `job.finished`."
)
class DncEntryAddedEvent(Event):
    list_id: strawberry.ID = strawberry.field(description="The list.")
    party: Party = strawberry.field(description="The number.")
    source: DncSource = strawberry.field(description="How it came onto the list.")
    reason: str | None = strawberry.field(description="Why.")
    call_id: strawberry.ID | None = strawberry.field(description="The call in which it was wished.")
