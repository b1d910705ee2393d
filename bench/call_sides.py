"""Both sides of the figures about calls, on one Asterisk and one SIPp, and their measurement at a steady rate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bench.calls import Probe, probe, warm_up
from bench.calls_bare import BareLoop, running_bare_loop
from bench.calls_offhook import OffhookCaller, running_offhook_caller
from bench.far_end import FarEnd, running_far_end
from bench.harness import BenchError, Context, in_turn

OFFHOOK: Final = "Offhook"
BARE: Final = "bare ARI loop"

_STEADY_RATE: Final = 50.0
_QUICK_RATE: Final = 10.0
_STEADY_SECONDS: Final = 12.0


@dataclass(frozen=True, slots=True)
class CallSides:
    """Warmed up. The one that is not measured is connected and idle."""

    far_end: FarEnd
    offhook: OffhookCaller
    bare: BareLoop


async def call_sides(context: Context) -> CallSides:
    """The two sides, started on first use and kept for the run."""
    return await context.enter_shared("call-sides", lambda: _running_sides(context))


@asynccontextmanager
async def _running_sides(context: Context) -> AsyncIterator[CallSides]:
    async with (
        running_far_end(context) as far_end,
        running_bare_loop(far_end) as bare,
        running_offhook_caller(context, far_end) as offhook,
    ):
        for caller in (bare, offhook):
            await warm_up(caller, far_end.wire)
        yield CallSides(far_end, offhook, bare)


@dataclass(frozen=True, slots=True)
class SteadyCalls:
    """Rounds of both sides at one rate."""

    rate: float
    offhook: list[Probe]
    bare: list[Probe]


async def steady_calls(context: Context) -> SteadyCalls:
    """Both sides in turn at 50 calls/s; two figures read it.

    Raises:
        BenchError: a call failed: then the rate is not sustained, and a latency or a cost would be a lie.
    """
    return await context.shared("steady-calls", lambda: _measure_steady(context))


async def _measure_steady(context: Context) -> SteadyCalls:
    sides = await call_sides(context)
    rate = context.seconds(_STEADY_RATE, _QUICK_RATE)
    seconds = context.seconds(_STEADY_SECONDS, 3.0)

    async def run_offhook() -> Probe:
        return await probe(sides.offhook, sides.far_end.wire, rate, seconds)

    async def run_bare() -> Probe:
        return await probe(sides.bare, sides.far_end.wire, rate, seconds)

    measured = await in_turn(context, {OFFHOOK: run_offhook, BARE: run_bare}, warm_up=False)
    for name, probes in measured.items():
        for seen in probes:
            context.say(f"    {name} {seen}")
            if seen.failures:
                raise BenchError(f"{name} at {seen}")
    return SteadyCalls(rate, measured[OFFHOOK], measured[BARE])
