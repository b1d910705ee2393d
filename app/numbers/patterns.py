"""The regular expressions over digits that number plans are written in, derived digit by digit.

The derivative of an expression by a digit is what may follow that digit (Brzozowski, Derivatives of Regular
Expressions, 1964). So it is seen behind which digits an expression does not care any more which ones come.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

_DIGITS: Final = "0123456789"
ANY: Final = frozenset(_DIGITS)


# A regular expression over digits: a set of digits, one after the other, one of several, or repeated.
@dataclass(frozen=True, slots=True)
class _Set:
    digits: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Chain:
    parts: "tuple[Pattern, ...]"


@dataclass(frozen=True, slots=True)
class _Choice:
    parts: "tuple[Pattern, ...]"


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "Pattern"
    least: int
    most: int


Pattern: TypeAlias = _Set | _Chain | _Choice | _Repeat
_EMPTY: Final = _Chain(())
NEVER: Final = _Choice(())


class UnknownPatternError(Exception):
    """A text has something that :func:`read` does not read."""


def is_open(one: Pattern) -> bool:
    """Whether it takes any digits, so that nothing but their number matters."""
    match one:
        case _Set(digits):
            return digits == ANY
        case _Repeat(part):
            return is_open(part)
        case _Chain(parts) | _Choice(parts):
            return all(is_open(part) for part in parts)


def is_done(one: Pattern) -> bool:
    """Whether it takes nothing at all."""
    match one:
        case _Set():
            return False
        case _Repeat(part, least):
            return least == 0 or is_done(part)
        case _Chain(parts):
            return all(is_done(part) for part in parts)
        case _Choice(parts):
            return any(is_done(part) for part in parts)


def derive(one: Pattern, digit: str) -> Pattern:
    """What may follow a digit with which it begins; NEVER when it cannot begin with it."""
    match one:
        case _Set(digits):
            return _EMPTY if digit in digits else NEVER
        case _Repeat(part, least, most):
            if most == 0:
                return NEVER
            return _chain(derive(part, digit), _Repeat(part, max(least - 1, 0), most - 1))
        case _Choice(parts):
            return _choice(tuple(derive(part, digit) for part in parts))
        case _Chain(parts):
            found = []
            for place, part in enumerate(parts):
                found.append(_chain(derive(part, digit), *parts[place + 1 :]))
                if not is_done(part):
                    break
            return _choice(tuple(found))


def _chain(*parts: Pattern) -> Pattern:
    flat: list[Pattern] = []
    for part in parts:
        if part == NEVER:
            return NEVER
        flat.extend(part.parts if isinstance(part, _Chain) else (part,))
    return flat[0] if len(flat) == 1 else _Chain(tuple(flat))


def _choice(parts: tuple[Pattern, ...]) -> Pattern:
    kept = tuple(dict.fromkeys(part for part in parts if part != NEVER))
    return kept[0] if len(kept) == 1 else _Choice(kept)


def read(text: str) -> Pattern:
    """The expression that a text means: digits, sets, choices, groups, and how often each comes.

    Raises:
        UnknownPatternError: it has something else.
    """
    found, end = _read_choice(text, 0)
    if end != len(text):
        raise UnknownPatternError(text)
    return found


def _read_choice(text: str, at: int) -> tuple[Pattern, int]:
    choices: list[Pattern] = []
    parts: list[Pattern] = []
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            choices.append(_chain(*parts))
            parts, at = [], at + 1
            continue
        part, at = _read_one(text, at)
        least, most, at = _read_times(text, at)
        parts.append(part if (least, most) == (1, 1) else _Repeat(part, least, most))
    choices.append(_chain(*parts))
    return _choice(tuple(choices)), at


def _read_one(text: str, at: int) -> tuple[Pattern, int]:
    character = text[at]
    if character in ANY:
        return _Set(frozenset(character)), at + 1
    if text.startswith("\\d", at):
        return _Set(ANY), at + 2
    if character == "[":
        end = text.index("]", at)
        return _Set(_read_set(text[at + 1 : end])), end + 1
    if character == "(":
        found, end = _read_choice(text, at + 3 if text.startswith("(?:", at) else at + 1)
        if text[end : end + 1] == ")":
            return found, end + 1
    raise UnknownPatternError(text)


def _read_set(text: str) -> frozenset[str]:
    digits: set[str] = set()
    at = 0
    while at < len(text):
        first, last = text[at], text[at + 2] if text[at + 1 : at + 2] == "-" else text[at]
        if not (first in ANY and last in ANY):
            raise UnknownPatternError(text)
        digits.update(_DIGITS[int(first) : int(last) + 1])
        at += 3 if text[at + 1 : at + 2] == "-" else 1
    return frozenset(digits)


def _read_times(text: str, at: int) -> tuple[int, int, int]:
    if text[at : at + 1] == "?":
        return 0, 1, at + 1
    if text[at : at + 1] == "{":
        end = text.index("}", at)
        least, comma, most = text[at + 1 : end].partition(",")
        if not (least.isdigit() and (most.isdigit() or not comma)):
            raise UnknownPatternError(text)
        return int(least), int(most or least), end + 1
    if text[at : at + 1] in {"*", "+"}:
        raise UnknownPatternError(text)
    return 1, 1, at
