"""A service that is always started again, as by systemd with Restart=always, at one address."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.config import Settings
from app.local.process import SupervisedProcess
from tests.rig.free_port import reserve_port
from tests.rig.service_process import environment_of

_ROOT = Path(__file__).resolve().parents[2]
_AGAIN_SECONDS = 0.3
_POLL_SECONDS = 0.1
_REQUEST_SECONDS = 2.0


@dataclass
class ServiceKeeper:
    """``starts`` counts how often it was started, ``exits`` are the codes of those that ended by themselves."""

    url: str
    port: int
    settings: Settings
    log_path: Path
    starts: int = 0
    exits: list[int] = field(default_factory=list)
    _process: SupervisedProcess | None = None
    _is_killed: bool = False

    async def run(self) -> None:
        """Keep it up until cancelled."""
        program = "from app.cli.program import main; main()"
        command = (sys.executable, "-c", program, "serve", "--port", str(self.port))
        while True:
            self._is_killed = False
            async with await SupervisedProcess.start(
                command, stdout_path=self.log_path, cwd=_ROOT, env=environment_of(self.settings)
            ) as process:
                self._process = process
                self.starts += 1
                code = await process.wait()
            if not self._is_killed:
                self.exits.append(code)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def kill(self) -> None:
        """kill -9; the next one is started at once."""
        if self._process is not None and self._process.is_running:
            self._is_killed = True
            self._process.kill()
            await self._process.wait()

    async def is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=_REQUEST_SECONDS) as http:
                return (await http.get(f"{self.url}/readyz")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    async def wait_until_ready(self, *, seconds: float) -> None:
        """Raises AssertionError with its last words when it is not ready in time."""
        try:
            async with asyncio.timeout(seconds):
                while not await self.is_ready():
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"not ready within {seconds:g} s; its last words:\n{self.last_words()}") from None

    def last_words(self, count: int = 15) -> str:
        """The last lines of its log that are not mere information."""
        lines = []
        for line in self.log_path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # a traceback's line, which is worth showing
                if json.loads(line).get("level") in {"info", "debug"}:
                    continue
            lines.append(line[:300])
        return "\n".join(lines[-count:])


@contextlib.asynccontextmanager
async def kept_service(settings: Settings, log_path: Path) -> AsyncIterator[ServiceKeeper]:
    """Keep a service up for the length of the block."""
    async with contextlib.AsyncExitStack() as stack:
        port = int(stack.enter_context(reserve_port()).getsockname()[1])  # its own, from one start to the next
        keeper = ServiceKeeper(f"http://127.0.0.1:{port}", port, settings, log_path)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        running = group.create_task(keeper.run())
        try:
            yield keeper
        finally:
            running.cancel()
