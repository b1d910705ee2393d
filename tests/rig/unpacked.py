"""Programs out of Debian's packages, unpacked beside other temporary files: nothing is installed or started."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

_SECONDS: Final = 300.0
_PATIENCE_SECONDS: Final = 120.0


class PackageMissingError(Exception):
    """The program is not there, and its package cannot be had; the message says what apt said."""


def ensure_unpacked(package: str, program: str) -> Path:
    """The path of a program, such as ``usr/bin/promtool``: the machine's, else out of this package, fetched once.

    Raises:
        PackageMissingError: there is none, and apt has none.
    """
    found = shutil.which(Path(program).name)
    if found is not None:
        return Path(found)
    home = Path(tempfile.gettempdir()) / f"offhook-{package}-{os.geteuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / program).exists():
            _unpack(home, package, program)
    return home / program


def _unpack(home: Path, package: str, program: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    said = _run(["apt-get", "download", package], home)
    while not (packages := list(home.glob("*.deb"))):
        # It may not know yet where packages are; and while another test's apt is at work, this one is refused.
        if os.geteuid() != 0 or time.monotonic() > deadline:
            raise PackageMissingError(f"Debian's package {package} cannot be had: {said[-500:]}")
        said = _run(["apt-get", "update", "-q"], home) + _run(["apt-get", "download", package], home)
        time.sleep(1)
    unpacked = home / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    said = _run(["dpkg", "-x", str(packages[0]), str(unpacked)], home)
    if not (unpacked / program).exists():
        raise PackageMissingError(f"{packages[0].name} has no {program}: {said[-500:]}")
    # At once, so that whoever comes meanwhile finds all of it or nothing.
    (unpacked / "usr").rename(home / "usr")
    packages[0].unlink()


def _run(command: list[str], directory: Path) -> str:
    return subprocess.run(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,  # what is there afterwards decides
    ).stdout
