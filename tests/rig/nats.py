"""A real NATS server, that a test may end and start again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from app.local.process import SupervisedProcess
from tests.rig.free_port import reserve_port
from tests.rig.unpacked import ensure_unpacked

_SECONDS = 60.0
_POLL_SECONDS = 0.02


class NatsServer:
    """One server on a port of its own; ``url`` stays the same over its ends."""

    def __init__(self, program: Path, directory: Path, port: int, options: tuple[str, ...]) -> None:
        self._command = (str(program), "--addr", "127.0.0.1", "--port", str(port), *options)
        self._log = directory / f"nats-{port}.log"
        self._port = port
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def url_as(self, who: str) -> str:
        """With credentials."""
        return f"nats://{who}@127.0.0.1:{self._port}"

    async def start(self) -> None:
        process = await self._stack.enter_async_context(
            await SupervisedProcess.start(self._command, stdout_path=self._log)
        )
        async with asyncio.timeout(_SECONDS):
            while True:
                assert process.is_running, self._log.read_text(encoding="utf-8")
                with contextlib.suppress(OSError):  # not listening yet
                    _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                    writer.close()
                    return
                await asyncio.sleep(_POLL_SECONDS)

    async def stop(self) -> None:
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def running_nats(directory: Path, *options: str) -> AsyncIterator[NatsServer]:
    """A server with these options, until the end of the block."""
    program = await asyncio.to_thread(ensure_unpacked, "nats-server", "usr/sbin/nats-server")
    with reserve_port() as reserved:
        server = NatsServer(program, directory, reserved.getsockname()[1], options)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
