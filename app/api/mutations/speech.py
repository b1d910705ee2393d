"""Texts that are spoken into a call, templates of them, and sound files."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import strawberry

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes
from app.api.mutations.lead_inputs import FieldValueInput, VoiceInput, read_voice
from app.api.types.call import Call
from app.api.types.problem import DeletionPayload, Payload
from app.api.types.speech import AnnouncementTemplate, AudioFile, Upload
from app.calls.core import verbs
from app.calls.core.ending import has_ended
from app.calls.core.playing import MOST_PLAYBACKS
from app.errors import Problem, RefusedError
from app.files import uploads
from app.ids import Kind, LegId, PlaybackId, new_id
from app.speech import model, texts
from app.speech.decoder import LONGEST_SECONDS, MOST_CHANNELS
from app.speech.templates import TemplateChanges

_TEXT: Final = f"1 to {texts.LONGEST_TEXT} characters of plain text; SSML is not taken"
_MOST_FIELDS: Final = texts.MOST_FIELDS


@strawberry.input(description="A template that is to be spoken.")
class FilledTemplateInput:
    id: strawberry.ID = strawberry.field(description="The template.")
    fields: list[FieldValueInput] = strawberry.field(
        default_factory=list, description="A value for each of its fields."
    )


@strawberry.input(one_of=True, description="What is to be spoken: exactly one of these.")
class SpokenInput:
    text: str | None = strawberry.field(default=strawberry.UNSET, description=f"A text: {_TEXT}.")
    template: FilledTemplateInput | None = strawberry.field(
        default=strawberry.UNSET, description="An announcement template."
    )


@strawberry.input(description="A text to be spoken into a call.")
class SpeakInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    leg_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who is to hear it; when left out, everybody in the talk."
    )
    say: SpokenInput = strawberry.field(description="What is to be spoken.")
    voice: VoiceInput | None = strawberry.field(
        default=None, description="How; when left out, as the template says, or as the first voice for `en-US` does."
    )


@strawberry.input(description="An announcement template to be made.")
class CreateAnnouncementTemplateInput:
    name: str = strawberry.field(description="The name, 1 to 100 characters.")
    text: str = strawberry.field(
        description=f"The text, with `{{field}}`s: {_TEXT}. A field is a letter or `_`, then letters, digits and `_`, "
        f"at most {texts.LONGEST_FIELD}; a template has at most {_MOST_FIELDS}."
    )
    voice: VoiceInput | None = strawberry.field(
        default=strawberry.UNSET, description="How it is spoken. Null is refused."
    )


@strawberry.input(description="Changes of an announcement template. What is left out stays.")
class UpdateAnnouncementTemplateInput(Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name, 1 to 100 characters. Null is refused."
    )
    text: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The text, with its `{{field}}`s: {_TEXT}. Null is refused."
    )
    voice: VoiceInput | None = strawberry.field(
        default=strawberry.UNSET, description="All of how it is spoken anew. Null is refused."
    )


@strawberry.input(description="An announcement template to be deleted.")
class DeleteAnnouncementTemplateInput(Identified):
    pass


@strawberry.input(description="A file that is to be uploaded.")
class CreateUploadInput:
    content_type: str = strawberry.field(
        description="What it is, as it will be put: "
        + ", ".join(f"`{one}`" for one in sorted(uploads.CONTENT_TYPES))
        + "."
    )
    size_bytes: int = strawberry.field(
        description=f"Its exact size in bytes: 1 to {uploads.LARGEST_UPLOAD}, of a CSV file to {uploads.LARGEST_CSV}."
    )


@strawberry.input(description="A sound file to be made of an upload.")
class CreateAudioFileInput:
    upload_id: strawberry.ID = strawberry.field(description="The upload; its file must have come.")
    name: str = strawberry.field(description="The name, 1 to 100 characters.")


@strawberry.input(description="A sound file to be deleted.")
class DeleteAudioFileInput(Identified):
    pass


@strawberry.type(description="What came of a text that was to be spoken.")
class SpeakPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")
    playback_id: strawberry.ID | None = strawberry.field(
        default=None, description="The playback's id, for `stopPlayback` and as its events have it."
    )


@strawberry.type
class _TemplatePayload(Payload):
    announcement_template: AnnouncementTemplate | None = strawberry.field(
        default=None, description="As it is now; null when refused."
    )


@strawberry.type(description="What came of making an announcement template.")
class CreateAnnouncementTemplatePayload(_TemplatePayload):
    pass


@strawberry.type(description="What came of changing an announcement template.")
class UpdateAnnouncementTemplatePayload(_TemplatePayload):
    pass


@strawberry.type(description="What came of deleting an announcement template.")
class DeleteAnnouncementTemplatePayload(DeletionPayload):
    pass


@strawberry.type(description="What came of asking for an upload.")
class CreateUploadPayload(Payload):
    upload: Upload | None = strawberry.field(default=None, description="Where the file is put; null when refused.")


@strawberry.type(description="What came of making a sound file.")
class CreateAudioFilePayload(Payload):
    audio_file: AudioFile | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of deleting a sound file.")
class DeleteAudioFilePayload(DeletionPayload):
    pass


@strawberry.type
class SpeechMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        SpeakPayload,
        "Speak a text into a live call: to one leg, or to everybody. The sound is made first; when that fails, nothing "
        "is played. `playback.started`, then `playback.finished` or `playback.failed` tell what comes of it; the text "
        "is in none of them. `INVALID_STATE` when no leg is named and the call is not `CONNECTED`; the leg is not `UP` "
        f"or cannot be had just now (`LEAVING`, `DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`); {MOST_PLAYBACKS} sounds "
        "are being played already (`PLAYING`); or the call is ending or has ended, or tells a one-time password.",
    )
    async def speak(
        self,
        info: Info,
        input: Annotated[SpeakInput, strawberry.argument(description="The text.")],  # noqa: A002  # GraphQL's own word
    ) -> SpeakPayload:
        context = info.context
        await _check_call(context, input.call_id)
        speech = await _read_speech(input, context)
        with _blaming("say"):
            media = await context.services.speech.speaker.render(context.account_id, speech)
        playback_id = PlaybackId(new_id(Kind.PLAYBACK))
        leg_id = None if input.leg_id is None else LegId(input.leg_id)
        verb = verbs.Play(playback_id=playback_id, media=(media,), leg_id=leg_id)
        acted = await context.services.calls.act(context.caller, input.call_id, verb)
        return SpeakPayload(call=Call.of(acted.call, context.sight), playback_id=strawberry.ID(playback_id))

    @mutation(
        Scope.ROUTING,
        CreateAnnouncementTemplatePayload,
        "Make an announcement template. `INVALID_STATE` when the account has as many as it may (`FULL`).",
    )
    async def create_announcement_template(
        self,
        info: Info,
        input: Annotated[CreateAnnouncementTemplateInput, strawberry.argument(description="What to make.")],  # noqa: A002
    ) -> CreateAnnouncementTemplatePayload:
        values = _read_template(input, info.context)
        made = await info.context.services.speech.templates.create(info.context.caller, values)
        return CreateAnnouncementTemplatePayload(announcement_template=AnnouncementTemplate.of(made))

    @mutation(Scope.ROUTING, UpdateAnnouncementTemplatePayload, "Change an announcement template.")
    async def update_announcement_template(
        self,
        info: Info,
        input: Annotated[UpdateAnnouncementTemplateInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateAnnouncementTemplatePayload:
        values = _read_template(input, info.context)
        changed = await info.context.services.speech.templates.update(info.context.caller, input.id, values)
        return UpdateAnnouncementTemplatePayload(announcement_template=AnnouncementTemplate.of(changed))

    @mutation(
        Scope.ROUTING,
        DeleteAnnouncementTemplatePayload,
        "Delete an announcement template. `INVALID_STATE` while calls are led to it (`IN_USE`).",
    )
    async def delete_announcement_template(
        self,
        info: Info,
        input: Annotated[DeleteAnnouncementTemplateInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteAnnouncementTemplatePayload:
        await info.context.services.speech.templates.delete(info.context.caller, input.id)
        return DeleteAnnouncementTemplatePayload(deleted_id=input.id)

    @mutation(
        None,
        CreateUploadPayload,
        "Have an address made that takes one file. Its id then goes into the mutation that uses the file. A sound file "
        "needs the scope `routing`, a CSV file `contacts` or `dnc`. "
        "`INVALID_STATE` when too many are open (`FULL`).",
    )
    async def create_upload(
        self,
        info: Info,
        input: Annotated[CreateUploadInput, strawberry.argument(description="The file.")],  # noqa: A002
    ) -> CreateUploadPayload:
        services = info.context.services
        _check_upload_scope(info.context.caller, input.content_type)
        ticket = await services.speech.uploads.create(
            info.context.caller, content_type=input.content_type, size_bytes=input.size_bytes
        )
        upload = Upload(
            id=strawberry.ID(ticket.upload.id),
            url=services.public_url.rstrip("/") + ticket.path,
            content_type=ticket.upload.content_type,
            size_bytes=ticket.upload.size_bytes,
            expires_at=ticket.upload.expires_at,
        )
        return CreateUploadPayload(upload=upload)

    @mutation(
        Scope.ROUTING,
        CreateAudioFilePayload,
        f"Make a sound file of an upload: WAV, FLAC, MP3 or Ogg, at most {LONGEST_SECONDS} seconds, up to "
        f"{MOST_CHANNELS} channels, which are mixed into one. The upload is used up. "
        "`INVALID_STATE` while no file has come (`WAITING`), and when the account has as many as it may (`FULL`).",
    )
    async def create_audio_file(
        self,
        info: Info,
        input: Annotated[CreateAudioFileInput, strawberry.argument(description="What to make.")],  # noqa: A002
    ) -> CreateAudioFilePayload:
        made = await info.context.services.speech.audio_files.create(
            info.context.caller, upload_id=input.upload_id, name=input.name
        )
        return CreateAudioFilePayload(audio_file=AudioFile.of(made))

    @mutation(
        Scope.ROUTING,
        DeleteAudioFilePayload,
        "Delete a sound file. What is being played goes on. `INVALID_STATE` while calls are led to it (`IN_USE`).",
    )
    async def delete_audio_file(
        self,
        info: Info,
        input: Annotated[DeleteAudioFileInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteAudioFilePayload:
        await info.context.services.speech.audio_files.delete(info.context.caller, input.id)
        return DeleteAudioFilePayload(deleted_id=input.id)


def _check_upload_scope(caller: Principal, content_type: str) -> None:
    """Raises ScopeError: the key may do nothing with such a file."""
    if content_type not in uploads.CSV_TYPES:
        caller.require(Scope.ROUTING)
    elif not caller.has(Scope.DNC):
        caller.require(Scope.CONTACTS)


async def _check_call(context: Context, call_id: str) -> None:
    """Whether there is such a live call: nothing is spoken, and paid for, for nobody.

    Raises:
        RefusedError: NOT_FOUND; SANDBOX_ONLY; INVALID_STATE when it has ended.
    """
    call = context.services.calls.live_call(context.account_id, call_id) or await context.services.call_queries.get(
        context.account_id, call_id
    )
    if call is None:
        raise RefusedError(Problem("NOT_FOUND", "There is no such call.", ("callId",)))
    context.caller.require_sandbox(is_sandbox=call.is_sandbox, field=("callId",))
    if call.is_ended:
        raise has_ended(call)


@contextmanager
def _blaming(field: str) -> Iterator[None]:
    """The text's problems, by where the text is in the input."""
    try:
        yield
    except RefusedError as refused:
        raise RefusedError(
            [
                dataclasses.replace(one, field=(field, *one.field)) if one.field[:1] == ("text",) else one
                for one in refused.problems
            ]
        ) from refused


async def _read_speech(given: SpeakInput, context: Context) -> model.Speech:
    settings = None if given.voice is None else read_voice(given.voice)
    template = given.say.template or None
    if template is not None:
        values = {field.name: field.value for field in template.fields}
        if len(values) != len(template.fields):
            raise RefusedError(Problem("INVALID_INPUT", "A field is given twice.", ("say", "template", "fields")))
        return await context.services.speech.templates.fill(
            context.account_id, template.id, values, settings=settings, under=("say", "template")
        )
    return model.Speech(text=given.say.text or "", settings=settings or model.VoiceSettings())


def _read_template(
    given: CreateAnnouncementTemplateInput | UpdateAnnouncementTemplateInput, context: Context
) -> TemplateChanges:
    changes = read_changes(given, TemplateChanges, context)
    return {**changes, "voice": read_voice(given.voice)} if given.voice else changes
