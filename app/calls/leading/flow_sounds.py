"""A flow's texts and files, as `app.speech` makes them."""

import dataclasses
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from app.errors import Problem, RefusedError
from app.flows.announcement import Announcement, check_announcement
from app.flows.steps import FilledTemplate, PlayFile, PlaySpeech
from app.speech.audio_files import AudioFiles
from app.speech.engine import SpeechUnavailableError
from app.speech.model import Speech, VoiceSettings
from app.speech.speaker import Speaker
from app.speech.templates import AnnouncementTemplates
from app.speech.texts import check_text
from app.speech.words import EngineType, Pitch, Rate, Volume

_log = structlog.get_logger(__name__)


class SecretVoice(Protocol):
    """Speaks what stands nowhere in a call: `app.otps.voice`."""

    async def speak(self, account_id: str, secret_id: str) -> str:
        """In Asterisk's words. Raises OffhookError: it cannot be spoken, or nobody has to hear it any more."""
        ...


@dataclass(frozen=True, slots=True)
class FlowSounds:
    """What is spoken and what was uploaded. Raises OffhookError, as these do."""

    speaker: Speaker
    audio_files: AudioFiles
    templates: AnnouncementTemplates
    secrets: "SecretVoice | None" = None

    async def speak(self, account_id: str, speech: PlaySpeech) -> str:
        """A text, or a template that is filled now."""
        if speech.template is not None:
            return await self.speaker.render(account_id, await self._fill(account_id, speech, speech.template))
        return await self.speaker.render(account_id, Speech(text=speech.text, settings=_settings_of(speech)))

    async def check_speech(self, speech: PlaySpeech) -> None:
        """Whether such a text can be spoken, and there is such a voice; for what is kept, and spoken later.

        Raises:
            RefusedError: INVALID_INPUT at ``text``; NOT_FOUND, SPEECH_NOT_SUPPORTED, INVALID_INPUT for the voice.
        """
        problems = check_text(speech.text, "text")
        if problems:
            raise RefusedError(problems)
        settings = _settings_of(speech)
        if settings == VoiceSettings():
            return
        try:
            await self.speaker.check(settings)
        except SpeechUnavailableError as error:
            # Nobody can say just now. What is kept may well be spoken when it is needed.
            _log.warning("voice_not_checked", voice=speech.voice, reason=error.message)

    async def open_file(self, account_id: str, audio_file_id: str) -> str:
        """A file."""
        return await self.audio_files.media_of(account_id, audio_file_id)

    async def speak_secret(self, account_id: str, secret_id: str) -> str:
        """A one-time password's announcement."""
        if self.secrets is None:
            raise RefusedError(Problem("NOT_FOUND", "Nobody here speaks one-time passwords."))
        return await self.secrets.speak(account_id, secret_id)

    async def settle(self, account_id: str, announcement: Announcement, *field: str) -> Announcement:
        """An announcement that can be said just now, with its template's text in it: what becomes of the template later
        is nothing to the call. ``field`` is where it stands in an input.

        Raises:
            RefusedError: REQUIRED, INVALID_INPUT, NOT_FOUND, FIELD_MISSING, SPEECH_NOT_SUPPORTED.
            SpeechUnavailableError: nobody can say whether there is such a voice.
        """
        problems = check_announcement(announcement, *field)
        if problems:
            raise RefusedError(problems)
        try:
            return msgspec.structs.replace(announcement, sound=await self._settle_sound(account_id, announcement.sound))
        except RefusedError as refused:
            raise RefusedError([_under(one, field) for one in refused.problems]) from refused

    async def _settle_sound(self, account_id: str, sound: PlaySpeech | PlayFile) -> PlaySpeech | PlayFile:
        if isinstance(sound, PlayFile):
            await self.audio_files.media_of(account_id, sound.audio_file_id)
            return sound
        if sound.template is None:
            problems = check_text(sound.text, "text")
            if problems:
                raise RefusedError(problems)
            await self.speaker.check(_settings_of(sound))
            return sound
        speech = await self._fill(account_id, sound, sound.template)
        await self.speaker.check(speech.settings)
        settings = speech.settings
        return PlaySpeech(
            text=speech.text,
            voice=settings.voice,
            language=settings.language,
            engine_type=settings.engine_type.value,
            volume=settings.volume.value,
            rate=settings.rate.value,
            pitch=settings.pitch.value,
            is_literal=True,
        )

    async def _fill(self, account_id: str, speech: PlaySpeech, template: FilledTemplate) -> Speech:
        settings = _settings_of(speech)
        values = {pair.key: pair.value for pair in template.fields}
        if len(values) != len(template.fields):
            raise RefusedError(Problem("INVALID_INPUT", "A field is given twice.", ("fields",)))
        return await self.templates.fill(
            account_id, template.template_id, values, settings=None if settings == VoiceSettings() else settings
        )


def _settings_of(speech: PlaySpeech) -> VoiceSettings:
    return VoiceSettings(
        voice=speech.voice,
        language=speech.language,
        engine_type=EngineType(speech.engine_type or EngineType.STANDARD),
        volume=Volume(speech.volume or Volume.MEDIUM),
        rate=Rate(speech.rate or Rate.MEDIUM),
        pitch=Pitch(speech.pitch or Pitch.MEDIUM),
    )


def _under(problem: Problem, field: tuple[str, ...]) -> Problem:
    """The problem where the announcement stands; a template is named by its id there."""
    own = ("templateId",) if problem.field == ("id",) else problem.field
    return dataclasses.replace(problem, field=(*field, *own))
