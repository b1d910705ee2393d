"""Which country a number that was dialled is of: asked once for each range of numbers."""

from typing import Final

import phonenumbers

from app.numbers.parse import E164, is_sandbox_number
from app.numbers.ranges import Ranges

_NON_GEOGRAPHIC: Final = "001"  # UN M.49 "world": phonenumbers' region of codes that belong to no country


def country_of(number: str) -> str:
    """ISO 3166-1 alpha-2; empty for numbers of no country, or that are no numbers of the plan."""
    if is_sandbox_number(E164(number)):
        return "US"
    return _RANGES.find(number) or _ask(number)


def _ask(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return "" if region in {None, _NON_GEOGRAPHIC, "ZZ"} else str(region)


#: What was looked up once. It says what the numbering plans say, so it is no state of anybody's.
_RANGES: Final[Ranges[str]] = Ranges(_ask)
