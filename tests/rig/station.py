"""An Asterisk of a test's own that may end, and whose successor is found at the same address."""

import asyncio
import contextlib
from pathlib import Path

from app.errors import AsteriskUnavailableError
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, running_asterisk
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk


class Station:
    """``wire`` leads to the ``asterisk`` that was started last. In a ``directory`` each has what the last left."""

    def __init__(self, config: AsteriskConfig, install: AsteriskInstall, directory: Path | None = None) -> None:
        self._config = config
        self._install = install
        self._directory = directory
        self._stack = contextlib.AsyncExitStack()
        self.wire: FaultProxy
        self.asterisk: AsteriskInstance

    async def start(self) -> None:
        """Start the first, or the next one once the last has ended."""
        is_first = not hasattr(self, "wire")
        running = running_asterisk(self._config, install=self._install, directory=self._directory)
        started = await self._stack.enter_async_context(running)
        self.asterisk = started
        if is_first:
            self.wire = await self._stack.enter_async_context(proxy_to_asterisk(started.ari_url))
        self.wire.open_target = lambda: asyncio.open_connection("127.0.0.1", started.ports.http)

    async def close(self) -> None:
        await self._stack.aclose()

    async def command(self, text: str) -> None:
        """Say it on the console. An Asterisk that ends answers nobody any more."""
        with contextlib.suppress(AsteriskUnavailableError):
            await self.asterisk.run_cli(text)

    async def kill(self) -> None:
        """Kill -9: it says BYE to nobody."""
        self.asterisk.process.kill()
        await self.asterisk.process.wait()

    async def restart_now(self) -> None:
        """End it at once, with a BYE to everybody."""
        await self.command("core restart now")
        await self.asterisk.process.wait()
