"""Asterisk's events in order, and honest news of when they were not coming.

Asterisk discards events while nobody listens, and drops a listener that blocks a write for 100 ms. So the reader here
only enqueues; decoding and everything else is the consumer's time. And every gap is said: whoever sees a `Connected`
has to look at Asterisk's channels and bridges, since there may have been events that nobody will ever send again.

The order is always `Connected, event*, Disconnected` and again, until `Replaced` or the end of the `async with` block.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus, WebSocketException
from websockets.frames import CloseCode

from app.ari.client import AriClient
from app.ari.errors import AriError, AriNotFound, AriUnauthorized
from app.ari.events import ApplicationReplaced, Event, decode_event
from app.ari.versions import VERSION_FLOOR, is_below_floor

log = structlog.get_logger(__name__)

# Half of all events of a simple leg, and nothing we act on.
UNWANTED_EVENTS = ("ChannelVarset", "ChannelDialplan")
# Asterisk's largest events (two bridges and six channels) are a few tens of kilobytes.
LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024
# Frames the protocol layer takes off the socket before it lets TCP push back on Asterisk.
FRAMES_READ_AHEAD = 4_096
# At DEBUG, websockets writes the handshake with its credentials; this logger never goes there.
_quiet_logger = logging.getLogger("app.ari.stream.socket")
_quiet_logger.setLevel(logging.WARNING)


class DisconnectReason(StrEnum):
    """Why events stopped coming."""

    CLOSED = "closed"  # a proper close, which is no reason to believe that nothing was missed
    RESET = "reset"  # the connection broke
    SILENT = "silent"  # half-open: no answer to a ping
    TOO_BIG = "too_big"  # a message over the limit
    OVERFLOW = "overflow"  # the consumer fell behind by a whole queue


@dataclass(frozen=True, slots=True)
class Connected:
    """Events flow from here on; what happened before may have been missed."""

    asterisk_started_at: datetime
    entity_id: str
    version: str
    # Another start of Asterisk, or another Asterisk, than at the previous `Connected`: its channels are gone.
    is_restart: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """No more events until the next `Connected`. Stop dialling."""

    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another socket took our application over. The stream ends here and does not take it back: stop acting."""


StreamItem: TypeAlias = Connected | Disconnected | Replaced | Event


@dataclass(frozen=True, slots=True)
class StreamTimings:
    """All in seconds."""

    open_timeout: float = 5.0
    close_timeout: float = 1.0
    # A half-open connection is noticed after at most their sum.
    ping_interval: float = 3.0
    ping_timeout: float = 3.0
    back_off_first: float = 0.2
    back_off_most: float = 10.0
    # A connection that lasted this long starts the back-off afresh; a shorter one counts as another failure.
    steady_after: float = 10.0


