"""An answering machine's beep, found in what a leg says: one tone, for a while, then silence. Pure.

A voice has overtones and glides, speech on the line has several voices' worth of them; a beep has one frequency, and
keeps it. Where there is none, the silence that follows a greeting says that the machine listens. A fax that answers
says 2100 Hz for some three seconds (ITU-T T.30, 4.3.3; V.25).
"""

import math
import sys
from array import array
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from app.media.model import FRAME_MILLISECONDS

#: 16-bit samples of one channel.
SAMPLE_RATE: Final = 8000
_FULL_SCALE: Final = 32768.0
_LOUD_DBFS: Final = -40.0
#: How far the sound falls when a tone is over.
_FALL_DB: Final = 12.0
_LOWEST_HERTZ: Final = 300.0
_HIGHEST_HERTZ: Final = 2800.0
#: How much of the sound is at one frequency; of a sine all of it, of a vowel a third or two.
_PURITY: Final = 0.85
#: How far a beep's frequency may seem to go from one frame to the next.
_DRIFT: Final = 0.03
_SHORTEST_BEEP_MS: Final = 160
_LONGEST_BEEP_MS: Final = 4000
SILENCE_MS: Final = 3000
_FAX_HERTZ: Final = 2100.0
_FAX_WIDTH_HERTZ: Final = 30.0
_FAX_MS: Final = 1000


class Heard(StrEnum):
    """What was found."""

    BEEP = "BEEP"
    SILENCE = "SILENCE"
    FAX = "FAX"


class Frame(NamedTuple):
    """What 20 ms sound like: how loud, at which frequency, and how much of it is there."""

    dbfs: float
    hertz: float
    purity: float


class BeepFinder:
    """One leg's. Give it every frame."""

    def __init__(self) -> None:
        self._tone_hertz = 0.0
        self._tone_dbfs = 0.0
        self._tone_ms = 0
        self._quiet_ms = 0
        self._fax_ms = 0
        self._is_falling = False

    def take(self, frame: bytes) -> Heard | None:
        """What is found with this frame of signed 16-bit samples; None while nothing is."""
        return self.note(listen_to(frame))

    def note(self, now: Frame) -> Heard | None:
        """Likewise, of a frame that was listened to."""
        is_loud = now.dbfs > _LOUD_DBFS
        self._quiet_ms = 0 if is_loud else self._quiet_ms + FRAME_MILLISECONDS
        if self._quiet_ms >= SILENCE_MS:
            return Heard.SILENCE
        is_tone = is_loud and now.purity >= _PURITY and _LOWEST_HERTZ <= now.hertz <= _HIGHEST_HERTZ
        if is_tone and abs(now.hertz - _FAX_HERTZ) <= _FAX_WIDTH_HERTZ:
            self._fax_ms += FRAME_MILLISECONDS
            if self._fax_ms >= _FAX_MS:
                return Heard.FAX
        if is_tone and (not self._tone_ms or abs(now.hertz - self._tone_hertz) <= _DRIFT * self._tone_hertz):
            self._tone_ms += FRAME_MILLISECONDS
            self._tone_hertz, self._tone_dbfs, self._is_falling = now.hertz, now.dbfs, False
            return None
        return self._on_tone_over(now, is_tone=is_tone)

    def _on_tone_over(self, now: Frame, *, is_tone: bool) -> Heard | None:
        """A tone that is long enough, and is followed by much less than itself, was a beep."""
        is_beep = _SHORTEST_BEEP_MS <= self._tone_ms <= _LONGEST_BEEP_MS
        is_fax = abs(self._tone_hertz - _FAX_HERTZ) <= _FAX_WIDTH_HERTZ
        if is_beep and not is_fax and now.dbfs <= self._tone_dbfs - _FALL_DB:
            return Heard.BEEP
        if is_beep and not is_tone and not self._is_falling:
            self._is_falling = True  # the tone may have ended within this frame: the next one tells
            return None
        self._tone_ms, self._is_falling = (FRAME_MILLISECONDS if is_tone else 0), False
        self._tone_hertz, self._tone_dbfs = now.hertz, now.dbfs
        return None


def listen_to(frame: bytes) -> Frame:
    """How loud a frame is, and what its one tone would be."""
    samples = array("h", frame[: len(frame) // 2 * 2])
    if sys.byteorder != "little":
        samples.byteswap()
    energy = sum(one * one for one in samples)
    if not energy:
        return Frame(-math.inf, 0.0, 0.0)
    dbfs = 10 * math.log10(energy / len(samples) / _FULL_SCALE**2)
    hertz = _frequency(samples) if dbfs > _LOUD_DBFS else 0.0
    return Frame(dbfs, hertz, _share_at(samples, hertz, energy) if hertz else 0.0)


def _frequency(samples: Sequence[int]) -> float:
    """By the time between the first and the last rise through zero; 0 where there are none."""
    first = last = -1.0
    rises = 0
    before = samples[0]
    for place, now in enumerate(samples):
        if before < 0 <= now:
            last = place - now / (now - before)
            if rises == 0:
                first = last
            rises += 1
        before = now
    return (rises - 1) * SAMPLE_RATE / (last - first) if rises > 1 and last > first else 0.0


def _share_at(samples: Sequence[int], hertz: float, energy: int) -> float:
    """How much of the energy is at a frequency (Goertzel's algorithm)."""
    turn = 2 * math.cos(2 * math.pi * hertz / SAMPLE_RATE)
    one = two = 0.0
    for sample in samples:
        one, two = sample + turn * one - two, one
    power = one * one + two * two - turn * one * two
    return 2 * power / (len(samples) * energy)
