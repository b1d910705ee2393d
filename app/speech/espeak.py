"""espeak-ng, one process for each text: the text by standard input, the sound by standard output, no shell."""

import asyncio
import os
import re
from collections.abc import Sequence
from typing import Final

import structlog

from app.errors import Problem, RefusedError
from app.recordings.wave_format import AudioError
from app.speech import samples
from app.speech.engine import SpeechUnavailableError, Spoken, not_supported
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.words import Engine, EngineType, Gender, Pitch, Rate, Volume
from app.waiting import Room

_log = structlog.get_logger(__name__)

#: espeak-ng speaks some 100 times as fast as people; this is for a machine that is very busy.
TIMEOUT_SECONDS: Final = 20.0
#: A quarter of an hour of its 22,050 samples a second.
MOST_BYTES: Final = 40_000_000
_READ: Final = 256 * 1024

# Its scales: amplitude 0 to 200, words a minute 80 to 450, pitch 0 to 99. Twice the amplitude is 6 dB, as in SSML.
_AMPLITUDE: Final = {
    Volume.SILENT: 0,
    Volume.X_SOFT: 25,
    Volume.SOFT: 50,
    Volume.MEDIUM: 100,
    Volume.LOUD: 150,
    Volume.X_LOUD: 200,
}
_WORDS: Final = {Rate.X_SLOW: 88, Rate.SLOW: 130, Rate.MEDIUM: 175, Rate.FAST: 230, Rate.X_FAST: 300}
_PITCH: Final = {Pitch.X_LOW: 10, Pitch.LOW: 30, Pitch.MEDIUM: 50, Pitch.HIGH: 70, Pitch.X_HIGH: 90}
#: A variant of every voice that sounds like a woman.
_FEMALE: Final = "+f2"
_GENDERS: Final = {"M": Gender.MALE, "F": Gender.FEMALE}
_LINE: Final = re.compile(r"\s*\d+\s+(\S+)\s+\S*?/?([MF-])\s+(\S+)\s+(\S+)")
_REGION: Final = re.compile(r"[a-z]{2}|[0-9]{3}")
_SCRIPT_LENGTH: Final = 4


class EspeakEngine:
    """``command`` starts espeak-ng; None when this machine has none."""

    def __init__(
        self,
        command: Sequence[str] | None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        most_at_once: int = 4,
        most_waiting: int = 256,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._command = command
        self._timeout_seconds = timeout_seconds
        self._most_bytes = most_bytes
        self._room = Room("speech", most_at_once=most_at_once, most_waiting=most_waiting)
        self._voices: tuple[Voice, ...] = ()

    @property
    def engine(self) -> Engine:
        return Engine.ESPEAK

    async def list_voices(self) -> Sequence[Voice]:
        """Each language twice: espeak-ng's own voice, and its variant ``+f2``."""
        if not self._voices:
            listed = await self._run(("--voices",), b"")
            self._voices = tuple(read_voices(listed.decode(errors="replace")))
            if not self._voices:
                raise SpeechUnavailableError("espeak-ng has no voices: its data is missing (espeak-ng-data).")
        return self._voices

    def check(self, settings: VoiceSettings, voice: Voice) -> None:
        if settings.engine_type not in voice.engine_types:
            raise not_supported("espeak-ng has no neural voices.", "engineType")

    async def speak(self, speech: Speech, voice: Voice, language: str) -> Spoken:  # noqa: ARG002  # a voice here has one language
        settings = speech.settings
        self.check(settings, voice)
        # Double brackets would begin phonemes, not text.
        text = speech.text.replace("[[", "[ [")
        wav = await self._run(
            (
                *("--stdin", "--stdout", "-b", "1", "-v", voice.id),
                *("-a", str(_AMPLITUDE[settings.volume]), "-s", str(_WORDS[settings.rate])),
                *("-p", str(_PITCH[settings.pitch])),
            ),
            text.encode(),
        )
        try:
            spoken = samples.read_spoken(wav)
        except AudioError as error:
            raise SpeechUnavailableError("espeak-ng gave no sound.") from error
        if not spoken.samples:
            raise RefusedError(Problem("INVALID_INPUT", "This voice finds nothing to say in the text.", ("text",)))
        return spoken

    async def _run(self, arguments: Sequence[str], standard_input: bytes) -> bytes:
        if self._command is None:
            raise SpeechUnavailableError(
                "There is no espeak-ng on this machine. Install it (apt-get install espeak-ng), or set OFFHOOK_ESPEAK."
            )
        async with self._room.entered():
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    *arguments,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,  # it may quote the text
                    env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
                )
            except OSError as error:
                raise SpeechUnavailableError(f"espeak-ng cannot be run: {error.strerror}.") from error
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    said = await self._talk(process, standard_input)
                    status = await process.wait()
            except TimeoutError:
                _log.warning("espeak_timed_out", seconds=self._timeout_seconds)
                raise SpeechUnavailableError(f"espeak-ng did not end within {self._timeout_seconds:g} s.") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    # With a pipe that nobody reads any more, asyncio would not notice the end.
                    assert process.stdout is not None
                    while await process.stdout.read(_READ):
                        pass
                    await process.wait()
        if status != 0:
            _log.warning("espeak_failed", status=status)
            raise SpeechUnavailableError(f"espeak-ng failed (status {status}).")
        return said

    async def _talk(self, process: asyncio.subprocess.Process, standard_input: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(standard_input)
            await process.stdin.drain()
        except (ConnectionError, RuntimeError):
            pass  # it ended without reading, and its status says why; uvloop says so by a RuntimeError
        process.stdin.close()
        said = bytearray()
        while block := await process.stdout.read(_READ):
            said += block
            if len(said) > self._most_bytes:
                raise RefusedError(Problem("INVALID_INPUT", "This takes too long to say: make it shorter.", ("text",)))
        return bytes(said)


def read_voices(listed: str) -> list[Voice]:
    """The voices in what ``espeak-ng --voices`` prints: lines of priority, language, age/gender, name and file."""
    voices: dict[str, Voice] = {}
    for line in listed.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        code, gender, name = found[1].lower(), found[2], found[3].replace("_", " ")
        languages = (language_tag(code),)
        for suffix, sounds in (("", _GENDERS.get(gender, Gender.UNKNOWN)), (_FEMALE, Gender.FEMALE)):
            voices.setdefault(
                code + suffix,
                Voice(
                    id=code + suffix,
                    engine=Engine.ESPEAK,
                    name=name,
                    languages=languages,
                    gender=sounds,
                    engine_types=(EngineType.STANDARD,),
                ),
            )
    return sorted(voices.values(), key=lambda voice: voice.id)


def language_tag(code: str) -> str:
    """A language as BCP 47 (RFC 5646, 2.1.1) writes it: ``en-us`` is ``en-US``; after ``x-`` all is lower case."""
    first, *rest = code.lower().split("-")
    parts, is_private = [first], False
    for part in rest:
        is_private = is_private or part == "x"
        if is_private:
            parts.append(part)
        elif _REGION.fullmatch(part):
            parts.append(part.upper())
        else:
            parts.append(part.title() if len(part) == _SCRIPT_LENGTH else part)
    return "-".join(parts)
