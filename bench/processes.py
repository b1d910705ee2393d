"""Processor time and memory of programs, from the kernel's own books."""

import os
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ATTEMPTS: Final = 5


def cpu_seconds_of(pid: int, *, with_children: bool = False) -> float:
    """User and system time of a process; with its children, dead (once waited for) and alive.

    Raises:
        FileNotFoundError: the process is gone, or its children come and go faster than they can be counted.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _count_ticks(pid, with_children=with_children) / _TICKS
        except FileNotFoundError:
            continue  # a child ended between the listing and the look: its time is its parent's by now
    return _count_ticks(pid, with_children=with_children) / _TICKS


def _count_ticks(pid: int, *, with_children: bool) -> int:
    fields = _read_stat(pid)
    ticks = int(fields[11]) + int(fields[12])
    if with_children:
        ticks += int(fields[13]) + int(fields[14])
        ticks += sum(_count_ticks(child, with_children=True) for child in children_of(pid))
    return ticks


def memory_mb_of(pid: int) -> float:
    """Resident memory of a process."""
    return int(_read_stat(pid)[21]) * _PAGE / 1e6


def children_of(pid: int) -> list[int]:
    """The processes it started that are alive."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text(encoding="ascii").split()]


def _read_stat(pid: int) -> list[str]:
    # The name, in parentheses, may hold spaces: what follows the last one is numbers.
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
