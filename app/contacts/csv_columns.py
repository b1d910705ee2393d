"""Which column of a file holds what, and a record as what it means.

Columns are known by their headings, in any of some languages, or named by whoever imports. Where there is no heading
at all, the column of the first record that reads as a telephone number holds the numbers.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.contacts.words import ColumnRole

MOST_COLUMNS: Final = 200
MOST_FIELDS: Final = 50
LONGEST_FIELD_NAME: Final = 40
LONGEST_NAME: Final = 200
LONGEST_VALUE: Final = 500
LONGEST_EXTERNAL_ID: Final = 255
LONGEST_REASON: Final = 200

_FIELD_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_FIELD_NAME - 1}}}", re.ASCII)
#: What no text of a contact may hold: controls but tab and line feed, and what could not be decoded.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffd]")

_HEADINGS: Final = {
    ColumnRole.NUMBER: (
        "number phone phonenumber telephone telephonenumber tel mobile mobilenumber mobilephone cell cellphone "
        "cellnumber msisdn primaryphone contactnumber dncnumber dndnumber dndcontactnumber donotcall e164 telefon "
        "telefonnummer rufnummer handy handynummer mobil nummer telefono numerodetelefono movil celular "
        "numerotelefono cellulare numero numerodetelephone portable telefone telefoonnummer puhelin puhelinnumero "
        "puhelinnro"
    ),
    ColumnRole.NAME: (
        "name fullname contactname contact displayname customername customer nombre nombrecompleto nom nomcomplet nome "
        "nomecompleto naam kunde kundenname ansprechpartner"
    ),
    ColumnRole.TIME_ZONE: "timezone tz zone zeitzone fuseauhoraire zonahoraria fusoorario",
    ColumnRole.EXTERNAL_ID: "externalid id crmid leadid contactid customerid recordid reference kundennummer",
    ColumnRole.REASON: "reason note comment grund motivo motif motiv",
}
_DNC_ROLES: Final = frozenset({ColumnRole.NUMBER, ColumnRole.REASON})
_CONTACT_ROLES: Final = frozenset(ColumnRole) - {ColumnRole.REASON}
_ROLE_OF: Final = {heading: role for role, headings in _HEADINGS.items() for heading in headings.split()}


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds; ``field`` is the name of a free field."""

    role: ColumnRole
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedColumn:
    """What whoever imports says of a column, by its ``heading`` or its ``place`` (1 is the first)."""

    role: ColumnRole
    heading: str | None = None
    place: int | None = None
    field: str | None = None


class ColumnsError(Exception):
    """The file's columns cannot be understood; the text says what to do."""


class RowRefusedError(Exception):
    """A record is none that can be taken in; ``reason`` is the word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Cells:
    """What a record says, as it is written."""

    number: str
    name: str | None = None
    time_zone: str | None = None
    external_id: str | None = None
    reason: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


class Layout:
    """The columns of a file, in order."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._width = len(columns)
        places = {column.role: place for place, column in enumerate(columns) if column.role is not ColumnRole.FIELD}
        self._number = places[ColumnRole.NUMBER]
        self._name = places.get(ColumnRole.NAME)
        self._time_zone = places.get(ColumnRole.TIME_ZONE)
        self._external_id = places.get(ColumnRole.EXTERNAL_ID)
        self._reason = places.get(ColumnRole.REASON)
        self._fields = tuple((column.field, place) for place, column in enumerate(columns) if column.field is not None)

    @property
    def field_names(self) -> tuple[str, ...]:
        """The free fields."""
        return tuple(name for name, _ in self._fields)

    def read(self, record: list[str]) -> Cells:
        """What a record says.

        Raises:
            RowRefusedError: COLUMN_COUNT, CELL_TOO_LONG, CONTROL_CHARACTER, NUMBER_MISSING.
        """
        if len(record) != self._width and (len(record) < self._width or any(record[self._width :])):
            raise RowRefusedError("COLUMN_COUNT")
        if _FORBIDDEN.search("\n".join(record)) is not None:
            raise RowRefusedError("CONTROL_CHARACTER")
        number = record[self._number].strip()
        if not number:
            raise RowRefusedError("NUMBER_MISSING")
        return Cells(
            number,
            _take_line(record, self._name, LONGEST_NAME),
            _take(record, self._time_zone, LONGEST_NAME),
            _take_line(record, self._external_id, LONGEST_EXTERNAL_ID),
            _take_line(record, self._reason, LONGEST_REASON),
            {name: value for name, place in self._fields if (value := _take(record, place, LONGEST_VALUE)) is not None},
        )


def _take(record: list[str], place: int | None, longest: int) -> str | None:
    if place is None:
        return None
    value = record[place].strip()
    if len(value) > longest:
        raise RowRefusedError("CELL_TOO_LONG")
    return value or None


def _take_line(record: list[str], place: int | None, longest: int) -> str | None:
    """A value that ends up where a line feed would mean something, such as a name that a telephone shows."""
    value = _take(record, place, longest)
    return value if value is None or value.isprintable() else " ".join(value.split())


