"""What is said to contacts, made ready to be kept: templates as the texts that they are now, voices that are there."""

import msgspec

from app.campaigns.checks import announcements_of, voice_of
from app.campaigns.model import AgentContent, Content, SayContent
from app.errors import Problem, RefusedError
from app.flows.steps import Announcement, PlaySpeech
from app.speech.model import VoiceSettings
from app.speech.resources import SpeechResources


async def put_in_words(speech: SpeechResources, account_id: str, content: Content) -> Content:
    """The content with its template as a text, and voices that were looked up. All else is checked elsewhere.

    Raises:
        RefusedError: NOT_FOUND, INVALID_INPUT, SPEECH_NOT_SUPPORTED.
        SpeechUnavailableError: nobody can say whether there is such a voice.
    """
    for announcement, path in announcements_of(content):
        worded = await _put_in_words(speech, account_id, announcement, path)
        if isinstance(content, SayContent):
            content = msgspec.structs.replace(content, announcement=worded)
        elif isinstance(content, AgentContent):
            content = msgspec.structs.replace(content, message=worded)
    return content


async def _put_in_words(
    speech: SpeechResources, account_id: str, announcement: Announcement, path: tuple[str, ...]
) -> Announcement:
    sound = announcement.sound
    if not isinstance(sound, PlaySpeech):
        return announcement
    if sound.template is not None and not sound.text:
        template = await speech.templates.get(account_id, sound.template.template_id)
        if template is None:
            message = "There is no such announcement template."
            raise RefusedError(Problem("NOT_FOUND", message, (*path, "templateId")))
        own = voice_of(sound)
        settings = template.settings if own == VoiceSettings() else own
        sound = PlaySpeech(
            text=template.text,
            voice=settings.voice,
            language=settings.language,
            engine_type=settings.engine_type.value,
            volume=settings.volume.value,
            rate=settings.rate.value,
            pitch=settings.pitch.value,
        )
    try:
        await speech.speaker.check(voice_of(sound))
    except RefusedError as refused:
        problems = [Problem(one.code, one.message, (*path, *one.field)) for one in refused.problems]
        raise RefusedError(problems) from refused
    return msgspec.structs.replace(announcement, sound=sound)
