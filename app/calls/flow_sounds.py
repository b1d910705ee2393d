"""A flow's texts and files, as `app.speech` makes them."""

from dataclasses import dataclass

from app.flows.steps import PlaySpeech
from app.speech.audio_files import AudioFiles
from app.speech.model import Speech, VoiceSettings
from app.speech.speaker import Speaker


@dataclass(frozen=True, slots=True)
class FlowSounds:
    """What is spoken and what was uploaded. Raises OffhookError, as these do."""

    speaker: Speaker
    audio_files: AudioFiles

    async def speak(self, account_id: str, speech: PlaySpeech) -> str:
        """A text."""
        settings = VoiceSettings(voice=speech.voice, language=speech.language)
        return await self.speaker.render(account_id, Speech(text=speech.text, settings=settings))

    async def open_file(self, account_id: str, audio_file_id: str) -> str:
        """A file."""
        return await self.audio_files.media_of(account_id, audio_file_id)
