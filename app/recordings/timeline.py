"""Where a recording's time lies in its file: what is blanked, what is left out, and the map of both. Pure.

Times are in frames since the file's first sample, as if nothing were left out ("places"); the file has fewer of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from app.facts.stretches import Gap, Segment
from app.facts.vocabulary import PauseMode, SegmentKind

#: Blanked on both sides of a pause besides: what is said in it arrives later than the word that ends it, and instants
#: are good to some hundredths of a second.
BEFORE_PAUSE: Final = timedelta(seconds=0.1)
AFTER_GAP: Final = timedelta(seconds=0.2)
#: Shorter stretches with other voices than their neighbours are not told apart.
_LEAST_SECONDS: Final = 0.5


class Span(NamedTuple):
    """Frames from ``first`` up to (not with) ``end``."""

    first: int
    end: int

    def within(self, other: "Span") -> "Span":
        """What the two have in common; empty when ``end`` is not after ``first``."""
        return Span(max(self.first, other.first), min(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Voice:
    """Where the voice of a leg was written."""

    leg_id: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recording that began at ``began_at`` and has ``frames`` at ``rate`` a second, before anything is left out.

    ``blanks`` are to be silent, ``cuts`` left out; both in order, without overlaps among themselves.
    """

    began_at: datetime
    rate: int
    frames: int
    gaps: tuple[Gap, ...]
    voices: tuple[Voice, ...]
    blanks: tuple[Span, ...]
    cuts: tuple[Span, ...]

    @property
    def kept(self) -> tuple[Span, ...]:
        """What the file has, in order."""
        edges = [0, *(edge for cut in self.cuts for edge in cut), self.frames]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return tuple(Span(first, end) for first, end in pairs if first < end)

    @property
    def file_frames(self) -> int:
        """How many frames the file has."""
        return sum(end - first for first, end in self.kept)

    @property
    def pauses(self) -> tuple[tuple[PauseMode, Span], ...]:
        """The pauses, in order."""
        found = [(gap.pause, self.place_of(gap)) for gap in self.gaps if gap.pause is not None]
        return tuple((mode, span) for mode, span in found if span.first < span.end)

    def place_of(self, gap: Gap, before: timedelta = timedelta(), after: timedelta = timedelta()) -> Span:
        """Where a gap lies, widened; at an edge, and empty, when it is before the beginning or after the end."""
        first = _frames(gap.began_at - before - self.began_at, self.rate)
        end = self.frames if gap.ended_at is None else _frames(gap.ended_at + after - self.began_at, self.rate)
        return Span(*(min(max(place, 0), self.frames) for place in (first, end)))

    def in_file(self, place: int) -> int:
        """Where a place lies in the file; of one that is left out, where it would be."""
        return place - sum(max(0, min(cut.end, place) - cut.first) for cut in self.cuts)

    def segments(self) -> tuple[Segment, ...]:
        """The map of the file: all of the time, in order."""
        marks = [*self._marks(), self.frames]
        pauses = [span for _, span in self.pauses]
        absences = [self.place_of(gap) for gap in self.gaps if gap.pause is None]
        told: list[tuple[int, int, SegmentKind, tuple[str, ...]]] = []
        for first, end in pairwise(marks):
            kind = _kind_at(first, pauses, absences)
            legs = self._legs_in(Span(first, end)) if kind is SegmentKind.TALK else ()
            if told and told[-1][2:] == (kind, legs):
                told[-1] = (told[-1][0], end, kind, legs)
            else:
                told.append((first, end, kind, legs))
        return tuple(self._segment(*one) for one in told)

    def _marks(self) -> list[int]:
        """Where one segment may end and another begin."""
        edges = {edge for gap in self.gaps for edge in self.place_of(gap)}
        kinds = sorted({0, *(edge for edge in edges if edge < self.frames)})
        least = round(_LEAST_SECONDS * self.rate)
        marks = list(kinds)
        for edge in sorted({edge for voice in self.voices for edge in voice.span}):
            if all(abs(edge - mark) >= least for mark in (*marks, self.frames)) and edge < self.frames:
                marks.append(edge)
        return sorted(marks)

    def _legs_in(self, span: Span) -> tuple[str, ...]:
        """Who was written for most of it, each once."""
        heard = []
        for voice in self.voices:
            common = voice.span.within(span)
            if voice.leg_id is not None and 2 * (common.end - common.first) > span.end - span.first:
                heard.append(voice.leg_id)
        return tuple(dict.fromkeys(heard))

    def _segment(self, first: int, end: int, kind: SegmentKind, legs: tuple[str, ...]) -> Segment:
        offset, after = self.in_file(first), self.in_file(end)
        return Segment(
            kind=kind,
            began_at=self.began_at + timedelta(seconds=first / self.rate),
            ended_at=self.began_at + timedelta(seconds=end / self.rate),
            offset_seconds=offset / self.rate,
            length_seconds=(after - offset) / self.rate,
            leg_ids=legs,
        )


def _kind_at(place: int, pauses: Sequence[Span], absences: Sequence[Span]) -> SegmentKind:
    if any(first <= place < end for first, end in pauses):
        return SegmentKind.PAUSED
    return SegmentKind.APART if any(first <= place < end for first, end in absences) else SegmentKind.TALK


def lay_out(began_at: datetime, rate: int, frames: int, *, gaps: Sequence[Gap], voices: Sequence[Voice]) -> Timeline:
    """Decide what becomes of each moment of a recording."""
    given = tuple(sorted(gaps, key=lambda gap: gap.began_at.astimezone(UTC)))
    bare = Timeline(began_at.astimezone(UTC), rate, frames, given, tuple(voices), (), ())
    blanks = _joined(bare.place_of(gap, timedelta() if gap.pause is None else BEFORE_PAUSE, AFTER_GAP) for gap in given)
    cuts = _joined(span for mode, span in bare.pauses if mode is PauseMode.SKIP)
    return Timeline(bare.began_at, rate, frames, given, bare.voices, blanks, cuts)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same frames, in order and each once."""
    joined: list[Span] = []
    for span in sorted(one for one in spans if one.first < one.end):
        if joined and span.first <= joined[-1].end:
            joined[-1] = Span(joined[-1].first, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def overlapping(spans: Sequence[Span], where: Span) -> Iterator[Span]:
    """What of the spans lies in another."""
    for span in spans:
        common = span.within(where)
        if common.first < common.end:
            yield common


def _frames(time: timedelta, rate: int) -> int:
    return round(time / timedelta(seconds=1) * rate)
