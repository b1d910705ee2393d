"""Reading telephone numbers. Pure: text in, E.164 or a refusal out.

What comes in is hostile until proven otherwise. Only ASCII digits, one leading plus sign and common separators are
read at all, so nothing that means something to a SIP stack or a dialplan gets past this file; what goes out
(`dial_digits`) is built anew from the digits, never from the text.
"""

import re
from typing import Final, NewType

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, ValidationResult

from app.errors import ConfigurationError, Problem, RefusedError

#: A validated number: ``+`` and 7 to 15 ASCII digits (ITU-T E.164).
E164 = NewType("E164", str)

#: Sandbox numbers are written +1 555 01x xxxx: no real number begins like that.
SANDBOX_PREFIX: Final = "+155501"

_LONGEST_TEXT: Final = 40  # 15 digits with a separator around each are shorter
_LEAST_INTERNATIONAL: Final = 11  # digits alone of this length and more are read as if they had a plus sign
_MOST_DIGITS: Final = 15
_SHORTEST_SUBSCRIBER: Final = 6  # fewer digits are a short or emergency code somewhere

_WRITTEN: Final = re.compile(r"\+?[0-9(][0-9 ().-]*[0-9]", re.ASCII)
_SEPARATORS: Final = re.compile(r"[ ().-]", re.ASCII)
_PARENTHESES: Final = re.compile(r"[^()]*(?:\([0-9 .-]+\)[^()]*)?", re.ASCII)
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SANDBOX: Final = re.compile(r"\+155501[0-9]{5}", re.ASCII)
_EXTENSION: Final = re.compile(r"[0-9]{2,6}", re.ASCII)
_TEMPLATE: Final = re.compile(r"(\+?[0-9*#]{0,16})\{(e164|digits|national)\}([0-9*#]{0,8})", re.ASCII)


def parse_destination(
    text: str, *, default_region: str, is_sandbox: bool, field: tuple[str, ...] = ("destination", "number")
) -> E164:
    """The number a text means.

    Accepted: ``+`` and an international number; 11 to 15 digits, read as if they began with ``+``; a national number
    of ``default_region`` (ISO 3166 two letters). Separators are space, hyphen, dot and one pair of parentheses.
    In the sandbox, +1 555 01x xxxx is valid too, and nowhere else.

    Raises:
        RefusedError: INVALID_NUMBER, whatever else the text is.
    """
    written = _digits_as_written(text, field)
    if is_sandbox and (sandbox := _as_sandbox_number(written, default_region)) is not None:
        return sandbox
    if is_sandbox_number(written):
        raise _refused("Numbers of the form +1 555 01x xxxx exist in the sandbox only.", field)
    readings = _readings(written, default_region)
    valid = {
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for number in readings
        if phonenumbers.is_valid_number(number)
    }
    if len(valid) > 1:
        raise _refused(
            "These digits are a valid number both with and without a country code. Begin with + and the country code.",
            field,
        )
    if not valid:
        raise _refused(_why_invalid(written, readings), field)
    number = valid.pop()
    if _E164.fullmatch(number) is None:
        raise _refused("This number has a form that cannot be dialled from outside its country.", field)
    return E164(number)


def is_sandbox_number(number: str) -> bool:
    """Whether an E.164 text is one of the sandbox's made-up numbers, +1 555 01x xxxx."""
    return _SANDBOX.fullmatch(number) is not None


def is_e164(text: str) -> bool:
    """Whether a text has the form of E.164 already. Says nothing about the number being valid."""
    return _E164.fullmatch(text) is not None


def parse_caller_id(text: str, *, default_region: str, field: tuple[str, ...] = ("callerId",)) -> E164:
    """The number a caller id means. Whether it may be shown is a question of owning it, not of its range.

    Raises:
        RefusedError: INVALID_NUMBER.
    """
    written = _digits_as_written(text, field)
    if is_e164(written):
        return E164(written)
    return parse_destination(text, default_region=default_region, is_sandbox=True, field=field)


