"""The measurement that ``cdr_page_ratio`` and ``cdr_page_vs_postgraphile`` share: all sides in turn, at three sizes."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.cdr_sides import (
    choose_moments,
    compare_rows,
    connect,
    offhook_side,
    postgraphile_side,
    postgresql_side,
)
from bench.data.cdr_database import cdr_database
from bench.figure import Series
from bench.harness import Context, in_turn
from bench.postgraphile import running_postgraphile
from bench.service import running_service_process

OFFHOOK: Final = "offhook"
POSTGRESQL: Final = "asyncpg"
POSTGRAPHILE: Final = "postgraphile"


@dataclass(frozen=True, slots=True)
class Pages:
    """What was measured: the median page in milliseconds, a value a round, by number of records and side."""

    by_size: Mapping[int, Mapping[str, Series]]
    rows_compared: int
    bytes_on_disk: int

    @property
    def largest(self) -> Mapping[str, Series]:
        return self.by_size[max(self.by_size)]

    def table(self) -> dict[str, dict[str, float]]:
        """The medians, as a report shows them: cost must not grow with what is stored."""
        return {
            f"{size:,} records": {name: round(series.median, 3) for name, series in sides.items()}
            for size, sides in self.by_size.items()
        }


async def measure_pages(context: Context) -> Pages:
    """Measure once for both figures."""
    return await context.shared("cdr-pages", lambda: _measure(context))


async def _measure(context: Context) -> Pages:
    by_size: dict[int, Mapping[str, Series]] = {}
    compared = on_disk = 0
    sizes = (10_000, 100_000) if context.is_quick else (10_000, 1_000_000, 10_000_000)
    for size in sizes:
        series, rows, on_disk = await _measure_size(context, size)
        by_size[size] = series
        compared += rows
    return Pages(by_size, compared, on_disk)


async def _measure_size(context: Context, size: int) -> tuple[Mapping[str, Series], int, int]:
    database = await cdr_database(context, size)
    context.say(f"  pages of {size:,} records")
    connection = await connect(database.dsn)
    try:
        async with (
            AsyncExitStack() as stack,
            running_service_process(context, database.dsn) as offhook,
            running_postgraphile(context, database.dsn) as postgraphile,
        ):
            sides = {
                POSTGRESQL: postgresql_side(connection, database),
                OFFHOOK: offhook_side(offhook.url, offhook.token),
                POSTGRAPHILE: await postgraphile_side(postgraphile, database),
            }
            for side in sides.values():
                stack.callback(side.close)
            rows = await compare_rows(sides, choose_moments(context.count(20, 5), seed=1))
            # The same pages for all and in all rounds: which of them lie in memory is then the same, too.
            moments = choose_moments(context.count(200, 50), seed=2)
            measured = await in_turn(context, {name: partial(side.time_pages, moments) for name, side in sides.items()})
    finally:
        await connection.close()
    return {name: Series.of("ms", values) for name, values in measured.items()}, rows, database.bytes_on_disk
