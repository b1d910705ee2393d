"""Numbers in a hurry: the quick way says exactly what the long way does."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contacts.number_ranges import make_ranges
from app.contacts.numbers import NumberReader, NumberRefusedError, ZoneRefusedError
from app.errors import RefusedError
from app.numbers.parse import E164, parse_destination
from app.numbers.zones import zones_of

ZONE = "Asia/Tokyo"
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
REGIONS = ("US", "CA", "GB", "DE", "JP", "JM")


def _plainly(text: str, region: str = "US", *, is_sandbox: bool = False) -> str | None:
    try:
        return parse_destination(text, default_region=region, is_sandbox=is_sandbox)
    except RefusedError:
        return None


def _quickly(text: str, region: str = "US", *, is_sandbox: bool = False) -> str | None:
    try:
        return NumberReader(default_region=region, account_zone=ZONE, is_sandbox=is_sandbox).read(text)
    except NumberRefusedError:
        return None


def _numbers(seed: int, count: int) -> list[str]:
    """Numbers of all countries: any digits, and neighbours of numbers that there are."""
    dice = random.Random(seed)
    found: list[str] = []
    while len(found) < count:
        code = dice.choice(CODES if dice.random() < 0.6 else (1, 44, 49, 972, 33, 34, 39, 52, 54, 55, 61, 91))
        region = phonenumbers.region_code_for_country_code(code)
        example = phonenumbers.example_number_for_type(region, dice.choice((0, 1, 2, 3, 4, 6, 7, 10)))
        if example is not None and dice.random() < 0.6:
            digits = list(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
            for _ in range(dice.randint(0, 3)):
                digits[dice.randrange(len(str(code)) + 1, len(digits))] = dice.choice("0123456789")
            found.append("".join(digits))
        else:
            found.append(f"+{code}" + "".join(dice.choice("0123456789") for _ in range(dice.randint(4, 12))))
    return found


def test_given_numbers_of_all_countries_when_read_quickly_then_valid_are_those_that_were_and_so_are_their_zones() -> (
    None
):
    ranges, reader, hurried = make_ranges(), NumberReader(default_region="US", account_zone=ZONE), 0
    for number in _numbers(7, 8000):
        expected = _plainly(number)
        assert _quickly(number) == expected, number
        found = ranges.find(number)
        if found is not None and not number.startswith("+155501"):
            hurried += found.is_valid
            assert found.is_valid == (expected == number), number
        if expected is not None:
            assert reader.zones(E164(expected), None) == zones_of(E164(expected), given=None, account_zone=ZONE)
    assert hurried > 1500  # or this has shown nothing


def test_given_a_second_number_of_a_range_when_read_then_nobody_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = make_ranges()
    first = ranges.find("+12125550123")
    monkeypatch.setattr("app.contacts.number_ranges._ask", None)
    assert ranges.find("+12125559999") is first
    assert first is not None
    assert first.zones == ("America/New_York",)


written = st.text(st.sampled_from("0123456789+ -.()"), max_size=18) | st.from_regex(
    r"\+?1?[ -]?\(?[2-9][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}", fullmatch=True
)


@given(written, st.sampled_from(REGIONS), st.booleans())
def test_given_a_number_in_any_writing_when_read_then_it_is_what_the_long_way_reads(
    text: str, region: str, is_sandbox: bool
) -> None:
    assert _quickly(text, region, is_sandbox=is_sandbox) == _plainly(text, region, is_sandbox=is_sandbox)


@pytest.mark.parametrize(
    "text", ["300&PJSIP/1900@t", "Local/9@x", "${X}", "+1212555٠١٢٣", "+12125550123\n", "911", "\0"]
)
def test_given_what_is_no_number_when_read_then_it_is_refused(text: str) -> None:
    assert _quickly(text) is None


def test_given_a_sandbox_number_when_read_then_only_the_sandbox_has_it() -> None:
    assert _quickly("+15550100007", is_sandbox=True) == "+15550100007"
    assert _quickly("+15550100007") is None
    reader = NumberReader(default_region="US", account_zone=ZONE, is_sandbox=True)
    assert reader.zones(E164("+15550100007"), None).names == (ZONE,)


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../etc/passwd", "Europe", "", "x" * 200, "Europe/Berlin\0"])
def test_given_a_zone_that_is_none_when_asked_for_zones_then_it_is_refused(zone: str) -> None:
    with pytest.raises(ZoneRefusedError):
        NumberReader(default_region="US", account_zone=ZONE).zones(E164("+12125550123"), zone)
