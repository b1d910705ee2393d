"""What is wrong with the parts of a step: sounds, digits, messages, conditions. Pure."""

import math
import re
from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

from app.errors import Problem
from app.facts.vocabulary import Tone
from app.flows import limits
from app.flows.steps import (
    Condition,
    Gather,
    MediaStream,
    PlayDigits,
    PlayFile,
    PlayInstalled,
    PlaySecret,
    PlaySilence,
    PlaySpeech,
    PlayTone,
    Record,
    Sound,
    TimeIs,
    VariableIs,
    Voicemail,
)
from app.hours.week import minutes_of
from app.hours.zones import zone_of

Path: TypeAlias = tuple[str, ...]

#: As in `app.calls.core.media`, which makes Asterisk's words of them.
_INSTALLED: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(?:/[a-z0-9][a-z0-9_-]{0,63}){0,3}")
_SPOKEN: Final = re.compile(rf"[0-9*#]{{1,{limits.LONGEST_DIGITS}}}")
_PRESSED: Final = re.compile(rf"[0-9A-D*#]{{1,{limits.LONGEST_DIGITS}}}")
_KEY: Final = re.compile(r"[0-9A-D*#]")
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}")
_URL: Final = re.compile(r"wss?://[!-~]+")
#: XML has no place for these, and no engine a sound.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def can_be_said(text: str, *, longest: int) -> bool:
    """Whether a text is of so many characters at most, and of such as have a sound or a place between sounds."""
    return len(text) <= longest and not _CONTROL.search(text)


def check_sounds(sounds: Sequence[Sound], path: Path, *, least: int = 0, is_flat: bool = False) -> list[Problem]:
    """``is_flat``: the one sound's own fields are at ``path`` itself."""
    if not least <= len(sounds) <= limits.MOST_SOUNDS:
        return [Problem("INVALID_INPUT", f"Give {least} to {limits.MOST_SOUNDS} sounds.", path)]
    return [
        problem
        for place, sound in enumerate(sounds)
        for problem in _check_sound(sound, path if is_flat else (*path, str(place)), is_flat=is_flat)
    ]


def _check_sound(sound: Sound, path: Path, *, is_flat: bool) -> list[Problem]:
    match sound:
        case PlayTone():
            if sound.tone is Tone.BEEP:
                return []
            return check_wait(
                sound.seconds,
                (*path, "tone", "seconds"),
                least=limits.SHORTEST_WAIT_SECONDS,
                most=limits.LONGEST_TONE_SECONDS,
            )
        case PlayInstalled():
            if _INSTALLED.fullmatch(sound.name) is None:
                return [Problem("INVALID_INPUT", "This cannot be the name of a sound.", (*path, "installed"))]
            return []
        case PlayDigits():
            if _SPOKEN.fullmatch(sound.digits) is None:
                message = f"Give 1 to {limits.LONGEST_DIGITS} digits, '*' and '#'."
                return [Problem("INVALID_INPUT", message, (*path, "digits"))]
            return []
        case PlayFile():
            return []  # whether it is there, the database knows
        case PlaySilence(seconds=seconds):
            return check_wait(
                seconds, (*path, "silence"), least=limits.SHORTEST_PAUSE_SECONDS, most=limits.LONGEST_PAUSE_SECONDS
            )
        case PlaySecret():
            return [Problem("INVALID_INPUT", "This is said in calls of Offhook's own alone.", path)]
        case PlaySpeech():
            return _check_speech(sound, path if is_flat else (*path, "speech"))
        case _:
            assert_never(sound)


def _check_speech(speech: PlaySpeech, path: Path) -> list[Problem]:
    problems: list[Problem] = []
    if not speech.text.strip():
        problems.append(Problem("REQUIRED", "Give a text.", (*path, "text")))
    elif not can_be_said(speech.text, longest=limits.LONGEST_TEXT):
        message = f"Give at most {limits.LONGEST_TEXT} characters that can be said."
        problems.append(Problem("INVALID_INPUT", message, (*path, "text")))
    for value, name in ((speech.voice, "voice"), (speech.language, "languageCode")):
        if value is not None and _WORD.fullmatch(value) is None:
            problems.append(Problem("INVALID_INPUT", "This cannot be its name.", (*path, name)))
    return problems


