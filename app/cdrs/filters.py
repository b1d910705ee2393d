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


def any_of(values: Sequence[str]) -> sa.ColumnElement[Any]:
    """``ANY`` of one array, not IN (…): the statement's text, and so its plan, is the same for any number of values."""
    return sa.any_(sa.cast(sa.literal([str(value) for value in values], sa.ARRAY(sa.Text)), sa.ARRAY(sa.Text)))
