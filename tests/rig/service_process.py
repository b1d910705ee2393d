"""Offhook as a process of its own, which a test may kill: ``offhook serve`` with the test's settings."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from app import failpoints
from app.config import Settings
from app.local.process import SupervisedProcess
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.free_port import reserve_port

_ROOT = Path(__file__).resolve().parents[2]
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    process: SupervisedProcess
    url: str
    log_path: Path

    async def parts(self) -> dict[str, dict[str, object]]:
        """What it says of itself at /readyz."""
        async with httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
            parts: dict[str, dict[str, object]] = (await http.get(f"{self.url}/readyz")).json()["parts"]
            return parts

    async def kill(self) -> None:
        """As an out-of-memory killer would."""
        self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def service_process(
    settings: Settings,
    directory: Path,
    *,
    name: str = "serve",
    roles: str | None = None,
    failpoint: str | None = None,
    probe: str = "/readyz",
    before: str = "",
) -> AsyncIterator[ServiceProcess]:
    """Run ``offhook serve`` until the end of the block, or until it is killed; ready at its beginning.

    ``name`` is that of its log file, ``roles`` are all when there are none. ``failpoint``: see :mod:`app.failpoints`.
    ``probe`` is what says that it is ready; ``/healthz`` for one that has no Asterisk. ``before`` is Python, run first.
    """
    log_path = directory / f"{name}.log"
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        command: tuple[str, ...] = (
            sys.executable,
            "-c",
            f"{before}\nfrom app.cli.program import main; main()",
            "serve",
        )
        command += ("--port", str(port), *(() if roles is None else ("--roles", roles)))
        async with await SupervisedProcess.start(
            command, stdout_path=log_path, cwd=_ROOT, env=environment_of(settings) | _armed(failpoint)
        ) as process:
            running = ServiceProcess(process, f"http://127.0.0.1:{port}", log_path)
            await _wait_until_ready(running, probe)
            yield running


async def _wait_until_ready(running: ServiceProcess, probe: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
        while True:
            assert running.process.is_running, running.log_path.read_text(errors="replace")[-3000:]
            with contextlib.suppress(httpx.TransportError):  # not listening yet
                if (await http.get(f"{running.url}{probe}")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(_POLL_SECONDS)


def environment_of(settings: Settings) -> dict[str, str]:
    """The whole environment of a service with these settings: none of ``OFFHOOK_*`` but theirs."""
    return {**_plain_environment(), **_as_environment(settings)}


def _armed(failpoint: str | None) -> dict[str, str]:
    return {} if failpoint is None else {failpoints.VARIABLE: failpoint}


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}


def _as_environment(settings: Settings) -> dict[str, str]:
    """Every setting that differs from its default, as the environment has it."""
    values = {
        name: _as_text(value)
        for name, field in Settings.model_fields.items()
        if (value := getattr(settings, name)) is not None
        and name != "port"
        and value != field.get_default(call_default_factory=True)
    }
    return {f"OFFHOOK_{name.upper()}": value for name, value in {**values, "log_format": "json"}.items()}


def _as_text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case list() | tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)
