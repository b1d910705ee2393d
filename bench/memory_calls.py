"""What a thousand live calls cost in memory."""

import asyncio
from typing import Final

from bench.calls import probe_held
from bench.calls_offhook import running_offhook_caller
from bench.far_end import running_far_end
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context, in_turn
from bench.processes import memory_mb_of

_RATE: Final = 40.0
_SETTLE_SECONDS: Final = 1.0


async def run(context: Context) -> Result:
    count = context.count(1000, 40)
    asterisks: list[float] = []

    async def measure() -> float:
        # A service of its own for each round: what a process has got once, it keeps.
        async with running_far_end(context, hold=True) as far_end, running_offhook_caller(context, far_end) as caller:
            warm = await probe_held(caller, far_end.wire, rate=_RATE / 4, count=20)
            await caller.hang_up_all(warm)
            before, asterisk_before = memory_mb_of(caller.service.pid), memory_mb_of(far_end.asterisk.pid)
            numbers = await probe_held(caller, far_end.wire, rate=context.seconds(_RATE, _RATE / 4), count=count)
            await asyncio.sleep(_SETTLE_SECONDS)
            growth = memory_mb_of(caller.service.pid) - before
            asterisks.append((memory_mb_of(far_end.asterisk.pid) - asterisk_before) * 1000 / count)
            await caller.hang_up_all(numbers)
            return growth * 1000 / count

    measured = await in_turn(context, {"Offhook": measure}, warm_up=False)
    return Result(
        value=Series.of("MB", measured["Offhook"]).median,
        unit="MB",
        peer=Series.of("MB", asterisks).median,
        sides={
            "Offhook": Series.of("MB/1000", measured["Offhook"]),
            "Asterisk": Series.of("MB/1000", asterisks),
        },
        checked={"callsLiveAtOnce": count, "allConnectedOnTheWire": True, "allEndedWithTheirRecords": True},
    )


FIGURE: Final = Figure(
    name="rss_mb_per_1000_calls",
    description="memory growth of the service for 1,000 connected calls at once",
    beside="Asterisk's own growth for the same calls",
    better=Better.LOWER,
    target=Goal(60),
    aim=Goal(15),
    run=run,
)
