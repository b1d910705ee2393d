"""Time zones by name: those that mean the same on every machine, and nothing that is a path or a machine's own."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from app.hours.zones import zone_of
from tests.security.hostile import Field, samples


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "EST5EDT", "Etc/GMT+5"])
def test_given_the_name_of_a_zone_when_asked_for_then_it_is_that_zone(name: str) -> None:
    assert zone_of(name) == ZoneInfo(name)


@pytest.mark.parametrize("name", samples(Field.ZONE), ids=ascii)
def test_given_a_name_that_is_none_everywhere_when_asked_for_then_there_is_no_such_zone(name: str) -> None:
    with pytest.raises((ValueError, OSError, ZoneInfoNotFoundError)):
        zone_of(name)
