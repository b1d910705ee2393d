"""What both imports are told of their file."""

import strawberry

from app.contacts.csv_columns import MOST_COLUMNS
from app.contacts.import_plan import GivenColumn, ImportOptions, OnDnc, OnDuplicate
from app.contacts.words import ColumnRole, CsvEncoding, CsvSeparator


@strawberry.input(one_of=True, description="Where the file is: exactly one of these.")
class ImportSourceInput:
    upload_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An upload, announced as `text/csv` or the like. It is used up."
    )
    object_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="An object that the operator has put into the account's folder `imports` of the store, such as "
        "`2026/march.csv`. It stays.",
    )


@strawberry.input(description="What a column of the file holds. Name it by its heading or by its place.")
class ImportColumnInput:
    heading: str | None = strawberry.field(
        default=None, description="Its heading; case, spaces and punctuation do not matter."
    )
    place: int | None = strawberry.field(default=None, description="Its place: 1 is the first.")
    role: ColumnRole = strawberry.field(description="What it holds.")
    field: str | None = strawberry.field(
        default=None, description="With `FIELD`: the free field's name; when left out, made of the heading."
    )


@strawberry.input
class ImportFileInput:
    encoding: CsvEncoding | None = strawberry.field(
        default=None,
        description="How its characters are written; when left out, found out: a byte order mark, UTF-16 without one, "
        "UTF-8, else Windows-1252.",
    )
    separator: CsvSeparator | None = strawberry.field(
        default=None, description="What stands between its columns; when left out, found out."
    )
    has_header: bool | None = strawberry.field(
        default=None, description="Whether its first row is a heading; when left out, found out."
    )
    columns: list[ImportColumnInput] = strawberry.field(
        default_factory=list,
        description=f"What columns hold, at most {MOST_COLUMNS}. Of those that are not named here the usual headings "
        "are known (`phone`, `name`, `timezone`, `id` and many others), and the rest are free fields.",
    )


def read_options(
    given: ImportFileInput, *, on_duplicate: OnDuplicate = OnDuplicate.UPDATE, on_dnc: OnDnc = OnDnc.KEEP
) -> ImportOptions:
    """The options as the import knows them."""
    return ImportOptions(
        encoding=given.encoding,
        separator=given.separator,
        has_header=given.has_header,
        columns=tuple(
            GivenColumn(role=one.role, heading=one.heading, place=one.place, field=one.field) for one in given.columns
        ),
        on_duplicate=on_duplicate,
        on_dnc=on_dnc,
    )
