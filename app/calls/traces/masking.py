"""Telephone numbers out of a trace's lines, for readers who may not see them, so that it can still be done again.

One rule over all lines alike: a number reads the same wherever it stands, so what the machine makes of masked inputs is
what it made of them, masked. The rule for each value is that of ``facts.masking``.
"""

import re
from typing import Any, Final

from app.calls.traces.flow_words import SIGNS
from app.facts.masking import HIDDEN_DIGIT, mask_digits, mask_number
from app.flows.words import BUILT_IN

_NUMBERS: Final = frozenset({"dialledNumber", "callerId", "shownNumber", "presentedNumber"})
_NAMES: Final = frozenset({"callerIdName", "shownName", "presentedName"})
#: Texts of others' making, in which a number may stand.
_TEXTS: Final = frozenset({"endpoint", "detail", "failure", "reason", "error", "dialled", "referTo"})
_DIGITS: Final = frozenset({"digit", "digits", "dtmf"})
#: What a call flow says, in which there may be digits that were pressed.
_SAID: Final = frozenset({"text"})
_KEYS: Final = re.compile(rf"[0-9*#{SIGNS}]")
#: What a call flow waits to be pressed: in a trace these are signs already.
_OPTION: Final = frozenset({"digits", "next"})
#: Of a request with a number in it: whoever has all numbers has the number.
_HASHES: Final = frozenset({"inputHash"})
_E164: Final = re.compile(r"\+[0-9]{6,15}")
_NUMBER: Final = re.compile(r"\+?[0-9]{6,15}")


def hide(value: Any, *, numbers: bool) -> Any:
    """A line, as plain JSON, without digits and, if asked for, without ``numbers``."""
    if isinstance(value, list | tuple):
        return [hide(one, numbers=numbers) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == _OPTION:
        return value
    hidden = {name: _hide_one(name, one, numbers=numbers) for name, one in value.items()}
    if isinstance(value.get("held"), str) and value.get("name") not in BUILT_IN:
        hidden["held"] = mask_said(value["held"])
    if numbers and value.get("number") is not None and isinstance(value["number"], str):
        hidden["number"] = mask_number(value["number"])
        if "display" in hidden:
            hidden["display"] = None
    return hidden


def mask_said(text: str) -> str:
    """A text with every digit in it as ``x``."""
    return _KEYS.sub(HIDDEN_DIGIT, text)


def _hide_one(name: str, value: Any, *, numbers: bool) -> Any:
    if not isinstance(value, str):
        return hide(value, numbers=numbers)
    if name in _DIGITS:
        return mask_digits(value)
    if name in _SAID:
        return mask_said(value)
    if not numbers:
        return value
    if name in _NAMES:
        return None
    if name in _HASHES:
        return "0" * len(value)
    if name in _NUMBERS or _E164.fullmatch(value):
        return mask_number(value) if value.startswith("+") else value
    if name in _TEXTS:
        return _NUMBER.sub(lambda found: mask_number(found[0]), value)
    return value
