"""Where and on what a run was made: without it a figure means nothing."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parents[1]
_PACKAGES: Final = (
    "strawberry-graphql",
    "graphql-core",
    "starlette",
    "uvicorn",
    "uvloop",
    "websockets",
    "httpx",
    "asyncpg",
    "orjson",
    "msgspec",
    "aiohttp",
    "aioari",
)


def describe_environment() -> dict[str, Any]:
    """Machine, cores, load before the run, versions, commit, date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _run("git", "rev-parse", "HEAD") or "unknown",
        "hasUncommittedChanges": bool(_run("git", "status", "--porcelain")),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memoryGb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "loadBefore": list(os.getloadavg()),
        "python": platform.python_version(),
        "node": _run("node", "--version") or "absent",
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _run(*command: str) -> str:
    """What a command prints, empty when it is absent or fails: its absence is then said where it matters."""
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
