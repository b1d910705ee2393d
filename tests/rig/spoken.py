"""Sentences as espeak-ng speaks them, for parties that say something."""

from app.local.asterisk import AsteriskInstall
from app.speech import samples
from app.speech.espeak import EspeakEngine
from app.speech.model import Speech, VoiceSettings
from app.speech.words import Rate


async def speak(install: AsteriskInstall, text: str, *, sample_rate: int, rate: Rate = Rate.MEDIUM) -> bytes:
    """16-bit samples of one channel, nothing before and after."""
    assert install.espeak is not None, "get-asterisk says above why there is no espeak-ng"
    espeak = EspeakEngine(install.espeak, timeout_seconds=60.0)
    voices = {voice.id: voice for voice in await espeak.list_voices()}
    spoken = await espeak.speak(Speech(text=text, settings=VoiceSettings(rate=rate)), voices["en-us"], "en-US")
    return samples.trim(samples.convert(spoken, sample_rate))
