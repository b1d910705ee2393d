"""A Chromium to look at the dashboard with: the machine's own, else Debian's, installed once as root."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_INSTALL = "apt-get install -y --no-install-recommends chromium"
_INSTALL_SECONDS = 600.0

#: It draws in software, asks nobody for anything but the page, and runs as whoever runs the tests.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
)


class ChromiumMissingError(Exception):
    """There is none, and it cannot be installed; the message has the line that does."""


def ensure_chromium() -> Path:
    """Return its path, having installed it if need be. Blocks for as long as that takes.

    Raises:
        ChromiumMissingError: there is none, and we may not install it, or apt could not.
    """
    found = _find()
    if found is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ChromiumMissingError(f"The browser tests need Chromium. Install it with: sudo {_INSTALL}")
    with _one_at_a_time():
        found = _find()  # another test process may have installed it meanwhile
        said = "" if found else _run("apt-get update -q") + _run(_INSTALL)
        found = found or _find()
    if found is None:
        raise ChromiumMissingError(f"`{_INSTALL}` gave no Chromium: {said[-500:]}")
    return found


def _find() -> Path | None:
    paths = (shutil.which(name) for name in _NAMES)
    return next((Path(path) for path in paths if path is not None), None)


def _run(command: str) -> str:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(  # our own two lines, as root already
        command.split(),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,  # a third-party source that is out of order is no reason: whether there is a Chromium decides
    ).stdout


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    path = Path(tempfile.gettempdir()) / f"offhook-chromium-{os.geteuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
