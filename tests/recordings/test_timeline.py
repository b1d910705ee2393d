"""Where a recording's time lies in its file, for any pauses and absences."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.facts.stretches import Gap
from app.facts.vocabulary import PauseMode, SegmentKind
from app.recordings.timeline import AFTER_GAP, BEFORE_PAUSE, Span, Timeline, Voice, lay_out

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RATE = 8000


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def pause(mode: PauseMode, begin: float, end: float | None) -> Gap:
    return Gap(began_at=after(begin), ended_at=None if end is None else after(end), pause=mode)


def apart(begin: float, end: float | None) -> Gap:
    return Gap(began_at=after(begin), ended_at=None if end is None else after(end))


def made(seconds: float, *gaps: Gap, voices: tuple[Voice, ...] = ()) -> Timeline:
    return lay_out(NOON, RATE, round(seconds * RATE), gaps=gaps, voices=voices)


def told(timeline: Timeline) -> list[tuple[str, float, float]]:
    """Kind, offset and length of each segment."""
    return [(one.kind.value, one.offset_seconds, one.length_seconds) for one in timeline.segments()]


def test_given_a_silent_pause_when_laid_out_then_the_file_keeps_its_time() -> None:
    timeline = made(10, pause(PauseMode.SILENCE, 2, 5))
    assert told(timeline) == [("TALK", 0, 2), ("PAUSED", 2, 3), ("TALK", 5, 5)]
    assert timeline.file_frames == 10 * RATE
    margins = (2 - BEFORE_PAUSE.total_seconds(), 5 + AFTER_GAP.total_seconds())
    assert timeline.blanks == (Span(*(round(edge * RATE) for edge in margins)),)


def test_given_a_skipped_pause_when_laid_out_then_it_takes_nothing_of_the_file() -> None:
    timeline = made(10, pause(PauseMode.SKIP, 2, 5))
    assert told(timeline) == [("TALK", 0, 2), ("PAUSED", 2, 0), ("TALK", 2, 5)]
    assert timeline.kept == (Span(0, 2 * RATE), Span(5 * RATE, 10 * RATE))
    assert timeline.file_frames == 7 * RATE
    assert [one.ended_at - one.began_at for one in timeline.segments()][1] == timedelta(seconds=3)


def test_given_a_pause_that_nobody_ended_when_laid_out_then_it_goes_on_to_the_end() -> None:
    assert told(made(10, pause(PauseMode.SILENCE, 4, None))) == [("TALK", 0, 4), ("PAUSED", 4, 6)]
    assert made(10, pause(PauseMode.SKIP, 4, None)).file_frames == 4 * RATE


def test_given_a_pause_while_one_is_on_hold_when_laid_out_then_the_pause_is_told_within_the_absence() -> None:
    timeline = made(10, apart(1, 8), pause(PauseMode.SKIP, 3, 5))
    assert told(timeline) == [("TALK", 0, 1), ("APART", 1, 2), ("PAUSED", 3, 0), ("APART", 3, 3), ("TALK", 6, 2)]


def test_given_gaps_outside_of_what_was_written_when_laid_out_then_they_are_of_no_account() -> None:
    timeline = made(10, pause(PauseMode.SKIP, -5, -1), apart(12, None))
    assert told(timeline) == [("TALK", 0, 10)]
    assert timeline.blanks == timeline.cuts == ()


def test_given_a_transfer_when_laid_out_then_each_stretch_names_the_legs_that_could_be_heard() -> None:
    voices = (
        Voice("leg_agent", Span(72, 4 * RATE)),
        Voice("leg_customer", Span(0, 10 * RATE)),
        Voice("leg_target", Span(6 * RATE, 10 * RATE)),
    )
    timeline = made(10, apart(4, 6), voices=voices)
    assert [(one.kind, one.leg_ids) for one in timeline.segments()] == [
        (SegmentKind.TALK, ("leg_agent", "leg_customer")),
        (SegmentKind.APART, ()),
        (SegmentKind.TALK, ("leg_customer", "leg_target")),
    ]


def test_given_somebody_who_joins_later_when_laid_out_then_a_new_stretch_begins() -> None:
    voices = (Voice("leg_a", Span(0, 10 * RATE)), Voice("leg_b", Span(4 * RATE, 10 * RATE)))
    assert [(one.offset_seconds, one.leg_ids) for one in made(10, voices=voices).segments()] == [
        (0, ("leg_a",)),
        (4, ("leg_a", "leg_b")),
    ]


_INSTANTS = st.integers(-20, 120).map(lambda tenths: tenths / 10)


@st.composite
def _gaps(draw: st.DrawFn) -> list[Gap]:
    """Pauses one after the other, and absences one after the other, as a call makes them."""
    gaps = []
    for modes in (list(PauseMode), [None]):
        edges = sorted(set(draw(st.lists(_INSTANTS, max_size=8))))
        for begin, end in zip(edges[::2], [*edges[1::2], None], strict=False):
            ended_at = None if end is None else after(end)
            gaps.append(Gap(began_at=after(begin), ended_at=ended_at, pause=draw(st.sampled_from(modes))))
    return gaps


@given(_gaps(), st.integers(1, 100))
def test_given_any_gaps_when_laid_out_then_the_map_is_whole_and_no_pause_can_be_heard(
    gaps: list[Gap], tenths: int
) -> None:
    timeline = lay_out(NOON, RATE, tenths * RATE // 10, gaps=gaps, voices=())
    segments = timeline.segments()
    assert segments[0].began_at == NOON
    assert segments[-1].ended_at == NOON + timedelta(seconds=tenths / 10)
    for one, following in pairwise(segments):
        assert one.ended_at == following.began_at
        assert round((one.offset_seconds + one.length_seconds - following.offset_seconds) * RATE) == 0
    assert round(sum(one.length_seconds for one in segments) * RATE) == timeline.file_frames
    blank_or_cut = {frame for span in (*timeline.blanks, *timeline.cuts) for frame in range(*span)}
    for gap in gaps:
        assert set(range(*timeline.place_of(gap))) <= blank_or_cut
