"""In which time zones a contact may be.

The zone given with the contact counts alone. Else all zones of its number do, and a calling window must be open in
every one of them. A toll-free number rings wherever its owner is, and its range names a whole country (42 zones for
North America's), so the account's zone counts; so it does for the sandbox's made-up numbers. Of any other number that
has no zone (satellites, networks that belong to no country) nobody can say what time it is there.

A mobile number keeps its area code when its owner moves: the zone given with the contact is better.
"""

import functools
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from app.facts.vocabulary import Words
from app.hours.zones import zone_of
from app.numbers.parse import E164, is_sandbox_number

_UNKNOWN_ZONE = "Etc/Unknown"  # phonenumbers' own word


class ZoneSource(StrEnum):
    """Where a contact's zones come from: the contact's own row, its number, or the account."""

    GIVEN = "GIVEN"
    NUMBER = "NUMBER"
    ACCOUNT = "ACCOUNT"


class Zones(Words, frozen=True, kw_only=True):
    """IANA names of the zones a contact may be in, sorted, and where they come from. No names: nobody knows."""

    names: tuple[str, ...]
    source: ZoneSource


def zones_of(number: E164, *, given: str | None, account_zone: str) -> Zones:
    """The zones in which a calling window must be open for this number.

    Raises:
        ValueError: the zone that is given is none of this installation's.
    """
    if given is not None:
        return Zones(names=(_known(given),), source=ZoneSource.GIVEN)
    parsed = phonenumbers.parse(number)
    if is_sandbox_number(number) or phonenumbers.number_type(parsed) == PhoneNumberType.TOLL_FREE:
        return Zones(names=(_known(account_zone),), source=ZoneSource.ACCOUNT)
    from phonenumbers import timezone  # late: tables of a third of a second, which no start should wait for

    names = timezone.time_zones_for_number(parsed)
    return Zones(names=tuple(sorted(name for name in names if name != _UNKNOWN_ZONE)), source=ZoneSource.NUMBER)


@functools.lru_cache(maxsize=1024)
def _known(name: str) -> str:
    try:
        zone_of(name)
    except (OSError, ValueError, LookupError) as error:
        # ZoneInfoNotFoundError is a LookupError; names that are paths, such as "../etc" or "Europe", give the others.
        raise ValueError(f"There is no time zone of this name: {name!r}") from error
    return name