def find_columns(
    first: list[str],
    *,
    has_header: bool | None,
    named: Sequence[NamedColumn] = (),
    is_number: Callable[[str], bool],
    is_dnc: bool = False,
) -> tuple[Layout, bool]:
    """The columns of a file by its first record, and whether that is its heading. ``has_header`` None: to be found out.

    Of a file for a DNC list nothing counts but numbers and reasons; of others, a reason is a field like any.

    Raises:
        ColumnsError: nobody can say where the numbers are, or what was named is not there.
    """
    if len(first) > MOST_COLUMNS:
        raise ColumnsError(f"The file has {len(first)} columns; at most {MOST_COLUMNS} can be read.")
    if has_header is None:
        has_header = any(_fold(cell) in _ROLE_OF for cell in first) or not any(is_number(cell) for cell in first)
        # Whoever names columns by their headings says that there are some.
        has_header = has_header or any(one.heading is not None for one in named)
    columns = _by_heading(first, is_dnc=is_dnc) if has_header else _by_content(first, is_number)
    columns = [_fit(column, is_dnc=is_dnc) for column in _with_named(columns, first if has_header else [], named)]
    numbers = [place for place, column in enumerate(columns) if column.role is ColumnRole.NUMBER]
    if len(numbers) != 1:
        raise ColumnsError(
            "No column is known to hold the telephone numbers. Say in `columns` which one does."
            if not numbers
            else "Several columns are said to hold the telephone numbers. Say in `columns` which one does."
        )
    names = [column.field for column in columns if column.field is not None]
    if len(names) > MOST_FIELDS:
        raise ColumnsError(f"The file has {len(names)} free fields; a list has at most {MOST_FIELDS}. Ignore some.")
    return Layout(columns), has_header


def field_name(heading: str) -> str:
    """A heading as the name of a free field: letters without accents, digits and ``_``; "" when nothing remains."""
    plain = unicodedata.normalize("NFKD", heading.strip()).encode("ascii", "ignore").decode("ascii").lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_FIELD_NAME].rstrip("_")
    return f"_{name}"[:LONGEST_FIELD_NAME] if name[:1].isdigit() else name


def is_field_name(text: str) -> bool:
    """Whether a free field may have this name: the form that templates know."""
    return _FIELD_NAME.fullmatch(text) is not None


def has_forbidden(text: str) -> bool:
    """Whether a text has characters that no text of a contact may have."""
    return _FORBIDDEN.search(text) is not None


def _by_heading(headings: list[str], *, is_dnc: bool) -> list[Column]:
    columns: list[Column] = []
    taken: set[object] = set()
    for place, heading in enumerate(headings, start=1):
        role = _ROLE_OF.get(_fold(heading), ColumnRole.FIELD)
        if role is ColumnRole.REASON and not is_dnc:
            role = ColumnRole.FIELD
        if role is not ColumnRole.FIELD and role not in taken:
            taken.add(role)
            columns.append(Column(role))
            continue
        columns.append(_free(field_name(heading) or f"column_{place}", taken))
    return columns


def _fit(column: Column, *, is_dnc: bool) -> Column:
    taken = _DNC_ROLES if is_dnc else _CONTACT_ROLES
    return column if column.role in taken else Column(ColumnRole.IGNORED)


def _by_content(cells: list[str], is_number: Callable[[str], bool]) -> list[Column]:
    columns: list[Column] = []
    taken: set[object] = set()
    for place, cell in enumerate(cells, start=1):
        if ColumnRole.NUMBER not in taken and is_number(cell):
            taken.add(ColumnRole.NUMBER)
            columns.append(Column(ColumnRole.NUMBER))
        else:
            columns.append(_free(f"column_{place}", taken))
    return columns


def _free(name: str, taken: set[object]) -> Column:
    number = 1
    one = name
    while one in taken:
        number += 1
        one = f"{name[: LONGEST_FIELD_NAME - 4]}_{number}"
    taken.add(one)
    return Column(ColumnRole.FIELD, one)


def _with_named(columns: list[Column], headings: list[str], named: Sequence[NamedColumn]) -> list[Column]:
    folded = [_fold(heading) for heading in headings]
    chosen: dict[int, Column] = {}
    for one in named:
        place = _place_of(one, folded, len(columns))
        if one.role is ColumnRole.FIELD:
            name = one.field or field_name(headings[place] if headings else "") or f"column_{place + 1}"
            chosen[place] = Column(ColumnRole.FIELD, name)
        else:
            chosen[place] = Column(one.role)
    roles = {column.role for column in chosen.values() if column.role not in {ColumnRole.FIELD, ColumnRole.IGNORED}}
    fields = {column.field for column in chosen.values()}
    result = []
    for place, column in enumerate(columns):
        if place in chosen:
            result.append(chosen[place])
        elif column.role in roles or column.field in fields - {None}:
            taken: set[object] = {*fields, *(other.field for other in columns)}
            heading = field_name(headings[place]) if headings else ""
            result.append(_free(heading or f"column_{place + 1}", taken))
        else:
            result.append(column)
    return result


def _place_of(one: NamedColumn, folded: list[str], width: int) -> int:
    if one.place is not None:
        if not 1 <= one.place <= width:
            raise ColumnsError(f"The file has {width} columns, so there is no column {one.place}.")
        return one.place - 1
    wanted = _fold(one.heading or "")
    if wanted not in folded:
        raise ColumnsError("A column that is named in `columns` is not in the file's heading.")
    return folded.index(wanted)


def _fold(heading: str) -> str:
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]", "", plain.lower())
