"""Lists of flagged numbers, as people write them."""

import pytest

from app.errors import RefusedError
from app.reputation.listed import MOST_LISTED, ListedNumber, read_csv, read_listed


def test_given_a_file_when_read_then_each_line_is_a_number_with_its_reason_or_without() -> None:
    lines = ["Number,Why\n", "\n", '(202) 456-1111, "robocalls, daily"\n', " +442071234567 ,\n", "+498912345678\n"]
    assert read_csv(lines) == [
        ("(202) 456-1111", '"robocalls'),
        ("+442071234567", None),
        ("+498912345678", None),
    ]
    assert read_csv(['+442071234567,"robocalls, daily",x\n']) == [("+442071234567", "robocalls, daily")]


def test_given_what_is_no_csv_when_read_then_it_is_refused() -> None:
    with pytest.raises(RefusedError, match="no CSV"):
        read_csv(['+442071234567,"open\n'])


def test_given_numbers_when_read_then_they_are_in_e164_and_the_wrong_ones_are_told_by_their_place() -> None:
    assert read_listed([("(202) 456-1111", "scam")], "US") == [ListedNumber("+12024561111", "scam")]  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as refused:
        read_listed([("+12024561111", None), ("911", None), ("", None)], "US")
    assert [one.field for one in refused.value.problems] == [("numbers", "1", "number"), ("numbers", "2", "number")]


def test_given_too_many_numbers_when_read_then_they_are_refused_and_no_file_is_read_to_its_end() -> None:
    given = read_csv(f"+1202456{place % 10_000:04d}\n" for place in range(10 * MOST_LISTED))
    assert len(given) == MOST_LISTED + 1
    with pytest.raises(RefusedError, match="at most"):
        read_listed(given, "US")
    with pytest.raises(RefusedError) as refused:
        read_listed([("x", None)] * MOST_LISTED, "US")
    assert len(refused.value.problems) == 20
