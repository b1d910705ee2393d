"""Pauses, absences and several voices on a side, by what the file holds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.facts.stretches import Gap
from app.facts.vocabulary import PauseMode
from app.recordings import audio
from app.recordings.audio import Track, assemble
from app.recordings.timeline import Span, Timeline
from app.recordings.wave_format import HEADER_LIMIT, AudioError, read_layout, read_segments
from tests.recordings.tones import Samples, loudest_hertz, make_silence, make_tone, read_wave, share_at, write_wave

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RATE = 8000
MARGIN = 0.2


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def _between(samples: Samples, begin: float, end: float) -> Samples:
    return samples[round(begin * RATE) : round(end * RATE)]


def _both_sides(folder: Path, seconds: float) -> list[Track]:
    agent = write_wave(folder / "agent.wav", make_tone(1000, seconds))
    customer = write_wave(folder / "customer.wav", make_tone(400, seconds))
    return [Track(agent, NOON, leg_id="leg_a"), Track(customer, NOON, leg_id="leg_c")]


@pytest.mark.parametrize("mode", PauseMode)
def test_given_a_tone_all_along_when_paused_then_not_one_sample_of_it_is_left_and_the_length_is_as_computed(
    mode: PauseMode, tmp_path: Path
) -> None:
    pauses = [
        Gap(began_at=after(2), ended_at=after(5), pause=mode),
        Gap(began_at=after(7), ended_at=after(8.5), pause=mode),
    ]
    result = assemble(_both_sides(tmp_path, 12), tmp_path / "out.wav", gaps=pauses)
    samples, _ = read_wave(tmp_path / "out.wav")
    assert result.duration_seconds == len(samples) / RATE == (12 - 4.5 if mode is PauseMode.SKIP else 12)
    for segment in result.segments:
        stretch = _between(samples, segment.offset_seconds, segment.offset_seconds + segment.length_seconds)
        if segment.kind == "PAUSED":
            assert not stretch.any()
            assert (segment.length_seconds == 0) == (mode is PauseMode.SKIP)
        else:
            heard = stretch[round(MARGIN * RATE) : -round(MARGIN * RATE)]
            assert loudest_hertz(heard[:, 0], RATE) == pytest.approx(1000, abs=5)
            assert loudest_hertz(heard[:, 1], RATE) == pytest.approx(400, abs=5)


def test_given_words_just_before_the_end_of_a_pause_when_they_arrive_after_it_then_they_are_not_in_the_file(
    tmp_path: Path,
) -> None:
    late = np.concatenate([make_silence(4), make_tone(1000, 0.15), make_silence(4)])
    track = Track(write_wave(tmp_path / "a.wav", late), NOON)
    assemble([track], tmp_path / "o.wav", gaps=[Gap(began_at=after(2), ended_at=after(4), pause=PauseMode.SKIP)])
    samples, _ = read_wave(tmp_path / "o.wav")
    assert not samples.any()


def test_given_a_pause_that_was_never_ended_when_assembled_then_the_rest_is_silent(tmp_path: Path) -> None:
    assemble(_both_sides(tmp_path, 6), tmp_path / "out.wav", gaps=[Gap(began_at=after(3), pause=PauseMode.SILENCE)])
    samples, _ = read_wave(tmp_path / "out.wav")
    assert _between(samples, 0, 2.8).any()
    assert not _between(samples, 3, 6).any()


def test_given_a_pause_over_all_of_it_when_skipped_then_there_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="outside the pauses"):
        assemble(_both_sides(tmp_path, 2), tmp_path / "out.wav", gaps=[Gap(began_at=after(-1), pause=PauseMode.SKIP)])


def test_given_two_voices_of_a_side_one_after_the_other_when_assembled_then_each_is_at_its_time(tmp_path: Path) -> None:
    first = write_wave(tmp_path / "1.wav", make_tone(1000, 3))
    second = write_wave(tmp_path / "2.wav", make_tone(700, 3))
    customer = write_wave(tmp_path / "c.wav", make_tone(400, 9))
    tracks = [
        Track(first, NOON, channel=0, leg_id="leg_1"),
        Track(customer, NOON, channel=1, leg_id="leg_c"),
        Track(second, after(6), channel=0, leg_id="leg_2"),
    ]
    result = assemble(tracks, tmp_path / "out.wav", gaps=[Gap(began_at=after(3), ended_at=after(6))])
    samples, _ = read_wave(tmp_path / "out.wav")
    assert (result.channels, result.duration_seconds) == (2, 9.0)
    assert loudest_hertz(_between(samples, 0, 3)[:, 0], RATE) == pytest.approx(1000, abs=5)
    assert not _between(samples, 3, 6).any()
    assert loudest_hertz(_between(samples, 6.2, 9)[:, 0], RATE) == pytest.approx(700, abs=5)
    assert [segment.leg_ids for segment in result.segments] == [("leg_1", "leg_c"), (), ("leg_c", "leg_2")]


def test_given_two_voices_of_a_side_at_once_when_assembled_then_both_are_heard_and_nothing_wraps_round(
    tmp_path: Path,
) -> None:
    one = write_wave(tmp_path / "1.wav", make_tone(1000, 3, level=0.8))
    other = write_wave(tmp_path / "2.wav", make_tone(600, 2, level=0.8))
    assemble([Track(one, NOON, channel=0), Track(other, after(1), channel=0)], tmp_path / "out.wav")
    samples, _ = read_wave(tmp_path / "out.wav")
    both = _between(samples, 1, 3)[:, 0]
    assert share_at(both, RATE, 1000) > 0.3
    assert share_at(both, RATE, 600) > 0.3
    alone = _between(samples, 0, 1)[:, 0]
    assert share_at(alone, RATE, 1000) > 0.99
    expected = make_tone(1000, 3, level=0.8)[RATE:].astype(int) + make_tone(600, 2, level=0.8).astype(int)
    assert np.array_equal(both, np.clip(expected, -32768, 32767))


def test_given_a_file_when_read_back_then_it_tells_its_own_map(tmp_path: Path) -> None:
    gaps = [Gap(began_at=after(2), ended_at=after(3), pause=PauseMode.SILENCE)]
    result = assemble(_both_sides(tmp_path, 5), tmp_path / "out.wav", gaps=gaps)
    data = (tmp_path / "out.wav").read_bytes()
    layout = read_layout(data[:HEADER_LIMIT], len(data))
    assert read_segments(data[layout.data_end :]) == result.segments
    assert len(data) == result.size_bytes
    assert read_segments(data[layout.data_end : -5]) == read_segments(b"") == read_segments(b"LIST\4\0\0\0abcd") == ()


def test_given_a_file_with_sound_in_a_pause_when_proved_then_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof looks at what was written, and does not trust whoever wrote it."""
    monkeypatch.setattr(audio, "overlapping", lambda *_: iter(()))
    gaps = [Gap(began_at=after(2), ended_at=after(3), pause=PauseMode.SILENCE)]
    with pytest.raises(AudioError, match="not silent"):
        assemble(_both_sides(tmp_path, 5), tmp_path / "out.wav", gaps=gaps)


def test_given_a_file_that_has_what_was_to_be_left_out_when_proved_then_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Timeline, "kept", property(lambda timeline: (Span(0, timeline.frames),)))
    gaps = [Gap(began_at=after(2), ended_at=after(3), pause=PauseMode.SKIP)]
    with pytest.raises(AudioError, match="not as long"):
        assemble(_both_sides(tmp_path, 5), tmp_path / "out.wav", gaps=gaps)
