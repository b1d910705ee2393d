"""The local engine: pocketsphinx, one process for each piece (``recogniser``), and nothing leaves the machine."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog

from app.transcripts.engine import Heard, HearingFailedError, HearingUnavailableError, Piece
from app.transcripts.model import TranscriptEngine

_log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: Final = 600.0
MOST_SECONDS: Final = 60.0
LANGUAGE: Final = "en"
MISSING: Final = (
    "There is no transcription engine: install pocketsphinx beside Offhook (pip install 'offhook[transcription]'), or "
    "set OFFHOOK_TRANSCRIPTION_URL to an OpenAI-compatible service."
)
_LONGEST_ANSWER: Final = 1_000_000
_READ: Final = 65_536
#: Where the package `app` is found, installed or not.
_ROOT: Final = Path(__file__).resolve().parents[2]


class _Answer(msgspec.Struct, frozen=True):
    heard: list["_Said"] | None = None
    error: str | None = None
    missing: bool = False


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    start_seconds: float
    end_seconds: float
    text: str
    confidence: float


_ANSWER: Final = msgspec.json.Decoder(_Answer)


class LocalEngine:
    """``command`` runs the recogniser; ``environment`` is all that it is given."""

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "app.transcripts.recogniser"),
        *,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._command = command
        self._environment = {
            "PATH": os.defpath,
            # One thread: the others are for calls.
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(environment or {}),
        }
        self._timeout_seconds = timeout_seconds

    @property
    def engine(self) -> TranscriptEngine:
        return TranscriptEngine.LOCAL

    @property
    def most_seconds(self) -> float:
        return MOST_SECONDS

    def check(self, language: str, phrases: Sequence[str]) -> str | None:
        if language.partition("-")[0].lower() != LANGUAGE:
            return "The local recogniser hears English alone: say en-US, or have the operator set another engine."
        if any(not any(character.isalpha() for character in phrase) for phrase in phrases):
            return "A phrase is made of words."
        return None

    async def hear(self, piece: Piece) -> Sequence[Heard]:
        reason = self.check(piece.language, piece.phrases)
        if reason is not None:
            raise HearingFailedError(reason)
        asked = msgspec.json.encode({"sampleRate": piece.sample_rate, "phrases": piece.phrases})
        status, said = await self._run(asked + b"\n" + piece.samples)
        if status != 0:
            _log.warning("recogniser_died", status=status)
            raise HearingUnavailableError(f"The local recogniser ended abruptly (status {status}).")
        try:
            answer = _ANSWER.decode(said)
        except msgspec.DecodeError as error:
            raise HearingUnavailableError("The local recogniser's answer cannot be read.") from error
        if answer.missing:
            raise HearingFailedError(MISSING)
        if answer.error is not None:
            raise HearingFailedError(answer.error)
        return [
            Heard(
                start_seconds=one.start_seconds,
                end_seconds=one.end_seconds,
                text=one.text,
                confidence=one.confidence,
            )
            for one in answer.heard or ()
        ]

    async def _run(self, standard_input: bytes) -> tuple[int, bytes]:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_ROOT,
                env=self._environment,
            )
        except OSError as error:
            raise HearingUnavailableError(f"The local recogniser cannot be started ({error.strerror}).") from error
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await _talk(process, standard_input)
        except TimeoutError:
            raise HearingUnavailableError(
                f"The local recogniser did not end within {self._timeout_seconds:g} s."
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                # With a pipe that nobody reads any more, asyncio would not notice the end.
                assert process.stdout is not None
                while await process.stdout.read(_READ):
                    pass
                await process.wait()


async def _talk(process: asyncio.subprocess.Process, standard_input: bytes) -> tuple[int, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.TaskGroup() as group:
        # At the same time: it may say something, and want that read, before it has read all.
        feeding = group.create_task(_feed(process.stdin, standard_input))
        said = bytearray()
        while len(said) <= _LONGEST_ANSWER and (block := await process.stdout.read(_READ)):
            said += block
        feeding.cancel()
    if len(said) > _LONGEST_ANSWER:
        raise HearingUnavailableError("The local recogniser says too much.")
    return await process.wait(), bytes(said)


async def _feed(stdin: asyncio.StreamWriter, content: bytes) -> None:
    try:
        stdin.write(content)
        await stdin.drain()
    except ConnectionError:
        pass  # it ended without reading; its answer or its status says why
    stdin.close()