def check_digits_wanted(step: Gather, path: Path) -> list[Problem]:
    """The digits that a step asks for, and what becomes of them."""
    problems: list[Problem] = []
    for value, name, least, most in (
        (step.min_digits, "minDigits", 1, limits.LONGEST_DIGITS),
        (step.max_digits, "maxDigits", 1, limits.LONGEST_DIGITS),
        (step.retries, "retries", 0, limits.MOST_RETRIES),
    ):
        if not least <= value <= most:
            problems.append(Problem("INVALID_INPUT", f"Give {least} to {most}.", (*path, name)))
    if step.min_digits > step.max_digits:
        problems.append(Problem("INVALID_INPUT", "Less than minDigits.", (*path, "maxDigits")))
    for seconds, name in (
        (step.first_digit_seconds, "firstDigitSeconds"),
        (step.inter_digit_seconds, "interDigitSeconds"),
    ):
        problems += check_wait(seconds, (*path, name))
    if step.terminator is not None and _KEY.fullmatch(step.terminator) is None:
        problems.append(Problem("INVALID_INPUT", "Give one key, or null for none.", (*path, "terminator")))
    if not step.options and step.next is None:
        message = "Give options, or a next step that takes all digits."
        problems.append(Problem("REQUIRED", message, (*path, "next")))
    if len(step.options) > limits.MOST_OPTIONS:
        problems.append(Problem("INVALID_INPUT", f"Give at most {limits.MOST_OPTIONS}.", (*path, "options")))
    return problems + _check_options(step, path)


def _check_options(step: Gather, path: Path) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for place, option in enumerate(step.options):
        where = (*path, "options", str(place), "digits")
        if _PRESSED.fullmatch(option.digits) is None:
            message = f"Give 1 to {limits.LONGEST_DIGITS} of 0-9, A-D, * and #."
            problems.append(Problem("INVALID_INPUT", message, where))
        elif not step.min_digits <= len(option.digits) <= step.max_digits:
            message = f"Nobody can press this: {step.min_digits} to {step.max_digits} digits are asked for."
            problems.append(Problem("INVALID_INPUT", message, where))
        elif step.terminator is not None and step.terminator in option.digits:
            message = "Nobody can press this: it has the terminator in it."
            problems.append(Problem("INVALID_INPUT", message, where))
        elif option.digits in seen:
            problems.append(Problem("ALREADY_EXISTS", "There is such an option already.", where))
        seen.add(option.digits)
    return problems


def check_message(step: Record | Voicemail, path: Path) -> list[Problem]:
    """How long a message may be, and what ends it."""
    problems = check_wait(
        step.max_seconds,
        (*path, "maxSeconds"),
        least=limits.SHORTEST_MESSAGE_SECONDS,
        most=limits.LONGEST_MESSAGE_SECONDS,
    )
    problems += check_wait(
        step.silence_seconds,
        (*path, "silenceSeconds"),
        least=limits.SHORTEST_SILENCE_SECONDS,
        most=limits.LONGEST_SILENCE_SECONDS,
    )
    if step.ends_on is not None and _KEY.fullmatch(step.ends_on) is None:
        problems.append(Problem("INVALID_INPUT", "Give one key, or null for none.", (*path, "endsOn")))
    return problems


def check_condition(condition: Condition, path: Path) -> list[Problem]:
    """What is wrong with a condition, but for whether its variable is ever set."""
    match condition:
        case VariableIs():
            return _check_variable(condition, (*path, "variable"))
        case TimeIs():
            return _check_time(condition, (*path, "time"))
        case _:
            assert_never(condition)


