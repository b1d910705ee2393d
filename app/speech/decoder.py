"""The program that decodes one uploaded sound file: ``python -m app.speech.decoder SOURCE TARGET_8000 TARGET_16000``.

It runs as a process of its own, for the file is a stranger's and the decoder is C: with little memory and time, no
right to make more than two files of a bounded size, and nothing in its environment. What it finds goes to standard
output as one JSON object: ``{"format", "channels", "sampleRate", "frames"}``, or ``{"error"}`` with what is wrong in
words for people.
"""

import contextlib
import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from app.speech.samples import Samples

LONGEST_SECONDS: Final = 600
SHORTEST_SECONDS: Final = 0.1
MOST_CHANNELS: Final = 2
LEAST_RATE: Final = 8_000
MOST_RATE: Final = 48_000

_CPU_SECONDS: Final = 60
_MEMORY: Final = 2 * 1024**3
_LONGEST_FILE: Final = 2 * 16_000 * (LONGEST_SECONDS + 1) + 4096
_OPEN_FILES: Final = 64
_BLOCK: Final = 65_536
#: The containers, as libsndfile names them.
_FORMATS: Final = {"WAV": "WAV", "WAVEX": "WAV", "FLAC": "FLAC", "MP3": "MP3", "OGG": "OGG"}
_NOT_AUDIO: Final = "This is not a WAV, FLAC, MP3 or Ogg file, or it is damaged."


class _RefusedFileError(Exception):
    """The file will not do; the text says why."""


def main(arguments: Sequence[str]) -> int:
    _limit()
    source, *targets = arguments
    try:
        found = _convert(Path(source), [Path(target) for target in targets])
    except _RefusedFileError as error:
        found = {"error": str(error)}
    except MemoryError:
        found = {"error": "The file takes too much memory."}
    sys.stdout.write(json.dumps(found))
    return 0


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, _LONGEST_FILE),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(what, (most, most))


def _convert(source: Path, targets: Sequence[Path]) -> dict[str, object]:
    from app.speech import samples
    from app.speech.model import SAMPLE_RATES

    sound, rate, found = _read(source)
    for target, wanted in zip(targets, SAMPLE_RATES, strict=True):
        target.write_bytes(samples.write_wav(samples.to_bytes(samples.resample(sound, rate, wanted)), wanted))
    return found


def _read(source: Path) -> "tuple[Samples, int, dict[str, object]]":
    """The file's sound in one channel, its rate, and what the file is. What its header promises is not believed."""
    import numpy as np
    import soundfile  # type: ignore[import-untyped]  # it has no stubs

    blocks: list[Samples] = []
    frames = 0
    try:
        with soundfile.SoundFile(str(source)) as opened:
            file = cast("Any", opened)
            name = _FORMATS.get(file.format)
            if name is None:
                raise _RefusedFileError(_NOT_AUDIO)
            channels, rate = file.channels, file.samplerate
            if not 1 <= channels <= MOST_CHANNELS:
                raise _RefusedFileError(f"The file has {channels} channels; one or two are taken.")
            if not LEAST_RATE <= rate <= MOST_RATE:
                raise _RefusedFileError(f"The sample rate is {rate} Hz; {LEAST_RATE} to {MOST_RATE} are taken.")
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                frames += len(block)
                if frames > LONGEST_SECONDS * rate:
                    raise _RefusedFileError(f"The sound is longer than {LONGEST_SECONDS} seconds.")
                if not np.isfinite(block).all():
                    raise _RefusedFileError("The file has samples that are no numbers.")
                blocks.append(np.clip(block.mean(axis=1), -1.0, 1.0).astype(np.float32))
    except soundfile.SoundFileError as error:
        raise _RefusedFileError(_NOT_AUDIO) from error
    if frames < SHORTEST_SECONDS * rate:
        raise _RefusedFileError(f"The sound is shorter than {SHORTEST_SECONDS} seconds.")
    found = {"format": name, "channels": channels, "sampleRate": rate, "frames": frames}
    return np.concatenate(blocks), rate, found


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
