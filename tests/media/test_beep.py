"""The beep of an answering machine, told from voices, faxes and silence, in sound that is made for it."""

import math
import random
import struct

import pytest

from app.media.beep import SAMPLE_RATE, BeepFinder, Heard

FRAME = 160


def tone(hertz: float, seconds: float, level: float = 0.3, *, phase: float = 0.0) -> list[float]:
    count = int(seconds * SAMPLE_RATE)
    return [level * math.sin(2 * math.pi * hertz * n / SAMPLE_RATE + phase) for n in range(count)]


def silence(seconds: float, level: float = 0.0005) -> list[float]:
    noise = random.Random(7)
    return [level * noise.uniform(-1, 1) for _ in range(int(seconds * SAMPLE_RATE))]


def voice(seconds: float, *, seed: int = 1) -> list[float]:
    """Syllables: a gliding pitch with overtones, louder and softer, with short pauses."""
    chance = random.Random(seed)
    said: list[float] = []
    while len(said) < seconds * SAMPLE_RATE:
        length, pitch, glide = chance.uniform(0.1, 0.4), chance.uniform(90, 240), chance.uniform(-60, 60)
        weights = [chance.uniform(0.2, 1.0) / n for n in range(1, 9)]
        phase = 0.0
        for n in range(int(length * SAMPLE_RATE)):
            phase += 2 * math.pi * (pitch + glide * n / SAMPLE_RATE) / SAMPLE_RATE
            swell = math.sin(math.pi * n / (length * SAMPLE_RATE))
            said.append(0.25 * swell * sum(w * math.sin(k * phase) for k, w in enumerate(weights, 1)))
        said += silence(chance.uniform(0.05, 0.3))
    return said


def find(*parts: list[float]) -> tuple[Heard | None, float]:
    """What is found, and after how many seconds."""
    samples = [one for part in parts for one in part]
    finder = BeepFinder()
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        piece = [max(-32768, min(32767, round(one * 32767))) for one in samples[at : at + FRAME]]
        heard = finder.take(struct.pack(f"<{FRAME}h", *piece))
        if heard is not None:
            return heard, (at + FRAME) / SAMPLE_RATE
    return None, len(samples) / SAMPLE_RATE


@pytest.mark.parametrize("hertz", [400, 440, 620, 850, 1000, 1004, 1400, 1800, 2600])
@pytest.mark.parametrize("seconds", [0.2, 0.35, 1.0])
def test_given_a_greeting_and_a_beep_when_it_ends_then_it_is_found_at_once(hertz: float, seconds: float) -> None:
    heard, after = find(voice(3.0), silence(0.6), tone(hertz, seconds), silence(5.0))
    assert heard is Heard.BEEP
    greeting = len(voice(3.0)) / SAMPLE_RATE + 0.6 + seconds
    assert greeting - 0.02 <= after <= greeting + 0.08


@pytest.mark.parametrize("level", [0.03, 0.1, 0.9])
def test_given_a_soft_or_a_loud_beep_when_it_ends_then_it_is_found(level: float) -> None:
    assert find(voice(1.0), silence(1.0), tone(1000, 0.4, level), silence(1.0))[0] is Heard.BEEP


def test_given_a_beep_right_after_the_last_word_and_a_noisy_line_when_it_ends_then_it_is_found() -> None:
    assert find(voice(2.0), tone(950, 0.5), silence(1.0, level=0.006))[0] is Heard.BEEP


@pytest.mark.parametrize("seed", range(20))
def test_given_somebody_who_speaks_on_when_listened_to_then_no_beep_is_found(seed: int) -> None:
    assert find(voice(20.0, seed=seed))[0] is None


def test_given_a_greeting_without_a_beep_when_it_is_silent_for_three_seconds_then_that_is_found() -> None:
    heard, after = find(voice(2.0), silence(5.0))
    assert heard is Heard.SILENCE
    assert after == pytest.approx(len(voice(2.0)) / SAMPLE_RATE + 3.0, abs=0.4)


def test_given_keys_and_clicks_when_listened_to_then_they_are_no_beep() -> None:
    both = [a + b for a, b in zip(tone(770, 0.4, 0.2), tone(1336, 0.4, 0.2), strict=True)]
    assert find(voice(1.0), both, silence(0.5), tone(1000, 0.06), silence(1.0))[0] is None


@pytest.mark.parametrize("reverses", [False, True])
def test_given_a_fax_that_answers_when_its_tone_lasts_then_it_is_no_beep_but_a_fax(*, reverses: bool) -> None:
    parts = [tone(2100, 0.45, phase=math.pi * (n % 2) * reverses) for n in range(7)]
    heard, after = find(silence(1.0), *parts)
    assert heard is Heard.FAX
    assert after < 2.4


def test_given_a_dial_tone_that_goes_on_when_listened_to_then_it_is_no_beep() -> None:
    assert find(tone(425, 6.0), silence(1.0))[0] is None
