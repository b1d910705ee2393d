"""What may be played and pressed, read from what was asked for. Pure; Asterisk's words are made here alone."""

import re
from typing import Final

from app.errors import Problem
from app.facts.vocabulary import Tone

MOST_SOUNDS: Final = 16
LONGEST_DIGITS: Final = 64
SHORTEST_KEY_MILLISECONDS: Final = 40
LONGEST_KEY_MILLISECONDS: Final = 2000

_SOUND: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(?:/[a-z0-9][a-z0-9_-]{0,63}){0,3}")
_DIGITS: Final = re.compile(r"[0-9A-Da-d*#]+")
_SPOKEN: Final = re.compile(r"[0-9*#]+")
_TONES: Final = {
    Tone.DIAL: "tone:dial",
    Tone.RING: "tone:ring",
    Tone.BUSY: "tone:busy",
    Tone.CONGESTION: "tone:congestion",
    Tone.BEEP: "sound:beep",
}


def tone_media(tone: Tone) -> str:
    """A tone, in Asterisk's words."""
    return _TONES[tone]


def sound_media(name: str) -> str | None:
    """One of the Asterisk's installed sounds, such as ``tt-weasels`` or ``digits/1``; None when it cannot be a name."""
    return f"sound:{name}" if _SOUND.fullmatch(name) else None


def spoken_digits_media(digits: str) -> str | None:
    """Digits read out one by one; None when they are none."""
    return f"digits:{digits}" if len(digits) <= LONGEST_DIGITS and _SPOKEN.fullmatch(digits) else None


def check_keys(digits: str, duration_milliseconds: int, between_milliseconds: int) -> list[Problem]:
    """What is wrong with keys to be pressed."""
    problems = []
    if len(digits) > LONGEST_DIGITS or not _DIGITS.fullmatch(digits):
        message = f"Give 1 to {LONGEST_DIGITS} keys, of 0-9, A-D, * and #."
        problems.append(Problem("INVALID_INPUT", message, ("digits",)))
    for value, field in (
        (duration_milliseconds, "durationMilliseconds"),
        (between_milliseconds, "betweenMilliseconds"),
    ):
        if not SHORTEST_KEY_MILLISECONDS <= value <= LONGEST_KEY_MILLISECONDS:
            message = f"Give {SHORTEST_KEY_MILLISECONDS} to {LONGEST_KEY_MILLISECONDS} milliseconds."
            problems.append(Problem("INVALID_INPUT", message, (field,)))
    return problems


def position_media(position: int) -> tuple[str, ...]:
    """What a caller who waits hears of its place, from 1, in Asterisk's own recorded words.

    How long the wait will be is not said: it is a guess until a queue has served many, and taken for a promise.
    """
    if position == 1:
        return ("sound:queue-youarenext",)
    return ("sound:queue-thereare", f"number:{position}", "sound:queue-callswaiting")
