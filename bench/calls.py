"""Placing calls at a steady rate through either side, and what the wire says of them.

Arrivals are open-loop: a call is due at its instant whether or not the ones before it got anywhere, and set-up counts
from that instant, so a side that falls behind cannot hide it.
"""

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from bench.far_end import WireCall, WireLog
from bench.harness import BenchError, Context, percentile

LONGEST_SETUP_P99_MS: Final = 500.0
_DRAIN_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
#: A side this many seconds of calls behind will not come back within the probe.
_HOPELESS_SECONDS: Final = 3.0
_TALK_SECONDS: Final = 1.0
#: The search ends when the rate that holds and the one that does not are this near.
_RESOLUTION: Final = 1.06
_STEP: Final = 1.4

# +1 212 555 xxxx, nine thousand of them: more than one probe needs, and SIPp is the only one who is called.
_numbers = itertools.cycle(f"+1212555{number:04}" for number in range(1_000, 10_000))


class Caller(Protocol):
    """One side: places calls, and tells afterwards what its own books say of them."""

    @property
    def cpu_seconds(self) -> Mapping[str, float]:
        """Processor time so far, by program."""
        ...

    async def place(self, number: str) -> None:
        """Have the agent's phone and this number connected; returns when the request was taken. Raises if not."""
        ...

    async def audit(self, numbers: list[str]) -> list[str]:
        """What is wrong by this side's own books, once these calls are over; empty when nothing is."""
        ...


@dataclass(slots=True)
class Probe:
    """Calls placed at one rate, as seen on the wire. Instants became milliseconds from the instant a call was due."""

    rate: float
    placed: int = 0
    answered_ms: list[float] = field(default_factory=list)
    invited_ms: list[float] = field(default_factory=list)
    connected_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def setup_p99_ms(self) -> float:
        return percentile(self.connected_ms, 99)

    @property
    def is_sustained(self) -> bool:
        return not self.failures and self.setup_p99_ms < LONGEST_SETUP_P99_MS

    def __str__(self) -> str:
        if self.failures:
            return f"{self.rate:.0f}/s: {len(self.failures)} failures, such as: {self.failures[0][:160]}"
        return (
            f"{self.rate:.0f}/s: set-up p50 {percentile(self.connected_ms, 50):.0f} ms, p99 {self.setup_p99_ms:.0f} ms"
        )


async def probe(caller: Caller, wire: WireLog, rate: float, seconds: float) -> Probe:
    """Place calls at ``rate`` for ``seconds``, wait for their ends, and look at the wire and at the books."""
    wire.skip()
    result = Probe(rate)
    due: dict[str, float] = {}
    cpu_before = dict(caller.cpu_seconds)
    await _place_all(caller, result, due, rate, seconds)
    calls = await _drain(wire, list(due))
    cpu_after = caller.cpu_seconds
    result.cpu_seconds = {name: cpu_after[name] - before for name, before in cpu_before.items()}
    for number, due_at in due.items():
        call = calls.get(number)
        if call is None or call.connected_at is None:
            result.failures.append(f"{number} was never connected")
            continue
        if not call.has_ended:
            result.failures.append(f"{number} never ended")
        result.invited_ms.append((call.agent.invited_at - due_at) * 1000)
        result.connected_ms.append((call.connected_at - due_at) * 1000)
    result.failures.extend(await caller.audit(list(due)))
    return result


async def _place_all(caller: Caller, result: Probe, due: dict[str, float], rate: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began, began_at = loop.time(), time.time()
    under_way = 0

    async def place(number: str, due_at: float) -> None:
        nonlocal under_way
        under_way += 1
        try:
            await caller.place(number)
        except Exception as error:  # noqa: BLE001 -- whatever it was, the call failed, and that is the finding
            result.failures.append(f"{type(error).__name__}: {error}")
        else:
            result.answered_ms.append((time.time() - due_at) * 1000)
        finally:
            under_way -= 1

    async with asyncio.TaskGroup() as group:
        for index in range(max(1, round(rate * seconds))):
            wait = began + index / rate - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if under_way > rate * _HOPELESS_SECONDS + 20 or result.failures:
                result.failures.append(f"given up after {index} calls: {under_way} requests were not answered")
                break
            number = next(_numbers)
            due[number] = began_at + index / rate
            result.placed += 1
            group.create_task(place(number, due[number]))


async def _drain(wire: WireLog, numbers: list[str]) -> dict[str, WireCall]:
    deadline = time.monotonic() + _DRAIN_SECONDS
    await asyncio.sleep(_TALK_SECONDS)
    while True:
        calls = await asyncio.to_thread(wire.read)
        if all(number in calls and calls[number].has_ended for number in numbers) or time.monotonic() > deadline:
            return calls
        await asyncio.sleep(_POLL_SECONDS)


async def find_highest_rate(
    context: Context, caller: Caller, wire: WireLog, *, name: str, start: float, seconds: float, ceiling: float
) -> Probe:
    """The probe at the highest rate that is sustained, to about 6 %. ``start`` is where to look first.

    Raises:
        BenchError: not even a tenth of ``start`` is sustained.
    """
    best: Probe | None = None
    failed_at: float | None = None
    rate = start
    while failed_at is None or best is None or failed_at / best.rate > _RESOLUTION:
        seen = await probe(caller, wire, rate, seconds)
        context.say(f"    {name} {seen}")
        if seen.is_sustained:
            best = seen
            if rate >= ceiling:
                return best
        else:
            failed_at = rate
            if best is None and rate < start / 10:
                raise BenchError(f"{name} does not even sustain {rate:.0f} calls/s: {seen}")
        if failed_at is None:
            rate = min(ceiling, rate * _STEP)
        elif best is None:
            rate = failed_at / _STEP
        else:
            rate = (best.rate * failed_at) ** 0.5
    return best


async def warm_up(caller: Caller, wire: WireLog, *, count: int = 20) -> None:
    """Some calls that do not count: imports, prepared statements, connections.

    Raises:
        BenchError: one of them failed.
    """
    seen = await probe(caller, wire, rate=10.0, seconds=count / 10)
    if seen.failures:
        raise BenchError(f"Calls fail even at {seen}")


async def probe_held(caller: Caller, wire: WireLog, *, rate: float, count: int) -> list[str]:
    """Place calls that stay, at a far end that does not hang up; gives their numbers once all are connected.

    Raises:
        BenchError: one of them was not connected in time.
    """
    wire.skip()
    result, due = Probe(rate), dict[str, float]()
    await _place_all(caller, result, due, rate, count / rate)
    deadline = time.monotonic() + _DRAIN_SECONDS
    while not result.failures:
        calls = await asyncio.to_thread(wire.read)
        missing = [number for number in due if number not in calls or calls[number].connected_at is None]
        if not missing:
            return list(due)
        if time.monotonic() > deadline:
            result.failures.append(f"{len(missing)} calls were not connected")
        await asyncio.sleep(_POLL_SECONDS)
    raise BenchError(f"Not all {count} calls came to live at once: {result.failures[0]}")
