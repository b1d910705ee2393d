"""What a client has sent: a flat JSON object of strings, as loosely written as clients of this dialect write. Pure.

The document prints names and words with blanks inside them; blanks in names never count, nor around values. Numbers are
strings, and are taken as numbers too. An empty string is what was left out.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

import orjson

from app.dialects.refusals import DialectRefusedError

Word = TypeVar("Word")

#: Other space characters do not come from a page: a line feed after a number is somebody trying something.
_BLANKS: Final = " \t"
_WHOLE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_EXTENSION: Final = re.compile(r"[0-9]{2,6}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T?([0-9]{2}:[0-9]{2}:[0-9]{2})", re.ASCII)


class RefusedHereError(DialectRefusedError):
    """What the dialect itself refuses, before the schema is asked, or after it has said that there is no such thing.

    ``code`` is a word of the schema's for it; ``message`` may be told.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class GivenRefusedError(RefusedHereError):
    """A value is missing, or is none that this can be; ``message`` names it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__("INVALID_INPUT", f"{name}: {message}")


class Given:
    """The fields of a request, and the ``account`` that its header names. Every method raises GivenRefusedError."""

    def __init__(self, fields: Mapping[str, Any], *, account: str = "") -> None:
        self.account = account
        self._fields = {"".join(name.split()): value for name, value in fields.items()}

    def has(self, name: str) -> bool:
        """Whether the field was sent with something in it."""
        return self._fields.get(name) not in (None, "")

    def text(self, name: str) -> str | None:
        """A text without the blanks around it; None when there is none."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise GivenRefusedError(name, "give a string.")
        return value.strip(_BLANKS) or None

    def needed(self, name: str) -> str:
        """A text that must be there."""
        found = self.text(name)
        if found is None:
            raise GivenRefusedError(name, "this is required.")
        return found

    def word(self, name: str, words: Mapping[str, Word]) -> Word | None:
        """One of some words, whatever its case, and whatever blanks a page's edge has put into it."""
        found = self.text(name)
        if found is None:
            return None
        known = words.get("".join(found.split()).lower())
        if known is None:
            raise GivenRefusedError(name, f"use one of {', '.join(words)}.")
        return known

    def whole(self, name: str) -> int | None:
        """A whole number."""
        found = self.text(name)
        if found is None:
            return None
        if _WHOLE.fullmatch(found) is None:
            raise GivenRefusedError(name, "give a whole number of at most 9 digits.")
        return int(found)

    def party(self, name: str) -> dict[str, str] | None:
        """Whom a call reaches, as the schema's inputs have it: two to six digits are an extension of the account."""
        found = self.text(name)
        if found is None:
            return None
        return {"extension": found} if _EXTENSION.fullmatch(found) else {"number": found}

    def needed_party(self, name: str) -> dict[str, str]:
        """`party`, which must be there."""
        return self.party(name) or {"number": self.needed(name)}

    def moment(self, name: str) -> str | None:
        """What a wall clock shows, ``YYYY-mm-dd hh:mm:ss``, as ISO 8601 has it."""
        found = self.text(name)
        if found is None:
            return None
        match = _MOMENT.fullmatch("".join(found.split()))
        written = None if match is None else f"{match[1]}T{match[2]}"
        if written is None or not _is_moment(written):
            raise GivenRefusedError(name, "give a date and time as YYYY-mm-dd hh:mm:ss.")
        return written

    def needed_moment(self, name: str) -> str:
        """`moment`, which must be there."""
        self.needed(name)
        found = self.moment(name)
        assert found is not None
        return found

    def day_range(self, first: str, last: str) -> dict[str, Any]:
        """A range of time from the first day's beginning to the last day's end, by UTC, as the schema has it.

        Either may be a date and time instead, which are meant to the second.
        """
        begin, end = self._end_of_range(first, is_last=False), self._end_of_range(last, is_last=True)
        if end <= begin:
            raise GivenRefusedError(last, f"this is before {first}.")
        return {"from": {"at": f"{begin.isoformat()}Z"}, "to": {"at": f"{end.isoformat()}Z"}}

    def _end_of_range(self, name: str, *, is_last: bool) -> datetime:
        found = "".join(self.needed(name).split())
        try:
            if _DAY.fullmatch(found) is None:
                return datetime.fromisoformat(self.needed_moment(name)) + timedelta(seconds=is_last)
            day = date.fromisoformat(found)
            return datetime(day.year, day.month, day.day) + timedelta(days=is_last)  # noqa: DTZ001  # written out with Z
        except (ValueError, OverflowError) as error:  # 30 February; the calendar's last day has no end
            raise GivenRefusedError(name, "give a day as YYYY-mm-dd.") from error

    def items(self, name: str) -> list["Given"]:
        """A list of objects, at least one."""
        found = self._fields.get(name)
        if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
            raise GivenRefusedError(name, "give a list of objects.")
        return [Given(one) for one in found]

    def pairs(self, name: str) -> list[dict[str, str]]:
        """An object of the client's own names, as pairs; numbers are written out, and null is empty."""
        found = self._fields.get(name)
        if found is None:
            return []
        if not isinstance(found, dict):
            raise GivenRefusedError(name, "give an object.")
        own = Given({one: str(value) if isinstance(value, float) else value for one, value in found.items()})
        return [{"name": one, "value": own.text(one) or ""} for one in own._fields]

    def canonical(self) -> bytes:
        """The same bytes for the same fields, in whatever order and with whatever blanks they came."""
        return orjson.dumps(self._fields, option=orjson.OPT_SORT_KEYS)


def _is_moment(written: str) -> bool:
    try:
        datetime.fromisoformat(written)
    except ValueError:
        return False
    return True
