"""Has one sound file decoded by the process that ``decoder`` describes, and reads its answer."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import structlog

from app.errors import Problem, RefusedError, UnavailableError
from app.speech.model import SAMPLE_RATES
from app.speech.words import AudioFormat
from app.waiting import Room

_log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: Final = 90.0
_LONGEST_ANSWER: Final = 10_000
#: Where the package `app` is found, installed or not.
_ROOT: Final = Path(__file__).resolve().parents[2]
_UNREADABLE: Final = "The file cannot be decoded within the limits."


class Decoded(msgspec.Struct, frozen=True, rename="camel"):
    """What the file was. ``frames`` samples of each channel, ``sample_rate`` of them a second."""

    format: AudioFormat
    channels: int
    sample_rate: int
    frames: int

    @property
    def duration_seconds(self) -> float:
        return self.frames / self.sample_rate


class _Wrong(msgspec.Struct, frozen=True):
    error: str


class DecoderUnavailableError(UnavailableError):
    """The decoder could not be started, or had no time."""

    code = "DECODER_UNAVAILABLE"


class Decoder:
    """``targets`` of a file: one WAV file for each of SAMPLE_RATES, made only if all is well."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS, most_at_once: int = 2) -> None:
        self._timeout_seconds = timeout_seconds
        self._room = Room("audio", most_at_once=most_at_once, most_waiting=32)

    async def decode(self, source: Path, targets: dict[int, Path]) -> Decoded:
        """Decode and convert one file.

        Raises:
            RefusedError: INVALID_INPUT, it is no sound file that can be used; the message says why.
            DecoderUnavailableError, OverloadedError: this machine has no time for it.
        """
        paths = [source, *(targets[rate] for rate in SAMPLE_RATES)]
        async with self._room.entered():
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "app.speech.decoder"),
                    *map(str, paths),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    cwd=_ROOT,
                    # One thread: each would take memory of its own.
                    env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                )
            except OSError as error:
                raise DecoderUnavailableError(f"The decoder cannot be started ({error.strerror}).") from error
            assert process.stdout is not None
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await process.stdout.read(_LONGEST_ANSWER)
                    status = await process.wait()
            except TimeoutError:
                raise DecoderUnavailableError(
                    f"The file was not decoded within {self._timeout_seconds:g} s. Try again later."
                ) from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return _read_answer(status, answer)


def _read_answer(status: int, answer: bytes) -> Decoded:
    """A decoder that dies did so of this file: of its limits, or of what a decoder in C does with hostile input."""
    if status != 0:
        _log.warning("decoder_died", status=status)
        raise RefusedError(Problem("INVALID_INPUT", _UNREADABLE, ("uploadId",)))
    try:
        return msgspec.json.decode(answer, type=Decoded)
    except msgspec.ValidationError:
        wrong = msgspec.json.decode(answer, type=_Wrong)
    raise RefusedError(Problem("INVALID_INPUT", wrong.error, ("uploadId",)))
