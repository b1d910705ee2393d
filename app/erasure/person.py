"""Who is to be forgotten: a number in all the ways in which it is written, and the names that go with it. Pure."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import EnumType, StrEnum
from functools import cached_property
from typing import Final

import phonenumbers

from app.facts import vocabulary

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
#: A name of fewer letters is part of too many words.
FEWEST_LETTERS: Final = 3
LONGEST_NAME: Final = 200
#: So many names of one person are looked for; whatever else stands beside the number goes from there all the same.
_MOST_NAMES: Final = 200


def _words_of_enums() -> frozenset[str]:
    """The values of the vocabulary's enums as people write them."""
    enums = [one for one in vars(vocabulary).values() if isinstance(one, EnumType) and issubclass(one, StrEnum)]
    return frozenset(word.value.replace("_", " ").casefold() for enum in enums for word in enum)


#: Shown as a name where nobody knows one, and no one's name: taken out of texts they would leave them in tatters.
_NOT_NAMES: Final = _words_of_enums() | {
    *("the", "and", "for", "not", "with", "from", "you", "your", "our", "all", "are", "was", "has", "have", "had"),
    *("mister", "missis", "mrs", "miss", "herr", "frau", "monsieur", "madame", "senor", "senora", "sir", "madam"),
    *("call", "calls", "caller", "callback", "called", "calling", "contact", "client", "company", "office", "home"),
    *("phone", "telephone", "mobile", "cell", "work", "number", "name", "line", "extension", "voicemail", "operator"),
    *("unknown", "unavailable", "anonymous", "private", "restricted", "withheld", "blocked", "wireless", "toll free"),
    *("test", "user", "guest", "admin", "null", "none", "true", "false", "yes", "sales", "support", "service"),
    *("erased", "offhook"),
}


def can_be_looked_for(name: str) -> bool:
    """Whether a name can be told from other words in a text: of three letters or more, and no everyday word."""
    letters = sum(character.isalpha() for character in name)
    told = " ".join(name.split()).casefold()
    return letters >= FEWEST_LETTERS and len(name) <= LONGEST_NAME and told not in _NOT_NAMES


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
        """The same person with further names; those that cannot be told from other words are left out."""
        told = sorted({name.strip() for name in names} - self.names)
        more = [name for name in told if can_be_looked_for(name)][: max(0, _MOST_NAMES - len(self.names))]
        return Person(self.number, self.tombstone, self.names.union(more)) if more else self

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
        # Not after a plus sign: a tombstone's first word is no name.
        return re.compile("|".join(rf"(?<![\w+]){re.escape(name)}(?!\w)" for name in longest_first), re.IGNORECASE)

    def is_in(self, text: str) -> bool:
        """Whether the number is in a text."""
        return self.numbers.search(text) is not None

    def erase_number(self, text: str) -> str:
        """The text with the tombstone in place of the number."""
        return self.numbers.sub(self.tombstone, text)

    def erase(self, text: str) -> str:
        """A text that people have written: the tombstone in place of the number, and nothing in place of the names."""
        return self.erase_number(text if self._named is None else self._named.sub("", text))


class NumberSearch:
    """Looks for the number in a text that comes in parts, as if it came in one.

    What stands at an edge of what is at hand waits for what comes beside it: digits that are a part of a longer number
    are another one.
    """

    #: More than a number is long, however it is spaced.
    _LONGEST: Final = 128
    _KEPT: Final = 4 * _LONGEST

    def __init__(self, person: Person) -> None:
        self._person = person
        self._held = ""
        self._is_cut = False

    def is_in(self, part: str) -> bool:
        """Whether the number is there, by all that has come so far."""
        text = self._held + part
        if self._has(text, len(text) - self._LONGEST):
            return True
        self._keep(text)
        return False

    def is_at_end(self) -> bool:
        """Whether it is there, now that nothing more comes."""
        return self._has(self._held, len(self._held))

    def _keep(self, text: str) -> None:
        self._is_cut = self._is_cut or len(text) > self._KEPT
        self._held = text[-self._KEPT :]

    def _has(self, text: str, until: int) -> bool:
        begin = self._LONGEST if self._is_cut else 0
        return any(found.start() >= begin and found.end() <= until for found in self._person.numbers.finditer(text))
