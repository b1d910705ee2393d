"""The voices of a call made into one WAV file: synchronous, in pieces, in constant memory however long the call was.

Run it in a thread: file access and copying, no event loop. Samples are moved, not reckoned with, save where two voices
of one side overlap.
"""

import hashlib
from array import array
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from app.facts.stretches import Gap, Segment
from app.facts.vocabulary import PauseMode
from app.recordings.timeline import Span, Timeline, Voice, lay_out, overlapping
from app.recordings.wave_format import (
    HEADER_LIMIT,
    SAMPLE_BYTES,
    AudioError,
    EmptyAudioError,
    WaveLayout,
    read_layout,
    write_header,
    write_lost,
    write_segments,
)

_CHUNK_FRAMES: Final = 256 * 1024
_SAMPLE: Final = "h"  # of two bytes, like the file's
_LOUDEST: Final = 32_767
_ADD_FRAMES: Final = 160
#: Offhook ends every call within a day; sides that lie farther apart have a wrong instant.
_LONGEST: Final = timedelta(hours=25)


#: Further apart, start and end do not speak of the same sound: some of it is missing. Nearer, they are not that exact.
_MOST_DISAGREEMENT: Final = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Track:
    """One voice: a mono WAV file, and when it was started and finished, as far as that is known.

    ``channel`` is the one it is heard on; None: that of its place in the list. ``is_measurable``: see ``Part``.
    """

    path: Path
    started_at: datetime
    finished_at: datetime | None = None
    channel: int | None = None
    leg_id: str | None = None
    is_measurable: bool = True


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was written, in the words of the recording's row; ``sha256`` is hex, ``lost_seconds`` is ``find_lost``'s."""

    size_bytes: int
    duration_seconds: float
    channels: int
    sample_rate: int
    sha256: str
    segments: tuple[Segment, ...] = ()
    lost_seconds: float | None = None


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
    tracks: Sequence[Track],
    destination: Path,
    *,
    gaps: Sequence[Gap] = (),
    is_stopped: Callable[[], bool] = lambda: False,
) -> Assembled:
    """Write the tracks on their channels, all to the same length, each beginning where it began; then prove the pauses.

    The file starts with the earliest track. What no track covers is silence, and so is what lies in ``gaps``, or it is
    left out. ``is_stopped`` is asked between pieces, so that another thread can end this early.

    Raises:
        AudioError: a track is not usable, they do not go together, or there is not one sample in them; or the file that
            was written is not silent in a pause.
        AssemblyStoppedError: ``is_stopped`` returned true.
        OSError: a file cannot be read or written (the disk is full).
    """
    if tracks and not any(track.path.stat().st_size for track in tracks):
        raise EmptyAudioError("The file is empty.")
    layouts = [read_file_layout(track.path) for track in tracks]
    rate = _common_rate(layouts)
    began = [_began_at(*pair) for pair in zip(tracks, layouts, strict=True)]
    offsets = _offsets(began, rate)
    spans = [Span(offset, offset + layout.frames) for offset, layout in zip(offsets, layouts, strict=True)]
    if not any(layout.frames for layout in layouts):
        raise EmptyAudioError("No audio was recorded.")
    voices = [Voice(track.leg_id, span) for track, span in zip(tracks, spans, strict=True)]
    timeline = lay_out(min(began), rate, max(span.end for span in spans), gaps=gaps, voices=voices)
    if not timeline.file_frames:
        raise EmptyAudioError("Nothing was recorded outside the pauses.")
    places = [index if track.channel is None else track.channel for index, track in enumerate(tracks)]
    channels = max(places) + 1
    segments = timeline.segments()
    lost_seconds = find_lost(tracks, layouts)
    trailer = write_segments(segments) + write_lost(lost_seconds)
    header = write_header(channels, rate, timeline.file_frames, trailer_bytes=len(trailer))
    digest = hashlib.sha256(header)
    with ExitStack() as stack:
        sources = [
            _Source(stack.enter_context(track.path.open("rb")), layout, span, place)
            for track, layout, span, place in zip(tracks, layouts, spans, places, strict=True)
        ]
        out = stack.enter_context(destination.open("wb"))
        out.write(header)
        for kept in timeline.kept:
            for first in range(kept.first, kept.end, _CHUNK_FRAMES):
                if is_stopped():
                    raise AssemblyStoppedError
                piece = _mix(sources, channels, Span(first, min(first + _CHUNK_FRAMES, kept.end)), timeline.blanks)
                digest.update(piece)
                out.write(piece)
        digest.update(trailer)
        out.write(trailer)
    _prove_pauses(destination, timeline, channels)
    return Assembled(
        size_bytes=len(header) + timeline.file_frames * channels * SAMPLE_BYTES + len(trailer),
        duration_seconds=timeline.file_frames / rate,
        channels=channels,
        sample_rate=rate,
        sha256=digest.hexdigest(),
        segments=segments,
        lost_seconds=lost_seconds,
    )


def _mix(sources: "Sequence[_Source]", channels: int, where: Span, blanks: Sequence[Span]) -> bytearray:
    """A piece of the file: what the sources have there, and nothing in the blanks."""
    frames = where.end - where.first
    piece = bytearray(frames * channels * SAMPLE_BYTES)
    samples = memoryview(piece).cast(_SAMPLE)
    filled: dict[int, list[Span]] = {}
    for source in sources:
        common = source.span.within(where)
        if common.first < common.end:
            others = filled.setdefault(source.channel, [])
            source.fill(samples[source.channel :: channels], common, where.first, others)
            others.append(common)
    for blank in overlapping(blanks, where):
        first, end = (place - where.first for place in blank)
        size = channels * SAMPLE_BYTES
        piece[first * size : end * size] = bytes((end - first) * size)
    return piece


def _prove_pauses(path: Path, timeline: Timeline, channels: int) -> None:
    """Look into the file as it lies on the disk: as long as it must be, and not one sample of sound in a pause."""
    layout = read_file_layout(path)
    skipped = sum(cut.end - cut.first for cut in timeline.cuts)
    if layout.frames + skipped != timeline.frames:
        raise AudioError("The file is not as long as what was recorded less the pauses that are left out.")
    size = channels * SAMPLE_BYTES
    with path.open("rb") as file:
        for mode, span in timeline.pauses:
            first, end = timeline.in_file(span.first), timeline.in_file(span.end)
            if mode is PauseMode.SKIP and first != end:
                raise AudioError("A pause that was to be left out is in the file.")
            file.seek(layout.data_offset + first * size)
            left = (end - first) * size
            while left > 0:
                data = file.read(min(left, _CHUNK_FRAMES * size))
                if not data or data.count(0) != len(data):
                    raise AudioError("A pause is not silent in the file, so the file was thrown away.")
                left -= len(data)


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
    late = _lateness(track, layout)
    if late is None or abs(late) > _MOST_DISAGREEMENT:
        return track.started_at
    return track.started_at.astimezone(UTC) + late / 2


def find_lost(tracks: Sequence[Track], layouts: Sequence[WaveLayout]) -> float | None:
    """How many seconds of sound Asterisk did not write though it was recording, of the voice of which most is missing.

    A snoop takes what was said once every 20 ms, by a timer; ticks that pass while its thread has no processor are
    gone, and so is their sound. In milliseconds; None: of no track it is known when it was started and finished. Of
    one voice the tracks are summed up; of one track, what is not over the exactness of the two instants is nothing.
    """
    lost: dict[tuple[int, str | None], timedelta] = {}
    for place, (track, layout) in enumerate(zip(tracks, layouts, strict=True)):
        late = _lateness(track, layout)
        if late is None or not track.is_measurable:
            continue
        voice = (place if track.channel is None else track.channel, track.leg_id)
        missing = late if late > _MOST_DISAGREEMENT else timedelta()
        lost[voice] = lost.get(voice, timedelta()) + missing
    return round(max(lost.values()).total_seconds(), 3) if lost else None


def _lateness(track: Track, layout: WaveLayout) -> timedelta | None:
    """How much longer it took from the start to the end than the file is; None while the end is not known."""
    if track.finished_at is None:
        return None
    # In UTC: two instants of one zone subtract by their wall clocks, which jump.
    length = timedelta(seconds=layout.duration_seconds)
    return track.finished_at.astimezone(UTC) - length - track.started_at.astimezone(UTC)


def _offsets(instants: Sequence[datetime], rate: int) -> list[int]:
    """How many frames after the earliest each track begins."""
    earliest = min(instants)
    apart = [instant.astimezone(UTC) - earliest.astimezone(UTC) for instant in instants]
    if max(apart) > _LONGEST:
        raise AudioError("The sides do not belong together: they began more than a day apart.")
    return [round(gap / timedelta(seconds=1) * rate) for gap in apart]


class _Source:
    """One track's samples, at their place in the whole."""

    def __init__(self, file: BinaryIO, layout: WaveLayout, span: Span, channel: int) -> None:
        self._file = file
        self._layout = layout
        self.span = span
        self.channel = channel

    def fill(self, out: "memoryview[int]", where: Span, first: int, others: Sequence[Span]) -> None:
        """Put what this track has at ``where`` into ``out``, which begins at ``first`` and has ``others`` already."""
        self._file.seek(self._layout.data_offset + (where.first - self.span.first) * SAMPLE_BYTES)
        data = self._file.read((where.end - where.first) * SAMPLE_BYTES)
        if len(data) != (where.end - where.first) * SAMPLE_BYTES:
            raise AudioError("A side became shorter while it was read.")
        mine = memoryview(bytearray(data)).cast(_SAMPLE)
        for common in overlapping(others, where):
            both = slice(common.first - where.first, common.end - where.first)
            _add(mine[both], out[common.first - first : common.end - first])
        out[where.first - first : where.end - first] = mine


def _add(mine: "memoryview[int]", other: "memoryview[int]") -> None:
    """Two voices at once: the sum, as loud as a sample can be at the most."""
    for first in range(0, len(mine), _ADD_FRAMES):
        piece = slice(first, first + _ADD_FRAMES)
        theirs = other[piece].tolist()
        if any(theirs):  # mostly one of the two listens
            total = (
                max(-_LOUDEST - 1, min(_LOUDEST, a + b)) for a, b in zip(mine[piece].tolist(), theirs, strict=True)
            )
            mine[piece] = memoryview(array(_SAMPLE, total))
