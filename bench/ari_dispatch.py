"""Events parsed, typed and dispatched per second: one recorded stream of real ARI events, four clients.

Each client is a process of its own and reads the same frames from the same server as fast as it can. The time runs
from the server's first byte to the client's last handler. Every client must have seen every event under its type.
Each reads as an application on it does: the peers into dictionaries or objects, Offhook into the fields that it acts on
(every message is read to its end as JSON all the same), and from there to the mailbox of the call.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import orjson

from app.local.asterisk import running_asterisk
from bench.dispatch.front import Front, running_front
from bench.dispatch.record import read_stream
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn
from bench.peers import node, node_folder, peer_python

_HERE: Final = Path(__file__).with_name("dispatch")
_ROOT: Final = Path(__file__).resolve().parents[1]
_REPEATS: Final = 12
_SECONDS: Final = 150.0
_APP: Final = "offhook"


async def run(context: Context) -> Result:
    stream = read_stream()
    events = stream * context.count(_REPEATS, 2)
    expected = Counter(orjson.loads(event)["type"] for event in events)
    peers_python, modules = await peer_python(context), await node_folder(context) / "node_modules"
    programs = {
        "Offhook": [sys.executable, "-m", "bench.dispatch.offhook_client"],
        "aioari": [sys.executable, str(_HERE / "aioari_client.py")],
        "asyncari": [str(peers_python), str(_HERE / "asyncari_client.py")],
        "node-ari-client": [node(), str(_HERE / "node_client.cjs")],
    }
    install = await context.asterisk_install()
    async with running_asterisk(install=install) as asterisk, running_front(asterisk, replayed=events) as front:

        async def measure(name: str) -> float:
            return await _run_client(name, programs[name], front, expected, modules)

        sides = {name: _bind(measure, name) for name in programs}
        rates = await in_turn(context, sides)
    series = {name: Series.of("events/s", values) for name, values in rates.items()}
    fastest = max((name for name in series if name != "Offhook"), key=lambda name: series[name].median)
    return Result(
        value=series["Offhook"].median / series[fastest].median,
        unit="×",
        sides=series,
        checked={"eventsPerRound": len(events), "everyTypeCountedByEveryClient": dict(expected)},
        details={"fastestPeer": fastest, "bytesPerEvent": sum(map(len, events)) / len(events)},
    )


def _bind(measure: Callable[[str], Awaitable[float]], name: str) -> Callable[[], Awaitable[float]]:
    return lambda: measure(name)


async def _run_client(name: str, command: list[str], front: Front, expected: Counter[str], modules: Path) -> float:
    arguments = (front.url, front.asterisk.ari_username, front.asterisk.ari_password, _APP)
    process = await asyncio.create_subprocess_exec(
        *(*command, *arguments, str(expected.total()), json.dumps(sorted(expected))),
        cwd=_ROOT,
        env={**os.environ, "NODE_PATH": str(modules), "PYTHONWARNINGS": "ignore", "NODE_NO_WARNINGS": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    lines = output.splitlines()
    if not lines:
        raise BenchError(f"{name} printed no result: {errors.decode(errors='replace')[-600:]}")
    answer = orjson.loads(lines[-1])
    if answer["counts"] != dict(expected):
        raise BenchError(f"{name} did not see every event: {answer['counts']} instead of {dict(expected)}")
    rate: float = expected.total() / (answer["finishedAt"] - front.began_at)
    return rate


FIGURE: Final = Figure(
    name="ari_dispatch_ratio",
    description="ARI events read, parsed, typed and dispatched per second from one recorded stream",
    beside="the fastest of aioari, asyncari and node-ari-client",
    better=Better.HIGHER,
    target=Goal(1.5),
    aim=Goal(5),
    run=run,
)
