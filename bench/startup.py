"""How long ``offhook serve`` takes until it is ready, beside the time Python needs to import its two largest libraries.

Database (at the newest schema) and Asterisk are there already. Ready is when ``/readyz`` answers 200.
"""

import asyncio
import http.client
import os
import secrets
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from app.local.asterisk import AsteriskConfig, AsteriskInstance, running_asterisk
from app.local.process import SupervisedProcess
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn

OFFHOOK: Final = "offhook"
IMPORTS: Final = "python -c 'import strawberry, sqlmodel'"

_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.01


async def _run(context: Context) -> Result:
    dsn = await context.database()
    install = await context.asterisk_install()
    async with running_asterisk(AsteriskConfig(), install=install) as asterisk:
        sides_to_run: dict[str, Callable[[], Awaitable[float]]] = {
            OFFHOOK: partial(_start_offhook, context, dsn, asterisk),
            IMPORTS: _import_libraries,
        }
        measured = await in_turn(context, sides_to_run, rounds=context.count(5, 1))
    sides = {name: Series.of("s", taken) for name, taken in measured.items()}
    return Result(
        value=sides[OFFHOOK].median,
        unit="s",
        peer=sides[IMPORTS].median,
        sides=sides,
        checked={"starts that became ready": len(measured[OFFHOOK])},
        details={"times the imports": round(sides[OFFHOOK].median / sides[IMPORTS].median, 3)},
    )


async def _start_offhook(context: Context, dsn: str, asterisk: AsteriskInstance) -> float:
    """Seconds from the start of the process to its first 200 on /readyz."""
    folder = context.make_folder("startup")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **_as_users_have_it(os.environ),
        "OFFHOOK_NODE": "bench",
        "OFFHOOK_DATA_DIR": str(folder),
        "OFFHOOK_DATABASE_URL": dsn,
        "OFFHOOK_SECRET_KEY": secrets.token_urlsafe(40),
        "OFFHOOK_PORT": str(port),
        "OFFHOOK_ARI_URL": asterisk.ari_url,
        "OFFHOOK_ARI_USERNAME": asterisk.ari_username,
        "OFFHOOK_ARI_PASSWORD": asterisk.ari_password,
    }
    log = folder / "service.log"
    began = time.perf_counter()
    process = await SupervisedProcess.start(
        [str(Path(sys.executable).with_name("offhook")), "serve"],
        stdout_path=log,
        env=environment,
        cwd=folder,
        grace_seconds=15.0,
    )
    async with process:
        while not await asyncio.to_thread(_is_ready, port):
            if not process.is_running or time.perf_counter() - began > _READY_SECONDS:
                words = await asyncio.to_thread(log.read_text, "utf-8", "replace")
                raise BenchError(f"The service did not become ready: {words.strip()[-800:] or 'it said nothing'}")
            await asyncio.sleep(_POLL_SECONDS)
        return time.perf_counter() - began


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False  # not listening yet
    finally:
        connection.close()


async def _import_libraries() -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "import strawberry, sqlmodel"),
        env=_as_users_have_it(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() != 0:
        raise BenchError("strawberry and sqlmodel cannot be imported")
    return time.perf_counter() - began


def _as_users_have_it(environment: Mapping[str, str]) -> dict[str, str]:
    """Without settings, and without what keeps Python from caching its bytecode, which the warm-up then writes."""
    return {name: value for name, value in environment.items() if not name.startswith(("OFFHOOK_", "PYTHON"))}


FIGURE = Figure(
    name="startup_seconds",
    description="offhook serve → ready, database and Asterisk there",
    beside="python -c 'import strawberry, sqlmodel'",
    better=Better.LOWER,
    target=Goal(3, is_times_peer=True),
    aim=Goal(1.5, is_times_peer=True),
    run=_run,
)
