"""What is so for whole ranges of numbers, asked once for each.

Asking phonenumbers costs 20 to 60 µs a number, which a million of them should not pay. All that it knows of a number is
decided by regular expressions (and by prefixes): once all digits that any of them looks at are read, only the number's
length matters. That beginning of the number is its range. It is found by deriving the expressions digit by digit
(``patterns``). What does not fit (numbers that are rewritten on reading, such as those with a national prefix behind
the country code) is nobody's range, and takes the long way.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

from app.numbers.parse import E164
from app.numbers.patterns import NEVER, Pattern, UnknownPatternError, derive, is_done, is_open, read

_T = TypeVar("_T")

#: Country codes have 1 to 3 digits; ranges are looked for behind so many characters.
_SHORTEST: Final = 3
_LONGEST: Final = 13
_DIGITS: Final = frozenset("0123456789")
_MOST_RANGES: Final = 300_000
_TYPES: Final = (
    *("general_desc", "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number"),
    *("pager", "uan", "voicemail"),
)


class Ranges(Generic[_T]):
    """Ranges as far as they were asked for. One for a process is best: nothing of it is any account's.

    ``ask`` is asked about the first number of each range and length; None when such numbers take the long way. What it
    says must follow from phonenumbers' patterns alone, or from beginnings of numbers: ``is_stem`` then says of a number
    (without ``+``) whether a longer one may be told apart from it.
    """

    def __init__(self, ask: Callable[[E164], _T | None], *, is_stem: Callable[[str], bool] | None = None) -> None:
        self._ask = ask
        self._is_stem = is_stem
        self._known: dict[str, dict[int, _T | None]] = {}

    def find(self, number: str) -> _T | None:
        """What is so for a number, ``+`` and digits; None when it takes the long way."""
        known, length = self._known, len(number)
        for end in range(_SHORTEST, min(length, _LONGEST) + 1):
            lengths = known.get(number[:end])
            if lengths is not None:
                if length in lengths:
                    return lengths[length]
                break
        return self._learn(number)

    def _learn(self, number: str) -> _T | None:
        if len(self._known) >= _MOST_RANGES:
            self._known.clear()
        prefix = self._closed_prefix(number)
        if prefix is None:
            return None  # not kept: what is odd is rare
        found = self._ask(E164(number))
        self._known.setdefault(prefix, {})[len(number)] = found
        return found

    def _closed_prefix(self, number: str) -> str | None:
        """The shortest beginning of a number behind which only its length matters; None when there is none."""
        code = _country_code(number)
        state = None if code is None else _plan_of(code)
        if code is None or state is None:
            return None
        for end in range(2 + len(code), len(number) + 1):
            state = state.behind(number[end - 1])
            if state is None:
                return None
            if state.is_closed and end >= _SHORTEST and not (self._is_stem and self._is_stem(number[1:end])):
                return number[:end]
        return None


@dataclass(slots=True)
class _State:
    """What is left to decide about a country's numbers, and what may still have them rewritten."""

    patterns: frozenset[Pattern]
    rewriting: frozenset[Pattern]
    states: "dict[tuple[frozenset[Pattern], frozenset[Pattern]], _State]"
    is_closed: bool = field(init=False)
    _next: "dict[str, _State | None]" = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_closed = not self.rewriting and all(is_open(one) for one in self.patterns)

    def behind(self, digit: str) -> "_State | None":
        """What is left behind a digit; None when the number would be rewritten, or that is no digit."""
        try:
            return self._next[digit]
        except KeyError:
            found = self._next[digit] = self._derive(digit) if digit in _DIGITS else None
            return found

    def _derive(self, digit: str) -> "_State | None":
        rewriting = _derive_all(self.rewriting, digit)
        if any(is_done(one) for one in rewriting):
            return None  # it would lose these digits, or get others
        key = (_derive_all(self.patterns, digit), rewriting)
        # There are few: numbers that begin quite differently go on alike.
        return self.states.setdefault(key, _State(*key, self.states))


def _derive_all(patterns: frozenset[Pattern], digit: str) -> frozenset[Pattern]:
    return frozenset(derived for one in patterns if (derived := derive(one, digit)) != NEVER)


def prepare() -> None:
    """Read the plan that many countries share, which takes longest, before somebody waits for it. For a thread."""
    _plan_of("1")


def _country_code(number: str) -> str | None:
    for end in (2, 3, 4):
        head = number[1:end]
        if not head.isascii() or not head.isdigit() or head.startswith("0"):
            return None
        if int(head) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return head
    return None


@functools.cache
def _plan_of(code: str) -> _State | None:
    """What decides about a country's numbers; None when that cannot be read."""
    patterns: set[Pattern] = set()
    rewriting: set[Pattern] = set()
    try:
        for text in _texts(int(code)):
            patterns.add(read(text))
        main = next(_metadata(int(code)), None)  # the one that numbers with a plus sign are read by
        if main is not None and main.national_prefix_for_parsing:
            # Some are rewritten only when nothing follows; nobody needs them to be told apart.
            rewriting.add(read(main.national_prefix_for_parsing.replace("$", "")))
    except UnknownPatternError:
        return None
    return _State(frozenset(patterns), frozenset(rewriting), {})


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
