"""A person in all the ways in which a number is written, and in none of those that another number is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.erasure.person import TOMBSTONE_PREFIX, NumberSearch, Person, can_be_looked_for, new_tombstone
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


@pytest.mark.parametrize(
    "name", ["Al", "A1", "12345", "", " . ", "Customer", "CALL", "no answer", "the", "erased", "x" * 201]
)
def test_given_what_is_no_name_when_taken_for_one_then_it_is_not_looked_for(name: str) -> None:
    assert not can_be_looked_for(name)
    assert PERSON.known_as([name]).names == frozenset()


def test_given_more_names_than_anybody_has_when_gathered_then_there_is_a_bound() -> None:
    person = PERSON.known_as(
        f"Name {letter}{other}" for letter in "abcdefghijklmnopqrst" for other in "abcdefghijklmnopqrst"
    )

    assert len(person.names) == 200


def test_given_a_name_that_is_a_tombstone_s_word_when_erased_then_tombstones_stay() -> None:
    person = Person(NUMBER, PERSON.tombstone, frozenset({"erased"}))

    assert person.erase(f"{NUMBER} {PERSON.tombstone}") == f"{PERSON.tombstone} {PERSON.tombstone}"


def search(text: str, size: int) -> bool:
    looked_for = NumberSearch(PERSON)
    return any(looked_for.is_in(text[at : at + size]) for at in range(0, len(text), size)) or looked_for.is_at_end()


@pytest.mark.parametrize("size", [1, 2, 7, 100, 511, 512, 513, 1000, 4096])
@pytest.mark.parametrize("before", [0, 1, 100, 500, 512, 1010, 4090])
@pytest.mark.parametrize("after", [0, 1, 200, 5000])
def test_given_a_long_text_in_parts_when_searched_then_the_number_is_found_wherever_it_is_cut(
    size: int, before: int, after: int
) -> None:
    for written in (NUMBER, "(212) 555 - 0123", "0-0-1-2-1-2-5-5-5-0-1-2-3"):
        assert search("x " * (before // 2) + " " + written + " y" * (after // 2), size)


@pytest.mark.parametrize("size", [1, 2, 7, 100, 511, 512, 513, 1000, 4096])
@pytest.mark.parametrize("before", range(8))
def test_given_longer_numbers_when_searched_in_parts_then_no_cut_makes_the_person_s_of_them(
    size: int, before: int
) -> None:
    others = ", ".join(["+112125550123", "+121255501234", "4912345612125550123", "21255501230"] * 200)

    assert not search("9" * before + " " + others, size)


def test_given_many_tombstones_when_made_then_each_is_its_own_and_none_can_be_dialled() -> None:
    made = {new_tombstone() for _ in range(1000)}

    assert len(made) == 1000
    assert all(one.startswith(TOMBSTONE_PREFIX) for one in made)
    for one in list(made)[:50]:
        with pytest.raises(Exception, match="number"):
            parse_destination(one, default_region="US", is_sandbox=True)
