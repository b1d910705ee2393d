"""Codes: what is kept of one tells nobody anything."""

import pytest

from app.errors import ConfigurationError
from app.ids import Kind, new_id
from app.otps.codes import Codes, is_code
from app.secrets.sealing import Sealer

KEY, OTHER_KEY = bytes(32), bytes([1] * 32)


def test_given_a_length_when_codes_are_made_then_all_digits_come_up_and_leading_zeros_stay() -> None:
    made = [Codes(KEY, Sealer(KEY)).make(6) for _ in range(500)]
    assert {len(code) for code in made} == {6}
    assert set("".join(made)) == set("0123456789")
    assert any(code.startswith("0") for code in made)
    assert len(set(made)) > 450


def test_given_a_kept_code_when_codes_are_offered_then_it_alone_fits_however_it_is_written() -> None:
    codes, otp_id = Codes(KEY, Sealer(KEY)), new_id(Kind.OTP)
    kept = codes.keep(otp_id, "471905")
    for offered in ("471905", " 471 905 ", "47-19-05", "471.905"):
        assert codes.fits(otp_id, kept.salt, kept.digest, offered)
    for offered in ("471906", "47190", "4719055", "", "four", "471905x", "٤٧١٩٠٥"):
        assert not codes.fits(otp_id, kept.salt, kept.digest, offered)


def test_given_two_kept_alike_when_compared_then_nothing_shows_that_they_are_alike() -> None:
    codes, first, second = Codes(KEY, Sealer(KEY)), new_id(Kind.OTP), new_id(Kind.OTP)
    one, other = codes.keep(first, "471905"), codes.keep(second, "471905")
    assert one.digest != other.digest
    assert one.sealed != other.sealed
    assert not codes.fits(second, one.salt, one.digest, "471905"), "a hash is of use in its own row alone"
    assert not Codes(OTHER_KEY, Sealer(KEY)).fits(first, one.salt, one.digest, "471905")


def test_given_a_sealed_code_when_opened_then_only_in_its_own_row() -> None:
    codes, first, second = Codes(KEY, Sealer(KEY)), new_id(Kind.OTP), new_id(Kind.OTP)
    kept = codes.keep(first, "471905")
    assert codes.open(first, kept.sealed) == "471905"
    with pytest.raises(ConfigurationError):
        codes.open(second, kept.sealed)


def test_given_a_mark_when_made_then_it_stands_for_the_code_and_needs_the_key() -> None:
    codes = Codes(KEY, Sealer(KEY))
    assert codes.mark("4719") == codes.mark("4719") != codes.mark("4718")
    assert codes.mark("4719") != Codes(OTHER_KEY, Sealer(KEY)).mark("4719")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("1234", True), ("0000", True), ("123", False), ("1234567890123", False), ("12 34", False), ("١٢٣٤", False)],
)
def test_given_a_text_when_looked_at_then_only_ascii_digits_of_the_right_number_are_a_code(
    text: str, is_one: bool
) -> None:
    assert is_code(text, shortest=4, longest=12) is is_one
