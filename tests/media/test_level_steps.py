"""The rig's sound that can be counted after a telephone line: it tells a frame that is missing, and one too many."""

import numpy as np
import pytest

from tests.rig.level_steps import END, PING, frame_of, has_level, numbers_in, steady, wanted_numbers

_COUNT = 200


def _over_a_line(sound: bytes, rate: int) -> bytes:
    """As G.711 leaves it, and with edges as flat as resampling makes them; late by part of a frame."""
    samples = np.frombuffer(sound, dtype="<i2").astype(float)
    width = rate // 4000
    smooth = np.convolve(samples, np.ones(width) / width, mode="same")
    loud = np.sign(smooth) * np.log1p(255 * np.abs(smooth) / 32_768) / np.log1p(255)
    coded = np.round(loud * 127) / 127
    back = np.sign(coded) * (np.expm1(np.abs(coded) * np.log1p(255)) / 255) * 32_767
    late: bytes = bytes(2 * 37) + back.astype("<i2").tobytes()
    return late


@pytest.mark.parametrize("rate", [8000, 16000])
def test_given_frames_when_they_come_over_a_line_then_each_is_counted_and_one_more_or_less_is_noticed(
    rate: int,
) -> None:
    frames = [frame_of(number, rate) for number in range(_COUNT)]
    silence = bytes(2 * rate // 10)
    before = frame_of(5, rate) + silence + steady(PING, rate) + silence

    def heard(*said: bytes) -> list[int]:
        return numbers_in(_over_a_line(before + b"".join(said) + silence, rate), rate)

    assert heard(*frames) == wanted_numbers(_COUNT)
    assert heard(*frames[:50], *frames[51:]) != wanted_numbers(_COUNT)
    assert heard(*frames[:50], *frames[49:]) != wanted_numbers(_COUNT)
    assert heard(*frames[:50], silence, *frames[50:]) == wanted_numbers(_COUNT)
    assert has_level(_over_a_line(before, rate), rate, PING)
    assert heard(*frames, *5 * [steady(END, rate)]) == wanted_numbers(_COUNT)
    assert not has_level(_over_a_line(b"".join(frames), rate), rate, PING)
