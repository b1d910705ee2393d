"""Hostile telephone numbers, extensions and caller ids. Where a class can be generated it is."""

import itertools
import sys
import unicodedata
from collections.abc import Iterator
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tests.security.hostile_row import GOOD_NUMBER, INVISIBLE, OWN_NUMBER, Field, Row, codes_of, each

_DENIED: Final = codes_of("DESTINATION_DENIED")
_NO_NUMBER: Final = codes_of("INVALID_NUMBER")
_HUGE: Final = 10_000_000


def other_digits(number: str = GOOD_NUMBER) -> Iterator[str]:
    """The number in the digits of every other script that Unicode knows."""
    zeros = [
        chr(code)
        for code in range(0x80, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Nd" and unicodedata.digit(chr(code)) == 0
    ]
    for zero in zeros:
        yield "".join(chr(ord(zero) + int(char)) if char.isdigit() else char for char in number)
    for zero in ("\u2070", "\u2080"):  # superscripts and subscripts: digits to some readers, no decimals
        yield number[:-1] + zero


_ELSEWHERE: Final = (
    "PJSIP/19005551234@sandbox-trunk-farend",
    "Local/9@offhook-phones",
    "SIP/9@evil",
    "IAX2/u:p@evil/9",
)
_JOINTS: Final = ("&", ",", "|", "/", "@", ";", "?", "^", "\r\n", "\x00", " & ", "%26", "%0d%0a", "\\", '"', "<")


def injections(number: str = GOOD_NUMBER) -> Iterator[str]:
    """The number with more behind it, or before it, that means something to a dialler."""
    for joint, tail in itertools.product(_JOINTS, _ELSEWHERE):
        yield f"{number}{joint}{tail}"
        yield f"{tail}{joint}{number}"


_DEAR_TYPES: Final = {
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "universal access",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


def dear_numbers() -> Iterator[tuple[str, str]]:
    """Class and number: the example of every kind that costs more, in every country that has it."""
    for kind, name in _DEAR_TYPES.items():
        for region in sorted(phonenumbers.SUPPORTED_REGIONS):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                yield name, phonenumbers.format_number(example, PhoneNumberFormat.E164)
        for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
            example = phonenumbers.example_number_for_non_geo_entity(code)
            if example is not None and phonenumbers.number_type(example) == kind:
                yield name, phonenumbers.format_number(example, PhoneNumberFormat.E164)


def short_codes() -> Iterator[str]:
    """The example short code of every country: emergency, service, premium."""
    for region in sorted(phonenumbers.shortnumberinfo.SUPPORTED_SHORT_REGIONS):
        metadata = phonenumbers.PhoneMetadata.short_metadata_for_region(region)
        assert metadata is not None
        for one in (metadata.emergency, metadata.short_code, metadata.premium_rate, metadata.standard_rate):
            if one is not None and one.example_number:
                yield one.example_number


NUMBERS: Final = [
    *each(Field.NUMBER, "dial-string injection", injections(), _NO_NUMBER),
    *each(
        Field.NUMBER,
        "dial-string injection",
        ("300&PJSIP/19005551234@sandbox-trunk-farend", "1001/sip:x@evil", "2001&2002", "2001-1"),
        _NO_NUMBER,
    ),
    *each(Field.NUMBER, "other technology", ("Local/9@x", "PJSIP/2001", "DAHDI/g1/911", "Agent/1"), _NO_NUMBER),
    *each(
        Field.NUMBER,
        "SIP URI parts",
        (
            *(f"{GOOD_NUMBER};tgrp=1", f"{GOOD_NUMBER};user=phone", f"{GOOD_NUMBER}?X-H=1", f"sip:{GOOD_NUMBER}@evil"),
            *(f"tel:{GOOD_NUMBER}", f"{GOOD_NUMBER};phone-context=+44", f"{GOOD_NUMBER}@evil.example", "<sip:x@evil>"),
            *(f"{GOOD_NUMBER};ext=1900", f"{GOOD_NUMBER} x1900", f"{GOOD_NUMBER} ext. 1900", f"{GOOD_NUMBER}#1900"),
        ),
        _NO_NUMBER,
    ),
    *each(
        Field.NUMBER,
        "dial options",
        (f"{GOOD_NUMBER},30,gU(x)", f"{GOOD_NUMBER}|30|g", f"{GOOD_NUMBER},,G(evil^1)", f"{GOOD_NUMBER}ww1900"),
        _NO_NUMBER,
    ),
    *each(
        Field.NUMBER,
        "substitution",
        ("${EXTEN}", "$[1+1]", "${SHELL(id)}", "+1555011${RAND(1000,9999)}", "`id`", "$(id)", "%s%s%n", "{number}"),
        _NO_NUMBER,
    ),
    *each(
        Field.NUMBER,
        "control characters",
        (
            *(f"+1555011{char}4001" for char in INVISIBLE),
            *(f"{GOOD_NUMBER}{char}" for char in INVISIBLE),
            *(f"{char}{GOOD_NUMBER}" for char in INVISIBLE),
            f"{GOOD_NUMBER}\r\nX-Evil: 1",
        ),
        _NO_NUMBER,
    ),
    *each(Field.NUMBER, "other digits", other_digits(), _NO_NUMBER),
    *each(
        Field.NUMBER, "other signs", (f"＋{GOOD_NUMBER[1:]}", f"+{GOOD_NUMBER}", "+1 555–011–4001", "٪٢"), _NO_NUMBER
    ),
    *each(Field.NUMBER, "words", ("abc", "anonymous", "1-800-FLOWERS", "null", "NaN", "1e10", "0x1"), _NO_NUMBER),
    *each(Field.NUMBER, "SQL", ("1' OR '1'='1", "+1'; DROP TABLE call;--", "%", "_", "+1212555%"), _NO_NUMBER),
    *each(
        Field.NUMBER,
        "emergency",
        ("911", "112", "999", "000", "110", "119", "+1911", "1911", "9911", "9-1-1", "+112", "+911"),
        _NO_NUMBER,
    ),
    *each(Field.NUMBER, "short codes", sorted(set(short_codes())), _NO_NUMBER),
    *each(
        Field.NUMBER,
        "feature codes",
        ("*72", "*67 12125550123", "#31#12125550123", "**21*12125550123#", "##002#", "*#06#", "#", "*"),
        _NO_NUMBER,
    ),
    *each(
        Field.NUMBER,
        "wrong lengths",
        ("", " ", "+", "+1", "+1555011", "+1212555", "+15550114001234567", "9" * 41, "9" * 100_000, "-", "()"),
        _NO_NUMBER | codes_of("REQUIRED"),
    ),
    *each(Field.NUMBER, "ten megabytes", ("9" * _HUGE,), _NO_NUMBER),
    *each(
        Field.NUMBER, "no such country", ("+999123456789", "+0123456789", "+2101234567", "0012125550123"), _NO_NUMBER
    ),
    *each(
        Field.NUMBER,
        "premium",
        ("+19005551234", "+12129765555", "+449098790879", "+4990012345678", "+33899123456", "+97912345678"[:11]),
        _DENIED | _NO_NUMBER,
    ),
    *(Row(Field.NUMBER, kind, number, _DENIED | _NO_NUMBER) for kind, number in dear_numbers()),
    *each(
        Field.NUMBER,
        "satellite",
        ("+881612345678", "+8816231512345", "+870773111632", "+88213123456", "+883510012345"),
        _DENIED | _NO_NUMBER,
    ),
    *each(
        Field.NUMBER,
        "dear under +1",
        ("+18765550123", "+18095550123", "+12425550123", "+14415550123"),
        _DENIED | _NO_NUMBER,
    ),
    *each(Field.NUMBER, "own number", (OWN_NUMBER, "+1 (555) 010-0100"), _DENIED),
]

EXTENSIONS: Final = each(
    Field.EXTENSION,
    "no extension",
    (
        *("", "2", "2001@evil", "2001/sip:x@evil", "2001&2002", "Local/9@x", "${EXTEN}", "2001\r\nX: 1", "2001\x00"),
        *("２００１", "*72", "2001;tgrp=1", "9" * 7, "9" * 100_000, "../2001", "2001'--", "-2001", "+2001", "2 001"),
    ),
    codes_of("INVALID_NUMBER", "INVALID_INPUT", "REQUIRED"),
)

_NOT_OWNED: Final = codes_of("CALLER_ID_NOT_OWNED", "INVALID_NUMBER")
CALLER_IDS: Final = [
    *each(Field.CALLER_ID, "not the account's", ("+12125550123", "+442079460000", "911", "2001"), _NOT_OWNED),
    *each(
        Field.CALLER_ID,
        "name and number",
        ('"Bob" <+15550100100>', 'Bob" <+19005551234>', "<+15550100100>", "+15550100100>;x=<1", "sip:+15550100100@x"),
        _NOT_OWNED,
    ),
    *each(
        Field.CALLER_ID,
        "control characters",
        (f"+1555010{char}0100" for char in INVISIBLE),
        _NOT_OWNED,
    ),
    *each(Field.CALLER_ID, "words", ("", " ", "anonymous", "restricted", "${CALLERID(num)}", "<b>1</b>"), _NOT_OWNED),
    *each(Field.CALLER_ID, "other digits", other_digits("+15550100100"), _NOT_OWNED),
    *each(Field.CALLER_ID, "too long", ("1" * 1_000, "9" * 100_000), _NOT_OWNED),
    *each(Field.CALLER_ID, "no such pool", ("npool_" + "0" * 26, "pool_../x"), _NOT_OWNED | codes_of("NOT_FOUND")),
]

NAMES: Final = [
    *each(
        Field.SHOWN_NAME,
        "name and number",
        ('Bob" <+19005551234>', '"', "<sip:x@evil>", "Bob\\", "Bob <b>", 'a";tag=1'),
    ),
    *each(
        Field.SHOWN_NAME,
        "control characters",
        (f"Bob{char}X-Evil: 1" for char in ("\r\n", "\r", "\n", "\x00", "\t", "\x1b[31m", "\x7f", "\x85", "\u2028")),
    ),
    *each(
        Field.SHOWN_NAME, "turned around", (f"Bob {char}009155" for char in ("\u202e", "\u202d", "\u2067", "\u200f"))
    ),
    *each(Field.SHOWN_NAME, "too long", ("", "x" * 81, "x" * 1_000, "x" * 100_000)),
    *each(Field.SHOWN_NAME, "markup", ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>")),
]
