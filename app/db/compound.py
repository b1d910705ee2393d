"""Several writes as one statement: each is a common table expression, and PostgreSQL gets all of them in one message.

A single statement is a transaction of its own, so what it writes is written together, and a commit costs one round
trip instead of one for each write and two for BEGIN and COMMIT.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """Expressions for a WITH, ``(name, SQL)``, each of which gives a row for every row that it wrote.

    They share one parameter, a JSON list of rows, which belongs where the SQL has ``{rows}``; a later expression may
    read an earlier one's rows.
    """

    expressions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A part with its rows, as JSON."""

    part: Part
    rows: bytes


def write_expressions(parts: Sequence[Part]) -> list[str]:
    """The parts as expressions for a WITH, with the parameters ``$1``, ``$2``, … in the order of the parts."""
    return [
        f"{name} AS ({sql.format(rows=f'${number}::json')})"
        for number, part in enumerate(parts, 1)
        for name, sql in part.expressions
    ]


def write_all_written(parts: Sequence[Part]) -> str:
    """An SQL condition that always holds, and that PostgreSQL can only find out by carrying the parts out first."""
    counts = [f"(SELECT count(*) FROM {name})" for part in parts for name, _ in part.expressions]  # noqa: S608 -- our own names
    return f"{' + '.join(counts)} >= 0" if counts else "true"
