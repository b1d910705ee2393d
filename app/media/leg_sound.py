"""A leg's sound as its channel in Asterisk has it, and as a program has it: 16-bit samples at its own rate.

Asterisk could do this, and Debian's loses sound where it does (docs/decisions/0041). numpy comes with the first stream
that needs it.
"""

from typing import TYPE_CHECKING, Final, Protocol

from app.media.g711 import Law, decode, encode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LAW_RATE: Final = 8000
_PLAIN: Final = {8000: "slin", 16000: "slin16"}
SAMPLE_RATES: Final = tuple(_PLAIN)
#: Of the half-band filter, beside the one in its middle: flat to 3.4 kHz, 55 dB down from 4.6 kHz on.
_TAPS: Final = 32
_BETA: Final = 6.0
_LOUDEST: Final = 32767
_CODES: Final = 256
_SAMPLES: Final = 65_536


class LegSound(Protocol):
    """Both ways of one stream, whole frames at a time. ``audio_format`` is what Asterisk calls its channel's side."""

    @property
    def audio_format(self) -> str: ...

    def hear(self, sound: bytes) -> bytes:
        """What came from Asterisk, as the program has it."""
        ...

    def say(self, sound: bytes) -> bytes:
        """What the program says, as Asterisk has it."""
        ...

    def clear(self) -> None:
        """What was said before is not played any more."""
        ...


def leg_sound(law: Law | None, sample_rate: int) -> LegSound:
    """For a leg that has its sound by this law, or otherwise (None: Asterisk makes samples of it)."""
    if law is None:
        return _Plain(sample_rate)
    return _Coded(law) if sample_rate == _LAW_RATE else _Widened(law)


class _Plain:
    def __init__(self, sample_rate: int) -> None:
        self.audio_format = _PLAIN[sample_rate]

    def hear(self, sound: bytes) -> bytes:
        return sound

    def say(self, sound: bytes) -> bytes:
        return sound

    def clear(self) -> None:
        """Nothing is kept."""


class _Coded:
    def __init__(self, law: Law) -> None:
        self._law = law
        self.audio_format = law.value

    def hear(self, sound: bytes) -> bytes:
        return decode(self._law, sound)

    def say(self, sound: bytes) -> bytes:
        return encode(self._law, sound)

    def clear(self) -> None:
        """Nothing is kept."""


class _Widened:
    """At twice the rate. Every second sample is the other side's own, the filter makes those between."""

    def __init__(self, law: Law) -> None:
        import numpy as np

        self._np = np
        self.audio_format = law.value
        self._levels = np.frombuffer(decode(law, bytes(range(_CODES))), dtype="<i2").astype(np.float64)
        self._codes = np.frombuffer(encode(law, np.arange(_SAMPLES, dtype="<u2").tobytes()), dtype=np.uint8)
        places = np.arange(_TAPS) - (_TAPS - 1) / 2
        filter_ = np.sinc(places) * np.kaiser(_TAPS, _BETA)
        self._filter = filter_ / filter_.sum()
        self._heard = np.zeros(_TAPS - 1)
        self._said_odd: NDArray[np.float64] = np.zeros(_TAPS - 1)
        self._said_even: NDArray[np.float64] = np.zeros(_TAPS // 2 - 1)

    def hear(self, sound: bytes) -> bytes:
        if not sound:
            return sound
        samples = self._levels[self._np.frombuffer(sound, dtype=self._np.uint8)]
        known = self._np.concatenate((self._heard, samples))
        self._heard = known[len(samples) :]
        wide = self._np.empty(2 * len(samples))
        # The sample in the middle of the filter's reach, and the one that belongs between it and the next.
        wide[::2] = known[_TAPS // 2 - 1 :][: len(samples)]
        wide[1::2] = self._np.convolve(known, self._filter, "valid")
        return self._round(wide).tobytes()

    def say(self, sound: bytes) -> bytes:
        if not sound:
            return sound
        samples = self._np.frombuffer(sound, dtype="<i2")
        even, odd = samples[::2], samples[1::2]
        known_odd = self._np.concatenate((self._said_odd, odd))
        known_even = self._np.concatenate((self._said_even, even))
        self._said_odd, self._said_even = known_odd[len(odd) :], known_even[len(even) :]
        between = self._np.convolve(known_odd, self._filter, "valid")
        numbers = self._round((known_even[: len(even)] + between) / 2).view("<u2")
        return bytes(self._codes[numbers].tobytes())

    def clear(self) -> None:
        self._said_odd = self._np.zeros(_TAPS - 1)
        self._said_even = self._np.zeros(_TAPS // 2 - 1)

    def _round(self, samples: "NDArray[np.float64]") -> "NDArray[np.int16]":
        return self._np.rint(samples).clip(-_LOUDEST, _LOUDEST).astype("<i2")
