"""Statistics over a month in 10 million records, beside the ``SELECT … GROUP BY`` that they stand for."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.cdrs.filters import CallFilter
from app.cdrs.statistics import CdrStatistics, GroupBy, StatisticsGroup, StatisticsRequest
from app.cdrs.statistics_slices import Interval
from app.db.engine import Database
from bench.cdr_sides import connect
from bench.data.cdr_database import CdrDatabase, cdr_database
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn, percentile

OFFHOOK: Final = "offhook"
POSTGRESQL: Final = "SELECT … GROUP BY"

_ZONE: Final = ZoneInfo("America/New_York")
_BEGIN, _END = datetime(2025, 10, 27, tzinfo=_ZONE), datetime(2025, 11, 27, tzinfo=_ZONE)  # clocks go back in between
_SUMS: Final = """count(*), count(connected_at), sum(round(ring_seconds * 1e6)::bigint),
       sum(round(talk_seconds * 1e6)::bigint), sum(round(duration_seconds * 1e6)::bigint),
       max(round(talk_seconds * 1e6)::bigint)
FROM cdr WHERE account_id = $1 AND created_at >= $2 AND created_at < $3"""
_HOUR: Final = "extract(hour FROM created_at AT TIME ZONE $4)::int"


@dataclass(frozen=True, slots=True)
class Question:
    """The same question to both sides: what Offhook is asked, and the SQL whose rows are the same."""

    name: str
    request: StatisticsRequest
    sql: str


def _ask(
    group_by: Sequence[GroupBy] = (), interval: Interval | None = None, begin: datetime = _BEGIN
) -> StatisticsRequest:
    return StatisticsRequest(
        where=CallFilter(created_from=begin, created_to=_END + (begin - _BEGIN)),
        group_by=frozenset(group_by),
        interval=interval,
        zone=_ZONE,
    )


#: The first is the figure; the others are told beside it.
QUESTIONS: Final = (
    Question(
        "local days × disposition",
        _ask([GroupBy.DISPOSITION], Interval.DAY),
        f"SELECT date_trunc('day', created_at, $4), disposition, {_SUMS} GROUP BY 1, 2",
    ),
    Question("disposition", _ask([GroupBy.DISPOSITION]), f"SELECT disposition, {_SUMS} AND $4 <> '' GROUP BY 1"),
    Question("hour of the day", _ask([GroupBy.HOUR]), f"SELECT {_HOUR}, {_SUMS} GROUP BY 1"),
    Question(
        "local hours × direction",
        _ask([GroupBy.DIRECTION], Interval.HOUR),
        f"SELECT date_trunc('hour', created_at, $4), direction, {_SUMS} GROUP BY 1, 2",
    ),
    Question(
        "agent × disposition",
        _ask([GroupBy.AGENT, GroupBy.DISPOSITION]),
        f"SELECT disposition, agent_id, {_SUMS} AND $4 <> '' GROUP BY 1, 2",
    ),
    Question(
        "disposition, off the clock by 7 min 3 s",
        _ask([GroupBy.DISPOSITION], begin=_BEGIN + timedelta(minutes=7, seconds=3)),
        f"SELECT disposition, {_SUMS} AND $4 <> '' GROUP BY 1",
    ),
)


async def _run(context: Context) -> Result:
    database = await cdr_database(context, 100_000 if context.is_quick else 10_000_000)
    medians: dict[str, dict[str, float]] = {}
    measured: list[dict[str, Series]] = []
    compared = 0
    for question in QUESTIONS:
        context.say(f"  {question.name}")
        series, groups = await _measure(context, database, question)
        measured.append(series)
        compared += groups
        medians[question.name] = {name: round(one.median, 3) for name, one in series.items()}
    sides = measured[0]
    return Result(
        value=sides[OFFHOOK].median,
        unit="ms",
        peer=sides[POSTGRESQL].median,
        sides=sides,
        checked={"groups compared with the database's": compared},
        details={"median in ms": medians, "records": database.rows},
    )


async def _measure(context: Context, database: CdrDatabase, question: Question) -> tuple[dict[str, Series], int]:
    service = await Database.connect(database.dsn, pool_size=2, command_timeout=120.0)
    connection = await connect(database.dsn)
    where = question.request.where
    values = (database.account_id, where.created_from, where.created_to, _ZONE.key)
    statistics = CdrStatistics(service)

    async def ask_offhook() -> list[StatisticsGroup]:
        return await statistics.read(database.account_id, question.request)

    async def ask_postgresql() -> list[Any]:
        return await connection.fetch(question.sql, *values)

    try:
        groups = _compare(question, await ask_offhook(), await ask_postgresql())
        measured = await in_turn(
            context,
            {
                OFFHOOK: partial(_time, ask_offhook, context.count(30, 5)),
                POSTGRESQL: partial(_time, ask_postgresql, context.count(5, 3)),
            },
        )
    finally:
        await connection.close()
        await service.aclose()
    return {name: Series.of("ms", taken) for name, taken in measured.items()}, groups


async def _time(ask: Callable[[], Awaitable[Any]], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - began) * 1000)
    return percentile(taken, 50)


def _compare(question: Question, found: Sequence[StatisticsGroup], rows: Sequence[Any]) -> int:
    """Every group and every number of it; gives how many there are.

    Raises:
        BenchError: they differ, or there are none.
    """
    own = {
        tuple(
            value
            for value in (one.begins_at, one.hour, one.disposition, one.direction, one.agent_id)
            if value is not None
        ): (one.calls, one.connected_calls, *map(_whole, _seconds(one)))
        for one in found
    }
    theirs = {tuple(row)[:-6]: tuple(int(value) for value in tuple(row)[-6:]) for row in rows}
    if own != theirs or not own:
        raise BenchError(f"statistics by {question.name} differ from the records': {_first_difference(own, theirs)}")
    return len(own)


def _seconds(group: StatisticsGroup) -> tuple[float, float, float, float]:
    return group.ring_seconds, group.talk_seconds, group.duration_seconds, group.longest_talk_seconds


def _whole(seconds: float) -> int:
    return round(seconds * 1e6)


def _first_difference(own: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    key = next((key for key in own.keys() | theirs.keys() if own.get(key) != theirs.get(key)), None)
    return f"{key}: {own.get(key)} and {theirs.get(key)}; {len(own)} and {len(theirs)} groups"


FIGURE = Figure(
    name="cdr_statistics_ms_10m",
    description="statistics over a month in 10 M CDRs, by local day and disposition",
    beside="SELECT … GROUP BY over the records",
    better=Better.LOWER,
    target=Goal(0.1, is_times_peer=True),
    aim=Goal(0.01, is_times_peer=True),
    run=_run,
)
