"""Keyset pages: any list that is ordered by columns which end in a unique one, by SQLAlchemy Core or by SQL's own text.

A page costs the same however deep it lies: the position is a row comparison, ``(created_at, id) < (…)``, that
PostgreSQL answers from an index over the same columns.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.paging import Page, PageRequest, Position, Rows

T = TypeVar("T")

_KEY_LABEL: Final = "keyset_{}"
DEFAULT_COUNT_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a list has; when not ``is_exact``, at least so many: nobody counted further."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A column that a list is ordered by: NOT NULL, of ``kind`` str, float, int or datetime in Python."""

    name: str
    kind: type


@dataclass(frozen=True, slots=True)
class Listing:
    """A list in SQL's own words: columns of a table, and conditions with the values of their ``$1, $2 …``.

    ``expressions`` are what is selected, ``names`` what it is called in the same order. Nothing of it may come from
    outside but ``values``.
    """

    table: str
    names: Sequence[str]
    expressions: str
    where: Sequence[str]
    values: Sequence[Any]


async def keyset_rows(
    connection: PooledConnection,
    listing: Listing,
    *,
    keys: Sequence[Key],
    descending: bool,
    page: PageRequest,
    item: Callable[[asyncpg.Record], T],
) -> Page[T]:
    """:func:`keyset_page` through asyncpg alone. Items are made of rows when somebody looks at them.

    The keys must be among the listing's names.

    Raises:
        RefusedError: INVALID_CURSOR, the position does not fit the keys.
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
    is_descending = descending != page.backwards
    where, values = listing.where, listing.values
    if page.position is not None:
        there = _read_values([key.kind for key in keys], page.position)
        marks = ", ".join(f"${number}" for number in range(len(values) + 1, len(values) + len(keys) + 1))
        compare = f"({', '.join(key.name for key in keys)}) {'<' if is_descending else '>'} ({marks})"
        where, values = (*where, compare), (*values, *there)
    order = ", ".join(f"{key.name} {'DESC' if is_descending else 'ASC'}" for key in keys)
    statement = (
        f"SELECT {listing.expressions} FROM {listing.table} WHERE {' AND '.join(where)} "  # noqa: S608  # our own names
        f"ORDER BY {order} LIMIT ${len(values) + 1}"
    )
    return statement, (*values, page.limit + 1)


async def count_listed(
    connection: PooledConnection, listing: Listing, *, at_most: int = DEFAULT_COUNT_LIMIT
) -> RowCount:
    """:func:`count_rows` for a listing."""
    statement = (
        f"SELECT count(*) FROM (SELECT 1 FROM {listing.table} WHERE {' AND '.join(listing.where)} "  # noqa: S608  # our own names
        f"LIMIT ${len(listing.values) + 1}) AS counted"
    )
    count: int = await connection.fetchval(statement, *listing.values, at_most + 1)
    return RowCount(count=min(count, at_most), is_exact=count <= at_most)


async def keyset_page(
    connection: AsyncConnection | AsyncSession,
    select: sa.Select[Any],
    *,
    keys: Sequence[sa.ColumnElement[Any]],
    descending: bool,
    page: PageRequest,
    item: Callable[[sa.Row[Any]], T],
) -> Page[T]:
    """One page of ``select``, in the order of ``keys``, each row made an item by ``item``.

    Args:
        connection: What to ask; the caller's transaction, if any, is used.
        select: The list with its filters, account included, and without ORDER BY or LIMIT. The keys are appended to
            its columns, so ``item`` should read by name.
        keys: NOT NULL columns of text, number or timestamp; the last must be unique, which breaks ties. All go in the
            same direction, else no index would serve both ways.
        descending: Largest keys first.
        page: Which page. Positions hold one JSON value for each key; timestamps are RFC 3339 text.
        item: Makes an item of a row.

    A page after (before) a position says that something lies before (after) it, without looking: the item whose
    position it was.

    Raises:
        RefusedError: INVALID_CURSOR, the position does not fit the keys (it is from an older version, say).
    """
    statement = page_statement(select, keys=keys, descending=descending, page=page)
    rows: list[sa.Row[Any]] = list((await connection.execute(statement)).all())
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    if page.backwards:
        rows.reverse()
    has_other_side = page.position is not None
    return Page(
        items=[item(row) for row in rows],
        positions=[_write_position(row, len(keys)) for row in rows],
        has_next=has_other_side if page.backwards else has_more,
        has_previous=has_more if page.backwards else has_other_side,
    )


def page_statement(
    select: sa.Select[Any], *, keys: Sequence[sa.ColumnElement[Any]], descending: bool, page: PageRequest
) -> sa.Select[Any]:
    """What keyset_page asks the database: one row more than the page, so that it knows whether there is more."""
    # Read against the list's order, the page before a position is the page after it, upside down.
    is_descending = descending != page.backwards
    statement = select.add_columns(*(key.label(_KEY_LABEL.format(number)) for number, key in enumerate(keys)))
    if page.position is not None:
        here = sa.tuple_(*keys)
        there = sa.tuple_(*(sa.literal(value, key.type) for key, value in _read_position(keys, page.position)))
        statement = statement.where(here < there if is_descending else here > there)
    statement = statement.order_by(*(key.desc() if is_descending else key.asc() for key in keys))
    return statement.limit(page.limit + 1)


async def count_rows(
    connection: AsyncConnection | AsyncSession, select: sa.Select[Any], *, at_most: int = DEFAULT_COUNT_LIMIT
) -> RowCount:
    """How many rows ``select`` has, counting no further than ``at_most``: a count must not scan millions."""
    limited = select.with_only_columns(sa.literal(1), maintain_column_froms=True).order_by(None).limit(at_most + 1)
    count = (await connection.execute(sa.select(sa.func.count()).select_from(limited.subquery()))).scalar_one()
    return RowCount(count=min(count, at_most), is_exact=count <= at_most)


def _write_position(row: sa.Row[Any], count: int) -> Position:
    values = (row._mapping[_KEY_LABEL.format(number)] for number in range(count))  # noqa: SLF001 - SQLAlchemy's public name for access by key
    return tuple(_write_value(value) for value in values)


def _write_value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _read_position(
    keys: Sequence[sa.ColumnElement[Any]], position: Position
) -> Sequence[tuple[sa.ColumnElement[Any], Any]]:
    return list(zip(keys, _read_values([_python_type(key) for key in keys], position), strict=True))


def _read_values(kinds: Sequence[type], position: Position) -> Sequence[Any]:
    refused = RefusedError(Problem("INVALID_CURSOR", "This cursor does not fit this list. Start again without it."))
    if len(position) != len(kinds):
        raise refused
    try:
        return [_read_value(kind, value) for kind, value in zip(kinds, position, strict=True)]
    except (ValueError, TypeError) as error:
        raise refused from error


def _python_type(key: sa.ColumnElement[Any]) -> type:
    # SQLModel's text columns are decorated, and a decorator does not say its type: what it decorates does.
    decorated = key.type.impl_instance if isinstance(key.type, sa.types.TypeDecorator) else key.type
    return decorated.python_type


def _read_value(expected: type, value: object) -> object:
    """A JSON value as the type of its key. Raises ValueError or TypeError when it is something else."""
    if expected is datetime:
        if not isinstance(value, str):
            raise TypeError("a timestamp is text")
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("a timestamp has its zone")
        return instant
    if expected is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if type(value) is not expected:
        raise TypeError(f"expected {expected.__name__}")
    return value
