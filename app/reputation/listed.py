"""Lists of flagged numbers, as people write them: numbers with a reason or without. Pure."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.errors import Problem, RefusedError
from app.numbers.parse import E164, parse_caller_id

MOST_LISTED: Final = 10_000
#: As many wrong lines are told at once.
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """A number of a list that is imported, and why it is there."""

    number: E164
    reason: str | None = None


def read_listed(given: Sequence[tuple[str, str | None]], default_region: str) -> list[ListedNumber]:
    """The numbers as E.164, each with its reason.

    Raises:
        RefusedError: INVALID_NUMBER for each of the first that are none; INVALID_INPUT, there are too many.
    """
    if len(given) > MOST_LISTED:
        raise RefusedError(Problem("INVALID_INPUT", f"A list has at most {MOST_LISTED:,} numbers.", ("numbers",)))
    numbers: list[ListedNumber] = []
    problems: list[Problem] = []
    for place, (text, reason) in enumerate(given):
        field = ("numbers", str(place), "number")
        try:
            numbers.append(ListedNumber(parse_caller_id(text, default_region=default_region, field=field), reason))
        except RefusedError as refused:  # told together with the others'
            problems += refused.problems
    if problems:
        raise RefusedError(problems[:_MOST_TOLD])
    return numbers


def read_csv(lines: Iterable[str]) -> list[tuple[str, str | None]]:
    """The lines ``number`` or ``number,reason`` of a CSV file; empty ones and a heading ``number`` are passed over.

    Raises:
        RefusedError: INVALID_INPUT, it is no such file.
    """
    given: list[tuple[str, str | None]] = []
    try:
        for row in csv.reader(lines, strict=True):
            cells = [cell.strip() for cell in row]
            if not any(cells) or (not given and cells[0].lower() == "number"):
                continue
            given.append((cells[0], (cells[1] or None) if len(cells) > 1 else None))
            if len(given) > MOST_LISTED:
                break  # refused as too many, without reading the rest
    except (csv.Error, UnicodeDecodeError) as error:
        message = f"The file is no CSV with a number on each line: {error}."
        raise RefusedError(Problem("INVALID_INPUT", message)) from error
    return given
