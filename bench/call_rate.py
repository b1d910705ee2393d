"""How many calls a second: through the whole of Offhook, beside a bare loop that only moves legs."""

import statistics
from typing import Final

from bench.call_sides import BARE, OFFHOOK, call_sides
from bench.calls import LONGEST_SETUP_P99_MS, Caller, Probe, find_highest_rate
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context

_FIRST_GUESS: Final = {OFFHOOK: 40.0, BARE: 120.0}
_CEILING: Final = 600.0
_PROBE_SECONDS: Final = 8.0


async def run(context: Context) -> Result:
    sides = await call_sides(context)
    callers: dict[str, Caller] = {OFFHOOK: sides.offhook, BARE: sides.bare}
    best: dict[str, list[Probe]] = {name: [] for name in callers}
    # A quick run only shows that probing works: it does not look for the limit.
    ceiling = context.seconds(_CEILING, 12.0)
    for number in range(context.rounds):
        for name, caller in callers.items():
            context.say(f"  {name}: round {number + 1} of {context.rounds}")
            # Later rounds look again from where the one before ended, which takes fewer probes.
            guess = best[name][-1].rate if best[name] else _FIRST_GUESS[name]
            found = await find_highest_rate(
                context,
                caller,
                sides.far_end.wire,
                name=name,
                start=min(guess, ceiling),
                seconds=context.seconds(_PROBE_SECONDS, 2.0),
                ceiling=ceiling,
            )
            best[name].append(found)
    rates = {name: Series.of("calls/s", [seen.rate for seen in probes]) for name, probes in best.items()}
    return Result(
        value=rates[OFFHOOK].median / rates[BARE].median,
        unit="×",
        sides=rates,
        checked={
            "callsPlaced": sum(seen.placed for probes in best.values() for seen in probes),
            "perCall": "INVITE, ACK and BYE of both legs in SIPp's log; all facts in order over the subscription, "
            "one CALL_CONNECTED, one CALL_ENDED with ANSWERED; one committed CDR",
            "failures": 0,
        },
        details={
            "longestSetupP99Ms": LONGEST_SETUP_P99_MS,
            "setupP99MsAtBest": {
                name: statistics.median(seen.setup_p99_ms for seen in probes) for name, probes in best.items()
            },
            "cpuSecondsPerCallAtBest": {
                name: {part: seconds / probes[-1].placed for part, seconds in probes[-1].cpu_seconds.items()}
                for name, probes in best.items()
            },
        },
    )


FIGURE: Final = Figure(
    name="call_rate_ratio",
    description="highest sustained click-to-calls/s: API, both legs, bridge, 1 s of talk, record committed, facts out",
    beside="the same legs and bridge from a bare ARI loop",
    better=Better.HIGHER,
    target=Goal(0.5),
    aim=Goal(0.85),
    run=run,
)
