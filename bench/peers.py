"""Peers that are nobody's dependency: installed into the benchmark's cache, in exactly the versions pinned here.

``bench/requirements.lock`` (Python, each file checked by its hash) and ``bench/package-lock.json`` (Node.js).
"""

import asyncio
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from bench.harness import BenchError, Context

_HERE: Final = Path(__file__).parent
_INSTALL_SECONDS: Final = 600.0


async def peer_python(context: Context) -> Path:
    """The interpreter of a virtual environment with the Python peers.

    Raises:
        BenchError: it could not be made; the message ends with why.
    """
    return await context.shared("peer-python", lambda: _make_environment(context))


async def node_folder(context: Context) -> Path:
    """A folder whose ``node_modules`` hold the Node.js peers.

    Raises:
        BenchError: there is no Node.js, or the packages could not be installed.
    """
    return await context.shared("node-folder", lambda: _make_node_folder(context))


def node() -> str:
    """The program ``node``.

    Raises:
        BenchError: it is not on this machine.
    """
    found = shutil.which("node")
    if found is None:
        raise BenchError(
            "There is no Node.js on this machine, and a peer needs it. Install it: apt-get install nodejs npm"
        )
    return found


async def _make_environment(context: Context) -> Path:
    lock = _HERE / "requirements.lock"
    folder = context.cache_dir / f"python-{_fingerprint(sys.version, lock)}"
    python = folder / "bin" / "python"
    done = folder / "complete"
    if not done.exists():
        context.say("installing the Python peers into the cache, once")
        await _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        install = ("install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(lock))
        await _run([str(python), "-m", "pip", *install])
        done.touch()
    return python


async def _make_node_folder(context: Context) -> Path:
    program, npm = node(), shutil.which("npm")
    if npm is None:
        raise BenchError(
            "There is no npm beside Node.js, and peers are installed with it. Install it: apt-get install npm"
        )
    manifest, lock = _HERE / "package.json", _HERE / "package-lock.json"
    folder = context.cache_dir / f"node-{_fingerprint(program, manifest, lock)}"
    done = folder / "complete"
    if not done.exists():
        context.say("installing the Node.js peers into the cache, once")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in (manifest, lock):
            shutil.copy(file, folder)
        await _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder)
        done.touch()
    return folder


async def _run(command: list[str], *, cwd: Path | None = None) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_INSTALL_SECONDS):
            output, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise BenchError(f"{' '.join(command[:4])} … failed: {output.decode(errors='replace')[-800:]}")


def _fingerprint(*parts: str | Path) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()[:12]
