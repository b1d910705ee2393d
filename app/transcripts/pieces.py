"""A recording's channels in pieces that an engine takes, cut where nobody speaks. Pure; run it in a thread."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A piece is cut within its last part: there, where it is quietest for so long.
_LOOKED_AT: Final = 0.25
_QUIET_SECONDS: Final = 0.2
#: No louder than this, 54 dB below full scale, all of it: nobody says anything.
_SILENT: Final = 64


def pick_channel(frames: bytes, channels: int, channel: int) -> bytes:
    """One channel (counted from 0) of interleaved 16-bit samples."""
    if channels == 1:
        return frames
    import numpy as np

    picked: bytes = np.frombuffer(frames, dtype="<i2")[channel::channels].tobytes()
    return picked


def is_silent(samples: bytes) -> bool:
    """Whether there is nothing to hear: engines make words up where nobody speaks."""
    import numpy as np

    values = _values(samples)
    return not len(values) or int(np.abs(values).max()) <= _SILENT


def find_cut(samples: bytes, sample_rate: int) -> int:
    """How many of the samples make the piece: up to the middle of the quietest moment near its end."""
    import numpy as np

    values = _values(samples)
    size = max(1, round(_QUIET_SECONDS * sample_rate))
    begin = round(len(values) * (1 - _LOOKED_AT))
    if len(values) - begin < 2 * size:
        return len(values)
    energy = np.concatenate(([0], np.cumsum(values[begin:].astype(np.int64) ** 2)))
    quietest = int(np.argmin(energy[size:] - energy[:-size]))
    return begin + quietest + size // 2


def _values(samples: bytes) -> "NDArray[np.int32]":
    import numpy as np

    values: NDArray[np.int32] = np.frombuffer(samples, dtype="<i2").astype(np.int32)
    return values
