"""Looking at sound: levels, tones and where things begin. Samples are floats in -1 … 1, one column for each channel."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float64]

_SILENCE_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class Sound:
    """``samples`` has the shape (frames, channels)."""

    rate: int
    samples: Samples

    @property
    def channel_count(self) -> int:
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        return int(self.samples.shape[0]) / self.rate

    def channel(self, index: int) -> Samples:
        return self.samples[:, index]

    def between(self, start_seconds: float, end_seconds: float) -> "Sound":
        return Sound(self.rate, self.samples[int(start_seconds * self.rate) : int(end_seconds * self.rate)])

    def tone_dbfs(self, frequency: float, channel: int = 0) -> float:
        return tone_dbfs(self.channel(channel), self.rate, frequency)

    def rms_dbfs(self, channel: int = 0) -> float:
        return rms_dbfs(self.channel(channel))


def read_wav(content: bytes) -> Sound:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
    return Sound(int(rate), samples)


def write_tone(path: Path, frequency: float, seconds: float, *, rate: int = 8000, level_dbfs: float = -12.0) -> None:
    """Write a mono 16-bit WAV with one sine."""
    phase = 2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate
    soundfile.write(path, np.sin(phase) * 10 ** (level_dbfs / 20), rate, subtype="PCM_16")


def rms_dbfs(samples: Samples) -> float:
    """Return the level against a full-scale square wave; silence is -120."""
    if samples.size == 0:
        return _SILENCE_DBFS
    power = float(np.mean(np.square(samples)))
    return max(_SILENCE_DBFS, 10 * math.log10(power)) if power else _SILENCE_DBFS


def tone_dbfs(samples: Samples, rate: int, frequency: float) -> float:
    """Return the level of one frequency (within some ±10 Hz); a full-scale sine is 0."""
    if samples.size == 0:
        return _SILENCE_DBFS
    window = np.hanning(samples.size)
    spectrum = np.abs(np.fft.rfft(samples * window)) * 2 / float(np.sum(window))
    frequencies = np.fft.rfftfreq(samples.size, 1 / rate)
    near = spectrum[np.abs(frequencies - frequency) <= max(10.0, 2 * rate / samples.size)]
    peak = float(near.max()) if near.size else 0.0
    return max(_SILENCE_DBFS, 20 * math.log10(peak)) if peak else _SILENCE_DBFS


def loudest_frequency(samples: Samples, rate: int) -> float:
    """Return the strongest frequency in Hz, direct current aside."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    spectrum[0] = 0.0
    return float(np.fft.rfftfreq(samples.size, 1 / rate)[int(np.argmax(spectrum))])


def onset_seconds(samples: Samples, rate: int, *, threshold_dbfs: float = -40.0) -> float | None:
    """Return when the first sample louder than the threshold comes, or None."""
    loud = np.flatnonzero(np.abs(samples) > 10 ** (threshold_dbfs / 20))
    return float(loud[0]) / rate if loud.size else None
