"""A program that this process owns: started, watched, and certain to end with it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

_SUPERVISE = Path(__file__).with_name("supervise.py")
_START_SECONDS = 10.0


class ProcessStartError(Exception):
    """The program could not be run; ``errno`` is the operating system's reason, 0 when there is no such user."""

    def __init__(self, argv: Sequence[str], errno: int, reason: str) -> None:
        super().__init__(f"{argv[0]}: {reason}")
        self.errno = errno


class _Reports(asyncio.SubprocessProtocol):
    """Reads the supervisor's report lines. See supervise.py for their form."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[int] = loop.create_future()
        self.failed_errno: int | None = None
        self.exited: asyncio.Future[int] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self._pid: int | None = None
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002  # asyncio's signature
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            word, _, number = line.decode().partition(" ")
            match word:
                case "started" if not self.started.done():
                    self._pid = int(number)
                    self.started.set_result(self._pid)
                case "failed":
                    self.failed_errno = int(number)
                case "exited" if not self.exited.done():
                    self.exited.set_result(int(number))
                case _:
                    pass  # a caller gave up waiting and cancelled the future

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """The supervisor is gone and its pipes are drained: settle whatever is still open."""
        assert self._transport is not None
        if not self.exited.done():
            # It died without a report. The kernel has passed the stop signal on; nobody would follow up on it.
            if self._pid is not None:
                _send(self._pid, signal.SIGKILL)
            self.exited.set_result(-signal.SIGKILL)
        if not self.started.done():
            self.started.cancel()
        if not self.closed.done():
            self.closed.set_result(None)
        self._transport.close()


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile: what the signal is for
        os.kill(pid, number)


class SupervisedProcess:
    """One running program and the supervisor that ends it with us, also when we are killed with -9.

    ``async with await SupervisedProcess.start(…) as process:`` stops it at the end of the block. ``exited`` resolves
    to the program's return code (negative: a signal's number) whoever ended it; await it through :meth:`wait`.
    """

    def __init__(
        self, argv: Sequence[str], pid: int, transport: asyncio.SubprocessTransport, reports: _Reports, grace: float
    ) -> None:
        self.argv = tuple(argv)
        self.pid = pid
        self._transport = transport
        self._reports = reports
        self._grace_seconds = grace

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        stdout_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace_seconds: float = 5.0,
    ) -> Self:
        """Run ``argv`` in a process group of its own.

        Both output streams are appended to ``stdout_path``, which is opened with our rights, not the user's. ``env``
        is the whole environment (None: ours). ``user`` needs root.

        Raises:
            ProcessStartError: the program cannot be run, or there is no such user.
        """
        loop = asyncio.get_running_loop()
        options = ["--stop-signal", stop_signal.name.removeprefix("SIG"), "--grace", str(grace_seconds)]
        if user is not None:
            options += ["--user", user]
        log = os.open(stdout_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            transport, reports = await loop.subprocess_exec(
                _Reports,
                *(sys.executable, "-I", "-S", str(_SUPERVISE), *options, "--", *argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,  # Ctrl-C in a terminal is for the owner, who stops things in order
            )
        finally:
            os.close(log)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await asyncio.wait([reports.started])
        except TimeoutError:
            transport.close()
            raise ProcessStartError(argv, 0, f"not started within {_START_SECONDS:.0f} s") from None
        except asyncio.CancelledError:
            transport.close()
            raise
        if reports.started.cancelled():
            errno = reports.failed_errno
            if errno is None:
                raise ProcessStartError(argv, 0, f"its supervisor ended early, see {stdout_path}")
            raise ProcessStartError(argv, errno, os.strerror(errno) if errno else f"there is no user {user!r}")
        return cls(argv, reports.started.result(), transport, reports, grace_seconds)

    @property
    def exited(self) -> asyncio.Future[int]:
        """Resolves once, to the return code. Do not cancel it: ``wait()`` shields it."""
        return self._reports.exited

    @property
    def is_running(self) -> bool:
        return not self._reports.exited.done()

    async def wait(self) -> int:
        """Wait, for as long as it takes, until the program has ended; return its return code."""
        return await asyncio.shield(self._reports.exited)

    async def stop(self) -> int:
        """Send the stop signal, after the grace period SIGKILL, and return the return code.

        Cancelling this only stops the waiting: the end of the program is under way.
        """
        stdin = self._transport.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()
        try:
            async with asyncio.timeout(self._grace_seconds + 5.0):
                await asyncio.shield(self._reports.closed)
        except TimeoutError:
            # Neither SIGKILL nor the report came through: the supervisor is stopped or stuck in the kernel.
            self.kill()
            self._transport.close()
        return await self.wait()

    def kill(self) -> None:
        """SIGKILL the program itself, as an out-of-memory killer would."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself; nothing happens when it has ended."""
        if self.is_running:
            _send(self.pid, number)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