def parse_extension(text: str, *, field: tuple[str, ...]) -> str:
    """An extension's number: 2 to 6 ASCII digits.

    Raises:
        RefusedError: INVALID_NUMBER.
    """
    if len(text) > _LONGEST_TEXT or _EXTENSION.fullmatch(text) is None:
        raise _refused("An extension is 2 to 6 digits.", field)
    return text


def dial_digits(template: str, number: E164) -> str:
    """What a trunk is asked to dial: its template filled with the number's digits.

    ``{e164}`` with the plus sign, ``{digits}`` without, ``{national}`` without the country code; before it up to 16
    and after it up to 8 of ``0-9 * #``.

    Raises:
        ConfigurationError: the template is not of that form.
        ValueError: the number is not E.164.
    """
    if _E164.fullmatch(number) is None:
        raise ValueError("not an E.164 number")
    match = _TEMPLATE.fullmatch(template)
    if match is None:
        raise ConfigurationError(
            "A trunk's dial template is one of {e164}, {digits}, {national} with digits, * or # around it."
        )
    before, placeholder, after = match.groups()
    match placeholder:
        case "e164":
            return f"{before}{number}{after}"
        case "digits":
            return f"{before}{number[1:]}{after}"
        case _:
            national = phonenumbers.national_significant_number(phonenumbers.parse(number))
            return f"{before}{national}{after}"


def is_dial_template(template: str) -> bool:
    """Whether a text is a dial template that `dial_digits` can fill."""
    match = _TEMPLATE.fullmatch(template)
    # A plus sign belongs at the very start, so {e164} has nothing before it.
    return match is not None and not (match[2] == "e164" and match[1])


def _digits_as_written(text: str, field: tuple[str, ...]) -> str:
    """Digits with their leading plus sign, if any."""
    if len(text) > _LONGEST_TEXT:
        raise _refused("This is too long for a telephone number.", field)
    text = text.strip(" ")
    if not text:
        raise _refused("A telephone number is needed.", field)
    if _WRITTEN.fullmatch(text) is None or _PARENTHESES.fullmatch(text) is None:
        raise _refused(
            "A telephone number is digits 0-9 with at most one leading + and spaces, hyphens, dots or one pair of "
            "parentheses between them.",
            field,
        )
    return _SEPARATORS.sub("", text)


def _as_sandbox_number(written: str, default_region: str) -> E164 | None:
    """The sandbox number behind +1 555 01x xxxx, with or without +; where +1 is home, behind 555 01x xxxx too."""
    is_home = phonenumbers.country_code_for_region(default_region) == 1
    for candidate in (written, "+" + written, *(("+1" + written,) if is_home else ())):
        if is_sandbox_number(candidate):
            return E164(candidate)
    return None


def _readings(written: str, default_region: str) -> list[PhoneNumber]:
    """What the digits may mean, likeliest first."""
    if written.startswith("+"):
        candidates: list[tuple[str, str | None]] = [(written, None)]
    elif _LEAST_INTERNATIONAL <= len(written) <= _MOST_DIGITS and not written.startswith("0"):
        candidates = [("+" + written, None), (written, default_region)]
    else:
        candidates = [(written, default_region)]
    readings = []
    for candidate, region in candidates:
        try:
            readings.append(phonenumbers.parse(candidate, region))
        except NumberParseException:
            continue  # no number at all in this reading; another may hold
    return readings


def _why_invalid(written: str, readings: list[PhoneNumber]) -> str:
    digits = written.lstrip("+")
    if len(digits) < _SHORTEST_SUBSCRIBER:
        return "Emergency, service and short numbers cannot be dialled here; give a full number with its country code."
    if not readings:
        return "This is not a telephone number of any country."
    match phonenumbers.is_possible_number_with_reason(readings[0]):
        case ValidationResult.TOO_LONG:
            return "This number is too long for its country."
        case ValidationResult.TOO_SHORT:
            return "This number is too short for its country."
        case ValidationResult.INVALID_COUNTRY_CODE:
            return "There is no such country code."
        case _:
            return "There is no such number range in its country."


def _refused(message: str, field: tuple[str, ...]) -> RefusedError:
    return RefusedError(Problem("INVALID_NUMBER", message, field))
