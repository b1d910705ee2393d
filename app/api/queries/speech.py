"""Voices, announcement templates and sound files."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.speech import AnnouncementTemplate, AudioFile, Voice
from app.resources.resource import Resource


async def _connect(
    context: Context, name: str, resource: Resource[Any], make: Callable[[Any], Any], paging: Paging
) -> Connection[Any]:
    account_id = context.account_id
    return await connect(
        signer_of(context, name, None),
        lambda page: resource.page(account_id, page),
        make,
        lambda: resource.count(account_id),
        paging,
    )


@strawberry.type
class SpeechQueries:
    @guarded_field(None, "The voices that texts can be spoken with.")
    async def voices(
        self,
        info: Info,
        language_code: Annotated[
            str | None, strawberry.argument(description="Only those that speak this, or a kind of it: `en`, `en-GB`.")
        ] = None,
    ) -> list[Voice]:
        found = await info.context.services.speech.speaker.list_voices()
        wanted = (language_code or "").lower()
        return [
            Voice.of(voice)
            for voice in found
            if not wanted or any(f"{one.lower()}-".startswith(f"{wanted}-") for one in voice.languages)
        ]

    @guarded_field(Scope.ROUTING, "One announcement template; null when there is none.")
    async def announcement_template(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002
    ) -> AnnouncementTemplate | None:
        context = info.context
        found = await context.services.speech.templates.get(context.account_id, id)
        return None if found is None else AnnouncementTemplate.of(found)

    @guarded_field(Scope.ROUTING, "The account's announcement templates, oldest first.")
    async def announcement_templates(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[AnnouncementTemplate]:
        context, paging = info.context, Paging(first, after, last, before)
        templates = context.services.speech.templates
        return await _connect(context, "announcementTemplates", templates, AnnouncementTemplate.of, paging)

    @guarded_field(Scope.ROUTING, "One sound file; null when there is none.")
    async def audio_file(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002
    ) -> AudioFile | None:
        context = info.context
        found = await context.services.speech.audio_files.get(context.account_id, id)
        return None if found is None else AudioFile.of(found)

    @guarded_field(Scope.ROUTING, "The account's sound files, oldest first.")
    async def audio_files(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[AudioFile]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(context, "audioFiles", context.services.speech.audio_files, AudioFile.of, paging)
