"""What an import is told, and what it keeps in mind: plain values."""

from enum import StrEnum

from app.contacts.csv_columns import NamedColumn
from app.contacts.words import ColumnRole, CsvEncoding, CsvSeparator
from app.facts.vocabulary import Words


class OnDuplicate(StrEnum):
    """What becomes of a number that is in the list already."""

    UPDATE = "UPDATE"
    SKIP = "SKIP"


class OnDnc(StrEnum):
    """What becomes of a contact whose number must not be called."""

    KEEP = "KEEP"
    SKIP = "SKIP"


class GivenColumn(Words, frozen=True, kw_only=True, omit_defaults=True):
    """What whoever imports says of one column."""

    role: ColumnRole
    heading: str | None = None
    place: int | None = None
    field: str | None = None

    @property
    def named(self) -> NamedColumn:
        return NamedColumn(role=self.role, heading=self.heading, place=self.place, field=self.field)


class ImportOptions(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How a file is to be read; what is None is found out."""

    encoding: CsvEncoding | None = None
    separator: CsvSeparator | None = None
    has_header: bool | None = None
    columns: tuple[GivenColumn, ...] = ()
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE
    on_dnc: OnDnc = OnDnc.KEEP


class ImportOrder(Words, frozen=True, kw_only=True):
    """A job's payload: which file, in the store, goes into which list."""

    list_id: str
    object_key: str
    size_bytes: int
    options: ImportOptions = ImportOptions()
    is_test: bool = False


class Checkpoint(Words, frozen=True, kw_only=True):
    """How far an import is: the rows up to ``row`` are in the list, or were refused, and are in the report.

    A later attempt must count rows as the first one did, so how the file is read is kept as well.
    """

    row: int
    encoding: CsvEncoding
    separator: CsvSeparator
