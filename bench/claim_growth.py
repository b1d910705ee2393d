"""How much longer a claim takes when the list is a hundred times as long."""

from bench.campaign_claims import measure_claims
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context


async def _run(context: Context) -> Result:
    times = await measure_claims(context)
    return Result(
        value=times.long_p99 / times.short_p99,
        unit="×",
        sides={"1 M contacts": Series.of("ms", times.long), "10 k contacts": Series.of("ms", times.short)},
        checked={"claims of 100 contacts": len(times.long) + len(times.short)},
    )


FIGURE = Figure(
    name="claim_growth",
    description="p99 of claiming 100 contacts at 1 M contacts ÷ the same at 10 k",
    beside="nothing",
    better=Better.LOWER,
    target=Goal(1.5),
    aim=Goal(1.1),
    run=_run,
)
