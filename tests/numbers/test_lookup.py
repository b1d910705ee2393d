"""What is known about a number."""

import subprocess
import sys

import pytest

from app.numbers.lookup import LineType, describe_number, look_up_number, preload
from app.numbers.parse import E164


async def test_given_a_washington_number_when_looked_up_then_country_place_and_zone_are_known() -> None:
    found = await look_up_number("(202) 456-1111", default_region="US", is_sandbox=False)

    assert found.is_valid
    assert found.e164 == "+12024561111"
    assert (found.country, found.calling_code) == ("US", 1)
    assert found.line_type is LineType.FIXED_LINE_OR_MOBILE
    assert found.location == "Washington D.C."
    assert found.zones == ("America/New_York",)
    assert found.national_format == "(202) 456-1111"
    assert found.problem is None


async def test_given_a_german_mobile_when_looked_up_then_its_carrier_is_named() -> None:
    found = await describe_number(E164("+4915123456789"))

    assert found.country == "DE"
    assert found.line_type is LineType.MOBILE
    assert found.carrier == "T-Mobile"
    assert found.zones == ("Europe/Berlin",)


async def test_given_a_toll_free_number_when_looked_up_then_all_zones_of_its_country_are_given() -> None:
    found = await describe_number(E164("+18002345678"))

    assert found.line_type is LineType.TOLL_FREE
    assert len(found.zones) > 10


async def test_given_a_satellite_number_when_looked_up_then_it_has_no_country() -> None:
    found = await describe_number(E164("+881612345678"))

    assert found.is_valid
    assert found.country is None
    assert found.calling_code == 881


async def test_given_a_sandbox_number_when_looked_up_then_it_is_known_in_the_sandbox_only() -> None:
    inside = await look_up_number("+15550100000", default_region="US", is_sandbox=True)
    outside = await look_up_number("+15550100000", default_region="US", is_sandbox=False)

    assert (inside.is_valid, inside.country, inside.line_type) == (True, "US", LineType.SANDBOX)
    assert not outside.is_valid


@pytest.mark.parametrize("text", ["", "911", "300&PJSIP/1900@trunk", "+1202456111"])
async def test_given_what_is_no_number_when_looked_up_then_the_answer_is_invalid_with_a_reason(text: str) -> None:
    found = await look_up_number(text, default_region="US", is_sandbox=True)

    assert not found.is_valid
    assert found.problem
    assert found.e164 is None


def test_given_numbers_are_only_parsed_when_imported_then_the_big_tables_are_not_read() -> None:
    program = (
        "import sys, app.numbers.lookup, app.numbers.policy; "
        "sys.exit(any(f'phonenumbers.{name}' in sys.modules for name in ('carrier', 'geocoder', 'timezone')))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0


async def test_given_tables_were_preloaded_when_looked_up_then_they_are_there() -> None:
    await preload(lambda: True)

    assert "phonenumbers.geocoder" in sys.modules


async def test_given_a_start_under_way_when_tables_are_preloaded_then_it_waits_for_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, left_when_read = [True, False, False], []
    monkeypatch.setattr("app.numbers.lookup._load_tables", lambda: left_when_read.append(len(answers)))

    await preload(answers.pop, at_latest_seconds=60)

    assert left_when_read == [0]


async def test_given_a_start_that_does_not_end_when_tables_are_preloaded_then_they_are_read_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = []
    monkeypatch.setattr("app.numbers.lookup._load_tables", lambda: read.append("tables"))

    await preload(lambda: False, at_latest_seconds=0.01)

    assert read == ["tables"]
