"""Names that a telephone shows beside a number: an agent's, a caller's, a contact's. Pure."""

import re
from typing import Final

from app.errors import Problem

LONGEST_NAME: Final = 80

#: Controls, line and paragraph ends, what turns the direction of the text around it, lone surrogates, and what delimits
#: names in SIP and Asterisk: ``Bob" <+1900…>`` would replace the number.
_UNSHOWABLE: Final = re.compile('[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"<>\\\\]')


def check_shown_name(name: str | None, field: str) -> list[Problem]:
    """What is wrong with a name that a phone is to show."""
    if name is None or (1 <= len(name) <= LONGEST_NAME and _UNSHOWABLE.search(name) is None):
        return []
    message = (
        f"A shown name has 1 to {LONGEST_NAME} characters, without control characters, marks of direction, quotes, "
        "< > or \\."
    )
    return [Problem("INVALID_INPUT", message, (field,))]


def clean_shown_name(name: str | None) -> str | None:
    """What of a name that nobody checked may be shown; None when nothing is left of it."""
    return None if name is None else _UNSHOWABLE.sub("", name)[:LONGEST_NAME].strip() or None
