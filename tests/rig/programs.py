"""Programs that examples are written for and the machine may lack: its own, else Debian's, installed once as root."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

#: By the name of the program, the package that has it.
_PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "curl": "curl",
        "jq": "jq",
        "node": "nodejs",
        "npm": "npm",
        "bash": "bash",
        "php": "php-cli",
        "systemd-analyze": "systemd",
    }
)
_SECONDS: Final = 600.0


class ProgramMissingError(Exception):
    """It is not there, and cannot be installed; the message has the line that does."""


def ensure_programs(*names: str) -> None:
    """Have these programs on the PATH, having installed them if need be. Blocks for as long as that takes.

    Raises:
        ProgramMissingError: one is missing, and we may not install it, or apt could not.
    """
    if not _missing(names):
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *(_PACKAGES[name] for name in _missing(names))]
    line = " ".join(install)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ProgramMissingError(f"The examples need {', '.join(_missing(names))}. Install with: sudo {line}")
    with (Path(tempfile.gettempdir()) / f"offhook-programs-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _missing(names):  # another test process may have installed them meanwhile
            said = _run(["apt-get", "update", "-q"]) + _run(install)
            if _missing(names):
                raise ProgramMissingError(f"`{line}` gave no {', '.join(_missing(names))}: {said[-500:]}")


def _missing(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if shutil.which(name) is None]


def _run(command: list[str]) -> str:
    return subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,  # whether the program is there decides
    ).stdout
