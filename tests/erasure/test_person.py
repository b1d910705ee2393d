"""A person in all the ways in which a number is written, and in none of those that another number is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.erasure.person import TOMBSTONE_PREFIX, Person, new_tombstone
from app.numbers.parse import parse_destination
from tests.security.forgotten import SPELLINGS

NUMBER = "+12125550123"
PERSON = Person(NUMBER, "+erased-0123456789abcdef")


@pytest.mark.parametrize(
    "text",
    [
        "+12125550123",
        "12125550123",
        "0012125550123",
        "01112125550123",
        "912125550123",
        "2125550123",
        "02125550123",
        "(212) 555-0123",
        "+1 (212) 555-0123",
        "+1.212.555.0123",
        "212\u00a0555\u00a00123",
        "tel:+12125550123",
        "sip:12125550123@example.com",
        "%2B12125550123",
        "PJSIP/12125550123@acme-trunk",
        "lead-12125550123-2026",
        '"12125550123"',
        "call 2125550123.",
    ],
)
def test_given_a_way_of_writing_the_number_when_erased_then_no_digit_of_it_is_left(text: str) -> None:
    erased = PERSON.erase(text)

    assert PERSON.is_in(text)
    assert PERSON.tombstone in erased
    assert "555" not in erased
    assert "0123" not in erased.replace(PERSON.tombstone, "")
    assert not PERSON.is_in(erased)


@pytest.mark.parametrize(
    "text",
    [
        "+112125550123",
        "+121255501234",
        "+12125550124",
        "+492125550123",
        "21255501230",
        "x2125550123",
        "a12f2125550123e",
        "5550123",
        "+1 212 555",
        "212 555 ab 0123",
        "2026-12-12T12:55:50.123Z",
        "",
    ],
)
def test_given_another_number_or_none_when_erased_then_the_text_stays_as_it_is(text: str) -> None:
    assert not PERSON.is_in(text)
    assert PERSON.erase(text) == text


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_given_the_spellings_of_the_big_test_when_looked_for_then_each_is_the_person(spelling: str) -> None:
    assert Person("+15550147392", new_tombstone()).is_in(spelling)


@given(
    before=st.text(st.characters(categories=["L", "P", "Z"]), max_size=5),
    after=st.text(st.characters(categories=["L", "P", "Z"]), max_size=5),
    between=st.lists(st.sampled_from(["", " ", "-", ".", " (", ") "]), min_size=12, max_size=12),
)
def test_given_any_spacing_when_erased_then_the_number_is_gone(before: str, after: str, between: list[str]) -> None:
    text = before + "".join(one + space for one, space in zip(NUMBER[1:], between, strict=False)) + after

    assert "2125550123" not in "".join(filter(str.isdigit, PERSON.erase(text).replace(PERSON.tombstone, "")))


@given(text=st.text(max_size=80))
def test_given_any_text_when_erased_twice_then_the_second_time_changes_nothing(text: str) -> None:
    person = PERSON.known_as(["Ada Lovelace"])
    once = person.erase(text + NUMBER + text)

    assert person.erase(once) == once


def test_given_names_when_erased_then_they_go_as_words_in_whatever_case_and_short_ones_are_not_taken() -> None:
    person = PERSON.known_as(["Ada Lovelace", "Al", "12345", "  "])

    assert person.names == {"Ada Lovelace"}
    assert person.erase("for ADA LOVELACE, not Ada Lovelacey, Al 12345") == "for , not Ada Lovelacey, Al 12345"


def test_given_many_tombstones_when_made_then_each_is_its_own_and_none_can_be_dialled() -> None:
    made = {new_tombstone() for _ in range(1000)}

    assert len(made) == 1000
    assert all(one.startswith(TOMBSTONE_PREFIX) for one in made)
    for one in list(made)[:50]:
        with pytest.raises(Exception, match="number"):
            parse_destination(one, default_region="US", is_sandbox=True)
