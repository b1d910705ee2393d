"""What Offhook adds to the time from the request to the first INVITE on the wire."""

from typing import Final

from bench.call_sides import BARE, OFFHOOK, steady_calls
from bench.calls import Probe
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context, percentile


async def run(context: Context) -> Result:
    steady = await steady_calls(context)
    ours, bare = _p99(steady.offhook), _p99(steady.bare)
    return Result(
        value=ours.median - bare.median,
        unit="ms",
        sides={OFFHOOK: ours, BARE: bare},
        checked={"callsPlaced": sum(seen.placed for seen in (*steady.offhook, *steady.bare)), "failures": 0},
        details={
            "rate": steady.rate,
            "invitedP50Ms": {OFFHOOK: _p50(steady.offhook), BARE: _p50(steady.bare)},
            "answeredP99Ms": [percentile(seen.answered_ms, 99) for seen in steady.offhook],
            "bothConnectedP99Ms": {
                OFFHOOK: [seen.setup_p99_ms for seen in steady.offhook],
                BARE: [seen.setup_p99_ms for seen in steady.bare],
            },
        },
    )


def _p99(probes: list[Probe]) -> Series:
    return Series.of("ms p99", [percentile(seen.invited_ms, 99) for seen in probes])


def _p50(probes: list[Probe]) -> list[float]:
    return [percentile(seen.invited_ms, 50) for seen in probes]


FIGURE: Final = Figure(
    name="setup_added_p99_ms",
    description="originateCall sent to the agent's INVITE at the far end, less the bare loop's, at 50 calls/s",
    beside="a bare ARI loop",
    better=Better.LOWER,
    target=Goal(25),
    aim=Goal(5),
    run=run,
)
