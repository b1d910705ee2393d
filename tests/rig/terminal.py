"""A terminal of its own for a program: what it shows there, and Ctrl-C."""

import contextlib
import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

_CTRL_C: Final = b"\x03"
_CHUNK: Final = 65536
_PATIENCE_SECONDS: Final = 300.0


class Watched:
    """A program in a session of its own, whose terminal is ours to read and to press keys at."""

    def __init__(self, process: "subprocess.Popen[bytes]", terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self._shown = b""

    @property
    def shown(self) -> str:
        """All that it has shown so far, with the terminal's codes, without the keys that were pressed."""
        return self._shown.decode(errors="replace").replace("\r\n", "\n").replace("^C", "")

    def until_shown(self, text: str) -> str:
        """Wait until it has shown this; gives all of it."""
        while text not in self.shown:
            assert self._read(), f"it ended, and never showed {text!r}: {self.shown}"
        return self.shown

    def press_ctrl_c(self) -> None:
        """As a person does: every program of the terminal's foreground is told."""
        os.write(self._terminal, _CTRL_C)

    def until_over(self) -> int:
        """Wait until it has ended; gives its status. What it started may not keep the terminal for longer."""
        while self._read():
            pass
        return self._process.wait()

    def _read(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], _PATIENCE_SECONDS)
        assert ready, f"nothing came for {_PATIENCE_SECONDS:g} s; shown so far: {self.shown}"
        try:
            chunk = os.read(self._terminal, _CHUNK)
        except OSError:  # EIO: the last who had it has closed it
            return False
        self._shown += chunk
        return bool(chunk)


@contextlib.contextmanager
def watched(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Iterator[Watched]:
    """Run a command at a terminal; whatever is left of it is killed at the end of the block."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        # A session that has this terminal as its own, or Ctrl-C would reach nobody; and where tests are run in the
        # background of a shell they, and whatever they start, ignore it.
        ["env", "--default-signal=INT", "setsid", "--ctty", "--wait", *command],
        cwd=cwd,
        env=dict(env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Watched(process, ours)
    finally:
        os.close(ours)
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
