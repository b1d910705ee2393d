"""The telephone network's sound, eight bits a sample (ITU-T G.711), and back. Pure, by tables made at first use."""

import struct
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple, assert_never

_CODES: Final = 256
_LOWEST: Final = -32768
_HIGHEST: Final = 32767
_SIGN: Final = 0x80
_SAMPLE_BYTES: Final = 2
# µ-law adds this to what it codes, so that the smallest steps lie in a segment like the others.
_BIAS: Final = 0x84


class Law(StrEnum):
    """Which of the two; the names are Asterisk's."""

    ULAW = "ulaw"
    ALAW = "alaw"


class _Tables(NamedTuple):
    low: bytes  # of each code's sample, the lower byte
    high: bytes
    codes: bytes  # of each sample, as an unsigned number


def decode(law: Law, coded: bytes) -> bytes:
    """Signed 16-bit samples, little-endian."""
    tables = _tables_of(law)
    samples = bytearray(len(coded) * _SAMPLE_BYTES)
    samples[::2] = coded.translate(tables.low)
    samples[1::2] = coded.translate(tables.high)
    return bytes(samples)


def encode(law: Law, samples: bytes) -> bytes:
    """Of signed 16-bit samples, little-endian: the code whose level is nearest to each."""
    numbers = struct.unpack(f"<{len(samples) // _SAMPLE_BYTES}H", samples)
    return bytes(map(_tables_of(law).codes.__getitem__, numbers))


@cache
def _tables_of(law: Law) -> _Tables:
    levels = [_level_of(law, code) for code in range(_CODES)]
    halves = [struct.pack("<h", level) for level in levels]
    # µ-law has two zeros, and says the one that comes last.
    code_of = {level: code for code, level in enumerate(levels)}
    ordered = sorted(code_of)
    codes = bytearray()
    for level, above in zip(ordered, [*ordered[1:], None], strict=True):
        last = _HIGHEST if above is None else (level + above) // 2
        codes += bytes([code_of[level]]) * (last - _LOWEST + 1 - len(codes))
    middle = -_LOWEST
    return _Tables(
        low=bytes(half[0] for half in halves),
        high=bytes(half[1] for half in halves),
        codes=bytes(codes[middle:] + codes[:middle]),
    )


def _level_of(law: Law, code: int) -> int:
    match law:
        case Law.ULAW:
            inverted = code ^ 0xFF
            segment, step = inverted >> 4 & 7, inverted & 15
            level = ((step << 3) + _BIAS << segment) - _BIAS
            return -level if inverted & _SIGN else level
        case Law.ALAW:
            inverted = code ^ 0x55
            segment, step = inverted >> 4 & 7, inverted & 15
            level = (step << 4) + 8 if segment == 0 else (step << 4) + 0x108 << segment - 1
            return level if inverted & _SIGN else -level
        case _:
            assert_never(law)
