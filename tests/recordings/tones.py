"""Made-up audio with a known frequency in it, and the ear that finds it again."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile  # type: ignore[import-untyped]  # it ships no types

Samples = npt.NDArray[np.int16]


def make_tone(hertz: float, seconds: float, rate: int = 8000, level: float = 0.3) -> Samples:
    at = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * at) * level * 32767).astype(np.int16)


def make_silence(seconds: float, rate: int = 8000) -> Samples:
    return np.zeros(round(seconds * rate), dtype=np.int16)


def write_wave(path: Path, samples: Samples, rate: int = 8000) -> Path:
    """Written by libsndfile, so that what is tested does not test itself."""
    soundfile.write(path, samples, rate, subtype="PCM_16", format="WAV")
    return path


def read_wave(path: Path) -> tuple[Samples, int]:
    """Samples as (frames, channels), and the rate; read by libsndfile."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return samples, rate


def loudest_hertz(samples: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


def share_at(samples: Samples, rate: int, hertz: float) -> float:
    """How much of the energy lies within 20 Hz of a frequency, 0 to 1."""
    energy = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(samples), 1 / rate) - hertz) <= 20
    total = float(energy.sum())
    return float(energy[near].sum()) / total if total else 0.0


def onset_seconds(samples: Samples, rate: int) -> float:
    """When it is first louder than a tenth of full scale."""
    return float(np.argmax(np.abs(samples.astype(np.int32)) > 3000)) / rate
