"""Keyset pages: the one way to write a list, ordered by columns of which the last is unique.

A page costs the same however deep it lies: the position is a row comparison, ``(created_at, id) < (…)``, that
PostgreSQL answers from an index over the same columns.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import asyncpg

from app.db.conditions import Conditions
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.paging import Page, PageRequest, Position, Rows

T = TypeVar("T")

DEFAULT_COUNT_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a list has; when not ``is_exact``, at least so many: nobody counted further."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A column that a list is ordered by: NOT NULL, of ``kind`` str, int, float or datetime in Python."""

    name: str
    kind: type


@dataclass(frozen=True, slots=True)
class Listing:
    """A list in SQL's own words: columns of a table, and what of it is listed, the account included.

    ``expressions`` are what is selected, ``names`` what it is called in the same order. Nothing of it may come from
    outside but the conditions' values. When more than one table is read, do so in subqueries: the keys' bare names must
    say which column is meant.
    """

    table: str
    names: Sequence[str]
    expressions: str
    where: Conditions


async def keyset_rows(
    connection: PooledConnection,
    listing: Listing,
    *,
    keys: Sequence[Key],
    descending: bool,
    page: PageRequest,
    item: Callable[[asyncpg.Record], T],
) -> Page[T]:
    """One page of a list, in the order of ``keys``. Items are made of rows when somebody looks at them.

    Args:
        connection: What to ask; the caller's transaction, if any, is used.
        listing: The list with its filter. The keys must be among its names.
        keys: The last must be unique, which breaks ties. All go in the same direction, else no index would serve both
            ways.
        descending: Largest keys first.
        page: Which page. Positions hold one JSON value for each key; timestamps are RFC 3339 text.
        item: Makes an item of a row.

    A page after (before) a position says that something lies before (after) it, without looking: the item whose
    position it was.

    Raises:
        RefusedError: INVALID_CURSOR, the position does not fit the keys (it is from an older version, say).
    """
    statement, values = page_sql(listing, keys=keys, descending=descending, page=page)
    rows = await connection.fetch(statement, *values)
    has_more = len(rows) > page.limit
    if has_more:
        del rows[page.limit :]
    if page.backwards:
        rows.reverse()
    has_other_side = page.position is not None
    places = [listing.names.index(key.name) for key in keys]
    return Page(
        items=Rows(rows, listing.names, item),
        positions=Rows(rows, listing.names, lambda row: tuple(_write_value(row[place]) for place in places)),
        has_next=has_other_side if page.backwards else has_more,
        has_previous=has_more if page.backwards else has_other_side,
    )


def page_sql(
    listing: Listing, *, keys: Sequence[Key], descending: bool, page: PageRequest
) -> tuple[str, Sequence[Any]]:
    """What keyset_rows asks the database, one row more than the page, and the values beside it."""
    # Read against the list's order, the page before a position is the page after it, upside down.
    is_descending = descending != page.backwards
    where = Conditions(*listing.where.values)
    where.texts += listing.where.texts
    if page.position is not None:
        marks = ", ".join("{}" for _ in keys)
        compare = f"({', '.join(key.name for key in keys)}) {'<' if is_descending else '>'} ({marks})"
        where.add(compare, *_read_position(keys, page.position))
    order = ", ".join(f"{key.name} {'DESC' if is_descending else 'ASC'}" for key in keys)
    statement = (
        f"SELECT {listing.expressions} FROM {listing.table} WHERE {where} "  # noqa: S608  # our own names
        f"ORDER BY {order} LIMIT ${len(where.values) + 1}"
    )
    return statement, (*where.values, page.limit + 1)


async def count_listed(
    connection: PooledConnection, listing: Listing, *, at_most: int = DEFAULT_COUNT_LIMIT
) -> RowCount:
    """How many rows a list has, counting no further than ``at_most``: a count must not scan millions."""
    values = listing.where.values
    statement = (
        f"SELECT count(*) FROM (SELECT FROM {listing.table} WHERE {listing.where} "  # noqa: S608  # our own names
        f"LIMIT ${len(values) + 1}) AS counted"
    )
    count: int = await connection.fetchval(statement, *values, at_most + 1)
    return RowCount(count=min(count, at_most), is_exact=count <= at_most)


def _write_value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _read_position(keys: Sequence[Key], position: Position) -> Sequence[Any]:
    refused = RefusedError(Problem("INVALID_CURSOR", "This cursor does not fit this list. Start again without it."))
    if len(position) != len(keys):
        raise refused
    try:
        return [_read_value(key.kind, value) for key, value in zip(keys, position, strict=True)]
    except (ValueError, TypeError) as error:
        raise refused from error


def _read_value(expected: type, value: object) -> object:
    """A JSON value as the type of its key. Raises ValueError or TypeError when it is something else."""
    if expected is datetime:
        if not isinstance(value, str):
            raise TypeError("a timestamp is text")
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("a timestamp has its zone")
        return instant
    if expected is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise TypeError("a number is finite")
        return float(value)
    if type(value) is not expected:
        raise TypeError(f"expected {expected.__name__}")
    return value
