"""What is known of whole ranges of numbers: whether they are valid and in which zones they lie."""

import functools
from dataclasses import dataclass
from typing import Final

import phonenumbers

from app.numbers.parse import E164
from app.numbers.ranges import Ranges
from app.numbers.zones import Zones, ZoneSource, zones_of

_SOME_ZONE: Final = "Etc/UTC"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """What is so for every number of a range and length. ``zones`` None: the account's zone counts."""

    is_valid: bool
    zones: tuple[str, ...] | None


def make_ranges() -> Ranges[NumberRange]:
    """Ranges of which nothing is known yet."""
    return Ranges(_ask, is_stem=_is_zone_stem)


def _ask(number: E164) -> NumberRange | None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) != number:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return NumberRange(is_valid=False, zones=())
    zones: Zones = zones_of(number, given=None, account_zone=_SOME_ZONE)
    return NumberRange(is_valid=True, zones=None if zones.source is ZoneSource.ACCOUNT else zones.names)


def _is_zone_stem(number: str) -> bool:
    return number in _zone_stems()


@functools.cache
def _zone_stems() -> frozenset[str]:
    """Beginnings of numbers of which a longer one has zones of its own."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # late: half a second's worth of tables

    return frozenset(key[:end] for key in TIMEZONE_DATA for end in range(1, len(key)))
