"""A file on our disk as batches of checked rows. Plain and blocking: for a thread."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from app.contacts.csv_columns import Cells, ColumnsError, Layout, RowRefusedError, find_columns
from app.contacts.csv_records import Record, Unreadable, guess_separator, read_records
from app.contacts.csv_text import EncodingGuess, split_lines
from app.contacts.import_plan import Checkpoint, ImportOptions
from app.contacts.numbers import NumberReader, NumberRefusedError, ZoneRefusedError
from app.contacts.rows import NewContact
from app.contacts.words import CsvEncoding, CsvSeparator, RowOutcome

BATCH_ROWS: Final = 2000
#: A batch ends sooner when its rows are so long.
BATCH_CHARACTERS: Final = 1_000_000
_BLOCK: Final = 256 * 1024
_SAMPLED_LINES: Final = 60


class FileRefusedError(Exception):
    """Nothing of the file can be read; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of a row. ``reason`` is a word, ``detail`` a sentence for people; none of it is of the file."""

    row: int
    outcome: RowOutcome
    reason: str = ""
    detail: str = ""


@dataclass(slots=True)
class Batch:
    """Rows that follow each other: ``rows`` are those to be written, by their numbers in the file, no number twice;
    ``refused`` are all others. ``last_row`` is the last of either, ``bytes_read`` how much of the file lies behind.
    """

    rows: dict[str, tuple[int, NewContact, str | None]] = field(default_factory=dict)
    refused: list[ReportLine] = field(default_factory=list)
    last_row: int = 0
    bytes_read: int = 0
    characters: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.rows) + len(self.refused) >= BATCH_ROWS or self.characters >= BATCH_CHARACTERS


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written, and what its columns hold. Row 1 is the first record, be it a heading or not."""

    encoding: CsvEncoding
    separator: CsvSeparator
    has_header: bool
    layout: Layout


def examine(
    path: Path,
    options: ImportOptions,
    reader: NumberReader,
    checkpoint: Checkpoint | None = None,
    *,
    is_dnc: bool = False,
) -> Form:
    """Find out how a file is to be read.

    Raises:
        FileRefusedError: it is empty, is no text, or its columns cannot be understood.
    """
    encoding = checkpoint.encoding if checkpoint else options.encoding or _guess_encoding(path)
    with path.open("rb") as file:
        sample = [line for _, line in zip(range(_SAMPLED_LINES), split_lines(_blocks(file), encoding), strict=False)]
    if not any(line.strip() for line in sample):
        raise FileRefusedError("The file is empty.")
    separator = checkpoint.separator if checkpoint else options.separator or guess_separator(sample)
    first = next(iter(read_records(sample, separator)))
    if isinstance(first, Unreadable):
        raise FileRefusedError(f"The file's first row cannot be read ({first.reason.value}).")
    try:
        layout, has_header = find_columns(
            first,
            has_header=options.has_header,
            named=[column.named for column in options.columns],
            is_number=lambda cell: _is_number(reader, cell),
            is_dnc=is_dnc,
        )
    except ColumnsError as error:
        raise FileRefusedError(str(error)) from error
    return Form(encoding, separator, has_header, layout)


def read_batches(path: Path, form: Form, reader: NumberReader, *, after_row: int = 0) -> Generator[Batch, None, None]:
    """The file's rows behind a row, in batches. Rows before it are read, and no more than that."""
    first_row = max(after_row, 1 if form.has_header else 0) + 1
    with path.open("rb") as file:
        batch = Batch(last_row=first_row - 1)
        records = read_records(split_lines(_blocks(file), form.encoding), form.separator)
        for row, record in enumerate(records, start=1):
            if row < first_row:
                continue
            _take(batch, row, record, form.layout, reader)
            batch.last_row = row
            if batch.is_full:
                batch.bytes_read = file.tell()
                yield batch
                batch = Batch(last_row=row)
        batch.bytes_read = file.tell()
        if batch.rows or batch.refused:
            yield batch


def _take(batch: Batch, row: int, record: Record, layout: Layout, reader: NumberReader) -> None:
    if isinstance(record, Unreadable):
        batch.refused.append(ReportLine(row, RowOutcome.REJECTED, record.reason.value))
        return
    if not any(record):
        batch.refused.append(ReportLine(row, RowOutcome.SKIPPED, "EMPTY_ROW"))
        return
    batch.characters += sum(map(len, record))
    try:
        cells = layout.read(record)
        contact = _read(cells, reader)
    except RowRefusedError as refused:
        batch.refused.append(ReportLine(row, RowOutcome.REJECTED, refused.reason))
    except NumberRefusedError as refused:
        batch.refused.append(ReportLine(row, RowOutcome.REJECTED, "NUMBER_INVALID", str(refused)))
    except ZoneRefusedError as refused:
        batch.refused.append(ReportLine(row, RowOutcome.REJECTED, "TIME_ZONE_UNKNOWN", str(refused)))
    else:
        if contact.number in batch.rows:
            batch.refused.append(ReportLine(row, RowOutcome.SKIPPED, "DUPLICATE_IN_FILE"))
        else:
            batch.rows[contact.number] = (row, contact, cells.reason)


def _read(cells: Cells, reader: NumberReader) -> NewContact:
    number = reader.read(cells.number)
    zones = reader.zones(number, cells.time_zone)
    return NewContact(number, cells.name, cells.time_zone, zones, cells.fields, cells.external_id)


def _is_number(reader: NumberReader, cell: str) -> bool:
    try:
        reader.read(cell)
    except NumberRefusedError:
        return False
    return True


def _guess_encoding(path: Path) -> CsvEncoding:
    guess = EncodingGuess()
    with path.open("rb") as file:
        for block in _blocks(file):
            guess.feed(block)
    return guess.result()


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def report_bytes(lines: Sequence[ReportLine]) -> bytes:
    """Lines of the report, in the order of the rows. All words are ours, so none is taken for a formula."""
    ordered = sorted(lines, key=lambda line: line.row)
    return "".join(
        f'{line.row},{line.outcome.value},{line.reason},"{line.detail}"\r\n'
        if line.detail
        else f"{line.row},{line.outcome.value},{line.reason},\r\n"
        for line in ordered
    ).encode()


REPORT_HEADING: Final = b"row,outcome,reason,detail\r\n"
