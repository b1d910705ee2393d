"""Prometheus' own tool, which reads rules as Prometheus does: the machine's, else out of Debian's package, unpacked."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

_PACKAGE: Final = "prometheus"
_SECONDS: Final = 300.0
_PATIENCE_SECONDS: Final = 120.0


class PromtoolMissingError(Exception):
    """There is none, and its package cannot be had; the message says what apt said."""


def ensure_promtool() -> Path:
    """Return its path. Nothing is installed: the package is fetched once and unpacked beside other temporary files.

    Raises:
        PromtoolMissingError: there is none, and apt has none.
    """
    found = shutil.which("promtool")
    if found is not None:
        return Path(found)
    home = Path(tempfile.gettempdir()) / f"offhook-promtool-{os.geteuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    program = home / "usr" / "bin" / "promtool"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _unpack(home)
    return program


def _unpack(home: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    said = _run(["apt-get", "download", _PACKAGE], home)
    while not (packages := list(home.glob("*.deb"))):
        # It may not know yet where packages are; and while another test's apt is at work, this one is refused.
        if os.geteuid() != 0 or time.monotonic() > deadline:
            raise PromtoolMissingError(f"Debian's package {_PACKAGE} cannot be had: {said[-500:]}")
        said = _run(["apt-get", "update", "-q"], home) + _run(["apt-get", "download", _PACKAGE], home)
        time.sleep(1)
    unpacked = home / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    said = _run(["dpkg", "-x", str(packages[0]), str(unpacked)], home)
    if not (unpacked / "usr" / "bin" / "promtool").exists():
        raise PromtoolMissingError(f"{packages[0].name} has no promtool: {said[-500:]}")
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
        check=False,  # whether the program is there decides
    ).stdout
