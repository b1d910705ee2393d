"""Offhook as a process of its own, which a test may kill: ``offhook serve`` with the test's settings."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.config import Settings
from app.local.process import SupervisedProcess
from tests.rig.desk import PATIENCE_SECONDS

_ROOT = Path(__file__).resolve().parents[2]
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    process: SupervisedProcess
    url: str
    log_path: Path

    async def kill(self) -> None:
        """As an out-of-memory killer would."""
        self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def service_process(settings: Settings, directory: Path) -> AsyncIterator[ServiceProcess]:
    """Run ``offhook serve`` until the end of the block, or until it is killed; ready to dial at its beginning."""
    port = _free_port()
    log_path = directory / "serve.log"
    command = (sys.executable, "-c", "from app.cli.program import main; main()", "serve", "--port", str(port))
    async with await SupervisedProcess.start(
        command, stdout_path=log_path, cwd=_ROOT, env={**_plain_environment(), **_as_environment(settings)}
    ) as process:
        running = ServiceProcess(process, f"http://127.0.0.1:{port}", log_path)
        await _wait_until_ready(running)
        yield running


async def _wait_until_ready(running: ServiceProcess) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
        while True:
            assert running.process.is_running, running.log_path.read_text(errors="replace")[-3000:]
            with contextlib.suppress(httpx.TransportError):  # not listening yet
                if (await http.get(f"{running.url}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}


def _as_environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.ari_password is not None
    assert settings.ari_url is not None
    values = {
        "DATA_DIR": str(settings.data_dir),
        "NODE": settings.node,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "ARI_URL": settings.ari_url,
        "ARI_USERNAME": settings.ari_username,
        "ARI_PASSWORD": settings.ari_password.get_secret_value(),
        "ARI_APPLICATION": settings.ari_application,
        "LOG_FORMAT": "json",
    }
    return {f"OFFHOOK_{name}": value for name, value in values.items()}
