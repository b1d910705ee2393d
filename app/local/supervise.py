"""Run one command and end it when the program that asked for it ends, however that happens.

::

    python -I -S supervise.py --stop-signal INT --grace 5 [--user NAME] -- COMMAND [ARGUMENT…]

The owner holds this program's stdin open and never writes to it. The kernel closes that pipe when the owner ends,
by ``kill -9`` as well, so end-of-file is the one signal that cannot be lost. The command then gets the stop signal,
the grace period in seconds, and SIGKILL, which also goes to whatever is left of its process group.

Reports, one line each on stdout: ``started PID``, ``failed ERRNO`` (the command could not be run; exit status 127),
``exited RETURNCODE`` (negative: the number of the signal that ended it). The command's own output, both streams, goes
to this program's stderr. The exit status is the command's, or 128 plus the signal's number.

This file imports nothing but the standard library, and little of it: it must be up within some 20 ms, and it outlives
its owner.
"""

import contextlib
import ctypes
import os
import pwd
import select
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_CANNOT_RUN = 127
_REPORTS = 1


class _Options:
    """The command line, read by hand because argparse would double the start-up time."""

    def __init__(self, arguments: list[str]) -> None:
        self.stop_signal = signal.SIGTERM
        self.grace_seconds = 5.0
        self.user: str | None = None
        flags = iter(arguments)
        for flag in flags:
            match flag:
                case "--stop-signal":
                    self.stop_signal = signal.Signals["SIG" + next(flags)]
                case "--grace":
                    self.grace_seconds = float(next(flags))
                case "--user":
                    self.user = next(flags)
                case "--":
                    break
                case _:
                    raise SystemExit(f"unknown option {flag!r}")
        self.command = list(flags)
        if not self.command:
            raise SystemExit("no command given after --")


def _report(line: str) -> None:
    # The owner may be gone, which is exactly when this program still has work to do.
    with contextlib.suppress(BrokenPipeError):
        os.write(_REPORTS, line.encode() + b"\n")


def _become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _run_command(options: _Options, supervisor_pid: int) -> NoReturn:
    """In the child: a process group, a user, clean signals and streams of its own, then the command."""
    os.setpgid(0, 0)
    if options.user is not None:
        _become(options.user)
    # Should this supervisor itself be killed with -9, the kernel still delivers the stop signal. Asked for after the
    # change of user, because setuid clears it.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(options.stop_signal), 0, 0, 0)
    if os.getppid() != supervisor_pid:
        os._exit(_CANNOT_RUN)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.execvp(options.command[0], options.command)  # noqa: S606  # running the given command is the whole point


def _start(options: _Options) -> int:
    """Return the child's pid, or end this program with a ``failed`` report."""
    failure_read, failure_write = os.pipe()  # closed by a successful exec
    supervisor_pid = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            _run_command(options, supervisor_pid)
        except OSError as error:
            os.write(failure_write, str(error.errno).encode())
        except KeyError:  # no such user
            os.write(failure_write, b"0")
        finally:
            os._exit(_CANNOT_RUN)
    os.close(failure_write)
    failure = os.read(failure_read, 16)
    os.close(failure_read)
    if failure:
        os.waitpid(child, 0)
        _report(f"failed {failure.decode()}")
        raise SystemExit(_CANNOT_RUN)
    return child


def _note_signal(_number: int, _frame: FrameType | None) -> None:
    """Exist, so that the wake-up descriptor hears of the signal."""


def _has_exited(child: int) -> bool:
    """Look without reaping: while the zombie stands, its process group's number cannot be given to others."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _watch(child: int, options: _Options, signals_read: int) -> None:
    """Return once the child has ended, by itself or because it was told to."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(signals_read, select.POLLIN)
    kill_at: float | None = None
    while not _has_exited(child):
        patience = None if kill_at is None else max(0.0, kill_at - time.monotonic()) * 1000
        ready = {descriptor for descriptor, _ in poll.poll(patience)}
        must_stop = False
        if signals_read in ready:
            must_stop = any(number != signal.SIGCHLD for number in os.read(signals_read, 64))
        if 0 in ready and not os.read(0, 64):
            poll.unregister(0)
            must_stop = True
        if must_stop and kill_at is None:
            os.kill(child, options.stop_signal)
            kill_at = time.monotonic() + options.grace_seconds
        elif kill_at is not None and time.monotonic() >= kill_at:
            os.kill(child, signal.SIGKILL)
            kill_at = None
            poll.unregister(signals_read)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)


def main() -> int:
    options = _Options(sys.argv[1:])
    signals_read, signals_write = os.pipe()
    os.set_blocking(signals_write, False)
    signal.set_wakeup_fd(signals_write, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _note_signal)
    child = _start(options)
    _report(f"started {child}")
    _watch(child, options, signals_read)
    # What the command left behind in its group has nobody else to end it. None left, or none of ours, is the rule.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    returncode = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _report(f"exited {returncode}")
    return returncode if returncode >= 0 else 128 - returncode


if __name__ == "__main__":
    sys.exit(main())
