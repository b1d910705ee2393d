"""How long after kill -9 a service with many live calls has them all again, and takes new ones.

The clock starts with the kill. It stops when ``/readyz`` says 200 and every call's ``call.recovered`` is committed.
Beside it stands what cannot be had for less: asking that Asterisk for all its channels and bridges.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import aiohttp
import asyncpg
import httpx

from bench.calls import probe_held
from bench.calls_offhook import OffhookCaller
from bench.far_end import FarEnd, running_far_end
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn
from bench.service import RunningService, running_service_process, wait_until_ready

OFFHOOK: Final = "offhook"
ASTERISK: Final = "GET /channels + /bridges"

_RATE: Final = 40.0
_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_LOOKS: Final = 5

_RECOVERED: Final = "SELECT count(DISTINCT subject_id) FROM event WHERE type = 'call.recovered'"
_RECORDS: Final = "SELECT count(*) FROM cdr WHERE disposition = 'ANSWERED' AND source = 'RECOVERED'"


async def _run(context: Context) -> Result:
    count = context.count(500, 40)
    looks: list[float] = []

    async def measure() -> float:
        async with (
            running_far_end(context, hold=True) as far_end,
            running_service_process(context, await context.database(), asterisk=far_end.asterisk) as service,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
        ):
            caller = OffhookCaller(session, service, far_end, await context.postgres())
            numbers = await probe_held(caller, far_end.wire, rate=context.seconds(_RATE, _RATE / 4), count=count)
            looks.append(await _look_at_asterisk(far_end))
            began = time.perf_counter()
            await service.kill_and_start_again()
            async with asyncio.TaskGroup() as group:
                group.create_task(wait_until_ready(service))
                group.create_task(_wait_for(service, _RECOVERED, count))
            seconds = time.perf_counter() - began
            await _end_all(caller, far_end, service, numbers)
            return seconds

    measured = await in_turn(context, {OFFHOOK: measure}, warm_up=False)
    sides = {OFFHOOK: Series.of("s", measured[OFFHOOK]), ASTERISK: Series.of("s", looks)}
    return Result(
        value=sides[OFFHOOK].median,
        unit="s",
        peer=sides[ASTERISK].median,
        sides=sides,
        checked={"callsAdopted": count, "allEndedByRequestOnTheWire": True, "allWithTheirRecords": True},
    )


async def _look_at_asterisk(far_end: FarEnd) -> float:
    """The least of some looks, which is the kindest to Asterisk."""
    asterisk = far_end.asterisk
    auth = (asterisk.ari_username, asterisk.ari_password)
    taken: list[float] = []
    async with httpx.AsyncClient(
        base_url=f"{asterisk.ari_url}/ari", auth=auth, timeout=_SECONDS, trust_env=False
    ) as http:
        for _ in range(_LOOKS):
            began = time.perf_counter()
            for path in ("/channels", "/bridges"):
                (await http.get(path)).raise_for_status()
            taken.append(time.perf_counter() - began)
    return min(taken)


async def _wait_for(service: RunningService, query: str, count: int) -> None:
    connection = await asyncpg.connect(service.dsn, timeout=_SECONDS, command_timeout=_SECONDS)
    found = 0
    try:
        async with asyncio.timeout(_SECONDS):
            while (found := await connection.fetchval(query)) < count:  # noqa: ASYNC110 -- another process writes it
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise BenchError(f"Only {found} of {count} calls came: {query}") from None
    finally:
        await connection.close(timeout=_SECONDS)


async def _end_all(caller: OffhookCaller, far_end: FarEnd, service: RunningService, numbers: Sequence[str]) -> None:
    """Each adopted call obeys, ends on the wire, and has its record."""
    for number in numbers:
        await caller.hang_up(number)
    await _wait_for(service, _RECORDS, len(numbers))
    calls = await asyncio.to_thread(far_end.wire.read)
    left = [number for number in numbers if not calls[number].has_ended]
    if left:
        raise BenchError(f"{len(left)} calls did not end on the wire.")


FIGURE: Final = Figure(
    name="recovery_seconds",
    description="kill -9 with 500 live calls → all adopted and ready",
    beside=ASTERISK,
    better=Better.LOWER,
    target=Goal(5),
    aim=Goal(1),
    run=_run,
)
