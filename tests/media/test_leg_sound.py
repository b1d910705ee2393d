"""A leg's sound read and written here: by G.711's own numbers, and at the program's rate without a seam."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.media.g711 import Law, decode, encode
from app.media.leg_sound import SAMPLE_RATES, leg_sound

ALL_CODES = bytes(range(256))
SECOND = 8000
CODED_FRAME = 160


def _samples(sound: bytes) -> NDArray[np.int64]:
    return np.frombuffer(sound, dtype="<i2").astype(np.int64)


def _tone(hertz: float, rate: int, amplitude: float = 10_000.0) -> bytes:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)).astype("<i2").tobytes()


def _in_frames(sound: bytes, length: int) -> list[bytes]:
    return [sound[start : start + length] for start in range(0, len(sound), length)]


def _level_db(sound: bytes, *, without: int = 800) -> float:
    """Below a sine of the amplitude 10,000, the beginning left aside."""
    return float(20 * np.log10((np.sqrt(np.mean(_samples(sound)[without:] ** 2.0)) + 1e-9) / (10_000 / np.sqrt(2))))


@pytest.mark.parametrize(
    ("law", "code", "sample"),
    [
        # ITU-T G.711, tables 2a and 2b (µ-law) and 1a and 1b (A-law), in sixteen bits: the first and last of each side
        # and those about zero.
        (Law.ULAW, 0x80, 32124),
        (Law.ULAW, 0x00, -32124),
        (Law.ULAW, 0xFF, 0),
        (Law.ULAW, 0x7F, 0),
        (Law.ULAW, 0xFE, 8),
        (Law.ULAW, 0x7E, -8),
        (Law.ULAW, 0xEF, 132),
        (Law.ALAW, 0xAA, 32256),
        (Law.ALAW, 0x2A, -32256),
        (Law.ALAW, 0xD5, 8),
        (Law.ALAW, 0x55, -8),
        (Law.ALAW, 0xC5, 264),
        (Law.ALAW, 0xF5, 528),
    ],
)
def test_given_a_code_when_decoded_then_it_is_the_sample_of_the_recommendation(
    law: Law, code: int, sample: int
) -> None:
    assert decode(law, bytes([code])) == struct.pack("<h", sample)


@pytest.mark.parametrize("law", Law)
def test_given_all_codes_when_decoded_and_encoded_then_they_are_the_same_but_for_the_second_zero(law: Law) -> None:
    expected = ALL_CODES.replace(b"\x7f", b"\xff") if law is Law.ULAW else ALL_CODES
    assert encode(law, decode(law, ALL_CODES)) == expected


@pytest.mark.parametrize("law", Law)
def test_given_every_sample_when_encoded_then_no_other_code_is_nearer(law: Law) -> None:
    every = np.arange(-32768, 32768)
    coded = _samples(decode(law, encode(law, every.astype("<i2").tobytes())))
    levels = np.unique(_samples(decode(law, ALL_CODES)))
    above = np.clip(np.searchsorted(levels, every), 0, len(levels) - 1)
    below = np.clip(above - 1, 0, len(levels) - 1)
    nearest = np.minimum(np.abs(levels[above] - every), np.abs(levels[below] - every))
    assert np.array_equal(np.abs(coded - every), nearest)


@pytest.mark.parametrize("rate", SAMPLE_RATES)
@given(sound=st.binary(max_size=4).map(lambda piece: piece * CODED_FRAME), law=st.sampled_from(Law))
def test_given_any_sound_when_heard_then_it_is_as_long_as_it_was_both_ways(rate: int, sound: bytes, law: Law) -> None:
    heard = leg_sound(law, rate).hear(sound)
    assert len(heard) == len(sound) * rate // SECOND * 2
    assert len(leg_sound(law, rate).say(heard)) == len(sound)


@pytest.mark.parametrize("law", Law)
def test_given_a_wide_program_when_it_hears_a_tone_then_it_is_there_and_nothing_is_above_the_telephone_s_band(
    law: Law,
) -> None:
    for hertz in (300, 1000, 2000, 3400):
        sound = leg_sound(law, 16000)
        coded = encode(law, _tone(hertz, SECOND))
        heard = b"".join(sound.hear(frame) for frame in _in_frames(coded, CODED_FRAME))
        assert _level_db(heard) == pytest.approx(0.0, abs=0.2)
        part = _samples(heard)[1600:9600]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        frequency = np.fft.rfftfreq(len(part), 1 / 16000)
        assert frequency[spectrum.argmax()] == hertz
        assert 20 * np.log10(spectrum[frequency >= 4600].max() / spectrum.max()) < -55


@pytest.mark.parametrize("law", Law)
def test_given_a_wide_program_when_it_says_a_tone_then_the_leg_hears_it_where_it_can(law: Law) -> None:
    for hertz, lowest, highest in ((300, -0.2, 0.2), (3400, -0.2, 0.2), (4600, -300, -50), (6000, -300, -50)):
        sound = leg_sound(law, 16000)
        coded = b"".join(sound.say(frame) for frame in _in_frames(_tone(hertz, 16000), 640))
        assert lowest <= _level_db(decode(law, coded)) <= highest, hertz


@pytest.mark.parametrize("rate", SAMPLE_RATES)
def test_given_sound_in_frames_when_converted_then_there_is_no_seam(rate: int) -> None:
    whole, pieces = leg_sound(Law.ALAW, rate), leg_sound(Law.ALAW, rate)
    coded = encode(Law.ALAW, _tone(440, SECOND))
    assert b"".join(pieces.hear(frame) for frame in _in_frames(coded, CODED_FRAME)) == whole.hear(coded)
    said = _tone(440, rate)
    assert b"".join(pieces.say(frame) for frame in _in_frames(said, rate // 25)) == whole.say(said)


def test_given_a_wide_program_that_has_spoken_when_cleared_then_nothing_of_it_is_in_what_it_says_next() -> None:
    sound, fresh = leg_sound(Law.ULAW, 16000), leg_sound(Law.ULAW, 16000)
    sound.say(struct.pack("<h", 30_000) * 320)
    sound.clear()
    quiet = struct.pack("<h", 100) * 320
    assert sound.say(quiet) == fresh.say(quiet)


def test_given_the_loudest_sound_when_it_is_widened_then_it_does_not_turn_over() -> None:
    heard = _samples(leg_sound(Law.ULAW, 16000).hear(bytes([0x80] * 40 + [0x00] * 40) * 2))
    before, between, after = heard[:-2:2], heard[1:-2:2], heard[2::2]
    for sign in (1, -1):
        is_inside = (sign * before > 32_000) & (sign * after > 32_000)
        assert np.count_nonzero(is_inside) > 60
        assert (sign * between[is_inside] > 20_000).all()


def test_given_another_codec_when_its_sound_is_wanted_then_asterisk_makes_samples_of_it() -> None:
    for rate, audio_format in ((8000, "slin"), (16000, "slin16")):
        sound = leg_sound(None, rate)
        assert sound.audio_format == audio_format
        assert sound.hear(b"\x01\x02") == sound.say(b"\x01\x02") == b"\x01\x02"
