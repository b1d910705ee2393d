"""How long it takes to claim the next 100 contacts of a campaign with a million."""

from bench.campaign_claims import measure_claims
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context


async def _run(context: Context) -> Result:
    times = await measure_claims(context)
    return Result(
        value=times.long_p99,
        unit="ms",
        sides={"1 M contacts": Series.of("ms", times.long), "10 k contacts": Series.of("ms", times.short)},
        checked={"claims of 100 contacts": len(times.long)},
    )


FIGURE = Figure(
    name="claim_p99_ms_1m",
    description="claiming the next 100 contacts of a campaign with 1 M, by all rules, in one transaction: p99",
    beside="nothing",
    better=Better.LOWER,
    target=Goal(20),
    aim=Goal(5),
    run=_run,
)
