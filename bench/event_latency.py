"""From an ARI event to a frame at the subscriber, durable in between, beside a handler that only looks at it.

Both clocks start at Asterisk's own timestamp of the event (whole milliseconds, the same for both), so both carry
Asterisk's sending. Calls at a rate that makes 500 ARI events a second; Offhook's frames are those that ARI events
caused.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from bench.calls import probe, warm_up
from bench.calls_bare import running_bare_loop
from bench.calls_offhook import EVENTS, running_offhook_caller
from bench.crowd import gathered, graphql_plan
from bench.far_end import AGENT_ENDPOINT, TRUNK_ENDPOINT, FarEnd, running_far_end
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn, percentile

_ROOT: Final = Path(__file__).resolve().parents[1]
_EVENTS_PER_SECOND: Final = 500.0
#: What Asterisk sends for one such call, less what is filtered away: counted in the recorded stream.
_ARI_EVENTS_PER_CALL: Final = 27
_CAUSED_BY_ARI: Final = ("LEG_RINGING", "LEG_ANSWERED", "CALL_CONNECTED", "LEG_ENDED", "CALL_ENDED")
_FRAMES_PER_CALL: Final = 8
_APP: Final = "witness"
_SECONDS: Final = 30.0


async def run(context: Context) -> Result:
    rate = context.seconds(_EVENTS_PER_SECOND, 100.0) / _ARI_EVENTS_PER_CALL
    seconds = context.seconds(12.0, 3.0)
    counts = {"Offhook": 0, "aioari handler": 0}

    async with (
        running_far_end(context) as far_end,
        running_bare_loop(far_end) as bare,
        running_offhook_caller(context, far_end) as caller,
    ):
        for one in (bare, caller):
            await warm_up(one, far_end.wire)
        service = caller.service
        plan = graphql_plan(
            service.url, service.token, EVENTS, subscribers=1, variables={"types": list(_CAUSED_BY_ARI)}
        )

        async def run_offhook() -> float:
            async with gathered(plan) as crowd:
                seen = await probe(caller, far_end.wire, rate, seconds)
                if seen.failures:
                    raise BenchError(f"Calls failed: {seen}")
                report = await crowd.wait_until_marked(seen.placed, seconds=_SECONDS)
            if report.events != seen.placed * _FRAMES_PER_CALL:
                raise BenchError(f"{seen.placed} calls became {report.events} frames.")
            counts["Offhook"] += report.events
            return report.p99_ms

        async def run_aioari() -> float:
            async with _witnessing(far_end) as latencies:
                seen = await probe(bare, far_end.wire, rate, seconds)
                if seen.failures:
                    raise BenchError(f"The bare loop's calls failed: {seen}")
            if len(latencies) < seen.placed * _FRAMES_PER_CALL:
                raise BenchError(f"aioari's handler was called {len(latencies)} times for {seen.placed} calls.")
            counts["aioari handler"] += len(latencies)
            return percentile(latencies, 99)

        measured = await in_turn(context, {"Offhook": run_offhook, "aioari handler": run_aioari})
    series = {name: Series.of("ms p99", values) for name, values in measured.items()}
    return Result(
        value=series["Offhook"].median,
        unit="ms",
        peer=series["aioari handler"].median,
        sides=series,
        checked={"eventsMeasured": counts, "frames": f"all {_FRAMES_PER_CALL} of every call"},
        details={"callsPerSecond": rate},
    )


@asynccontextmanager
async def _witnessing(far_end: FarEnd) -> AsyncIterator[list[float]]:
    """aioari's latencies are in the list after the block."""
    asterisk = far_end.asterisk
    arguments = (asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, _APP)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("aioari_witness.py")), *arguments),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    latencies: list[float] = []
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_SECONDS):
            if (await process.stdout.readline()).strip() != b"ready":
                raise BenchError("aioari did not connect; its last words are above.")
        await _subscribe(far_end)
        yield latencies
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate(b"")
        latencies.extend(json.loads(output))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _subscribe(far_end: FarEnd) -> None:
    """aioari's ``run`` cannot ask for everything, so its application is subscribed to both endpoints' channels."""
    asterisk = far_end.asterisk
    headers = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    sources = ",".join(f"endpoint:PJSIP/{name}" for name in (AGENT_ENDPOINT, TRUNK_ENDPOINT))
    url = f"{asterisk.ari_url}/ari/applications/{_APP}/subscription"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, params={"eventSource": sources}) as response,
    ):
        response.raise_for_status()


FIGURE: Final = Figure(
    name="event_latency_p99_ms",
    description="ARI event to frame at a subscriber, committed in between, at 500 ARI events/s",
    beside="an aioari handler, no database",
    better=Better.LOWER,
    target=Goal(25),
    aim=Goal(5),
    run=run,
)
