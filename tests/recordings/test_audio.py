import hashlib
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.facts.stretches import Segment
from app.facts.vocabulary import SegmentKind
from app.recordings.audio import Assembled, AssemblyStoppedError, Track, assemble
from app.recordings.wave_format import AudioError, write_header
from tests.recordings.tones import (
    loudest_hertz,
    make_silence,
    make_tone,
    onset_seconds,
    read_wave,
    share_at,
    write_wave,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_given_a_tone_on_each_side_when_assembled_then_each_is_on_its_channel_only(rate: int, tmp_path: Path) -> None:
    agent = write_wave(tmp_path / "agent.wav", make_tone(1000, 3, rate), rate)
    customer = write_wave(tmp_path / "customer.wav", make_tone(400, 3, rate), rate)

    result = assemble([Track(agent, NOON), Track(customer, NOON)], tmp_path / "both.wav")

    samples, read_rate = read_wave(tmp_path / "both.wav")
    left, right = samples[:, 0], samples[:, 1]
    assert read_rate == rate
    assert loudest_hertz(left, rate) == pytest.approx(1000, abs=2)
    assert loudest_hertz(right, rate) == pytest.approx(400, abs=2)
    assert share_at(left, rate, 400) < 1e-6
    assert share_at(right, rate, 1000) < 1e-6
    assert result == Assembled(
        size_bytes=(tmp_path / "both.wav").stat().st_size,
        duration_seconds=3.0,
        channels=2,
        sample_rate=rate,
        sha256=hashlib.sha256((tmp_path / "both.wav").read_bytes()).hexdigest(),
        segments=(
            Segment(kind=SegmentKind.TALK, began_at=NOON, ended_at=after(3), offset_seconds=0.0, length_seconds=3.0),
        ),
    )


@pytest.mark.parametrize("late", [-1.25, -0.04, 0.0, 0.02, 0.34, 2.5])
def test_given_a_side_that_began_later_when_assembled_then_one_click_is_at_one_place(
    late: float, tmp_path: Path
) -> None:
    # Both sides hear the same click, 4 s after the agent's side began.
    agent = write_wave(tmp_path / "a.wav", np.concatenate([make_silence(4), make_tone(1000, 0.5)]))
    customer = write_wave(tmp_path / "c.wav", np.concatenate([make_silence(4 - late), make_tone(400, 0.5)]))

    assemble([Track(agent, NOON), Track(customer, after(late))], tmp_path / "both.wav")

    samples, rate = read_wave(tmp_path / "both.wav")
    assert onset_seconds(samples[:, 0], rate) == pytest.approx(onset_seconds(samples[:, 1], rate), abs=0.002)
    assert onset_seconds(samples[:, 0], rate) == pytest.approx(4 + max(0.0, -late), abs=0.002)


@pytest.mark.parametrize(
    ("finished_after", "expected_offset"),
    [
        pytest.param(1.0, 0.5, id="start and end agree"),
        pytest.param(1.04, 0.52, id="the end says 40 ms later: the middle"),
        pytest.param(0.98, 0.49, id="the end says earlier: the middle"),
        pytest.param(4.0, 0.5, id="paused for 3 s: the start alone"),
        pytest.param(None, 0.5, id="nobody heard the end"),
    ],
)
def test_given_start_and_end_of_a_side_when_assembled_then_it_begins_between_what_they_say(
    finished_after: float | None, expected_offset: float, tmp_path: Path
) -> None:
    path = write_wave(tmp_path / "a.wav", make_tone(1000, 1))
    finished_at = None if finished_after is None else after(0.5 + finished_after)

    assemble([Track(path, NOON), Track(path, after(0.5), finished_at)], tmp_path / "both.wav")

    samples, rate = read_wave(tmp_path / "both.wav")
    assert onset_seconds(samples[:, 1], rate) == pytest.approx(expected_offset, abs=0.012)
    assert onset_seconds(samples[:, 1], rate) - onset_seconds(samples[:, 0], rate) == pytest.approx(
        expected_offset, abs=0.001
    )


def test_given_instants_in_different_zones_when_assembled_then_the_moments_count(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "a.wav", make_tone(1000, 1))
    there = after(0.5).astimezone(timezone(timedelta(hours=-5)))

    result = assemble([Track(path, NOON), Track(path, there)], tmp_path / "both.wav")

    assert result.duration_seconds == 1.5


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.tuples(st.integers(0, 5000), st.integers(0, 5000)),
    late=st.floats(-3, 3, allow_nan=False),
    rate=st.sampled_from([8000, 16000]),
    chunk=st.integers(1, 3000),
)
def test_given_any_lengths_and_offset_when_assembled_then_both_sides_are_there_whole_and_at_their_place(
    lengths: tuple[int, int], late: float, rate: int, chunk: int
) -> None:
    sides = [np.arange(1, length + 1, dtype=np.int16) for length in lengths]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.recordings.audio._CHUNK_FRAMES", chunk)
        paths = [write_wave(Path(folder, f"{number}.wav"), side, rate) for number, side in enumerate(sides)]
        tracks = [Track(paths[0], NOON), Track(paths[1], after(late))]
        whole = Path(folder, "whole.wav")
        if not any(lengths):
            with pytest.raises(AudioError, match="No audio"):
                assemble(tracks, whole)
            return
        result = assemble(tracks, whole)
        samples, _rate = read_wave(whole)
        digest = hashlib.sha256(whole.read_bytes()).hexdigest()
    offset = (after(late) - NOON).total_seconds()
    begins = [round(max(0.0, -offset) * rate), round(max(0.0, offset) * rate)]
    expected = np.zeros((max(begins[0] + lengths[0], begins[1] + lengths[1]), 2), dtype=np.int16)
    for channel in (0, 1):
        expected[begins[channel] : begins[channel] + lengths[channel], channel] = sides[channel]
    assert np.array_equal(samples, expected)
    assert result.duration_seconds == len(expected) / rate
    assert result.sha256 == digest


