"""Statistics over an account's call detail records: counts and sums, by whatever people ask for.

Whatever the boundaries, the answer is that of ``SELECT … GROUP BY`` over the records: the range is cut up by the wall
clock (``statistics_slices``), whole days, hours and quarters come from the rollup (``statistics_rollup``), and the
rest, some minutes at each edge as a rule, from the records themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

from app.cdrs.filters import CallFilter, Listed, add_details
from app.cdrs.statistics_rollup import MEASURES, MERGES, Grain
from app.cdrs.statistics_slices import (
    DAY,
    HOUR,
    QUARTER,
    SECOND,
    Interval,
    Label,
    Slice,
    cover,
    cut,
    to_instant,
    to_microseconds,
)
from app.db.conditions import Conditions
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition

MOST_SLICES: Final = 20_000
MOST_GROUPS: Final = 10_000


_UTC: Final = ZoneInfo("UTC")


class GroupBy(StrEnum):
    """What records are told apart by. HOUR is the hour of the day, 0 to 23, WEEKDAY 1 (Monday) to 7, both local."""

    HOUR = "HOUR"
    WEEKDAY = "WEEKDAY"
    DISPOSITION = "DISPOSITION"
    DIRECTION = "DIRECTION"
    KIND = "KIND"
    AGENT = "AGENT"
    EXTENSION = "EXTENSION"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsRequest:
    """What is asked for. ``where`` needs both ends of its range; ``zone`` is whose wall clock cuts it up."""

    where: CallFilter
    group_by: frozenset[GroupBy] = frozenset()
    interval: Interval | None = None
    zone: ZoneInfo = _UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsGroup:
    """One group of records. What was not asked for, and an agent or extension there is none of, is None.

    Seconds are sums over ``calls``; ``longest_talk_seconds`` is the longest of them.
    """

    begins_at: datetime | None = None
    hour: int | None = None
    weekday: int | None = None
    disposition: Disposition | None = None
    direction: Direction | None = None
    kind: CallKind | None = None
    agent_id: str | None = None
    extension: str | None = None
    calls: int
    connected_calls: int
    ring_seconds: float
    talk_seconds: float
    duration_seconds: float
    longest_talk_seconds: float


_COLUMNS: Final = MappingProxyType(
    {
        GroupBy.DISPOSITION: "disposition",
        GroupBy.DIRECTION: "direction",
        GroupBy.KIND: "kind",
        GroupBy.AGENT: "agent_id",
        GroupBy.EXTENSION: "extension",
    }
)
_DIMENSIONS: Final = ("agent_id", "extension", "direction", "kind", "disposition")

#: The measures of a single record.
_OF_ONE: Final = MappingProxyType(
    {
        "calls": "1::bigint",
        "connected_calls": "(connected_at IS NOT NULL)::int::bigint",
        "ring_microseconds": "round(ring_seconds * 1e6)::bigint",
        "talk_microseconds": "round(talk_seconds * 1e6)::bigint",
        "duration_microseconds": "round(duration_seconds * 1e6)::bigint",
        "longest_talk_microseconds": "round(talk_seconds * 1e6)::bigint",
    }
)


#: Puts a value beside the statement and gives its place in it, with its SQL type.
Place: TypeAlias = Callable[[Any, str], str]


class CdrStatistics:
    """Asks for statistics. Raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, account_id: str, request: StatisticsRequest) -> list[StatisticsGroup]:
        """The groups that have records, by time and then by what they are told apart by.

        Raises:
            RefusedError: REQUIRED, an end of the range is missing; INVALID_INPUT, there would be too many groups.
        """
        slices = _cut(request)
        if not slices or (request.where.states and CallState.ENDED not in request.where.states):
            return []  # only ended calls have a record
        labels = list(dict.fromkeys(one.label for one in slices))
        statement, values = _make_statement(account_id, request, slices, labels)
        async with self._database.acquire() as connection:
            rows = await connection.fetch(statement, *values)
        if len(rows) > MOST_GROUPS:
            raise RefusedError(_too_many(f"more than {MOST_GROUPS:,} groups"))
        return [_read_group(row, labels, request) for row in rows]


def _cut(request: StatisticsRequest) -> list[Slice]:
    begin, end = request.where.created_from, request.where.created_to
    if begin is None or end is None:
        raise RefusedError(Problem("REQUIRED", "Statistics need both ends of their range.", ("range",)))
    slices: list[Slice] = []
    try:
        for one in cut(
            to_microseconds(begin),
            to_microseconds(end),
            request.zone,
            interval=request.interval,
            by_hour=GroupBy.HOUR in request.group_by,
            by_weekday=GroupBy.WEEKDAY in request.group_by,
        ):
            slices.append(one)
            if len(slices) > MOST_SLICES:
                raise RefusedError(_too_many(f"more than {MOST_SLICES:,} pieces of time"))
    except OverflowError as error:
        # A day after the calendar's last, or before its first, in that zone.
        raise RefusedError(Problem("INVALID_INPUT", "The range reaches out of the calendar.", ("range",))) from error
    return slices


def _too_many(what: str) -> Problem:
    return Problem("INVALID_INPUT", f"These statistics have {what}. Ask for a shorter range, or for fewer.", ("range",))


