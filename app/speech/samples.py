"""Sound as samples: from any rate to another, and into WAV files. Pure, and slow for long sounds: run it in a thread.

numpy comes with the first use, so that a service that never speaks does not load it.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from app.recordings.wave_format import HEADER_LIMIT, SAMPLE_BYTES, AudioError, read_layout, write_header
from app.speech.engine import Spoken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: One channel, full scale is 1.
    Samples: TypeAlias = NDArray[np.float32]

#: Zero crossings of the filter on either side, and Kaiser's beta: 80 dB down from the new Nyquist frequency on.
_CROSSINGS: Final = 32
_BETA: Final = 8.0
#: Of the lower Nyquist frequency, the rest is for the filter's slope.
_PASSED: Final = 0.91
#: How many filters are remembered, of some 1 kB: a voice at 22 050 Hz has 480, for the two rates in use.
_FILTERS_KEPT: Final = 1024
_FULL_SCALE: Final = 32768.0
#: What is no louder than this is silence: 50 dB below full scale.
_QUIET: Final = 104


def read_spoken(wav: bytes) -> Spoken:
    """What an engine wrote as a WAV file of one channel.

    Raises:
        AudioError: it is none.
    """
    layout = read_layout(wav[:HEADER_LIMIT], len(wav))
    if layout.channels != 1:
        raise AudioError("The engine spoke in stereo.")
    return Spoken(wav[layout.data_offset : layout.data_end], layout.sample_rate)


def write_wav(samples: bytes, sample_rate: int) -> bytes:
    """16-bit samples of one channel as a file."""
    return write_header(1, sample_rate, len(samples) // SAMPLE_BYTES) + samples


def silence(seconds: float, sample_rate: int) -> bytes:
    """Nothing, for so long."""
    return b"\0" * (round(seconds * sample_rate) * SAMPLE_BYTES)


def trim(samples: bytes) -> bytes:
    """The samples without the silence before and after; with none at all when there is nothing else."""
    import numpy as np

    loud = np.flatnonzero(np.abs(np.frombuffer(samples, dtype="<i2").astype(np.int32)) > _QUIET)
    return samples[loud[0] * SAMPLE_BYTES : (loud[-1] + 1) * SAMPLE_BYTES] if len(loud) else b""


def convert(spoken: Spoken, sample_rate: int) -> bytes:
    """The samples at another rate."""
    if spoken.sample_rate == sample_rate:
        return spoken.samples
    return to_bytes(resample(from_bytes(spoken.samples), spoken.sample_rate, sample_rate))


def from_bytes(samples: bytes) -> "Samples":
    import numpy as np

    return np.frombuffer(samples, dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def to_bytes(samples: "Samples") -> bytes:
    """16-bit samples; what is too loud is cut off."""
    import numpy as np

    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    cut: bytes = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()
    return cut


def resample(samples: "Samples", from_rate: int, to_rate: int) -> "Samples":
    """The same sound at another rate, through a polyphase low-pass of a windowed sinc; nothing is shifted in time."""
    import numpy as np

    if from_rate == to_rate or len(samples) == 0:
        return samples
    shared = math.gcd(from_rate, to_rate)
    up, down = to_rate // shared, from_rate // shared
    half = _half_length(up, down)
    count = math.ceil(len(samples) * up / down)
    padded = np.concatenate([np.zeros(half, np.float32), samples, np.zeros(half + down + 1, np.float32)])
    result = np.empty(count, np.float32)
    for phase in range(min(up, count)):
        # Output `phase + up * n` lies at input `first + down * n`, and a part of a sample further.
        first = phase * down // up
        wanted = len(range(phase, count, up))
        windows = np.lib.stride_tricks.sliding_window_view(padded[first + 1 :], 2 * half)[::down][:wanted]
        result[phase::up] = windows @ _filter_of(up, down, phase)
    return result


def _cutoff(up: int, down: int) -> float:
    """Of the old Nyquist frequency."""
    return _PASSED * min(1.0, up / down)


def _half_length(up: int, down: int) -> int:
    """Of the filter, in samples at the old rate."""
    return math.ceil(_CROSSINGS / _cutoff(up, down))


# The same for every sound, and to make them takes far longer than to speak a word through them.
@lru_cache(maxsize=_FILTERS_KEPT)
def _filter_of(up: int, down: int, phase: int) -> "Samples":
    """What is heard of the samples around the place in the old sound at which the new one has its ``phase``-th."""
    import numpy as np

    cutoff, half = _cutoff(up, down), _half_length(up, down)
    distance = np.arange(-half + 1, half + 1) - phase * down % up / up
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1 - (distance / half) ** 2))) / np.i0(_BETA)
    taps = np.sinc(cutoff * distance) * window
    made: Samples = (taps / taps.sum()).astype(np.float32)
    made.setflags(write=False)  # shared between threads
    return made
