"""What may go on the wire to Asterisk.

Asterisk reads structure out of strings: an endpoint splits at `/` and `@`, a caller name at quotes, application
arguments at commas, and CR or LF in a header variable starts a new SIP header. So whatever is not plainly harmless
is refused here, before it is sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.ari.errors import AriUnsafeArgument

# `;` is in the ids of Local channels' two halves.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:;-]{0,127}")
# A recording's name is a path below Asterisk's recording directory.
_RECORDING_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*(?:/[A-Za-z0-9][A-Za-z0-9._:-]*)*")
_ENDPOINT = re.compile(r"[A-Za-z0-9_]{1,40}/[^\s\x00-\x1f\x7f]{1,400}")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# A name ending in `)` writes through a dialplan function; the caller says which, so the parts stay plain.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}(?:\([A-Za-z0-9_,.:-]{0,200}\))?")
_DIGITS = re.compile(r"[0-9A-Da-d*#wW]{1,200}")
_CALLER_NUMBER = re.compile(r"\+?[A-Za-z0-9*#._-]{0,64}")
_CALLER_NAME = re.compile(r"[^\x00-\x1f\x7f\"<>\\]{0,80}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_RECORDING_NAME = 200


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who a leg shows as its caller. `number` may be empty (withheld)."""

    number: str
    name: str = ""


def _check(pattern: re.Pattern[str], value: str, what: str, operation: str) -> str:
    if not pattern.fullmatch(value):
        # The value stays out of the message: it may be a number or digits.
        raise AriUnsafeArgument(f"{what} has characters that must not go on the wire", operation=operation)
    return value


def safe_id(value: str, what: str, *, operation: str) -> str:
    """A channel's, bridge's, playback's or application's id: letters, digits and `._:;-`, 128 at most."""
    return _check(_ID, value, what, operation)


def safe_recording_name(value: str, *, operation: str) -> str:
    """Parts of letters, digits and `._:-` between single slashes; no part starts with a dot."""
    if len(value) > _LONGEST_RECORDING_NAME:
        raise AriUnsafeArgument("recording name is too long", operation=operation)
    return _check(_RECORDING_NAME, value, "recording name", operation)


def safe_endpoint(value: str, *, operation: str) -> str:
    """`TECHNOLOGY/resource` without white space; what the resource means is the caller's to check."""
    return _check(_ENDPOINT, value, "endpoint", operation)


def safe_word(value: str, what: str, *, operation: str) -> str:
    """A context, an extension, a label, a format, a class of music."""
    return _check(_WORD, value, what, operation)


def safe_variable_name(value: str, *, operation: str) -> str:
    return _check(_VARIABLE, value, "variable name", operation)


def safe_text(value: str, what: str, *, operation: str) -> str:
    """Free text without control characters, so that it cannot start a new header or line."""
    if _CONTROL.search(value):
        raise AriUnsafeArgument(f"{what} has control characters", operation=operation)
    return value


def safe_digits(value: str, *, operation: str) -> str:
    return _check(_DIGITS, value, "digits", operation)


def safe_variables(variables: Mapping[str, str] | None, *, operation: str) -> dict[str, str] | None:
    if not variables:
        return None
    return {
        safe_variable_name(name, operation=operation): safe_text(value, "variable value", operation=operation)
        for name, value in variables.items()
    }


def join_list(values: Sequence[str], what: str, *, operation: str) -> str | None:
    """Asterisk splits such lists at commas and knows quotes and backslashes: none of them may be in a part."""
    if not values:
        return None
    for value in values:
        safe_text(value, what, operation=operation)
        if any(character in value for character in ',"\\'):
            raise AriUnsafeArgument(f"{what} has a separator in it", operation=operation)
    return ",".join(values)


def write_caller_id(caller_id: CallerId | None, *, operation: str) -> str | None:
    """Asterisk's `"name" <number>`, of parts that cannot break out of it."""
    if caller_id is None:
        return None
    number = _check(_CALLER_NUMBER, caller_id.number, "caller number", operation)
    name = _check(_CALLER_NAME, caller_id.name, "caller name", operation)
    return f'"{name}" <{number}>' if name else f"<{number}>"
