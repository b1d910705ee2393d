"""Looking at processes and files from outside, with a deadline instead of a sleep."""

import asyncio
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 60.0


async def wait_until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Return once it holds; TimeoutError when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # the kernel's process table sends no events
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A zombie counts as dead: it only waits for somebody to read its exit status."""
    try:
        state = read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[0]
    except ProcessLookupError:  # it ended between opening and reading
        return False
    except IndexError:  # no such file, so no such process
        return False
    return state != "Z"


def read(path: Path) -> str:
    """The file's text, empty when it does not exist."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
