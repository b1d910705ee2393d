"""Texts with variables in them. Pure."""

import re
from collections.abc import Mapping
from typing import Final

#: Also where they are masked, or signs stand for them, so that such a text is as long as the one that was said.
_DIGITS: Final = re.compile(r"[0-9*#xⓐ-ⓟ]+")
_VARIABLE: Final = re.compile(r"\{([a-z][A-Za-z0-9_]{0,31})\}")


def variables_in(text: str) -> list[str]:
    """The variables that a text names, in their order."""
    return _VARIABLE.findall(text)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables' values; digits are said one by one, and what was never set is left out."""
    return _VARIABLE.sub(lambda found: _spoken(variables.get(found[1], "")), text)


def _spoken(value: str) -> str:
    """As a number of thousands nobody knows its PIN again."""
    plain = value.removeprefix("+")
    return " ".join(plain) if _DIGITS.fullmatch(plain) else value