def _check_variable(condition: VariableIs, path: Path) -> list[Problem]:
    problems: list[Problem] = []
    if condition.one_of and condition.starts_with is not None:
        problems.append(Problem("INVALID_INPUT", "Give oneOf or startsWith, not both.", (*path, "startsWith")))
    if len(condition.one_of) > limits.MOST_VALUES:
        problems.append(Problem("INVALID_INPUT", f"Give at most {limits.MOST_VALUES}.", (*path, "oneOf")))
    longest = max(map(len, (*condition.one_of, condition.starts_with or "")), default=0)
    if longest > limits.LONGEST_VALUE:
        message = f"Give at most {limits.LONGEST_VALUE} characters."
        problems.append(Problem("INVALID_INPUT", message, (*path, "oneOf" if condition.one_of else "startsWith")))
    if condition.starts_with == "":
        problems.append(Problem("REQUIRED", "Give a beginning.", (*path, "startsWith")))
    return problems


def _check_time(condition: TimeIs, path: Path) -> list[Problem]:
    problems: list[Problem] = []
    if not _is_zone(condition.time_zone):
        message = "Give a time zone by its IANA name, such as Europe/Berlin."
        problems.append(Problem("INVALID_INPUT", message, (*path, "timeZone")))
    times = ((condition.from_time, "from"), (condition.to_time, "to"))
    wrong = [name for value, name in times if _TIME.fullmatch(value) is None]
    problems += [Problem("INVALID_INPUT", "Give a time as HH:MM, 00:00 to 24:00.", (*path, name)) for name in wrong]
    if not wrong and minutes_of(condition.from_time) == minutes_of(condition.to_time):
        problems.append(Problem("INVALID_INPUT", "It ends when it begins.", (*path, "to")))
    if len(set(condition.weekdays)) != len(condition.weekdays):
        problems.append(Problem("INVALID_INPUT", "No day twice.", (*path, "weekdays")))
    return problems


def _is_zone(name: str) -> bool:
    if _ZONE.fullmatch(name) is None:
        return False
    try:
        zone_of(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError, and a name may be a directory's
        return False
    except KeyError:
        return False
    return True


def check_stream(step: MediaStream, path: Path) -> list[Problem]:
    """What can be told of a program before anybody looks where its URL leads."""
    problems: list[Problem] = []
    if not _URL.fullmatch(step.url) or len(step.url) > limits.LONGEST_URL:
        message = f"The URL begins with wss:// and has at most {limits.LONGEST_URL} plain characters."
        problems.append(Problem("URL_NOT_ALLOWED", message, (*path, "url")))
    if step.sample_rate not in limits.SAMPLE_RATES:
        rates = " or ".join(str(rate) for rate in limits.SAMPLE_RATES)
        problems.append(Problem("INVALID_INPUT", f"The sample rate is {rates}.", (*path, "sampleRate")))
    where = (*path, "parameters")
    names = {one.key for one in step.parameters}
    if len(step.parameters) > limits.MOST_PARAMETERS or len(names) < len(step.parameters):
        message = f"Give at most {limits.MOST_PARAMETERS} parameters, each once."
        problems.append(Problem("INVALID_INPUT", message, where))
    for place, one in enumerate(step.parameters):
        is_named = 1 <= len(one.key) <= limits.LONGEST_PARAMETER_NAME and not _CONTROL.search(one.key)
        if not is_named or len(one.value) > limits.LONGEST_PARAMETER or _CONTROL.search(one.value):
            message = (
                f"A parameter has a name of 1 to {limits.LONGEST_PARAMETER_NAME} characters, a value of at most "
                f"{limits.LONGEST_PARAMETER}, and no control characters."
            )
            problems.append(Problem("INVALID_INPUT", message, (*where, str(place))))
    return problems


def check_wait(
    seconds: float | None,
    path: Path,
    *,
    least: float = limits.SHORTEST_WAIT_SECONDS,
    most: float = limits.LONGEST_WAIT_SECONDS,
) -> list[Problem]:
    """A duration that is given must be within these bounds."""
    if seconds is None or (math.isfinite(seconds) and least <= seconds <= most):
        return []
    return [Problem("INVALID_INPUT", f"Give {least:g} to {most:g} seconds.", path)]
