"""Records: what was written is read again, and whatever cannot be read costs its own row alone."""

import csv
import io
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.contacts.csv_records import (
    LONGEST_RECORD,
    MOST_LINES,
    BadRow,
    Record,
    Unreadable,
    guess_separator,
    read_records,
)
from app.contacts.csv_text import split_lines
from app.contacts.words import CsvEncoding, CsvSeparator

COMMA = CsvSeparator.COMMA
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), max_size=20)
rows = st.lists(st.lists(cells, min_size=1, max_size=5), max_size=8)


def _read(text: str, separator: CsvSeparator = COMMA) -> list[Record]:
    return list(read_records(split_lines([text.encode()], CsvEncoding.UTF_8), separator))


def _lines(text: str) -> Iterable[str]:
    return split_lines([text.encode()], CsvEncoding.UTF_8)


@given(rows, st.sampled_from(list(CsvSeparator)), st.sampled_from(["\n", "\r\n"]))
@example([["a\nb", '"', ","]], COMMA, "\r\n")
def test_given_any_rows_when_written_and_read_then_they_are_the_same(
    given_rows: list[list[str]], separator: CsvSeparator, end: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=separator.value, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows(given_rows)
    assert _read(written.getvalue(), separator) == given_rows


@given(st.text(st.sampled_from('",;\t|\r\n\0ab '), max_size=200), st.sampled_from(list(CsvSeparator)))
def test_given_any_text_when_read_then_every_row_is_cells_or_refused_and_reading_ends(
    text: str, separator: CsvSeparator
) -> None:
    records = _read(text, separator)
    assert all(isinstance(one, Unreadable) or all(isinstance(cell, str) for cell in one) for one in records)
    assert len(records) <= text.count("\n") + text.count("\r") + 1
    guess_separator(list(_lines(text)))


def test_given_a_quote_that_is_never_closed_when_read_then_only_its_row_is_lost() -> None:
    records = _read('1,a\n2,"oops\n3,c\n4,"d\nd"\n5,e\n')
    assert records == [["1", "a"], Unreadable(BadRow.QUOTES_MISPLACED), ["3", "c"], ["4", "d\nd"], ["5", "e"]]


def test_given_an_open_quote_at_the_end_when_read_then_the_rows_behind_it_are_read() -> None:
    assert _read('1,"a\n2,b\n3,c') == [Unreadable(BadRow.QUOTES_UNCLOSED), ["2", "b"], ["3", "c"]]


def test_given_an_open_quote_before_many_rows_when_read_then_they_are_not_taken_for_one_cell() -> None:
    others = [[str(number), "x"] for number in range(3 * MOST_LINES)]
    text = '0,"oops\n' + "".join(f"{','.join(one)}\n" for one in others)
    assert _read(text) == [Unreadable(BadRow.QUOTES_UNCLOSED), *others]


def test_given_a_row_that_is_too_long_when_read_then_it_alone_is_refused() -> None:
    text = "1,a\n" + "x" * (LONGEST_RECORD + 1) + "\n2,b\n" + ",".join("x" * 400_000) + "\n3,c"
    too_long = Unreadable(BadRow.ROW_TOO_LONG)
    assert _read(text) == [["1", "a"], too_long, ["2", "b"], too_long, ["3", "c"]]


def test_given_text_behind_a_closing_quote_when_read_then_the_row_is_refused() -> None:
    assert _read('"a"b,1\n2,3\n') == [Unreadable(BadRow.QUOTES_MISPLACED), ["2", "3"]]


def test_given_empty_lines_and_lone_carriage_returns_when_read_then_they_are_rows_like_others() -> None:
    assert _read("1,a\r\r2,b\n\n3,c") == [["1", "a"], [], ["2", "b"], [], ["3", "c"]]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("number,name\n1,a\n2,b\n", CsvSeparator.COMMA),
        ("Telefon;Name\n1;Müller, Eva\n2;b\n", CsvSeparator.SEMICOLON),
        ("number\tname\tnote\n1\ta, b\tc;d\n", CsvSeparator.TAB),
        ("a|b|c\n1|2|3\n", CsvSeparator.PIPE),
        ("+12125550123\n+12125550124\n", CsvSeparator.COMMA),
        ('"a;b;c",1\n"d;e;f",2\n', CsvSeparator.COMMA),
        ("", CsvSeparator.COMMA),
    ],
)
def test_given_a_file_when_its_separator_is_guessed_then_it_is_the_one_that_makes_equal_rows(
    text: str, separator: CsvSeparator
) -> None:
    assert guess_separator(list(_lines(text))) is separator
