"""What waits to be sent on one websocket: bounded, in order, and never waiting for ever.

Two ways in. ``offer`` is for frames that go to many: it never waits, keeps a bounded number of them while the client
does not read, and says when there is no room. ``send`` is for everything else: it waits until the client reads, and so
holds back whoever makes the frames.

While it is held (the client's right to hear anything is in doubt) everything waits, whichever way it came in; and
from ``ends_at`` on, by the monotonic clock, nothing goes out any more, however late the one is who closes the socket.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol


class Line(Protocol):
    """What an outbox needs of a socket: see `app.api.wire.Wire`."""

    @property
    def is_writable(self) -> bool: ...
    @property
    def is_closed(self) -> bool: ...
    def on_writable(self, listener: Callable[[], None]) -> None: ...
    def write(self, frame: bytes) -> None: ...


class ClosedError(Exception):
    """The connection is over; nobody is left to be told."""


class Outbox:
    """The frames that wait for one client. ``on_stalled`` is called when it has read nothing for ``unread_seconds``."""

    def __init__(
        self,
        line: Line,
        *,
        most_frames: int,
        most_bytes: int,
        unread_seconds: float,
        on_stalled: Callable[[], None],
    ) -> None:
        self._line = line
        #: How many frames may wait.
        self.most_frames = most_frames
        self._most_bytes = most_bytes
        self._unread_seconds = unread_seconds
        self._on_stalled = on_stalled
        self._waiting: deque[bytes] | None = None  # most clients never make anything wait
        self._waiting_bytes = 0
        self._senders: list[asyncio.Future[None]] | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._holders = 0
        self.ends_at = math.inf
        line.on_writable(self._drain)

    @property
    def waiting(self) -> tuple[int, int]:
        """How many frames wait, and their bytes."""
        return len(self._waiting or ()), self._waiting_bytes

    def offer(self, frame: bytes, *, is_forced: bool = False) -> bool:
        """Send a frame, at once or when the client reads again; False when too much waits already.

        ``is_forced``: it waits whatever waits already. For the few that must not be lost, at most one an operation.
        """
        if self._is_closed or time.monotonic() >= self.ends_at:
            return True  # as good as sent: nobody is there
        if not self._waiting and self._is_open:
            self._write(frame)
            return True
        if self._waiting is None:
            self._waiting = deque()
        has_room = len(self._waiting) < self.most_frames and self._waiting_bytes + len(frame) <= self._most_bytes
        if not has_room and not is_forced:
            return False
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        return True

    async def send(self, frame: bytes) -> None:
        """Send a frame once the client reads.

        Raises:
            ClosedError: the connection is over.
        """
        await self.until_idle()
        self._write(frame)

    async def until_idle(self) -> None:
        """Return when nothing waits and the client reads.

        Raises:
            ClosedError: the connection is over.
        """
        while not self._is_closed and (self._waiting or not self._is_open):
            woken = asyncio.get_running_loop().create_future()
            self._senders = [*(self._senders or ()), woken]
            await woken
        if self._is_closed or self._line.is_closed or time.monotonic() >= self.ends_at:
            raise ClosedError

    def hold(self) -> None:
        """Let everything wait until `release` was called as often as this."""
        self._holders += 1

    def release(self) -> None:
        """One reason less to hold."""
        self._holders -= 1
        if self._is_open and not self._is_closed:
            self._drain()

    @property
    def _is_open(self) -> bool:
        return not self._holders and self._line.is_writable

    def close(self) -> None:
        """Drop what waits: the connection is over."""
        self._is_closed = True
        self._waiting, self._waiting_bytes = None, 0
        self._forget_stall()
        self._wake_senders()

    def _write(self, frame: bytes) -> None:
        self._line.write(frame)
        if not self._line.is_writable and self._stall_timer is None:
            self._stall_timer = asyncio.get_running_loop().call_later(self._unread_seconds, self._on_stalled)

    def _drain(self) -> None:
        self._forget_stall()
        while self._waiting and self._is_open:
            frame = self._waiting.popleft()
            self._waiting_bytes -= len(frame)
            if time.monotonic() < self.ends_at:
                self._write(frame)
        if not self._waiting and not self._holders:
            self._waiting = None
            self._wake_senders()

    def _forget_stall(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _wake_senders(self) -> None:
        senders, self._senders = self._senders, None
        for woken in senders or ():
            if not woken.done():
                woken.set_result(None)
