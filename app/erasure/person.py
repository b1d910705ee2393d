"""Who is to be forgotten: a number in all the ways in which it is written, and the names that go with it. Pure."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import phonenumbers

#: What stands in a number's place begins so: with a plus sign it is not taken for an extension, and with letters it is
#: nothing that anybody could dial.
TOMBSTONE_PREFIX: Final = "+erased-"
_TOMBSTONE_CHARACTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TOMBSTONE_LENGTH: Final = 16
#: What people put between digits.
_BETWEEN: Final = r"[^0-9A-Za-z+]{0,3}"
#: Dialled before a number: a prefix for a line, or for calls abroad.
_MOST_DIALLED_BEFORE: Final = 5
#: Fewer digits than this stand for too many other things to be taken for a number without its country's code.
_FEWEST_NATIONAL: Final = 7
#: A shorter name is part of too many words.
_SHORTEST_NAME: Final = 3


def new_tombstone() -> str:
    """A pseudonym: random, so that nobody gets from it to the number, and no two erasures are told to be one person."""
    return TOMBSTONE_PREFIX + "".join(secrets.choice(_TOMBSTONE_CHARACTERS) for _ in range(_TOMBSTONE_LENGTH))


@dataclass(frozen=True)
class Person:
    """``number`` in E.164; ``names`` are texts that are to go with it; ``tombstone`` takes the number's place."""

    number: str
    tombstone: str
    names: frozenset[str] = frozenset()

    def known_as(self, names: Iterable[str]) -> "Person":
        """The same person with further names; those too short to be told from other words are left out."""
        told = {name.strip() for name in names}
        more = frozenset(name for name in told if len(name) >= _SHORTEST_NAME and not name.isdigit())
        return self if more <= self.names else Person(self.number, self.tombstone, self.names | more)

    @cached_property
    def national(self) -> str:
        """The number without its country's code; empty when it is too short to stand alone."""
        try:
            parsed = phonenumbers.parse(self.number, None)
        except phonenumbers.NumberParseException:
            return ""
        national = phonenumbers.national_significant_number(parsed)
        return national if len(national) >= _FEWEST_NATIONAL else ""

    @cached_property
    def numbers(self) -> re.Pattern[str]:
        """The number in a text, however it is spaced; a longer number that contains it is another one."""
        whole = _BETWEEN.join(self.number.lstrip("+"))
        ways = [rf"(?<![0-9+])(?:\+|[0-9]{{0,{_MOST_DIALLED_BEFORE}}}){whole}(?![0-9])"]
        if self.national:
            ways.append(rf"(?<![0-9A-Za-z+])0?{_BETWEEN.join(self.national)}(?![0-9A-Za-z])")
        return re.compile("|".join(ways))

    @property
    def candidates(self) -> str:
        """A pattern for PostgreSQL that finds all that :attr:`numbers` does, and some more."""
        return "[^0-9A-Za-z]{0,3}".join(self.national or self.number.lstrip("+"))

    @cached_property
    def _named(self) -> re.Pattern[str] | None:
        if not self.names:
            return None
        longest_first = sorted(self.names, key=len, reverse=True)
        return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first), re.IGNORECASE)

    def is_in(self, text: str) -> bool:
        """Whether the number is in a text."""
        return self.numbers.search(text) is not None

    def erase(self, text: str) -> str:
        """The text with the tombstone in place of the number, and nothing in place of the names."""
        erased = self.numbers.sub(self.tombstone, text)
        return erased if self._named is None else self._named.sub("", erased)
