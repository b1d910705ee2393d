"""Processor time a call costs: the service and its database, beside Asterisk for the same calls."""

from typing import Final

from bench.call_sides import steady_calls
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context

_OURS: Final = ("service", "database")


async def run(context: Context) -> Result:
    steady = await steady_calls(context)
    parts = {
        part: Series.of("CPU ms/call", [1000 * seen.cpu_seconds[part] / seen.placed for seen in steady.offhook])
        for part in (*_OURS, "asterisk")
    }
    ratios = [sum(seen.cpu_seconds[part] for part in _OURS) / seen.cpu_seconds["asterisk"] for seen in steady.offhook]
    ratio = Series.of("×", ratios)
    return Result(
        value=ratio.median,
        unit="×",
        sides={"ratio": ratio, **parts},
        checked={"callsPlaced": sum(seen.placed for seen in steady.offhook), "failures": 0},
        details={
            "rate": steady.rate,
            "bareLoopCpuMsPerCall": [
                {part: 1000 * seconds / seen.placed for part, seconds in seen.cpu_seconds.items()}
                for seen in steady.bare
            ],
        },
    )


FIGURE: Final = Figure(
    name="cpu_per_call_ratio",
    description="processor time a call of the service and the database, at 50 calls/s",
    beside="Asterisk's own for the same calls",
    better=Better.LOWER,
    target=Goal(1.5),
    aim=Goal(0.5),
    run=run,
)
