"""From a file's lines to its records (RFC 4180): what cannot be read is told, and the next row is read all the same.

A quote that is never closed would take the rest of the file into one cell. So a record has at most so many lines and
characters; one that does not end is refused by its first line alone, and reading goes on with the second.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from app.contacts.csv_text import LONGEST_LINE
from app.contacts.words import CsvSeparator

#: A record's most lines, that is line feeds within its quotes and one, and characters.
MOST_LINES: Final = 100
LONGEST_RECORD: Final = LONGEST_LINE
_SAMPLED_RECORDS: Final = 50


class BadRow(StrEnum):
    """Why a row could not be read at all."""

    ROW_TOO_LONG = "ROW_TOO_LONG"
    QUOTES_UNCLOSED = "QUOTES_UNCLOSED"
    QUOTES_MISPLACED = "QUOTES_MISPLACED"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line of which no record could be made."""

    reason: BadRow


#: A record's cells; or why there is none.
Record: TypeAlias = list[str] | Unreadable


class _EndlessRecordError(Exception):
    """A record has more lines or characters than a record may have."""


class _Lines:
    """Gives lines to the reader, and keeps those of the record that it is reading, to be read again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self._size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        taken = self.taken
        taken.append(line)
        self._size += len(line)
        if self._size > LONGEST_RECORD or len(taken) > MOST_LINES:
            raise _EndlessRecordError
        return line

    def go_on(self) -> None:
        """The record is read."""
        self.taken.clear()
        self._size = 0

    def refuse_first(self) -> str:
        """The record's first line, gone; all others of it will come again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.go_on()
        return first


def read_records(lines: Iterable[str], separator: CsvSeparator) -> Iterator[Record]:
    """The records of some lines, those of ``LineSplitter``. An empty line is a record without cells."""
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=separator.value, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _EndlessRecordError:
            first = source.refuse_first()
            yield Unreadable(BadRow.ROW_TOO_LONG if len(first) > LONGEST_RECORD else BadRow.QUOTES_UNCLOSED)
        except csv.Error as error:
            first = source.refuse_first()
            is_end = str(error) == "unexpected end of data"
            yield Unreadable(BadRow.QUOTES_UNCLOSED if is_end else BadRow.QUOTES_MISPLACED)
            if is_end:
                # Its lines come again, but to this reader the file has ended.
                reader = csv.reader(source, delimiter=separator.value, strict=True)
        else:
            source.go_on()
            yield cells


def guess_separator(lines: Iterable[str]) -> CsvSeparator:
    """What stands between the columns, judged by the first records: of what they hold equally often, the most.

    A file of one column has none of them; it is read with commas.
    """
    sample = list(lines)
    best, best_score = CsvSeparator.COMMA, (0.0, 0)
    for separator in CsvSeparator:
        widths: dict[int, int] = {}
        for _, record in zip(range(_SAMPLED_RECORDS), read_records(sample, separator), strict=False):
            if isinstance(record, list) and record:
                widths[len(record)] = widths.get(len(record), 0) + 1
        if not widths:
            continue
        width = max(widths, key=lambda one: (widths[one], one))
        score = (widths[width] / sum(widths.values()), width)
        if width > 1 and score > best_score:
            best, best_score = separator, score
    return best
