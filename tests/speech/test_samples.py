"""Sound at another rate: the same frequencies, the same time, nothing folded back."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.recordings.wave_format import HEADER_LIMIT, AudioError, read_layout
from app.speech import samples
from app.speech.engine import Spoken

Samples = NDArray[np.float32]
RATES = [(22_050, 8_000), (22_050, 16_000), (16_000, 8_000), (8_000, 16_000), (44_100, 8_000), (48_000, 16_000)]


def _tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    at = np.arange(int(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


@pytest.mark.parametrize(("from_rate", "to_rate"), RATES)
def test_given_a_tone_when_resampled_then_it_is_that_tone_without_a_shift(from_rate: int, to_rate: int) -> None:
    heard = samples.resample(_tone(1000, from_rate), from_rate, to_rate)
    wanted = _tone(1000, to_rate)
    assert abs(len(heard) - len(wanted)) <= 1
    inner = slice(400, min(len(heard), len(wanted)) - 400)
    assert np.abs(heard[inner] - wanted[inner]).max() < 0.001


@pytest.mark.parametrize(("from_rate", "to_rate"), [(rates) for rates in RATES if rates[1] < rates[0]])
def test_given_what_the_lower_rate_cannot_hold_when_resampled_then_it_is_gone(from_rate: int, to_rate: int) -> None:
    too_high = 0.62 * to_rate
    if too_high >= from_rate / 2:
        too_high = 0.53 * to_rate
    heard = samples.resample(_tone(too_high, from_rate), from_rate, to_rate)
    assert np.sqrt(np.mean(heard[400:-400] ** 2)) < 0.5 / np.sqrt(2) / 1000  # 60 dB down


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_given_hardly_any_samples_when_resampled_then_the_length_is_right(count: int) -> None:
    assert len(samples.resample(np.ones(count, np.float32), 22_050, 8_000)) == -(-count * 160 // 441)
    assert len(samples.resample(np.ones(count, np.float32), 8_000, 16_000)) == 2 * count


def test_given_sound_that_is_too_loud_when_written_then_it_is_cut_and_does_not_turn_over() -> None:
    written = np.frombuffer(samples.to_bytes(np.array([2.0, -2.0, 1.0, -1.0, 0.0], np.float32)), "<i2")
    assert written.tolist() == [32767, -32768, 32767, -32768, 0]


def test_given_samples_when_written_and_read_then_they_are_the_same() -> None:
    sound = samples.to_bytes(_tone(440, 8_000))
    file = samples.write_wav(sound, 8_000)
    layout = read_layout(file[:HEADER_LIMIT], len(file))
    assert (layout.channels, layout.sample_rate, layout.frames) == (1, 8_000, 8_000)
    assert samples.read_spoken(file) == Spoken(sound, 8_000)


@pytest.mark.parametrize("file", [b"", b"RIFF", b"x" * 100])
def test_given_no_wav_file_when_read_then_it_is_said(file: bytes) -> None:
    with pytest.raises(AudioError):
        samples.read_spoken(file)


def test_given_the_rate_that_is_wanted_when_converted_then_nothing_changes() -> None:
    assert samples.convert(Spoken(b"\x01\x00\x02\x00", 16_000), 16_000) == b"\x01\x00\x02\x00"
