"""The tables of speech as shelves, and how their rows become what ``model`` says."""

from typing import Any, Final

import asyncpg

from app.resources.shelf import Shelf
from app.speech.model import AnnouncementTemplate, AudioFile, VoiceSettings
from app.speech.texts import fields_of
from app.speech.words import AudioFormat, EngineType, Pitch, Rate, Volume


def _read_template(row: asyncpg.Record) -> AnnouncementTemplate:
    return AnnouncementTemplate(
        id=row["id"],
        name=row["name"],
        text=row["text"],
        fields=fields_of(row["text"]),
        settings=VoiceSettings(
            voice=row["voice"],
            language=row["language"],
            engine_type=EngineType(row["engine_type"]),
            volume=Volume(row["volume"]),
            rate=Rate(row["rate"]),
            pitch=Pitch(row["pitch"]),
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _read_audio_file(row: asyncpg.Record) -> AudioFile:
    values: dict[str, Any] = dict(row)
    values["format"] = AudioFormat(values["format"])
    return AudioFile(**values)


def settings_columns(settings: VoiceSettings) -> dict[str, object]:
    """How a row keeps a voice's settings."""
    return {
        "voice": settings.voice,
        "language": settings.language,
        "engine_type": settings.engine_type.value,
        "volume": settings.volume.value,
        "rate": settings.rate.value,
        "pitch": settings.pitch.value,
    }


TEMPLATES: Final = Shelf(
    table="announcement_template",
    noun="announcement template",
    columns=(
        *("id", "name", "text", "voice", "language", "engine_type", "volume", "rate", "pitch"),
        *("created_at", "updated_at"),
    ),
    read=_read_template,
)
AUDIO_FILES: Final = Shelf(
    table="audio_file",
    noun="audio file",
    columns=("id", "name", "format", "channels", "sample_rate", "duration_seconds", "created_at"),
    read=_read_audio_file,
)
