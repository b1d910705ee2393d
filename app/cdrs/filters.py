"""What calls and their records are looked for by: one filter for both lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.facts.vocabulary import CallKind, CallState, Direction, Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls (or CDRs); every field that is set must hold. ``[created_from, created_to)``."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    number: str | None = None
    agent_ids: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    states: tuple[CallState, ...] = ()
    directions: tuple[Direction, ...] = ()
    kinds: tuple[CallKind, ...] = ()
    external_id: str | None = None
    tag: str | None = None


def conditions(table: sa.FromClause, account_id: str, where: CallFilter) -> list[sa.ColumnElement[bool]]:
    """What calls and their records are filtered by alike: everything but ``states``.

    ``number`` is the number that was dialled, in E.164.
    """
    columns = table.c
    found = [columns.account_id == account_id]
    if where.created_from is not None:
        found.append(columns.created_at >= where.created_from)
    if where.created_to is not None:
        found.append(columns.created_at < where.created_to)
    for column, value in ((columns.dialled_number, where.number), (columns.external_id, where.external_id)):
        if value is not None:
            found.append(column == value)
    for column, values in (
        (columns.agent_id, where.agent_ids),
        (columns.extension, where.extensions),
        (columns.disposition, where.dispositions),
        (columns.direction, where.directions),
        (columns.kind, where.kinds),
    ):
        if values:
            # One value is an equality: its index then gives the rows in the list's own order.
            found.append(column == (any_of(values) if len(values) > 1 else str(values[0])))
    if where.tag is not None:
        found.append(sa.literal(where.tag) == sa.any_(columns.tags))
    return found


def sql_conditions(account_id: str, where: CallFilter) -> tuple[list[str], list[Any]]:
    """The same as :func:`conditions`, in SQL's own text, with the values of its ``$1, $2 …``.

    Filters of one shape have one text, whatever their values, and so one prepared statement.
    """
    found, values = ["account_id = $1"], [account_id]

    def add(condition: str, value: Any) -> None:
        values.append(value)
        found.append(condition.format(f"${len(values)}"))

    for condition, single in (
        ("created_at >= {}", where.created_from),
        ("created_at < {}", where.created_to),
        ("dialled_number = {}", where.number),
        ("external_id = {}", where.external_id),
        ("{} = ANY(tags)", where.tag),
    ):
        if single is not None:
            add(condition, single)
    for column, given in (
        ("agent_id", where.agent_ids),
        ("extension", where.extensions),
        ("disposition", where.dispositions),
        ("direction", where.directions),
        ("kind", where.kinds),
    ):
        if len(given) == 1:
            # One value is an equality: its index then gives the rows in the list's own order.
            add(f"{column} = {{}}", str(given[0]))
        elif given:
            add(f"{column} = ANY({{}}::text[])", [str(value) for value in given])
    return found, values


def any_of(values: Sequence[str]) -> sa.ColumnElement[Any]:
    """``ANY`` of one array, not IN (…): the statement's text, and so its plan, is the same for any number of values."""
    return sa.any_(sa.cast(sa.literal([str(value) for value in values], sa.ARRAY(sa.Text)), sa.ARRAY(sa.Text)))
