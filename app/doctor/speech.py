"""Speech: whether there is an engine, and whether it speaks."""

from contextlib import AsyncExitStack
from typing import Final

from app.clock import SystemClock
from app.config import Settings
from app.doctor.findings import Finding, failed, ok, warning
from app.errors import ConfigurationError, OffhookError
from app.speech.engine import SpeechEngine
from app.speech.model import Speech, VoiceSettings
from app.speech.setting_up import find_espeak, make_engines, make_polly
from app.speech.speaker import choose_voice

_TRIAL: Final = Speech(text="One, two, three.")


async def check_speech(settings: Settings) -> list[Finding]:
    """One finding for each engine that is set up. Amazon Polly is asked for its voices only, which costs nothing."""
    try:
        async with AsyncExitStack() as stack:
            polly = make_polly(settings, SystemClock())
            if polly is not None:
                stack.push_async_callback(polly.aclose)
            if polly is None and find_espeak(settings) is None:
                return [_without_any(settings)]
            return [await _try(engine, is_free=engine is not polly) for engine in make_engines(settings, polly, None)]
    except ConfigurationError as error:
        return [failed("speech", error.message, "Mend the setting, or leave it out.")]


async def _try(engine: SpeechEngine, *, is_free: bool) -> Finding:
    name = engine.engine.value.title()
    try:
        voices = await engine.list_voices()
        if is_free:
            voice, language = choose_voice(voices, VoiceSettings())
            await engine.speak(_TRIAL, voice, language)
    except OffhookError as error:
        return warning("speech", f"{name}: {error.message}", "Texts are not spoken until that is mended; calls go on.")
    return ok("speech", f"{name} speaks, with {len(voices)} voices")


def _without_any(settings: Settings) -> Finding:
    if settings.ari_url is None:
        return ok("speech", "espeak-ng comes with the embedded Asterisk")
    return warning("speech", "There is no espeak-ng, so no text is spoken.", "apt-get install espeak-ng")
