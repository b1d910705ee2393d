"""A page of 50 call detail records over GraphQL, beside the same SQL through asyncpg."""

from bench.cdr_pages import OFFHOOK, POSTGRESQL, measure_pages
from bench.figure import Better, Figure, Goal, Result
from bench.harness import Context


async def _run(context: Context) -> Result:
    pages = await measure_pages(context)
    sides = {name: pages.largest[name] for name in (OFFHOOK, POSTGRESQL)}
    return Result(
        value=sides[OFFHOOK].median / sides[POSTGRESQL].median,
        unit="×",
        sides=sides,
        checked={"rows compared with the database's": pages.rows_compared},
        details={"median page in ms": pages.table(), "bytes on disk": pages.bytes_on_disk},
    )


FIGURE = Figure(
    name="cdr_page_ratio",
    description="GraphQL page of 50 CDRs, all fields, filtered, anywhere in 10 M rows: p50",
    beside="the same SQL through asyncpg",
    better=Better.LOWER,
    target=Goal(6),
    aim=Goal(2),
    run=_run,
)
