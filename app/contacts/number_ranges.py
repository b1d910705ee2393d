"""What is known of whole ranges of numbers: whether they are valid and in which zones they lie.

Asking phonenumbers costs some 60 µs a number, which a million of them should not pay. All that it knows of a number is
decided by regular expressions and by prefixes: once all digits that any of them looks at are read, only the number's
length matters. That beginning of the number is its range, found by deriving the expressions digit by digit, and each
range is asked about once. What does not fit (numbers that are rewritten on reading, such as those with a national
prefix behind the country code) is nobody's range, and takes the long way.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

from app.campaigns.core.words import ZoneSource
from app.campaigns.core.zones import Zones, zones_of
from app.numbers.parse import E164

_DIGITS: Final = "0123456789"
_ANY: Final = frozenset(_DIGITS)
#: A country's numbers may begin with 1 to 3 digits of its code; ranges are looked for behind so many characters.
_SHORTEST: Final = 3
_LONGEST: Final = 13
_MOST_RANGES: Final = 300_000
_SOME_ZONE: Final = "Etc/UTC"
_TYPES: Final = (
    *("general_desc", "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number"),
    *("pager", "uan", "voicemail"),
)


@dataclass(frozen=True, slots=True)
class NumberRange:
    """What is so for every number of a range and length. ``zones`` None: the account's zone counts."""

    is_valid: bool
    zones: tuple[str, ...] | None


# A regular expression over digits: a set of digits, one after the other, one of several, or repeated.
@dataclass(frozen=True, slots=True)
class _Set:
    digits: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Chain:
    parts: "tuple[_Pattern, ...]"


@dataclass(frozen=True, slots=True)
class _Choice:
    parts: "tuple[_Pattern, ...]"


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "_Pattern"
    least: int
    most: int


_Pattern: TypeAlias = _Set | _Chain | _Choice | _Repeat
_EMPTY: Final = _Chain(())
_NEVER: Final = _Choice(())


class _UnknownPatternError(Exception):
    """An expression has something that this file does not read."""


class NumberRanges:
    """Ranges as far as they were asked for. One for a process is best: nothing of it is any account's."""

    def __init__(self) -> None:
        self._known: dict[str, dict[int, NumberRange | None]] = {}

    def find(self, number: str) -> NumberRange | None:
        """The range of a number, ``+`` and digits; None when it takes the long way."""
        known, length = self._known, len(number)
        for end in range(_SHORTEST, min(length, _LONGEST) + 1):
            lengths = known.get(number[:end])
            if lengths is not None:
                if length in lengths:
                    return lengths[length]
                break
        return self._learn(number)

    def _learn(self, number: str) -> NumberRange | None:
        if len(self._known) >= _MOST_RANGES:
            self._known.clear()
        prefix = _closed_prefix(number)
        if prefix is None:
            return None  # not kept: what is odd is rare
        found = _ask(E164(number))
        self._known.setdefault(prefix, {})[len(number)] = found
        return found


def _ask(number: E164) -> NumberRange | None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) != number:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return NumberRange(is_valid=False, zones=())
    zones: Zones = zones_of(number, given=None, account_zone=_SOME_ZONE)
    return NumberRange(is_valid=True, zones=None if zones.source is ZoneSource.ACCOUNT else zones.names)


def _closed_prefix(number: str) -> str | None:
    """The shortest beginning of a number behind which only its length matters; None when there is none."""
    code = _country_code(number)
    if code is None:
        return None
    country = _country(code)
    if country is None:
        return None
    national = number[1 + len(code) :]
    patterns, rewriting = country
    for place, digit in enumerate(national, start=1):
        if digit not in _ANY:
            return None
        patterns = frozenset(derived for one in patterns if (derived := _derive(one, digit)) != _NEVER)
        rewriting = frozenset(derived for one in rewriting if (derived := _derive(one, digit)) != _NEVER)
        if any(_is_done(one) for one in rewriting):
            return None  # it would lose these digits, or get others
        prefix = number[: 1 + len(code) + place]
        if (
            len(prefix) >= _SHORTEST
            and not rewriting
            and all(_is_open(one) for one in patterns)
            and prefix[1:] not in _zone_stems()
        ):
            return prefix
    return None


def _country_code(number: str) -> str | None:
    for end in (2, 3, 4):
        head = number[1:end]
        if head.isascii() and head.isdigit() and int(head) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return head
    return None


