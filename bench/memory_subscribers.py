"""What a thousand subscribers cost in memory."""

from typing import Final

from bench.broadcast import running_broadcast
from bench.calls import warm_up
from bench.calls_offhook import EVENTS, running_offhook_caller
from bench.crowd import gathered, graphql_plan
from bench.far_end import running_far_end
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import Context, in_turn
from bench.processes import memory_mb_of


async def run(context: Context) -> Result:
    subscribers = context.count(1000, 100)

    async def run_offhook() -> float:
        # A service of its own for each round: what a process has got once, it keeps.
        async with running_far_end(context) as far_end, running_offhook_caller(context, far_end) as caller:
            await warm_up(caller, far_end.wire)
            service = caller.service
            async with gathered(graphql_plan(service.url, service.token, EVENTS, subscribers=1)):
                before = memory_mb_of(service.pid)
            async with gathered(graphql_plan(service.url, service.token, EVENTS, subscribers=subscribers)) as crowd:
                # So that every socket has carried something.
                await warm_up(caller, far_end.wire, count=2)
                await crowd.wait_until_marked(2, seconds=60.0)
                return (memory_mb_of(service.pid) - before) * 1000 / subscribers

    async def run_bare() -> float:
        async with running_broadcast(context) as broadcast:
            async with gathered(broadcast.plan(1)):
                before = memory_mb_of(broadcast.pid)
            async with gathered(broadcast.plan(subscribers)) as crowd:
                await broadcast.play([(0.0, '{"timestamp":"@","type":"CALL_ENDED"}')])
                await crowd.wait_until_marked(1, seconds=60.0)
                return (memory_mb_of(broadcast.pid) - before) * 1000 / subscribers

    sides = {"Offhook": run_offhook, "bare Starlette websockets": run_bare}
    measured = await in_turn(context, sides, warm_up=False)
    series = {name: Series.of("MB/1000", values) for name, values in measured.items()}
    return Result(
        value=series["Offhook"].median,
        unit="MB",
        peer=series["bare Starlette websockets"].median,
        sides=series,
        checked={"subscribers": subscribers, "eachGotEvents": True},
    )


FIGURE: Final = Figure(
    name="rss_mb_per_1000_subscribers",
    description="memory growth of the service for 1,000 subscriptions, each on a socket of its own",
    beside="bare Starlette websockets",
    better=Better.LOWER,
    target=Goal(60),
    aim=Goal(15),
    run=run,
)