class EventStream:
    """The one event connection of an application.

        async with EventStream(client) as stream:
            async for item in stream:
                match item: ...

    `client` says where Asterisk is, as whom and which application. At most `queue_limit` messages wait for the
    consumer; one more, and the stream disconnects with `OVERFLOW`, delivers what it has, and connects again once half
    of the queue is free. Leaving the block closes the connection and ends the iteration.
    """

    def __init__(
        self,
        client: AriClient,
        *,
        queue_limit: int = 20_000,
        timings: StreamTimings | None = None,
        unwanted_events: tuple[str, ...] = UNWANTED_EVENTS,
        jitter: random.Random | None = None,
    ) -> None:
        self._client = client
        self._url = events_url(client.base_url, client.app)
        self._queue_limit = queue_limit
        self._timings = timings or StreamTimings()
        self._unwanted_events = unwanted_events
        # Spreads reconnects of several processes; nothing secret.
        self._jitter = jitter or random.Random()  # noqa: S311
        self._queue: deque[bytes | Connected | Disconnected | Replaced] = deque()
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

    async def __anext__(self) -> StreamItem:
        while not self._queue:
            if self._is_finished:
                raise StopAsyncIteration
            self._has_items.clear()
            await self._has_items.wait()
        item = self._queue.popleft()
        if len(self._queue) <= self._queue_limit // 2:
            self._has_room.set()
        return decode_event(item) if isinstance(item, bytes) else item

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
        try:
            async with connect(
                self._url,
                additional_headers={"Authorization": self._client.authorization},
                open_timeout=self._timings.open_timeout,
                close_timeout=self._timings.close_timeout,
                ping_interval=self._timings.ping_interval,
                ping_timeout=self._timings.ping_timeout,
                max_size=LARGEST_MESSAGE_BYTES,
                max_queue=FRAMES_READ_AHEAD,
                compression=None,
                proxy=None,
                logger=_quiet_logger,
            ) as socket:
                # What arrives meanwhile waits in the socket, so it comes after `Connected`.
                connected = await self._prepare()
                connected_at = time.monotonic()
                self._start(connected)
                return await self._read(socket)
        except (AriError, InvalidStatus) as error:
            self._say_failure(_describe_refusal(error))
        except (OSError, TimeoutError, WebSocketException) as error:
            # Not reachable, no answer in time, not a websocket server, or gone while we were preparing.
            self._say_failure(type(error).__name__)
        finally:
            self._is_connected = False
            was_steady = connected_at is not None and (time.monotonic() - connected_at >= self._timings.steady_after)
            self._failures_in_a_row = 0 if was_steady else self._failures_in_a_row + 1
        return False

    async def _prepare(self) -> Connected:
        """Set the event filter and learn which Asterisk this is."""
        await self._set_filter()
        info = await self._client.info()
        if info.system is None or info.status is None:
            raise AriNotFound("Asterisk does not say who it is", operation="GET /asterisk/info", status=200)
        started_at = info.status.startup_time.astimezone(UTC)
        before = self._last_seen
        if before is None or before.version != info.system.version:
            self._check_version(info.system.version)
        return Connected(
            asterisk_started_at=started_at,
            entity_id=info.system.entity_id,
            version=info.system.version,
            is_restart=before is not None
            and (before.asterisk_started_at, before.entity_id) != (started_at, info.system.entity_id),
        )

    async def _set_filter(self) -> None:
        """The application exists once its socket does, give or take a moment."""
        deadline = time.monotonic() + self._timings.open_timeout
        while True:
            try:
                await self._client.set_event_filter(disallowed=self._unwanted_events)
            except AriNotFound:
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(0.05)
            else:
                return

    def _check_version(self, version: str) -> None:
        if is_below_floor(version):
            floor = ".".join(str(part) for part in VERSION_FLOOR)
            log.warning(
                "asterisk_too_old",
                version=version,
                floor=floor,
                advice=f"published security advisories affect Asterisk before {floor}: upgrade it",
            )

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

    async def _read(self, socket: ClientConnection) -> bool:
        """Enqueue until the connection ends, one way or the other. Returns whether we were replaced."""
        while True:
            try:
                # As bytes: text that is not UTF-8 is a malformed event, not the end of the connection.
                message = await socket.recv(decode=False)
            except ConnectionClosed as closed:
                self._stop(_why_closed(closed))
                return False
            if b"ApplicationReplaced" in message:
                event = decode_event(message)
                if isinstance(event, ApplicationReplaced) and event.application == self._client.app:
                    self._is_connected = False
                    self._last_failure = "replaced"
                    log.error("ari_application_replaced", app=self._client.app)
                    self._put(Replaced())
                    return True
            if len(self._queue) >= self._queue_limit:
                self._stop(DisconnectReason.OVERFLOW)
                return False
            self._put(message)

    def _stop(self, reason: DisconnectReason) -> None:
        self._is_connected = False
        self._last_failure = reason
        log.warning("ari_disconnected", app=self._client.app, reason=reason, backlog=len(self._queue))
        if reason in {DisconnectReason.RESET, DisconnectReason.SILENT}:
            # The requests' idle connections took the same way: the first one would wait for its whole time-out.
            self._client.drop_idle_connections()
        self._put(Disconnected(reason))

    def _say_failure(self, reason: str) -> None:
        if reason != self._last_failure:
            # Once per reason: an Asterisk that is down for an hour is one line, not a thousand.
            log.warning("ari_connect_failed", app=self._client.app, reason=reason)
        self._last_failure = reason

    async def _back_off(self) -> None:
        """Wait exponentially longer with each failure, up to the most, less up to half at random."""
        doubled = self._timings.back_off_first * 2.0 ** min(max(self._failures_in_a_row - 1, 0), 30)
        longest = min(self._timings.back_off_most, doubled)
        await asyncio.sleep(longest * self._jitter.uniform(0.5, 1.0))
        if len(self._queue) > self._queue_limit // 2:
            # After an overflow, room first: else the next connection overflows at once.
            self._has_room.clear()
            await self._has_room.wait()

    def _put(self, item: bytes | Connected | Disconnected | Replaced) -> None:
        self._queue.append(item)
        self._has_items.set()


def events_url(base_url: str, app: str) -> str:
    """The events address belonging to a REST base URL, without credentials in it."""
    scheme, netloc, path, _, _ = urlsplit(base_url)
    query = urlencode({"app": app, "subscribeAll": "false"})
    return urlunsplit(("wss" if scheme == "https" else "ws", netloc, f"{path}/events", query, ""))


def _describe_refusal(error: AriError | InvalidStatus) -> str:
    match error:
        case InvalidStatus(response=response) if response.status_code in {
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
        }:
            return "unauthorized"
        case InvalidStatus(response=response):
            return f"status {response.status_code}"
        case AriUnauthorized():
            return "unauthorized"
        case AriError(message=message):
            return message


def _why_closed(closed: ConnectionClosed) -> DisconnectReason:
    if isinstance(closed, ConnectionClosedOK):
        return DisconnectReason.CLOSED
    if closed.rcvd is None and closed.sent is not None:
        # We ended it. RFC 6455, 7.4.1; websockets uses INTERNAL_ERROR for a ping without an answer.
        match closed.sent.code:
            case CloseCode.INTERNAL_ERROR:
                return DisconnectReason.SILENT
            case CloseCode.MESSAGE_TOO_BIG:
                return DisconnectReason.TOO_BIG
    return DisconnectReason.RESET
