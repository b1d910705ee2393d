"""Where a channel is cut: at the quietest moment near a piece's end, so that no word is cut in two."""

import numpy as np
import pytest

from app.transcripts import pieces
from tests.recordings.tones import make_silence, make_tone

RATE = 8_000


def test_given_two_channels_when_one_is_picked_then_it_is_that_one() -> None:
    left, right = make_tone(440, 0.1), make_tone(880, 0.1)
    both = np.stack([left, right], axis=1).tobytes()
    assert pieces.pick_channel(both, 2, 0) == left.tobytes()
    assert pieces.pick_channel(both, 2, 1) == right.tobytes()
    assert pieces.pick_channel(left.tobytes(), 1, 0) == left.tobytes()


@pytest.mark.parametrize("pause_at", [7.6, 8.5, 9.5])
def test_given_talk_with_a_pause_near_its_end_when_cut_then_it_is_cut_in_the_pause(pause_at: float) -> None:
    rest = 10.0 - pause_at - 0.3
    talk = np.concatenate([make_tone(440, pause_at), make_silence(0.3), make_tone(440, rest)])
    cut = pieces.find_cut(talk.tobytes(), RATE)
    assert pause_at <= cut / RATE <= pause_at + 0.3


def test_given_a_pause_long_before_the_end_when_cut_then_the_piece_is_still_long() -> None:
    talk = np.concatenate([make_tone(440, 1.0), make_silence(0.3), make_tone(440, 8.7)])
    assert pieces.find_cut(talk.tobytes(), RATE) >= 7.5 * RATE


def test_given_hardly_any_sound_when_cut_then_it_is_taken_whole() -> None:
    for count in (0, 1, 100):
        assert pieces.find_cut(bytes(2 * count), RATE) == count


def test_given_any_talk_when_cut_again_and_again_then_each_piece_has_some_of_it() -> None:
    left = make_tone(440, 3.0).tobytes()
    sizes = []
    while left:
        window = left[: 2 * RATE]
        size = pieces.find_cut(window, RATE) if len(window) < len(left) else len(window) // 2
        assert size > 0
        sizes.append(size)
        left = left[2 * size :]
    assert sum(sizes) == 3 * RATE


def test_given_silence_and_a_little_noise_when_asked_then_it_is_silent_and_speech_is_not() -> None:
    noise = np.random.default_rng(1).integers(-60, 60, RATE).astype("<i2")
    assert pieces.is_silent(b"")
    assert pieces.is_silent(make_silence(1.0).tobytes())
    assert pieces.is_silent(noise.tobytes())
    assert not pieces.is_silent(make_tone(440, 0.1, level=0.01).tobytes())
    assert not pieces.is_silent(np.full(10, -32768, "<i2").tobytes())