def test_given_one_side_when_assembled_then_it_is_mono_with_a_true_header(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "agent.wav", make_tone(1000, 2))
    data = bytearray(path.read_bytes())
    data[40:44] = b"\0\0\0\0"  # the length Asterisk never mended
    path.write_bytes(bytes(data) + b"\1")

    result = assemble([Track(path, NOON)], tmp_path / "out.wav")

    samples, rate = read_wave(tmp_path / "out.wav")
    assert samples.shape == (16000, 1)
    assert loudest_hertz(samples[:, 0], rate) == pytest.approx(1000, abs=2)
    assert (result.channels, result.duration_seconds) == (1, 2.0)
    assert result.size_bytes == (tmp_path / "out.wav").stat().st_size


def test_given_a_side_with_no_samples_when_assembled_then_that_channel_is_silence(tmp_path: Path) -> None:
    (tmp_path / "mute.wav").write_bytes(write_header(1, 8000, 0))
    path = write_wave(tmp_path / "agent.wav", make_tone(1000, 1))

    assemble([Track(path, NOON), Track(tmp_path / "mute.wav", NOON)], tmp_path / "out.wav")

    samples, rate = read_wave(tmp_path / "out.wav")
    assert loudest_hertz(samples[:, 0], rate) == pytest.approx(1000, abs=2)
    assert not samples[:, 1].any()
    assert len(samples) == 8000


@pytest.mark.parametrize(
    ("second", "late", "reason"),
    [
        (b"", 0, "empty"),
        (write_header(1, 8000, 10)[:30], 0, "cut off"),
        (write_header(1, 16000, 4) + bytes(8), 0, "different sample rates: 8000, 16000 Hz"),
        (write_header(2, 8000, 4) + bytes(16), 0, "not mono"),
        (write_header(1, 8000, 4) + bytes(8), 26 * 3600, "more than a day apart"),
    ],
)
def test_given_a_side_that_does_not_go_with_the_other_when_assembled_then_the_reason_is_said(
    second: bytes, late: float, reason: str, tmp_path: Path
) -> None:
    first = write_wave(tmp_path / "a.wav", make_tone(1000, 1))
    (tmp_path / "b.wav").write_bytes(second)

    with pytest.raises(AudioError, match=reason):
        assemble([Track(first, NOON), Track(tmp_path / "b.wav", after(late))], tmp_path / "out.wav")


def test_given_a_stop_when_assembling_then_it_ends_between_two_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.recordings.audio._CHUNK_FRAMES", 100)
    path = write_wave(tmp_path / "a.wav", make_tone(1000, 1))
    asked = iter([False, False, True])

    with pytest.raises(AssemblyStoppedError):
        assemble([Track(path, NOON)], tmp_path / "out.wav", is_stopped=lambda: next(asked))

    assert (tmp_path / "out.wav").stat().st_size < 44 + 300 * 2


def test_given_four_hours_of_stereo_when_assembled_then_under_200_mb_are_needed(tmp_path: Path) -> None:
    frames = 4 * 3600 * 8000
    for side in ("agent", "customer"):
        with (tmp_path / f"{side}.wav").open("wb") as file:
            file.write(header := write_header(1, 8000, frames))
            file.truncate(len(header) + frames * 2)
    # In a process of its own, and by VmHWM: ru_maxrss would begin with the parent's.
    script = r"""
import re, sys
from datetime import UTC, datetime
from pathlib import Path
from app.recordings.audio import Track, assemble
folder, now = Path(sys.argv[1]), datetime.now(UTC)
result = assemble([Track(folder / "agent.wav", now), Track(folder / "customer.wav", now)], folder / "both.wav")
kilobytes = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]
print(result.duration_seconds, int(kilobytes) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], check=True, capture_output=True, text=True, timeout=120
    )
    (tmp_path / "both.wav").unlink()
    seconds, peak_megabytes = done.stdout.split()

    assert float(seconds) == 4 * 3600
    assert int(peak_megabytes) < 200
