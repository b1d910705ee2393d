"""Tables that spreadsheets open: no cell becomes a formula, and what was written is read again."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.exports.sheets import safe_cell, write_rows

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@pytest.mark.parametrize(
    "cell",
    [
        *('=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1", " =1+1", "＝1+1", "-cmd|x"),
        *("+1212555x", "--1", "=", "+", "-", "@", "+1 212"),
    ],
)
def test_given_a_text_that_would_be_calculated_when_written_then_a_quote_stands_before_it(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["+12125550123", "-5", "-1.25", "Bob", "a=b", "", "1", "mail@example.com", "x-y"])
def test_given_a_plain_text_or_number_when_written_then_it_stays_as_it_is(cell: str) -> None:
    assert safe_cell(cell) == cell


@given(st.lists(st.lists(texts, min_size=2, max_size=4), max_size=5))
@example([["a\r\nb", '"', ",", ";"]])
def test_given_any_rows_when_written_then_a_reader_finds_each_cell_again(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(write_rows(rows).decode(), newline="")))
    assert [len(found) for found in read] == [len(row) for row in rows]
    for found, row in zip(read, rows, strict=True):
        assert all(cell in {text, "'" + text} for cell, text in zip(found, row, strict=True))


def test_given_no_value_when_written_then_the_cell_is_empty() -> None:
    assert write_rows([("a", None, "b")]) == b"a,,b\r\n"
