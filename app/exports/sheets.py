"""Tables as CSV (RFC 4180) that spreadsheets may open: no cell is taken for a formula.

A spreadsheet calculates what begins with ``=``, ``+``, ``-`` or ``@``, also behind white space that it drops; a quote
before it makes it text (OWASP, CSV Injection). A plain number keeps its sign, and so does a telephone number.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = re.compile(r"\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n]")
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?", re.ASCII)


def safe_cell(value: str) -> str:
    """A text as it may stand in a cell."""
    if _FORMULA.match(value) is None or _PLAIN_NUMBER.fullmatch(value) is not None:
        return value
    return "'" + value


def write_rows(rows: Iterable[Sequence[str | None]]) -> bytes:
    """Rows in UTF-8, each with CR LF at its end; None is an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(
        ["" if value is None else safe_cell(value) for value in row] for row in rows
    )
    return text.getvalue().encode("utf-8")
