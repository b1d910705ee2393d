"""Sound that can be counted after its way over telephone lines: each 20 ms hold one level, which is another one's next.

Codecs of the telephone network change every sample a little, resampling turns edges, and neither knows frames. A level
that stays for most of 20 ms is still told from the others, and one that is missing or comes twice is missed or is
counted twice.
"""

import math
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAME_MILLISECONDS: Final = 20
#: Far enough apart for G.711, and none of them its neighbour's negative, so that an echo of an edge is none.
_STEPS: Final = tuple(round(1_000 * 1.5**step) for step in range(7))
LEVELS: Final = tuple(level for step in _STEPS for level in (step, -step))
#: Says: from here on it counts; and: that was all.
PING: Final = 18_000
END: Final = -18_000
_TOLERANCE: Final = 0.15
_SHORTEST_MILLISECONDS: Final = 8
_LONGEST_MILLISECONDS: Final = 33


def frame_of(number: int, rate: int) -> bytes:
    """The frame of this number, 20 ms at ``rate``."""
    return steady(LEVELS[number % len(LEVELS)], rate)


def steady(level: int, rate: int) -> bytes:
    """A frame of one level."""
    return np.full(rate * FRAME_MILLISECONDS // 1000, level, dtype="<i2").tobytes()


def has_level(sound: bytes, rate: int, level: int) -> bool:
    """Whether such a frame has come."""
    return any(found == level for found, _ in _runs(sound, rate))


def numbers_in(sound: bytes, rate: int) -> list[int]:
    """The frames' numbers, modulo the count of levels, since the last ping; a frame that came twice is there twice."""
    found: list[int] = []
    for level, milliseconds in _runs(sound, rate):
        if level == PING:
            found.clear()
        if level in {PING, END}:
            continue
        times = 1 if milliseconds <= _LONGEST_MILLISECONDS else math.ceil(milliseconds / FRAME_MILLISECONDS)
        found += [LEVELS.index(level)] * times
    return found


def wanted_numbers(count: int) -> list[int]:
    """What :func:`numbers_in` gives when so many frames have come, each once and in order."""
    return [number % len(LEVELS) for number in range(count)]


def _runs(sound: bytes, rate: int) -> list[tuple[int, float]]:
    """Each level that stays, and for how many milliseconds."""
    named = _name_levels(np.frombuffer(sound, dtype="<i2"))
    edges = [0, *(np.flatnonzero(np.diff(named)) + 1).tolist(), len(named)]
    stretches = [(int(named[first]), 1000 * (last - first) / rate) for first, last in pairwise(edges) if last > first]
    steady = [one for one in stretches if one[0] and one[1] >= _SHORTEST_MILLISECONDS]
    # Silence that was put in where sound was late may part a frame: no two frames in a row have one level.
    return [(level, sum(length for _, length in pieces)) for level, pieces in groupby(steady, key=itemgetter(0))]


def _name_levels(samples: NDArray[np.int16]) -> NDArray[np.int32]:
    """Each sample's level, 0 where it is none."""
    named = np.zeros(len(samples), dtype=np.int32)
    for level in (*LEVELS, PING, END):
        named[np.abs(samples.astype(np.int32) - level) <= _TOLERANCE * abs(level)] = level
    return named
