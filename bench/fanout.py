"""One fact to a thousand subscribers of one process, beside a bare broadcast of the same frames in the same rhythm."""

import statistics
from datetime import datetime
from typing import Final

import orjson

from bench.broadcast import running_broadcast
from bench.calls import probe, warm_up
from bench.calls_offhook import EVENTS, OffhookCaller, running_offhook_caller
from bench.crowd import Report, gathered, graphql_plan
from bench.far_end import FarEnd, running_far_end
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn

_EVENTS_PER_SECOND: Final = 50.0
#: created, 2 × (dialing, ringing, answered, ended), connected, ended.
_FACTS_PER_CALL: Final = 11
_WAIT_SECONDS: Final = 240.0


async def run(context: Context) -> Result:
    subscribers = context.count(1000, 50)
    seconds = context.seconds(6.0, 3.0)
    rate = _EVENTS_PER_SECOND / _FACTS_PER_CALL

    async with running_far_end(context) as far_end, running_offhook_caller(context, far_end) as caller:
        await warm_up(caller, far_end.wire)
        one_call = await _frames_of_one_call(caller, far_end)
        frames = _in_rhythm(one_call, calls=round(rate * seconds), rate=rate)
        plan = graphql_plan(caller.service.url, caller.service.token, EVENTS, subscribers=subscribers)

        async def run_offhook() -> Report:
            caller.frames = []
            async with gathered(plan) as crowd:
                seen = await probe(caller, far_end.wire, rate, seconds)
                if seen.failures:
                    raise BenchError(f"Calls failed under the fan-out: {seen}")
                report = await crowd.wait_until_marked(seen.placed, seconds=_WAIT_SECONDS)
            if report.events != len(caller.frames) * subscribers:
                raise BenchError(f"{len(caller.frames)} events became {report.events} for {subscribers} subscribers.")
            return report

        async def run_bare() -> Report:
            async with running_broadcast(context) as broadcast, gathered(broadcast.plan(subscribers)) as crowd:
                await broadcast.play(frames)
                ends = sum("CALL_ENDED" in text for _, text in frames)
                report = await crowd.wait_until_marked(ends, seconds=_WAIT_SECONDS)
            if report.events != len(frames) * subscribers:
                raise BenchError(f"{len(frames)} messages became {report.events} for {subscribers} sockets.")
            return report

        reports = await in_turn(context, {"Offhook": run_offhook, "bare Starlette broadcast": run_bare})
    series = {name: Series.of("ms p99", [report.p99_ms for report in found]) for name, found in reports.items()}
    return Result(
        value=series["Offhook"].median,
        unit="ms",
        peer=series["bare Starlette broadcast"].median,
        sides=series,
        checked={
            "framesDelivered": {name: sum(report.events for report in found) for name, found in reports.items()},
            "everySubscriberGotEveryEvent": True,
            "gapsAndOtherMessages": sum(report.others for report in reports["Offhook"]),
        },
        details={
            "subscribers": subscribers,
            "eventsPerSecond": _EVENTS_PER_SECOND,
            "p50Ms": {name: statistics.median(r.p50_ms for r in found) for name, found in reports.items()},
            "mostMs": {name: max(r.most_ms for r in found) for name, found in reports.items()},
        },
    )


async def _frames_of_one_call(caller: OffhookCaller, far_end: FarEnd) -> list[tuple[float, str]]:
    """The frames of a call that nothing disturbs, each with the instant of its event and a gap where that was."""
    caller.frames = []
    seen = await probe(caller, far_end.wire, 1.0, 1.0)
    if seen.failures or len(caller.frames) != _FACTS_PER_CALL:
        raise BenchError(f"One call alone gave {len(caller.frames)} frames: {seen}")
    frames = []
    for text in caller.frames:
        stamp: str = orjson.loads(text)["payload"]["data"]["events"]["event"]["timestamp"]
        frames.append((datetime.fromisoformat(stamp).timestamp(), text.replace(f'"{stamp}"', '"@"')))
    return frames


def _in_rhythm(one_call: list[tuple[float, str]], *, calls: int, rate: float) -> list[tuple[float, str]]:
    """What an undisturbed Offhook would send: every call's frames at their offsets from when the call is due."""
    began_at = min(at for at, _ in one_call)
    return sorted((index / rate + at - began_at, text) for index in range(calls) for at, text in one_call)


FIGURE: Final = Figure(
    name="fanout_1000_p99_ms",
    description="ARI event to frame at each of 1,000 subscribers of one process, 50 events/s",
    beside="a bare Starlette websocket broadcast of the same frames",
    better=Better.LOWER,
    target=Goal(2, is_times_peer=True),
    aim=Goal(1.2, is_times_peer=True),
    run=run,
)
