"""Which number of a pool a call shows. Pure, and the same for the same input.

Of those that are not flagged: the nearest to whoever sees it, for people answer numbers of their own area; of these the
one that was used longest ago, so that all wear alike; of these the first in the pool's order.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import phonenumbers

from app.facts.vocabulary import Nearness
from app.numbers.parse import E164

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_NEAREST_FIRST: Final = (Nearness.SAME_AREA, Nearness.SAME_COUNTRY, Nearness.ELSEWHERE)
_REMEMBERED: Final = 20_000
_NON_GEOGRAPHIC: Final = "001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A number of a pool that may be shown over the call's trunk, in the pool's order."""

    number_id: str
    number: E164
    is_flagged: bool = False
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The number to show, and how it was come by: ``size`` candidates, of which ``flagged`` were left out."""

    number_id: str
    number: E164
    nearness: Nearness
    size: int
    flagged: int


def choose(candidates: Sequence[Candidate], seen_by: E164 | None) -> Chosen | None:
    """The number that ``seen_by`` shall see; None when every candidate is flagged, or is that very number."""
    usable = [
        (_NEAREST_FIRST.index(nearness_of(one.number, seen_by)), one.last_used_at or _NEVER, place)
        for place, one in enumerate(candidates)
        if not one.is_flagged and one.number != seen_by
    ]
    if not usable:
        return None
    distance, _, place = min(usable)
    one = candidates[place]
    flagged = sum(each.is_flagged for each in candidates)
    return Chosen(one.number_id, one.number, _NEAREST_FIRST[distance], len(candidates), flagged)


def nearness_of(number: E164, other: E164 | None) -> Nearness:
    """How near two numbers are to each other, as far as their digits tell: a moved or mobile one tells little."""
    if other is None:
        return Nearness.ELSEWHERE
    country, area = _place_of(number)
    other_country, other_area = _place_of(other)
    if country is None or country != other_country:
        return Nearness.ELSEWHERE
    return Nearness.SAME_AREA if area is not None and area == other_area else Nearness.SAME_COUNTRY


@functools.lru_cache(maxsize=_REMEMBERED)
def _place_of(number: E164) -> tuple[str | None, str | None]:
    """The country (ISO 3166) and the area code, where the number tells."""
    parsed = phonenumbers.parse(number)
    code = parsed.country_code or 0
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(code)
    if region in {_NON_GEOGRAPHIC, phonenumbers.UNKNOWN_REGION}:
        return None, None
    length = phonenumbers.length_of_geographical_area_code(parsed)
    return region, phonenumbers.national_significant_number(parsed)[:length] or None
