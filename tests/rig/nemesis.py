"""The nemesis: two random faults at a time, again and again, from one seed.

::

    nemesis = Nemesis(targets, random.Random(seed))
    await nemesis.rage(60.0)      # every fault is over when this returns
    print(nemesis.journal)

A fault hits one target; the two of a pair hit different ones, at different moments.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.rig.fault_proxy import FaultProxy
from tests.rig.own_postgres import OwnPostgres
from tests.rig.service_keeper import ServiceKeeper
from tests.webhooks.sink import OK, Reply, Sink

SHORTEST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 30.0

#: Requests to Asterisk of which the answer may be lost, by what their first line holds.
LOSABLE: Final = (
    b"POST /ari/channels/create",
    b"/dial?",
    b"POST /ari/bridges",
    b"/addChannel?",
    b"DELETE /ari/channels/",
    b"DELETE /ari/bridges/",
)
SINK_MODES: Final = {
    "500": Reply(status=500),
    "429": Reply(status=429, headers={"retry-after": "1"}),
    "slow": Reply(delay=3.0),
    "drip": Reply(body=b"x" * 64, stall=2.0),
    "nonsense": Reply(raw=b"nonsense\r\n\r\n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What may be hit. ``restart_asterisk`` kills it and starts the next one; without it, it is left alone."""

    service: ServiceKeeper
    wire: FaultProxy
    postgres: OwnPostgres
    sink: Sink
    sink_path: str
    restart_asterisk: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """``target``: what it hits, ``weight``: how often it is drawn."""

    name: str
    target: str
    weight: int
    strike: Callable[[], Awaitable[None]]


@dataclass
class Nemesis:
    """``journal`` has a line for each fault, with its second and how long it took."""

    targets: Targets
    rng: random.Random
    journal: list[str] = field(default_factory=list)
    _began: float = 0.0

    async def rage(self, seconds: float) -> None:
        """Strike for so long; the first pair comes at once."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        while loop.time() - self._began < seconds:
            pair = self._draw()
            pause = self.rng.uniform(SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
            delays = [0.0, self.rng.uniform(0.0, 3.0)]
            next_at = loop.time() + pause
            async with asyncio.TaskGroup() as group:
                for fault, delay in zip(pair, delays, strict=True):
                    group.create_task(self._strike(fault, delay))
            end = min(next_at, self._began + seconds)
            await asyncio.sleep(max(0.0, end - loop.time()))

    def _draw(self) -> Sequence[Fault]:
        faults = self._faults()
        [first] = self.rng.choices(faults, [fault.weight for fault in faults])
        others = [fault for fault in faults if fault.target != first.target]
        [second] = self.rng.choices(others, [fault.weight for fault in others])
        return first, second

    async def _strike(self, fault: Fault, delay_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(delay_seconds)
        at = loop.time()
        await fault.strike()
        self.journal.append(f"{at - self._began:6.1f} s  {fault.name} ({loop.time() - at:.1f} s)")

    def _faults(self) -> list[Fault]:
        # All that is random is drawn before anything happens, so that one seed is one run, whatever takes how long.
        rng = self.rng
        cut, held, down, frozen = rng.uniform(0.2, 4.0), rng.uniform(1.0, 8.0), rng.uniform(0.0, 3.0), rng.uniform(1, 6)
        request = rng.choice(LOSABLE)
        mode, for_seconds = rng.choice(list(SINK_MODES)), rng.uniform(3.0, 12.0)
        faults = [
            Fault("service killed", "service", 3, self.targets.service.kill),
            Fault(f"ARI cut for {cut:.1f} s", "wire", 2, lambda: self._cut(cut)),
            Fault(f"ARI half-open for {held:.1f} s", "wire", 2, lambda: self._hold(held)),
            Fault(f"answer to {request.decode()} lost", "wire", 2, lambda: self._lose(request)),
            Fault(f"PostgreSQL restarted after {down:.1f} s", "postgres", 2, lambda: self._restart_postgres(down)),
            Fault(f"PostgreSQL frozen for {frozen:.1f} s", "postgres", 1, lambda: self._freeze_postgres(frozen)),
            Fault("PostgreSQL sessions cut", "postgres", 2, self._cut_sessions),
            Fault(f"sink {mode} for {for_seconds:.1f} s", "sink", 2, lambda: self._spoil_sink(mode, for_seconds)),
        ]
        if (restart := self.targets.restart_asterisk) is not None:
            faults.append(Fault("Asterisk killed", "wire", 1, restart))
        return faults

    async def _cut(self, seconds: float) -> None:
        self.targets.wire.cut()
        await asyncio.sleep(seconds)
        self.targets.wire.mend()

    async def _hold(self, seconds: float) -> None:
        self.targets.wire.hold()
        await asyncio.sleep(seconds)
        self.targets.wire.mend()

    async def _lose(self, request: bytes) -> None:
        self.targets.wire.lose_answer_to(request)

    async def _restart_postgres(self, down_seconds: float) -> None:
        await self.targets.postgres.end_at_once()
        await asyncio.sleep(down_seconds)
        await self.targets.postgres.start()

    async def _freeze_postgres(self, seconds: float) -> None:
        self.targets.postgres.freeze()
        await asyncio.sleep(seconds)
        self.targets.postgres.thaw()

    async def _cut_sessions(self) -> None:
        await self.targets.postgres.end_sessions()

    async def _spoil_sink(self, mode: str, seconds: float) -> None:
        self.targets.sink.behaviours[self.targets.sink_path] = lambda _: SINK_MODES[mode]
        await asyncio.sleep(seconds)
        self.targets.sink.behaviours[self.targets.sink_path] = lambda _: OK
