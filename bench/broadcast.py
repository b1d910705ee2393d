"""The bare Starlette broadcast as a process."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from app.local.process import SupervisedProcess
from bench.crowd import Plan
from bench.harness import BenchError, Context

_ROOT: Final = Path(__file__).resolve().parents[1]
_READY_SECONDS: Final = 20.0
_PLAY_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A running server."""

    port: int
    pid: int

    def plan(self, subscribers: int) -> Plan:
        return Plan(host="127.0.0.1", port=self.port, path="/", subscribers=subscribers)

    async def play(self, messages: Sequence[tuple[float, str]]) -> None:
        """Send each text to every socket at its offset in seconds; returns when all are sent."""
        timeout = aiohttp.ClientTimeout(total=_PLAY_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"http://127.0.0.1:{self.port}/play", json=messages) as response,
        ):
            response.raise_for_status()


@asynccontextmanager
async def running_broadcast(context: Context) -> AsyncIterator[Broadcast]:
    """Serve until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    folder = context.make_folder("broadcast")
    command = (sys.executable, "-m", "bench.broadcast_server", str(port))
    async with await SupervisedProcess.start(command, stdout_path=folder / "server.log", cwd=_ROOT) as process:
        async with asyncio.timeout(_READY_SECONDS):
            while not await _answers(port):
                if not process.is_running:
                    raise BenchError(f"The bare broadcast did not start: {(folder / 'server.log').read_text()[-800:]}")
                await asyncio.sleep(_POLL_SECONDS)
        yield Broadcast(port, process.pid)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:  # not listening yet
        return False
    writer.close()
    await writer.wait_closed()
    return True
