"""In which zones a contact may be."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from app.campaigns.core.schedule import OpensAt, Schedule, judge_time
from app.numbers.parse import E164
from app.numbers.zones import Zones, ZoneSource, zones_of

HOME = "Europe/Berlin"


@pytest.mark.parametrize(
    ("number", "names", "source"),
    [
        ("+12125551234", ("America/New_York",), ZoneSource.NUMBER),
        ("+12085551234", ("America/Boise", "America/Los_Angeles"), ZoneSource.NUMBER),
        ("+4930123456", ("Europe/Berlin",), ZoneSource.NUMBER),
        ("+34612345678", ("Atlantic/Canary", "Europe/Madrid"), ZoneSource.NUMBER),
        ("+18005550100", (HOME,), ZoneSource.ACCOUNT),
        ("+498001234567", (HOME,), ZoneSource.ACCOUNT),
        ("+80012345678", (HOME,), ZoneSource.ACCOUNT),
        ("+15550101234", (HOME,), ZoneSource.ACCOUNT),
        ("+870772001234", (), ZoneSource.NUMBER),
    ],
)
def test_given_a_number_when_no_zone_is_given_then_all_of_its_own_count_and_the_accounts_for_toll_free(
    number: str, names: tuple[str, ...], source: ZoneSource
) -> None:
    assert zones_of(E164(number), given=None, account_zone=HOME) == Zones(names=names, source=source)


@pytest.mark.parametrize("number", ["+12125551234", "+18005550100", "+870772001234", "+15550101234"])
def test_given_a_zone_with_the_contact_when_asked_then_it_alone_counts(number: str) -> None:
    zones = zones_of(E164(number), given="Asia/Tokyo", account_zone=HOME)
    assert zones == Zones(names=("Asia/Tokyo",), source=ZoneSource.GIVEN)


@pytest.mark.parametrize("name", ["", "Europe", "Nowhere/Atall", "../etc/passwd", "/etc/passwd", "Europe/Berlin\0"])
def test_given_a_name_that_is_no_zone_when_asked_then_it_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zones_of(E164("+4930123456"), given=name, account_zone=HOME)
    with pytest.raises(ValueError, match="no time zone"):
        zones_of(E164("+18005550100"), given=None, account_zone=name)


def test_given_all_the_zones_that_numbers_may_have_when_opened_then_each_has_its_rules_here() -> None:
    names = {name for zones in TIMEZONE_DATA.values() for name in zones}
    assert len(names) > 200
    assert all(ZoneInfo(name).key == name for name in names)


def test_given_a_number_of_a_whole_country_when_judged_then_the_window_must_hold_in_all_its_zones() -> None:
    zones = zones_of(E164("+61412345678"), given=None, account_zone=HOME)
    assert {"Indian/Cocos", "Australia/Perth", "Australia/Sydney"} < set(zones.names)
    opening = judge_time(Schedule(), zones.names, datetime(2026, 5, 31, 22, 30, tzinfo=UTC))
    assert isinstance(opening, OpensAt)
    assert opening.at == datetime(2026, 6, 1, 1, 30, tzinfo=UTC)  # 08:00 on the Cocos Islands, +06:30; 11:30 in Sydney
