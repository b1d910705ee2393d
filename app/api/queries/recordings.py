"""Recordings."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.filters import RecordingFilterInput, read_recording_filter
from app.api.paging import After, Before, Connection, First, Last, Paging, connect_filtered
from app.api.types.recording import Recording


@strawberry.type
class RecordingQueries:
    @guarded_field(Scope.RECORDINGS_READ, "One recording; null when there is none.")
    async def recording(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The recording's id.")],  # noqa: A002  # the argument's public name
    ) -> Recording | None:
        found = await info.context.loaders.recording.load(id)
        return None if found is None else Recording.of(found, info.context.sight)

    @guarded_field(Scope.RECORDINGS_READ, "The account's recordings, newest first.")
    async def recordings(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002
            RecordingFilterInput | None, strawberry.argument(description="Which of them; all by default.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Recording]:
        context = info.context
        queries = context.services.recordings
        return await connect_filtered(
            context,
            "recordings",
            read_recording_filter(filter, context.caller),
            load=queries.page,
            count=queries.count,
            make=Recording.of,
            paging=Paging(first, after, last, before),
        )
