"""What is known about a number without asking anybody: country, kind, carrier, zones.

The data is the phonenumbers package's. Carrier is the one a mobile range was given to, so a ported number names the
wrong one; a toll-free number has as many zones as its country, and a calling window must hold in all of them.
"""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from app.errors import RefusedError
from app.numbers.parse import E164, is_sandbox_number, parse_destination
from app.numbers.ranges import prepare

_NON_GEOGRAPHIC: Final = "001"  # UN M.49 "world": phonenumbers' region of codes that belong to no country
_UNKNOWN_ZONE: Final = "Etc/Unknown"
_LANGUAGE: Final = "en"
_PRELOAD_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.1


class LineType(StrEnum):
    """What kind of line a number is, as far as its range tells."""

    FIXED_LINE = "FIXED_LINE"
    MOBILE = "MOBILE"
    FIXED_LINE_OR_MOBILE = "FIXED_LINE_OR_MOBILE"
    TOLL_FREE = "TOLL_FREE"
    PREMIUM_RATE = "PREMIUM_RATE"
    SHARED_COST = "SHARED_COST"
    VOIP = "VOIP"
    PERSONAL_NUMBER = "PERSONAL_NUMBER"
    PAGER = "PAGER"
    UNIVERSAL_ACCESS = "UNIVERSAL_ACCESS"
    VOICEMAIL = "VOICEMAIL"
    SANDBOX = "SANDBOX"
    UNKNOWN = "UNKNOWN"


_LINE_TYPES: Final = {
    PhoneNumberType.FIXED_LINE: LineType.FIXED_LINE,
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LineType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: LineType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: LineType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: LineType.SHARED_COST,
    PhoneNumberType.VOIP: LineType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: LineType.PERSONAL_NUMBER,
    PhoneNumberType.PAGER: LineType.PAGER,
    PhoneNumberType.UAN: LineType.UNIVERSAL_ACCESS,
    PhoneNumberType.VOICEMAIL: LineType.VOICEMAIL,
}


@dataclass(frozen=True, slots=True)
class NumberLookup:
    """What a number is. With ``is_valid`` false, ``problem`` says why and everything else is empty.

    ``country`` is ISO 3166-1 alpha-2, None for codes of no country; ``location`` is a region or town in English,
    empty when the number does not tell; ``zones`` are IANA names. What is thought of it is ``app.reputation``'s.
    """

    is_valid: bool
    problem: str | None = None
    e164: E164 | None = None
    national_format: str | None = None
    international_format: str | None = None
    country: str | None = None
    calling_code: int | None = None
    location: str | None = None
    carrier: str | None = None
    line_type: LineType = LineType.UNKNOWN
    zones: tuple[str, ...] = ()


async def look_up_number(text: str, *, default_region: str, is_sandbox: bool) -> NumberLookup:
    """What is known about the number that a text means; a text that means none gives ``is_valid`` false."""
    try:
        number = parse_destination(text, default_region=default_region, is_sandbox=is_sandbox)
    except RefusedError as refused:
        return NumberLookup(is_valid=False, problem=refused.message)  # not an error here: it is the answer
    return await describe_number(number)


async def describe_number(number: E164) -> NumberLookup:
    """What is known about a number that was parsed before."""
    # The first use reads half a second's worth of tables, which must not stop the loop; later ones are dict look-ups.
    if not _load_tables.cache_info().currsize:
        await asyncio.to_thread(_load_tables)
    return _describe(number)


async def preload(may_begin: Callable[[], bool], *, at_latest_seconds: float = _PRELOAD_SECONDS) -> None:
    """Read the tables in a thread as soon as that is no hindrance, so that hardly a call waits for them.

    ``may_begin`` is asked some times a second; after ``at_latest_seconds`` (on standby it may say no for days) the
    tables are read in any case.
    """
    try:
        async with asyncio.timeout(at_latest_seconds):
            while not may_begin():  # noqa: ASYNC110  # readiness is the sum of many parts, and none of them tells
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        pass  # by now every start is over
    await asyncio.to_thread(_load_tables)
    await asyncio.to_thread(prepare)


@functools.cache
def _load_tables() -> tuple[ModuleType, ModuleType, ModuleType]:
    # Imported late: together they take half a second, and most commands need none of them.
    from phonenumbers import carrier, geocoder, timezone

    return carrier, geocoder, timezone


def _describe(number: E164) -> NumberLookup:
    carrier, geocoder, timezone = _load_tables()
    parsed = phonenumbers.parse(number)
    calling_code = parsed.country_code or 0  # parsed from E.164, it always has one
    region = phonenumbers.region_code_for_country_code(calling_code)
    if not is_sandbox_number(number):
        region = phonenumbers.region_code_for_number(parsed) or region
    return NumberLookup(
        is_valid=True,
        e164=number,
        national_format=phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL),
        international_format=phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL),
        country=None if region == _NON_GEOGRAPHIC else region,
        calling_code=calling_code,
        location=geocoder.description_for_number(parsed, _LANGUAGE) or None,
        carrier=carrier.name_for_number(parsed, _LANGUAGE) or None,
        line_type=(
            LineType.SANDBOX
            if is_sandbox_number(number)
            else _LINE_TYPES.get(phonenumbers.number_type(parsed), LineType.UNKNOWN)
        ),
        zones=tuple(zone for zone in timezone.time_zones_for_number(parsed) if zone != _UNKNOWN_ZONE),
    )
