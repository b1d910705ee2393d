"""What is left of a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.masking import mask_digits, mask_number


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+12125550123", "+1********23"),
        ("+442079460958", "+44********58"),
        ("+35312345678", "+353******78"),
        ("+15550100000", "+1********00"),
        ("2001", "****"),
        ("112", "***"),
        ("+1", "+*"),
        ("", ""),
        ("5550123", "*****23"),
        ("anonymous", "*******us"),
    ],
)
def test_given_a_number_when_masked_then_country_code_and_two_digits_are_left(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_given_any_number_when_masked_then_its_length_stays_and_at_most_five_digits_are_told(number: str) -> None:
    masked = mask_number(number)
    assert len(masked) == len(number)
    assert sum(one.isdigit() for one in masked) <= 5


@given(st.text())
def test_given_any_text_when_masked_then_it_never_fails(text: str) -> None:
    assert len(mask_number(text)) == len(text)


def test_given_pressed_keys_when_masked_then_only_their_number_is_told() -> None:
    assert mask_digits("12#*A") == "xxxxx"
