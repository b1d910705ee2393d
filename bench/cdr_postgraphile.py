"""The same page as ``cdr_page_ratio``, beside PostGraphile on the same table."""

from bench.cdr_pages import OFFHOOK, POSTGRAPHILE, measure_pages
from bench.figure import Better, Figure, Goal, Result
from bench.harness import Context


async def _run(context: Context) -> Result:
    pages = await measure_pages(context)
    sides = {name: pages.largest[name] for name in (OFFHOOK, POSTGRAPHILE)}
    return Result(
        value=sides[OFFHOOK].median / sides[POSTGRAPHILE].median,
        unit="×",
        sides=sides,
        checked={"rows compared with PostGraphile's": pages.rows_compared},
        details={"median page in ms": pages.table()},
    )


FIGURE = Figure(
    name="cdr_page_vs_postgraphile",
    description="GraphQL page of 50 CDRs, all fields, filtered, anywhere in 10 M rows: p50",
    beside="PostGraphile (npm) on the same table",
    better=Better.LOWER,
    target=Goal(1),
    aim=Goal(0.5),
    run=_run,
)
