"""Which column holds what: by headings in many languages, by what is said, by what the first row looks like."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contacts.csv_columns import (
    LONGEST_VALUE,
    MOST_COLUMNS,
    Column,
    ColumnsError,
    Layout,
    NamedColumn,
    RowRefusedError,
    field_name,
    find_columns,
    is_field_name,
)
from app.contacts.words import ColumnRole

NUMBER, NAME, ZONE, ID = ColumnRole.NUMBER, ColumnRole.NAME, ColumnRole.TIME_ZONE, ColumnRole.EXTERNAL_ID
FIELD = ColumnRole.FIELD


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"\+?[0-9]{10,15}", cell) is not None


def _find(
    first: list[str], *named: NamedColumn, has_header: bool | None = None
) -> tuple[list[tuple[ColumnRole, str | None]], bool]:
    layout, found = find_columns(first, has_header=has_header, named=named, is_number=_is_number)
    return [(column.role, column.field) for column in layout.columns], found


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["Phone Number", "Full name", "Time zone", "ID"], [(NUMBER, None), (NAME, None), (ZONE, None), (ID, None)]),
        (["Téléphone", "Nom"], [(NUMBER, None), (NAME, None)]),
        (["Rufnummer", "Kunde", "Straße"], [(NUMBER, None), (NAME, None), (FIELD, "strae")]),
        (["first name", "last name", "mobile"], [(FIELD, "first_name"), (FIELD, "last_name"), (NUMBER, None)]),
        (["phone", "phone", "2nd try"], [(NUMBER, None), (FIELD, "phone"), (FIELD, "_2nd_try")]),
        (["phone", "x", "X", ""], [(NUMBER, None), (FIELD, "x"), (FIELD, "x_2"), (FIELD, "column_4")]),
    ],
)
def test_given_a_heading_when_read_then_known_words_are_known_and_the_rest_are_free_fields(
    headings: list[str], expected: list[tuple[ColumnRole, str | None]]
) -> None:
    assert _find(headings) == (expected, True)


def test_given_no_heading_when_the_first_row_has_a_number_then_it_is_data() -> None:
    assert _find(["Bob", "+12125550123"]) == ([(FIELD, "column_1"), (NUMBER, None)], False)


def test_given_named_columns_when_read_then_what_is_said_counts() -> None:
    found, has_header = _find(
        ["A", "phone", "B"],
        NamedColumn(role=NUMBER, heading="a"),
        NamedColumn(role=FIELD, place=3, field="city"),
    )
    assert (found, has_header) == ([(NUMBER, None), (FIELD, "phone"), (FIELD, "city")], True)


def test_given_a_column_to_be_ignored_when_read_then_it_is_no_field() -> None:
    layout, _ = find_columns(
        ["phone", "secret"],
        has_header=None,
        named=[NamedColumn(role=ColumnRole.IGNORED, heading="secret")],
        is_number=_is_number,
    )
    assert layout.field_names == ()
    assert layout.read(["+12125550123", "x"]).fields == {}


@pytest.mark.parametrize(
    ("first", "named"),
    [
        (["a", "b"], []),
        (["phone"], [NamedColumn(role=NAME, heading="other")]),
        (["phone"], [NamedColumn(role=NAME, place=2)]),
        (["phone"], [NamedColumn(role=NAME, place=0)]),
        (["phone", "x"], [NamedColumn(role=NUMBER, place=1), NamedColumn(role=NUMBER, place=2)]),
        (["phone"] * (MOST_COLUMNS + 1), []),
        (["phone", *(f"f{one}" for one in range(60))], []),
    ],
)
def test_given_columns_that_cannot_be_understood_when_read_then_it_is_said(
    first: list[str], named: list[NamedColumn]
) -> None:
    with pytest.raises(ColumnsError):
        find_columns(first, has_header=None, named=named, is_number=_is_number)


LAYOUT = Layout([Column(NUMBER), Column(NAME), Column(FIELD, "city")])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (["+12125550123"], "COLUMN_COUNT"),
        (["+12125550123", "a", "b", "c"], "COLUMN_COUNT"),
        (["+12125550123", "a\0", "b"], "CONTROL_CHARACTER"),
        (["+12125550123", "a", "\ufffd"], "CONTROL_CHARACTER"),
        (["+12125550123", "a\x1b[31m", ""], "CONTROL_CHARACTER"),
        ([" ", "a", "b"], "NUMBER_MISSING"),
        (["+12125550123", "a", "x" * (LONGEST_VALUE + 1)], "CELL_TOO_LONG"),
    ],
)
def test_given_a_record_that_does_not_fit_when_read_then_it_is_refused_by_a_word(
    record: list[str], reason: str
) -> None:
    with pytest.raises(RowRefusedError) as refused:
        LAYOUT.read(record)
    assert refused.value.reason == reason


def test_given_a_record_when_read_then_its_cells_are_trimmed_and_empty_ones_are_none() -> None:
    cells = LAYOUT.read([" +12125550123 ", "", " New York\nEast ", "", ""])
    assert (cells.number, cells.name, cells.fields) == ("+12125550123", None, {"city": "New York\nEast"})


def test_given_a_name_of_two_lines_when_read_then_it_is_one() -> None:
    assert LAYOUT.read(["+12125550123", "Eva\n\tMaria", ""]).name == "Eva Maria"


@given(st.text(max_size=80))
def test_given_any_heading_when_made_a_field_then_it_is_a_name_that_templates_know(heading: str) -> None:
    name = field_name(heading)
    assert name == "" or is_field_name(name)


@given(st.lists(st.text(max_size=10), min_size=1, max_size=12))
def test_given_any_first_row_when_read_then_no_field_is_there_twice(first: list[str]) -> None:
    try:
        layout, _ = find_columns(["phone", *first], has_header=None, is_number=_is_number)
    except ColumnsError:
        return
    assert len(set(layout.field_names)) == len(layout.field_names)
    assert all(is_field_name(name) for name in layout.field_names)


def test_given_a_file_for_a_dnc_list_when_read_then_only_numbers_and_reasons_count() -> None:
    first = ["phone", "name", "note", "city"]
    layout, _ = find_columns(first, has_header=None, is_number=_is_number, is_dnc=True)
    cells = layout.read(["+12125550123", "Eva", "moved", "Rome"])
    assert (cells.number, cells.name, cells.reason, cells.fields) == ("+12125550123", None, "moved", {})


def test_given_a_note_in_a_file_of_contacts_when_read_then_it_is_a_free_field() -> None:
    assert _find(["phone", "note"])[0] == [(NUMBER, None), (FIELD, "note")]