def _make_statement(
    account_id: str, request: StatisticsRequest, slices: Sequence[Slice], labels: Sequence[Label]
) -> tuple[str, list[Any]]:
    values: list[Any] = []

    def place(value: Any, kind: str) -> str:
        values.append(value)
        return f"${len(values)}::{kind}"

    account = place(account_id, "text")
    where = _conditions(request.where, place)
    details = Conditions(*values)
    add_details(details, account_id, request.where, of=Listed.CDR)
    values += details.values[len(values) :]
    grains = {} if details.texts else _choose_grains(request)
    covered, edges = cover(slices, tuple(grains.values()))
    branches = [
        _rollup(ranges, grain, account, where, place) for grain, ranges in zip(grains, covered, strict=True) if ranges
    ]
    if edges:
        of_records = where + "".join(f" AND {text}" for text in details.texts)
        branches.append(_records(edges, account, of_records, place))
    keys = [column for group, column in _COLUMNS.items() if group in request.group_by]
    if len(labels) > 1:
        # Which slice a row lies in, and which label that slice has.
        numbers = {label: number for number, label in enumerate(labels)}
        starts = place([to_instant(one.begin) for one in slices], "timestamptz[]")
        named = place([numbers[one.label] for one in slices], "int[]")
        label = f"({named})[width_bucket(begins_at, {starts})]"
    else:
        label = "0"
    names = ", ".join(("label", *keys))
    sums = ", ".join(f"{'max' if MERGES[name] != '+' else 'sum'}({name})::bigint AS {name}" for name in MEASURES)
    statement = (
        f"SELECT {names}, {sums} FROM (SELECT {label} AS label, {', '.join((*keys, *MEASURES))} "  # noqa: S608  # our own names
        f"FROM ({' UNION ALL '.join(branches)}) AS piece) AS labelled "
        f"GROUP BY {names} ORDER BY {names} LIMIT {MOST_GROUPS + 1}"
    )
    return statement, values


def _choose_grains(request: StatisticsRequest) -> dict[Grain, int]:
    """The grains that can answer, with their lengths, the longest first; none, where only the records can."""
    where = request.where
    if not (request.group_by & {GroupBy.AGENT, GroupBy.EXTENSION} or where.agent_ids or where.extensions):
        return {Grain.DAY: DAY, Grain.HOUR: HOUR, Grain.QUARTER: QUARTER}
    if request.group_by & {GroupBy.KIND, GroupBy.DIRECTION} or where.kinds or where.directions:
        return {}
    return {Grain.AGENT_DAY: DAY}


def _conditions(where: CallFilter, place: Place) -> str:
    """What rollup rows and records are filtered by alike."""
    found = [
        f"{column} = ANY({place([str(value) for value in given], 'text[]')})"
        for column, given in (
            ("agent_id", where.agent_ids),
            ("extension", where.extensions),
            ("disposition", where.dispositions),
            ("direction", where.directions),
            ("kind", where.kinds),
        )
        if given
    ]
    return "".join(f" AND {condition}" for condition in found)


def _over(ranges: Sequence[tuple[int, int]], place: Place, select: str) -> str:
    """A select once for each range, from ``span_begin`` up to ``span_end``.

    OFFSET 0 keeps PostgreSQL from making one join of it all: that it would answer by reading the whole table, for it
    cannot know how short the ranges are.
    """
    begins = place([to_instant(begin) for begin, _ in ranges], "timestamptz[]")
    ends = place([to_instant(end) for _, end in ranges], "timestamptz[]")
    spans = f"unnest({begins}, {ends}) AS span (span_begin, span_end)"
    return f"SELECT piece.* FROM {spans} CROSS JOIN LATERAL ({select} OFFSET 0) AS piece"  # noqa: S608  # our own names


def _rollup(ranges: Sequence[tuple[int, int]], grain: Grain, account: str, where: str, place: Place) -> str:
    return _over(
        ranges,
        place,
        f"SELECT begins_at, {', '.join((*_DIMENSIONS, *MEASURES))} FROM cdr_rollup "  # noqa: S608  # our own names
        f"WHERE account_id = {account} AND grain = {grain:d} "
        f"AND begins_at >= span_begin AND begins_at < span_end{where}",
    )


def _records(ranges: Sequence[tuple[int, int]], account: str, where: str, place: Place) -> str:
    measures = ", ".join(f"{_OF_ONE[name]} AS {name}" for name in MEASURES)
    return _over(
        ranges,
        place,
        "SELECT created_at AS begins_at, coalesce(agent_id, '') AS agent_id, coalesce(extension, '') AS extension, "  # noqa: S608  # our own names
        f"direction, kind, disposition, {measures} FROM cdr "
        f"WHERE account_id = {account} AND created_at >= span_begin AND created_at < span_end{where}",
    )


def _read_group(row: asyncpg.Record, labels: Sequence[Label], request: StatisticsRequest) -> StatisticsGroup:
    label = labels[row["label"]]
    told: Mapping[str, Any] = {
        column: row[column] or None for group, column in _COLUMNS.items() if group in request.group_by
    }
    kinds: Mapping[str, Any] = {"disposition": Disposition, "direction": Direction, "kind": CallKind}
    return StatisticsGroup(
        begins_at=None if label.begins_at is None else to_instant(label.begins_at),
        hour=label.hour,
        weekday=label.weekday,
        calls=row["calls"],
        connected_calls=row["connected_calls"],
        ring_seconds=row["ring_microseconds"] / SECOND,
        talk_seconds=row["talk_microseconds"] / SECOND,
        duration_seconds=row["duration_microseconds"] / SECOND,
        longest_talk_seconds=row["longest_talk_microseconds"] / SECOND,
        **{name: kinds[name](value) if name in kinds else value for name, value in told.items()},
    )
