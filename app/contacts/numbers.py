"""Reading the numbers of contacts, many of them: what ``app.numbers.parse`` says, mostly without asking it."""

import functools
import re
from dataclasses import dataclass
from typing import Final

import phonenumbers

from app.contacts.number_ranges import make_ranges
from app.errors import RefusedError
from app.hours.zones import zone_of
from app.numbers.parse import E164, SANDBOX_PREFIX, is_e164, parse_destination
from app.numbers.zones import Zones, ZoneSource, zones_of

_PLAIN: Final = re.compile(r"\+?[0-9][0-9 .-]{4,36}[0-9]", re.ASCII)
_SEPARATORS: Final = str.maketrans("", "", " -.")
_NATIONAL_LENGTH: Final = 10
_NORTH_AMERICA: Final = 1
_LONGEST_ZONE: Final = 64
#: What is known of ranges is nobody's secret, and the same for all.
_RANGES: Final = make_ranges()


class NumberRefusedError(Exception):
    """What is written is no number that can be called; the text says why."""


class ZoneRefusedError(Exception):
    """What is given is no time zone."""


@dataclass(frozen=True, slots=True)
class NumberReader:
    """Reads the numbers of one account. ``account_zone`` is where its toll-free numbers are."""

    default_region: str
    account_zone: str
    is_sandbox: bool = False

    def read(self, text: str) -> E164:
        """The number a text means, as ``parse_destination`` has it.

        Raises:
            NumberRefusedError: it means none.
        """
        # What the quick way takes is a part of what the long way does, and it never says no on its own.
        if _PLAIN.fullmatch(text) is not None:
            plain = text.translate(_SEPARATORS)
            if len(plain) == _NATIONAL_LENGTH and plain[0] in "23456789" and self._is_of_north_america:
                plain = "+1" + plain
            if plain[0] == "+" and not plain.startswith(SANDBOX_PREFIX):
                found = _RANGES.find(plain)
                if found is not None and found.is_valid and is_e164(plain):
                    return E164(plain)
        try:
            return parse_destination(text, default_region=self.default_region, is_sandbox=self.is_sandbox, field=())
        except RefusedError as refused:
            raise NumberRefusedError(refused.message) from refused

    def zones(self, number: E164, given: str | None) -> Zones:
        """Where a number may be; see ``zones_of``.

        Raises:
            ZoneRefusedError: the zone that is given is none.
        """
        if given is None and not number.startswith(SANDBOX_PREFIX):
            found = _RANGES.find(number)
            if found is not None and found.is_valid:
                return _zones(found.zones, self.account_zone)
        try:
            return zones_of(number, given=None if given is None else check_zone(given), account_zone=self.account_zone)
        except ValueError as error:
            raise ZoneRefusedError("There is no time zone of this name; use one such as Europe/Berlin.") from error

    @property
    def _is_of_north_america(self) -> bool:
        return _calling_code(self.default_region) == _NORTH_AMERICA


@functools.lru_cache(maxsize=4096)
def check_zone(name: str) -> str:
    """An IANA zone's name, as it is.

    Raises:
        ValueError: this installation has no such zone.
    """
    if len(name) > _LONGEST_ZONE:
        raise ValueError("too long")
    try:
        zone_of(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError("no such zone") from error
    return name


@functools.cache
def _calling_code(region: str) -> int:
    return phonenumbers.country_code_for_region(region)


@functools.lru_cache(maxsize=4096)
def _zones(names: tuple[str, ...] | None, account_zone: str) -> Zones:
    if names is None:
        return Zones(names=(account_zone,), source=ZoneSource.ACCOUNT)
    return Zones(names=names, source=ZoneSource.NUMBER)
