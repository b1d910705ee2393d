"""Asterisk's events in order, and honest news of when they were not coming.

Asterisk discards events while nobody listens, and drops a listener that blocks a write for 100 ms. So every gap is
said: whoever sees a `Connected` has to look at Asterisk's channels and bridges, since there may have been events that
nobody will ever send again.

The order is always `Connected, event*, Disconnected` and again, until `Replaced` or the end of the `async with` block.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC
from types import TracebackType
from typing import Final, Self

import structlog
from picows import WSHandshakeError

from app.ari.client import AriClient
from app.ari.errors import AriError, AriNotFound
from app.ari.event_socket import (
    DisconnectReason,
    EventSocket,
    HandshakeLost,
    WSError,
    connect_event_socket,
    events_url,
)
from app.ari.events import ApplicationReplaced, decode_event
from app.ari.news import Connected, Disconnected, Doubted, News, Replaced, StreamItem
from app.ari.refusals import describe_refusal
from app.ari.versions import warn_if_too_old
from app.daemon import backoff_seconds
from app.metrics import ARI_DISCONNECTS, begin_at_nought

log = structlog.get_logger(__name__)
begin_at_nought(ARI_DISCONNECTS, DisconnectReason)

# Messages handed over in one go before others get a turn of the loop.
_AT_A_TIME: Final = 256
# An `ApplicationReplaced` is a name and three fields; longer messages need not be searched for one.
_LONGEST_REPLACED: Final = 512


@dataclass(frozen=True, slots=True)
class StreamTimings:
    """All in seconds."""

    open_timeout: float = 3.0
    # A half-open connection is noticed after at most their sum, give or take a quarter of a second.
    ping_interval: float = 2.0
    ping_timeout: float = 2.0
    back_off_first: float = 0.2
    # An Asterisk that is back is found within this and `open_timeout`.
    back_off_most: float = 3.0
    # How long a full backlog may hold Asterisk up before the connection is given up.
    full_timeout: float = 2.0
    # A connection that lasted this long starts the back-off afresh; a shorter one counts as another failure.
    steady_after: float = 10.0


class EventStream:
    """The one event connection of an application.

        async with EventStream(client) as stream:
            async for item in stream:
                match item: ...

    `client` says where Asterisk is, as whom and which application. Whoever wants events without their waiting for a
    task of its own gives a handler to `deliver_to`; then only the news of the connection come by iteration.

    At most about `queue_limit` messages wait for the consumer. At the limit nothing more is read (`ari_backlog_full`),
    so that what comes waits in the socket; unless half of the queue is free within `full_timeout`, the stream
    disconnects with `OVERFLOW`, delivers what it has, and connects again once there is room. Leaving the block closes
    the connection and ends the iteration.
    """

    def __init__(
        self,
        client: AriClient,
        *,
        queue_limit: int = 20_000,
        timings: StreamTimings | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self._client = client
        self._url = events_url(client.base_url, client.app)
        self._queue_limit = queue_limit
        self._timings = timings or StreamTimings()
        self._unwanted_events: tuple[str, ...] = ()
        # Spreads reconnects of several processes; nothing secret.
        self._jitter = jitter or random.Random()  # noqa: S311
        self._queue: deque[bytes | News] = deque()
        self._handler: Callable[[bytes], None] | None = None
        # Whether the consumer has seen everything so far and waits: what comes now may overtake nothing.
        self._is_caught_up = False
        self._socket: EventSocket | None = None
        # What came before `Connected` could be said.
        self._early: list[bytes | DisconnectReason] | None = None
        self._is_replaced = False
        client.on_absence = self._take_absence
        self._overflow: asyncio.TimerHandle | None = None
        self._has_items = asyncio.Event()
        self._has_room = asyncio.Event()
        self._is_finished = False
        self._last_seen: Connected | None = None
        self._is_connected = False
        self._last_failure: str | None = None
        self._failures_in_a_row = 0
        self._group = asyncio.TaskGroup()
        self._reader: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether events are flowing now. True from just before `Connected` is delivered."""
        return self._is_connected

    @property
    def server_version(self) -> str | None:
        """Asterisk's version as it said at the latest connect."""
        return self._last_seen.version if self._last_seen else None

    @property
    def last_failure(self) -> str | None:
        """Why the latest attempt to connect failed, or the latest connection ended; None while connected."""
        return self._last_failure

    @property
    def backlog(self) -> int:
        """Messages read and not yet consumed."""
        return len(self._queue)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._reader = self._group.create_task(self._run(), name="ari-events")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
        if isinstance(error, asyncio.CancelledError):
            # Ours or the group's (the reader failed): the group knows which.
            await self._group.__aexit__(kind, error, trace)
        else:
            # Told of another error, the group would wrap it; it is the caller's and goes on as it is.
            await self._group.__aexit__(None, None, None)

    def __aiter__(self) -> AsyncIterator[StreamItem]:
        return self

    def deliver_to(self, handler: Callable[[bytes], None], *, unwanted: Iterable[str]) -> None:
        """Hand each event to `handler` as the message it came as, instead of yielding it.

        `unwanted` are types of event that it does nothing with: from the next connect on, Asterisk leaves them away. It
        need not write them, nor we read them, and they are more than half of all.

        It is called from the socket's own callback while the consumer waits for the next item, and from the consumer's
        `anext` for what came while it was busy: always in order, never before the `Connected` it came after has been
        taken and dealt with. What it raises ends the stream.
        """
        self._handler = handler
        self._unwanted_events = tuple(sorted(unwanted))

    def doubt(self) -> None:
        """Make `Doubted` the next piece of news; events wait from here on until the consumer has dealt with it."""
        if self._is_connected:
            self._put(Doubted())

    async def __anext__(self) -> StreamItem:
        handed_over = 0
        while True:
            while self._queue:
                item = self._queue.popleft()
                if len(self._queue) <= self._queue_limit // 2:
                    self._make_room()
                if not isinstance(item, bytes):
                    return item
                if self._handler is None:
                    return decode_event(item)
                self._handler(item)
                handed_over += 1
                if handed_over % _AT_A_TIME == 0:
                    await asyncio.sleep(0)
            if self._is_finished:
                raise StopAsyncIteration
            self._has_items.clear()
            self._is_caught_up = True
            try:
                await self._has_items.wait()
            finally:
                self._is_caught_up = False

    async def _run(self) -> None:
        """Connect, read until it ends, wait, and again."""
        try:
            while True:
                if await self._connect_and_read():
                    return
                await self._back_off()
        finally:
            self._is_connected = False
            self._is_finished = True
            self._has_items.set()

    async def _connect_and_read(self) -> bool:
        """One connection from start to end. Returns whether the application was taken over."""
        connected_at: float | None = None
        self._early = []
        try:
            self._socket = await connect_event_socket(
                self._url,
                self._client.authorization,
                open_timeout=self._timings.open_timeout,
                on_message=self._take_message,
                on_end=self._take_end,
            )
            self._socket.begin_pings(interval=self._timings.ping_interval, timeout=self._timings.ping_timeout)
            connected = await self._prepare(self._socket)
            connected_at = time.monotonic()
            self._start(connected)
            await self._socket.wait_until_over()
        except (AriError, WSHandshakeError, HandshakeLost) as error:
            self._say_failure(describe_refusal(error))
        except (OSError, TimeoutError, WSError) as error:
            # Not reachable, no answer in time, not a websocket server, or gone while we were preparing.
            self._say_failure(type(error).__name__)
        finally:
            self._is_connected = False
            self._leave_socket()
            was_steady = connected_at is not None and (time.monotonic() - connected_at >= self._timings.steady_after)
            self._failures_in_a_row = 0 if was_steady else self._failures_in_a_row + 1
        return self._is_replaced

    def _leave_socket(self) -> None:
        self._early = None
        if self._overflow is not None:
            self._overflow.cancel()
            self._overflow = None
        if self._socket is not None:
            self._socket.abandon()  # whatever still comes is of no use to anybody
            self._socket = None

    async def _prepare(self, socket: EventSocket) -> Connected:
        """Set the event filter and learn which Asterisk this is."""
        await self._set_filter(socket)
        info = await self._client.info()
        if info.system is None or info.status is None:
            raise AriNotFound("Asterisk does not say who it is", operation="GET /asterisk/info", status=200)
        started_at = info.status.startup_time.astimezone(UTC)
        before = self._last_seen
        if before is None or before.version != info.system.version:
            warn_if_too_old(info.system.version)
        return Connected(
            asterisk_started_at=started_at,
            entity_id=info.system.entity_id,
            version=info.system.version,
            is_restart=before is not None
            and (before.asterisk_started_at, before.entity_id) != (started_at, info.system.entity_id),
        )

    async def _set_filter(self, socket: EventSocket) -> None:
        """The application exists once its socket does, give or take a moment."""
        deadline = time.monotonic() + self._timings.open_timeout
        while True:
            try:
                await self._client.set_event_filter(disallowed=self._unwanted_events)
            except AriNotFound:
                if time.monotonic() >= deadline or socket.is_over:
                    raise
                await asyncio.sleep(0.05)
            else:
                return

    def _start(self, connected: Connected) -> None:
        self._last_seen = connected
        self._is_connected = True
        self._last_failure = None
        log.info(
            "ari_connected",
            app=self._client.app,
            version=connected.version,
            entity_id=connected.entity_id,
            asterisk_started_at=connected.asterisk_started_at.isoformat(),
            is_restart=connected.is_restart,
        )
        self._put(connected)
        early, self._early = self._early or [], None
        for item in early:
            if isinstance(item, DisconnectReason):
                self._take_end(item)
            elif not self._is_replaced:
                self._take_message(item)
        if self._socket is not None and self._overflow is None:
            self._socket.resume_reading()

    def _take_message(self, message: bytes) -> None:
        """The socket calls this with each message."""
        if self._early is not None:
            # `Connected` comes first.
            self._early.append(message)
            if len(self._early) >= self._queue_limit and self._socket is not None:
                self._socket.pause_reading()
        elif len(message) <= _LONGEST_REPLACED and b"ApplicationReplaced" in message and self._is_our_end(message):
            pass
        elif self._is_caught_up and self._handler is not None and not self._queue:
            self._handler(message)
        else:
            self._put(message)
            if len(self._queue) >= self._queue_limit:
                self._hold_up()

    def _take_end(self, reason: DisconnectReason) -> None:
        """The socket calls this once, at its end."""
        if self._early is not None:
            self._early.append(reason)
        elif not self._is_replaced:
            self._stop(reason)

    def _take_absence(self) -> None:
        """The client calls this when requests find no ARI: such a connection is none to dial on."""
        if self._is_connected and self._socket is not None:
            self._socket.end(DisconnectReason.ABSENT)

    def _is_our_end(self, message: bytes) -> bool:
        event = decode_event(message)
        if not isinstance(event, ApplicationReplaced) or event.application != self._client.app:
            return False
        if not self._is_replaced:
            self._is_replaced = True
            self._is_connected = False
            self._last_failure = "replaced"
            log.error("ari_application_replaced", app=self._client.app)
            self._put(Replaced())
            if self._socket is not None:
                self._socket.end(DisconnectReason.CLOSED)
        return True

    def _hold_up(self) -> None:
        """The queue is full: let TCP push back on Asterisk, and see how long it bears it."""
        if self._socket is None or self._overflow is not None:
            return  # what had been read before the pause still comes
        log.warning("ari_backlog_full", app=self._client.app, backlog=len(self._queue))
        self._socket.pause_reading()
        self._overflow = asyncio.get_running_loop().call_later(
            self._timings.full_timeout, self._socket.end, DisconnectReason.OVERFLOW
        )

    def _make_room(self) -> None:
        """Half of the queue is free."""
        self._has_room.set()
        if self._overflow is not None and self._socket is not None:
            self._overflow.cancel()
            self._overflow = None
            self._socket.resume_reading()

    def _stop(self, reason: DisconnectReason) -> None:
        self._is_connected = False
        self._last_failure = reason
        ARI_DISCONNECTS.labels(reason.value).inc()
        log.warning("ari_disconnected", app=self._client.app, reason=reason, backlog=len(self._queue))
        if reason in {DisconnectReason.RESET, DisconnectReason.SILENT}:
            # The requests' idle connections took the same way: the first one would wait for its whole time-out.
            self._client.drop_idle_connections()
        heard_until = time.monotonic() if self._socket is None else self._socket.heard_until
        self._put(Disconnected(reason, heard_until))

    def _say_failure(self, reason: str) -> None:
        if reason != self._last_failure:
            # Once per reason: an Asterisk that is down for an hour is one line, not a thousand.
            log.warning("ari_connect_failed", app=self._client.app, reason=reason)
        self._last_failure = reason

    async def _back_off(self) -> None:
        """Wait exponentially longer with each failure, up to the most, less up to half at random."""
        first, longest = self._timings.back_off_first, self._timings.back_off_most
        failures = max(self._failures_in_a_row, 1)
        await asyncio.sleep(backoff_seconds(failures, first=first, longest=longest, spread=self._jitter.uniform))
        if len(self._queue) > self._queue_limit // 2:
            # After an overflow, room first: else the next connection overflows at once.
            self._has_room.clear()
            await self._has_room.wait()

    def _put(self, item: bytes | News) -> None:
        self._queue.append(item)
        self._has_items.set()
