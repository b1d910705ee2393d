"""Sentences as espeak-ng speaks them, for parties that say something; and espeak-ng itself, for services that speak."""

import shlex
from pathlib import Path

from app.local.asterisk import AsteriskInstall
from app.speech import samples
from app.speech.espeak import EspeakEngine
from app.speech.model import Speech, VoiceSettings
from app.speech.words import Rate


def espeak_of(install: AsteriskInstall) -> tuple[str, ...]:
    """The command that runs the espeak-ng that was found for this machine."""
    assert install.espeak is not None, "get-asterisk says above why there is no espeak-ng"
    return install.espeak


def write_espeak(install: AsteriskInstall, folder: Path) -> str:
    """Put a program into the folder that is that espeak-ng, whatever is on the PATH; gives where it is."""
    folder.mkdir(exist_ok=True)
    program = folder / "espeak-ng"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(espeak_of(install))} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return str(program)


async def speak(install: AsteriskInstall, text: str, *, sample_rate: int, rate: Rate = Rate.MEDIUM) -> bytes:
    """16-bit samples of one channel, nothing before and after."""
    espeak = EspeakEngine(espeak_of(install), timeout_seconds=60.0)
    voices = {voice.id: voice for voice in await espeak.list_voices()}
    spoken = await espeak.speak(Speech(text=text, settings=VoiceSettings(rate=rate)), voices["en-us"], "en-US")
    return samples.trim(samples.convert(spoken, sample_rate))
