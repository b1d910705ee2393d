"""The sides of a call made into one WAV file: synchronous, in pieces, in constant memory however long the call was.

Run it in a thread: file access and copying, no event loop. Samples are only moved, never reckoned with, so memory
views are enough.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from app.recordings.wave_format import (
    HEADER_LIMIT,
    SAMPLE_BYTES,
    AudioError,
    WaveLayout,
    read_layout,
    write_header,
)

_CHUNK_FRAMES: Final = 256 * 1024
_SAMPLE: Final = "h"  # of two bytes, like the file's
#: Offhook ends every call within a day; sides that lie farther apart have a wrong instant.
_LONGEST: Final = timedelta(hours=25)


#: Further apart, start and end do not speak of the same sound: the recording was paused, or broke off.
_MOST_DISAGREEMENT: Final = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Track:
    """One side: a mono WAV file, and when it was started and finished, as far as that is known."""

    path: Path
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was written, in the words of the recording's row; ``sha256`` is hex."""

    size_bytes: int
    duration_seconds: float
    channels: int
    sample_rate: int
    sha256: str


class AssemblyStoppedError(Exception):
    """``is_stopped`` said so; the file is not whole."""


def read_file_layout(path: Path) -> WaveLayout:
    """The layout of a WAV file on disk.

    Raises:
        AudioError: as read_layout does.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return read_layout(file.read(HEADER_LIMIT), path.stat().st_size)


def assemble(
    tracks: Sequence[Track], destination: Path, *, is_stopped: Callable[[], bool] = lambda: False
) -> Assembled:
    """Write one channel for each track, in their order, all to the same length, each beginning where it began.

    The file starts with the earliest track. What a track does not cover is silence. ``is_stopped`` is asked between
    pieces, so that another thread can end this early.

    Raises:
        AudioError: a track is not usable, they do not go together, or there is not one sample in them.
        AssemblyStoppedError: ``is_stopped`` returned true.
        OSError: a file cannot be read or written (the disk is full).
    """
    layouts = [read_file_layout(track.path) for track in tracks]
    rate = _common_rate(layouts)
    offsets = _offsets([_began_at(*pair) for pair in zip(tracks, layouts, strict=True)], rate)
    frames = max(offset + layout.frames for offset, layout in zip(offsets, layouts, strict=True))
    if not any(layout.frames for layout in layouts):
        raise AudioError("No audio was recorded.")
    header = write_header(len(tracks), rate, frames)
    digest = hashlib.sha256(header)
    with ExitStack() as stack:
        sources = [
            _Source(stack.enter_context(track.path.open("rb")), layout, offset)
            for track, layout, offset in zip(tracks, layouts, offsets, strict=True)
        ]
        out = stack.enter_context(destination.open("wb"))
        out.write(header)
        for first in range(0, frames, _CHUNK_FRAMES):
            if is_stopped():
                raise AssemblyStoppedError
            piece = bytearray(min(_CHUNK_FRAMES, frames - first) * len(tracks) * SAMPLE_BYTES)
            samples = memoryview(piece).cast(_SAMPLE)
            for channel, source in enumerate(sources):
                source.fill(samples[channel :: len(tracks)], first)
            digest.update(piece)
            out.write(piece)
    return Assembled(
        size_bytes=len(header) + frames * len(tracks) * SAMPLE_BYTES,
        duration_seconds=frames / rate,
        channels=len(tracks),
        sample_rate=rate,
        sha256=digest.hexdigest(),
    )


def _common_rate(layouts: Sequence[WaveLayout]) -> int:
    if any(layout.channels != 1 for layout in layouts):
        raise AudioError("A side of the call is not mono.")
    rates = sorted({layout.sample_rate for layout in layouts})
    if len(rates) != 1:
        raise AudioError(f"The sides have different sample rates: {', '.join(map(str, rates))} Hz.")
    return rates[0]


def _began_at(track: Track, layout: WaveLayout) -> datetime:
    """When the first sample was taken, by the best guess.

    Asterisk says that a recording started some milliseconds before its first sample, and that it finished some after
    its last one. The middle between the start and the end less the length halves the error.
    """
    if track.finished_at is None:
        return track.started_at
    # In UTC: two instants of one zone subtract by their wall clocks, which jump.
    length = timedelta(seconds=layout.duration_seconds)
    late = track.finished_at.astimezone(UTC) - length - track.started_at.astimezone(UTC)
    return track.started_at.astimezone(UTC) + late / 2 if abs(late) <= _MOST_DISAGREEMENT else track.started_at


def _offsets(instants: Sequence[datetime], rate: int) -> list[int]:
    """How many frames after the earliest each track begins."""
    earliest = min(instants)
    apart = [instant.astimezone(UTC) - earliest.astimezone(UTC) for instant in instants]
    if max(apart) > _LONGEST:
        raise AudioError("The sides do not belong together: they began more than a day apart.")
    return [round(gap / timedelta(seconds=1) * rate) for gap in apart]


class _Source:
    """One track's samples, at their place in the whole."""

    def __init__(self, file: BinaryIO, layout: WaveLayout, offset: int) -> None:
        self._file = file
        self._layout = layout
        self._offset = offset

    def fill(self, out: "memoryview[int]", first: int) -> None:
        """Put what this track has of the frames from ``first`` on into ``out``, which is all zeros."""
        begin = max(first, self._offset)
        end = min(first + len(out), self._offset + self._layout.frames)
        if begin >= end:
            return
        self._file.seek(self._layout.data_offset + (begin - self._offset) * SAMPLE_BYTES)
        data = self._file.read((end - begin) * SAMPLE_BYTES)
        if len(data) != (end - begin) * SAMPLE_BYTES:
            raise AudioError("A side became shorter while it was read.")
        out[begin - first : end - first] = memoryview(data).cast(_SAMPLE)
