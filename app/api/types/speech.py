"""Voices, announcement templates, uploads and sound files."""

from datetime import datetime
from typing import Self

import strawberry

from app.api.types.node import Node
from app.speech import model
from app.speech.words import AudioFormat, Engine, EngineType, Gender, Pitch, Rate, Volume


@strawberry.type(description="A voice that texts can be spoken with.")
class Voice:
    id: strawberry.ID = strawberry.field(description="What `voice: {id}` takes.")
    engine: Engine = strawberry.field(description="Who speaks.")
    name: str = strawberry.field(description="Its name.")
    language_codes: list[str] = strawberry.field(description="What it speaks, its own language first: BCP 47 tags.")
    gender: Gender = strawberry.field(description="How it sounds.")
    engine_types: list[EngineType] = strawberry.field(description="In which engine types it is there.")

    @classmethod
    def of(cls, voice: model.Voice) -> Self:
        return cls(
            id=strawberry.ID(voice.id),
            engine=voice.engine,
            name=voice.name,
            language_codes=list(voice.languages),
            gender=voice.gender,
            engine_types=list(voice.engine_types),
        )


@strawberry.type(description="How a text is spoken.")
class VoiceSettings:
    id: strawberry.ID | None = strawberry.field(description="The voice; null is the language's first.")
    language_code: str | None = strawberry.field(description="The language; null is the voice's own, or en-US.")
    engine_type: EngineType = strawberry.field(description="How speech is made.")
    volume: Volume = strawberry.field(description="How loud.")
    rate: Rate = strawberry.field(description="How fast.")
    pitch: Pitch = strawberry.field(description="How high.")

    @classmethod
    def of(cls, settings: model.VoiceSettings) -> Self:
        return cls(
            id=None if settings.voice is None else strawberry.ID(settings.voice),
            language_code=settings.language,
            engine_type=settings.engine_type,
            volume=settings.volume,
            rate=settings.rate,
            pitch=settings.pitch,
        )


@strawberry.type(description="A text with `{field}`s that are filled when it is spoken.")
class AnnouncementTemplate(Node):
    name: str = strawberry.field(description="The name.")
    text: str = strawberry.field(description="The text.")
    fields: list[str] = strawberry.field(description="The fields in it, each once, in their order.")
    voice: VoiceSettings = strawberry.field(description="How it is spoken.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")

    @classmethod
    def of(cls, template: model.AnnouncementTemplate) -> Self:
        return cls(
            id=strawberry.ID(template.id),
            name=template.name,
            text=template.text,
            fields=list(template.fields),
            voice=VoiceSettings.of(template.settings),
            created_at=template.created_at,
            updated_at=template.updated_at,
        )


@strawberry.type(description="A sound file of the account's, ready to be played.")
class AudioFile(Node):
    name: str = strawberry.field(description="The name.")
    format: AudioFormat = strawberry.field(description="What it was when it came.")
    channels: int = strawberry.field(description="The channels it came with; what is played has one.")
    sample_rate: int = strawberry.field(description="The samples per second it came with.")
    duration_seconds: float = strawberry.field(description="How long it is.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, file: model.AudioFile) -> Self:
        return cls(
            id=strawberry.ID(file.id),
            name=file.name,
            format=file.format,
            channels=file.channels,
            sample_rate=file.sample_rate,
            duration_seconds=file.duration_seconds,
            created_at=file.created_at,
        )


@strawberry.type(description="An address that takes one file, once.")
class Upload:
    id: strawberry.ID = strawberry.field(description="What the mutation takes that uses the file.")
    url: str = strawberry.field(
        description="Absolute: `PUT` the file here, with the `Content-Type` that was announced. No key is needed. "
        "201 says that it is there."
    )
    content_type: str = strawberry.field(description="The `Content-Type` it must be put with.")
    size_bytes: int = strawberry.field(description="The size it must have.")
    expires_at: datetime = strawberry.field(description="Until when it can be put, and used.")