@functools.cache
def _country(code: str) -> tuple[frozenset[_Pattern], frozenset[_Pattern]] | None:
    """What decides about a country's numbers, and what has them rewritten; None when that cannot be read."""
    patterns: set[_Pattern] = set()
    rewriting: set[_Pattern] = set()
    try:
        for text in _texts(int(code)):
            patterns.add(_read(text))
        main = next(_metadata(int(code)), None)  # the one that numbers with a plus sign are read by
        if main is not None and main.national_prefix_for_parsing:
            rewriting.add(_read(main.national_prefix_for_parsing))
    except _UnknownPatternError:
        return None
    return frozenset(patterns), frozenset(rewriting)


def _metadata(code: int) -> Iterator[PhoneMetadata]:
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        if found is not None:
            yield found


def _texts(code: int) -> Iterator[str]:
    for metadata in _metadata(code):
        if metadata.leading_digits:
            yield metadata.leading_digits
        for name in _TYPES:
            kind: PhoneNumberDesc | None = getattr(metadata, name)
            if kind is not None and kind.national_number_pattern:
                yield kind.national_number_pattern


@functools.cache
def _zone_stems() -> frozenset[str]:
    """Beginnings of numbers of which a longer one has zones of its own."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # late: half a second's worth of tables

    return frozenset(key[:end] for key in TIMEZONE_DATA for end in range(1, len(key)))


def _is_open(one: _Pattern) -> bool:
    """Whether it takes any digits, so that nothing but their number matters."""
    match one:
        case _Set(digits):
            return digits == _ANY
        case _Repeat(part):
            return _is_open(part)
        case _Chain(parts) | _Choice(parts):
            return all(_is_open(part) for part in parts)


def _is_done(one: _Pattern) -> bool:
    """Whether it takes nothing at all."""
    match one:
        case _Set():
            return False
        case _Repeat(part, least):
            return least == 0 or _is_done(part)
        case _Chain(parts):
            return all(_is_done(part) for part in parts)
        case _Choice(parts):
            return any(_is_done(part) for part in parts)


def _derive(one: _Pattern, digit: str) -> _Pattern:
    """What remains of it behind a digit (Brzozowski, Derivatives of Regular Expressions, 1964)."""
    match one:
        case _Set(digits):
            return _EMPTY if digit in digits else _NEVER
        case _Repeat(part, least, most):
            if most == 0:
                return _NEVER
            return _chain(_derive(part, digit), _Repeat(part, max(least - 1, 0), most - 1))
        case _Choice(parts):
            return _choice(tuple(_derive(part, digit) for part in parts))
        case _Chain(parts):
            found = []
            for place, part in enumerate(parts):
                found.append(_chain(_derive(part, digit), *parts[place + 1 :]))
                if not _is_done(part):
                    break
            return _choice(tuple(found))


def _chain(*parts: _Pattern) -> _Pattern:
    flat: list[_Pattern] = []
    for part in parts:
        if part == _NEVER:
            return _NEVER
        flat.extend(part.parts if isinstance(part, _Chain) else (part,))
    return flat[0] if len(flat) == 1 else _Chain(tuple(flat))


def _choice(parts: tuple[_Pattern, ...]) -> _Pattern:
    kept = tuple(dict.fromkeys(part for part in parts if part != _NEVER))
    return kept[0] if len(kept) == 1 else _Choice(kept)


def _read(text: str) -> _Pattern:
    """Raises _UnknownPatternError."""
    found, end = _read_choice(text, 0)
    if end != len(text):
        raise _UnknownPatternError(text)
    return found


def _read_choice(text: str, at: int) -> tuple[_Pattern, int]:
    choices: list[_Pattern] = []
    parts: list[_Pattern] = []
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


def _read_one(text: str, at: int) -> tuple[_Pattern, int]:
    character = text[at]
    if character in _ANY:
        return _Set(frozenset(character)), at + 1
    if text.startswith("\\d", at):
        return _Set(_ANY), at + 2
    if character == "[":
        end = text.index("]", at)
        return _Set(_read_set(text[at + 1 : end])), end + 1
    if character == "(":
        found, end = _read_choice(text, at + 3 if text.startswith("(?:", at) else at + 1)
        if text[end : end + 1] == ")":
            return found, end + 1
    raise _UnknownPatternError(text)


def _read_set(text: str) -> frozenset[str]:
    digits: set[str] = set()
    at = 0
    while at < len(text):
        first, last = text[at], text[at + 2] if text[at + 1 : at + 2] == "-" else text[at]
        if not (first in _ANY and last in _ANY):
            raise _UnknownPatternError(text)
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
            raise _UnknownPatternError(text)
        return int(least), int(most or least), end + 1
    if text[at : at + 1] in {"*", "+"}:
        raise _UnknownPatternError(text)
    return 1, 1, at
